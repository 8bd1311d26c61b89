"""People who wait for one thing, first come, first served."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Line:
    """A line of waiting people. Safe to use from several threads.

    Args:
        longest: How many may stand in it; whoever comes later is turned away.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._standing: list[object] = []
        self._moved = threading.Condition()

    @contextmanager
    def place(self) -> Iterator[Place | None]:
        """Stand in line until the end of the block; None if the line is full."""
        mark = object()
        with self._moved:
            full = len(self._standing) >= self._longest
            if not full:
                self._standing.append(mark)
        try:
            yield None if full else Place(self, mark)
        finally:
            with self._moved:
                if mark in self._standing:
                    self._standing.remove(mark)
                    self._moved.notify_all()


class Place:
    """A place in a line. Use `Line.place`."""

    def __init__(self, line: Line, mark: object) -> None:
        self._line = line
        self._mark = mark

    @property
    def before(self) -> int:
        """How many stand before this place; 0 when it is its turn."""
        with self._line._moved:
            return self._line._standing.index(self._mark)

    def wait(self, seconds: float) -> int:
        """Wait until somebody before it has left, at most so many seconds; return `before`."""
        with self._line._moved:
            at = self._line._standing.index(self._mark)
            if at:
                self._line._moved.wait_for(lambda: self._line._standing.index(self._mark) < at, seconds)
            return self._line._standing.index(self._mark)
