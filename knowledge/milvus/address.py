"""The address of a collection in a Milvus cluster, as ``WENJU_STORE`` gives it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

SCHEMES = {"milvus+http": "http", "milvus+https": "https"}
PORT = 19530
"""Where Milvus listens unless it is told otherwise."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a collection is.

    Attributes:
        uri: The cluster, e.g. ``http://host:19530``.
        database: Milvus' database.
        collection: What the names of the Milvus collections begin with.
    """

    uri: str
    database: str = "default"
    collection: str = "wenju"

    def __str__(self) -> str:
        """Return it as a user writes it."""
        return f"milvus+{self.uri}/{self.database}?collection={self.collection}"


def is_name(text: str) -> bool:
    """Tell whether a database or collection of Milvus can be called so."""
    return _NAME.fullmatch(text) is not None


def parse_address(text: str) -> Address:
    """Read ``milvus+http://HOST[:PORT][/DATABASE][?collection=NAME]``.

    Raises:
        ValueError: It is none; the message is a sentence and repeats no password.
    """
    parts = urlsplit(text)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError("A store's address is milvus+http://HOST:PORT or milvus+https://HOST:PORT.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("A store's address holds no user and password; they go into MILVUS_TOKEN as USER:PASSWORD.")
    try:
        port = parts.port or PORT
    except ValueError:
        raise ValueError("The port of a store's address is a number up to 65535.") from None
    query = parse_qs(parts.query, keep_blank_values=True)
    names = {"database": parts.path.strip("/") or "default", "collection": query.pop("collection", ["wenju"])[-1]}
    if query:
        raise ValueError(f"A store's address takes ?collection=NAME, not {', '.join(query)}.")
    for what, name in names.items():
        if not is_name(name):
            raise ValueError(f"The {what} {name!r} of a store's address is not a name of letters, digits and _.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(f"{SCHEMES[parts.scheme]}://{host}:{port}", names["database"], names["collection"])
