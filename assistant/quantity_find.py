"""Find the quantities of a text: one pass, each place tried as opaque string, date, order, share and amount."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from assistant import quantity_dates as dates
from assistant.quantity_amounts import amount
from assistant.quantity_context import add_comparators, join_ranges
from assistant.quantity_dates_chinese import find_chinese_date
from assistant.quantity_numerals import CHINESE, fold
from assistant.quantity_opaque import opaque_spans
from assistant.quantity_orders import LABELS, chinese_ordinal, english_ordinal, enumerated, find_roman, label
from assistant.quantity_shares import MULTIPLE_WORDS, chinese_share, english_share, multiple_word, slash_fraction
from assistant.quantity_types import Quantity
from assistant.quantity_units import MONEY_PREFIX
from knowledge.english_words import ORDINALS, SMALL, TENS

Finder = Callable[[str, str, int], Quantity | None]
"""Takes the folded text, the text itself and a place; returns the quantity that begins there."""

_TOKEN = re.compile(rf"[a-z]+|[0-9]+|[$€£¥'½¼¾{CHINESE}壹贰叁肆伍陆柒捌玖拾半第首上下人港新公前早晚凌中清傍翻正]")
_STARTERS = frozenset(
    [*SMALL, *TENS, *ORDINALS, *MULTIPLE_WORDS, *LABELS, *dates.STARTERS, "a", "an", "half", "minus"]
    + [prefix.rstrip("$¥") for prefix in MONEY_PREFIX if prefix[0].isalpha()]
)
_MARKER = re.compile(r"\[\^?[0-9]{1,3}(?:[ ]?[,–-][ ]?[0-9]{1,3})*\]")
_LONG_RUN = re.compile(rf"[{CHINESE}]{{8,}}")
_PEOPLE_OR_THINGS = re.compile(r"[ ]?[多余]?[人个名家座种项户件位次条台所]")


def find(text: str) -> list[Quantity]:
    """Return the quantities of `text` in order, leftmost and longest, without overlap."""
    folded = fold(text)
    found = list(_atoms(folded, text))
    roman = list(find_roman(text))
    if roman:
        taken = {at for quantity in found for at in range(quantity.start, quantity.end)}
        found = sorted([*found, *(q for q in roman if q.start not in taken)], key=lambda quantity: quantity.start)
    found = add_comparators(join_ranges(found, folded), folded)
    return [replace(q, text=text[q.start : q.end]) for q in found if not _article(q)]


def _article(quantity: Quantity) -> bool:
    """Tell "one of them" and "一个城市", which count nothing, from "one year"."""
    return quantity.role == "count" and quantity.spelled and quantity.value == 1 and quantity.comparator is None


def _atoms(folded: str, text: str) -> Iterator[Quantity]:
    opaque = sorted([*opaque_spans(folded, text), *(match.span() for match in _MARKER.finditer(folded))])
    index = end = 0
    for token in _TOKEN.finditer(folded):
        start = max(token.start(), end)
        if start >= token.end():
            continue
        while index < len(opaque) and opaque[index][1] <= start:
            index += 1
        if index < len(opaque) and opaque[index][0] <= start:
            left, end = opaque[index]
            if folded[left] != "[":
                yield Quantity("opaque", folded[left:end], "", left, end)
            continue
        first = folded[start]
        if first.isascii() and first.isalpha() and (start != token.start() or token[0] not in _STARTERS):
            continue
        best = _longest(folded, text, start)
        if best is not None and index < len(opaque) and opaque[index][0] < best.end < opaque[index][1]:
            # "$5G" is no money: what is opaque is not cut.
            continue
        if best is not None:
            end = best.end
            yield best
        elif first in CHINESE and (run := _LONG_RUN.match(folded, start)):
            # Passed over whole, so that the time stays linear.
            end = run.end()
        elif first.isdigit():
            end = token.end()


def _longest(folded: str, text: str, start: int) -> Quantity | None:
    first = folded[start]
    finders = (
        _DIGIT_FINDERS if first.isdigit() else _WORD_FINDERS if first.isascii() and first.isalpha() else _OTHER_FINDERS
    )
    found = [quantity for find_one in finders if (quantity := find_one(folded, text, start)) is not None]
    return max(found, key=lambda quantity: quantity.end, default=None)


def _iso_date(folded: str, _text: str, start: int) -> Quantity | None:
    return dates.find_iso_date(folded, start)


def _clock(folded: str, _text: str, start: int) -> Quantity | None:
    return dates.find_clock(folded, start)


def _chinese_date(folded: str, _text: str, start: int) -> Quantity | None:
    return find_chinese_date(folded, start)


def _short_decade(folded: str, text: str, start: int) -> Quantity | None:
    """Read "'90s" at `start`."""
    return dates.find_english_date(folded, text, start) if folded[start] == "'" else None


def _year(folded: str, _text: str, start: int) -> Quantity | None:
    year = dates.find_year(folded, start)
    return None if year and _PEOPLE_OR_THINGS.match(folded, year.end) else year


# Of two that end at the same place the earlier in the list is taken.
_DIGIT_FINDERS: tuple[Finder, ...] = (
    _iso_date, _clock, dates.find_english_date, _chinese_date, enumerated, english_ordinal, chinese_share,
    slash_fraction, _year, amount,
)  # fmt: skip
_WORD_FINDERS: tuple[Finder, ...] = (
    dates.find_english_date, english_share, multiple_word, label, english_ordinal, amount,
)  # fmt: skip
_OTHER_FINDERS: tuple[Finder, ...] = (_chinese_date, _short_decade, chinese_ordinal, chinese_share, amount)
