"""What every route works with, and who may do what there."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request

from assistant.assistant import Assistant
from assistant.collections import DEFAULT_COLLECTION
from assistant.conversations import Conversations
from assistant.errors import BadSettings, CollectionUnknown
from assistant.service.keys import Caller, Scope
from assistant.service.lanes import Lanes
from assistant.service.metrics import Metrics
from assistant.service.options import ServiceOptions
from assistant.service.problems import Problem
from assistant.stores import names

T = TypeVar("T")


@dataclass(slots=True)
class Core:
    """The parts of a running service.

    Attributes:
        assistant: Answers.
        kept: Conversations.
        options: Limits.
        lanes: Bounded threads.
        metrics: What is counted.
        talking: Conversations in which a question is being answered.
        ready: Whether index and models are open.
    """

    assistant: Assistant
    kept: Conversations
    options: ServiceOptions
    lanes: Lanes
    metrics: Metrics
    talking: set[str] = field(default_factory=set)
    ready: bool = False

    def backend(self, caller: Caller, collection: str, scope: Scope = "read") -> Assistant:
        """Return what answers from a collection.

        Raises:
            Problem: 403, the key may not do that or not there; 404, there is no such collection.
        """
        if scope not in caller.scopes:
            raise Problem(403, "This key may only read.", "Use a key that was made with `wenju key NAME --write`.")
        if not caller.may_use(collection):
            raise Problem(403, "This key is not for this collection.", "Name one that the key was made for.")
        try:
            return self.assistant.in_collection(collection)
        except (BadSettings, CollectionUnknown) as error:
            there = [name for name in names(self.assistant.settings) if caller.may_use(name)]
            raise Problem(404, "There is no such collection.", f"There are: {', '.join(there)}.") from error


def core_of(request: Request) -> Core:
    """Return the parts of the service that a request came to."""
    core: Core = request.app.state.core
    return core


def caller_of(request: Request) -> Caller:
    """Return who sent a request, as the gate found out."""
    caller: Caller = request.state.caller
    return caller


def _to_read(request: Request, collection: Annotated[str, Query(max_length=64)] = DEFAULT_COLLECTION) -> Assistant:
    return core_of(request).backend(caller_of(request), collection)


def _to_write(request: Request, collection: Annotated[str, Query(max_length=64)] = DEFAULT_COLLECTION) -> Assistant:
    return core_of(request).backend(caller_of(request), collection, "write")


CoreOf = Annotated[Core, Depends(core_of)]
CallerOf = Annotated[Caller, Depends(caller_of)]
ToRead = Annotated[Assistant, Depends(_to_read)]
ToWrite = Annotated[Assistant, Depends(_to_write)]


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return what the work returns; it is cancelled when the client goes away."""
    working = asyncio.ensure_future(work)
    going = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, going}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Problem(408, "The client went away.", "Ask again.")
        return working.result()
    finally:
        for task in (working, going):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
