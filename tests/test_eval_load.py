"""The service under load, for a few seconds: nothing fails, nothing is left behind by clients that go away."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from itertools import cycle

import pytest

from evals.load.clients import Asked, Round, ask_for, questions
from evals.load.cut import cut_off
from evals.load.service import Service, served
from tests.conftest import Home

pytestmark = [
    pytest.mark.weights,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc"),
]


@pytest.fixture(scope="module")
def service(home: Home) -> Iterator[Service]:
    variables = [f"{name}={value}" for name, value in home.environment.items()]
    with served((*variables, "WENJU_ANSWER_CACHE=8")) as running:
        yield running


def test_many_clients_are_answered_without_an_error(service: Service) -> None:
    found = asyncio.run(ask_for(service, cycle(questions()), 50, 3.0)).figures()
    assert found["errors"] == 0
    assert found["answers"] >= 50
    assert found["from_cache"] <= 8


def test_repeated_questions_come_from_memory(service: Service) -> None:
    asked = [text for text in questions()[:4] for _ in range(5)]
    found = asyncio.run(ask_for(service, iter(asked), 1, 30.0)).figures()
    assert (found["answers"], found["errors"]) == (20, 0)
    assert found["from_cache"] >= 16


def test_clients_that_go_away_leave_nothing_behind(service: Service) -> None:
    found = asyncio.run(cut_off(service, 10, 5.0))
    before, after = found["before"], found["after"]
    assert found["cut_later"] > 0
    assert after["taken"] == 0
    assert after["seconds"] < 5.0
    assert after["threads"] <= before["threads"] + 4  # threads for metrics come and go, some 500 cuts do not add up
    assert after["files"] <= before["files"] + 4
    assert after["megabytes"] <= before["megabytes"] + 100
    assert found["next_status"] == 200
    assert found["next_ms"] < 5000


def test_more_than_there_is_room_for_is_refused_at_once(home: Home) -> None:
    variables = [f"{name}={value}" for name, value in home.environment.items()]
    narrow = (*variables, "WENJU_ANSWER_CACHE=0", "WENJU_SERVE_WORKERS=1", "WENJU_SERVE_QUEUE=0")
    with served(narrow) as running:
        found = asyncio.run(ask_for(running, cycle(questions()), 8, 2.0))
        assert set(found.statuses()) == {200, 503}
        (after,) = asyncio.run(ask_for(running, iter(["Who wrote this article?"]), 1, 5.0)).asked
        assert after.status == 200


def test_figures_count_only_what_was_answered() -> None:
    seen = (Asked(200, 0.1, False), Asked(200, 0.3, True), Asked(503, 0.001, False), Asked(0, 9.0, False))
    assert Round(4, 2.0, seen).figures() == {
        "clients": 4,
        "answers": 2,
        "answers_a_second": 1.0,
        "p50_ms": 100.0,
        "p95_ms": 300.0,
        "from_cache": 1,
        "errors": 2,
    }
