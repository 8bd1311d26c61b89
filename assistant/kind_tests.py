"""Tests whether a text holds a thing of some kind: a fitting quantity, certain words, somebody, a place."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from assistant.name_text import in_dictionary
from assistant.names import find_names
from assistant.quantities import Quantity, equivalent, find_quantities
from assistant.quantity_types import DateParts
from knowledge.segmenter import cut

Holds = Callable[[str, str], bool]
"""Whether a text holds a thing of a kind that a question does not state itself: called with the question and the text,
both in simplified characters of half width."""


def pattern(*alternatives: str) -> re.Pattern[str]:
    """Return a pattern of several, in which capitals do not matter."""
    return re.compile("|".join(alternatives), re.IGNORECASE)


def quantity(fits: Callable[[Quantity], bool]) -> Holds:
    """Hold a fitting quantity; the ends of ranges count."""

    def held(question: str, text: str) -> bool:
        asked = find_quantities(question)
        found = [part for one in find_quantities(text) for part in one.stated]
        return any(fits(one) and not any(equivalent(one, stated) for stated in asked) for one in found)

    return held


def words(*alternatives: str) -> Holds:
    """Hold what one of several patterns finds, the question's own words or not."""
    found = pattern(*alternatives)
    return lambda question, text: bool(found.search(text))


def new_words(*alternatives: str) -> Holds:
    """Hold what one of several patterns finds and the question does not say."""
    found = pattern(*alternatives)
    return lambda question, text: any(one.group().lower() not in question.lower() for one in found.finditer(text))


def counted(question: str, text: str) -> bool:
    """Hold a number of the very things that a Chinese question counts: with its measure word, one like it, or the noun.

    "几层" is not answered by "4楼", nor "多少页" by a year. A text that is not Chinese has no measure words: it passes.
    """
    asked = ASKS_HOW_MANY.search(question)
    if not asked or not _HAN_RUN.search(text):
        return True
    measure = asked["measure"]
    alike = "".join({measure, *(one for group in _ALIKE if measure in group for one in group)})
    noun = _HAN_RUN.match(question, asked.end())
    things = rf"[{alike}{noun.group()[:2] if noun else ''}]"  # 几座城市: 三座, 三城, 三市
    return bool(re.search(rf"{_NUMERAL} ?[余多来]? ?{things}", text))


def named(fits: Callable[[str, str], bool], least: int = 1) -> Holds:
    """Hold so many different names that fit by their kind and text."""

    def held(question: str, text: str) -> bool:
        found = {name.text.lower() for name in find_names(text) if fits(name.kind, name.text)}
        return sum(name not in question.lower() for name in found) >= least

    return held


def either(*tests: Holds) -> Holds:
    """Hold what one of several tests finds."""
    return lambda question, text: any(test(question, text) for test in tests)


def states(one: Quantity, *parts: str) -> bool:
    """Return whether a quantity is a date or time of day that states one of some parts."""
    value = one.value
    return isinstance(value, DateParts) and any(getattr(value, part) is not None for part in parts)


def unknown_word(question: str, text: str) -> bool:
    """Hold a Chinese word that no dictionary has, as names are."""
    return any(word not in question for word in _unknown_words(text))


def capitalised_word(question: str, text: str) -> bool:
    """Hold a word with a capital within an English sentence."""
    return any(found.group() not in question for found in _CAPITALISED.finditer(text))


@lru_cache(maxsize=2048)
def _unknown_words(text: str) -> frozenset[str]:
    guessed = {word for run in _HAN_RUN.findall(text) for word in cut(run) if 1 < len(word) < 5}
    return frozenset(word for word in guessed if not in_dictionary(word))


NUMERALS = r"\d零〇一二两三四五六七八九十百千数几"
"""What a Chinese number may end with before 万 or a measure word, for a class of characters."""

ASKS_HOW_MANY = re.compile(
    r"(?:多少|(?<![哪好这那近前后上下十的])几)(?P<measure>[家座次页篇条项张辆台种所本层届场件支枚艘架集部册首幅间栋幢期株])(?!别)"
)
"""How many of what, by a measure word; 个 counts anything and lists that nobody counted."""

_ALIKE = (
    "家所个间处座 次遍回度 辆台部 栋幢座 座地 支只条枝队 本部册 场次 种类个款 项个条 首曲支 架台 张幅 集季部 篇个"
).split()
"""Measure words that stand for one another; 三地 are three cities."""

_NUMERAL = rf"[{NUMERALS}万亿双]"
_HAN_RUN = re.compile(r"[\u4e00-\u9fff]+")
_CAPITALISED = re.compile(r"(?<=[\w,;:)’'\"”] )[A-Z][\w’'-]+")
