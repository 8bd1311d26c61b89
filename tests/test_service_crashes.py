"""What is left when something is killed in mid-answer: the service, a chat model's server, the local model's thread."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.service.keys import new_key
from assistant.settings import Settings
from assistant.web.visitors import COOKIE
from tests.conftest import Home
from tests.served_process import Running, Visitor, running
from tests.slow_model import slow_model

FIRST, SECOND = "Who wrote this article?", "Which three cities piloted the new smart city at the end of 2015?"
THEIRS = "What is a digital government?"
BROWSERS = {"ours": "a" * 32, "theirs": "b" * 32}


class Keys:
    """Two keys, and the users of the page are everybody at this machine if there is no file of them."""

    def __init__(self, folder: Path) -> None:
        made = {name: new_key(name) for name in ("ours", "theirs")}
        self.file = folder / "keys.txt"
        self.file.write_text("\n".join(line for _, line in made.values()))
        self.keys = {name: key for name, (key, _) in made.items()}

    @contextmanager
    def client(self, service: Running, name: str) -> Iterator[httpx.Client]:
        with service.client(headers={"Authorization": f"Bearer {self.keys[name]}"}) as client:
            yield client


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


def environment(home: Home, **more: str) -> dict[str, str]:
    return home.environment | {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"} | more


def begin(client: httpx.Client, question: str) -> str:
    """Begin a conversation with a question that is answered in quotes; return its id."""
    id_ = str(client.post("/v1/conversations", json={"title": question}).json()["id"])
    got = client.post("/v1/ask", json={"question": question, "conversation": id_, "reader": "quotes"})
    assert got.status_code == 200, got.text
    return id_


def said(client: httpx.Client, id_: str) -> list[dict[str, Any]]:
    got = client.get(f"/v1/conversations/{id_}")
    assert got.status_code == 200, got.text
    exchanges: list[dict[str, Any]] = got.json()["exchanges"]
    return exchanges


def until_word(lines: Iterator[str]) -> list[str]:
    """Read a stream of events until the chat model writes; return the names of those before."""
    names = (line.removeprefix("event: ") for line in lines if line.startswith("event: "))
    return list(takewhile(lambda name: name != "token", names))


def test_a_service_that_is_killed_in_mid_answer_has_lost_nothing(own_home: Home, keys: Keys) -> None:
    with slow_model() as (_, port):
        options = ("--llm", f"http://127.0.0.1:{port}/v1#slow", "--no-page", "--keys", str(keys.file))
        with running(environment(own_home), *options) as service:
            with keys.client(service, "ours") as ours, keys.client(service, "theirs") as theirs:
                id_, their_id = begin(ours, FIRST), begin(theirs, THEIRS)
                before, their_before = said(ours, id_), said(theirs, their_id)
                body = {"question": SECOND, "conversation": id_, "stream": True}
                with ours.stream("POST", "/v1/ask", json=body) as answer:
                    lines = answer.iter_lines()
                    assert until_word(lines) == ["nearest", "evidence"]
                    with keys.client(service, "ours") as meanwhile:
                        assert [one["status"] for one in said(meanwhile, id_)] == ["done", "writing"]
                        busy = meanwhile.post("/v1/ask", json={"question": FIRST, "conversation": id_})
                        assert busy.status_code == 409
                    service.process.kill()
                    with pytest.raises(httpx.TransportError):
                        list(lines)
        with running(environment(own_home), *options) as service:
            with keys.client(service, "ours") as ours, keys.client(service, "theirs") as theirs:
                assert [one["id"] for one in ours.get("/v1/conversations").json()["conversations"]] == [id_]
                kept = said(ours, id_)
                assert kept[0] == before[0]
                assert (kept[1]["question"], kept[1]["status"], kept[1]["answer"]) == (SECOND, "stopped", None)
                assert said(theirs, their_id) == their_before
                assert theirs.get(f"/v1/conversations/{id_}").status_code == 404
                assert SECOND not in theirs.get("/v1/conversations").text
                # It goes on: nothing holds the conversation, and what was said before it is understood.
                body = {"question": "And in which year?", "conversation": id_, "reader": "quotes"}
                again = ours.post("/v1/ask", json=body)
                assert again.status_code == 200
                assert [one["status"] for one in said(ours, id_)] == ["done", "stopped", "done"]


def test_a_visitor_of_a_killed_page_finds_everything_again(own_home: Home) -> None:
    with slow_model() as (_, port):
        options = ("--llm", f"http://127.0.0.1:{port}/v1#slow")
        with running(environment(own_home), *options) as service:
            failed = threading.Event()
            with (
                service.client(cookies={COOKIE: BROWSERS["ours"]}) as client,
                service.client(cookies={COOKIE: BROWSERS["ours"]}) as looking,
            ):
                visitor, same = Visitor(client, "one"), Visitor(looking, "two")

                def ask() -> None:
                    try:
                        visitor.ask(SECOND)
                    except httpx.TransportError:
                        failed.set()

                asking = threading.Thread(target=ask)
                asking.start()
                while SECOND not in same.part("chats", "conversations", {}):
                    assert asking.is_alive()
                service.process.kill()
                asking.join(20)
                assert failed.is_set()
        with running(environment(own_home), *options) as service:
            shown = {}
            for name, cookie in BROWSERS.items():
                with service.client(cookies={COOKIE: cookie}) as client:
                    shown[name] = Visitor(client, "three").part("chats", "conversations", {})
            assert SECOND in shown["ours"]
            assert SECOND not in shown["theirs"]


def test_a_chat_model_whose_server_dies_in_mid_answer_is_told_and_others_are_answered(
    own_home: Home, keys: Keys
) -> None:
    with slow_model() as (model, port):
        options = ("--llm", f"http://127.0.0.1:{port}/v1#slow", "--no-page", "--keys", str(keys.file))
        with running(environment(own_home), *options) as service, keys.client(service, "ours") as ours:
            id_ = begin(ours, FIRST)
            body = {"question": SECOND, "conversation": id_, "stream": True}
            with ours.stream("POST", "/v1/ask", json=body) as answer:
                lines = answer.iter_lines()
                until_word(lines)
                model.kill()
                rest = list(lines)
            at = rest.index("event: error")
            problem = json.loads(rest[at + 1].removeprefix("data: "))
            assert problem["status"] == 502
            assert problem["hint"]
            kept = said(ours, id_)
            assert [one["status"] for one in kept] == ["done", "failed"]
            assert kept[1]["message"] == problem["detail"]
            assert ours.post("/v1/ask", json={"question": FIRST, "reader": "quotes"}).json()["citations"]
            assert ours.post("/v1/ask", json={"question": SECOND}).status_code == 502
            with slow_model(port), ours.stream("POST", "/v1/ask", json=body) as answer:
                until_word(answer.iter_lines())


KILLER = """
import ctypes, signal, sys, threading
def kill(*_):
    found = [one.ident for one in threading.enumerate() if one.name == "local-chat-model"]
    for thread in found:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(SystemExit))
    print("KILLED", len(found), file=sys.stderr, flush=True)
