"""A deterministic embedding model that costs next to nothing: counts of hashed character pairs."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt


class PairCounts:
    """Texts with the same character pairs are near to each other.

    Args:
        name: What the index says that it was built with.
        dimension: Length of the vectors.
    """

    def __init__(self, name: str = "hashing", dimension: int = 64) -> None:
        self.name = name
        self.dimension = dimension

    def encode_passages(
        self, texts: Sequence[str], *, progress: Callable[[int, int], None] | None = None
    ) -> npt.NDArray[np.float32]:
        """Return unit vectors, shape (texts, dimension)."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            padded = f"^{text.lower()}$"
            for position in range(len(padded) - 1):
                vectors[row, zlib.crc32(padded[position : position + 2].encode()) % self.dimension] += 1.0
            if progress is not None:
                progress(row + 1, len(texts))
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        scaled: npt.NDArray[np.float32] = (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
        return scaled

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """Return the unit vector of a question, shape (dimension,)."""
        question: npt.NDArray[np.float32] = self.encode_passages([text])[0]
        return question
