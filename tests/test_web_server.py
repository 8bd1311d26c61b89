"""The page as it is served: no browser, but real requests."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.conversations import Conversations
from assistant.errors import BadSettings
from assistant.passwords import line
from assistant.web import server
from assistant.web.uploads import MEGABYTES
from tests.scripted_backend import ScriptedBackend

PASSWORD = "correct horse"


def test_the_light_half_of_the_page_does_not_import_gradio() -> None:
    code = "import sys, assistant.web; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


SERVE = """
import socket, sys
connect = socket.socket.connect
def watched(self, address):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "localhost", "::1"):
        print("OUTSIDE", address, flush=True)
    return connect(self, address)
socket.socket.connect = watched
from pathlib import Path
from tests.scripted_backend import ScriptedBackend
from assistant.conversations import Conversations
from assistant.passwords import Users
from assistant.web import serve
users = Users.load(sys.argv[2]) if len(sys.argv) > 2 else None
serve(ScriptedBackend(), Conversations(Path(sys.argv[1])), port=0, users=users)
"""


@pytest.fixture(scope="module", params=["open", "users"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def serving(mode: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """The page in a process of its own, where an unusable proxy is set. Gradio leaves event loops open behind it."""
    environment = os.environ | {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    place = tmp_path_factory.mktemp("serving")
    command = [sys.executable, "-c", SERVE, str(place / "c.db")]
    if mode == "users":
        (place / "users.txt").write_text(f"# who may come in\n\n{line('ann', PASSWORD)}\n", encoding="utf-8")
        command.append(str(place / "users.txt"))
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process
        process.kill()


@pytest.fixture(scope="module")
def address(serving: subprocess.Popen[str]) -> str:
    assert serving.stdout
    line = serving.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return found[0]


@pytest.fixture
def client(mode: str, address: str) -> Iterator[httpx.Client]:
    """A browser that logged in if it has to."""
    auth = ("ann", PASSWORD) if mode == "users" else None
    with httpx.Client(base_url=address, trust_env=False, auth=auth, timeout=20) as opened:
        yield opened


def test_the_page_is_served_with_a_policy_that_keeps_it_at_home(client: httpx.Client) -> None:
    reply = client.get("/")
    assert reply.status_code == 200
    policy = reply.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert reply.headers["referrer-policy"] == "no-referrer"
    stylesheet = client.get("/theme.css").text
    assert set(re.findall(r"https?://[^/\s'\"]+", stylesheet)) == {"http://www.w3.org"}  # a namespace, never asked
    assert "@font-face" not in stylesheet


def test_the_page_reports_nothing_and_offers_no_interface_to_programs(client: httpx.Client) -> None:
    config = client.get("/config").json()
    assert config["analytics_enabled"] is False
    assert config["stylesheets"] == []
    assert config["footer_links"] == []
    assert client.get("/gradio_api/info").json()["named_endpoints"] == {}
    assert client.get("/monitoring").status_code in {403, 404}


def test_a_file_that_is_too_large_is_not_taken(client: httpx.Client) -> None:
    files = {"files": ("a.txt", b"x" * (MEGABYTES * 1_000_000 + 1))}
    assert client.post("/gradio_api/upload", files=files).status_code == 413


def test_only_users_come_in_and_browsers_are_told_apart_without_them(mode: str, address: str) -> None:
    ways = ["/", "/config", "/theme.css", "/gradio_api/info", "/gradio_api/upload"]
    wrong = {"Authorization": "Basic " + base64.b64encode(b"ann:wrong password").decode()}
    bent = {"Authorization": "Basic ???"}
    for headers in ({}, wrong, bent, {"x-wenju-owner": base64.urlsafe_b64encode(b"name:ann").decode()}):
        replies = [httpx.get(address + way, trust_env=False, headers=headers, timeout=20) for way in ways]
        if mode == "users":
            assert [reply.status_code for reply in replies] == [401] * len(ways)
            assert all("www-authenticate" in reply.headers for reply in replies)
            assert "set-cookie" not in replies[0].headers
        else:
            cookie = replies[0].headers["set-cookie"]
            assert re.match(r"wenju_visitor=[\w-]{32}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax$", cookie)
            again = httpx.get(address, trust_env=False, cookies={"wenju_visitor": cookie[14:46]})
            assert "set-cookie" not in again.headers


def test_a_page_without_users_is_not_shared_with_the_world(tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "c.db")
    with pytest.raises(BadSettings, match="not shared") as caught:
        server.open_page(ScriptedBackend(), kept, port=0, share=True)
    assert "--auth" in caught.value.hint
    kept.close()


def test_answers_have_a_queue_of_their_own_and_those_who_wait_leave_room(tmp_path: Path) -> None:
    from assistant.web import build_page
    from assistant.web.page import ANSWERS_AT_ONCE, LONGEST_LINE, THREADS

    kept = Conversations(tmp_path / "c.db")

    async def build() -> Any:  # in a running event loop; without one Gradio makes one and never closes it
        return build_page(ScriptedBackend(), kept)

    page = asyncio.run(build())
    asking = [function for function in page.fns.values() if function.concurrency_id == "answers"]
    assert [function.concurrency_limit for function in asking] == [ANSWERS_AT_ONCE]
    assert LONGEST_LINE < ANSWERS_AT_ONCE < THREADS
    assert all(not function.queue for function in page.fns.values() if function.name in {"open_", "show"})
    kept.close()


def test_a_taken_port_gives_the_next_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < server.free_port("127.0.0.1", port) < port + server.PORTS_TRIED


def test_port_zero_is_any_port() -> None:
    assert server.free_port("127.0.0.1", 0) > 0


def test_no_free_port_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PORTS_TRIED", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadSettings, match="taken") as caught:
            server.free_port("127.0.0.1", taken.getsockname()[1])
    assert "--port" in caught.value.hint


@pytest.mark.parametrize(("host", "port"), [("203.0.113.7", 0), ("no.such.host.invalid", 0), ("127.0.0.1", 70_000)])
def test_an_address_that_cannot_be_is_an_error_with_a_hint(host: str, port: int) -> None:
    with pytest.raises(BadSettings) as caught:
        server.free_port(host, port)
    assert "Use" in caught.value.hint


@pytest.mark.skipif(os.name != "posix", reason="sends an interrupt as a terminal does")
def test_serving_asks_no_other_host_and_ends_cleanly_on_an_interrupt(
    serving: subprocess.Popen[str], client: httpx.Client
) -> None:
    assert client.get("/").status_code == 200
    serving.send_signal(signal.SIGINT)
    out, errors = serving.communicate(timeout=30)
    assert serving.returncode == 0
    assert "OUTSIDE" not in out
    assert "Traceback" not in errors
