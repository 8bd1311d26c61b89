"""The shape of a quantity: an amount, a share, a date, an order, or an identifier that has digits in it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Kind = Literal[
    "number",
    "money",
    "percent",
    "points",
    "multiple",
    "fraction",
    "measure",
    "ordinal",
    "date",
    "time",
    "range",
    "opaque",
]
"""What a quantity is.

``points`` are percentage points: "44个百分点" never equals "44%". ``opaque`` is a string with digits that is no amount
("5G", a telephone number, an address): it is compared as a string.
"""

Comparator = Literal["over", "under", "about", "nearly", "at_least", "at_most"]
Role = Literal["value", "count", "enumerator"]
"""``count``: how many of something ("三个", "three cities"). ``enumerator``: numbers a list item ("1.", "第一，")."""


@dataclass(frozen=True, slots=True)
class DateParts:
    """The parts of a date or of a time of day that a text states; None where it states none.

    Attributes:
        year: Negative before the common era.
        month: 1 to 12.
        day: 1 to 31.
        part: "start", "mid", "end", "H1", "H2", "Q1" to "Q4" of the smallest unit stated.
        decade: Its first year, 1990, or 90 where the century is not stated.
        century: 20 for the 20th; negative before the common era.
        hour: 0 to 24.
        minute: 0 to 59.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    part: str = ""
    decade: int | None = None
    century: int | None = None
    hour: int | None = None
    minute: int | None = None

    @property
    def year_only(self) -> bool:
        """True if a year is all that is stated."""
        return self == DateParts(year=self.year) and self.year is not None

    def within(self, other: DateParts) -> bool:
        """Return whether `other` states everything this states: 2022 is within 2022-09-27, not the other way round."""
        if self.decade is not None and other.decade is not None and min(self.decade, other.decade) < 100:
            if self.decade % 100 != other.decade % 100 or self.part not in ("", other.part):
                return False
            return True
        names = ("year", "month", "day", "part", "decade", "century", "hour", "minute")
        return all(getattr(self, name) in (None, "", getattr(other, name)) for name in names)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity that a text states.

    Attributes:
        kind: What it is; decides the type of `value`.
        value: A `Decimal` for numbers, money, percent (44 for 44%), points, multiples, measures and ordinals; a
            `Fraction` for fractions; `DateParts` for dates and times; the folded string for opaque ones; the two ends
            for a range. A grown multiple is the whole: "增长两倍" and "tripled" are 3, "两倍" and "twice" are 2.
        unit: Canonical: "CNY", "USD", "km", "year", "%", "pp"; "" for numbers and counts, whatever their measure word.
        start: First code point in the text it was found in, its comparator included.
        end: One past its last code point.
        text: Exactly ``text[start:end]``.
        comparator: "over" in "超过7000亿元"; None if it is stated plainly.
        role: Whether it counts things or numbers a list item.
        bare: True if nothing beside the digits says what they are: "2015" may be a year or a number.
        spelled: True if it is written in words: "three", "三".
        scale: The power its words state, 10^8 for "亿".
    """

    kind: Kind
    value: Decimal | Fraction | DateParts | str | tuple[Quantity, Quantity]
    unit: str
    start: int
    end: int
    text: str = ""
    comparator: Comparator | None = None
    role: Role = "value"
    bare: bool = False
    spelled: bool = False
    scale: Decimal = Decimal(1)

    @property
    def ends(self) -> tuple[Quantity, Quantity] | None:
        """The two ends of a range, None for everything else."""
        return self.value if isinstance(self.value, tuple) else None

    @property
    def stated(self) -> tuple[Quantity, ...]:
        """What it states: itself, and the two ends of a range."""
        return (self, *(self.ends or ()))

    @property
    def number(self) -> Decimal | Fraction | None:
        """The value where it is a number, None for dates, strings and ranges."""
        return self.value if isinstance(self.value, Decimal | Fraction) else None


def stated(parts: DateParts, start: int, end: int, *, bare: bool = False, time: bool = False) -> Quantity:
    """Return the date or time of day that ``text[start:end]`` states."""
    return Quantity("time" if time else "date", parts, "", start, end, bare=bare)
