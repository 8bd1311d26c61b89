"""Plots of a report as inline SVG: no script, no style attribute, nothing from elsewhere."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.types import Answer
from assistant.web.markup import Markup, element, join
from evals.report.measures import percentile
from evals.report.model import SuiteReport
from evals.report.parts import CaseReport, Group
from evals.stats import Interval

WIDTH, ROW, LABEL, RIGHT = 370, 26, 130, 54
"""Pixels of a plot: its width, the height of a row, what is left and right of the bars."""

SQUARE = 170
"""Side of the threshold curve."""


@dataclass(frozen=True, slots=True)
class ThresholdPoint:
    """What a threshold would do.

    Attributes:
        threshold: Answers that are less sure than this are refused.
        refused: Share of the unanswerable questions that are refused.
        false_refused: Share of the answerable questions that are refused.
    """

    threshold: float
    refused: float
    false_refused: float


def confidence(answer: Answer) -> float:
    """Return how sure an answer was: the score of its best citation, which is the confidence that refusal rests on.

    A refusal counts as 0. How sure a refused answer was is not known afterwards, so the curve begins at the threshold
    of the run; a run with threshold 0 gives all of it.
    """
    return 0.0 if answer.refused else max((citation.score for citation in answer.citations), default=0.0)


def threshold_curve(cases: Sequence[CaseReport], answerable: frozenset[str]) -> list[ThresholdPoint]:
    """Return what raising the threshold would refuse, from the run's own threshold on; empty without both kinds.

    Args:
        cases: The cases of a run.
        answerable: The kinds whose cases have an answer.
    """
    known = [(confidence(case.answer), case.kind) for case in cases if case.answer is not None]
    held = [sure for sure, kind in known if kind in answerable]
    not_held = [sure for sure, kind in known if kind == "unanswerable"]
    if not held or not not_held:
        return []
    thresholds = [0.0, *sorted({sure for sure, _ in known if sure > 0}), 1.0 + 1e-9]

    def below(values: Sequence[float], threshold: float) -> float:
        return sum(value == 0.0 or value < threshold for value in values) / len(values)

    return [ThresholdPoint(t, below(not_held, t), below(held, t)) for t in thresholds]


def plot_threshold(points: Sequence[ThresholdPoint]) -> Markup:
    """Draw refusals of unanswerable questions against false refusals; up and left is better."""
    left, top, side = 62, 10, SQUARE

    def at(point: ThresholdPoint) -> tuple[float, float]:
        return left + point.false_refused * side, top + (1 - point.refused) * side

    grid = [
        join(
            element("line", class_="grid", x1=left, x2=left + side, y1=f"{top + y * side:g}", y2=f"{top + y * side:g}"),
            element("text", f"{1 - y:.0%}", class_="tick", x=left - 6, y=f"{top + y * side + 4:g}", text_anchor="end"),
            element(
                "text", f"{y:.0%}", class_="tick", x=f"{left + y * side:g}", y=top + side + 16, text_anchor="middle"
            ),
        )
        for y in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    path = " ".join(f"{'M' if n == 0 else 'L'}{x:.1f} {y:.1f}" for n, (x, y) in enumerate(map(at, points)))
    dots = [
        element(
            "circle",
            element("title", f"threshold {p.threshold:.3f}: {p.refused:.1%} refused, {p.false_refused:.1%} falsely"),
            class_="now" if n == 0 else "dot",
            cx=f"{at(p)[0]:.1f}",
            cy=f"{at(p)[1]:.1f}",
            r=5 if n == 0 else 2,
        )
        for n, p in enumerate(points)
    ]
    labels = (
        element(
            "text", "answerable, refused", class_="axis", x=left + side // 2, y=top + side + 34, text_anchor="middle"
        ),
        element(
            "text",
            "unanswerable, refused",
            class_="axis",
            x=0,
            y=0,
            text_anchor="middle",
            transform=f"translate(12 {top + side / 2}) rotate(-90)",
        ),
    )
    curve = element("path", class_="curve", d=path)
    return _svg(left + side + 16, top + side + 42, "Threshold curve", *grid, curve, *dots, *labels)


def plot_scores(now: SuiteReport, then: SuiteReport | None) -> Markup:
    """Draw the share that passed by kind and language, with its interval, and the earlier run's share as a line."""
    before = {(group.kind, group.language): group.share for group in then.groups} if then else {}
    rows = [
        _row(n, group, group.share, before.get((group.kind, group.language)))
        for n, group in enumerate(group for group in now.groups if group.share)
        if group.share
    ]
    return _svg(WIDTH, ROW * len(rows) + 8, "Share passed by kind and language", *rows)


def _row(n: int, group: Group, share: Interval, before: Interval | None) -> Markup:
    y, long = n * ROW + 4, WIDTH - LABEL - RIGHT

    def x(value: float) -> str:
        return f"{LABEL + value * long:.1f}"

    parts = [
        element("text", f"{group.kind} {group.language}", class_="label", x=LABEL - 8, y=y + 15, text_anchor="end"),
        element("rect", class_="track", x=LABEL, y=y + 4, width=long, height=14),
        element("rect", class_="bar", x=LABEL, y=y + 4, width=f"{share.estimate * long:.1f}", height=14),
        element("line", class_="whisker", x1=x(share.low), x2=x(share.high), y1=y + 11, y2=y + 11),
        element("text", f"{group.passed}/{group.n}", class_="value", x=WIDTH - RIGHT + 8, y=y + 15),
    ]
    if before:
        title = element("title", f"earlier run: {before.estimate:.1%}")
        parts.append(
            element("line", title, class_="before", x1=x(before.estimate), x2=x(before.estimate), y1=y, y2=y + 22)
        )
    return join(*parts)


def plot_latency(suite: SuiteReport) -> Markup:
    """Draw median and 95th percentile of the answers' seconds by kind and language."""
    known: list[tuple[str, list[float]]] = []
    for group in suite.groups:
        members = (c for c in suite.cases if (c.kind, c.language) == (group.kind, group.language))
        seconds = [c.means["latency_total"] for c in members if "latency_total" in c.means]
        if seconds:
            known.append((f"{group.kind} {group.language}", seconds))
    longest = max((percentile(seconds, 95) for _, seconds in known), default=0.0) or 1.0
    rows = [_latency_row(n, name, seconds, longest) for n, (name, seconds) in enumerate(known)]
    return _svg(WIDTH, ROW * len(rows) + 8, "Seconds to the answer by kind and language", *rows)


def _latency_row(n: int, name: str, seconds: Sequence[float], longest: float) -> Markup:
    y, long = n * ROW + 4, WIDTH - LABEL - RIGHT
    median, high = statistics.median(seconds), percentile(list(seconds), 95)
    title = element("title", f"median {median:.2f} s, 95th percentile {high:.2f} s")
    return join(
        element("text", name, class_="label", x=LABEL - 8, y=y + 15, text_anchor="end"),
        element("rect", class_="track", x=LABEL, y=y + 4, width=f"{high / longest * long:.1f}", height=14),
        element("rect", title, class_="bar", x=LABEL, y=y + 4, width=f"{median / longest * long:.1f}", height=14),
        element("text", f"{median:.2f} s", class_="value", x=WIDTH - RIGHT + 8, y=y + 15),
    )


def _svg(width: float, height: float, title: str, *parts: Markup) -> Markup:
    box = f"0 0 {width:g} {height:g}"
    return element(
        "svg", element("title", title), *parts, viewBox=box, width=f"{width:g}", height=f"{height:g}", role="img"
    )
