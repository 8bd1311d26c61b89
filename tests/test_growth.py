"""``python -m evals.retrieval.growth`` measures what its names say."""

import numpy as np

from evals.retrieval.growth import measure_bytes, measure_growth
from tests.test_store import EMBEDDER, TAX, entry_of, with_states


def test_recall_is_against_comparing_everything() -> None:
    sentences = EMBEDDER.encode_passages([f"{number} 城市 {number * 7} 平台" for number in range(400)])
    small, large = measure_growth([500, 3000], sentences, sentences[:20])
    assert (small.passages, large.passages) == (500, 3000)
    assert large.megabytes == 4e-6 * 3000 * EMBEDDER.dimension
    for one in (small, large):
        looked, lists = map(int, one.lists.split(" of "))
        assert 1 <= looked <= lists
        assert 0.0 <= one.recall <= 1.0
        assert one.recall_of_sentences >= 0.985
        assert one.exact_milliseconds > 0
        assert one.inverted_milliseconds > 0


def test_bytes_are_those_of_what_is_stored() -> None:
    entry, states = with_states(entry_of(TAX))
    found = measure_bytes([entry], EMBEDDER.dimension)
    sentences = sum(len(vectors) for vectors in entry.sentence_vectors)
    assert found["passage vector"] == 4 * EMBEDDER.dimension
    assert found["sentence vectors"] == 4 * EMBEDDER.dimension * sentences / len(entry.passages)
    tokens = sum(len(one) for group in states for one in group)
    assert found["token states"] == tokens * (4 + EMBEDDER.dimension) / len(entry.passages)
    assert found["text"] == len(TAX.encode()) / len(entry.passages)
    # Base64 makes four characters of three bytes.
    assert found["milvus parts"] > 4 / 3 * (found["token states"] + found["sentence vectors"])
    assert np.isfinite(list(found.values())).all()
