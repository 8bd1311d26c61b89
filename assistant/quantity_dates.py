"""Dates and times of day in English and in digits alone, found at a place of folded text."""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.quantity_numerals_english import read_english_ordinal
from assistant.quantity_types import DateParts, Quantity, stated
from knowledge.english_words import MONTHS, ORDINALS

_MONTH_NUMBER = {
    form: number
    for number, name in enumerate(MONTHS, 1)
    for form in (name, name[:3], "sept" if name == "september" else name[:3])
}
_MONTH = rf"({'|'.join(sorted(_MONTH_NUMBER, key=len, reverse=True))})(?![a-z])\.?"
_ISO = re.compile(
    r"([12][0-9]{3})([-/.])(0?[1-9]|1[0-2])\2(0?[1-9]|[12][0-9]|3[01])(?![0-9])|([12][0-9]{3})-(0[1-9]|1[0-2])(?![0-9-])"
)
_ENGLISH_PART = re.compile(
    r"(?:the )?(?:(?P<end>late|(?:very )?end of|end-(?:of-)?|year[- ]end|later years of)"
    r"|(?P<start>early|(?:beginning|start) of|opening of)|(?P<mid>middle of|mid)"
    r"|(?P<half>first|second|latter|last) half(?: of)?|(?P<quarter>first|second|third|fourth|last) quarter(?: of)?"
    r"|q(?P<q>[1-4])(?: of)?|h(?P<h>[12])(?: of)?)[ -]?(?:(?:in )?(?:the |fiscal |financial )?(?:year(?![a-z]) ?)?)"
)
_ENGLISH_DATE = (
    re.compile(
        rf"{_MONTH} ?([0-3]?[0-9])(?:st|nd|rd|th)?(?![0-9])(?:,? (?:of )?([12][0-9]{{3}})(?![0-9,.][0-9]|[0-9]))?"
    ),
    re.compile(rf"([0-3]?[0-9])(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? ([12][0-9]{{3}})(?![0-9]))?"),
    re.compile(rf"{_MONTH},? (?:of )?'?([12][0-9]{{3}})(?![0-9])"),
    re.compile(_MONTH),
)
_BEFORE_MONTH = re.compile(
    r"(?:in|since|by|of|until|from|during|last|next|this|early|late|to|and|mid-?) ?$", re.IGNORECASE
)
_ENGLISH_DECADE = re.compile(r"((?:1[0-9]|20)[0-9]0)'?s(?![a-z])|'?([2-9]0)'?s(?![a-z])")
_DECADE_WORDS = {
    f"{stem}ies": 10 * ten for ten, stem in enumerate("twent thirt fort fift sixt sevent eight ninet".split(), 2)
}
_ENGLISH_ERA_YEAR = re.compile(
    r"(?:ad |a\.d\. )([0-9]{1,4})(?![0-9])|([0-9]{1,4}) ?(bc|b\.c\.|bce|b\.c\.e\.|ad|a\.d\.|ce)(?![a-z])"
)
_YEAR = re.compile(r"([12][0-9]{3})(?![0-9]|,[0-9]{3}|\.[0-9])")
_NTH_CENTURY = re.compile(r"(?:([0-9]{1,2})(?:st|nd|rd|th))[ \n-]centur(?:y|ies)(?![a-z])( bc| bce| b\.c\.)?")
_CENTURY_WORD = re.compile(r"[ \n-]centur(?:y|ies)(?![a-z])( bc| bce| b\.c\.)?")
STARTERS = frozenset(
    "the early late very mid end beginning start opening middle later first second third fourth latter last q h year "
    "ad twenties thirties forties fifties sixties seventies eighties nineties".split()
) | frozenset(_MONTH_NUMBER) | frozenset(ORDINALS)  # fmt: skip
"""English words that a date can begin with."""
_CLOCK = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?::[0-5][0-9])?(?![0-9:])(?: ?([ap])\.?m(?![a-z])\.?)?")
_ENGLISH_HOUR = re.compile(r"(1[0-2]|[1-9]) ?([ap])\.?m(?![a-z])\.?")


def find_clock(text: str, start: int) -> Quantity | None:
    """Find "09:53", "9:53 a.m." or "9 am" at `start` of folded text."""
    match = _CLOCK.match(text, start)
    hour_only = None if match else _ENGLISH_HOUR.match(text, start)
    found = match or hour_only
    if not found:
        return None
    half = found[3] if match else found[2]
    hour, minute = int(found[1]), int(found[2]) if match else 0
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return stated(DateParts(hour=hour, minute=minute), start, found.end(), time=True)


