"""A run as a table on the terminal, as JSON, and as JUnit XML."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

from evals.baseline import Comparison
from evals.cases import KINDS, LANGUAGES
from evals.gates import ExitCode, Gate
from evals.runner import CaseResult, RunResult
from evals.scorers import SCORERS
from evals.stats import Interval, wilson

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SCHEMA_VERSION = 1
"""Of the JSON report; it changes when a field goes or changes its meaning, not when one is added."""


@dataclass(frozen=True, slots=True)
class Group:
    """The cases of one kind and language.

    Attributes:
        kind: See `evals.cases.Kind`.
        language: Language of the questions.
        n: How many were scored.
        passed: How many of them passed.
        unscored: How many could not be scored.
        share: `passed` of `n` with Wilson's 95 % interval.
    """

    kind: str
    language: str
    n: int
    passed: int
    unscored: int
    share: Interval


@dataclass(frozen=True, slots=True)
class Metric:
    """A scorer over all cases it applied to.

    Attributes:
        name: The scorer.
        better: Whether higher or lower is better.
        unit: See `evals.scorers.Scorer`.
        n: How many cases it scored.
        unscored: How many it could not score.
        value: Mean of shares, sum of counts, median of seconds; None without cases.
        high: 95th percentile of seconds, else None.
    """

    name: str
    better: Literal["higher", "lower"]
    unit: Literal["share", "count", "seconds"]
    n: int
    unscored: int
    value: float | None
    high: float | None


def groups(result: RunResult) -> list[Group]:
    """Return the groups that have cases, in a fixed order."""
    found = []
    for kind in KINDS:
        for language in LANGUAGES:
            verdicts = [r.passed for r in result.results if (r.case.kind, r.case.language) == (kind, language)]
            if verdicts:
                passed, n = sum(verdict is True for verdict in verdicts), sum(v is not None for v in verdicts)
                found.append(Group(kind, language, n, passed, len(verdicts) - n, wilson(passed, n)))
    return found


def metrics(result: RunResult) -> list[Metric]:
    """Return every scorer that applied to some case."""
    found = []
    for scorer in SCORERS:
        scores = [r.scores[scorer.name] for r in result.results if scorer.name in r.scores]
        values = [float(score.value) for score in scores if score.value is not None]
        value = high = None
        if values and scorer.unit == "seconds":
            value = statistics.median(values)
            high = sorted(values)[max(0, -(-95 * len(values) // 100) - 1)]
        elif values:
            value = sum(values) if scorer.unit == "count" else statistics.fmean(values)
        if scores:
            unscored = len(scores) - len(values)
            found.append(Metric(scorer.name, scorer.better, scorer.unit, len(values), unscored, value, high))
    return found


def to_dict(result: RunResult, judged: Sequence[Gate], comparison: Comparison | None, code: ExitCode) -> dict[str, Any]:
    """Return the JSON report; docs/evals.md describes it field by field."""
    return {
        "schema_version": SCHEMA_VERSION,
        "suite": {
            "name": result.suite.name,
            "sha256": result.suite.sha256,
            "whole": result.suite.whole and not result.stopped,
        },
        "model": result.model,
        "reader": result.reader,
        "started": result.started,
        "seconds": round(result.seconds, 3),
        "prompts": result.prompts,
        "machine": result.machine,
        "exit_code": int(code),
        "groups": [_group(group) for group in groups(result)],
        "metrics": [asdict(metric) for metric in metrics(result)],
        "gates": [asdict(gate) for gate in judged],
        "baseline": asdict(comparison) | {"worse": comparison.worse} if comparison else None,
        "cases": [_case(r) for r in result.results],
    }


def _group(group: Group) -> dict[str, Any]:
    # Without a scored case the share is NaN, which JSON does not have.
    share = asdict(group.share) if group.n else None
    return asdict(group) | {"share": share}


def _case(result: CaseResult) -> dict[str, Any]:
    case = result.case
    return {
        "id": case.id,
        "family": case.family,
        "kind": case.kind,
        "language": case.language,
        "must_pass": case.must_pass,
        "question": case.question,
        "passed": result.passed,
        "verdict": result.verdict,
        "reason": result.reason,
        "unscored": result.unscored,
        "seconds": round(result.seconds, 3),
        "scores": {name: asdict(score) for name, score in result.scores.items()},
        "answer": result.answer.to_dict() if result.answer else None,
    }


def to_junit(result: RunResult) -> str:
    """Return the run as JUnit XML: a failed case is a failure, one that could not be scored an error."""
    suite = ElementTree.Element(
        "testsuite",
        name=f"wenju eval {result.suite.name}",
        tests=str(len(result.results)),
        failures=str(sum(r.passed is False and not r.unscored for r in result.results)),
        errors=str(len(result.incomplete)),
        time=f"{result.seconds:.3f}",
        timestamp=result.started.removesuffix("+00:00"),
    )
    for r in result.results:
        element = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"{result.suite.name}.{r.case.kind}.{r.case.language}",
            name=_printable(r.case.id),
            time=f"{r.seconds:.3f}",
        )
        if r.unscored or r.passed is False:
            tag = "error" if r.unscored else "failure"
            problem = ElementTree.SubElement(element, tag, message=_printable(r.unscored or r.reason))
            said = r.answer.text if r.answer else ""
            problem.text = _printable(f"{r.case.question}\n{said}")
    ElementTree.indent(suite)
    body = ElementTree.tostring(suite, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _printable(text: str) -> str:
    r"""Return text with what XML 1.0 forbids (most control characters, lone surrogates) as ``\uXXXX``."""

    def allowed(code: int) -> bool:
        return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000

    return "".join(c if allowed(ord(c)) else f"\\u{ord(c):04x}" for c in text)


def print_report(result: RunResult, judged: Iterable[Gate], comparison: Comparison | None, console: Console) -> None:
    """Print tables of groups, measures and conditions, then each case that failed or could not be scored."""
    from rich.table import Table
    from rich.text import Text

    console.print(f"{result.suite.name}: {len(result.results)} cases, {result.model}, {result.seconds:.0f} s")
    table = _table(Table(), "kind", "language", "n", "passed", "95 % interval")
    for group in groups(result):
        share = f"{group.share.low:.0%} to {group.share.high:.0%}" if group.n else ""
        passed = f"{group.passed} ({group.share.estimate:.1%})" if group.n else f"{group.unscored} unscored"
        table.add_row(group.kind, group.language, str(group.n), passed, share)
    console.print(table)
    table = _table(Table(), "measure", "better", "n", "value")
    for metric in metrics(result):
        table.add_row(metric.name, metric.better, str(metric.n), _value(metric))
    console.print(table)
    table = _table(Table(), "condition", "wanted", "measured", "n", "")
    for gate in judged:
        word = {True: "holds", False: "FAILS", None: "too few cases to judge"}[gate.passed]
        measured = "" if gate.measured is None else f"{gate.measured:.3g}"
        table.add_row(gate.name, f"{gate.comparison} {gate.wanted:g}", measured, str(gate.n), word)
    console.print(table)
    for r in result.results:
        if r.unscored or r.passed is False:
            word = "could not be scored" if r.unscored else "failed"
            must = ", must pass" if r.case.must_pass else ""
            # Text, not markup: questions and answers hold brackets.
            console.print(Text(f"\n{r.case.id} {word}{must}: {r.unscored or r.reason}", style="bold"))
            console.print(Text(f"  Q {r.case.question}\n  A {r.answer.text if r.answer else ''}"))
    if comparison:
        _print_comparison(comparison, console)


def _print_comparison(comparison: Comparison, console: Console) -> None:
    from rich.text import Text

    line = f"\nAgainst the baseline, {comparison.compared} cases:"
    line += f" {len(comparison.lost)} lost, {len(comparison.won)} won"
    if comparison.difference:
        d = comparison.difference
        line += f", difference {d.estimate:+.1%} ({d.low:+.1%} to {d.high:+.1%}), McNemar p = {comparison.p_value:.2g}"
    console.print(Text(line + (". WORSE." if comparison.worse else ".")))
    for name, ids in (("lost", comparison.lost), ("won", comparison.won)):
        if ids:
            console.print(Text(f"  {name}: {', '.join(ids)}"))
    if comparison.left_out:
        console.print(Text(f"  not compared (new, changed or unscored): {comparison.left_out}"))


def _value(metric: Metric) -> str:
    if metric.value is None:
        return f"{metric.unscored} unscored"
    if metric.unit == "seconds":
        return f"{metric.value:.2f} s median, {metric.high:.2f} s p95"
    return f"{metric.value:.0f}" if metric.unit == "count" else f"{metric.value:.1%}"


def _table(table: Table, *columns: str) -> Table:
    for column in columns:
        table.add_column(column, justify="right" if column in {"n", "passed", "value", "measured"} else "left")
    return table
