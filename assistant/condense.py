"""A follow-up and what was said before it → a question that can be searched on its own.

Works without a chat model: a question that leans on the one before it (a pronoun, an ellipsis, "那…呢", "And …?") is
searched together with it. One that stands on its own is never touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.errors import BadQuestion
from assistant.types import Turn
from knowledge.language import HAN, detect_language
from knowledge.types import Language

LONGEST_QUESTION = 2000
"""Characters. The embedding model reads 512 tokens; a longer text is a document, not a question."""

_ZH_OPENING = re.compile(r"^(那么?|还有|另外|然后|它|他们?|她们?|这些?个?|那些?个?|该|其|前者|后者|上述)")
_ZH_CLOSING = re.compile(r"(呢|又如何|又怎样)[？?。!！]*$")
_ZH_PRONOUN = re.compile(r"(它们?|他们|她们|前者|后者|上述|这一点|其中)")
_EN_OPENING = re.compile(r"^(and|but|so|then|what about|how about|what else|why not|also|or)\b", re.IGNORECASE)
_EN_PRONOUN = re.compile(
    r"\b(it|its|they|them|their|those|these|he|his|him|she|her|that one|the former|the latter)\b", re.I
)
_SWITCH = {
    "en": re.compile(r"^\W*(in english|英文|用英[文语]|请用英[文语])", re.IGNORECASE),
    "zh": re.compile(r"^\W*(in chinese|中文|用中文|请用中文)", re.IGNORECASE),
}
_SHORTEST_ZH, _SHORTEST_EN = 5, 3


@dataclass(frozen=True, slots=True)
class Question:
    """A question ready to be searched.

    Attributes:
        asked: The words of the user.
        standalone: The same, made to stand on its own.
        language: The language to answer in.
    """

    asked: str
    standalone: str
    language: Language


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
    language = detect_language(asked)
    earlier = [message.text.strip() for message in turn.history if message.role == "user" and message.text.strip()]
    if not earlier:
        return Question(asked, asked, language)
    for wanted, pattern in _SWITCH.items():
        if pattern.search(asked) and len(asked) < 40:
            return Question(asked, _standing(earlier), "en" if wanted == "en" else "zh")
    if _leans(asked, language):
        return Question(asked, f"{_standing(earlier)} {asked}"[:LONGEST_QUESTION], language)
    return Question(asked, asked, language)


def _standing(earlier: list[str]) -> str:
    """Return the last earlier question that stands on its own, with the follow-ups to it left out."""
    for text in reversed(earlier):
        if not _leans(text, detect_language(text)):
            return text
    return earlier[0]


def _leans(question: str, language: Language) -> bool:
    """Return whether a question needs what was said before it."""
    if any(pattern.search(question) for pattern in _SWITCH.values()):
        return True
    if language == "zh":
        characters = len(re.findall(f"[{HAN}]", question))
        patterns = (_ZH_OPENING, _ZH_CLOSING, _ZH_PRONOUN)
        return characters < _SHORTEST_ZH or any(pattern.search(question) for pattern in patterns)
    words = re.findall(r"\w+", question)
    return len(words) < _SHORTEST_EN or any(pattern.search(question) for pattern in (_EN_OPENING, _EN_PRONOUN))
