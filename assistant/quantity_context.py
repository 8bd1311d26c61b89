"""What stands around quantities: ranges that join two of them, and comparators ("超过", "nearly") that weigh one."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from assistant.quantity_types import Comparator, DateParts, Quantity

_BETWEEN_ENDS = re.compile(r"[ ]?(?:[-–~]{1,2}|至|到|to(?![a-z])|through(?![a-z])|until(?![a-z]))[ ]?(?:的|the )?")
_AND = re.compile(r"[ ]and[ ]|[ ]?[和与][ ]?")
_BEFORE: dict[Comparator, str] = {
    "over": r"(?:超过|超出|超越|突破|(?<![中英])超|逾|高于|多于|大于|(?<![通超经])过|more than|over|above|"
    r"exceed(?:s|ed|ing)?|in excess of|"
    r"upwards of|greater than|higher than|surpass(?:es|ed|ing)?|larger than|longer than)",
    "under": r"(?:不足|不到|未到|少于|低于|小于|不及|未满|under|below|less than|fewer than|lower than|smaller than)",
    "about": r"(?:大约|约为|约|大概|大致|差不多|左右|about|around|approximately|approx\.|roughly|some|circa|ca?\.|~)",
    "nearly": r"(?:将近|接近|几乎|近|nearly|almost|close to|approaching|just under)",
    "at_least": r"(?:至少|不少于|不低于|不小于|起码|at least|no less than|no fewer than|not less than|a minimum of)",
    "at_most": r"(?:至多|最多|不超过|不高于|不多于|不大于|at most|up to|no more than|not more than|a maximum of|"
    r"as many as)",
}
_AFTER: dict[Comparator, str] = {
    "over": r"以上|有余|\+(?![0-9])|(?<=[万亿])多(?![数样元种个家])",
    "at_least": r"及以上| or more(?![a-z])| or above(?![a-z])",
    "under": r"以下|以内",
    "at_most": r"及以下| or less(?![a-z])| or fewer(?![a-z])",
    "about": r"左右|上下| or so(?![a-z])",
}
_LEADING = re.compile(
    "(?:"
    + "|".join(f"(?P<{name}>(?<![a-z]){words})" for name, words in reversed(_BEFORE.items()))
    + r")(?:了|于|有|为)?[ ]?(?:the )?$"
)
_TRAILING = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _AFTER.items()))
_GREW = re.compile(r"(?:增长|增加|提高|提升|扩大|上升|上涨|增)(?:了|近|约|超过|逾)?$")
_RECENT_UNITS = ("year", "month", "day", "week", "hour", "decade", "century")


def join_ranges(found: list[Quantity], folded: str) -> list[Quantity]:
    """Join neighbours that are the two ends of one range ("3-5万", "10%至15%", "between 3 and 5", "2006—2016")."""
    joined: list[Quantity] = []
    for quantity in found:
        if joined and (whole := _range(joined[-1], quantity, folded)) is not None:
            joined[-1] = whole
        else:
            joined.append(quantity)
    return joined


def _range(low: Quantity, high: Quantity, folded: str) -> Quantity | None:
    gap = folded[low.end : high.start]
    if len(gap) > 9 or "range" in (low.kind, high.kind) or "enumerator" in (low.role, high.role):
        return None
    between = folded[max(0, low.start - 12) : low.start]
    spoken = bool(_AND.fullmatch(gap)) and (
        between.endswith("between ") or (between.endswith(("介于", "在")) and folded.startswith("之间", high.end))
    )
    if not spoken and not _BETWEEN_ENDS.fullmatch(gap):
        return None
    pair = _matched(low, _completed_year(low, high, gap))
    if pair is None:
        return None
    end = high.end + 2 if folded.startswith("之间", high.end) else high.end
    start = low.start - len("between ") if between.endswith("between ") and spoken else low.start
    return Quantity("range", pair, pair[1].unit, start, end, role=pair[1].role)


def _completed_year(low: Quantity, high: Quantity, gap: str) -> Quantity:
    """Read the 16 of "2015-16" as 2016."""
    year = low.value.year if isinstance(low.value, DateParts) and low.value.year_only else None
    counts = (high.kind == "number" and high.bare) or (high.kind, high.unit) == ("measure", "year")
    number = high.number if counts else None
    if year is None or number is None or not 10 <= number < 100 or high.spelled or gap.strip() not in ("-", "–"):
        return high
    later = year - year % 100 + int(number)
    return replace(high, kind="date", unit="", value=DateParts(year=later), role="value") if later > year else high


def _matched(low: Quantity, high: Quantity) -> tuple[Quantity, Quantity] | None:
    """Give the low end what only the high end states (scale, unit, century), and check that it is the lower."""
    if high.kind == "opaque" or low.kind == "opaque" or low.kind == "time" != high.kind:
        return None
    if isinstance(high.value, DateParts):
        return _matched_dates(low, high)
    if isinstance(low.value, DateParts):
        # "1500 to 3,000": four digits that turn out to be no year.
        if not (low.bare and low.value.year_only and low.value.year is not None):
            return None
        if high.kind in ("ordinal", "opaque"):
            return None
        low = replace(low, kind="number", value=Decimal(low.value.year))
    if isinstance(low.value, DateParts | str | tuple) or isinstance(high.value, str | tuple):
        return None
    mine, theirs = low.value, high.value
    lends_scale = low.scale == 1 < high.scale and isinstance(mine, Decimal) and mine * int(high.scale) < theirs
    if lends_scale and isinstance(mine, Decimal):
        low = replace(low, value=mine * high.scale)
    if low.kind == "number":
        low = replace(low, kind=high.kind, unit=high.unit)
    elif low.kind == "money" and high.kind == "number":
        high = replace(high, kind="money", unit=low.unit)
    if low.kind != high.kind or low.unit != high.unit or low.number is None or high.number is None:
        return None
    return (low, high) if low.number < high.number else None


def _matched_dates(low: Quantity, high: Quantity) -> tuple[Quantity, Quantity] | None:
    theirs = high.value
    if not isinstance(theirs, DateParts):
        return None
    if low.kind in ("number", "ordinal") and isinstance(low.value, Decimal) and low.value == int(low.value):
        number = int(low.value)
        if theirs.century is not None and theirs.year is None:
            low = replace(low, kind="date", unit="", value=DateParts(century=number))
        elif theirs.year_only and low.kind == "number" and (low.bare or low.spelled):
            low = replace(low, kind="date", value=DateParts(year=number if (theirs.year or 0) > 0 else -number))
        else:
            return None
    mine = low.value
    if not isinstance(mine, DateParts) or low.kind != high.kind:
        return None
    if mine.year_only and theirs.year_only:
        return (low, high) if (mine.year or 0) < (theirs.year or 0) else None
    return low, high


def add_comparators(found: list[Quantity], folded: str) -> list[Quantity]:
    """Widen amounts by the words that weigh them, and multiples by the verb that makes them growth."""
    weighed: list[Quantity] = []
    for quantity in found:
        floor = weighed[-1].end if weighed else 0
        weighed.append(_weighed(quantity, folded, floor))
    return weighed


def _weighed(quantity: Quantity, folded: str, floor: int) -> Quantity:
    if quantity.bare and isinstance(quantity.value, DateParts):
        quantity = _weighed_year(quantity, folded, floor)
    if quantity.kind in ("date", "time", "ordinal", "opaque") or quantity.role == "enumerator":
        return quantity
    if quantity.ends and quantity.ends[0].kind in ("date", "time", "ordinal"):
        return quantity
    start, end, comparator = quantity.start, quantity.end, quantity.comparator
    left = max(floor, start - 20)
    before = _LEADING.search(folded[left:start])
    if before and not _says_recent(before, quantity) and not _is_particle(before, folded[start]):
        comparator, start = _name(before), left + before.start()
    after = _TRAILING.match(folded, end)
    if after:
        comparator, end = comparator or _name(after), after.end()
    grew = _GREW.search(folded[max(floor, start - 8) : start])
    if (
        quantity.kind == "multiple"
        and folded[quantity.end - 1] == "倍"
        and grew
        and isinstance(quantity.value, Decimal)
    ):
        start = max(floor, start - 8) + grew.start()
        quantity = replace(quantity, value=quantity.value + 1)
    if (start, end, comparator) == (quantity.start, quantity.end, quantity.comparator):
        return quantity
    return replace(quantity, start=start, end=end, comparator=comparator)


def _weighed_year(quantity: Quantity, folded: str, floor: int) -> Quantity:
    """Read the 1500 of "more than 1500" as a number; "up to 2015" is still a year."""
    before = _LEADING.search(folded[max(floor, quantity.start - 20) : quantity.start])
    weighs = (before and not before[0].startswith("up to")) or _TRAILING.match(folded, quantity.end)
    year = quantity.value.year if isinstance(quantity.value, DateParts) else None
    return replace(quantity, kind="number", value=Decimal(year)) if weighs and year is not None else quantity


def _name(match: re.Match[str]) -> Comparator:
    names: tuple[Comparator, ...] = ("over", "under", "about", "nearly", "at_least", "at_most")
    groups = match.groupdict()
    return next(name for name in names if groups.get(name))


def _is_particle(match: re.Match[str], first: str) -> bool:
    """过 weighs an amount in 过半 and 过亿, and is a particle in 做过三次."""
    return match["over"] == "过" and first not in "半亿万百千"


def _says_recent(match: re.Match[str], quantity: Quantity) -> bool:
    """近三年 is the last three years, not nearly three; 最近 and 附近 are words of their own."""
    word = match["nearly"]
    if word != "近":
        return False
    return quantity.unit in _RECENT_UNITS or match.string[max(0, match.start() - 1) : match.start()] in (
        "最",
        "附",
        "邻",
    )
