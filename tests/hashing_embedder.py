"""A deterministic embedding model for tests: counts of hashed character pairs."""

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from langchain_core.embeddings import Embeddings


class HashingEmbedder(Embeddings):
    """Texts with the same character pairs are near to each other; `calls` counts the calls of the model."""

    def __init__(self, name: str = "hashing", dimension: int = 64) -> None:
        self.name = name
        self.dimension = dimension
        self.calls = 0

    def encode_passages(
        self, texts: Sequence[str], *, progress: Callable[[int, int], None] | None = None
    ) -> npt.NDArray[np.float32]:
        self.calls += 1
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            padded = f"^{text.lower()}$"
            for position in range(len(padded) - 1):
                vectors[row, zlib.crc32(padded[position : position + 2].encode()) % self.dimension] += 1.0
            if progress is not None:
                progress(row + 1, len(texts))
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths > 0, lengths, 1.0)

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        return self.encode_passages([text])[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.encode_passages(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        return self.encode_query(text).tolist()
