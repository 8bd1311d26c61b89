"""API keys: one line each of a name, a digest, what the key may do and in which collections.

A key is 256 random bits, so a plain SHA-256 cannot be turned back by guessing; the slow hash that passwords need
(`assistant.passwords`) would only slow every request down.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.errors import BadSettings
from assistant.passwords import hashed_lines

Scope = Literal["read", "write"]

PREFIX = "wenju_"
"""What every key begins with, so that scanners of source code can find one that leaked."""

_LINE = re.compile(r"([A-Za-z0-9_.-]{1,64}):sha256\$([0-9a-f]{64}):(read|read\+write):(\*|[\w,.-]+)")
_HINT = "Make a line with `wenju key NAME >> FILE`."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request.

    Attributes:
        name: The key's name.
        scopes: What the caller may do.
        collections: Where; None for everywhere.
    """

    name: str
    scopes: frozenset[Scope]
    collections: frozenset[str] | None = None

    @property
    def owner(self) -> str:
        """Whose conversations and uploads these are."""
        return f"key:{self.name}"

    def may_use(self, collection: str) -> bool:
        """Return whether the caller may use a collection at all."""
        return self.collections is None or collection in self.collections


LOCAL = Caller("local", frozenset({"read", "write"}))
"""Whoever asks a service without keys, which only this machine can reach."""


def new_key(name: str, *, write: bool = False, collections: tuple[str, ...] = ()) -> tuple[str, str]:
    """Return a new key and its line in a file of keys.

    Args:
        name: Letters, digits, ``_``, ``.`` and ``-``.
        write: Whether it may add and remove documents.
        collections: Where it may be used; empty for everywhere.

    Raises:
        BadSettings: The name or a collection's name cannot be used.
    """
    key = PREFIX + secrets.token_urlsafe(32)
    scopes = "read+write" if write else "read"
    line = f"{name}:sha256${_digest(key)}:{scopes}:{','.join(collections) or '*'}"
    if not _LINE.fullmatch(line):
        raise BadSettings(
            f"A key cannot be named {name!r} or be for the collections {list(collections)}.",
            hint="Use letters, digits, _, . and -.",
        )
    return key, line


@dataclass(frozen=True, slots=True)
class Keys:
    """Who may use the service.

    Attributes:
        callers: By the SHA-256 of their key, in hexadecimal digits.
    """

    callers: Mapping[str, Caller]

    @classmethod
    def load(cls, path: Path) -> Keys:
        """Read a file of keys; empty lines and lines that begin with ``#`` are passed over.

        Raises:
            BadSettings: It cannot be read, has no key, names one twice, or has a line that is none.
        """
        callers: dict[str, Caller] = {}
        for number, found in hashed_lines(path, _LINE, whose="keys", secret="key", hint=_HINT):
            name, digest, scopes, collections = found.groups()
            if any(caller.name == name for caller in callers.values()):
                raise BadSettings(f"{path}, line {number}: there is a key named {name} already.", hint=_HINT)
            may: frozenset[Scope] = frozenset({"read", "write"}) if scopes == "read+write" else frozenset({"read"})
            where = None if collections == "*" else frozenset(collections.split(","))
            callers[digest] = Caller(name, may, where)
        if not callers:
            raise BadSettings(f"{path} names no key.", hint=_HINT)
        return cls(callers)

    def caller(self, key: str) -> Caller | None:
        """Return whose key this is, None if it is nobody's.

        Looking a digest up tells nothing by its timing: whoever sends keys cannot choose their digests' digits.
        """
        return self.callers.get(_digest(key))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
