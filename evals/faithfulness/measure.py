"""How well scores separate, and how closely they follow human votes, with intervals that draw whole passages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evals.stats import Interval

DRAWS, SEED = 1000, 0
"""Samples of the bootstrap, and where chance begins."""

Array = npt.NDArray[Any]
Statistic = Callable[[Array, Array], float]
"""From scores and what they are measured against to a number; NaN where it has none (only one class is there)."""


def auroc(scores: Array, positive: Array) -> float:
    """Return the probability that a positive scores above a negative, ties half (Mann and Whitney, 1947).

    Args:
        scores: Shape (n,).
        positive: Shape (n,); what is above one half is positive.
    """
    is_positive = positive > 0.5
    above, below = int(is_positive.sum()), int((~is_positive).sum())
    if not above or not below:
        return float("nan")
    return float((ranks(scores)[is_positive].sum() - above * (above + 1) / 2) / (above * below))


def balanced_accuracy(probabilities: Array, positive: Array) -> float:
    """Return the mean of the shares of positives of at least 0.5 and of negatives below."""
    said, truth = probabilities >= 0.5, positive > 0.5
    if truth.all() or not truth.any():
        return float("nan")
    return float((said[truth].mean() + (~said[~truth]).mean()) / 2)


def spearman(scores: Array, votes: Array) -> float:
    """Return Spearman's rank correlation, ties at their mean rank; NaN where one of both does not vary."""
    x, y = ranks(scores), ranks(votes)
    spread = float(x.std() * y.std())
    return float(((x - x.mean()) * (y - y.mean())).mean() / spread) if spread else float("nan")


def ranks(values: Array) -> Array:
    """Return ranks from 1, equal values at the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse])


def interval(statistic: Statistic, scores: Array, truth: Array, groups: Sequence[str]) -> Interval:
    """Return a statistic with its 95 % percentile bootstrap interval.

    Claims on one passage are not independent, so whole groups are drawn with replacement (cluster bootstrap; Davison
    and Hinkley, *Bootstrap Methods*, 1997, section 3.8). Samples that have no value are drawn past.

    Args:
        statistic: What to compute.
        scores: Shape (n,).
        truth: Shape (n,).
        groups: What each item belongs to.
    """
    members: dict[str, list[int]] = {}
    for at, group in enumerate(groups):
        members.setdefault(group, []).append(at)
    together = [np.array(own) for own in members.values()]
    estimate = statistic(scores, truth)
    chance = np.random.default_rng(SEED)
    drawn = []
    for _ in range(DRAWS):
        sample = np.concatenate([together[at] for at in chance.integers(0, len(together), len(together))])
        drawn.append(statistic(scores[sample], truth[sample]))
    values = np.array(drawn)[~np.isnan(drawn)]
    if not len(values):
        return Interval(estimate, float("nan"), float("nan"))
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(estimate, float(low), float(high))
