"""How sure a number is: intervals and paired tests over verdicts, without a statistics package."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the bounds of its confidence interval."""

    estimate: float
    low: float
    high: float


_Z95 = 1.959963984540054


def wilson(successes: int, n: int, z: float = _Z95) -> Interval:
    """Return the share of successes with Wilson's score interval (E. B. Wilson, JASA 22, 1927).

    Args:
        successes: How many of `n` succeeded.
        n: How many were tried; with none the interval is all of [0, 1].
        z: Standard normal quantile; the default gives 95 %.

    Raises:
        ValueError: `successes` is not between 0 and `n`.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    if n == 0:
        return Interval(math.nan, 0.0, 1.0)
    share = successes / n
    scale = 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At 0 and n the bound is exactly 0 or 1; rounding errors must not move it past the estimate.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == n else min(1.0, middle + half)
    return Interval(share, low, high)


def mcnemar_exact(lost: int, won: int) -> float:
    """Return the two-sided p-value of McNemar's exact test: lost and won are equally likely (Q. McNemar, 1947).

    Args:
        lost: Pairs that passed before and fail now.
        won: Pairs that failed before and pass now.

    Raises:
        ValueError: A count is negative.
    """
    if lost < 0 or won < 0:
        raise ValueError(f"{lost} lost, {won} won")
    n = lost + won
    tail = sum(math.comb(n, k) for k in range(min(lost, won) + 1))
    return min(1.0, float(2 * tail / 2**n))


def paired_bootstrap(
    differences: Mapping[str, Sequence[float]], *, iterations: int = 10_000, seed: int = 0, confidence: float = 0.95
) -> Interval:
    """Return the mean paired difference with a percentile bootstrap interval over families.

    The cases of a family are the same question in other words, so whole families are drawn with replacement (cluster
    bootstrap; Davison and Hinkley, Bootstrap Methods, 1997, section 3.8).

    Args:
        differences: By family, now minus before for each of its cases.
        iterations: How many samples are drawn.
        seed: The same seed gives the same interval.
        confidence: Share of the samples between the bounds.

    Raises:
        ValueError: There is no difference at all.
    """
    import numpy as np

    families = [values for values in differences.values() if values]
    if not families:
        raise ValueError("no differences")
    sums = np.array([math.fsum(values) for values in families])
    sizes = np.array([len(values) for values in families], dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(families), size=(iterations, len(families)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(sums.sum() / sizes.sum()), float(low), float(high))
