"""Who asks: a name that logged in, or a browser; the middleware that stands before the page.

With users, every request carries a name and a password (HTTP basic authentication, which every browser asks for by
itself). Without, a browser is told apart by a random id in a cookie that no script can read. Either is handed on in a
header that a visitor cannot send.
"""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Iterable, Mapping
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from assistant.passwords import Users

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWNER = "x-wenju-owner"
"""Header that says who asks."""

COOKIE = "wenju_visitor"
"""Name of the cookie that tells browsers apart."""

DAYS = 400
"""How long a browser keeps it; no browser keeps one longer."""

STARTED = "/gradio_api/startup-events"
"""Gradio asks itself for this when it starts; it tells nothing."""

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio's page and its gr.HTML need both
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
"""Content security policy: the browser itself refuses to ask any other host for anything."""

HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
"""What is put on every response."""


class Visitors:
    """ASGI middleware that finds out who asks, and puts `HEADERS` on every response.

    Args:
        app: What it is put around.
        users: Who may come in; None for everybody.
    """

    def __init__(self, app: ASGIApp, users: Users | None = None) -> None:
        self._app = app
        self._users = users
        self._known: dict[bytes, str] = {}
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        more: list[tuple[bytes, bytes]] = list(HEADERS)
        if self._users is None:
            browser = _cookie(headers)
            if browser is None:
                browser = secrets.token_urlsafe(24)
                more.append((b"set-cookie", _set_cookie(browser, secure=scope.get("scheme") == "https")))
            owner: str | None = f"browser:{browser}"
        elif scope["path"] == STARTED:
            owner = "name:"
        else:
            name = await self._name(headers.get(b"authorization", b""))
            owner = None if name is None else f"name:{name}"
        if owner is None:
            await _unauthorized(send, more)
            return

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *more]
            await send(message)

        kept = [(name, value) for name, value in scope["headers"] if name.lower() != OWNER.encode()]
        owned = (OWNER.encode(), base64.urlsafe_b64encode(owner.encode()))
        await self._app({**scope, "headers": [*kept, owned]}, receive, send_more)

    async def _name(self, authorization: bytes) -> str | None:
        """Return the name that a request logs in with, None if it may not come in."""
        from anyio.to_thread import run_sync

        digest = sha256(authorization).digest()
        if digest in self._known:
            return self._known[digest]
        kind, _, encoded = authorization.partition(b" ")
        try:
            name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return None
        if kind.lower() != b"basic" or not colon or self._users is None:
            return None
        users = self._users
        if not await run_sync(self._checked, users, name, password):
            return None
        self._known[digest] = name
        return name

    def _checked(self, users: Users, name: str, password: str) -> bool:
        """Check a password, one at a time: guessing many at once must not take the machine's memory."""
        with self._lock:
            return users.check(name, password)


def owner_of(headers: Mapping[str, str]) -> str:
    """Return who a request is of, as `Visitors` found out."""
    return base64.urlsafe_b64decode(headers[OWNER]).decode()


def _cookie(headers: Mapping[bytes, bytes]) -> str | None:
    try:
        found = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found is not None and len(found.value) == 32 else None


def _set_cookie(browser: str, *, secure: bool) -> bytes:
    parts = [f"{COOKIE}={browser}", "Path=/", f"Max-Age={DAYS * 86400}", "HttpOnly", "SameSite=Lax"]
    return "; ".join([*parts, *(["Secure"] if secure else [])]).encode()


async def _unauthorized(send: Send, headers: Iterable[tuple[bytes, bytes]]) -> None:
    asks = (b"www-authenticate", b'Basic realm="Wenju", charset="UTF-8"')
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": 401, "headers": [*headers, asks, kind]})
    await send({"type": "http.response.body", "body": "请登录。Please log in.\n".encode()})
