"""Members of a series that a question names by number (神舟十三号, U14, 第28届), and sentences about another member.

Documents about one member of a series tell of others as well: who flew in 神舟十二号, who won the U12 final. Such a
sentence fits a question about 神舟十三号 in all words but one. Of the 86 questions of XQuAD, CMRC 2018 and DRCD that
name one member none has its answer in such sentences only; of the 562 other sentences of their passages 24 are such.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from assistant.quantity_numerals import fold, parse_chinese
from knowledge.language import HAN

_NUMERAL = r"[0-9]{1,3}|[零〇一二两三四五六七八九十百]{1,5}"
_CODE = re.compile(r"(?<![a-z0-9])(?!top)([a-z]+)-?([0-9]{1,4})(?![0-9]|[.,:][0-9]|%|[a-z]{2})")
_NAMED = re.compile(rf"([{HAN}]{{2}})({_NUMERAL})(号(?![召称])|型)")
_ORDINAL = re.compile(
    rf"第({_NUMERAL})(届|期|部|集|卷|章|轮|次|代|版|回|阶段|季度|季|艘|架|枚|颗|台|座|支|批|棒|站|局|场|节|条)"
)
"""Not 任 or 大: who was 第二任 was 第一任 before, and what is second to the first tells of it."""
_BESIDE = re.compile(r"(?:[与與和同跟及比较較]|\b(?:with|and|than))\s*$")
"""Words before a member that only stands beside what a sentence is about: "与神舟十五号完成轮换"."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a series.

    Attributes:
        series: What its members share: letters, or the Han characters around the number.
        number: Which of them it is, in Arabic digits.
        text: The name as it is written; two names of the same member are equal.
        beside: Whether it only stands beside what the sentence is about.
    """

    series: str
    number: str
    text: str = field(compare=False)
    beside: bool = field(compare=False, default=False)


def asked_member(question: str) -> Member | None:
    """Return the one member of a series that a question names; None if it names none or several."""
    named = _members(question)
    return next(iter(named)) if len(named) == 1 else None


def is_of_another_member(text: str, member: Member) -> bool:
    """Return whether a sentence is about members of a series, and not about a given one."""
    named = {one for one in _members(text) if one.series == member.series}
    return member not in named and any(not one.beside for one in named)


@lru_cache(maxsize=1024)  # the sentences of one search are looked through for several parts of a question
def _members(text: str) -> frozenset[Member]:
    """Return the members of series that a text names."""
    folded = fold(text)
    found = [
        *((one, one[1], one[2].lstrip("0")) for one in _CODE.finditer(folded)),
        *((one, one[1] + one[3], _number(one[2])) for one in _NAMED.finditer(folded)),
        *((one, f"第{one[2]}", _number(one[1])) for one in _ORDINAL.finditer(folded)),
    ]
    return frozenset(
        # Folding keeps every character in its place.
        Member(series, number, text[one.start() : one.end()], bool(_BESIDE.search(folded[: one.start()])))
        for one, series, number in found
    )


def _number(numeral: str) -> str:
    value = parse_chinese(numeral)
    return numeral.lstrip("0") if value is None else f"{value:f}"
