"""Clients that go away in mid-answer, at random moments, and what the service is like afterwards."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle
from typing import Any

from evals.load.clients import ask_for, questions, request_of
from evals.load.service import Service

LONGEST = 1.0
"""Seconds after which a client goes away at the latest: longer than an answer takes, so some are cut while they wait,
some in the stream and some have it whole."""

WARMING = 5.0
"""Seconds of the same before it counts: every thread that there will be has begun then."""

SETTLED = 5.0
"""Seconds within which all places have to be free again."""


async def cut_off(service: Service, clients: int, seconds: float, seed: int = 1) -> dict[str, Any]:
    """Open streams and cut them; return what was there before and what is there after.

    Args:
        service: A warm service.
        clients: How many ask at once.
        seconds: For how long.
        seed: Of the moments.
    """
    dice, asked = random.Random(seed), cycle(questions())
    await _cut_for(service, clients, min(seconds, WARMING), dice, asked)
    before = await _settled(service)
    cuts = await _cut_for(service, clients, seconds, dice, asked)
    after = await _settled(service)
    (answer,) = (await ask_for(service, iter(["Who wrote this article?"]), 1, 1.0)).asked
    return {
        "cut_before_a_word": cuts[0],
        "cut_later": cuts[1],
        "before": before,
        "after": after,
        "next_status": answer.status,
        "next_ms": round(1000 * answer.seconds, 1),
    }


async def _cut_for(
    service: Service, clients: int, seconds: float, dice: random.Random, asked: Iterator[str]
) -> list[int]:
    """Return how many were cut before anything came, and how many later."""
    until, cuts = time.perf_counter() + seconds, [0, 0]

    async def client() -> None:
        while time.perf_counter() < until:
            reader, writer = await asyncio.open_connection(service.host, service.port)
            writer.write(request_of(service, next(asked), stream=True))
            got = 0
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(dice.uniform(0.0, LONGEST)):
                    while chunk := await reader.read(65536):
                        got += len(chunk)
            cuts[got > 0] += 1
            if dice.random() < 0.5:
                writer.transport.abort()  # a reset; the others say good-bye
            writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return cuts


async def _settled(service: Service) -> dict[str, float]:
    """Return what there is as soon as no place is taken, and how long that took."""
    ended = time.perf_counter()
    while service.taken and time.perf_counter() < ended + SETTLED:
        await asyncio.sleep(0.05)
    return {
        "seconds": round(time.perf_counter() - ended, 2),
        "threads": service.threads,
        "files": service.files,
        "megabytes": service.megabytes,
        "taken": service.taken,
    }
