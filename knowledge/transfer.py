"""How far a transfer is: a bar on a terminal, otherwise a plain line every few seconds, both on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

SECONDS_BETWEEN_LINES = 5.0


class Transfer:
    """Shows the bytes done, the rate and the time left.

    Args:
        label: What is transferred.
        total: Its bytes.
        done: Bytes that were there already.
        show: False for silence.
    """

    def __init__(self, label: str, total: int, *, done: int = 0, show: bool = True) -> None:
        self._label, self._total, self._first, self._show = label, total, done, show
        self._began = self._told = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Transfer:
        if self._show and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
            from rich.progress import TransferSpeedColumn as Speed

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), Speed(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._task = self._bar.add_task(self._label, total=self._total, completed=self._first)
            self._bar.start()
        elif self._show:
            print(self._line(self._first), file=sys.stderr, flush=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def at(self, done: int) -> None:
        """Say that `done` bytes in all are there now."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done)
        elif self._show and time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            print(self._line(done), file=sys.stderr, flush=True)

    def say(self, sentence: str) -> None:
        """Print a sentence above the bar."""
        if self._bar is not None:
            self._bar.console.print(sentence, highlight=False)
        elif self._show:
            print(sentence, file=sys.stderr, flush=True)

    def _line(self, done: int) -> str:
        line = f"{self._label}: {done / 1e6:,.0f} of {self._total / 1e6:,.0f} MB"
        seconds = time.monotonic() - self._began
        rate = (done - self._first) / seconds if seconds > 0 else 0.0
        if rate > 0:
            line += f", {rate / 1e6:,.1f} MB/s, {(self._total - done) / rate:,.0f} s left"
        return line
