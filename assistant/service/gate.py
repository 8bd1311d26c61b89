"""What every request passes before any route: its id, its key, its rate, the time its body may take; logs, metrics."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.exceptions import HTTPException

from assistant.service.keys import LOCAL, Caller, Keys
from assistant.service.options import ServiceOptions
from assistant.service.problems import Problem, as_problem, response_of
from assistant.web.server import LOOPBACK

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from assistant.service.beside import Beside
    from assistant.service.metrics import Metrics

OPEN = frozenset({"/healthz", "/readyz", "/openapi.json"})
"""Paths that need no key and tell nothing of anybody."""

_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_log = logging.getLogger("wenju.service.requests")


class Gate:
    """ASGI middleware around the whole API, and before the page.

    Args:
        app: What it is put around.
        options: Limits.
        keys: Who may come in; None for everybody on this machine.
        metrics: What is counted.
        page: Takes what is not for the API; it has its own users, cookies and limits.
    """

    def __init__(
        self, app: ASGIApp, options: ServiceOptions, keys: Keys | None, metrics: Metrics, page: Beside
    ) -> None:
        self._app, self._options, self._keys, self._metrics, self._page = app, options, keys, metrics, page
        self._rate = RateLimitItemPerMinute(options.rate)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _ID.fullmatch(given) else secrets.token_hex(8)
        said: dict[str, Any] = {"status": 500}
        began = time.perf_counter()
        started = False

        async def send_more(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                said["status"] = message["status"]
                more = {b"x-request-id": request_id.encode(), b"x-content-type-options": b"nosniff"}
                kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in more]
                message["headers"] = [*kept, *more.items()]
            await send(message)

        scope.setdefault("state", {})
        scope["state"] |= {"said": said, "request_id": request_id}
        for_page = self._page.takes(scope["path"])
        try:
            if for_page:
                if self._keys is None:
                    _refuse_other_sites(headers)
                await self._page(scope, receive, send_more)
                return
            if scope["path"] not in OPEN:
                caller = self._caller(headers)
                scope["state"]["caller"] = caller
                said["key"] = caller.name
                self._count(caller, scope)
                self._size_declared(headers)
            await self._app(scope, self._bounded(receive), send_more)
        except Exception as error:
            problem = as_problem(error)
            if not started:
                await response_of(problem)(scope, receive, send_more)
        finally:
            took = time.perf_counter() - began
            route = "page" if for_page else getattr(scope.get("route"), "path", "unknown")
            self._metrics.request(scope["method"], route, said["status"], took)
            record = {"request_id": request_id, "method": scope["method"], "route": route, **said}
            _log.info(json.dumps({**record, "seconds": round(took, 4)}, ensure_ascii=False))

    def _caller(self, headers: dict[bytes, bytes]) -> Caller:
        if self._keys is None:
            _refuse_other_sites(headers)
            return LOCAL
        kind, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        found = self._keys.caller(key.strip()) if kind.lower() == "bearer" else None
        if found is None:
            what = "This is not a key of this service." if key else "There is no API key in the request."
            hint = "Send the header Authorization: Bearer KEY; `wenju key NAME` makes one."
            raise Problem(401, what, hint, {"WWW-Authenticate": 'Bearer realm="Wenju"'})
        return found

    def _count(self, caller: Caller, scope: Scope) -> None:
        client = scope.get("client") or ("", 0)
        whose = caller.name if self._keys is not None else client[0]
        if not self._limiter.hit(self._rate, whose):
            reset, _ = self._limiter.get_window_stats(self._rate, whose)
            wait = str(max(1, math.ceil(reset - time.time())))
            what = f"More than {self._options.rate} requests a minute."
            raise Problem(429, what, f"Wait {wait} seconds.", {"Retry-After": wait})

    def _size_declared(self, headers: dict[bytes, bytes]) -> None:
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared[:20]) > self._options.max_body:
            raise HTTPException(413, f"The body has more than {self._options.max_body:,} bytes")

    def _bounded(self, receive: Receive) -> Receive:
        """Return what receives a body that is neither too large nor too slow; the errors pass through the routes."""
        deadline, whole, size = time.monotonic() + self._options.body_seconds, False, 0

        async def received() -> Message:
            nonlocal whole, size
            if whole:  # from here on it waits for the client to go, as long as that takes
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                seconds = self._options.body_seconds
                raise HTTPException(408, f"The body took more than {seconds:g} seconds") from None
            size += len(message.get("body", b""))
            if size > self._options.max_body:
                raise HTTPException(413, f"The body has more than {self._options.max_body:,} bytes")
            whole = not message.get("more_body", False)
            return message

        return received


def _refuse_other_sites(headers: dict[bytes, bytes]) -> None:
    """Without keys only this machine may ask, so no web page from elsewhere may do it through the user's browser."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    origin = headers.get(b"origin", b"").decode("latin-1").lower()
    if name.strip("[]") not in LOOPBACK or (origin and origin.partition("://")[2] != host):
        raise Problem(403, "A service without keys answers this machine only.", "Ask it at http://127.0.0.1.")
