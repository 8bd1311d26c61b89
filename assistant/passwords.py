"""Names and hashed passwords, one ``name:scrypt$…`` a line: who may use the page.

scrypt (RFC 7914) with the cost that OWASP recommends for it, N = 2¹⁷, r = 8, p = 1; a check takes about 0.3 s and
128 MiB.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import BadSettings

COST = 2**17
"""scrypt's N."""

SHORTEST = 8
"""Characters of a password."""

_LINE = re.compile(r"([^\s:]+):scrypt\$(\d+)\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)")
_HINT = "Make a line with `wenju password NAME >> FILE`."


def line(name: str, password: str) -> str:
    """Return the line of a file of users.

    Args:
        name: Without spaces and colons.
        password: At least `SHORTEST` characters.

    Raises:
        BadSettings: The name or the password cannot be used.
    """
    if not re.fullmatch(r"[^\s:]+", name):
        raise BadSettings(f"{name!r} cannot be a user name.", hint="Use letters and digits, without spaces or colons.")
    if len(password) < SHORTEST:
        raise BadSettings(f"The password is shorter than {SHORTEST} characters.", hint="Use a longer one.")
    salt = secrets.token_bytes(16)
    parts = (base64.b64encode(part).decode() for part in (salt, _hash(password, salt, COST)))
    return f"{name}:scrypt${COST}${'$'.join(parts)}"


@dataclass(frozen=True, slots=True)
class Users:
    """Who may use the page.

    Attributes:
        hashes: Cost, salt and hash by name.
    """

    hashes: Mapping[str, tuple[int, bytes, bytes]]

    @classmethod
    def load(cls, path: str | Path) -> Users:
        """Read a file of users; empty lines and lines that begin with ``#`` are passed over.

        Raises:
            BadSettings: It cannot be read, has no user, or has a line that is none.
        """
        hashes = {}
        for _, found in hashed_lines(path, _LINE, whose="users", secret="password", hint=_HINT):
            name, cost, salt, digest = found.groups()
            hashes[name] = (int(cost), base64.b64decode(salt), base64.b64decode(digest))
        if not hashes:
            raise BadSettings(f"{path} names no user.", hint=_HINT)
        return cls(hashes)

    def check(self, name: str, password: str) -> bool:
        """Return whether this is the password; for an unknown name it takes as long."""
        cost, salt, digest = self.hashes.get(name, (COST, b"\0" * 16, os.urandom(32)))
        return hmac.compare_digest(_hash(password, salt, cost), digest)


def _hash(password: str, salt: bytes, cost: int) -> bytes:
    memory = 128 * 8 * cost + 2**20
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=cost, r=8, p=1, maxmem=memory)


def hashed_lines(
    path: str | Path, line: re.Pattern[str], *, whose: str, secret: str, hint: str
) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield the lines of a file of names with hashed secrets, but not empty ones and those that begin with ``#``.

    Args:
        path: The file.
        line: What a whole line is.
        whose: Who is named there, for errors: "users".
        secret: What is hashed there, for errors: "password".
        hint: How such a line is made.

    Yields:
        The number of each line, from 1, and what was found in it.

    Raises:
        BadSettings: It cannot be read, or has a line that is none.
    """
    try:
        written = Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"The {whose} in {path} cannot be read: {error}.", hint=hint) from error
    for number, row in enumerate(written.splitlines(), start=1):
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        found = line.fullmatch(row.strip())
        if found is None:
            raise BadSettings(f"{path}, line {number}: no name with a hashed {secret}.", hint=hint)
        yield number, found
