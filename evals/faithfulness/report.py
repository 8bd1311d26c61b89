"""``wenju eval faithfulness``: how well the support score tells claims apart, beside plain ways; table and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.support import JUDGED, Curves
from evals.faithfulness.data import Item
from evals.faithfulness.measure import auroc, balanced_accuracy, interval, spearman
from evals.faithfulness.score import Scored
from evals.stats import Interval
from knowledge.types import Language

OURS, WITH_MODEL = "wenju", "wenju + model"


@dataclass(frozen=True, slots=True)
class Measured:
    """One way of scoring the claims of one language of a set.

    Attributes:
        set: Name of the set.
        language: Language of the claims.
        kind: What is scored: ``"answer"``, ``"phrase"`` or ``"statement"``.
        system: Name of the way.
        n: Claims scored.
        unscored: Claims that could not be scored.
        auroc: Probability that a supported claim scores above another.
        balanced_accuracy: Of the calibrated threshold 0.5; None for the plain ways, which have none.
        spearman: Rank correlation with the human votes; None where there are none.
    """

    set: str
    language: Language
    kind: str
    system: str
    n: int
    unscored: int
    auroc: Interval
    balanced_accuracy: Interval | None
    spearman: Interval | None

    def as_dict(self) -> dict[str, Any]:
        """Return what the JSON report holds; null for what has no value."""
        names = ("set", "language", "kind", "system", "n", "unscored")
        scores = {name: _as_dict(getattr(self, name)) for name in ("auroc", "balanced_accuracy", "spearman")}
        return {**{name: getattr(self, name) for name in names}, **scores}


def measure_support(
    data: Path | None, llm: str, *, names: Sequence[str] = (), limit: int | None = None
) -> Iterator[Measured]:
    """Score the claims of every set with curves that were not fitted on their texts (`evals.faithfulness.fit`).

    Args:
        data: Where the sets are; None for the sample that ships.
        llm: A chat model that judges answers as well, or ``"none"``.
        names: Only these sets.
        limit: At most so many claims a set, spread evenly.

    Raises:
        BadData: A file is missing or wrong.
        AssistantError, KnowledgeError: The configuration is wrong.
    """
    from assistant import Assistant, Settings
    from assistant.console import progress
    from evals.faithfulness.data import read_items
    from evals.faithfulness.fit import held_out_curves
    from evals.faithfulness.judge import judge_of
    from evals.faithfulness.score import score_items

    chosen = list(read_items(data, names=names, limit=limit))
    with Assistant(Settings.from_environment(llm=llm, reproducible=True)) as assistant:
        for name, items in chosen:
            with progress(f"Comparing {name}") as update:
                scored = list(score_items(items, assistant.embedder, judge_of(assistant), update))
            yield from measured(name, scored, held_out_curves())


def measured(name: str, scored: Sequence[Scored], folds: Sequence[Curves]) -> Iterator[Measured]:
    """Yield every way's measures, language by language.

    Args:
        name: Name of the set.
        scored: Its claims.
        folds: By fold the curves that were fitted on the others.
    """
    for language in dict.fromkeys(one.item.language for one in scored):
        group = [one for one in scored if one.item.language == language]
        usable = [one for one in group if one.assessed is not None]
        ways: dict[str, Callable[[Scored], float]] = {
            plain: lambda one, plain=plain: one.baselines[plain]  # type: ignore[misc]  # mypy does not see the default
            for plain in (usable[0].baselines if usable else ())
        }
        ways[OURS] = lambda one: _probability(one, folds)
        judged = [one for one in usable if one.judged is not None]
        if judged and all(f"{one.item.kind}{JUDGED}" in folds[one.item.fold] for one in judged):
            ways[WITH_MODEL] = lambda one: _probability(one, folds, one.judged)
        for system, way in ways.items():
            kept = judged if system == WITH_MODEL else usable
            yield _measured(name, system, kept, [way(one) for one in kept], group)


def _measured(
    name: str, system: str, kept: Sequence[Scored], scores: Sequence[float], group: Sequence[Scored]
) -> Measured:
    items: list[Item] = [one.item for one in kept]
    values, truth = np.array(scores), np.array([float(item.supported) for item in items])
    groups = [item.group for item in items]
    votes = [item.votes for item in items]
    calibrated = system in (OURS, WITH_MODEL)
    nothing = Interval(math.nan, math.nan, math.nan)
    return Measured(
        set=name,
        language=group[0].item.language,
        kind=group[0].item.kind,
        system=system,
        n=len(kept),
        unscored=len(group) - len(kept),
        auroc=interval(auroc, values, truth, groups) if items else nothing,
        balanced_accuracy=interval(balanced_accuracy, values, truth, groups) if items and calibrated else None,
        spearman=interval(spearman, values, np.array(votes, dtype=np.float64), groups)
        if items and None not in votes
        else None,
    )


def _probability(one: Scored, folds: Sequence[Curves], judged: float | None = None) -> float:
    assert one.assessed is not None
    return one.assessed.probability(folds[one.item.fold], judged)


def print_support(found: Iterable[Measured], *, as_json: bool) -> int:
    """Print everything that was measured; return how many claims could not be scored."""
    every = list(found)
    unscored = sum(one.unscored for one in every if one.system == OURS)
    if as_json:
        print(json.dumps([one.as_dict() for one in every], ensure_ascii=False, allow_nan=False, indent=1))
        return unscored
    from rich import box
    from rich.console import Console
    from rich.table import Table

    columns = (
        "set",
        "language",
        "kind",
        "system",
        "n",
        "AUROC",
        "95 %",
        "balanced accuracy",
        "95 %",
        "Spearman",
        "95 %",
    )
    table = Table(*columns, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for one in every:
        shown = [text for score in (one.auroc, one.balanced_accuracy, one.spearman) for text in _shown(score)]
        table.add_row(one.set, one.language, one.kind, one.system, str(one.n), *shown)
    Console().print(table)
    return unscored


def _as_dict(score: Interval | None) -> dict[str, float | None] | None:
    if score is None:
        return None
    bounds = {"value": score.estimate, "low": score.low, "high": score.high}
    return {name: None if math.isnan(value) else round(value, 4) for name, value in bounds.items()}


def _shown(score: Interval | None) -> tuple[str, str]:
    if score is None or math.isnan(score.estimate):
        return "–", ""
    return f"{score.estimate:.3f}", f"{score.low:.3f} to {score.high:.3f}"
