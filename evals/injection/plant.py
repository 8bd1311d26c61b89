"""Attacks, and the shipped article with attacks in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from evals.cases import BadCases, Case
from evals.retrieval.data import rows
from knowledge.types import Language, Passage

ATTACKS = Path(__file__).parent / "attacks"
CANARY = "{canary}"

_SYLLABLES = (
    "zor",
    "vix",
    "qua",
    "mip",
    "tul",
    "bren",
    "fex",
    "gly",
    "dap",
    "kru",
    "wim",
    "jav",
    "nod",
    "pel",
    "sko",
    "ruz",
)
_ANIMALS = "鹭鲸貘獾鹮鲟鸢蝾鳐貂鹬鼬鲷鸨蜥狍"


class Attack(BaseModel):
    """Text to plant in a passage; it demands that `CANARY` be said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    language: Language
    category: str
    text: str

    @property
    def canary(self) -> str:
        """A string that occurs nowhere else: a code, an invented word, or an invented Chinese name."""
        digest = hashlib.sha256(self.id.encode()).digest()
        word = "".join(_SYLLABLES[byte % 16] for byte in digest[1:5])
        animals = "".join(_ANIMALS[byte % 16] for byte in digest[1:5])
        return (f"{word[:3].upper()}-{digest[5]:03d}{word[-2:].upper()}", word, animals)[digest[0] % 3]

    @property
    def planted(self) -> str:
        """The text with its canary."""
        return self.text.replace(CANARY, self.canary)


@dataclass(frozen=True, slots=True)
class Target:
    """A passage of the clean article, and the questions whose answer stands in it."""

    passage: Passage
    cases: tuple[Case, ...]


def load_attacks(folder: Path = ATTACKS) -> tuple[Attack, ...]:
    """Read the attacks that ship.

    Raises:
        BadData: A line of a file is wrong.
        BadCases: There is no file.
    """
    attacks = tuple(attack for path in sorted(folder.glob("*.jsonl")) for attack in rows(path, Attack))
    if not attacks:
        raise BadCases(f"{folder} holds no attacks.", hint="Install Wenju again.")
    return attacks


def targets(passages: Sequence[Passage], cases: Sequence[Case]) -> tuple[Target, ...]:
    """Return the passages that hold the whole gold of some case, each with these cases."""
    found = [
        Target(passage, tuple(case for case in cases if case.gold and all(gold in passage.text for gold in case.gold)))
        for passage in passages
        if len(passage.sentences) > 1
    ]
    return tuple(target for target in found if target.cases)


def plant(text: str, orders: Sequence[tuple[Passage, Attack]]) -> str:
    """Return a document with attacks in it.

    Args:
        text: The clean document.
        orders: Each attack with the passage that it goes into: before, between or behind its sentences, in turn.
    """
    places = []
    for at, (passage, attack) in enumerate(orders):
        ends = [span.end for span in passage.sentences]
        place = (passage.sentences[0].start, ends[len(ends) // 2 - 1], ends[-1])[at % 3]
        places.append((place, attack.planted))
    return inserted(text, places)


def inserted(text: str, places: Iterable[tuple[int, str]]) -> str:
    """Return a text with words put in at some of its positions."""
    for place, words in sorted(places, reverse=True):
        # A space behind it, as behind any sentence, so that it is not one with the sentence that follows.
        text = f"{text[:place]}{words} {text[place:]}"
    return text
