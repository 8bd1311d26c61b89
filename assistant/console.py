"""What a person sees on a terminal while something takes long. Everything goes to standard error or gives way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal


@contextmanager
def progress(what: str, *, unit: Literal["things", "bytes"] = "things") -> Iterator[Callable[[int, int], None]]:
    """Show how far something is and how long it will still take, on a terminal; silent elsewhere.

    Args:
        what: What is being done.
        unit: What is counted.

    Yields:
        A function to call with what is done and what there is to do.
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    counted = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    columns = (TextColumn(what), BarColumn(), counted, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def live_draft() -> Iterator[Callable[[str], None]]:
    """Show what there is of an answer as it grows, on a terminal; it disappears at the end. Silent elsewhere.

    Yields:
        A function to call with all that is to be shown now.
    """
    if not sys.stdout.isatty():
        yield lambda words: None
        return
    from rich.live import Live
    from rich.text import Text

    with Live(transient=True, refresh_per_second=12) as live:
        yield lambda words: live.update(Text(words, style="dim"))
