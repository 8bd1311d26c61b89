"""Ways to make a correct claim wrong: pure functions of a claim, its language and a source of chance.

Each yields wrong claims of one kind. What two facts are crossed by is in `evals.guard.crossing`, for it needs other
claims.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from evals.guard.words import words
from knowledge.types import Language

CorruptionKind = Literal["digit", "unit", "name", "negation", "direction", "crossed", "item"]
KINDS: tuple[CorruptionKind, ...] = ("digit", "unit", "name", "negation", "direction", "crossed", "item")

MOST_DIGITS, MOST_NAMES, MOST_OPPOSITES, MOST_ITEMS = 3, 4, 2, 2
"""How many corruptions of a kind one claim gets, so that long claims do not outweigh short ones."""

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_COUNTED: dict[Language, re.Pattern[str]] = {
    "zh": re.compile("(?<![第十一])[二三四五六七八九](?=个|省|地|大(?!学|会)|项|种|家|重|楼|方面)"),
    "en": re.compile(r"\b(?:two|three|four|five|six|seven|eight|nine)\b", re.IGNORECASE),
}
_COUNTS: dict[Language, list[str]] = {
    "zh": list("二三四五六七八九"),
    "en": "two three four five six seven eight nine".split(),
}
_ITEM = {"zh": "[^，,。；：、（）“”和与及\\s]{2,12}", "en": r"[\w-]+(?: (?!and\b)[\w-]+){0,4}"}
_IN_LIST: dict[Language, re.Pattern[str]] = {
    # Behind which item another is added: one of several, or the first of two.
    "zh": re.compile(rf"(?P<item>{_ITEM['zh']})(?=、{_ITEM['zh']}(?:[、和与及等，,。；]|$)|[和与]{_ITEM['zh']}等)"),
    "en": re.compile(rf"(?:(?<=, )|(?<=: )|^)(?P<item>{_ITEM['en']})(?=,? and [\w-]+|, {_ITEM['en']},? and [\w-]+)"),
}


@dataclass(frozen=True, slots=True)
class Corruption:
    """A claim made wrong.

    Attributes:
        kind: How.
        text: The wrong claim.
        was: What stood in the correct one, "" if something was added.
        now: What stands there instead.
    """

    kind: CorruptionKind
    text: str
    was: str
    now: str


def _replaced(kind: CorruptionKind, claim: str, start: int, end: int, now: str) -> Corruption:
    return Corruption(kind, claim[:start] + now + claim[end:], claim[start:end], now)


def changed_digits(claim: str, language: Language, chance: Random) -> Iterator[Corruption]:
    """Yield the claim with one digit, or one number word, changed."""
    found = [*_NUMBER.finditer(claim), *_COUNTED[language].finditer(claim)]
    chance.shuffle(found)
    for number in found[:MOST_DIGITS]:
        if number[0][0].isdigit():
            places = [at for at in range(*number.span()) if claim[at].isdigit()]
            at = chance.choice(places)
            digits = [d for d in "0123456789" if d != claim[at] and not (d == "0" and at == number.start())]
            yield _replaced("digit", claim, at, at + 1, chance.choice(digits))
        else:
            counts = [count for count in _COUNTS[language] if count != number[0].lower()]
            other = chance.choice(counts)
            yield _replaced("digit", claim, *number.span(), other.capitalize() if number[0][0].isupper() else other)


def changed_units(claim: str, language: Language, chance: Random) -> Iterator[Corruption]:
    """Yield the claim with another magnitude, currency or measure behind a number."""
    del chance
    for unit, *others in words(language).units:
        for found in re.finditer(re.escape(unit), claim):
            yield from (_replaced("unit", claim, *found.span(), other) for other in others)


def swapped_names(claim: str, language: Language, chance: Random) -> Iterator[Corruption]:
    """Yield the claim with a place, organisation, person or technology swapped for one the document does not hold."""
    made = []
    for sort in words(language).names:
        for name in sort.document:
            if found := named(name, claim):
                made.append(_replaced("name", claim, *found.span(), chance.choice(sort.others)))
    chance.shuffle(made)
    yield from made[:MOST_NAMES]


def named(name: str, claim: str) -> re.Match[str] | None:
    """Return where a claim has a name, not within another word."""
    edges = (r"(?<![A-Za-z-])", r"(?![A-Za-z-])") if name.isascii() else ("", "")
    return re.search(f"{edges[0]}{re.escape(name)}{edges[1]}", claim)


def denied(claim: str, language: Language, chance: Random) -> Iterator[Corruption]:
    """Yield the claim with its first deniable word denied, or its denial taken away."""
    del chance
    for pattern, denial in words(language).denials:
        if found := re.search(pattern, claim):
            yield _replaced("negation", claim, *found.span(), denial)
            return


def turned(claim: str, language: Language, chance: Random) -> Iterator[Corruption]:
    """Yield the claim with a word turned into its opposite."""
    made = []
    for pair in words(language).opposites:
        for word, opposite in (pair, pair[::-1]):
            pattern = rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)
            if (found := re.search(pattern, claim)) and opposite not in claim:
                made.append(_replaced("direction", claim, *found.span(), opposite))
    chance.shuffle(made)
    yield from made[:MOST_OPPOSITES]


def added_items(claim: str, language: Language, chance: Random) -> Iterator[Corruption]:
    """Yield the claim with one thing more in its list."""
    found = _IN_LIST[language].search(claim)
    if not found:
        return
    beside, end = found["item"], found.end("item")
    name = next((sort for sort in words(language).names if any(beside.endswith(one) for one in sort.document)), None)
    fitting = list(name.others) if name else next(
        list(items) for pattern, *items in words(language).items if re.search(pattern, beside)
    )  # fmt: skip
    joint = "、" if language == "zh" else ", "
    for item in chance.sample(fitting, min(MOST_ITEMS, len(fitting))):
        yield Corruption("item", claim[:end] + joint + item + claim[end:], "", item)


Corrupting = Callable[[str, Language, Random], Iterator[Corruption]]
ALONE: tuple[Corrupting, ...] = (changed_digits, changed_units, swapped_names, denied, turned, added_items)
"""What needs nothing but the claim."""
