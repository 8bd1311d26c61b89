"""How the other language writes the numbers, months and ordinals of a question, as tokens of the full-text index.

The index keeps plain figures (`knowledge.lexical`), but the languages scale them differently: what is "369.61 billion"
in English stands as 3696.1亿 in Chinese, "March" as 3月, "third" as 第三, which the index holds as 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from knowledge.english_words import MONTHS, ORDINALS, SMALL, TENS
from knowledge.lexical import chinese_number, content_tokens, fold, stem
from knowledge.types import Language

VAGUE = 0.5
"""Weight of a short word or figure (March and 3): many texts hold it by chance."""

_FEW_DIGITS = 2
_LONGEST = 12
_SCALED_FROM = 10_000
"""Smaller numbers are written out in both languages."""

_WORDS, _ORDINALS = [*SMALL, "twenty"], ["zeroth", *ORDINALS][:21]
"""Words from 0 to 20, by value."""

_VALUES = {
    **{word: value for value, word in enumerate(_WORDS) if word != "one"},  # mostly a pronoun
    **{word: value for value, word in enumerate(_ORDINALS)},
    **TENS,
}
_ENGLISH_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_CHINESE_SCALES = {"万亿": 12, "亿": 8, "千万": 7, "百万": 6, "万": 4}
_NUMBER = r"(?<![0-9a-z.,])(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?)(?![0-9a-z]|\.[0-9])"
_ENGLISH = re.compile(rf"{_NUMBER}(?:\s*-?\s*(?P<scale>{'|'.join(_ENGLISH_SCALES)}))?")
_CHINESE = re.compile(
    rf"(?:{_NUMBER}|(?P<numeral>[零〇一二两三四五六七八九十百千]+))\s*(?P<scale>{'|'.join(_CHINESE_SCALES)})?(?P<month>月)?"
)
_ORDINAL = re.compile(r"(?<![0-9a-z.,])[0-9]+(?=(?:st|nd|rd|th)(?![0-9a-z]))")


def written_across(question: str, language: Language) -> dict[str, dict[str, float]]:
    """Return how the other language may write the numbers, months and ordinals of a question.

    Args:
        question: The question.
        language: Its language.

    Returns:
        By token, as `knowledge.lexical.content_tokens` gives it, tokens of the other language with weights in (0, 1].
    """
    found: dict[str, dict[str, float]] = {}
    read = _from_english if language == "en" else _from_chinese
    for written, others in read(fold(question)):
        for token in content_tokens(written):
            own = found.setdefault(token, {})
            for other in others:
                if other != token:
                    sure = other[0].isdecimal() and len(other.replace(".", "")) > _FEW_DIGITS
                    own[other] = 1.0 if sure else VAGUE
    return {token: others for token, others in found.items() if others}


def _from_english(text: str) -> Iterator[tuple[str, list[str]]]:
    for match in _ENGLISH.finditer(text):
        value = _decimal(match["number"], _ENGLISH_SCALES.get(match["scale"], 0))
        yield match["number"], _figures(value, _CHINESE_SCALES.values())
    for match in _ORDINAL.finditer(text):
        yield text[match.start() : match.end() + 2], [str(int(match[0]))]
    for word in re.findall("[a-z]+", text):
        if word in _VALUES:
            yield word, [str(_VALUES[word])]
        if word in MONTHS:
            yield word, [str(MONTHS.index(word) + 1)]


def _from_chinese(text: str) -> Iterator[tuple[str, list[str]]]:
    for match in _CHINESE.finditer(text):
        numeral = match["number"] or str(chinese_number(match["numeral"]) or "")
        if not numeral:
            continue
        value = _decimal(numeral, _CHINESE_SCALES.get(match["scale"], 0))
        others = _figures(value, _ENGLISH_SCALES.values())
        if match["month"] and 1 <= value <= 12:
            others.append(stem(MONTHS[int(value) - 1]))
        elif value == int(value) and value < len(_WORDS):
            others += [stem(_WORDS[int(value)]), stem(_ORDINALS[int(value)]), _counted(int(value))]
        yield numeral, others


def _counted(value: int) -> str:
    """Return 1st, 2nd, 3rd, 4th … up to 20th."""
    return f"{value}{'st nd rd'.split()[value - 1] if 1 <= value <= 3 else 'th'}"


def _decimal(number: str, scale: int) -> Decimal:
    return Decimal(number.replace(",", "")).scaleb(scale)


def _figures(value: Decimal, scales: Iterable[int]) -> list[str]:
    """Return the figures that stand before the words for these powers of ten, and the plain one."""
    scaled = scales if value >= _SCALED_FROM else ()
    figures = [value.scaleb(-scale).normalize() for scale in (0, *scaled)]
    return [f"{figure:f}" for figure in figures if 1 <= figure and len(f"{figure:f}") <= _LONGEST]
