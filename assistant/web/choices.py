"""What a user may choose in the settings, and what of it holds: the page's script is not to be trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

from assistant.types import Choices
from knowledge.types import Language

STRICTNESS: dict[str, float] = {"lenient": 0.3, "balanced": 0.5, "strict": 0.7}
"""Thresholds of `Settings.threshold` that can be chosen, by name."""

PASSAGES = (4, 8, 12, 16)
"""Numbers of passages that can be chosen."""

FRAME_COOKIE = "wenju_language"
"""Name of the cookie in which the page's script says which language the page is in."""

Plain = Mapping[str, Any]


def chosen(plain: Plain, readers: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of a user with everything left out that cannot be chosen; an empty one means the default.

    Args:
        plain: What the page's script sent, or what was kept.
        readers: The readers that may be chosen, as `Assistant.readers`.
    """
    kept: dict[str, Any] = {}
    if plain.get("reader") in readers:
        kept["reader"] = plain["reader"]
    if plain.get("strictness") in STRICTNESS:
        kept["strictness"] = plain["strictness"]
    if plain.get("passages") in PASSAGES:
        kept["passages"] = plain["passages"]
    if plain.get("answer") in ("zh", "en"):
        kept["answer"] = plain["answer"]
    left_out = plain.get("left_out")
    if isinstance(left_out, list):
        kept["left_out"] = sorted({str(one)[:64] for one in left_out})[:1000]
    return kept


def choices(plain: Plain, readers: Mapping[str, str], documents: frozenset[str]) -> Choices:
    """Return what settings mean for a question.

    Args:
        plain: As `chosen` returns it.
        readers: The readers that may be chosen.
        documents: The ids of all documents.
    """
    left_out = set(plain.get("left_out", ()))
    return Choices(
        reader=readers[plain.get("reader", usual_reader(readers))],
        threshold=STRICTNESS.get(plain.get("strictness", "")),
        passages=plain.get("passages"),
        language=cast(Literal["zh", "en"] | None, plain.get("answer")),
        document_ids=documents - left_out if documents & left_out else None,
    )


def usual_reader(readers: Mapping[str, str]) -> str:
    """Return which reader reads if nothing was chosen."""
    return next(kind for kind in ("configured", "local", "quotes") if kind in readers)


def frame_language(cookies: Mapping[str, str]) -> Language:
    """Return the language of the page as its script told it."""
    return "en" if cookies.get(FRAME_COOKIE) == "en" else "zh"


@cache
def costs() -> dict[str, Any]:
    """Return what each strictness costs, as ``python -m evals.strictness`` measured it."""
    measured: dict[str, Any] = json.loads(
        files("assistant.web").joinpath("strictness.json").read_text(encoding="utf-8")
    )
    return measured
