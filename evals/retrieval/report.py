"""What was measured, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evals.retrieval.measure import Scores


@dataclass(frozen=True, slots=True)
class Measured:
    """One system in one direction.

    Attributes:
        set: Name of the benchmark set.
        questions: Language of the questions.
        passages: Languages of what is searched: ``"zh"``, ``"en"`` or ``"both"``.
        gold: Language of what counts as right.
        pool: Among how many passages is searched; 0 where each question is asked of one passage.
        system: Name of the way of searching.
        scores: Its scores.
        milliseconds: Of a search, by what: ``"p50"``, ``"p95"``, and ``"embedding_p50"`` of the question alone.
    """

    set: str
    questions: str
    passages: str
    gold: str
    pool: int
    system: str
    scores: Scores
    milliseconds: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return what the JSON report holds."""
        named = {name: getattr(self, name) for name in ("set", "questions", "passages", "gold", "system", "pool")}
        return {**named, "n": self.scores.n, **self.scores.as_dict(), "milliseconds": self.milliseconds}


def milliseconds(searches: list[float], embeddings: list[float]) -> dict[str, float]:
    """Return the times of searches as `Measured` holds them, from seconds."""
    p50, p95 = np.quantile(searches, [0.5, 0.95])
    values = {"p50": p50, "p95": p95, "embedding_p50": np.median(embeddings)}
    return {name: round(1000 * float(value), 2) for name, value in values.items()}


def print_measured(measured: Iterable[Measured], *, as_json: bool) -> None:
    """Print everything that was measured."""
    if as_json:
        print(json.dumps([one.as_dict() for one in measured], ensure_ascii=False, indent=1))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    by_set: dict[str, list[Measured]] = {}
    for one in measured:
        by_set.setdefault(one.set, []).append(one)
    for name, group in by_set.items():
        columns = ("direction", "system", "n", "hit@1", "95 %", "@2", "@5", "nDCG@10", "ms p50", "p95")
        table = Table(*columns, title=name, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for one in group:
            hits = one.scores.hits
            gold = f" ({one.gold})" if one.passages == "both" else ""
            table.add_row(
                f"{one.questions}→{one.passages}{gold}",
                one.system,
                str(one.scores.n),
                _share(hits[1].estimate),
                f"{_share(hits[1].low)} to {_share(hits[1].high)}",
                *(_share(share) for share in (hits[2].estimate, hits[5].estimate, one.scores.ndcg.estimate)),
                f"{one.milliseconds['p50']:.0f}",
                f"{one.milliseconds['p95']:.0f}",
            )
        Console().print(table)


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
