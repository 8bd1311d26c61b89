"""The chat page beside the API, at the same address: whatever is not the API's is the page's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from assistant.assistant import Assistant
from assistant.conversations import Conversations
from assistant.passwords import Users
from assistant.web.server import page_app

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

OF_THE_API = frozenset({"v1", "healthz", "readyz", "metrics", "openapi.json"})
"""What the paths of the API begin with."""


class Beside:
    """ASGI application of the page; there is none before it is `opened`."""

    def __init__(self) -> None:
        self._page: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        await self._page(scope, receive, send)

    def takes(self, path: str) -> bool:
        """Return whether a request for a path is the page's."""
        return self._page is not None and path.strip("/").split("/")[0] not in OF_THE_API

    @asynccontextmanager
    async def opened(self, assistant: Assistant, kept: Conversations, users: Users | None) -> AsyncIterator[None]:
        """Serve the page until the end of the block.

        Args:
            assistant: Answers; of the collections that it is configured for.
            kept: Keeps conversations; those of visitors and those of API keys have different owners.
            users: Who may come in; None for everybody, which are those at this machine.
        """
        page = page_app(assistant, kept, users=users, alone=users is None)
        async with page.router.lifespan_context(page):
            self._page = page
            try:
                yield
            finally:
                self._page = None

    def end_streams(self) -> None:
        """End what browsers keep open as long as they show the page, so that the server can stop."""
        if self._page is not None:
            self._page.state.inner.stop_event.set()
