"""The accepted results: which cases passed last time, by reader and suite, and whether a run is worse.

A baseline file changes only when somebody accepts a run (``wenju eval … --bless``).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.cases import BadCases
from evals.comparison import Verdict, compare
from evals.report.build import verdicts
from evals.results import RunResult

BASELINES_FOLDER = Path(__file__).parent / "baselines"


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

    def verdicts(self) -> dict[str, Verdict]:
        """Return what a comparison needs, by case id; families and must-pass marks are the new run's."""
        return {case_id: Verdict(case_id, "", False, case.digest, case.passed) for case_id, case in self.cases.items()}


class Baseline(BaseModel):
    """A baseline file: the accepted run of each suite, by the suite's name. `version` is the schema's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(default=1, ge=1, le=1)
    suites: dict[str, SuiteBaseline] = Field(default_factory=dict)


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


def bless(result: RunResult, path: Path) -> list[str]:
    """Accept a run: write it into a baseline file.

    Returns:
        What is accepted, one line each.

    Raises:
        BadCases: The run left cases out or is incomplete, or the file cannot be read or written.
    """
    if not (result.complete and result.suite.whole):
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
        comparison = compare(verdicts(result), before.verdicts())
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
