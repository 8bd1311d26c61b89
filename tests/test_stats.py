"""Intervals and tests against published or hand-computed values, and the properties they must have."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.stats import mcnemar_exact, paired_bootstrap, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_matches_newcombe(successes: int, n: int, low: float, high: float) -> None:
    interval = wilson(successes, n)
    assert interval.estimate == successes / n
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_its_estimate_and_mirrors(pair: tuple[int, int]) -> None:
    successes, n = pair
    interval, mirrored = wilson(successes, n), wilson(n - successes, n)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1
    assert interval.low == pytest.approx(1 - mirrored.high)


def test_wilson_of_nothing_knows_nothing() -> None:
    interval = wilson(0, 0)
    assert math.isnan(interval.estimate)
    assert (interval.low, interval.high) == (0, 1)
    with pytest.raises(ValueError, match="3 successes of 2"):
        wilson(3, 2)


def test_mcnemar_against_the_binomial() -> None:
    assert mcnemar_exact(0, 0) == 1
    assert mcnemar_exact(5, 5) == 1
    assert mcnemar_exact(1, 9) == pytest.approx(2 * (1 + 10) / 1024)
    assert mcnemar_exact(9, 1) == mcnemar_exact(1, 9)
    assert mcnemar_exact(0, 6) == pytest.approx(2 / 64)
    with pytest.raises(ValueError, match="-1 lost"):
        mcnemar_exact(-1, 2)


def test_bootstrap_is_seeded() -> None:
    differences = {str(n): [math.sin(n)] for n in range(30)}
    assert paired_bootstrap(differences, seed=1) == paired_bootstrap(differences, seed=1)
    assert paired_bootstrap(differences, seed=1) != paired_bootstrap(differences, seed=2)


def test_bootstrap_of_one_value_is_that_value() -> None:
    interval = paired_bootstrap({"a": [-1.0, -1.0], "b": [-1.0]})
    assert (interval.estimate, interval.low, interval.high) == (-1, -1, -1)


def test_bootstrap_is_about_as_wide_as_theory_says() -> None:
    differences = {str(n): [1.0 if n % 2 else -1.0] for n in range(100)}
    interval = paired_bootstrap(differences)
    assert interval.estimate == 0
    assert interval.high == pytest.approx(1.96 / 10, abs=0.03)


def test_cases_of_one_family_do_not_count_as_independent() -> None:
    values = [1.0 if n % 2 else -1.0 for n in range(20)]
    clustered = paired_bootstrap({str(n): [value] * 8 for n, value in enumerate(values)})
    independent = paired_bootstrap({f"{n}-{k}": [value] for n, value in enumerate(values) for k in range(8)})
    assert clustered.high - clustered.low > 2 * (independent.high - independent.low)


def test_larger_families_weigh_more() -> None:
    assert paired_bootstrap({"a": [1.0, 1.0, 1.0], "b": [0.0]}).estimate == 0.75


def test_bootstrap_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no differences"):
        paired_bootstrap({"a": []})
