"""The assistant with an embedding model that costs next to nothing, so that processes meet in the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from assistant import Assistant, Settings
from evals.crashes.embedder import PairCounts
from knowledge.embed import Embedder

TOKEN = 3
"""Characters whose pairs make a token's state."""


class PairStates(Embedder):
    """Counts of character pairs (`PairCounts`) for whole texts, and for every few characters as states of tokens."""

    def __init__(self) -> None:
        super().__init__("", name="pairs")
        self._counts = PairCounts("pairs")

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._counts.dimension

    def encode_query_tokens(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a question's unit vector, shape (dimension,), and its token states, (tokens, dimension)."""
        vectors, states = self.encode_passage_tokens([text])
        return vectors[0], states[0]

    def encode_passage_tokens(
        self, texts: Sequence[str], *, progress: Callable[[int, int], None] | None = None
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return unit vectors, shape (texts, dimension), and for each text the states of its tokens."""
        pieces = [[text[at : at + TOKEN] for at in range(0, len(text), TOKEN)] for text in texts]
        return self._counts.encode_passages(texts, progress=progress), list(map(self._counts.encode_passages, pieces))


def open_assistant(home: Path) -> Assistant:
    """Return an assistant of a home folder that quotes; all but its embedding model is as users have it."""
    return Assistant(Settings.from_environment(llm="none", home=home, reproducible=True), embedder=PairStates())
