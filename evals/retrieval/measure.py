"""Scores of ranked lists with one right passage each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evals.stats import Interval, wilson

DEPTH = 10
"""How far down a ranking is looked at."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one system in one direction.

    Attributes:
        n: Questions.
        recall_1: Share whose gold passage is first (R@1), with Wilson's 95 % interval.
        recall_5: Share whose gold passage is among the first five (R@5).
        mrr: Mean reciprocal rank within the first `DEPTH`.
        ndcg: Mean normalised discounted cumulative gain within the first `DEPTH` (Järvelin and Kekäläinen, 2002); with
            one gold passage this is 1 / log2(1 + rank).
    """

    n: int
    recall_1: Interval
    recall_5: Interval
    mrr: float
    ndcg: float


def score(ranks: Sequence[int | None]) -> Scores:
    """Score a system by the rank of each question's gold passage.

    Args:
        ranks: From 1; None where it is not among the first `DEPTH`.

    Raises:
        ValueError: There are none, or one is below 1.
    """
    if not ranks:
        raise ValueError("no ranks to score")
    found = [rank for rank in ranks if rank is not None and rank <= DEPTH]
    if any(rank < 1 for rank in found):
        raise ValueError("ranks begin at 1")
    return Scores(
        n=len(ranks),
        recall_1=wilson(sum(rank == 1 for rank in found), len(ranks)),
        recall_5=wilson(sum(rank <= 5 for rank in found), len(ranks)),
        mrr=sum(1 / rank for rank in found) / len(ranks),
        ndcg=sum(1 / math.log2(1 + rank) for rank in found) / len(ranks),
    )


def rank_of(gold: str, ranking: Sequence[str], absent: str = "") -> int | None:
    """Return the rank of a passage in a ranking from which another is taken away, None if it is not in it."""
    left = [passage_id for passage_id in ranking if passage_id != absent]
    return left.index(gold) + 1 if gold in left else None
