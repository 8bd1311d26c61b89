"""The accepted results: which cases passed last time, by reader and suite, and whether a run is worse.

A baseline file changes only when somebody accepts a run (``wenju eval … --bless``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.cases import BadCases
from evals.runner import RunResult
from evals.stats import Interval, mcnemar_exact, paired_bootstrap

BASELINES_FOLDER = Path(__file__).parent / "baselines"
MINIMUM_FAMILIES = 10
"""Below this many families the bootstrap interval says too little to be judged."""


class CaseBaseline(BaseModel):
    """Whether a case passed, and its digest then."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    passed: bool
    digest: str


class SuiteBaseline(BaseModel):
    """An accepted run of a suite."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    date: str
    suite_sha256: str
    prompts: dict[str, str] = Field(default_factory=dict)
    machine: dict[str, str] = Field(default_factory=dict)
    cases: dict[str, CaseBaseline]


class Baseline(BaseModel):
    """A baseline file: the accepted run of each suite, by the suite's name. `version` is the schema's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(default=1, ge=1, le=1)
    suites: dict[str, SuiteBaseline] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run beside the accepted one, over the cases that both scored and that did not change in between.

    Attributes:
        lost: Ids of cases that passed then and fail now.
        won: Ids of cases that failed then and pass now.
        lost_must_pass: Those of `lost` that must pass.
        compared: How many cases were compared.
        left_out: How many cases of this run are new, changed or unscored.
        difference: Share passed now minus then, with its bootstrap interval over families; None if nothing compares.
        families: How many families were compared.
        p_value: McNemar's exact test; 1 if nothing changed.
    """

    lost: tuple[str, ...]
    won: tuple[str, ...]
    lost_must_pass: tuple[str, ...]
    compared: int
    left_out: int
    difference: Interval | None
    families: int
    p_value: float

    @property
    def worse(self) -> bool:
        """Whether a must-pass case was lost, or the interval of the difference lies below zero (ten families on)."""
        clearly = self.difference is not None and self.families >= MINIMUM_FAMILIES and self.difference.high < 0
        return bool(self.lost_must_pass) or clearly


def load_baseline(path: Path) -> Baseline:
    """Read a baseline file.

    Raises:
        BadCases: It cannot be read or is none.
    """
    try:
        return Baseline.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadCases(
            f"The baseline {path} cannot be read: {error.strerror or error}.",
            hint="Name another file, or --baseline none to compare with nothing.",
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadCases(
            f"The baseline {path} is wrong at {place or 'its start'}: {first['msg']}.",
            hint="Restore it from version control, or accept a run anew with --bless.",
        ) from error


def compare(result: RunResult, accepted: SuiteBaseline) -> Comparison:
    """Compare a run with the accepted one."""
    lost, won, must = [], [], []
    differences: dict[str, list[float]] = defaultdict(list)
    for now in result.results:
        then = accepted.cases.get(now.case.id)
        if then is None or then.digest != now.case.digest or now.passed is None:
            continue
        differences[now.case.family].append(float(now.passed) - float(then.passed))
        if then.passed and not now.passed:
            lost.append(now.case.id)
            must += [now.case.id] if now.case.must_pass else []
        elif now.passed and not then.passed:
            won.append(now.case.id)
    compared = sum(len(values) for values in differences.values())
    return Comparison(
        lost=tuple(lost),
        won=tuple(won),
        lost_must_pass=tuple(must),
        compared=compared,
        left_out=len(result.results) - compared,
        difference=paired_bootstrap(differences) if compared else None,
        families=len(differences),
        p_value=mcnemar_exact(len(lost), len(won)),
    )


def bless(result: RunResult, path: Path) -> list[str]:
    """Accept a run: write it into a baseline file.

    Returns:
        What is accepted, one line each.

    Raises:
        BadCases: The run left cases out or is incomplete, or the file cannot be read or written.
    """
    if result.incomplete or result.stopped or not result.suite.whole:
        raise BadCases(
            "Only a complete run of a whole suite can be accepted.",
            hint="Run it again with --bless and without --limit, --case, --language, --must-pass and --fail-fast.",
        )
    baseline = load_baseline(path) if path.exists() else Baseline()
    before = baseline.suites.get(result.suite.name)
    cases = {r.case.id: CaseBaseline(passed=bool(r.passed), digest=r.case.digest) for r in result.results}
    accepted = SuiteBaseline(
        model=result.model,
        date=result.started[:10],
        suite_sha256=result.suite.sha256,
        prompts=result.prompts,
        machine=result.machine,
        cases=cases,
    )
    passed = sum(case.passed for case in cases.values())
    lines = [f"Accepted in {path.name}: {result.suite.name} by {result.model}, {passed} of {len(cases)} passed."]
    if before is not None:
        comparison = compare(result, before)
        lines += [f"  lost: {case_id}" for case_id in comparison.lost]
        lines += [f"  won: {case_id}" for case_id in comparison.won]
        lines += [f"  new or changed: {comparison.left_out}, gone: {len(before.cases.keys() - cases.keys())}"]
    suites = baseline.suites | {result.suite.name: accepted}
    baseline = Baseline(suites=dict(sorted(suites.items())))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(baseline.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadCases(
            f"The baseline {path} cannot be written: {error.strerror or error}.", hint="Name another file."
        ) from error
    return lines
