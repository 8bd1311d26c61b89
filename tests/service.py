"""A real server of the API in a thread, with two keys of different owners, and one that may only read."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from assistant.assistant import Assistant
from assistant.conversations import Conversations
from assistant.events import Event, Token
from assistant.service.app import build_app
from assistant.service.keys import new_key
from assistant.service.options import ServiceOptions
from assistant.service.server import server_of
from assistant.types import Choices, Message
from assistant.web.server import free_port


class Endless(Assistant):
    """Writes words until somebody stops it; says when it was."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self.writing, self.stopped = threading.Event(), threading.Event()

    def warm_up(self) -> None:
        """There is nothing to open."""

    def stream(
        self, question: str, history: Sequence[Message] = (), choices: Choices | None = None
    ) -> Generator[Event, None, None]:
        """Write without end."""
        self.writing.set()
        try:
            while True:
                time.sleep(0.02)
                yield Token("word ")
        finally:
            self.stopped.set()


class Served:
    """An address and the keys that it knows: ``writer``, ``other`` (writes as well), ``reader``, ``elsewhere``."""

    def __init__(self, address: str, keys: dict[str, str]) -> None:
        self.address, self.keys = address, keys

    def client(self, key: str | None = "writer", **more: object) -> httpx.Client:
        """Return a client with a key, or without one."""
        headers = {"Authorization": f"Bearer {self.keys[key]}"} if key else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=30, trust_env=False)


@contextmanager
def served(
    assistant: Assistant,
    folder: Path,
    options: ServiceOptions | None = None,
    *,
    with_keys: bool = True,
) -> Iterator[Served]:
    """Serve an assistant on a free port until the end of the block."""
    keys, lines = {}, []
    for name, write, where in (
        ("writer", True, ()), ("other", True, ()), ("reader", False, ()), ("elsewhere", True, ("secrets",)),
    ):  # fmt: skip
        keys[name], line = new_key(name, write=write, collections=where)
        lines.append(line)
    (folder / "keys.txt").write_text("# keys\n\n" + "\n".join(lines))
    kept = Conversations(folder / "conversations.db")
    limits = replace(options or ServiceOptions(rate=100_000, page=False), shutdown_seconds=2)
    app = build_app(assistant, kept, replace(limits, keys=folder / "keys.txt" if with_keys else None))
    port = free_port("127.0.0.1", 0)
    server = server_of(app, limits, "127.0.0.1", port)
    thread = threading.Thread(target=server.run)
    thread.start()
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{address}/readyz", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        yield Served(address, keys)
    finally:
        server.should_exit = True
        thread.join(20)
        kept.close()
