"""What a question costs when several are embedded together, and by how much the vectors differ."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from assistant.assistant import Assistant
from assistant.settings import Settings
from evals.load.clients import questions
from knowledge.encoder import NumpyEncoder

SIZES = (1, 2, 4, 8, 16)
HOW_MANY = 64


def batching(rounds: int = 3) -> Iterator[dict[str, Any]]:
    """Yield for each size the milliseconds a question, the best of some rounds, and the largest difference."""
    with Assistant(Settings.from_environment(llm="none", reproducible=True)) as assistant:
        encoder = NumpyEncoder(assistant.weights.path(assistant.settings.embedding_model))
    ids = [encoder.tokens(f"query: {text}") for text in questions()[:HOW_MANY]]
    alone = _vectors(encoder, ids, 1)
    taken: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(rounds):
        for size in SIZES:
            began = time.perf_counter()
            found = _vectors(encoder, ids, size)
            taken[size].append((time.perf_counter() - began) / HOW_MANY)
            assert np.allclose(found, alone, atol=1e-5)
    for size in SIZES:
        difference = float(np.abs(_vectors(encoder, ids, size) - alone).max())
        yield {"together": size, "ms_a_question": round(1000 * min(taken[size]), 2), "largest_difference": difference}


def _vectors(encoder: NumpyEncoder, ids: list[list[int]], size: int) -> np.ndarray:
    states = [one for at in range(0, len(ids), size) for one in encoder.states(ids[at : at + size])]
    means = np.array([one.mean(axis=0) for one in states])
    unit: np.ndarray = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit
