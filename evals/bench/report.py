"""What a bench found: as JSON and as tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from evals.bench.arithmetic import EmbeddingLimit
from evals.bench.measure import COSTS, CUTOFFS, Measured, ratios
from evals.bench.processes import WENJU
from evals.bench.words import Words

if TYPE_CHECKING:
    from rich.console import Console

UNITS = {
    "index_seconds": ("index", "s", 1),
    "index_processor_seconds": ("index, processors", "s", 1),
    "start_seconds": ("start", "s", 1),
    "query_p50": ("query p50", "ms", 1),
    "query_p95": ("query p95", "ms", 1),
    "index_megabytes": ("memory indexing", "MB", 0),
    "search_megabytes": ("memory searching", "MB", 0),
}
"""By cost its name, its unit and the places behind the point."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The least that indexing can take, beside what it took.

    Attributes:
        wenju: For all texts that Wenju embeds: passages, their sentences, clauses of long ones.
        documents: For the documents alone, one vector each.
    """

    wenju: EmbeddingLimit
    documents: EmbeddingLimit


@dataclass(frozen=True, slots=True)
class Bench:
    """What was measured.

    Attributes:
        setup: Machine, threads, rounds, data: what explains the numbers.
        systems: What each system took and found.
        missing: By name why a system was not measured.
        growth: By number of passages the same for larger corpora, measured once; what was found there says nothing.
        limits: The limit of embedding.
        words: The limit of the local chat model, None if it was not asked for.
        versions: By environment the versions of what its requirements name.
    """

    setup: Mapping[str, Any]
    systems: Sequence[Measured]
    missing: Mapping[str, str]
    growth: Mapping[int, Sequence[Measured]]
    limits: Limits
    words: Words | None = None
    versions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def over_limit(self) -> float | None:
        """How many times the limit of what it embeds Wenju's indexing takes; None if it was not measured."""
        own = next((one for one in self.systems if one.system == WENJU.name), None)
        return own.index_seconds / self.limits.wenju.seconds if own else None

    def as_dict(self) -> dict[str, Any]:
        """Return what the JSON report holds."""
        limits = {
            name: {**asdict(one), "seconds": one.seconds}
            for name, one in (("wenju", self.limits.wenju), ("documents", self.limits.documents))
        }
        words = self.words and {**asdict(self.words), "limit": self.words.limit, "ratio": self.words.ratio}
        return {
            "setup": dict(self.setup),
            "systems": [_costs(one) | {"hits": one.hits()} for one in self.systems],
            "ratios": ratios(self.systems, WENJU.name),
            "not_measured": dict(self.missing),
            "growth": {size: [_costs(one) for one in group] for size, group in self.growth.items()},
            "embedding_limit": {**limits, "wenju_over_limit": self.over_limit},
            "words": words,
            "versions": {name: dict(own) for name, own in self.versions.items()},
        }


def _costs(one: Measured) -> dict[str, Any]:
    return {"system": one.system, **{name: round(getattr(one, name), 3) for name in COSTS}}


def print_bench(bench: Bench, console: Console) -> None:
    """Print everything that was measured."""
    console.print(", ".join(f"{name} {value}" for name, value in bench.setup.items()), style="dim")
    console.print(_costs_table("What it costs (in brackets: how many times Wenju's)", bench.systems))
    console.print(_hits_table(bench.systems))
    for size, group in bench.growth.items():
        console.print(_costs_table(f"{size:,} passages, once", group))
    for name, reason in bench.missing.items():
        console.print(f"{name}: not measured: {reason}.", markup=False)
    _print_limits(bench, console)


def _costs_table(title: str, systems: Sequence[Measured]) -> Any:
    from rich import box
    from rich.table import Table

    heads = (f"{name}, {unit}" for name, unit, _ in UNITS.values())
    table = Table("system", *heads, title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    beside = ratios(systems, WENJU.name)
    for one in systems:
        table.add_row(one.system, *(_cell(one, name, beside) for name in COSTS))
    return table


def _cell(one: Measured, cost: str, beside: Mapping[str, Mapping[str, float]]) -> str:
    value = f"{getattr(one, cost):,.{UNITS[cost][2]}f}"
    if one.system == WENJU.name or one.system not in beside:
        return value
    return f"{value} ({beside[one.system][cost]:.2f})"


def _hits_table(systems: Sequence[Measured]) -> Any:
    from rich import box
    from rich.table import Table

    directions = sorted({direction for one in systems for direction in one.ranks})
    heads = (f"{direction} @{k}" for direction in directions for k in CUTOFFS)
    title = "Share of questions whose document is among the first k"
    table = Table("system", *heads, title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for one in systems:
        hits = one.hits()
        shares = (hits[direction][k] for direction in directions for k in CUTOFFS)
        table.add_row(one.system, *(f"{share:.3f}".removeprefix("0") for share in shares))
    return table


def _print_limits(bench: Bench, console: Console) -> None:
    own, whole = bench.limits.wenju, bench.limits.documents
    console.print(
        f"Arithmetic: {own.gflops_per_second:.0f} GFLOP/s. What Wenju embeds, {own.texts} texts of {own.tokens:,} "
        f"tokens, takes {own.seconds:.1f} s at least; the documents alone, {whole.tokens:,} tokens, "
        f"{whole.seconds:.1f} s."
    )
    if bench.over_limit is not None:
        console.print(f"Wenju's indexing takes {bench.over_limit:.2f} times its limit.")
    if bench.words is not None:
        words = bench.words
        console.print(
            f"{words.model}: {words.tokens_per_second:.1f} tokens a second; reading {words.file_bytes / 1e9:.2f} GB at "
            f"{words.bytes_per_second / 1e9:.1f} GB/s allows {words.limit:.1f}: {words.ratio:.2f} times the limit."
        )
