"""From a run to its report."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from evals.comparison import Comparison, Verdict
from evals.gates import ExitCode, Gate
from evals.report.measures import family_measures, groups, metrics
from evals.report.model import Report, SuiteReport
from evals.report.parts import AttemptReport, CaseReport, JudgeAccuracy, ScoreReport
from evals.results import CaseResult, RunResult


def suite_report(
    result: RunResult,
    judged: Sequence[Gate],
    code: ExitCode,
    *,
    comparison: Comparison | None = None,
    compared_with: str = "",
    changed: Sequence[str] = (),
) -> SuiteReport:
    """Return the report of one suite.

    Args:
        result: The run.
        judged: The conditions on it.
        code: What it exits with.
        comparison: The run beside an earlier one.
        compared_with: What that was.
        changed: What besides the answers differs from it.
    """
    return SuiteReport(
        name=result.suite.name,
        sha256=result.suite.sha256,
        whole=result.suite.whole and not result.stopped,
        broken=list(result.suite.broken),
        exit_code=code,
        seconds=round(result.seconds, 3),
        groups=groups(result),
        metrics=metrics(result),
        families=family_measures(result),
        gates=list(judged),
        compared_with=compared_with if comparison else "",
        comparison=comparison,
        worse=comparison.reasons if comparison else [],
        changed=list(changed),
        cases=[case_report(one) for one in result.results],
    )


def whole_report(
    results: Sequence[RunResult],
    suites: Sequence[SuiteReport],
    code: ExitCode,
    *,
    repeat: int = 1,
    settings: Mapping[str, Any] | None = None,
    version: str = "",
    judge: Sequence[JudgeAccuracy] = (),
) -> Report:
    """Return the report of a run over several suites.

    Args:
        results: The run of each suite; there is at least one.
        suites: Their reports.
        code: What the whole exits with.
        repeat: How often each case was asked.
        settings: The settings that change answers.
        version: What `evals.provenance.code_version` gave.
        judge: What `ModelJudge.measured` gave.
    """
    first = results[0]
    return Report(
        exit_code=code,
        model=first.model,
        reader=first.reader,
        started=first.started,
        seconds=round(sum(result.seconds for result in results), 3),
        repeat=repeat,
        settings=dict(settings or {}),
        code=version,
        prompts=first.prompts,
        machine=first.machine,
        judge=list(judge),
        suites=list(suites),
    )


def case_report(result: CaseResult) -> CaseReport:
    """Return the report of one case."""
    case = result.case
    return CaseReport(
        id=case.id,
        family=case.family,
        kind=case.kind,
        language=case.language,
        digest=case.digest,
        must_pass=case.must_pass,
        question=case.question,
        history=[f"{message.role}: {message.text}" for message in case.history],
        facts=[list(group) for group in case.facts],
        forbidden=list(case.forbidden),
        gold=list(case.gold),
        planted=case.planted,
        passed=result.passed,
        verdict=result.verdict,
        reason=result.reason,
        unscored=result.unscored,
        seconds=round(result.seconds, 3),
        scores={name: ScoreReport(**asdict(score)) for name, score in result.scores.items()},
        means=means(result),
        answer=result.answer,
        attempts=[
            AttemptReport(passed=a.passed, seconds=round(a.seconds, 3), text=a.answer.text if a.answer else a.error)
            for a in (result.attempts if len(result.attempts) > 1 else ())
        ],
    )


def means(result: CaseResult) -> dict[str, float]:
    """Return the mean of each score over the attempts that have it."""
    found: dict[str, list[float]] = defaultdict(list)
    for attempt in result.attempts:
        for name, score in attempt.scores.items():
            if score.value is not None:
                found[name].append(float(score.value))
    return {name: statistics.fmean(known) for name, known in found.items()}


def verdicts(result: RunResult) -> list[Verdict]:
    """Return what a comparison needs of each case of a run."""
    return [case_report(one).as_verdict() for one in result.results]
