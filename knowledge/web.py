"""Fetch a document from the web without being led anywhere but the public web.

The name is resolved here, every address it resolves to has to be a public one, and the connection goes to the very
address that was looked at, so that a second answer of the name server changes nothing. Each redirect is a new address
and is looked at like the first. Size and time are limited.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from knowledge.errors import LoadError
from knowledge.formats import suffix_of
from knowledge.load import unreadable
from knowledge.scan import Found

ALLOW = "Give --allow-urls, or set WENJU_ALLOW_URLS=1."

MOST_BYTES = 50 * 2**20
"""Bytes that a document may have."""

SECONDS, REDIRECTS = 30.0, 5
"""How long fetching may take, and how often it may be sent on."""

PORTS = frozenset({80, 443, 8080, 8443})
"""Ports that are asked; others belong to services that were not made to be asked by strangers."""

_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
_REDIRECTING = frozenset({301, 302, 303, 307, 308})
_PIECE = 64 * 1024

Resolve = Callable[[str, int], list[str]]
"""Returns the addresses of a host, as numbers."""


@dataclass(frozen=True, slots=True)
class Page:
    """What an address gave.

    Attributes:
        address: Where it came from, after redirects.
        name: A file's name for it, with a suffix that says its format.
        data: Its bytes.
    """

    address: str
    name: str
    data: bytes


def is_address(text: str) -> bool:
    """Tell whether a text is meant as a web address and not as a path."""
    return text.lower().startswith(("http://", "https://", "ftp://", "file://", "data:", "gopher://"))


def addresses_of(host: str, port: int) -> list[str]:
    """Return the addresses of a host by the system's resolver.

    Raises:
        OSError: There are none.
    """
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def checked(address: str, resolve: Resolve = addresses_of) -> tuple[SplitResult, str]:
    """Return the parts of an address and the number that its host may be reached at.

    Raises:
        LoadError: It is not of the public web, or not of the web at all.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _refused(address, "it is no web address") from error
    if parts.scheme not in ("http", "https") or not host:
        raise _refused(address, "only http and https are fetched")
    if parts.username is not None or parts.password is not None:
        raise _refused(address, "it carries a name or password")
    if any(character.isspace() or character in "\\\0" or not character.isprintable() for character in address):
        raise _refused(address, "it holds characters that no address has")
    port = port or (443 if parts.scheme == "https" else 80)
    if port not in PORTS:
        raise _refused(address, f"port {port} is none of the web")
    try:
        name = host.rstrip(".").encode("idna").decode() if not host.isascii() else host
        numbers = resolve(name, port)
    except (OSError, UnicodeError) as error:
        raise LoadError(f"{address} cannot be reached: its host is unknown.", hint="Check the address.") from error
    if not numbers or not all(map(is_public, numbers)):
        raise _refused(address, "it leads into a private network or to this machine")
    return parts, numbers[0]


def is_public(number: str) -> bool:
    """Tell whether an IP address is one of the public internet, also within forms that carry another one."""
    try:
        address = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if carried is None and (address in _NAT64 or address in _COMPATIBLE):
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if carried is not None:
            return is_public(str(carried))
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def fetch(address: str, *, resolve: Resolve = addresses_of, seconds: float = SECONDS) -> Page:
    """Fetch a document.

    Args:
        address: An http or https address.
        resolve: Finds the addresses of hosts.
        seconds: How long it may take in all.

    Raises:
        LoadError: It may not be fetched, cannot be reached, or is too large or slow, or of a format that is not read.
    """
    deadline = time.monotonic() + seconds
    current = address
    for _ in range(REDIRECTS + 1):
        parts, number = checked(current, resolve)
        try:
            with closing(_connection(parts, number, deadline)) as connection, _asked(connection, parts) as answer:
                if answer.status in _REDIRECTING and answer.getheader("Location"):
                    current = urljoin(current, str(answer.getheader("Location")))
                    continue
                if answer.status != 200:
                    said = f"{answer.status} {answer.reason}"
                    raise LoadError(f"{current} answered with {said}.", hint="Check the address.")
                name = _name(parts, answer.getheader("Content-Type") or "")
                return Page(current, name, _read(answer, deadline, current))
        except (OSError, http.client.HTTPException) as error:
            said = "it took too long" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
            raise LoadError(f"{current} cannot be fetched: {said}.", hint="Try again later.") from error
    raise LoadError(f"{address} is sent on more than {REDIRECTS} times.", hint="Give the address it leads to.")


def download(addresses: Iterable[str], folder: Path, *, allowed: bool) -> list[Found]:
    """Fetch documents into files.

    Args:
        addresses: Web addresses.
        folder: Where the files go.
        allowed: Whether the web may be asked at all.

    Returns:
        A file for each address, or why there is none.
    """
    found = []
    for number, address in enumerate(dict.fromkeys(addresses)):
        path = folder / str(number)
        try:
            if not allowed:
                raise LoadError("Web addresses are not fetched unless that is allowed.", hint=ALLOW)
            page = fetch(address)
            path.mkdir()
            path /= page.name
            path.write_bytes(page.data)
            found.append(Found(path, source=address))
        except LoadError as error:
            found.append(Found(path, error, address))
        except OSError as error:
            found.append(Found(path, unreadable(error), address))
    return found


def _connection(parts: SplitResult, number: str, deadline: float) -> http.client.HTTPConnection:
    """Return a connection to a number that presents itself under the host's name."""
    host = str(parts.hostname)
    left = max(0.1, deadline - time.monotonic())
    if parts.scheme == "http":
        return _Plain(host, parts.port or 80, timeout=left, number=number)
    return _Secure(host, parts.port or 443, timeout=left, number=number)


class _Plain(http.client.HTTPConnection):
    """A connection to the number that was looked at, whatever the name resolves to now."""

    def __init__(self, host: str, port: int, *, timeout: float, number: str) -> None:
        super().__init__(host, port, timeout=timeout)
        self._number = number

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.create_connection((self._number, self.port), self.timeout)


class _Secure(_Plain):
    """The same with TLS; the certificate has to be the host's."""

    def connect(self) -> None:
        """Connect."""
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _asked(connection: http.client.HTTPConnection, parts: SplitResult) -> http.client.HTTPResponse:
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (
        f"?{quote(parts.query, safe='=&%/:?@!$,;+*~')}" if parts.query else ""
    )
    connection.request("GET", target, headers={"User-Agent": "Wenju", "Accept-Encoding": "identity"})
    return connection.getresponse()


def _read(answer: http.client.HTTPResponse, deadline: float, address: str) -> bytes:
    pieces, length = [], 0
    while piece := answer.read1(_PIECE):
        pieces.append(piece)
        length += len(piece)
        if length > MOST_BYTES:
            raise LoadError(f"{address} has more than {MOST_BYTES:,} bytes.", hint="Download it and add the file.")
        if time.monotonic() > deadline:
            raise TimeoutError
    return b"".join(pieces)


def _name(parts: SplitResult, content_type: str) -> str:
    """Return a file's name by the end of the address; its suffix is the one of the content type, if that says one."""
    name = unquote(parts.path).rstrip("/").rsplit("/", 1)[-1].replace("\\", "_")[:100].lstrip(".") or str(
        parts.hostname
    )
    suffix = _SUFFIXES.get(content_type.partition(";")[0].strip().lower(), "")
    return name if not suffix or suffix_of(name) == suffix else f"{name}{suffix}"


def _refused(address: str, why: str) -> LoadError:
    return LoadError(f"{address} is not fetched: {why}.", hint="Download it with a browser and add the file.")
