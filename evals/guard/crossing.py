"""Two facts crossed: a number, name or term of a claim exchanged for that of another, with the evidence of both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from evals.guard.claims import Grounded
from evals.guard.corruptions import Corruption, named
from evals.guard.words import words
from knowledge.types import Language

MOST_CROSSED = 3
"""How many crossings one claim gets."""

_TOGETHER = (("city", "province", "region"), ("company", "body", "association"), ("technology",), ("person",))
"""Sorts of names that take each other's places."""

_VALUES: dict[Language, tuple[str, ...]] = {
    "zh": (r"[0-9.]+%", r"[0-9.]+亿元", r"(?:19|20)[0-9]{2}年", r"[0-9]{8}", r"[二三四六](?=个|省|地|大方面)"),
    "en": (
        r"[0-9.]+%",
        r"RMB [0-9.]+ billion",
        r"\b(?:19|20)[0-9]{2}\b",
        r"[0-9]{8}",
        r"\b(?:two|three|four|six)\b(?! and)",
    ),
}
"""Numbers that take each other's places, as regular expressions."""

_SHORTEST: dict[Language, int] = {"zh": 3, "en": 9}
"""Characters of a term that is worth exchanging."""

_NO_TERM = re.compile(r"[0-9]|[是为]|^[^ ]*$(?<=[a-z])|\b(?:the|and|for|in|of|than)\b|(?:ed|ing)$")
"""What is no noun phrase that could stand in the place of another."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Something in a claim that can be exchanged for another claim's of the same sort."""

    sort: str
    start: int
    end: int
    text: str


def slots(grounded: Grounded) -> list[Slot]:
    """Return the numbers, names and terms of a claim that could be exchanged; terms are what its case asks for."""
    claim, language = grounded.claim.text, grounded.claim.language
    found = [
        Slot(pattern, *match.span(), match[0]) for pattern in _VALUES[language] for match in re.finditer(pattern, claim)
    ]
    for sort in words(language).names:
        taken_for = next((together[0] for together in _TOGETHER if sort.sort in together), sort.sort)
        for name in sort.document:
            if match := named(name, claim):
                found.append(Slot(taken_for, *match.span(), name))
    for aliases in grounded.aliases:
        if (term := _term(aliases, claim, language)) and not any(
            slot.start < term.end and term.start < slot.end for slot in found
        ):
            found.append(term)
    return found


def _term(aliases: Sequence[str], claim: str, language: Language) -> Slot | None:
    """Return the longest way to state a fact that stands in a claim as words of its own."""
    long = sorted((alias for alias in aliases if len(alias) >= _SHORTEST[language]), key=len, reverse=True)
    for alias in long:
        match = re.search(re.escape(alias) if language == "zh" else rf"(?<!\w){re.escape(alias)}(?!\w)", claim)
        if match and not _NO_TERM.search(alias):
            return Slot("term", *match.span(), alias)
    return None


def crossed(grounded: Grounded, others: Sequence[Grounded], chance: Random) -> Iterator[tuple[Corruption, Grounded]]:
    """Yield a claim with something exchanged for what stands in its place in another, and that other claim.

    A term never for one that the claim's own evidence says, which might make another correct claim.

    Args:
        grounded: The claim.
        others: Claims to take from; those of the same language and another family are.
        chance: Source of chance.
    """
    own = " ".join(sentence.text for sentence in grounded.evidence)
    made: list[tuple[Corruption, Grounded]] = []
    for slot in slots(grounded):
        fitting = [
            (other, theirs)
            for other in others
            if other.claim.language == grounded.claim.language and other.claim.family != grounded.claim.family
            for theirs in slots(other)
            if theirs.sort == slot.sort and theirs.text != slot.text
            and theirs.text not in grounded.claim.text
            and (theirs.sort != "term" or not _said(theirs.text, own, grounded, other))
        ]  # fmt: skip
        if fitting:
            other, theirs = chance.choice(fitting)
            text = grounded.claim.text
            wrong = text[: slot.start] + theirs.text + text[slot.end :]
            made.append((Corruption("crossed", wrong, slot.text, theirs.text), other))
    chance.shuffle(made)
    yield from made[:MOST_CROSSED]


def _said(term: str, own: str, grounded: Grounded, other: Grounded) -> bool:
    """Return whether a claim's own evidence says what is to be put in, in the words of either language."""
    alike = next((group for group in other.aliases if term in group), (term,))
    asked = {word for group in grounded.aliases for word in group}
    return any(word.lower() in own.lower() or word in asked for word in alike)
