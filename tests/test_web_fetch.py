"""Documents from the web: only from the public web, whatever an address looks like."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from knowledge import web
from knowledge.add import add_files
from knowledge.build import spec_for
from knowledge.errors import LoadError
from knowledge.store import Store
from knowledge.web import Page, addresses_of, checked, fetch, is_address, is_public
from tests.hashing_embedder import HashingEmbedder

PUBLIC = "93.184.216.34"

NAMES = {
    "example.org": [PUBLIC],
    "中文.example": [PUBLIC],
    "xn--fiq228c.example": [PUBLIC],
    "loopback.example": ["127.0.0.1"],
    "mixed.example": [PUBLIC, "10.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
}


def resolve(host: str, port: int) -> list[str]:
    """Answer for names without a network; numbers in all their spellings go through the system, as in earnest."""
    if host in NAMES:
        return NAMES[host]
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=_NUMBERS)]


_NUMBERS = socket.AI_NUMERICHOST


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://127.255.255.254/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://0/",
        "http://0.0.0.0/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://172.31.255.255/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://192.0.0.1/",
        "http://192.0.2.1/",
        "http://198.18.0.1/",
        "http://203.0.113.9/",
        "http://224.0.0.1/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[fd12:3456::1]/",
        "http://[ff02::1]/",
        "http://[2001:db8::1]/",
        "http://loopback.example/",
        "http://LOOPBACK.example/",
        "http://mixed.example/",
        "http://six.example/",
        "http://mapped.example/",
        "http://metadata.google.internal/",
        "https://user:password@example.org/",
        "https://example.org@127.0.0.1/",
        "http://example.org:22/",
        "http://example.org:6379/",
        "http://example.org:99999/",
        "http://example.org\\@127.0.0.1/",
        "http://exa mple.org/",
        "http://[::1/",
        "http:///path",
        "http://",
        "file:///etc/passwd",
        "ftp://example.org/a.txt",
        "gopher://example.org/",
        "data:text/plain,hello",
        "http://①②⑦.⓪.⓪.①/",
    ],
)
def test_an_address_that_is_not_of_the_public_web_is_refused(address: str) -> None:
    assert is_address(address)
    with pytest.raises(LoadError) as caught:
        checked(address, resolve)
    assert caught.value.hint


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org",
        "https://example.org:443/a?b=c#d",
        "http://中文.example/",
        f"http://{PUBLIC}/",
        "HTTP://example.org/",
    ],
)
def test_an_address_of_the_public_web_is_taken_at_its_number(address: str) -> None:
    assert checked(address, resolve)[1] == PUBLIC


def test_public_numbers() -> None:
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")
    assert is_public("8.8.8.8")
    assert is_public("64:ff9b::808:808")
    assert not is_public("no number")
    assert not is_public("fe80::1%eth0")
    assert addresses_of("127.0.0.1", 80) == ["127.0.0.1"]


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(bytes(2**16))
            except OSError:
                return
        location = {"/to-page": "/a%20b", "/to-loopback": "http://127.0.0.1/", "/to-name": "http://loopback.example/",
                    "/to-file": "file:///etc/passwd", "/circle": "/circle"}.get(self.path)  # fmt: skip
        self.send_response(302 if location else 404 if self.path == "/gone" else 200)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(f"<p>{self.headers['Host']} {self.path}</p>".encode())

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A site at a public number: only the last step, the connection to that number, is led to this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    connect = socket.create_connection

    def led(address: tuple[str, int], timeout: float | None = None) -> socket.socket:
        assert address == (PUBLIC, 80)
        return connect(("127.0.0.1", server.server_port), timeout)

    monkeypatch.setattr(web.socket, "create_connection", led)
    yield "http://example.org"
    server.shutdown()
    server.server_close()


def test_a_page_is_fetched_also_behind_a_redirect(site: str) -> None:
    page = fetch(f"{site}/to-page", resolve=resolve)
    assert (page.address, page.name) == ("http://example.org/a%20b", "a b.html")
    assert page.data == b"<p>example.org /a%20b</p>"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/to-loopback", "private network"),
        ("/to-name", "private network"),
        ("/to-file", "only http"),
        ("/circle", "more than 5"),
        ("/gone", "404"),
    ],
)
def test_what_a_site_leads_to_is_looked_at_as_well(site: str, path: str, said: str) -> None:
    with pytest.raises(LoadError, match=said):
        fetch(site + path, resolve=resolve)


def test_too_much_and_too_slow_end(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(web, "MOST_BYTES", 2**20)
        with pytest.raises(LoadError, match="more than"):
            fetch(f"{site}/endless", resolve=resolve)
    monkeypatch.setattr(web, "MOST_BYTES", 2**50)
    with pytest.raises(LoadError, match="too long"):
        fetch(f"{site}/endless", resolve=resolve, seconds=0.3)


def test_web_addresses_are_off_unless_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "fetch", lambda address: Page(address, "a.html", b"<h1>Title</h1><p>Some words.</p>"))
    with Store.create(tmp_path / "a.db", spec_for(HashingEmbedder())) as store:
        address = "https://example.org/a"
        (file,) = add_files([address], store, HashingEmbedder()).files
        assert (file.status, file.path) == ("skipped", address)
        assert "--allow-urls" in file.hint
        assert store.documents() == []
        (file,) = add_files([address, address], store, HashingEmbedder(), allow_urls=True).files
        assert (file.status, file.path) == ("added", address)
        assert [(record.title, record.source) for record in store.documents()] == [("Title", address)]
        (file,) = add_files([address], store, HashingEmbedder(), allow_urls=True).files
        assert file.status == "unchanged"
    with Store.open(tmp_path / "a.db") as store:
        with monkeypatch.context() as patch:
            patch.setattr(web, "fetch", lambda address: checked(address, resolve))
            (file,) = add_files(["http://127.0.0.1/"], store, HashingEmbedder(), allow_urls=True).files
        assert (file.status, len(store.documents())) == ("skipped", 1)
        assert "private network" in file.reason
