"""The API put together: routes, errors, the gate, what is opened at the start and closed at the end."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version

from fastapi import FastAPI
from starlette.middleware import Middleware

from assistant.assistant import Assistant
from assistant.conversations import Conversations
from assistant.passwords import Users
from assistant.service import (
    openai_chat,
    problems,
    routes_ask,
    routes_conversations,
    routes_documents,
    routes_health,
)
from assistant.service.beside import Beside
from assistant.service.core import Core
from assistant.service.gate import Gate
from assistant.service.keys import Keys
from assistant.service.lanes import open_lanes
from assistant.service.metrics import Metrics
from assistant.service.options import ServiceOptions
from assistant.service.schemas import ProblemOut

_PROBLEMS = {400: "not valid", 401: "no key", 403: "not allowed", 404: "not there", 413: "too large", 422: "not valid",
             429: "too often", 503: "busy"}  # fmt: skip


def build_app(assistant: Assistant, kept: Conversations, options: ServiceOptions) -> FastAPI:
    """Build the API as an ASGI application; nothing is opened before it starts.

    Args:
        assistant: Answers; whoever made it closes it.
        kept: Keeps conversations.
        options: Limits, keys, and whether the chat page is there too.

    Raises:
        BadSettings: The file of keys or of users cannot be used.
    """
    keys = None if options.keys is None else Keys.load(options.keys)
    users = None if options.auth is None else Users.load(options.auth)
    beside = Beside()
    lanes_opened = open_lanes(options.workers, options.queue)
    lanes = lanes_opened.__enter__()
    core = Core(assistant, kept, options, lanes, Metrics(lanes))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async def warm_up() -> None:
            await asyncio.to_thread(assistant.warm_up)
            core.ready = True

        warming = asyncio.create_task(warm_up())
        try:
            async with AsyncExitStack() as stack:
                if options.has_page:
                    await stack.enter_async_context(beside.opened(assistant, kept, users))
                yield
        finally:
            warming.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await warming
            if app.state.adding:
                await asyncio.wait(app.state.adding, timeout=options.shutdown_seconds)
            lanes_opened.__exit__(None, None, None)

    app = FastAPI(
        title="Wenju 问据",
        version=version("wenju"),
        description="Answers from documents; every sentence shows the exact words it rests on. See docs/service.md.",
        docs_url=None,  # its page loads a script from another host
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,  # a path that is not there is not there
        middleware=[Middleware(Gate, options=options, keys=keys, metrics=core.metrics, page=beside)],
        responses={
            status: {"model": ProblemOut, "description": what, "content": {problems.MEDIA_TYPE: {}}}
            for status, what in _PROBLEMS.items()
        },
    )
    app.state.core, app.state.uploads, app.state.adding = core, OrderedDict(), set()
    app.state.stopping = beside.end_streams
    problems.install(app)
    for part in (routes_ask, routes_documents, routes_conversations, openai_chat, routes_health):
        app.include_router(part.router)
    return app
