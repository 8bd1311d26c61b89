"""A deterministic embedding model for tests: counts of hashed character pairs."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from langchain_core.embeddings import Embeddings

from evals.crashes.embedder import PairCounts


class HashingEmbedder(PairCounts, Embeddings):
    """`PairCounts` as langchain knows models; `calls` counts the calls of the model."""

    def __init__(self, name: str = "hashing", dimension: int = 64) -> None:
        super().__init__(name, dimension)
        self.calls = 0

    def encode_passages(
        self, texts: Sequence[str], *, progress: Callable[[int, int], None] | None = None
    ) -> npt.NDArray[np.float32]:
        self.calls += 1
        return super().encode_passages(texts, progress=progress)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.encode_passages(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        return self.encode_query(text).tolist()
