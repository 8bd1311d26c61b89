"""Read the 4-bit data file of multilingual-e5-small.

The file (little-endian) holds the original model's weights in blocks of 4 bits and its XLM-R unigram tokenizer:

    magic ``E5S1``, u32 version
    i32 x 7  hidden, layers, heads, feed-forward, vocabulary, positions, types; f32 layer-norm epsilon; i32 block (32)
    i32 pieces; i32 x 4 bos, eos, pad, unk; u64 blob length; u32 x (pieces + 1) offsets; f32 x pieces scores; blob
    i32 rules, u32 bytes; per rule: u32 code point, u8 n, n x u32
    i32 tensors; per tensor: u16 name length, name, u8 type (0 f32, 1 Q4_0), u32 elements, u64 offset, u64 bytes

A Q4_0 block is one f16 scale and 16 bytes: byte j holds weight j in its low and weight j + 16 in its high nibble, and a
weight is (nibble - 8) x scale. Matrices are row-major [out, in].
"""

from __future__ import annotations

import itertools
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge import unigram
from knowledge.errors import WeightsCorrupt

MAGIC = b"E5S1"

_ROWS_AT_ONCE = 1 << 15


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor stands in the data file.

    Attributes:
        name: The name of the file's own scheme, e.g. ``"l0.q.w"``.
        quantised: True for Q4_0, False for f32.
        elements: How many weights it has.
        offset: Its first byte, from the file's start.
    """

    name: str
    quantised: bool
    elements: int
    offset: int


@dataclass(frozen=True, slots=True)
class DataFile:
    """Everything in the data file but the weights themselves.

    Attributes:
        hidden: Length of a vector.
        layers: Transformer layers.
        heads: Attention heads of a layer.
        feed_forward: Width of a layer's inner part.
        vocabulary: Rows of the word embedding (more than there are pieces).
        positions: Longest input in tokens.
        types: Rows of the token type embedding.
        epsilon: Of the layer norms.
        tokens: What the tokenizer knows.
        tensors: Where the weights stand.
    """

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    tokens: unigram.Vocabulary
    tensors: dict[str, Tensor]


def read_data_file(data: mmap.mmap | bytes, path: Path) -> DataFile:
    """Read everything but the weights.

    Args:
        data: The file's bytes.
        path: Its path, for the error only.

    Raises:
        WeightsCorrupt: The bytes do not have this layout.
    """
    try:
        if bytes(data[:4]) != MAGIC:
            raise ValueError("it does not begin with E5S1")
        return _parse(data)
    except (struct.error, ValueError, UnicodeDecodeError) as error:
        raise WeightsCorrupt(
            f"{path} is not a multilingual-e5-small data file: {error}.",
            hint="Run: wenju models pull multilingual-e5-small",
        ) from error


def _parse(data: mmap.mmap | bytes) -> DataFile:
    at = 8
    *sizes, epsilon, block = struct.unpack_from("<7ifi", data, at)
    if block != 32:
        raise ValueError(f"its blocks hold {block} weights, not 32")
    at += 36
    count, bos, eos, pad, unk, length = struct.unpack_from("<5iQ", data, at)
    at += 28
    offsets = np.frombuffer(data, "<u4", count + 1, at).tolist()
    at += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, at).tolist()
    at += 4 * count
    blob = bytes(data[at : at + length])
    at += length
    pieces = [blob[start:end].decode() for start, end in itertools.pairwise(offsets)]
    rules: dict[str, str] = {}
    (rule_count, _) = struct.unpack_from("<iI", data, at)
    at += 8
    for _ in range(rule_count):
        (code_point, n) = struct.unpack_from("<IB", data, at)
        rules[chr(code_point)] = "".join(map(chr, struct.unpack_from(f"<{n}I", data, at + 5)))
        at += 5 + 4 * n
    tensors: dict[str, Tensor] = {}
    (tensor_count,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(tensor_count):
        (n,) = struct.unpack_from("<H", data, at)
        name = bytes(data[at + 2 : at + 2 + n]).decode()
        kind, elements, offset, size = struct.unpack_from("<BIQQ", data, at + 2 + n)
        expected = elements // 32 * 18 if kind == 1 else elements * 4
        if size < expected or offset + expected > len(data):
            raise ValueError(f"its tensor {name} is cut off")
        tensors[name] = Tensor(name, kind == 1, elements, offset)
        at += 2 + n + 21
    tokens = unigram.Vocabulary(pieces, scores, (bos, eos, pad, unk), rules)
    hidden, layers, heads, feed_forward, vocabulary, positions, types = sizes
    return DataFile(
        hidden, layers, heads, feed_forward, vocabulary, positions, types, float(f"{epsilon:.6g}"), tokens, tensors
    )


def read_rows(data: mmap.mmap, tensor: Tensor, width: int) -> Iterator[np.ndarray]:
    """Yield a tensor's weights as float32, some rows at a time."""
    if not tensor.quantised:
        yield np.frombuffer(data, "<f4", tensor.elements, tensor.offset)
        return
    blocks = np.frombuffer(
        data, np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)]), tensor.elements // 32, tensor.offset
    )
    step = _ROWS_AT_ONCE * (width // 32)
    for start in range(0, len(blocks), step):
        part = blocks[start : start + step]
        nibbles = np.concatenate([part["nibbles"] & 15, part["nibbles"] >> 4], axis=1)
        yield (nibbles.astype(np.float32) - 8.0) * part["scale"].astype(np.float32)[:, None]
