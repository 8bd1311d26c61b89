"""The costs of all systems as one SVG file, with bars; no script, nothing from elsewhere."""

from __future__ import annotations

from assistant.web.markup import Markup, element, join
from evals.bench.measure import CUTOFFS, Measured
from evals.bench.processes import WENJU
from evals.bench.report import UNITS, Bench

WIDTH, LABEL, VALUE, ROW, HEAD = 340, 92, 62, 22, 30
"""Pixels of a panel: its width, what is left and right of the bars, the height of a row and of a title."""

ACROSS = 3
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.title{font-weight:600}.label{text-anchor:end}"
    ".bar{fill:#9aa5b1}.own{fill:#2563eb}.ground{fill:#fff}"
)


def plot(bench: Bench) -> str:
    """Return a file with a panel for each cost and one for what is found; nothing is drawn of what was not measured."""
    panels = [
        (f"{title}, {unit} (less is better)", [(one.system, getattr(one, cost), places) for one in bench.systems])
        for cost, (title, unit, places) in UNITS.items()
    ]
    for k in CUTOFFS:
        shares = [(one.system, _mean_hit(one, k), 3) for one in bench.systems]
        panels.append((f"hit@{k}, mean of the directions (more is better)", shares))
    height = HEAD + ROW * len(bench.systems) + 12
    drawn = [
        element("g", _panel(title, rows), transform=f"translate({at % ACROSS * WIDTH} {at // ACROSS * height})")
        for at, (title, rows) in enumerate(panels)
    ]
    width, whole = ACROSS * WIDTH, height * -(-len(panels) // ACROSS)
    return element(
        "svg",
        element("title", "Wenju beside LangChain, txtai and LlamaIndex"),
        element("style", Markup(_STYLE)),
        element("rect", class_="ground", width=width, height=whole),
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {whole}",
        width=width,
        height=whole,
        role="img",
    )


def _mean_hit(one: Measured, k: int) -> float:
    shares = [own[k] for own in one.hits().values()]
    return sum(shares) / len(shares)


def _panel(title: str, rows: list[tuple[str, float, int]]) -> Markup:
    longest = max((value for _, value, _ in rows), default=0.0) or 1.0
    long = WIDTH - LABEL - VALUE
    parts = [element("text", title, class_="title", x=8, y=18)]
    for at, (name, value, places) in enumerate(rows):
        y = HEAD + at * ROW
        parts += [
            element("text", name, class_="label", x=LABEL - 6, y=y + 13),
            element(
                "rect", class_="own" if name == WENJU.name else "bar", x=LABEL, y=y + 2,
                width=f"{value / longest * long:.1f}", height=14,
            ),
            element("text", f"{value:,.{places}f}", x=f"{LABEL + value / longest * long + 5:.1f}", y=y + 13),
        ]  # fmt: skip
    return join(*parts)
