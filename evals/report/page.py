"""A report as one HTML file that needs nothing else: no network, no style or script but its own, everything escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files

from assistant.web.markup import NOTHING, Markup, element, escape, join
from evals.case import ANSWERABLE
from evals.report.case_view import case_view
from evals.report.markdown import VERDICTS
from evals.report.model import Report, SuiteReport
from evals.report.plots import plot_latency, plot_scores, plot_threshold, threshold_curve
from evals.report.table import comparison_cases, comparison_line, family_value, judge_lines, metric_value

FILTERS = {
    "suite": "suite",
    "kind": "kind",
    "language": "language",
    "outcome": "outcome",
    "change": "change",
}
"""What cases are filtered by: the data attribute of a case, and its label."""


def to_html(report: Report, earlier: Report | None = None, beside: str = "earlier run") -> str:
    """Return the page.

    Args:
        report: The run.
        earlier: Another run; where it has the same case both answers stand side by side.
        beside: What that run is called.
    """
    style, script = _own("report.css"), _own("report.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    body = join(
        _header(report),
        *(_suite(suite, earlier.suite(suite.name) if earlier else None) for suite in report.suites),
        _filters(report, earlier),
        _cases(report, earlier, beside),
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Wenju eval: {escape(", ".join(suite.name for suite in report.suites))}</title>
<style>{style}</style>
</head>
<body>
{body}
<script>{script}</script>
</body>
</html>
"""


def _own(name: str) -> str:
    return files("evals.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _header(report: Report) -> Markup:
    cases = list(report.cases())
    passed = sum(case.outcome == "passed" for case in cases)
    repeated = f", {report.repeat} times each" if report.repeat > 1 else ""
    settings = ", ".join(f"{name} {value}" for name, value in report.settings.items())
    return element(
        "header",
        element("h1", "Wenju eval"),
        element("p", VERDICTS[report.exit_code][1], class_=f"verdict code-{int(report.exit_code)}"),
        element("p", f"{passed} of {len(cases)} cases passed{repeated}. {report.model}, {report.started}."),
        element("p", settings, class_="soft") if settings else NOTHING,
        *(element("p", line, class_="soft") for line in judge_lines(report)),
    )


def _suite(suite: SuiteReport, earlier: SuiteReport | None) -> Markup:
    points = threshold_curve(suite.cases, frozenset(ANSWERABLE))
    plots = [_plot("Passed, by kind and language", plot_scores(suite, earlier))]
    plots.append(_plot("Seconds to the answer: median, and 95th percentile behind it", plot_latency(suite)))
    if points:
        plots.append(_plot("Raising the threshold: refusals against false refusals", plot_threshold(points)))
    measures = [(m.name, m.better, str(m.n), metric_value(m)) for m in suite.metrics]
    measures += [(m.name, "higher", str(m.n), family_value(m)) for m in suite.families]
    gates = [
        (
            gate.name,
            f"{gate.comparison} {gate.wanted:g}",
            "" if gate.measured is None else f"{gate.measured:.3g}",
            {True: "holds", False: "fails", None: "too few cases"}[gate.passed],
        )
        for gate in suite.gates
    ]
    return element(
        "section",
        element("h2", suite.name),
        *(element("p", mistake, class_="reason") for mistake in suite.broken),
        _comparison(suite),
        element("div", *plots, class_="plots"),
        element(
            "div",
            _table(("condition", "wanted", "measured", ""), gates),
            element(
                "details",
                element("summary", f"{len(measures)} measures"),
                _table(("measure", "better", "n", "value"), measures),
            ),
            class_="tables",
        ),
        class_="suite",
    )


def _plot(title: str, plot: Markup) -> Markup:
    return element("figure", element("figcaption", title), plot)


def _comparison(suite: SuiteReport) -> Markup:
    if suite.comparison is None:
        return NOTHING
    items = [element("li", reason, class_="reason") for reason in suite.worse]
    items += [element("li", f"{name}: {', '.join(ids)}") for name, ids in comparison_cases(suite.comparison)]
    items += [element("li", f"changed since: {', '.join(suite.changed)}")] if suite.changed else []
    line = comparison_line(suite.comparison, suite.compared_with)
    return element(
        "div", element("p", line), element("ul", *items), class_="comparison worse" if suite.worse else "comparison"
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Markup:
    heads = element("tr", *(element("th", cell) for cell in head))
    return element("table", heads, *(element("tr", *(element("td", cell) for cell in row)) for row in rows))


def _filters(report: Report, earlier: Report | None) -> Markup:
    cases = list(report.cases())
    found: dict[str, list[str]] = {
        "suite": [suite.name for suite in report.suites],
        "kind": list(dict.fromkeys(case.kind for case in cases)),
        "language": list(dict.fromkeys(case.language for case in cases)),
        "outcome": [o for o in ("failed", "unscored", "passed") if any(case.outcome == o for case in cases)],
        "change": ["lost", "won", "answer", "same", "none"] if earlier else [],
    }
    chosen = [
        element(
            "label",
            label,
            element("select", element("option", "all", value=""), *options, data_filter=name),
        )
        for name, label in FILTERS.items()
        if len(found[name]) > 1
        for options in [[element("option", value, value=value) for value in found[name]]]
    ]
    search = element("label", "text", element("input", type="search", data_filter="text", autocomplete="off"))
    count = element("output", f"{len(cases)} cases", id="count", aria_live="polite")
    return element("form", *chosen, search, count, id="filters")


def _cases(report: Report, earlier: Report | None, beside: str) -> Markup:
    shown = []
    for suite in report.suites:
        before = earlier.suite(suite.name) if earlier else None
        known = {case.id: case for case in before.cases} if before else {}
        for case in suite.cases:
            then = known.get(case.id)
            same_case = then if then is not None and then.digest == case.digest else None
            shown.append(case_view(case, suite.name, same_case, beside))
    return element("main", *shown, id="cases")
