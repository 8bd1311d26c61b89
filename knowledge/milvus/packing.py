"""What is longer than a Milvus field may be, cut into pieces of text, and put together again.

Milvus has no field for bytes, and text ends at 65,535 bytes: bytes are written as base64, in as many rows as it takes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from knowledge.ann import Vectors
from knowledge.late import TokenStates, unpack

PIECE = 60_000
"""Characters of base64 in one row."""


def key_of(name: str) -> str:
    """Return 32 hexadecimal digits for an id or a source: safe in a filter, and never too long for a field."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def cut(body: bytes) -> list[str]:
    """Return a body as pieces of base64; at least one."""
    text = base64.b64encode(body).decode("ascii")
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)] or [""]


def joined(rows: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    """Put pieces together.

    Args:
        rows: Each with ``owner``, ``piece``, ``pieces`` and ``body``.

    Returns:
        Bodies by owner; one of which a piece is missing, because it is being removed, is left out.
    """
    found: dict[str, dict[int, str]] = {}
    wanted: dict[str, int] = {}
    for row in rows:
        found.setdefault(row["owner"], {})[row["piece"]] = row["body"]
        wanted[row["owner"]] = row["pieces"]
    return {
        owner: base64.b64decode("".join(pieces[at] for at in range(wanted[owner])))
        for owner, pieces in found.items()
        if len(pieces) == wanted[owner]
    }


def pack_json(value: Mapping[str, Any]) -> bytes:
    """Write a table as bytes."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def unpack_json(body: bytes) -> dict[str, Any]:
    """Read what `pack_json` wrote."""
    value: dict[str, Any] = json.loads(body.decode("utf-8", "surrogatepass"))
    return value


def pack_states(blobs: Sequence[bytes | None]) -> bytes:
    """Write the token states of consecutive sentences as bytes."""
    lengths = np.array([len(blobs), *(len(blob or b"") for blob in blobs)], "<u4")
    return lengths.tobytes() + b"".join(blob or b"" for blob in blobs)


def unpack_states(body: bytes, dimension: int) -> TokenStates:
    """Read what `pack_states` wrote.

    Raises:
        ValueError: It is cut off.
    """
    count = int(np.frombuffer(body, "<u4", 1)[0])
    lengths = np.frombuffer(body, "<u4", count, 4).tolist()
    ends = np.cumsum([4 * (count + 1), *lengths]).tolist()
    if ends[-1] != len(body):
        raise ValueError("token states are cut off")
    return unpack([body[start:end] for start, end in pairwise(ends)], dimension)


def pack_vectors(vectors: Vectors) -> bytes:
    """Write a matrix as little-endian float32, row by row."""
    return vectors.astype("<f4").tobytes()
