"""What a run has to reach, and how it compares with the accepted one: the verdict on a release.

Rates are judged from ten cases on; what must never happen is judged always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from evals.case import Case
from evals.comparison import Comparison
from evals.results import CaseResult, RunResult, score_values


class ExitCode(IntEnum):
    """What ``wenju eval`` exits with."""

    PASSED = 0
    FAILED = 1
    CONFIGURATION = 2
    INCOMPLETE = 3


MINIMUM_CASES = 10
"""Below this many cases a rate says too little to be judged."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition on a run.

    Attributes:
        name: What is judged.
        measured: The value found, None if there was none.
        wanted: The bound.
        comparison: ``">="`` or ``"=="``.
        n: Over how many cases.
        passed: Whether it holds; None if there were too few cases to judge.
    """

    name: str
    measured: float | None
    wanted: float
    comparison: str
    n: int
    passed: bool | None


@dataclass(frozen=True, slots=True)
class _Rate:
    name: str
    wanted: float
    scorer: str
    of: Callable[[Case], bool]


_CHAT = (
    _Rate("facts zh", 0.90, "strict", lambda case: case.kind == "fact" and case.language == "zh"),
    _Rate("facts en", 0.75, "strict", lambda case: case.kind == "fact" and case.language == "en"),
    _Rate("unanswerable refused", 0.85, "refusal_correct", lambda case: case.kind == "unanswerable"),
)
_EXTRACTIVE = (_Rate("facts zh", 0.85, "facts_in_quotes", lambda case: case.kind == "fact" and case.language == "zh"),)


def gates(result: RunResult) -> list[Gate]:
    """Return the conditions on a run with what was measured.

    With a chat model: facts in Chinese at least 90 % right (strict), in English 75 %, unanswerable questions refused
    85 %, no wrong number. Without one: facts in Chinese 85 % in the quotes. Always: every citation exact and resolved,
    every must-pass case passed; without a chat model only facts and unanswerable questions in Chinese must pass.
    """
    chat = result.reader == "chat"
    found = [_rate(rate, result.results) for rate in (_CHAT if chat else _EXTRACTIVE)]
    if chat:
        numbers = score_values(result.results, "wrong_numbers")
        wrong = sum(numbers)
        found.append(
            Gate("wrong numbers", wrong if numbers else None, 0, "==", len(numbers), _holds(numbers, wrong == 0))
        )
    for scorer, name in (("citation_exact", "citations exact"), ("citation_resolves", "citations resolve")):
        verdicts = score_values(result.results, scorer)
        share = _mean(verdicts)
        found.append(Gate(name, share, 1.0, "==", len(verdicts), _holds(verdicts, share == 1.0)))
    must = [r for r in result.results if r.case.must_pass and (chat or _extractive_must(r.case))]
    share = _mean([float(r.passed is True) for r in must])
    found.append(Gate("must pass", share, 1.0, "==", len(must), _holds(must, share == 1.0)))
    return found


def _extractive_must(case: Case) -> bool:
    return case.language == "zh" and case.kind in ("fact", "unanswerable")


def _rate(rate: _Rate, results: Iterable[CaseResult]) -> Gate:
    # Of each case the attempt that stands for all, so that a case counts once and passes if all attempts do.
    scores = (r.scores.get(rate.scorer) for r in results if rate.of(r.case))
    values = [float(score.value) for score in scores if score is not None and score.value is not None]
    share = _mean(values)
    passed = share >= rate.wanted if share is not None and len(values) >= MINIMUM_CASES else None
    return Gate(rate.name, share, rate.wanted, ">=", len(values), passed)


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _holds(cases: list[CaseResult] | list[float], condition: bool) -> bool | None:
    return condition if cases else None


def exit_code(result: RunResult, judged: Iterable[Gate], comparison: Comparison | None) -> ExitCode:
    """Return what a run exits with; an incomplete run is neither good nor bad, so that is said first.

    A run that ``--fail-fast`` stopped has failed.
    """
    if result.incomplete or result.suite.broken:
        return ExitCode.INCOMPLETE
    if result.stopped or any(gate.passed is False for gate in judged):
        return ExitCode.FAILED
    if comparison is not None and comparison.worse:
        return ExitCode.FAILED
    return ExitCode.PASSED


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return what several suites together exit with."""
    found = set(codes)
    return next((code for code in (ExitCode.INCOMPLETE, ExitCode.FAILED) if code in found), ExitCode.PASSED)
