"""Late interaction: a question's tokens compared with a sentence's, one by one.

One vector for a whole sentence blurs what it says; comparing tokens keeps it apart. The score of a sentence is the
mean, over the question's tokens, of the best cosine with any of its tokens (MaxSim; Khattab and Zaharia, *ColBERT*,
2020), here with the hidden states of the embedding model as it is, nothing trained. What makes that work without
training is the centring: the mean state of the language is taken away, moved halfway to the mean of this
collection, so that what every sentence of a collection says ("digital city") counts for little.

A token's state is stored as signed bytes with one scale: 388 bytes at 384 dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

TOWARDS_COLLECTION = 0.5
"""How far the language's mean is moved to the collection's own."""


def pack(states: npt.ArrayLike) -> bytes:
    """Store token states, shape (tokens, dimension), as one float32 scale and signed bytes for each token."""
    matrix = np.asarray(states, dtype=np.float32)
    if matrix.size == 0:
        return b""
    scales = (np.maximum(np.abs(matrix).max(axis=1), 1e-9) / 127).astype("<f4")
    rounded = np.rint(matrix / scales[:, None]).astype(np.int8)
    return bytes(scales.tobytes()) + bytes(rounded.tobytes())


@dataclass(frozen=True, slots=True)
class TokenStates:
    """The token states of a passage's sentences, as they are stored.

    Attributes:
        rows: int8 of shape (tokens, dimension), all sentences one after the other.
        scales: float32 of shape (tokens,); a state is its row times its scale.
        squares: float32 of shape (tokens,): the squared length of each state.
        lengths: How many tokens each sentence has.
    """

    rows: npt.NDArray[np.int8]
    scales: Array
    squares: Array
    lengths: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return int(self.rows.nbytes + self.scales.nbytes + self.squares.nbytes)


def unpack(blobs: Sequence[bytes | None], dimension: int) -> TokenStates:
    """Read the token states of consecutive sentences back; a sentence for which nothing was stored has no tokens.

    Raises:
        ValueError: The length of a blob is not that of whole tokens.
    """
    scales, rows, lengths = [np.zeros(0, np.float32)], [np.zeros((0, dimension), np.int8)], []
    for blob in blobs:
        tokens, rest = divmod(len(blob or b""), 4 + dimension)
        if rest:
            raise ValueError("token states are cut off")
        if blob and tokens:
            scales.append(np.frombuffer(blob, "<f4", tokens))
            rows.append(np.frombuffer(blob, np.int8, tokens * dimension, 4 * tokens).reshape(tokens, dimension))
        lengths.append(tokens)
    joined, scale = np.concatenate(rows), np.concatenate(scales).astype(np.float32)
    squares = np.einsum("td,td->t", joined, joined, dtype=np.float32) * scale**2
    return TokenStates(joined, scale, squares, tuple(lengths))


def states_of(stored: TokenStates) -> Array:
    """Return the states themselves, shape (tokens, dimension)."""
    return np.asarray(stored.rows * stored.scales[:, None], dtype=np.float32)


def centred(states: Array, mean: Array | None) -> Array:
    """Take a mean away and scale each row to unit length, shape (tokens, dimension)."""
    moved = states if mean is None else states - mean
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Interaction:
    """Late interaction of a question with a passage, and with each of its sentences; 0 where no states are stored."""

    passage: float
    sentences: tuple[float, ...]


def interactions(question: Array, passages: Sequence[TokenStates], mean: Array | None) -> list[Interaction]:
    """Return the late interaction of a question with several passages; arguments as of `max_similarities`."""
    best = max_similarities(question, passages, mean)
    counts = [len(one.lengths) for one in passages]
    filled = [bool(count and sum(one.lengths)) for count, one in zip(counts, passages, strict=True)]
    if not best.size or not any(filled):
        return [Interaction(0.0, (0.0,) * count) for count in counts]
    starts = np.cumsum([0, *counts])[:-1]
    sentences = best.mean(axis=1).tolist()
    whole = iter(np.maximum.reduceat(best, starts[filled], axis=0).mean(axis=1).tolist())
    return [
        Interaction(next(whole), tuple(sentences[start : start + count])) if told else Interaction(0.0, (0.0,) * count)
        for start, count, told in zip(starts.tolist(), counts, filled, strict=True)
    ]


def max_similarities(question: Array, passages: Sequence[TokenStates], mean: Array | None) -> Array:
    """Compare a question's tokens with those of the sentences of several passages.

    Args:
        question: Unit rows, shape (question tokens, dimension).
        passages: The passages' token states.
        mean: What is taken away from each state before it is scaled to unit length, shape (dimension,), or None.

    Returns:
        The best cosine of each question token in each sentence, of all passages one after the other, shape (sentences,
        question tokens); -1 where a sentence has no tokens.
    """
    lengths = np.array([length for one in passages for length in one.lengths], dtype=np.int64)
    found = np.full((len(lengths), len(question)), -1.0, dtype=np.float32)
    filled = lengths > 0
    if not len(question) or not filled.any():
        return found
    # (s - m)·q and |s - m|² from one product with the stored bytes, which are never copied centred.
    centre = np.zeros(question.shape[1], np.float32) if mean is None else mean
    asked = np.concatenate([question, centre[None, :]])
    rows = np.concatenate([one.rows for one in passages]).astype(np.float32)
    products = (rows @ asked.T) * np.concatenate([one.scales for one in passages])[:, None]
    squares = np.concatenate([one.squares for one in passages]) - 2 * products[:, -1] + centre @ centre
    similar = (products[:, :-1] - question @ centre) / np.sqrt(np.maximum(squares, 1e-12))[:, None]
    starts = np.concatenate([[0], np.cumsum(lengths[filled])[:-1]])
    found[filled] = np.maximum.reduceat(similar, starts, axis=0)
    return found
