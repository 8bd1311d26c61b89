"""Strings with digits in them that are no amounts: names (5G, COVID-19), addresses, telephone numbers, identifiers."""

from __future__ import annotations

import re

from assistant.quantity_units import english_unit_pattern

_ADDRESS = re.compile(
    r"(?:https?://|(?<![a-z0-9])www\.)[^\s<>\"'()\[\]，。；、“”《》\u4e00-\u9fff]{1,2000}"
    r"|(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}"
)
_TELEPHONE = re.compile(
    r"(?<![0-9a-z.,])(?:\+[0-9]{1,4}(?:[- ]?[0-9]{2,11}){1,5}|\(?0[0-9]{2,3}\)?[- ]?[0-9]{7,8}"
    r"|[0-9]{3,4}-[0-9]{3,4}-[0-9]{4}|1[3-9][0-9]{9})(?![0-9万亿元美欧%倍个]|[.,][0-9])"
)
_VERSION = re.compile(
    r"(?<![0-9a-z.])[0-9]{1,9}(?:\.[0-9]{1,9}){2,}(?![0-9])|(?<![0-9a-z.,])0[0-9]+(?![0-9.:年月日时点/-])"
)
_LONG = re.compile(r"(?<![0-9])[0-9]{19,}")
_DATE = re.compile(r"[12][0-9]{3}\.(?:0?[1-9]|1[0-2])\.(?:0?[1-9]|[12][0-9]|3[01])")
_CODE = re.compile(r"(?<![a-z0-9])[a-z0-9]+(?:[-_](?=[a-z0-9])[a-z0-9]+|(?<=[0-9])\.(?=[0-9])[a-z0-9]+)*")
_AMOUNT_SUFFIX = re.compile(
    r"[0-9][0-9.]*(?:st|nd|rd|th|s|x|bn|mn|mln|tn|trn|k|am|pm|ad|bc|bce|ce|fold|pp|usd|rmb|yuan|percent|million|billion|trillion)"
    r"(?![a-z0-9])"
)
_CURRENCY_PREFIX = re.compile(r"(?:rmb|cny|usd|us|hk|hkd|eur|gbp|jpy|inr)[0-9]")
_DATE_PREFIX = re.compile(r"(?:mid|early|late|pre|post|end)-?[0-9]{2,4}s?$|[qh][1-4]$|[0-9]{4}-q[1-4]$")

_PLAIN_WORDS = frozenset("Top Under Over Mid Pre Post Sub Non Age Aged".split())


def opaque_spans(folded: str, text: str) -> list[tuple[int, int]]:
    """Return the spans of `text` that are opaque, in order and without overlap.

    Args:
        folded: The folded text.
        text: The text itself; the case of letters tells 5G from 5 g.
    """
    spans: list[tuple[int, int]] = []
    for pattern in (_ADDRESS, _TELEPHONE, _VERSION, _LONG):
        spans += [m.span() for m in pattern.finditer(folded) if _has_digit(m[0]) and not _DATE.fullmatch(m[0])]
    spans += [m.span() for m in _CODE.finditer(folded) if _is_code(m[0], text[m.start() : m.end()], folded, m)]
    spans.sort(key=lambda span: (span[0], -span[1]))
    kept: list[tuple[int, int]] = []
    for span in spans:
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _has_digit(text: str) -> bool:
    return any("0" <= character <= "9" for character in text)


def _is_code(token: str, written: str, folded: str, match: re.Match[str]) -> bool:
    """Return whether letters and digits make one name, and not an amount with its unit or a date."""
    if not _has_digit(token) or not re.search("[a-z]", token):
        return False
    money = match.start() > 0 and folded[match.start() - 1] in "$€£¥"
    if token[0].isdigit():
        if _AMOUNT_SUFFIX.match(token) and not re.match("[0-9]K", written):
            return False
        if money and re.match(r"[0-9.]+[mb](?![a-z0-9])", token):
            return False
        number = re.match(r"[0-9][0-9.]*", token)
        unit = english_unit_pattern().match(folded, match.start() + (number.end() if number else 0))
        if unit and not (len(unit[1]) == 1 and (_capital_after(written, number) or unit[1] == "g")):
            return False
    if _CURRENCY_PREFIX.match(token) or _DATE_PREFIX.match(token):
        return False
    segments = re.split("[-_]", written)
    for segment in segments:
        if (
            _has_digit(segment)
            and re.search("[A-Za-z]", segment)
            and not re.match(r"[0-9]+(?:s|st|nd|rd|th)$", segment)
        ):
            return True
    # COVID-19 and F-16 are names; top-10 and 27-nation hold a number.
    return written[0].isupper() and segments[0] not in _PLAIN_WORDS


def _capital_after(written: str, number: re.Match[str] | None) -> bool:
    """Tell 5M and 3D from 5 m."""
    at = number.end() if number else 0
    return written[at : at + 1].isupper()
