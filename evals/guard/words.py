"""The words that claims are corrupted with, read from ``words.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.types import Language


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one sort: those of the document, and plausible others."""

    sort: str
    document: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What corrupts claims of one language; see the comments of ``words.toml``."""

    names: tuple[Names, ...]
    units: tuple[tuple[str, ...], ...]
    opposites: tuple[tuple[str, str], ...]
    denials: tuple[tuple[str, str], ...]
    items: tuple[tuple[str, ...], ...]


@cache
def words(language: Language) -> Words:
    """Return the words of a language."""
    stored: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return Words(
        names=tuple(
            Names(sort, tuple(both[language]["document"]), tuple(both[language]["others"]))
            for sort, both in stored["names"].items()
        ),
        units=tuple(map(tuple, stored["units"][language])),
        opposites=tuple((first, second) for first, second in stored["opposites"][language]),
        denials=tuple((pattern, denied) for pattern, denied in stored["denials"][language]),
        items=tuple(map(tuple, stored["items"][language])),
    )
