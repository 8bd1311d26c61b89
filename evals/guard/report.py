"""What the check caught, by kind and language, against what it has to catch; as tables and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from evals.cases import LANGUAGES, Half
from evals.guard.corruptions import KINDS
from evals.guard.runner import Verdict
from evals.stats import Interval, wilson

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA_VERSION = 1
CAUGHT, FALSE_ALARMS = 0.97, 0.04
"""Least share of corrupted claims that must be caught, and largest share of correct ones that may not be supported."""

NEVER_MISSED = ("digit", "unit", "name")
"""Kinds of which every one must be caught."""

HALVES: tuple[Half, ...] = ("tuning", "test")


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of claim in one language and half (None: both).

    Attributes:
        kind: How the claims were corrupted, or "correct".
        language: Their language.
        half: Which half of the facts.
        caught: How many were not supported: right for corrupted claims, false alarms for correct ones.
        total: How many there are.
        share: `caught` of `total` with Wilson's 95 % interval.
    """

    kind: str
    language: str | None
    half: Half | None
    caught: int
    total: int
    share: Interval


@dataclass(frozen=True, slots=True)
class Target:
    """What has to hold of the whole run."""

    name: str
    wanted: float
    comparison: str
    caught: int
    total: int

    @property
    def measured(self) -> float | None:
        """The share, None if there is nothing to measure."""
        return self.caught / self.total if self.total else None

    @property
    def passed(self) -> bool:
        """Whether it holds; also where there is nothing to measure."""
        share = self.measured
        return share is None or (share >= self.wanted if self.comparison == ">=" else share <= self.wanted)


def _count(verdicts: Iterable[Verdict]) -> tuple[int, int]:
    """Return how many were not supported, and how many there are."""
    unsupported = [not verdict.supported for verdict in verdicts]
    return sum(unsupported), len(unsupported)


def rows(verdicts: Sequence[Verdict]) -> list[Row]:
    """Return what was caught by kind, language and half; kinds that did not occur are left out."""
    found = []
    for kind in (*KINDS, "correct"):
        for language in (*LANGUAGES, None):
            for half in (*HALVES, None):
                caught, total = _count(
                    verdict
                    for verdict in verdicts
                    if (verdict.trial.kind or "correct") == kind
                    and language in (None, verdict.trial.language)
                    and half in (None, verdict.trial.half)
                )
                if total:
                    found.append(Row(kind, language, half, caught, total, wilson(caught, total)))
    return found


def targets(verdicts: Sequence[Verdict], half: Half | None = None) -> list[Target]:
    """Return what has to hold, with what was measured, on one half of the facts or on all."""
    chosen = [verdict for verdict in verdicts if half in (None, verdict.trial.half)]
    found = [Target("caught", CAUGHT, ">=", *_count(v for v in chosen if v.trial.kind))]
    found += [
        Target(f"caught: {kind}", 1.0, ">=", *_count(v for v in chosen if v.trial.kind == kind))
        for kind in NEVER_MISSED
    ]
    return [*found, Target("false alarms", FALSE_ALARMS, "<=", *_count(v for v in chosen if not v.trial.kind))]


def misses(verdicts: Sequence[Verdict], half: Half | None = None) -> list[Verdict]:
    """Return corrupted claims that were supported and correct ones that were not."""
    return [verdict for verdict in verdicts if not verdict.right and half in (None, verdict.trial.half)]


def to_dict(verdicts: Sequence[Verdict], code: int) -> dict[str, Any]:
    """Return the report as plain data; docs/evals.md says what the fields mean."""
    return {
        "schema_version": SCHEMA_VERSION,
        "exit_code": code,
        "claims": sum(verdict.trial.kind is None for verdict in verdicts),
        "corruptions": sum(verdict.trial.kind is not None for verdict in verdicts),
        "targets": [
            {"half": half, **asdict(target), "measured": target.measured, "passed": target.passed}
            for half in (None, *HALVES)
            for target in targets(verdicts, half)
        ],
        "rows": [asdict(row) for row in rows(verdicts)],
        "misses": [
            {
                name: getattr(verdict.trial, name)
                for name in ("id", "family", "half", "language", "kind", "question", "text", "was", "now")
            }
            for verdict in misses(verdicts)
        ],
    }


def print_report(verdicts: Sequence[Verdict], code: int, *, as_json: bool) -> None:
    """Print the report; the misses of the test half stand in the JSON only, so that nobody tunes on them."""
    if as_json:
        print(json.dumps(to_dict(verdicts, code), ensure_ascii=False, allow_nan=False, indent=1))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console()
    correct = sum(verdict.trial.kind is None for verdict in verdicts)
    console.print(f"guard: {correct} correct claims, {len(verdicts) - correct} corrupted ones")
    _print_tables(verdicts, console)
    for verdict in misses(verdicts, "tuning"):
        trial = verdict.trial
        what = f"{trial.kind}: {trial.was!r} → {trial.now!r}" if trial.kind else "false alarm"
        # Text, not markup: claims hold brackets.
        console.print(Text(f"\n{trial.id} {what}", style="bold"))
        console.print(Text(f"  {trial.text}"))
    if hidden := len(misses(verdicts, "test")):
        console.print(Text(f"\n{hidden} more about the other half of the facts; --json lists them."))


def _print_tables(verdicts: Sequence[Verdict], console: Console) -> None:
    from rich.table import Table

    table = Table()
    for column in ("kind", "language", "half of the facts", "not supported", "share", "95 % interval"):
        table.add_column(column, justify="right" if column in ("not supported", "share") else "left")
    for row in rows(verdicts):
        counts = f"{row.caught} of {row.total}", f"{row.share.estimate:.1%}"
        interval = f"{row.share.low:.1%} to {row.share.high:.1%}"
        table.add_row(row.kind, row.language or "both", row.half or "both", *counts, interval)
    console.print(table)
    table = Table()
    for column in ("condition", "half of the facts", "wanted", "measured", "n", ""):
        table.add_column(column)
    for half in (None, *HALVES):
        for target in targets(verdicts, half):
            measured = "" if target.measured is None else f"{target.measured:.1%}"
            wanted = f"{target.comparison} {target.wanted:.0%}"
            word = "holds" if target.passed else "FAILS"
            table.add_row(target.name, half or "both", wanted, measured, str(target.total), word)
    console.print(table)
