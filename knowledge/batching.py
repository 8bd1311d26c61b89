"""Work that several threads want at the same time, done in one go: whoever comes first does what all wait for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Wanted = TypeVar("Wanted")
Made = TypeVar("Made")


@dataclass(slots=True)
class _Waiting:
    """Who waits: for what, and what came of it."""

    wanted: Any
    made: Any = None
    error: BaseException | None = None
    done: bool = False


class Batching(Generic[Wanted, Made]):
    """Calls a function for one thread at a time, with all that waits by then.

    Nobody waits for others to come: alone, a call is the function for one.

    Args:
        make: Returns what is made of each thing, in their order.
        most: How many things it is given at most.
    """

    def __init__(self, make: Callable[[Sequence[Wanted]], Sequence[Made]], most: int) -> None:
        self._make = make
        self._most = most
        self._waiting: deque[_Waiting] = deque()
        self._working = threading.Lock()

    def __call__(self, wanted: Wanted) -> Made:
        """Return what is made of one thing. What `make` raises is raised for everything that it was given."""
        own = _Waiting(wanted)
        self._waiting.append(own)
        with self._working:
            while not own.done:  # those who came earlier may fill more than one go
                self._go([self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))])
        if own.error is not None:
            raise own.error
        made: Made = own.made
        return made

    def _go(self, together: Sequence[_Waiting]) -> None:
        try:
            for one, made in zip(together, self._make([one.wanted for one in together]), strict=True):
                one.made = made
        except BaseException as error:
            for one in together:
                one.error = error
        finally:
            for one in together:
                one.done = True
