"""A report as tables on the terminal, and each case that failed or could not be scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.report.model import Report, SuiteReport
from evals.report.parts import CaseReport, FamilyMeasure, Metric

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from evals.comparison import Comparison


def print_report(report: Report, console: Console) -> None:
    """Print every suite of a report."""
    for line in judge_lines(report):
        _print(console, line)
    for suite in report.suites:
        repeated = f", {report.repeat} times each" if report.repeat > 1 else ""
        console.print(f"{suite.name}: {len(suite.cases)} cases{repeated}, {report.model}, {suite.seconds:.0f} s")
        _print_tables(suite, console)
        for case in suite.cases:
            if case.outcome != "passed":
                _print_case(case, console)
        for mistake in suite.broken:
            _print(console, f"\n{mistake} This line was not asked.", style="bold")
        print_comparison(suite, console)


def judge_lines(report: Report) -> list[str]:
    """Return how good the model judge is itself, a sentence for each language."""
    return [
        f"Judge {one.judge}: balanced accuracy {one.value:.1%} on {one.n} known claims ({one.language})."
        for one in report.judge
    ]


def _print_tables(suite: SuiteReport, console: Console) -> None:
    table = _table("kind", "language", "n", "passed", "95 % interval")
    for group in suite.groups:
        share = f"{group.share.low:.0%} to {group.share.high:.0%}" if group.share else ""
        passed = f"{group.passed} ({group.share.estimate:.1%})" if group.share else f"{group.unscored} unscored"
        table.add_row(group.kind, group.language, str(group.n), passed, share)
    console.print(table)
    table = _table("measure", "better", "n", "value")
    for metric in suite.metrics:
        table.add_row(metric.name, metric.better, str(metric.n), metric_value(metric))
    for measure in suite.families:
        table.add_row(measure.name, "higher", str(measure.n), family_value(measure))
    console.print(table)
    table = _table("condition", "wanted", "measured", "n", "")
    for gate in suite.gates:
        word = {True: "holds", False: "FAILS", None: "too few cases to judge"}[gate.passed]
        measured = "" if gate.measured is None else f"{gate.measured:.3g}"
        table.add_row(gate.name, f"{gate.comparison} {gate.wanted:g}", measured, str(gate.n), word)
    console.print(table)


def _print_case(case: CaseReport, console: Console) -> None:
    word = "could not be scored" if case.unscored else "failed"
    must = ", must pass" if case.must_pass else ""
    _print(console, f"\n{case.id} {word}{must}: {case.unscored or case.reason}", style="bold")
    _print(console, f"  Q {case.question}\n  A {case.answer.text if case.answer else ''}")


def print_comparison(suite: SuiteReport, console: Console) -> None:
    """Print how a suite compares with an earlier run, nothing if it was not compared."""
    comparison = suite.comparison
    if comparison is None:
        return
    _print(console, f"\n{comparison_line(comparison, suite.compared_with)}{'. WORSE.' if suite.worse else '.'}")
    for reason in suite.worse:
        _print(console, f"  worse: {reason}")
    for name, ids in comparison_cases(comparison):
        _print(console, f"  {name}: {', '.join(ids)}")
    if suite.changed:
        _print(console, f"  changed since: {', '.join(suite.changed)}")
    if comparison.left_out:
        _print(console, f"  not compared (new, changed or unscored): {comparison.left_out}")


def comparison_line(comparison: Comparison, compared_with: str) -> str:
    """Return a comparison as one line."""
    line = f"Against {compared_with or 'the baseline'}, {comparison.compared} cases:"
    line += f" {len(comparison.lost)} lost, {len(comparison.won)} won"
    if comparison.difference:
        d = comparison.difference
        line += f", difference {d.estimate:+.1%} ({d.low:+.1%} to {d.high:+.1%}), McNemar p = {comparison.p_value:.2g}"
    return line


def comparison_cases(comparison: Comparison) -> list[tuple[str, tuple[str, ...]]]:
    """Return the cases that changed, by what changed."""
    found = [("lost", comparison.lost), ("won", comparison.won)]
    found += [(f"{change.name} got worse", change.worse_cases) for change in comparison.measures]
    return [(name, ids) for name, ids in found if ids]


def metric_value(metric: Metric) -> str:
    """Return a metric's value as people read it."""
    if metric.value is None:
        return f"{metric.unscored} unscored"
    if metric.unit == "seconds":
        return f"{metric.value:.2f} s median, {metric.high:.2f} s p95"
    return f"{metric.value:.0f}" if metric.unit == "count" else f"{metric.value:.1%}"


def family_value(measure: FamilyMeasure) -> str:
    """Return a family measure's value as people read it."""
    interval = measure.interval
    return f"{measure.value:.1%}" + (f" ({interval.low:.0%} to {interval.high:.0%})" if interval else "")


def _print(console: Console, text: str, style: str = "") -> None:
    from rich.text import Text

    # Text, not markup: questions and answers hold brackets.
    console.print(Text(text, style=style))


def _table(*columns: str) -> Table:
    from rich.table import Table

    table = Table()
    for column in columns:
        table.add_column(column, justify="right" if column in {"n", "passed", "value", "measured"} else "left")
    return table
