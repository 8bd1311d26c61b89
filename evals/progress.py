"""How far a run is: one line a case on a terminal, about twenty lines a run elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

from evals.results import CaseResult


class Progress:
    """Counts cases and tells what is left.

    Args:
        total: How many cases there are.
        stream: Where lines are written.
    """

    def __init__(self, total: int, stream: TextIO) -> None:
        self.total, self.stream, self.done, self.clock = total, stream, 0, time.monotonic()
        self.every = 1 if stream.isatty() else max(1, total // 20)

    def step(self, result: CaseResult) -> None:
        """Count a case."""
        self.done += 1
        if self.done % self.every and self.done < self.total:
            return
        left = (time.monotonic() - self.clock) / self.done * (self.total - self.done)
        word = {True: "passed", False: "failed", None: "could not be scored"}[result.passed]
        when = f", {_duration(left)} left" if self.done < self.total else ""
        print(f"[{self.done}/{self.total}] {result.case.id} {word}, {result.seconds:.1f} s{when}",
              file=self.stream, flush=True)  # fmt: skip


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
