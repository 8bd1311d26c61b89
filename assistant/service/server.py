"""Serving the API, and the chat page beside it, until it is stopped."""

from __future__ import annotations

import logging
import signal
import sys
from contextlib import suppress
from socket import socket

import uvicorn
from fastapi import FastAPI

from assistant.assistant import Assistant
from assistant.conversations import Conversations
from assistant.errors import BadSettings
from assistant.service.app import build_app
from assistant.service.options import ServiceOptions
from assistant.service.port import exact_port
from assistant.web.server import LOOPBACK


def serve(assistant: Assistant, options: ServiceOptions, *, host: str, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM; open requests then have `ServiceOptions.shutdown_seconds` to end.

    Args:
        assistant: Answers.
        options: Limits, keys, and whether the chat page is there too.
        host: Address to listen on.
        port: Port to listen on; 0 takes any.

    Raises:
        BadSettings: Other machines are to be let in without keys, keys or users cannot be used, or the port is taken.
    """
    if options.keys is None and host not in LOOPBACK:
        raise BadSettings(
            "A service without keys is not opened to other machines.",
            hint="Make a key with `wenju key NAME >> keys.txt` and add --keys keys.txt.",
        )
    chosen = exact_port(host, port)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("wenju.service").setLevel(logging.INFO)
    kept = Conversations(assistant.settings.home / "conversations.db")
    try:
        app = build_app(assistant, kept, options)
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{chosen}"
        print(f"问据 Wenju: {address}/v1   (Ctrl-C 结束 / stops it)", flush=True)
        if options.has_page:
            print(f"网页 / page: {address}/", flush=True)
        elif options.page:
            print("The chat page is left out: where there are keys it needs users, --auth FILE.", flush=True)
        server = server_of(app, options, host, chosen)
        # uvicorn sends itself once more the signal that stopped it, which must not keep us from closing what is open
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            with suppress(KeyboardInterrupt):
                server.run()
        finally:
            signal.signal(signal.SIGTERM, before)
        if not server.started:
            raise SystemExit(1)  # uvicorn said why
    finally:
        kept.close()


def server_of(app: FastAPI, options: ServiceOptions, host: str, port: int) -> uvicorn.Server:
    """Return what serves the API, not running yet.

    Args:
        app: As `build_app` makes it.
        options: Limits.
        host: Address to listen on.
        port: Port to listen on.
    """

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket] | None = None) -> None:
            app.state.stopping()
            await super().shutdown(sockets)

    return Server(
        uvicorn.Config(
            app, host=host, port=port, log_config=None, access_log=False, server_header=False,
            timeout_graceful_shutdown=options.shutdown_seconds, h11_max_incomplete_event_size=16_384,
        )
    )  # fmt: skip