signal.signal(signal.SIGUSR1, kill)
from assistant.cli import main
sys.exit(main())
"""


@pytest.mark.model
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_a_killed_thread_of_the_local_model_costs_its_answer_alone(real: Path, own_home: Home, keys: Keys) -> None:
    own = Settings.from_environment()
    told = environment(own_home, WENJU_CACHE=str(own.cache), WENJU_THREADS="1")
    options = ("--llm", "local", "--no-page", "--keys", str(keys.file))
    with running(told, *options, command=(sys.executable, "-c", KILLER)) as service:
        with keys.client(service, "ours") as ours:
            id_ = begin(ours, FIRST)
            body = {"question": SECOND, "conversation": id_, "stream": True}
            with ours.stream("POST", "/v1/ask", json=body, timeout=300) as answer:
                lines = answer.iter_lines()
                until_word(lines)
                service.process.send_signal(signal.SIGUSR1)
                rest = list(lines)
            at = rest.index("event: error")
            problem = json.loads(rest[at + 1].removeprefix("data: "))
            assert problem["status"] == 502, problem
            assert [one["status"] for one in said(ours, id_)] == ["done", "failed"]
            # Nobody waits for the dead one: the model answers the next question.
            again = ours.post("/v1/ask", json={"question": SECOND}, timeout=300)
            assert again.status_code == 200
            assert again.json()["citations"]
            until = time.monotonic() + 10
            while 'wenju_lane_taken{lane="local"} 0.0' not in ours.get("/metrics").text:
                assert time.monotonic() < until
        _, logged = service.stop()
    assert "KILLED 1" in logged
