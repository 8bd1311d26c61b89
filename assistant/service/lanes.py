"""Threads with a bounded number of people before them: whoever finds all places taken is told so at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import TypeVar

from assistant.service.problems import Problem

T = TypeVar("T")

TICK = 10.0
"""Seconds after which somebody who waits is sent a sign of life."""

RETRY = "Try again in a moment."


@dataclass(frozen=True, slots=True)
class _Ended:
    """What a thread ended with."""

    error: Exception | None


class Lane:
    """So many threads, and so many places to wait for them.

    Args:
        name: For metrics.
        threads: How many work at once.
        queue: How many may wait.
    """

    def __init__(self, name: str, threads: int, queue: int) -> None:
        self.name = name
        self.places = threads + queue
        self.taken = 0
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"wenju-{name}")
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], T], seconds: float) -> T:
        """Return what the work returns; the errors are those of `events`.

        Work that has begun ends by itself if the caller gives up, and only then its place is free.
        """

        def once() -> Generator[T, None, None]:
            yield work()

        async with aclosing(self.events(once, seconds)) as found:
            async for one in found:
                if one is not None:
                    return one
        raise AssertionError("the work returns something or raises")

    async def last(self, work: Callable[[], Generator[T, None, None]], seconds: float) -> T:
        """Return the last thing that a generator yields, which is at least one; the errors are those of `events`."""
        found: list[T] = []
        async with aclosing(self.events(work, seconds)) as events:
            async for one in events:
                if one is not None:
                    found[:] = [one]
        return found[0]

    async def events(self, work: Callable[[], Generator[T, None, None]], seconds: float) -> AsyncGenerator[T | None]:
        """Yield what a generator yields in a thread, and None after each `TICK` seconds in which it yielded nothing.

        Closing this closes the generator at its next step. The place is taken at the first step.

        Args:
            work: Makes the generator; called in the thread, in the caller's context.
            seconds: How long all of it may take.

        Raises:
            Problem: 503 with ``Retry-After``, all places are taken or the lane is closed; 504, it took too long.
        """
        loop, found, cancelled = asyncio.get_running_loop(), asyncio.Queue[T | _Ended](), threading.Event()

        def tell(one: T | _Ended) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(found.put_nowait, one)

        def go() -> None:
            raised: Exception | None = None
            try:
                if not cancelled.is_set():
                    with closing(work()) as steps:
                        for one in steps:
                            if cancelled.is_set():
                                return
                            tell(one)
            except Exception as error:  # raised again where the caller waits
                raised = error
            except BaseException as error:  # where the caller waits it would end the service
                raised = RuntimeError(f"A thread was ended by {type(error).__name__}.")
            finally:
                self._leave()
                tell(_Ended(raised))

        self._enter()
        try:
            self._threads.submit(copy_context().run, go)
        except RuntimeError as error:  # the threads are shut down
            self._leave()
            raise _busy("The service is stopping.") from error
        deadline = loop.time() + seconds
        try:
            while True:
                try:
                    one = await asyncio.wait_for(found.get(), min(TICK, max(0.0, deadline - loop.time())))
                except TimeoutError:
                    if loop.time() >= deadline:
                        raise Problem(504, f"There was no answer within {seconds:g} seconds.", RETRY) from None
                    yield None
                    continue
                if isinstance(one, _Ended):
                    if one.error is not None:
                        raise one.error
                    return
                yield one
        finally:
            cancelled.set()

    def close(self) -> None:
        """Take no more work; what has begun ends."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _enter(self) -> None:
        with self._lock:
            if self.taken >= self.places:
                raise _busy("Too many requests are waiting.")
            self.taken += 1

    def _leave(self) -> None:
        with self._lock:
            self.taken -= 1


def _busy(what: str) -> Problem:
    return Problem(503, what, RETRY, {"Retry-After": "2"})


@dataclass(frozen=True, slots=True)
class Lanes:
    """Who waits where.

    The local model answers one at a time, documents are added one at a time; neither holds up searches and quotes.
    """

    quick: Lane
    local: Lane
    adding: Lane

    def __iter__(self) -> Iterator[Lane]:
        """Yield every lane."""
        return iter((self.quick, self.local, self.adding))


@contextmanager
def open_lanes(threads: int, queue: int) -> Iterator[Lanes]:
    """Open the lanes of a service."""
    lanes = Lanes(Lane("quick", threads, queue), Lane("local", 1, queue), Lane("adding", 1, queue))
    try:
        yield lanes
    finally:
        for lane in lanes:
            lane.close()
