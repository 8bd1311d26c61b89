"""``wenju eval scale``: what a large collection costs: disk, memory, the time of a search, the time to add a document.

Embedding a hundred thousand passages would take hours and say nothing about storing and searching them. The
collection is made of real sentences, embedded once and put together anew: a passage is some random sentences of a
benchmark set in one language, its vector the mean of theirs with some noise, its words and token states theirs. Words
are therefore spread more evenly, and each is in more passages, than in a grown collection; for a search that is the
harder case. Searching is measured in a process of its own, so that the memory is that of searching alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
from langchain_core.utils.iter import batch_iterate

from evals.bench.systems.measuring import most_memory
from evals.cases import spread
from evals.retrieval.data import RETRIEVAL, SAMPLE, PassageRow, QuestionRow, find_sets, rows
from evals.retrieval.report import milliseconds
from evals.retrieval.throughput import PROMISED, Throughput, measure_throughput
from knowledge.ann import from_blobs
from knowledge.build import make_entries, spec_for
from knowledge.embed import Embedder
from knowledge.rows import Entry
from knowledge.sentences import text_size
from knowledge.store import Store
from knowledge.types import DocumentRecord, Language, Passage, Span

PASSAGE_SIZE = 300.0
"""A passage ends with the sentence that brings it to this size (`knowledge.sentences.text_size`)."""

PASSAGES_IN_DOCUMENT = 10
DOCUMENTS_AT_ONCE = 50
SEARCHES = 200
ADDED = 9
"""How many documents are added, one after the other, to a large and to an empty store."""

EMBEDDED = 300
"""Real passages that are embedded and stored at most."""

DIGITS = {"passages": 0, "dense_recall": 3}
"""Places behind the point where one is not right."""

NOISE = 0.02
"""Standard deviation, in each dimension, of what tells passages of like sentences apart."""

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scale:
    """What was measured.

    Attributes:
        passages: How many there are.
        build_seconds: Storing them, embedding aside.
        file_megabytes: The index file, in 10^6 bytes.
        first_search_seconds: From opening the index to the first answer, the models loaded.
        search_p50: Milliseconds of a search with its question's embedding, at the median.
        search_p95: The same at the 95th percentile.
        embedding_p50: Milliseconds of embedding a question.
        memory_megabytes: The most memory the searching process had, models included, in 10^6 bytes.
        add_milliseconds: Adding one document, embedding aside, at the median.
        add_to_empty_milliseconds: The same for an empty store.
        throughput: How fast real passages are embedded and stored.
        dense_recall: Share of the ten passages nearest to a question that dense search finds; 1.0 where it compares
            every vector.
    """

    passages: int
    build_seconds: float
    file_megabytes: float
    first_search_seconds: float
    search_p50: float
    search_p95: float
    embedding_p50: float
    memory_megabytes: float
    add_milliseconds: float
    add_to_empty_milliseconds: float
    throughput: Throughput
    dense_recall: float = 1.0

    @property
    def failures(self) -> list[str]:
        """What is not as it is promised for 100,000 passages on two cores, a sentence each."""
        promised = {
            f"A search takes {self.search_p95:.0f} ms at the 95th percentile, more than 120.": self.search_p95 <= 120,
            f"Searching takes {self.memory_megabytes:.0f} MB, not less than 1200.": self.memory_megabytes < 1200,
            f"Adding a document takes {self.add_milliseconds:.1f} ms, more than twice the "
            f"{self.add_to_empty_milliseconds:.1f} of an empty store.": self.add_milliseconds
            <= 2 * self.add_to_empty_milliseconds,
            f"Embedding and storing reaches {self.throughput.ratio:.2f} of the speed of the embedding model alone, not "
            f"{PROMISED}.": self.throughput.ratio >= PROMISED,
        }
        promised[f"Dense search finds {self.dense_recall:.3f} of the ten nearest passages, less than .98."] = (
            self.dense_recall >= 0.98
        )
        return [sentence for sentence, kept in promised.items() if not kept]


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence with all that is stored of it."""

    text: str
    vector: Vector
    tokens: tuple[str, ...]
    states: bytes


