"""Numbers and ordinals in English words."""

from __future__ import annotations

import re
from decimal import Decimal

from assistant.quantity_numerals import ENGLISH_SCALE, ENGLISH_SCALES, Numeral
from knowledge.english_words import ORDINALS, SMALL, TENS

_WORD = re.compile(r"([ \n-]and[ \n]|[ \n-]|)([a-z]+)")


def read_english(text: str, start: int) -> Numeral | None:
    """Read a number in English words of folded text at `start` ("three hundred and fifty", "a million")."""
    total = current = 0
    end = start
    last_scale, last_word = 10**15, ""
    largest = 1
    while (match := _WORD.match(text, end)) is not None:
        gap, word = match[1], match[2]
        first = end == start
        if first != (gap == ""):
            break
        if "and" in gap and last_word not in ("hundred", "thousand", "million", "billion"):
            break
        if first and word in ("a", "an"):
            following = _WORD.match(text, match.end())
            if not following or following[2] not in ENGLISH_SCALES or len(following[2]) < 5:
                return None
            current = 1
        elif word in SMALL and (current % 100 == 0 or (last_word in TENS and 0 < SMALL[word] < 10)):
            if current and gap == "-" and last_word not in TENS:
                break
            if not first and last_word in SMALL:
                break
            current += SMALL[word]
        elif word in TENS and current % 100 == 0 and last_word not in SMALL:
            current += TENS[word]
        elif word in ("hundred", "dozen") and 0 < current < 100:
            current *= ENGLISH_SCALES[word]
        elif word in ("thousand", "million", "billion", "trillion") and 0 < current < 1000:
            if ENGLISH_SCALES[word] >= last_scale:
                break
            last_scale = ENGLISH_SCALES[word]
            largest = max(largest, last_scale)
            total, current = total + current * last_scale, 0
        else:
            break
        end, last_word = match.end(), word
    if end == start or last_word in ("a", "an"):
        return None
    value = Decimal(total + current)
    # Only "five million", not "five million two hundred", lends its scale to "three to".
    scale = Decimal(largest) if current == 0 and value % largest == 0 else Decimal(1)
    half = re.compile(r" and a half(?![a-z])").match(text, end)
    if half:
        larger = ENGLISH_SCALE.match(text, half.end())
        scale = Decimal(ENGLISH_SCALES[larger[1]]) if larger and larger[1] else Decimal(1)
        return Numeral(
            value + Decimal("0.5"), scale, larger.end() if larger and larger[1] else half.end(), spelled=True
        )
    return Numeral(value / scale, scale, end, spelled=True)


def read_english_ordinal(text: str, start: int) -> tuple[int, int] | None:
    """Read an ordinal in words at `start` ("twenty-first") and return its value and end."""
    match = re.compile(r"(?:(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[- ])?([a-z]+)").match(text, start)
    if not match or match[2] not in ORDINALS:
        return None
    value = ORDINALS[match[2]]
    if match[1]:
        if value > 9:
            return None
        value += TENS[match[1]]
    return value, match.end()
