"""`wenju serve` in a process of its own, and a visitor of its page who asks as the page's script does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Running:
    """A process that serves.

    Attributes:
        process: The process.
        address: Where.
        said: What it said on standard output before it was ready.
    """

    process: subprocess.Popen[str]
    address: str
    said: str

    def client(self, **more: Any) -> httpx.Client:
        """Return a client that knows the address."""
        return httpx.Client(base_url=self.address, trust_env=False, timeout=60, **more)

    def stop(self, how: int = signal.SIGTERM) -> tuple[float, str]:
        """Stop it; return the seconds that took and the log."""
        began = time.monotonic()
        self.process.send_signal(how)
        _, logged = self.process.communicate(timeout=60)
        return time.monotonic() - began, logged


@contextmanager
def running(
    environment: Mapping[str, str], *options: str, command: Sequence[str] = (sys.executable, "-m", "assistant.cli")
) -> Iterator[Running]:
    """Run `wenju serve` on a free port until the end of the block.

    Args:
        environment: Variables besides this process's own.
        *options: Of `wenju serve`.
        command: What is started instead of `wenju`.
    """
    with subprocess.Popen(
        [*command, "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    ) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            address = re.search(r"http://[\d.:]+", said)
            assert address is not None, process.communicate(timeout=60)
            said += process.stdout.readline() if "--no-page" not in options else ""
            found = Running(process, address[0], said)
            with found.client() as client:
                for _ in range(1200):
                    try:
                        if client.get("/readyz").status_code == 200:
                            break
                    except httpx.TransportError:
                        assert process.poll() is None, process.communicate(timeout=60)
                    time.sleep(0.05)
            yield found
        finally:
            process.kill()


class Visitor:
    """A browser that shows the page.

    Args:
        client: With the visitor's cookie or password.
        session: What Gradio tells tabs apart by.
    """

    def __init__(self, client: httpx.Client, session: str) -> None:
        self.client, self.session = client, session
        client.get("/")
        self.config = client.get("/config").json()

    def ask(self, question: str, conversation: str = "") -> list[dict[str, Any]]:
        """Ask in a new conversation and return every message of the stream of events."""
        box = next(one["id"] for one in self.config["components"] if "wj-box" in one["props"].get("elem_classes", ()))
        ask = next(one["id"] for one in self.config["dependencies"] if [box, "submit"] in one["targets"])
        sent = {"fn_index": ask, "trigger_id": box, "event_data": None, "session_hash": self.session}
        joined = self.client.post("/gradio_api/queue/join", json=sent | {"data": [question, None]})
        assert joined.status_code == 200, joined.text
        told = []
        with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as events:
            for line in events.iter_lines():
                if line.startswith("data:"):
                    told.append(json.loads(line[5:]))
                    if told[-1]["msg"] in {"process_completed", "unexpected_error"}:
                        break
        return told

    def part(self, part: str, function: str, sent: Mapping[str, Any]) -> str:
        """Return what a part of the page says when its script asks for it."""
        id_ = next(one["id"] for one in self.config["components"] if one["props"].get("elem_id") == f"wj-{part}")
        body = {"component_id": id_, "fn_name": function, "session_hash": self.session, "data": sent}
        return self.client.post("/gradio_api/component_server", json=body).text
