"""The chat page beside the API: real processes, as a browser and a program ask them."""

from __future__ import annotations

import json
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.passwords import line
from assistant.service.keys import new_key
from assistant.service.options import ServiceOptions
from tests.conftest import Home
from tests.served_process import Running, Visitor, running

QUESTION = "Who wrote this article?"
PASSWORD = "correct horse"
WATCHED = """
import socket, sys
connect = socket.socket.connect
def watched(self, address):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "localhost", "::1"):
        print("OUTSIDE", address, file=sys.stderr, flush=True)
    return connect(self, address)
socket.socket.connect = watched
from assistant.cli import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def here(home: Home) -> Iterator[Running]:
    """A service for this machine alone, which may be asked five times a minute."""
    with running(home.environment, "--llm", "none", "--rate", "5") as found:
        yield found


def test_the_page_and_the_api_answer_at_one_address(here: Running) -> None:
    assert f"{here.address}/\n" in here.said
    with here.client() as client:
        page = client.get("/")
        assert page.status_code == 200
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert re.match(r"wenju_visitor=[\w-]{32}; ", page.headers["set-cookie"])
        assert "<head><script>" in page.text  # the script that runs before Gradio does
        assert page.headers.get_list("x-content-type-options") == ["nosniff"]
        assert page.headers["x-request-id"]
        config = client.get("/config").json()
        assert (config["analytics_enabled"], config["footer_links"]) == (False, [])
        assert client.get("/gradio_api/info").json()["named_endpoints"] == {}
        assert client.get("/gradio_api/startup-events").json() is False  # nobody starts a second queue
        assert client.post("/v1/ask", json={"question": QUESTION}).json()["citations"]
        for path in ("/v1/nowhere", "/v1", "/metrics/nowhere"):
            nowhere = client.get(path)
            assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, "application/problem+json")
        assert client.get("/v1/ask").status_code == 405
        assert 429 in {client.get("/v1/conversations").status_code for _ in range(12)}


def test_a_question_goes_through_the_page_whatever_the_rate_of_the_api(here: Running) -> None:
    with here.client() as client:
        visitor = Visitor(client, "one")
        for _ in range(8):
            told = visitor.ask(QUESTION)
            assert told[-1]["success"], told[-1]
            shown = json.dumps([one.get("output") for one in told])
            assert "wj-answer" in shown
            assert "wj-failure" not in shown


def test_conversations_of_visitors_and_of_programs_are_apart(here: Running, home: Home) -> None:
    with here.client() as one, here.client() as other:
        asking, watching = Visitor(one, "first"), Visitor(other, "second")
        asking.ask("Which cities were the pilots?")
        assert "Which cities were the pilots?" in asking.part("chats", "conversations", {})
        assert "Which cities were the pilots?" not in watching.part("chats", "conversations", {})
    with running(home.environment, "--llm", "none", "--no-page") as again, again.client() as client:
        assert client.get("/v1/conversations").json() == {"conversations": []}
        assert client.get("/").status_code == 404
        assert client.get("/").headers["content-type"] == "application/problem+json"


def test_a_page_of_another_site_is_refused(here: Running) -> None:
    with here.client() as client:
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            for path in ("/", "/config", "/gradio_api/queue/join"):
                assert client.get(path, headers=headers).status_code == 403


def test_where_there_are_keys_the_page_needs_users(home: Home, tmp_path: Path) -> None:
    key, of_the_key = new_key("me")
    keys, users = tmp_path / "keys.txt", tmp_path / "users.txt"
    keys.write_text(of_the_key)
    users.write_text(line("ann", PASSWORD))
    with running(home.environment, "--llm", "none", "--keys", str(keys)) as found:
        assert "left out" in found.said
        assert "--auth" in found.said
        with found.client() as client:
            assert client.get("/").status_code == 401
            assert client.get("/", headers={"Authorization": f"Bearer {key}"}).status_code == 404
    with running(home.environment, "--llm", "none", "--keys", str(keys), "--auth", str(users)) as found:
        with found.client() as nobody:
            for path in ("/", "/config", "/v1/documents"):
                assert nobody.get(path).status_code == 401
        with found.client(auth=("ann", PASSWORD)) as client:
            assert client.get("/v1/documents").status_code == 401  # a password of the page is no key
            assert Visitor(client, "three").ask(QUESTION)[-1]["success"]
            assert QUESTION in Visitor(client, "three").part("chats", "conversations", {})
        with found.client(headers={"Authorization": f"Bearer {key}"}) as client:
            assert client.get("/").status_code == 401  # a key is no password of the page
            assert client.get("/v1/conversations").json() == {"conversations": []}
            assert client.post("/v1/ask", json={"question": QUESTION}).json()["citations"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_asks_no_other_host_and_ends_at_once_with_the_page_open_in_a_browser(home: Home, how: int) -> None:
    watched = (sys.executable, "-c", WATCHED)
    with running(home.environment, "--llm", "none", command=watched) as found, found.client() as client:
        assert Visitor(client, "one").ask(QUESTION)[-1]["success"]
        beating, ended = threading.Event(), threading.Event()

        def watch() -> None:
            with client.stream("GET", "/gradio_api/heartbeat/one") as events:
                for _ in events.iter_lines():
                    beating.set()
            ended.set()

        watching = threading.Thread(target=watch)
        watching.start()
        assert beating.wait(20)
        time.sleep(0.2)
        seconds, logged = found.stop(how)
        watching.join(10)
        assert ended.is_set()
        assert seconds < ServiceOptions().shutdown_seconds / 2
        assert "Traceback" not in logged
        assert "OUTSIDE" not in logged
        assert found.process.returncode == 0
        rows = [json.loads(row) for row in logged.splitlines() if row.startswith("{")]
        assert ("page", 200) in [(row["route"], row["status"]) for row in rows]