def find_iso_date(text: str, start: int) -> Quantity | None:
    """Find 2022-09-27, 2022/9/27, 2022.9.27 or 2022-09 at `start` of folded text.

    "2006-07" could be a month or two years; it is read as the two years, and left to the finder of ranges.
    """
    match = _ISO.match(text, start)
    if not match:
        return None
    if match[1]:
        return stated(DateParts(int(match[1]), int(match[3]), int(match[4])), start, match.end())
    if int(match[6]) == int(match[5]) % 100 + 1:
        return None
    return stated(DateParts(int(match[5]), int(match[6])), start, match.end())


def find_english_date(text: str, original: str, start: int) -> Quantity | None:
    """Find an English date that begins at `start`, with what says which part of it ("the end of 2015").

    Args:
        text: Folded text.
        original: The text itself; "May" and "March" are months alone only with their capital.
        start: Where its first word or digit stands.
    """
    opening = _ENGLISH_PART.match(text, start)
    if opening:
        part = _english_part(opening)
        inner = _plain_english_date(text, original, opening.end()) or find_year(text, opening.end())
        if inner and isinstance(inner.value, DateParts) and not inner.value.part:
            return replace(inner, value=replace(inner.value, part=part), start=start, bare=False)
        # Parts of a year that the text does not name: "the first half of the year".
        if part[0] in "HQ" and text[opening.start() : opening.end()].rstrip().endswith("year"):
            return stated(DateParts(part=part), start, start + len(text[start : opening.end()].rstrip()))
        if part[0] == "Q":
            return stated(
                DateParts(part=part), start, start + len(text[start : opening.end()].removesuffix(" of ").rstrip(" -"))
            )
    return _plain_english_date(text, original, start)


def _english_part(match: re.Match[str]) -> str:
    if match["half"]:
        return "H1" if match["half"] == "first" else "H2"
    if match["quarter"]:
        return f"Q{4 if match['quarter'] == 'last' else ORDINALS[match['quarter']]}"
    if match["q"] or match["h"]:
        return f"Q{match['q']}" if match["q"] else f"H{match['h']}"
    return next(name for name in ("end", "start", "mid") if match[name])


def _plain_english_date(text: str, original: str, start: int) -> Quantity | None:
    era = _ENGLISH_ERA_YEAR.match(text, start)
    century = _english_century(text, start)
    if century:
        return century
    if era:
        year = int(era[1] or era[2])
        return stated(DateParts(-year if era[3] and era[3].startswith("b") else year), start, era.end())
    for order, pattern in enumerate(_ENGLISH_DATE):
        match = pattern.match(text, start)
        if match and (quantity := _english_calendar(order, match, original)) is not None:
            return quantity
    decade = _ENGLISH_DECADE.match(text, start)
    if decade:
        return stated(DateParts(decade=int(decade[1] or decade[2])), start, decade.end())
    word = re.compile(r"[a-z]+").match(text, start)
    if word and word[0] in _DECADE_WORDS:
        return stated(DateParts(decade=_DECADE_WORDS[word[0]]), start, word.end())
    return None


def find_year(text: str, start: int) -> Quantity | None:
    """Find four digits that may be a year (1000 to 2099), with nothing beside them that says so."""
    match = _YEAR.match(text, start)
    if not match or not 1000 <= int(match[1]) <= 2099:
        return None
    return stated(DateParts(int(match[1])), start, match.end(), bare=True)


def _english_century(text: str, start: int) -> Quantity | None:
    match = _NTH_CENTURY.match(text, start)
    if match:
        century, end, before = int(match[1]), match.end(), match[2]
    else:
        ordinal = read_english_ordinal(text, start)
        tail = _CENTURY_WORD.match(text, ordinal[1]) if ordinal else None
        if not ordinal or not tail:
            return None
        century, end, before = ordinal[0], tail.end(), tail[1]
    return stated(DateParts(century=-century if before else century), start, end)


def _english_calendar(order: int, match: re.Match[str], original: str) -> Quantity | None:
    start, end = match.span()
    if order == 0:
        month, day, year = match[1], match[2], match[3]
    elif order == 1:
        month, day, year = match[2], match[1], match[3]
    else:
        month, day, year = match[1], None, match[2] if order == 2 else None
    name = match.start(2 if order == 1 else 1)
    if not original[name].isupper() and month in ("may", "march", "mar", "jan", "sep", "dec", "oct", "sun", "jun"):
        return None
    if order == 3 and (len(month) < 4 and month != "may"):
        return None
    alone = match.end() - match.start() == len(original)
    if (
        order == 3
        and month in ("may", "march", "august")
        and not alone
        and not _BEFORE_MONTH.search(original[max(0, start - 8) : start])
    ):
        return None
    if day is not None and not 1 <= int(day) <= 31:
        return None
    end = end - 1 if match[0].endswith(".") and order == 3 else end
    return stated(DateParts(int(year) if year else None, _MONTH_NUMBER[month], int(day) if day else None), start, end)
