"""A follow-up and what was said before it → a question that can be searched on its own.

Works without a chat model: `assistant.followup` says whether and how a question leans on the one before it, and
`assistant.carry` makes one question of both. One that stands on its own is not touched. A chat model may word the
follow-up better (`Reader.rewrite`); what it writes is used only if `assistant.rewriting` finds nothing wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.carry import carry, only_entities
from assistant.errors import BadQuestion
from assistant.followup import Lean, bare, hear, lean, small_talk, tongue
from assistant.scope import outside, refusals
from assistant.types import Message, Turn
from knowledge.types import Language

LONGEST_QUESTION = 2000
"""Characters. The embedding model reads 512 tokens; a longer text is a document, not a question."""

EARLIER_TURNS = 6
"""How many questions back a follow-up can reach."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question ready to be searched.

    Attributes:
        asked: The words of the user.
        standalone: The same, made to stand on its own.
        language: The language to answer in.
        before: The question that it leans on; "" if it stands on its own.
        insisted: The words whose names and quantities the evidence must hold; "" for those of `standalone`. A follow-up
            that asks for another thing ("And the author?") need not be about the year of the question before it.
        how: How it leans on it.
        outside: Whether it is no question about the documents at all.
    """

    asked: str
    standalone: str
    language: Language
    before: str = ""
    insisted: str = ""
    how: Lean = ""
    outside: bool = False

    @property
    def insists(self) -> str:
        """The words whose names and quantities the evidence must hold."""
        return self.insisted or self.standalone


def condense(turn: Turn) -> Question:
    """Make a question that stands on its own.

    Raises:
        BadQuestion: It is empty, holds no letter or digit, or is too long.
    """
    asked = turn.question.strip()
    if not re.search(r"[^\W_]", asked):
        raise BadQuestion("The question is empty.", hint="Ask something, e.g. 2015年底启动了哪三个新型智慧城市试点？")
    if len(asked) > LONGEST_QUESTION:
        raise BadQuestion(
            f"The question has {len(asked):,} characters; {LONGEST_QUESTION:,} is the most.",
            hint="Shorten it, or put a long text into a file and add it with `wenju index FILE`.",
        )
    earlier = [message.text.strip() for message in turn.history if message.role == "user" and message.text.strip()]
    before = _standing(earlier[-EARLIER_TURNS:])
    language = tongue(asked, earlier[-1] if earlier else "")
    if small_talk(asked) or outside(asked):
        return Question(asked, asked, hear(asked).wanted or language, outside=True)
    return _made(asked, before, language, refused=_refused(turn.history))


def _made(asked: str, before: str, language: Language, *, refused: bool) -> Question:
    """Make one question of a turn and the question before it, "" if there is none."""
    heard = hear(asked, first=not before)
    answer_in = heard.wanted or language
    core = heard.core
    if not re.search(r"[^\W_]", core):
        return Question(asked, before or asked, answer_in)
    how = lean(core, tongue(core, asked)) if before else ""
    if before and heard.corrects and not how and len(core) < len(before) / 2 and not _asks(core):
        how = "fragment"
    if not how:
        return Question(asked, core, answer_in)
    if not bare(core):
        return Question(asked, before, answer_in)
    standalone = carry(before, core, how)[:LONGEST_QUESTION]
    free = how == "connective" or (how == "fragment" and not only_entities(core))
    return Question(
        asked, standalone, answer_in, before, core if how == "connective" or (free and not refused) else "", how
    )


def _asks(core: str) -> bool:
    return bool(re.search(r"[?？]\s*$", core))


def _standing(earlier: Sequence[str]) -> str:
    """Return the last earlier question, made to stand on its own; small talk and the like are passed over."""
    before = ""
    for text in earlier:
        if not re.search(r"[^\W_]", text) or small_talk(text) or outside(text):
            continue
        made = _made(text, before, tongue(text, before), refused=True)
        before = made.insisted if made.how == "connective" else made.standalone
    return before


def _refused(history: Sequence[Message]) -> bool:
    """Return whether the last answer was a refusal, so that nothing it leans on is known to be in the documents."""
    last = next((message.text.strip() for message in reversed(history) if message.role == "assistant"), "")
    return last in refusals()
