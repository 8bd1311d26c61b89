"""Shares and multiples: percent by 百分之 and 成, fractions, 倍 and the words that double."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from assistant.quantity_numerals import CHINESE, ENGLISH_SCALES, read_either
from assistant.quantity_types import Quantity
from assistant.quantity_units import inside_fixed_word, unit_of
from knowledge.english_words import SMALL

MULTIPLE_WORDS = {
    "twice": 2, "thrice": 3, "double": 2, "doubled": 2, "doubles": 2, "doubling": 2, "twofold": 2, "triple": 3,
    "tripled": 3, "triples": 3, "tripling": 3, "treble": 3, "trebled": 3, "threefold": 3, "quadruple": 4,
    "quadrupled": 4, "quadrupling": 4, "fourfold": 4, "fivefold": 5, "sixfold": 6, "tenfold": 10,
}  # fmt: skip
_CHINESE_SHARE = re.compile(
    rf"(百|千)分之([0-9]{{1,9}}(?:\.[0-9]{{1,9}})?|[{CHINESE}]{{1,12}}(?:点[{CHINESE}]{{1,9}})?)"
    rf"|([0-9]{{1,6}}|[{CHINESE}]{{1,8}})分之([0-9]{{1,6}}|[{CHINESE}]{{1,8}})"
)
_TENTHS = re.compile(r"([一二三四五六七八九两1-9])成(半?)(?![立为员果本功长就分绩熟交型品人年不群千套语])")
_HALVES = re.compile(r"(?:一半|半数|(?<=[过近])半)(?![年个岛边夜途路球生世])")
_HALF_UNIT = re.compile(r"半个?(小时|月|世纪|年)(?![度刊报])")
_DOUBLED = re.compile(r"翻了?([一两二三])?番")
_ENGLISH_FRACTION = re.compile(
    r"(a|one|two|three|four|five|six|seven|eight|nine)[ -]"
    r"(half|halves|(?:third|quarter|fourth|fifth|sixth|seventh|eighth|ninth|tenth)s?)(?![a-z])"
)
_SLASH_FRACTION = re.compile(r"([0-9]{1,3})/([0-9]{1,4})(?![0-9/])")
_HALF_ENGLISH = re.compile(
    r"half(?:(?: of)? an? (million|billion|trillion|dozen|thousand|year|century|hour|day|month|decade|mile))?(?![a-z-])"
)
_FACTOR = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10,
}  # fmt: skip
_VULGAR = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}


def chinese_share(folded: str, _text: str, start: int) -> Quantity | None:
    """Read 百分之四十四, 三分之一, 三成, 一半, 半年, 翻一番 or ½ at `start`."""
    match = _CHINESE_SHARE.match(folded, start)
    if match:
        number = read_either(match[2] or match[4])
        below = Decimal(0) if match[1] else read_either(match[3])
        if number is None or below is None:
            return None
        if match[1]:
            percent = number if match[1] == "百" else number / 10
            return Quantity("percent", percent, "%", start, match.end())
        return None if below == 0 else Quantity("fraction", Fraction(number) / Fraction(below), "", start, match.end())
    tenths = _TENTHS.match(folded, start)
    if tenths and not inside_fixed_word(folded, start, tenths.end()):
        digit = read_either(tenths[1])
        return (digit and Quantity("percent", digit * 10 + (5 if tenths[2] else 0), "%", start, tenths.end())) or None
    half = _HALVES.match(folded, start)
    if half:
        return Quantity("fraction", Fraction(1, 2), "", start, half.end(), spelled=True)
    unit = _HALF_UNIT.match(folded, start)
    if unit and folded[max(0, start - 1) : start] not in tuple("上下前后大多一两二三四五六七八九十"):
        form = unit[1] if unit[1] in ("年", "小时") else f"个{unit[1]}"
        return Quantity("measure", Decimal("0.5"), unit_of(form), start, unit.end())
    doubled = _DOUBLED.match(folded, start)
    if doubled:
        return Quantity(
            "multiple", Decimal(2) ** int(read_either(doubled[1] or "一") or 1), "fold", start, doubled.end()
        )
    if folded[start] in _VULGAR:
        return Quantity("fraction", _VULGAR[folded[start]], "", start, start + 1)
    return None


def english_share(folded: str, _text: str, start: int) -> Quantity | None:
    """Read "two thirds", "half" or "half a million" at `start`."""
    match = _ENGLISH_FRACTION.match(folded, start)
    if match:
        below = _FACTOR[match[2] if match[2] in _FACTOR else match[2].removesuffix("s")]
        above = 1 if match[1] == "a" else SMALL[match[1]]
        follows = folded[match.end() : match.end() + 3]
        if above > 1 and not match[2].endswith("s"):
            return None
        # "a third party", "a quarter past": only "a third of" is a share.
        if match[1] == "a" and below > 2 and follows != " of":
            return None
        return Quantity("fraction", Fraction(above, below), "", start, match.end(), spelled=True)
    if folded.startswith("half", start):
        half = _HALF_ENGLISH.match(folded, start)
        if not half or re.search(
            r"(?:first|second|latter|former|other|last|top|bottom|and a) $", folded[max(0, start - 8) : start]
        ):
            return None
        word = half[1]
        if word in ENGLISH_SCALES:
            scale = Decimal(ENGLISH_SCALES[word])
            return Quantity("number", scale / 2, "", start, half.end(), scale=scale)
        if word:
            return Quantity("measure", Decimal("0.5"), unit_of(word), start, half.end())
        return Quantity("fraction", Fraction(1, 2), "", start, half.end(), spelled=True)
    return None


def multiple_word(folded: str, _text: str, start: int) -> Quantity | None:
    """Read "twice", "doubled" or "threefold" at `start`."""
    word = re.compile("[a-z]+").match(folded, start)
    if not word or word[0] not in MULTIPLE_WORDS:
        return None
    follows = folded[word.end() :][:6]
    if word[0] in ("double", "triple", "treble", "quadruple") and not re.match(
        r"$|[,.;:!?)]| (?:the|that|its|thei|his|her|this|what|as |in |by |to |from|or |and|over)", follows
    ):
        return None
    kind_unit = "times" if word[0] in ("twice", "thrice") else "fold"
    return Quantity("multiple", Decimal(MULTIPLE_WORDS[word[0]]), kind_unit, start, word.end())


def slash_fraction(folded: str, _text: str, start: int) -> Quantity | None:
    """Read "1/3" at `start`."""
    match = _SLASH_FRACTION.match(folded, start)
    if not match or not 0 < int(match[1]) < int(match[2]) or folded[max(0, start - 1) : start] == "/":
        return None
    return Quantity("fraction", Fraction(int(match[1]), int(match[2])), "", start, match.end())
