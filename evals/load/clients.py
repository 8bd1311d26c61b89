"""Clients that ask one question after the other, each on a connection of its own.

They speak HTTP/1.1 by hand: what a client library computes would be taken from the service on the same machine.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from evals.cases import load_suite
from evals.load.service import Service
from evals.report.measures import percentile

SUITES = ("facts", "facts_tuning", "facts_heldout", "kinds")


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one request.

    Attributes:
        status: The HTTP status; 0 if the connection broke.
        seconds: Until the response was there.
        cached: Whether the answer had been given before.
    """

    status: int
    seconds: float
    cached: bool


@dataclass(frozen=True, slots=True)
class Round:
    """What some clients saw.

    Attributes:
        clients: How many there were.
        seconds: How long they asked.
        asked: What came of each question.
    """

    clients: int
    seconds: float
    asked: tuple[Asked, ...]

    def figures(self) -> dict[str, float]:
        """Return answers a second, milliseconds to an answer, and how many requests failed."""
        answered = [one.seconds for one in self.asked if one.status == 200]
        return {
            "clients": self.clients,
            "answers": len(answered),
            "answers_a_second": round(len(answered) / self.seconds, 1),
            "p50_ms": round(1000 * percentile(answered, 50), 1),
            "p95_ms": round(1000 * percentile(answered, 95), 1),
            "from_cache": sum(one.cached for one in self.asked),
            "errors": len(self.asked) - len(answered),
        }

    def statuses(self) -> dict[int, int]:
        """Return how often each status came."""
        return dict(Counter(one.status for one in self.asked))


def questions() -> list[str]:
    """Return the questions of the suites, each once, both languages in turn."""
    return list(dict.fromkeys(case.question for name in SUITES for case in load_suite(name).cases))


async def ask_for(service: Service, asked: Iterator[str], clients: int, seconds: float) -> Round:
    """Let clients ask for so many seconds; what has begun by then is waited for.

    Args:
        service: Who answers.
        asked: The questions; whoever is free takes the next one. It may end earlier.
        clients: How many ask at once.
        seconds: For how long.
    """
    began = time.perf_counter()
    found: list[Asked] = []
    await asyncio.gather(*(_client(service, asked, began + seconds, found) for _ in range(clients)))
    return Round(clients, time.perf_counter() - began, tuple(found))


def request_of(service: Service, question: str, *, stream: bool = False) -> bytes:
    """Return the bytes of one question."""
    body = json.dumps({"question": question, "stream": stream}).encode()
    head = f"POST /v1/ask HTTP/1.1\r\nHost: {service.host}:{service.port}\r\nContent-Type: application/json\r\n"
    return head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


async def response(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Read a response that has a length: status, headers with small letters, body.

    Raises:
        asyncio.IncompleteReadError, ConnectionError: The connection broke.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return int(head[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


async def _client(service: Service, asked: Iterator[str], until: float, found: list[Asked]) -> None:
    reader, writer = await asyncio.open_connection(service.host, service.port)
    try:
        while time.perf_counter() < until and (question := next(asked, None)) is not None:
            began = time.perf_counter()
            try:
                writer.write(request_of(service, question))
                status, _, body = await response(reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                found.append(Asked(0, time.perf_counter() - began, False))
                writer.close()
                reader, writer = await asyncio.open_connection(service.host, service.port)
                continue
            found.append(Asked(status, time.perf_counter() - began, b'"cached":1.0' in body))
    finally:
        writer.close()
