"""Two runs beside each other on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.report.model import Report, SuiteReport
from evals.report.parts import Group
from evals.report.table import family_value, metric_value, print_comparison

if TYPE_CHECKING:
    from rich.console import Console


def print_beside(ours: Report, theirs: Report, console: Console) -> None:
    """Print every suite of two reports side by side, then the cases in which they differ.

    Args:
        ours: The run of Wenju, compared with the peer's.
        theirs: The peer's run of the same suites.
        console: Where to.
    """
    for suite in ours.suites:
        other = theirs.suite(suite.name)
        if other is not None:
            console.print(f"{suite.name}: {len(suite.cases)} cases, {ours.model}; beside it {theirs.model}")
            _print_suite(suite, other, theirs.model, console)
            print_comparison(suite, console)


def _print_suite(suite: SuiteReport, other: SuiteReport, name: str, console: Console) -> None:
    from rich.table import Table

    table = Table("kind, language or measure", "better", "Wenju", name)
    groups = {(group.kind, group.language): group for group in other.groups}
    for group in suite.groups:
        beside = groups.get((group.kind, group.language))
        table.add_row(f"{group.kind} {group.language}", "higher", _passed(group), _passed(beside) if beside else "")
    table.add_section()
    values = {metric.name: metric_value(metric) for metric in other.metrics}
    for metric in suite.metrics:
        table.add_row(metric.name, metric.better, metric_value(metric), values.get(metric.name, ""))
    measures = {measure.name: family_value(measure) for measure in other.families}
    for measure in suite.families:
        table.add_row(measure.name, "higher", family_value(measure), measures.get(measure.name, ""))
    console.print(table)


def _passed(group: Group) -> str:
    if group.share is None:
        return f"{group.unscored} unscored"
    share = group.share
    return f"{group.passed} of {group.n}: {share.estimate:.1%} ({share.low:.0%} to {share.high:.0%})"
