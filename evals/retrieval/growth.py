"""``python -m evals.retrieval.growth N …``: what a passage costs, and how dense search grows with the collection.

Only the vectors are made, as `evals.retrieval.scale` makes them, so that sizes can be measured whose texts would not
fit on a disk. Questions are those of the set. Embedding is measured in processor seconds, which other work on the
machine changes little.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evals.cases import spread
from evals.retrieval.data import RETRIEVAL, SAMPLE, PassageRow, QuestionRow, find_sets, rows
from evals.retrieval.scale import NOISE
from knowledge.ann import compared_whole, inverted, nearest
from knowledge.build import make_entries
from knowledge.embed import Embedder
from knowledge.milvus.write import Rows
from knowledge.rows import Entry
from knowledge.terms import to_row
from knowledge.types import DocumentRecord

SENTENCES_IN_PASSAGE = 5
QUESTIONS = 100
EMBEDDED = 100
"""Passages of which the embedding is measured."""

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Growth:
    """What was measured at one size.

    Attributes:
        passages: How many vectors.
        exact_milliseconds: Comparing a question with all of them, on one core, at the median.
        inverted_milliseconds: Looking into the nearest lists, the same way.
        lists: Of how many lists how many are looked into.
        recall: Share of the ten nearest that the lists hold, for the set's questions.
        recall_of_sentences: The same for the shaken sentences that the number of lists was chosen with.
        build_seconds: Making the lists.
        megabytes: The vectors, in 10^6 bytes.
    """

    passages: int
    exact_milliseconds: float
    inverted_milliseconds: float
    lists: str
    recall: float
    recall_of_sentences: float
    build_seconds: float
    megabytes: float


def measure_growth(sizes: Sequence[int], sentences: Vectors, questions: Vectors) -> list[Growth]:
    """Measure dense search at several sizes.

    Args:
        sizes: How many passages.
        sentences: Unit vectors that passages are put together from, shape (sentences, dimension).
        questions: Unit vectors, shape (questions, dimension).
    """
    found = []
    for size in sizes:
        exact = compared_whole(sentences.shape[1])
        exact.add_with_ids(_passages(size, sentences), np.arange(1, size + 1))
        held = np.random.default_rng(2).permutation(len(sentences))[:200]
        started = time.perf_counter()
        made, of_sentences = inverted(exact, sentences[held])
        built = time.perf_counter() - started
        wanted, plain = _searched(exact, questions)
        near, listed = _searched(made, questions)
        shares = [len(set(own) & set(best)) / 10 for own, best in zip(near, wanted, strict=True)]
        lists = f"{made.nprobe} of {made.nlist}"
        recall = float(np.mean(shares))
        found.append(Growth(size, plain, listed, lists, recall, of_sentences, built, 4e-6 * size * sentences.shape[1]))
    return found


def _searched(index: object, questions: Vectors) -> tuple[list[list[int]], float]:
    """Return the ten nearest of each question, and the milliseconds of a search at the median."""
    found, took = [], []
    for question in questions:
        started = time.perf_counter()
        _, ids = nearest(index, question, 30)
        took.append(time.perf_counter() - started)
        found.append(ids[:10].tolist())
    return found, 1000 * float(np.median(took))


def _passages(count: int, sentences: Vectors) -> Vectors:
    chance = np.random.default_rng(count)
    made = np.empty((count, sentences.shape[1]), np.float32)
    for start in range(0, count, 10_000):
        part = made[start : start + 10_000]
        chosen = chance.integers(len(sentences), size=(len(part), SENTENCES_IN_PASSAGE))
        part[:] = sentences[chosen].mean(axis=1) + chance.normal(0, NOISE, part.shape)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


def measure_embedding(texts: Sequence[PassageRow], embedder: Embedder) -> tuple[float, list[Entry]]:
    """Return the processor seconds that embedding a passage takes with its sentences, and what is stored of them."""
    records = [DocumentRecord(text.id, text.id, text.id, text.language, text.text) for text in texts]
    make_entries(records[:1], embedder)
    started = time.process_time()
    entries = make_entries(records, embedder)
    took = time.process_time() - started
    return took / sum(len(entry.passages) for entry in entries), entries


def measure_bytes(entries: Sequence[Entry], dimension: int) -> dict[str, float]:
    """Return how many bytes a passage takes in each part of a store, before the store's own overhead."""
    count = sum(len(entry.passages) for entry in entries)
    made = [Rows(entry, 1, 1, dimension) for entry in entries]
    parts = [row for one in made for row in one.parts]
    texts = sum(len(entry.document.text.encode()) for entry in entries)
    tokens = sum(len(to_row(own).encode()) for entry in entries for own in entry.tokens)
    sentences = sum(own.size for entry in entries for own in entry.sentence_vectors)
    states = sum(len(one) for entry in entries for group in entry.states or () for one in group)
    sparse = sum(8 * len(row["words"]) for one in made for row in one.passages)
    return {
        "text": texts / count,
        "tokens": tokens / count,
        "passage vector": 4.0 * dimension,
        "sentence vectors": 4 * sentences / count,
        "token states": states / count,
        "milvus sparse vector": sparse / count,
        "milvus parts": sum(len(row["body"]) for row in parts) / count,
        "milvus rows of parts": len(parts) / count,
    }


def main() -> None:
    """Measure dense search at the sizes named on the command line; prints JSON."""
    from assistant import Assistant, Settings

    parser = argparse.ArgumentParser(description=(main.__doc__ or "").splitlines()[0])
    parser.add_argument("passages", type=int, nargs="+")
    parser.add_argument("--data", type=Path, default=SAMPLE, help="a benchmark set, as for `wenju eval scale`")
    options = parser.parse_args()
    start = next(iter(find_sets(options.data, RETRIEVAL).values()))
    texts = spread(list(rows(start.with_name(start.name + ".passages.jsonl"), PassageRow)), EMBEDDED)
    asked = spread(list(rows(start.with_name(start.name + ".questions.jsonl"), QuestionRow)), QUESTIONS)
    with Assistant(Settings.from_environment(llm="none")) as assistant:
        questions = np.array([assistant.embedder.encode_query(question.text) for question in asked])
        seconds, entries = measure_embedding(texts, assistant.embedder)
        stored = measure_bytes(entries, assistant.embedder.dimension)
    sentences = np.concatenate([own for entry in entries for own in entry.sentence_vectors])
    found = measure_growth(options.passages, sentences, questions)
    costs = {"embedding_cpu_seconds": seconds, "bytes": stored, "growth": [asdict(one) for one in found]}
    print(json.dumps(costs, indent=1))


if __name__ == "__main__":
    main()
