"""A script that runs before Gradio does.

Gradio puts what it is given for the head into the page when it has started; by then it has chosen the language of its
own texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEAD = b"<head>"


class FirstScript:
    """ASGI middleware that puts a script at the beginning of the page's head.

    Args:
        app: What it is put around.
        script: JavaScript without ``</script``.
    """

    def __init__(self, app: ASGIApp, script: str) -> None:
        self._app = app
        self._tag = b"<script>" + script.encode() + b"</script>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
        began: list[Message] = []
        body = bytearray()

        async def send_later(message: Message) -> None:
            if message["type"] == "http.response.start":
                began.append(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            page = bytes(body).replace(_HEAD, _HEAD + self._tag, 1)
            kept = [(name, value) for name, value in began[0]["headers"] if name.lower() != b"content-length"]
            await send({**began[0], "headers": [*kept, (b"content-length", str(len(page)).encode())]})
            await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": plain}, receive, send_later)
