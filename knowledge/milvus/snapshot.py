"""Which state of a Milvus store is read: for a thread within a snapshot the one it began with, else the last one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from knowledge.errors import IndexBusy
from knowledge.milvus.state import State, StateTable

READING_SECONDS = 2.0
"""How long rows that were removed stay for those who began to read before. A question reads for less than a second."""


class Snapshots:
    """The state that each thread reads.

    Args:
        table: The state.
        reading_seconds: How long removed rows stay.
    """

    def __init__(self, table: StateTable, reading_seconds: float) -> None:
        self._table = table
        self._reading_seconds = reading_seconds
        self._own = threading.local()

    def state(self) -> State:
        """Return the state that this thread reads now."""
        own: State | None = getattr(self._own, "state", None)
        return self._table.read() if own is None else own

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep to the state of now; within another snapshot of the same thread it is that one.

        Raises:
            IndexBusy: It took so long that rows of it are gone.
        """
        if getattr(self._own, "state", None) is not None:
            yield
            return
        began = time.monotonic()
        state = self._own.state = self._table.read()
        try:
            yield
        except Exception as error:
            if self._is_gone(state, began):
                raise _changed() from error
            raise
        finally:
            self._own.state = None
        if self._is_gone(state, began):
            raise _changed()

    def _is_gone(self, state: State, began: float) -> bool:
        """Tell whether rows of a state that was read from `began` on may have been deleted before now."""
        return time.monotonic() - began >= self._reading_seconds and self._table.read().removal > state.generation


def _changed() -> IndexBusy:
    return IndexBusy("Documents were removed while the collection was read.", hint="Ask again.")
