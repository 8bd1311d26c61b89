"""Dates whose parts a text states at different places: "2022年…… 上半年营收……", "10月31日…… 29日的爆炸……"."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.quantities import DateParts, find_quantities

_MONTHS = {(1, 6): "H1", (7, 12): "H2", (1, 3): "Q1", (4, 6): "Q2", (7, 9): "Q3", (10, 12): "Q4"}
_COARSE_TO_FINE = ("year", "month", "part", "day")


def stated_apart(date: DateParts, text: str) -> bool:
    """Return whether a text states a date part by part.

    The smallest part must stand in a date that states no larger one differently; the larger ones may stand anywhere. A
    text about 2022 that then says 上半年 states 上半年 of 2022; one that says 2021年上半年 does not.

    Args:
        date: The date.
        text: A passage.
    """
    parts = [name for name in _COARSE_TO_FINE if getattr(date, name) not in (None, "")]
    if len(parts) < 2 or date.decade is not None or date.century is not None or date.hour is not None:
        return False
    *larger, smallest = parts
    stated = _dates(text)
    return all(any(getattr(one, name) == getattr(date, name) for one in stated) for name in larger) and any(
        getattr(one, smallest) == getattr(date, smallest)
        and all(getattr(one, name) in (None, "", getattr(date, name)) for name in larger)
        for one in stated
    )


def leave_the_year_open(date: DateParts, texts: Sequence[str]) -> bool:
    """Return whether texts state all of a date but its year, and no year at all.

    "新赛季6月3日开赛" may be about any year; a text about 2021 is not about 2022.

    Args:
        date: The date, with a year.
        texts: Passages.
    """
    stated = [one for text in texts for one in _dates(text)]
    if date.year is None or any(part is not None for one in stated for part in (one.year, one.decade, one.century)):
        return False
    smaller = [name for name in _COARSE_TO_FINE[1:] if getattr(date, name) not in (None, "")]
    return not smaller or any(all(getattr(one, name) == getattr(date, name) for name in smaller) for one in stated)


def _dates(text: str) -> list[DateParts]:
    """Return the dates of a text; of a range of months that is a half or a quarter of a year also that."""
    dates: list[DateParts] = []
    for one in find_quantities(text):
        ends = [end.value for end in one.stated if isinstance(end.value, DateParts)]
        dates += ends
        if len(ends) == 2 and ends[0].day is None is ends[1].day:
            part = _MONTHS.get((ends[0].month or 0, ends[1].month or 0), "")
            dates += [DateParts(year=ends[1].year, part=part)] if part else []
    return dates
