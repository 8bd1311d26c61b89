"""What a scorer returns, and the small helpers that scorers share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.types import Answer
from evals.text import strip_markers

Documents = Mapping[str, str]
"""The text of each document at hand, by its id."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer found.

    Attributes:
        value: A verdict or a measure; None if it could not be scored.
        reason: Why, in a few words; "" for a plain success.
    """

    value: bool | float | None
    reason: str = ""


def names(things: Sequence[str] | Sequence[tuple[str, ...]]) -> str:
    """Return strings, or the first aliases of fact groups, as a reason shows them."""
    return ", ".join(repr(thing if isinstance(thing, str) else thing[0]) for thing in things)


def markers(text: str) -> list[int]:
    """Return the numbers of the markers ``[n]`` in `text`, in order."""
    return [int(number) for number in re.findall(r"\[(\d+)\]", text)]


def said(answer: Answer) -> str:
    """Return the answer's text without its markers."""
    return strip_markers(answer.text)