def measure_scale(passages: int, data: Path | None, progress: Callable[[int, int], None]) -> Scale:
    """Build a collection of so many passages, search it and add to it.

    Args:
        passages: How many.
        data: Where a benchmark set is whose sentences and questions are taken (`find_sets`); None for the sample.
        progress: Is told how many passages are stored.

    Raises:
        BadData: A file of the set is missing or wrong.
        KnowledgeError: The embedding model is missing, or the disk is full.
    """
    from assistant import Assistant, Settings

    start = next(iter(find_sets(data or SAMPLE, RETRIEVAL).values()))
    texts = list(rows(start.with_name(start.name + ".passages.jsonl"), PassageRow))
    asked = rows(start.with_name(start.name + ".questions.jsonl"), QuestionRow)
    with Assistant(Settings.from_environment(llm="none")) as assistant, tempfile.TemporaryDirectory() as scratch:
        embedder = assistant.embedder
        real = _records(spread(texts, min(EMBEDDED, passages)))
        throughput = measure_throughput(real, embedder, Path(scratch), progress)
        pieces = _pieces(texts, embedder)
        path = Path(scratch) / "large.db"
        # Documents of their own, so that adding them is no different from what a user does.
        added = list(_documents(pieces, 2 * ADDED, random.Random(1)))
        with Store.create(path, spec_for(embedder)) as store:
            started = time.perf_counter()
            stored = 0
            documents = _documents(pieces, -(-passages // PASSAGES_IN_DOCUMENT), random.Random(0))
            for group in batch_iterate(DOCUMENTS_AT_ONCE, documents):
                store.put_all(group)
                stored += sum(len(entry.passages) for entry in group)
                progress(stored, passages)
            built = time.perf_counter() - started
            # The store is searched between two additions, as it would be, so that what a search keeps is there.
            store.dense(added[0].passage_vectors[0], 1)
            large = [_timed(partial(store.put_all, [one])) for one in added[:ADDED]]
        small = []
        for at, entry in enumerate(added[ADDED:]):
            with Store.create(Path(scratch) / f"{at}.db", spec_for(embedder)) as empty:
                small.append(_timed(partial(empty.put_all, [entry])))
        questions = [question.text for question in spread(list(asked), SEARCHES)]
        found = _searched(path, questions)
        return Scale(
            passages=stored,
            build_seconds=built,
            file_megabytes=path.stat().st_size / 1e6,
            add_milliseconds=1000 * median(large),
            add_to_empty_milliseconds=1000 * median(small),
            throughput=throughput,
            **found,
        )


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _records(texts: Sequence[PassageRow]) -> list[DocumentRecord]:
    return [DocumentRecord(text.id, text.id, text.id, text.language, text.text) for text in texts]


def _pieces(texts: Sequence[PassageRow], embedder: Embedder) -> dict[Language, list[Piece]]:
    from knowledge.lexical import index_tokens

    pieces: dict[Language, list[Piece]] = {}
    for entry in make_entries(_records(texts), embedder):
        for at, passage in enumerate(entry.passages):
            for number, span in enumerate(passage.sentences):
                text = span.of(entry.document.text)
                states = entry.states[at][number] if entry.states else b""
                piece = Piece(text, entry.sentence_vectors[at][number], tuple(index_tokens(text)), states)
                pieces.setdefault(passage.language, []).append(piece)
    return pieces


def _documents(pieces: dict[Language, list[Piece]], count: int, chance: random.Random) -> Iterator[Entry]:
    noise = np.random.default_rng(chance.randrange(2**32))
    languages = sorted(pieces)
    for _ in range(count):
        language = chance.choice(languages)
        yield _document([_passage(pieces[language], chance) for _ in range(PASSAGES_IN_DOCUMENT)], language, noise)


def _passage(pieces: Sequence[Piece], chance: random.Random) -> list[Piece]:
    chosen: list[Piece] = []
    size = 0.0
    while size < PASSAGE_SIZE:
        chosen.append(chance.choice(pieces))
        size += text_size(chosen[-1].text)
    return chosen


def _document(groups: Sequence[Sequence[Piece]], language: Language, noise: np.random.Generator) -> Entry:
    gap = " " if language == "en" else ""
    texts = [gap.join(piece.text for piece in group) for group in groups]
    whole = "\n".join(texts)
    id_ = hashlib.blake2b(whole.encode(), digest_size=16).hexdigest()
    passages = []
    start = 0
    for number, (group, text) in enumerate(zip(groups, texts, strict=True)):
        spans, at = [], start
        for piece in group:
            spans.append(Span(at, at + len(piece.text)))
            at += len(piece.text) + len(gap)
        end = start + len(text)
        passages.append(Passage(f"{id_}-{number}", id_, start, end, text, "", language, tuple(spans)))
        start = end + 1
    means = np.array([np.mean([piece.vector for piece in group], axis=0) for group in groups])
    return Entry(
        document=DocumentRecord(id_, id_[:8], "", language, whole),
        passages=passages,
        passage_vectors=means + noise.normal(0, NOISE, means.shape),
        sentence_vectors=[np.array([piece.vector for piece in group]) for group in groups],
        tokens=[[token for piece in group for token in piece.tokens] for group in groups],
        states=[[piece.states for piece in group] for group in groups],
    )


def _searched(path: Path, questions: Sequence[str]) -> dict[str, float]:
    """Search in another process; it prints what of `Scale` it measured."""
    asked = json.dumps(questions)
    command = [sys.executable, "-m", "evals.retrieval.scale", str(path)]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Search the index file named on the command line for the questions on standard input (a JSON list)."""
    parser = argparse.ArgumentParser(description=(main.__doc__ or "").splitlines()[0])
    parser.add_argument("index", type=Path)
    path = parser.parse_args().index
    questions = json.load(sys.stdin)
    from assistant import Assistant, Settings
    from knowledge.lexicon import Lexicon
    from knowledge.retrieve import Searcher

    with Assistant(Settings.from_environment(llm="none")) as assistant:
        embedder = assistant.embedder
        with closing(Lexicon(assistant.settings.cache)) as lexicon:
            embedder.encode_query_tokens(questions[0])
            lexicon.translations(["one"], "en")
            started = time.perf_counter()
            with Store.open(path, readonly=True) as store:
                searcher = Searcher(store, embedder, lexicon)
                searcher.search(questions[0])
                first = time.perf_counter() - started
                embeddings = [_timed(partial(embedder.encode_query_tokens, one)) for one in questions]
                searches = [_timed(partial(searcher.search, one)) for one in questions]
                memory = most_memory()
                recall = _recall(store, np.array([embedder.encode_query(one) for one in questions]), path)
    times = milliseconds(searches, embeddings)
    found = {
        "first_search_seconds": first,
        "search_p50": times["p50"],
        "search_p95": times["p95"],
        "embedding_p50": times["embedding_p50"],
        "memory_megabytes": memory / 1e6,
        "dense_recall": recall,
    }
    print(json.dumps(found))


def _recall(store: Store, queries: Vector, path: Path) -> float:
    """Return which share of the ten nearest passages the store finds, against comparing every stored vector."""
    best = [np.zeros(0, np.float32)] * len(queries)
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        cursor = connection.execute("SELECT vector FROM passages")
        while rows := cursor.fetchmany(20_000):
            cosines = queries @ from_blobs((blob for (blob,) in rows), store.spec.dimension).T
            best = [np.sort(np.append(kept, new))[-10:] for kept, new in zip(best, cosines, strict=True)]
    found = [[cosine for _, cosine in store.dense(query, 10)] for query in queries]
    # By cosine, as passages may be equally near.
    held = [
        sum(cosine >= least[0] - 1e-5 for cosine in own) / len(least) for own, least in zip(found, best, strict=True)
    ]
    return float(np.mean(held))


def print_scale(measured: Scale, *, as_json: bool) -> None:
    """Print what was measured and what of it is not as promised."""
    if as_json:
        throughput = {**asdict(measured.throughput), "ratio": measured.throughput.ratio}
        print(json.dumps({**asdict(measured), "throughput": throughput, "failures": measured.failures}, indent=1))
        return
    names = {
        "passages": "passages",
        "build_seconds": "s to store them",
        "file_megabytes": "MB on disk",
        "first_search_seconds": "s from opening to the first search",
        "search_p50": "ms a search, median",
        "search_p95": "ms a search, 95th percentile",
        "embedding_p50": "ms of embedding a question",
        "memory_megabytes": "MB of memory",
        "add_milliseconds": "ms to add a document",
        "add_to_empty_milliseconds": "ms to add it to an empty store",
        "dense_recall": "of the ten nearest passages found",
    }
    for name, words in names.items():
        print(f"{getattr(measured, name):>12,.{DIGITS.get(name, 1)}f}  {words}")
    fast = measured.throughput
    print(f"{fast.passages:>12,}  real passages embedded and stored, {fast.texts} texts")
    print(f"{fast.stored_per_second:>12,.2f}  of them a second")
    print(f"{fast.model_per_second:>12,.2f}  a second by the embedding model alone")
    print(f"{fast.ratio:>12.2f}  of its speed")
    for failure in measured.failures:
        print(failure, file=sys.stderr)


if __name__ == "__main__":
    main()
