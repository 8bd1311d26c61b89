"""Numbers, money, shares, dates and orders in Chinese and English, brought to values that can be compared.

An answer may only state quantities that its evidence states, in the form of either language:
`unsupported_quantities` says which it does not. A small model that writes in the other language is told the exact form
of each beforehand, by `renderings`. Both rest on `find_quantities`, `equivalent` and `render`.

What is compared and what is not:

- Values are exact. 44.0% equals 44%; 44.2% does not.
- A percentage point is not a percent, and a currency or unit that is not stated is not supplied.
- A comparator is kept and not compared ("7000亿元" supports "more than 700 billion yuan"), unless the two contradict:
  "over half" never equals "近一半".
- A grown multiple is the whole: "增长两倍" equals "tripled", "两倍" equals "twice". "增长到两倍" is 2.
- Vague amounts ("数百万", "几十", "dozens of") and articles ("一个", "one of the", "a year") are no quantities. A
  claim's "one year" or "two" may still rest on an evidence's "a year" or "both".
- What numbers a list item ("第一，", "二是", "First,", "1.", "[1]") is no statement and needs no support.
- Whether a number counts the items of a list is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from assistant.quantity_find import find
from assistant.quantity_numerals import DIGITS, fold
from assistant.quantity_render import render
from assistant.quantity_types import Comparator, DateParts, Kind, Quantity
from assistant.quantity_units import COUNTERS, UNITS, english_unit_pattern, inside_fixed_word, unit_of
from knowledge.types import Language

__all__ = [
    "Comparator",
    "DateParts",
    "Kind",
    "Quantity",
    "constraints",
    "equivalent",
    "find_quantities",
    "render",
    "renderings",
    "unsupported_quantities",
]

_ABOVE = ("over", "at_least")
_BELOW = ("under", "at_most", "nearly")
_LARGEST_COUNT = 100
_LARGEST_POSITION = 10
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ARTICLE = re.compile(r"(?<![a-z])(?:an?|one|each|every|per|single)(?=[ -][a-z])")
_LONE_ONE = re.compile(rf"一(?=[ ]?大?(?:{'|'.join(COUNTERS)}))|(?<![a-z])one(?![a-z])")
_PAIR = re.compile(r"(?<![a-z])(?:both|pair|couple|twin|dual)(?![a-z])|双|两|俩|二者")
_LONE_DIGIT = re.compile(
    r"(?<![零〇一二两三四五六七八九十百千万亿第分.点])[二两三四五六七八九十](?![零〇一二两三四五六七八九十百千万亿分点])"
)
_FIRST_WORD = re.compile(r"首|最早|率先|最先|(?<![a-z])(?:first|firstly|initial|initially|earliest)(?![a-z])")
_SPOKEN: tuple[tuple[re.Pattern[str], Kind, int], ...] = (
    (_LONE_ONE, "number", 1),
    (_PAIR, "number", 2),
    (_FIRST_WORD, "ordinal", 1),
)


def find_quantities(text: str, language: Language | None = None) -> list[Quantity]:
    """Return the quantities of `text` in order, without overlap, leftmost and longest first.

    Args:
        text: Any text; Chinese and English may be mixed, in full or half width, simplified or traditional.
        language: Language of the text, if known. It changes nothing so far: both are always read, since texts mix them.

    Returns:
        Quantities whose offsets count code points of `text` as it is.
    """
    del language
    return find(text)


def equivalent(a: Quantity, b: Quantity) -> bool:
    """Return whether two quantities state the same: one value in compatible units, and no contradicting comparator.

    A bare "2015" equals both "2015年" and the number 2015; "三次" equals "three times"; "一半" equals "50%"; an ordinal
    equals the day or century it can stand for ("the 27th", "10th").
    """
    if (a.comparator in _ABOVE and b.comparator in _BELOW) or (a.comparator in _BELOW and b.comparator in _ABOVE):
        return False
    if a.ends and b.ends:
        return equivalent(a.ends[0], b.ends[0]) and equivalent(a.ends[1], b.ends[1])
    if isinstance(a.value, DateParts) or isinstance(b.value, DateParts):
        return _same_date(a, b)
    if isinstance(a.value, str) or isinstance(b.value, str):
        return a.kind == b.kind and a.value == b.value
    if {a.kind, b.kind} == {"measure", "number"} and {a.unit, b.unit} == {"year", ""}:
        # "aged 16" is 16岁.
        return a.bare and b.bare and a.number == b.number
    mine, theirs = _measured(a), _measured(b)
    return mine is not None and theirs is not None and mine[0] == theirs[0] and _compatible(a, b, mine[1], theirs[1])


def _same_date(a: Quantity, b: Quantity) -> bool:
    if isinstance(a.value, DateParts) and isinstance(b.value, DateParts):
        return a.kind == b.kind and a.value.within(b.value) and b.value.within(a.value)
    date, other = (a, b) if isinstance(a.value, DateParts) else (b, a)
    parts, number = date.value, other.number
    if not isinstance(parts, DateParts) or number is None or other.comparator not in (None, "about"):
        return False
    if other.kind == "number":
        return parts.year_only and parts.year == number and (date.bare or other.bare)
    if other.kind == "ordinal" and not other.unit:
        return parts in (DateParts(day=int(number)), DateParts(century=int(number)))
    # "911年" may be read as a duration where nothing says otherwise.
    return (
        other.kind == "measure"
        and other.unit == "year"
        and not other.spelled
        and parts.year_only
        and parts.year == number
    )


def _measured(quantity: Quantity) -> tuple[Fraction, str] | None:
    """Return the value in its base unit, and the name of what it measures."""
    number = quantity.number
    if number is None:
        return None
    value = Fraction(number)
    if quantity.kind == "measure":
        unit = UNITS[quantity.unit]
        return value * Fraction(unit.factor), unit.base
    if quantity.kind == "percent":
        return value / 100, "share"
    return value, "share" if quantity.kind == "fraction" else f"{quantity.kind} {quantity.unit}"


def _compatible(a: Quantity, b: Quantity, mine: str, theirs: str) -> bool:
    if mine == theirs:
        return True
    kinds, units = {a.kind, b.kind}, {a.unit, b.unit}
    if kinds == {"ordinal"}:
        return "" in units
    if kinds == {"multiple"}:
        return True
    # English "three times" may be 三倍 or 三次.
    if kinds == {"multiple", "number"}:
        return "times" in units
    # "Super Bowl 50" is 第50届, "50 cities" are not 第50.
    if kinds == {"ordinal", "number"}:
        number = a if a.kind == "number" else b
        return number.bare
    return units == {"GBP", "pound"}


def unsupported_quantities(claim: str, evidence: Sequence[str]) -> list[Quantity]:
    """Return the quantities of `claim` that no evidence states.

    A date of the claim may state less than the evidence's ("2022" rests on "2022-09-27", "2015" on "2015年底"), never
    more. A range rests on an equivalent range or on both of its ends; a number on the end of a range. An opaque string
    ("5G", a telephone number) must stand in the evidence, whatever its case, hyphens and spaces.

    Args:
        claim: A sentence of the answer, in either language, its markers ``[1]`` included or not.
        evidence: The texts that it cites.
    """
    claimed = [quantity for quantity in find(claim) if quantity.role != "enumerator"]
    if not claimed:
        return []
    stated: list[Quantity] = []
    for text in evidence:
        found = find(text)
        stated += [part for quantity in found for part in quantity.stated]
        stated += _implied(text, found)
    folded = [fold(text) for text in evidence]
    return [quantity for quantity in claimed if not _supported(quantity, stated, folded)]


def _supported(quantity: Quantity, stated: list[Quantity], folded: list[str]) -> bool:
    if isinstance(quantity.value, str):
        return any(_stands_in(quantity.value, text) for text in folded)
    if any(_rests_on(quantity, other) for other in stated):
        return True
    return quantity.ends is not None and all(_supported(end, stated, folded) for end in quantity.ends)


def _rests_on(quantity: Quantity, other: Quantity) -> bool:
    if isinstance(quantity.value, DateParts) and isinstance(other.value, DateParts) and quantity.kind == other.kind:
        return quantity.value.within(other.value)
    if quantity.kind == "number" and quantity.bare and isinstance(other.value, DateParts):
        return other.value.year == quantity.value
    return equivalent(quantity, other)


def _stands_in(name: str, text: str) -> bool:
    spaced = r"[-\s]?".join(re.escape(part) for part in re.split(r"[-\s]+", name) if part)
    return re.search(rf"(?<![a-z0-9]){spaced}(?![a-z0-9])", text) is not None


def _implied(text: str, found: list[Quantity]) -> list[Quantity]:
    """Return what a text states without a numeral that `find_quantities` takes: "a year", "both", "首", "三城"."""
    folded = fold(text)
    implied: list[Quantity] = []
    for match in _ARTICLE.finditer(folded):
        unit = english_unit_pattern().match(folded, match.end())
        if unit:
            implied.append(Quantity("measure", Decimal(1), unit_of(unit[1]), match.start(), unit.end()))
    for pattern, kind, value in _SPOKEN:
        match_or_none = pattern.search(folded)
        if match_or_none:
            implied.append(Quantity(kind, Decimal(value), "", *match_or_none.span()))
    taken = {at for quantity in found for at in range(quantity.start, quantity.end)}
    for match in _LONE_DIGIT.finditer(folded):
        if match.start() not in taken and not inside_fixed_word(folded, *match.span()):
            value = DIGITS.get(match[0], 10)
            implied.append(Quantity("number", Decimal(value), "", *match.span()))
    return implied


def renderings(text: str, language: Language) -> list[tuple[str, str]]:
    """Return each quantity of `text` as it stands and as `language` writes it, where the two differ.

    Left out are years, plain Arabic numbers and names, which stay the same, counts up to ten ("三地"), list numbers,
    and what is written in `language` already. Each form is listed once.

    Args:
        text: The evidence.
        language: The language that the answer is in.
    """
    pairs: dict[str, str] = {}
    for quantity in find(text):
        if quantity.kind == "opaque" or quantity.role == "enumerator" or _is_year(quantity):
            continue
        if (
            quantity.role == "count"
            and quantity.number is not None
            and (quantity.number <= _LARGEST_POSITION or len(quantity.text) == 1)
        ):
            continue
        if bool(_HAN.search(quantity.text)) == (language == "zh") and not _neutral(quantity.text):
            continue
        rendered = render(quantity, language)
        if fold(rendered).replace(",", "") != fold(quantity.text).replace(",", ""):
            pairs.setdefault(quantity.text, rendered)
    return list(pairs.items())


def _is_year(quantity: Quantity) -> bool:
    return all(isinstance(end.value, DateParts) and end.value.year_only for end in quantity.ends or (quantity,))


def _neutral(text: str) -> bool:
    """Return whether a form belongs to neither language: "2022-09-27", "￥5,000"."""
    return not _HAN.search(text) and not re.search("[a-z]", fold(text))


def constraints(question: str) -> list[Quantity]:
    """Return the quantities a question insists on: years and dates, amounts, shares, names with digits (5G).

    Left out, since an answer need not repeat them, are counts up to a hundred ("哪三个城市", "which three cities"),
    positions up to the tenth ("第二阶段"), small measures and multiples in words ("哪一年", "threefold"), and
    list numbers.
    """
    return [quantity for quantity in find(question) if not _only_counts(quantity)]


def _only_counts(quantity: Quantity) -> bool:
    number = quantity.number
    if quantity.role == "enumerator":
        return True
    if quantity.kind in {"measure", "multiple"} and not re.search(r"\d", quantity.text):
        return number is not None and number <= _LARGEST_POSITION
    if quantity.role == "count":
        return number is None or number <= _LARGEST_COUNT
    return quantity.kind == "ordinal" and not quantity.unit and number is not None and number <= _LARGEST_POSITION
