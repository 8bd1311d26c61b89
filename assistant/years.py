"""The year that a question is about, and sentences that are about another one.

A sentence that states years, and not the one that is asked about, hardly ever holds the answer: of the Chinese
questions of CMRC 2018 and DRCD that are about one year 3 of 229 have their answer only in such sentences, and 682 of
the 2,136 other sentences of their passages are such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from assistant.quantities import DateParts, Quantity, find_quantities

_NOT_IN = re.compile(
    r"以?[前后後][，,的]?|之[前后後]|以来|以來|[至到~～—–-]|起|\b(?:before|after|since|until|till|by|from|between|to|than)\b",
    re.IGNORECASE,
)
"""Words beside a year for a time that only begins or ends in it."""

_COMPARED = re.compile(
    r"(?:[比较較与與和同跟从從由自]|同比|相比|than(?: in)?|compared (?:with|to)(?: in)?|(?:up|down) from)\s*$",
    re.IGNORECASE,
)
"""Words before a year that a figure of another one is compared with: "比2021年增加", "由2021年的573万吨增至…"."""

_SAME_PERIOD = re.compile(r"年?的?同期")
"""What a year is said with that something is compared with, too: "恢复至2019年同期的44.2%"."""

_BORN = re.compile(r"年?(?:龄|出生|生(?:人|于)?(?![产活态物意命长存效]))")
_BORN_BEFORE = re.compile(r"(?:生于|出生[于在]|\bborn (?:in|on))\s*$", re.IGNORECASE)
"""Words beside a year that says how old somebody is, whatever the year that is told of: 2003年龄段, 他1990年出生."""

_BESIDE = 16


def year_of(question: str) -> int | None:
    """Return the one year that a question is about; None if it names none, several, or a time before or after one."""
    found = [(one, year) for one in find_quantities(question) for year in _years(one)]
    if len({year for _, year in found}) != 1 or any(one.kind == "range" for one, _ in found):
        return None
    for one, _ in found:
        if _NOT_IN.search(question[max(0, one.start - _BESIDE) : one.start]) or _NOT_IN.match(question[one.end :]):
            return None
    return found[0][1]


@lru_cache(maxsize=1024)  # the sentences of one search are chosen from several times
def is_of_another_year(text: str, year: int) -> bool:
    """Return whether a sentence states years, and neither a given one nor a span of time that may hold it."""
    stated = [one for one in find_quantities(text) if not _by_the_way(text, one)]
    years = {found for one in stated for found in _years(one)}
    return bool(years) and year not in years and not any(_is_long(one) for one in stated)


def _by_the_way(text: str, quantity: Quantity) -> bool:
    """Return whether a quantity is what something is compared with, or a year of birth."""
    before = text[max(0, quantity.start - _BESIDE) : quantity.start]
    after = _SAME_PERIOD.match(text, quantity.end) or _BORN.match(text, quantity.end)
    return bool(after or _COMPARED.search(before) or _BORN_BEFORE.search(before))


def _years(quantity: Quantity) -> Iterator[int]:
    for one in quantity.stated:
        if isinstance(one.value, DateParts) and one.value.year is not None:
            yield one.value.year


def _is_long(quantity: Quantity) -> bool:
    """Return whether a quantity is a span of time: from one date to another, a decade, a century."""
    if quantity.ends:
        return any(isinstance(end.value, DateParts) for end in quantity.ends)
    date = quantity.value
    return isinstance(date, DateParts) and (date.decade is not None or date.century is not None)
