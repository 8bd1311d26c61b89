"""What kind of thing a question asks for, and whether the evidence holds one.

"Who is the mayor?" cannot be answered from a sentence without a person and a mayor, "how many" not from one without a
number, "when" not from one without a date (`assistant.asked_kinds`). The rules are about the form of a question only,
and are conservative: a question of no known form demands nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant import names
from assistant.asked_kinds import missing_kinds
from knowledge.lexical import content_tokens, index_tokens
from knowledge.question import Query

_ZH_ROLE = re.compile(
    r"(?P<role>[\u4e00-\u9fff]{1,12}?)(?:现在|目前|又)?(?:是谁|是哪一?位|叫什么|姓什么|名叫什么)(?:名字)?(?=[呢啊呀]?(?:\W|$))"
)
_ZH_WHO_IS_ROLE = re.compile(r"谁(?:是|担任|当)(?P<role>[\u4e00-\u9fff]{2,12})")
_EN_ROLE = re.compile(
    r"\b(?:who\s+(?:is|was|are|were)|who's|what\s+is\s+the\s+name\s+of)\s+(?:the\s+|a\s+)?"
    r"(?P<role>[a-z][a-z -]*?)(?=\s+(?:of|at|in|for|behind)\b|[?.!]|$)",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?:two|three|four|five|six|seven|eight|nine|ten|\d+)\b", re.IGNORECASE)
"""How a description of several begins, "the four sides with a stake"."""

_WINNER = re.compile(
    r"(?:得主|[冠亚季]军|获得者|获奖者|得奖者|赢家|主席国|东道[主国]|主办[国城市]*)$"
    r"|\b(?:winners?|champions?|medal+ists?|runner-up|hosts?|stars?)$",
    re.IGNORECASE,
)
"""Who won or was host is told by verbs as well (夺冠, "won"), so that the word itself need not be there."""

_TOLD_BY = {
    role: verbs.split()
    for roles, verbs in (
        ("主演 演员", "饰 饰演 扮演 出演 领衔"),
        ("导演", "执导"),
        ("作者", "著 撰写 所著"),
        ("创始人 创办人 创立者 创办者", "创办 创立 创建"),
        ("发明人 发明者", "发明"),
    )
    for role in roles.split()
}
"""What else tells of who has a role: verbs, as with winners."""

_NAMES_IT = 0.3
"""Weight from which a translation may name the role (馆长, "museum or library director", gives director a third)."""

_ROLE_WORDS = 3
"""A longer phrase between "who is" and its end describes more than a role."""


def unmet_form(question: str, query: Query, sentences: Sequence[str], passages: Sequence[str]) -> tuple[str, ...]:
    """Return what the question's form demands and the evidence does not hold.

    Args:
        question: The question.
        query: The same, with the translations of its words.
        sentences: The evidence sentences.
        passages: The passages they stand in.

    Returns:
        Nothing, or one entry that names the missing kind of thing.
    """
    if role := missing_role(question, query, passages):
        return (role,)
    return missing_kinds(question, sentences)[:1]


def asked_role(question: str) -> str:
    """Return the role whose holder a question asks for ("mayor", "市长"), "" if it asks for no such thing."""
    for pattern in (_ZH_ROLE, _ZH_WHO_IS_ROLE, _EN_ROLE):
        found = pattern.search(question)
        if found:
            role = found.group("role").strip()
            # What ends in 的 describes somebody and names no role (最早提出它的是谁？), nor do 出品方 and 经济学的说法.
            if re.search("[几哪]|(?:的|方|说法|名称|名字|术语)$", role) or _COUNTED.match(role) or _WINNER.search(role):
                return ""
            for name in names.find_names(role):
                role = role.replace(name.text, " ")
            parts = re.split(r"现任|前任|现在的?|目前的?|的|\b(?:current|former|present)\b", role)
            return parts[-1].strip()
    return ""


def missing_role(question: str, query: Query, texts: Sequence[str]) -> str:
    """Return the role whose holder a question asks for and none of some texts tells of, "" if there is none."""
    role = asked_role(question)
    return role if role and not _mentions(role, query, texts) else ""


def _mentions(role: str, query: Query, passages: Sequence[str]) -> bool:
    """Return whether some passage holds the last word of a role, or a verb for it, in its own or the other language."""
    words = content_tokens(role)
    if not words or len(words) > _ROLE_WORDS:
        return True
    translations = next((term.translations for term in query.words if term.word == words[-1]), {})
    accepted = {words[-1], *(word for word, weight in translations.items() if weight >= _NAMES_IT and len(word) > 1)}
    accepted.update(_TOLD_BY.get(words[-1], ()))
    return any(accepted & set(index_tokens(passage)) for passage in passages)
