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


def unpack(blob: bytes | None, dimension: int) -> Array:
    """Read token states back, shape (tokens, dimension); none if nothing was stored.

    Raises:
        ValueError: The length is not that of whole tokens.
    """
    if not blob:
        return np.zeros((0, dimension), dtype=np.float32)
    tokens, rest = divmod(len(blob), 4 + dimension)
    if rest:
        raise ValueError("token states are cut off")
    scales = np.frombuffer(blob, "<f4", tokens)
    rounded = np.frombuffer(blob, np.int8, tokens * dimension, 4 * tokens).reshape(tokens, dimension)
    return np.asarray(rounded * scales[:, None], dtype=np.float32)


def centred(states: Array, mean: Array | None) -> Array:
    """Take a mean away and scale each row to unit length, shape (tokens, dimension)."""
    moved = states if mean is None else states - mean
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def max_similarities(question: Array, sentences: Sequence[Array]) -> list[Array]:
    """Compare a question's tokens with those of several sentences.

    Args:
        question: Unit rows, shape (question tokens, dimension).
        sentences: Unit rows for each sentence, shape (its tokens, dimension).

    Returns:
        For each sentence the best cosine of each question token, shape (question tokens,); -1 where it has no tokens.
    """
    filled = [at for at, sentence in enumerate(sentences) if len(sentence)]
    best: list[Array] = [np.full(len(question), -1.0, dtype=np.float32)] * len(sentences)
    if not filled or not len(question):
        return best
    similar = np.concatenate([sentences[at] for at in filled]) @ question.T
    starts = np.cumsum([0, *(len(sentences[at]) for at in filled[:-1])])
    for at, row in zip(filled, np.maximum.reduceat(similar, starts, axis=0), strict=True):
        best[at] = row
    return best
