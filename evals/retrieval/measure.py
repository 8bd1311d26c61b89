"""Scores of ranked lists with one right passage each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from evals.stats import Interval, paired_bootstrap, wilson

DEPTH = 10
"""How far down a ranking is looked at."""

CUTOFFS = (1, 2, 3, 5, 10)
"""The ranks for which hits are counted."""

Ranking = Sequence[tuple[str, float]]
"""Ids with their scores, best first."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one system in one direction, each with its 95 % interval.

    Attributes:
        n: Questions.
        hits: By cutoff the share whose gold passage is among so many first (hit@k; Wilson's interval).
        mrr: Mean reciprocal rank within the first `DEPTH` (bootstrap interval).
        ndcg: Mean normalised discounted cumulative gain within the first `DEPTH` (Järvelin and Kekäläinen, 2002); with
            one gold passage this is 1 / log2(1 + rank) (bootstrap interval).
    """

    n: int
    hits: dict[int, Interval]
    mrr: Interval
    ndcg: Interval

    def as_dict(self) -> dict[str, Any]:
        """Return the scores under the names they are reported by (``"hit@1"``, ``"mrr@10"`` …)."""
        named = {f"hit@{k}": hit for k, hit in self.hits.items()}
        named |= {f"mrr@{DEPTH}": self.mrr, f"ndcg@{DEPTH}": self.ndcg}
        return {name: {"value": one.estimate, "low": one.low, "high": one.high} for name, one in named.items()}


def score(ranks: Sequence[int | None]) -> Scores:
    """Score a system by the rank of each question's gold passage.

    Args:
        ranks: From 1; None where it is not in the ranking.

    Raises:
        ValueError: There are none, or one is below 1.
    """
    if not ranks:
        raise ValueError("no ranks to score")
    if any(rank is not None and rank < 1 for rank in ranks):
        raise ValueError("ranks begin at 1")
    found = [math.inf if rank is None or rank > DEPTH else rank for rank in ranks]
    return Scores(
        n=len(ranks),
        hits={k: wilson(sum(rank <= k for rank in found), len(ranks)) for k in CUTOFFS},
        mrr=_mean([1 / rank for rank in found]),
        ndcg=_mean([1 / math.log2(1 + rank) for rank in found]),
    )


def _mean(values: Sequence[float]) -> Interval:
    return paired_bootstrap({str(at): [value] for at, value in enumerate(values)}, iterations=2000)


def rank_of(gold: str, ranking: Ranking, absent: str = "") -> int | None:
    """Return the rank of a passage in a ranking from which another is taken away, None if it is not in it.

    The order of the ranking counts; of passages with equal scores the gold one counts as the last: a tie is no hit.
    """
    left = [one for one in ranking if one[0] != absent]
    at = next((place for place, (passage_id, _) in enumerate(left) if passage_id == gold), None)
    if at is None:
        return None
    tied = takewhile(lambda one: one[1] == left[at][1], left[at + 1 :])
    return at + 1 + sum(1 for _ in tied)
