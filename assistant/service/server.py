"""Serving the API until it is stopped."""

from __future__ import annotations

import logging
import sys

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
        options: Limits and keys.
        host: Address to listen on.
        port: Port to listen on; 0 takes any.

    Raises:
        BadSettings: Other machines are to be let in without keys, the keys cannot be used, or the port is taken.
    """
    import uvicorn

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
        print(f"问据 Wenju: http://{shown}:{chosen}/v1   (Ctrl-C 结束 / stops it)", flush=True)
        uvicorn.run(
            app, host=host, port=chosen, log_config=None, access_log=False, server_header=False,
            timeout_graceful_shutdown=options.shutdown_seconds, h11_max_incomplete_event_size=16_384,
        )  # fmt: skip
    finally:
        kept.close()
