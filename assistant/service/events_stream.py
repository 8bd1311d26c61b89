"""Server-sent events: the first one is waited for before the response begins, so that an error is still a status."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from typing import Any

from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.requests import Request

from assistant.events import Event
from assistant.service.core import unless_gone
from assistant.service.problems import as_problem, body_of

Written = Callable[[Event], Iterable[bytes]]


def sse(data: Any, event: str | None = None) -> bytes:
    """Return one server-sent event whose data are JSON."""
    return format_sse_event(data_str=json.dumps(data, ensure_ascii=False), event=event)


async def streamed(request: Request, events: AsyncGenerator[Event | None], written: Written) -> StreamingResponse:
    """Return a response that streams events; closing its connection closes them.

    Args:
        request: What is answered.
        events: What happens, None while nothing does.
        written: An event as server-sent events.
    """
    try:
        first = await unless_gone(request, anext(events))
    except BaseException:
        await events.aclose()
        raise

    async def lines() -> AsyncGenerator[bytes]:
        async with aclosing(events):
            try:
                for line in _written(first, written):
                    yield line
                async for event in events:
                    for line in _written(event, written):
                        yield line
            except Exception as error:  # the response has begun, so its end has to say it
                problem = as_problem(error)
                yield sse(body_of(problem.status, problem.detail, problem.hint), "error")

    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)


def _written(event: Event | None, written: Written) -> Iterable[bytes]:
    return [b": waiting\n\n"] if event is None else written(event)
