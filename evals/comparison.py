"""Whether a run is worse than an earlier one, case by case, and whether that is more than noise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from evals.stats import Interval, mcnemar_exact, paired_bootstrap

MINIMUM_FAMILIES = 10
"""Below this many families the bootstrap interval says too little to be judged."""

GUARDED: dict[str, Literal["higher", "lower"]] = {
    "wrong_numbers": "lower",
    "wrong_names": "lower",
    "citation_exact": "higher",
    "citation_resolves": "higher",
    "citation_retrieved": "higher",
    "quoted_verbatim": "higher",
    "own_words": "higher",
    "language_match": "higher",
    "distinct_claims": "higher",
}
"""The measures that a run must not get worse at although its cases pass, and which of their values are better.

An answer can pass and rest on less: the verifier replaces an invented sentence by a quote, which holds the fact.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison needs of a case in a run.

    Attributes:
        id: The case.
        family: Its family.
        must_pass: Whether any release must get it right.
        digest: `Case.digest`; cases with different digests are not compared.
        passed: None if it could not be scored.
        values: The mean of each score over the attempts; empty where only the verdict was kept.
    """

    id: str
    family: str
    must_pass: bool
    digest: str
    passed: bool | None
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeasureChange:
    """A measure in both runs, over the cases that have it in both.

    Attributes:
        name: The scorer.
        better: Whether higher or lower values are better.
        difference: Mean now minus then, with its bootstrap interval over families.
        families: How many families were compared.
        worse_cases: Ids of the cases whose value got worse.
    """

    name: str
    better: Literal["higher", "lower"]
    difference: Interval
    families: int
    worse_cases: tuple[str, ...]

    @property
    def worse(self) -> bool:
        """Whether the interval lies entirely on the worse side of zero (ten families on)."""
        d = self.difference
        clearly = d.high < 0 if self.better == "higher" else d.low > 0
        return clearly and self.families >= MINIMUM_FAMILIES


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run beside an earlier one, over the cases that both scored and that did not change in between.

    Attributes:
        lost: Ids of cases that passed then and fail now.
        won: Ids of cases that failed then and pass now.
        lost_must_pass: Those of `lost` that must pass.
        compared: How many cases were compared.
        left_out: How many cases of this run are new, changed or unscored.
        difference: Share passed now minus then, with its bootstrap interval over families; None if nothing compares.
        families: How many families were compared.
        p_value: McNemar's exact test; 1 if nothing changed.
        measures: The guarded measures that changed at all.
    """

    lost: tuple[str, ...]
    won: tuple[str, ...]
    lost_must_pass: tuple[str, ...]
    compared: int
    left_out: int
    difference: Interval | None
    families: int
    p_value: float
    measures: tuple[MeasureChange, ...] = ()

    @property
    def reasons(self) -> list[str]:
        """Why the run is worse, one phrase each; empty if it is not."""
        found = [f"lost {len(self.lost_must_pass)} cases that must pass"] if self.lost_must_pass else []
        if self.difference is not None and self.families >= MINIMUM_FAMILIES and self.difference.high < 0:
            found.append("fewer cases pass, and that is no noise")
        return found + [f"{change.name} got worse, and that is no noise" for change in self.measures if change.worse]

    @property
    def worse(self) -> bool:
        """Whether a must-pass case was lost, or an interval lies on the worse side of zero (ten families on)."""
        return bool(self.reasons)


def compare(now: Sequence[Verdict], then: Mapping[str, Verdict]) -> Comparison:
    """Compare a run with an earlier one.

    Args:
        now: The cases of the run.
        then: Those of the earlier one, by id.
    """
    pairs = [
        (case, before)
        for case in now
        if (before := then.get(case.id)) is not None
        and before.digest == case.digest
        and case.passed is not None
        and before.passed is not None
    ]
    lost = [case for case, before in pairs if before.passed and not case.passed]
    won = [case for case, before in pairs if case.passed and not before.passed]
    differences: dict[str, list[float]] = defaultdict(list)
    for case, before in pairs:
        differences[case.family].append(float(bool(case.passed)) - float(bool(before.passed)))
    changes = (_change(name, better, pairs) for name, better in GUARDED.items())
    return Comparison(
        lost=tuple(case.id for case in lost),
        won=tuple(case.id for case in won),
        lost_must_pass=tuple(case.id for case in lost if case.must_pass),
        compared=len(pairs),
        left_out=len(now) - len(pairs),
        difference=paired_bootstrap(differences) if pairs else None,
        families=len(differences),
        p_value=mcnemar_exact(len(lost), len(won)),
        measures=tuple(change for change in changes if change is not None),
    )


def _change(
    name: str, better: Literal["higher", "lower"], pairs: Sequence[tuple[Verdict, Verdict]]
) -> MeasureChange | None:
    """Return how a measure changed, None if it did not."""
    differences: dict[str, list[float]] = defaultdict(list)
    worse = []
    for case, before in pairs:
        if name in case.values and name in before.values:
            difference = case.values[name] - before.values[name]
            differences[case.family].append(difference)
            if difference < 0 if better == "higher" else difference > 0:
                worse.append(case.id)
    if not any(any(values) for values in differences.values()):
        return None
    return MeasureChange(name, better, paired_bootstrap(differences), len(differences), tuple(worse))
