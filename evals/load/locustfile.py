"""Users of locust who ask a question every two seconds; a refusal is right if it says when to come again.

It runs in locust's own environment (docs/performance.md), so nothing of Wenju is imported here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from locust import constant_pacing, events, task
from locust.contrib.fasthttp import FastHttpUser

_asked: Iterator[str] = iter(())


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]  # locust need not be installed
def _options(parser: Any) -> None:
    parser.add_argument("--questions", help="a file of JSON with a list of questions")


@events.init.add_listener  # type: ignore[untyped-decorator]
def _read(environment: Any, **_: Any) -> None:
    global _asked
    _asked = cycle(json.loads(Path(environment.parsed_options.questions).read_text(encoding="utf-8")))


class Asking(FastHttpUser):  # type: ignore[misc]
    """Somebody who asks."""

    wait_time = constant_pacing(2)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask the next question; each status is a row of the report."""
        with self.client.post("/v1/ask", json={"question": next(_asked)}, catch_response=True) as got:
            got.request_meta["name"] = str(got.status_code)
            if got.status_code == 200:
                got.success() if got.json()["text"] else got.failure("an answer without text")
            elif got.status_code in (429, 503):
                again = got.headers.get("Retry-After", "")
                kind = got.headers.get("Content-Type")
                right = again.isdigit() and kind == "application/problem+json"
                got.success() if right else got.failure(f"{got.status_code}, Retry-After {again!r}, {kind}")
            else:
                got.failure(f"status {got.status_code}")
