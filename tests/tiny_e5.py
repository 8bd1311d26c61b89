"""A model of a few kilobytes in the layout of the multilingual-e5-small data file, with random weights."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from knowledge import e5

HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, TYPES = 64, 2, 4, 96, 80, 64, 2
_LONG = "▁query ▁passage ▁数 数字 政府 城市 ▁the ing ▁city 10"
_SINGLE = "▁:数字～abcdefghijklmnopqrstuvwxyz0123456789,.?%政府城市"
PIECES = ["<s>", "<pad>", "</s>", "<unk>", *_LONG.split(), *_SINGLE, "<mask>"]
SCORES = [0.0, 0.0, 0.0, 0.0, *(-2.0 - 0.1 * i for i in range(len(PIECES) - 5)), 0.0]
RULES = {"\x01": "", "\x7f": "", "\t": " ", "\n": " ", "\u200b": " ", "\ufeff": " ", "▁": " ", "Ａ": "A", "１": "1"}


@dataclass
class TinyE5:
    """The bytes of the file, and the weights in it as a straightforward reading gives them."""

    data: bytes
    weights: dict[str, np.ndarray] = field(default_factory=dict)


def make_tiny_e5() -> TinyE5:
    """Return the file; always the same one."""
    random = np.random.default_rng(7)
    blobs = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, blobs)])
    rules = b"".join(
        struct.pack(f"<IB{len(into)}I", ord(char), len(into), *map(ord, into)) for char, into in RULES.items()
    )
    head = struct.pack("<4sI7ifi", b"E5S1", 1, HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, TYPES, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(ends[-1])) + struct.pack(f"<{len(ends)}I", *ends)
    head += (
        struct.pack(f"<{len(SCORES)}f", *SCORES) + b"".join(blobs) + struct.pack("<iI", len(RULES), len(rules)) + rules
    )
    bodies: list[tuple[str, int, int, bytes]] = []
    weights: dict[str, np.ndarray] = {}

    def matrix(name: str, rows: int, columns: int) -> None:
        body, values = b"", []
        for _ in range(rows * columns // 32):
            scale = np.float16(random.uniform(0.005, 0.02))
            nibbles = [int(n) for n in random.integers(0, 16, 32)]
            body += scale.tobytes() + bytes(nibbles[j] | nibbles[j + 16] << 4 for j in range(16))
            values += [(n - 8) * float(scale) for n in nibbles]
        bodies.append((name, 1, rows * columns, body))
        weights[name] = np.array(values, np.float32).reshape(rows, columns)

    def vector(name: str, size: int, centre: float) -> None:
        weights[name] = (centre + random.normal(0, 0.1, size)).astype("<f4")
        bodies.append((name, 0, size, weights[name].tobytes()))

    matrix("emb.word", VOCABULARY, HIDDEN)
    matrix("emb.pos", POSITIONS, HIDDEN)
    vector("emb.type", TYPES * HIDDEN, 0.0)
    vector("emb.ln.w", HIDDEN, 1.0)
    vector("emb.ln.b", HIDDEN, 0.0)
    for layer in range(LAYERS):
        for name, out, into in (
            ("q", HIDDEN, HIDDEN),
            ("k", HIDDEN, HIDDEN),
            ("v", HIDDEN, HIDDEN),
            ("ao", HIDDEN, HIDDEN),
        ):
            matrix(f"l{layer}.{name}.w", out, into)
            vector(f"l{layer}.{name}.b", out, 0.0)
        for name, out, into in (("fi", INNER, HIDDEN), ("fo", HIDDEN, INNER)):
            matrix(f"l{layer}.{name}.w", out, into)
            vector(f"l{layer}.{name}.b", out, 0.0)
        for name in ("aln", "oln"):
            vector(f"l{layer}.{name}.w", HIDDEN, 1.0)
            vector(f"l{layer}.{name}.b", HIDDEN, 0.0)
    index_size = sum(2 + len(name) + 21 for name, *_ in bodies)
    at = len(head) + 4 + index_size
    index = struct.pack("<i", len(bodies))
    for name, kind, elements, body in bodies:
        index += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, elements, at, len(body))
        at += len(body)
    return TinyE5(head + index + b"".join(body for *_, body in bodies), weights)


def converted_tiny_e5(place: Path) -> Path:
    """Convert the tiny model in a folder; return the model's folder."""
    (place / "data.bin").write_bytes(make_tiny_e5().data)
    e5.convert(place / "data.bin", place / "model")
    return place / "model"
