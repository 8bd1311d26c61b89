"""The store in a Milvus cluster; its methods are those of `knowledge.passage_store.PassageStore`.

Passages, vectors and BM25 are searched in the cluster (`propose` is one hybrid search there); what was proposed is then
ranked here, as with any store.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge import rows
from knowledge.ann import Vectors
from knowledge.calibration import Calibration
from knowledge.closing import Closing
from knowledge.current import Decide, decided
from knowledge.errors import DocumentUnknown, IndexDamaged
from knowledge.index_file import OnBusy
from knowledge.late import TokenStates, states_of
from knowledge.milvus.address import Address
from knowledge.milvus.change import Writers
from knowledge.milvus.client import Client
from knowledge.milvus.packing import unpack_json, unpack_states
from knowledge.milvus.read import View, documents_among, vectors_of
from knowledge.milvus.snapshot import READING_SECONDS, Snapshots
from knowledge.milvus.state import AT_ONCE, StateTable
from knowledge.milvus.tables import PARTS, PASSAGE, PASSAGES, SENTENCES, STATES
from knowledge.milvus.words import question_weights
from knowledge.milvus.write import Rows
from knowledge.rows import Entry
from knowledge.types import DocumentEntry, DocumentRecord, IndexSpec, Language, Passage, Span

SENTENCES_IN_PASSAGE = 5
"""About; how many passages are read for a sample of sentences."""


class MilvusStore(Closing):
    """A collection in a Milvus cluster, open. Use `create` or `open`; safe to use from several threads.

    Args:
        client: The cluster; the store closes it.
        spec: What the collection has to have been built with, or None for anything.
        busy_seconds: How long to wait for another process that is writing.
        on_busy: Told each time that this was too short, before it is waited as long again; None gives up instead.
        reading_seconds: How long removed rows stay for those who began to read before; the same for all who use it.
    """

    def __init__(
        self,
        client: Client,
        spec: IndexSpec | None,
        *,
        busy_seconds: float = 10.0,
        on_busy: OnBusy | None = None,
        reading_seconds: float = READING_SECONDS,
    ) -> None:
        self._client = client
        self._table = StateTable(client)
        self._snapshots = Snapshots(self._table, reading_seconds)
        self._writers = Writers(
            client, self._table, busy_seconds=busy_seconds, on_busy=on_busy, reading_seconds=reading_seconds
        )
        self._opened = self._table.open(spec)
        self._write_lock = threading.Lock()
        self._closed = False

    @classmethod
    def create(cls, address: Address, spec: IndexSpec, *, token: str = "", **options: Any) -> MilvusStore:
        """Make a new collection, or open the one that is there if it was built with `spec`; the rest as for `open`."""
        client = Client(address, token=token)
        try:
            StateTable(client).create(spec)
            return cls(client, spec, **options)
        except BaseException:
            client.close()
            raise

    @classmethod
    def open(cls, address: Address, spec: IndexSpec | None = None, *, token: str = "", **options: Any) -> MilvusStore:
        """Open a collection.

        Args:
            address: Where it is.
            spec: What it has to have been built with, or None for anything.
            token: The password (`Client`).
            **options: The rest of what the class takes.

        Raises:
            StoreUnreachable: The cluster does not answer.
            IndexMissing: There is no such collection.
            IndexMismatch: It was built with something else.
        """
        client = Client(address, token=token)
        try:
            return cls(client, spec, **options)
        except BaseException:
            client.close()
            raise

    @property
    def where(self) -> str:
        """The address."""
        return str(self._client.address)

    @property
    def spec(self) -> IndexSpec:
        """What the collection was built with."""
        return self._opened.spec

    @property
    def generation(self) -> int:
        """Goes up with every change, whoever made it."""
        return self._snapshots.state().generation

    @property
    def calibration(self) -> Calibration:
        """What turns fits into probabilities for the embedding model of this collection."""
        try:
            return Calibration.from_json(self._opened.calibration)
        except ValueError as error:
            raise self._damaged(str(error)) from error

    @property
    def passage_count(self) -> int:
        """How many passages there are."""
        return self._snapshots.state().passages

    def snapshot(self) -> AbstractContextManager[None]:
        """Let everything that this thread reads in a ``with`` of it be of the generation that is committed now.

        Raises:
            IndexBusy: It took longer than removed rows stay, and documents were removed meanwhile.
        """
        return self._snapshots.held()

    def languages(self) -> tuple[Language, ...]:
        """Return the languages that there are passages in."""
        known: tuple[Language, ...] = ("zh", "en")
        view = self._view()
        return tuple(one for one in known if view.has_language(one))

    def put_all(self, entries: Sequence[Entry], *, replacing: Collection[str] | Decide = ()) -> list[bool]:
        """Store documents in one step; `replacing` are ids of documents to delete in it, or what decides within it.

        Raises:
            ValueError: The parts of an entry do not belong together, a passage's id is taken, or more than `AT_ONCE`
                documents give way.
        """
        for entry in entries:
            rows.validate(entry, self.spec.dimension)
            rows.unit(entry.passage_vectors, self.spec.dimension)
        with self._write_lock, self._writers.writing() as change:
            view = View(self._client, change.state)
            wanted, given_up = decided(entries, replacing, view)
            removed = view.cards(given_up)
            if len(removed) > AT_ONCE:
                raise ValueError(f"{len(removed)} documents cannot give way at once, only {AT_ONCE}")
            gone = {card["id"] for card in removed}
            there = {card["id"] for card in view.cards({entry.document.id for entry in entries})} - gone
            fresh, stored = [], []
            for entry in entries:
                stored.append(entry.document.id in wanted - there)
                there.add(entry.document.id)
                fresh += [entry] if stored[-1] else []
            self._refuse_taken(view, fresh, {card["number"] for card in removed})
            made = [
                Rows(entry, change.number(place), change.born, self.spec.dimension) for place, entry in enumerate(fresh)
            ]
            if made or removed:
                change.insert(PASSAGES, [row for one in made for row in one.passages])
                change.insert(PARTS, [row for one in made for row in one.parts])
                change.commit(
                    tuple(card["number"] for card in removed),
                    documents=len(made) - len(removed),
                    passages=sum(len(one.passages) for one in made) - sum(card["passages"] for card in removed),
                    tokens=sum(one.tokens for one in made) - sum(card["tokens"] for card in removed),
                )
        return stored

    def delete(self, ids: Collection[str]) -> int:
        """Delete documents; return how many there were. More than `AT_ONCE` are deleted in several steps."""
        asked, count = list(dict.fromkeys(ids)), 0
        for start in range(0, len(asked), AT_ONCE):
            with self._write_lock, self._writers.writing() as change:
                removed = View(self._client, change.state).cards(asked[start : start + AT_ONCE])
                if removed:
                    change.commit(
                        tuple(card["number"] for card in removed),
                        documents=-len(removed),
                        passages=-sum(card["passages"] for card in removed),
                        tokens=-sum(card["tokens"] for card in removed),
                    )
                count += len(removed)
        return count

    def documents(self) -> list[DocumentRecord]:
        """Return every document, in the order in which they were stored."""
        view = self._view()
        return view.records(view.cards())

    def catalog(self) -> list[DocumentEntry]:
        """Return what is known of every document without its text, in the order in which they were stored."""
        return self._view().catalog()

    def document(self, document_id: str) -> DocumentRecord:
        """Return one document.

        Raises:
            DocumentUnknown: There is none with this id.
        """
        view = self._view()
        found = view.records(view.cards([document_id]))
        if not found:
            raise DocumentUnknown(f"No document has the id {document_id}.", hint="`wenju list` lists them.")
        return found[0]

    def known(self, ids: Collection[str]) -> set[str]:
        """Return which of these are ids of stored documents."""
        return {card["id"] for card in self._view().cards(set(ids))}

    def of_sources(self, sources: Collection[str]) -> list[str]:
        """Return the ids of the documents that come from these sources, in the order in which they were stored."""
        return self._view().of_sources(sources)

    def passages(self, ids: Sequence[str], *, sentences: bool = True) -> list[Passage]:
        """Return passages, with their sentences or without, in the order of `ids`; an unknown id is left out."""
        found = self._words(ids)
        return [_passage(found[id_], sentences=sentences) for id_ in ids if id_ in found]

    def propose(
        self,
        queries: Sequence[npt.NDArray[np.floating]],
        tokens: Sequence[str],
        k: int,
        document_ids: Collection[str] | None = None,
    ) -> dict[str, tuple[str, ...]]:
        """Return the ids of passages that may hold an answer, by one hybrid search in the cluster.

        The cluster does not say which of its legs found a passage: all are found by ``hybrid``.
        """
        if k < 1 or (document_ids is not None and not document_ids):
            return {}
        view = self._view()
        legs: list[tuple[str, Any]] = [("vector", self._unit(query).tolist()) for query in queries]
        words = question_weights(view.frequency(tokens), view.state.passages)
        legs += [("words", words)] if words else []
        if not legs or not view.state.passages:
            return {}
        found = self._client.hybrid(PASSAGES, legs, k, view.state.visible + documents_among(document_ids))
        return dict.fromkeys(found, ("hybrid",))

    def dense(
        self, query: npt.NDArray[np.floating], k: int, document_ids: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ids of the passages nearest to a vector of shape (dimension,), with cosines, best first."""
        vector = self._unit(query)
        found = self._nearest(self._view(), "vector", vector.tolist(), k, document_ids)
        # Rounding takes the product of two unit vectors a little over 1.
        return [(id_, max(-1.0, min(1.0, cosine))) for id_, cosine in found]

    def lexical(
        self, tokens: Sequence[str], k: int, document_ids: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ids of the passages that hold any of the tokens, with BM25 scores, best first."""
        view = self._view()
        words = question_weights(view.frequency(tokens), view.state.passages)
        return self._nearest(view, "words", words, k, document_ids) if words else []

    def document_frequency(self, tokens: Collection[str]) -> dict[str, int]:
        """Return for each token how many passages hold it, 0 among them."""
        return self._view().frequency(tokens)

    def average_length(self) -> float:
        """Return the mean number of tokens in a passage, 0.0 for an empty store."""
        state = self._snapshots.state()
        return state.tokens / state.passages if state.passages else 0.0

    def outlines(self, ids: Collection[str]) -> dict[str, tuple[Language, Vectors, frozenset[str]]]:
        """Return for each passage its language, its unit vector of shape (dimension,) and its tokens."""
        return self._view().outlines(ids)

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """Return the unit vectors of passages, shape (ids, dimension), in the order of `ids`.

        Raises:
            DocumentUnknown: An id is not there.
        """
        found = self._view().passage_rows(ids, ["vector"])
        missing = next((passage_id for passage_id in ids if passage_id not in found), None)
        if missing is not None:
            raise DocumentUnknown(f"No passage has the id {missing}.", hint="Search again; it may have been deleted.")
        return np.array([found[id_]["vector"] for id_ in ids], np.float32).reshape(-1, self.spec.dimension)

    def sentences(self, ids: Collection[str]) -> dict[str, tuple[tuple[Span, ...], Vectors, list[frozenset[str]]]]:
        """Return for each passage its sentences: spans, unit vectors of shape (sentences, dimension), and tokens."""
        view = self._view()
        words = {id_: unpack_json(body) for id_, body in view.parts(PASSAGE, ids).items()}
        vectors = view.parts(SENTENCES, words)
        return {
            id_: (_spans(words[id_]), vectors_of(body, self.spec.dimension), list(map(frozenset, words[id_]["tokens"])))
            for id_, body in vectors.items()
        }

    def sentence_states(self, ids: Collection[str]) -> dict[str, TokenStates]:
        """Return for each passage the token states of its sentences; an id that is not there is left out."""
        try:
            bodies = self._view().parts(STATES, ids)
            return {id_: unpack_states(body, self.spec.dimension) for id_, body in bodies.items()}
        except ValueError as error:
            raise self._damaged("a passage's token states are cut off") from error

    def mean_state(self, language: Language, sample: int = 1000) -> Vectors | None:
        """Return the mean token state of some `sample` sentences in a language, shape (dimension,), None without."""
        chosen = self._view().sample(language, -(-sample // SENTENCES_IN_PASSAGE))
        states = [states_of(one) for one in self.sentence_states(chosen).values()]
        rows_ = np.concatenate(states) if states else np.zeros((0, self.spec.dimension), np.float32)
        return rows_.mean(axis=0) if len(rows_) else None

    def check(self) -> list[str]:
        """Look at every document; return one sentence for each thing that is wrong."""
        view = self._view()
        cards = view.cards()
        found = [] if len(cards) == view.state.documents else [
            f"{len(cards)} documents are there; {view.state.documents} were stored."
        ]  # fmt: skip
        for card in cards:
            texts = view.records([card])
            if not texts or rows.digest(texts[0].text).hex() != card["digest"]:
                found.append(f"The text of document {card['id']} is not what was stored.")
            if view.count(PASSAGES, card["number"]) != card["passages"]:
                found.append(f"Document {card['id']} does not have its {card['passages']} passages.")
        return found

    def close(self) -> None:
        """Close the connection; closing twice does nothing."""
        if not self._closed:
            self._closed = True
            self._client.close()

    def _view(self) -> View:
        return View(self._client, self._snapshots.state())

    def _unit(self, query: npt.NDArray[np.floating]) -> Vectors:
        vector: Vectors = rows.unit(np.asarray(query).reshape(1, -1), self.spec.dimension)[0]
        return vector

    def _nearest(
        self, view: View, field: str, query: Any, k: int, document_ids: Collection[str] | None
    ) -> list[tuple[str, float]]:
        if k < 1 or (document_ids is not None and not document_ids) or not view.state.passages:
            return []
        k = min(k, view.state.passages)
        found = self._client.nearest(PASSAGES, field, query, k, view.state.visible + documents_among(document_ids))
        return [(id_, score) for id_, score, _ in sorted(found, key=lambda one: (-one[1], one[2]))]

    def _words(self, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        return {id_: unpack_json(body) for id_, body in self._view().parts(PASSAGE, ids).items()}

    def _refuse_taken(self, view: View, entries: Sequence[Entry], removed: Collection[int]) -> None:
        """Refuse passages whose ids belong to others."""
        owners: dict[str, str] = {}
        for entry in entries:
            for passage in entry.passages:
                if passage.id in owners:
                    raise ValueError(f"document {entry.document.id} cannot be stored: passage {passage.id} comes twice")
                owners[passage.id] = entry.document.id
        for passage_id, row in view.passage_rows(owners, ["number"]).items():
            if row["number"] not in removed:
                raise ValueError(f"document {owners[passage_id]} cannot be stored: passage {passage_id} is there")

    def _damaged(self, what: str) -> IndexDamaged:
        return IndexDamaged(
            f"The store {self.where} is damaged: {what}.",
            hint="Name another collection in WENJU_STORE and add the documents there.",
        )


def collections_at(address: Address, *, token: str = "") -> list[str]:
    """Return the names of the collections in a cluster's database, whichever of them the address names.

    Raises:
        StoreUnreachable: The cluster does not answer.
    """
    with closing(Client(address, token=token)) as client:
        return client.collections()


def _spans(words: Mapping[str, Any]) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in words["spans"])


def _passage(words: Mapping[str, Any], *, sentences: bool) -> Passage:
    return Passage(
        id=words["id"],
        document_id=words["document_id"],
        start=words["start"],
        end=words["end"],
        text=words["text"],
        heading=words["heading"],
        language=words["language"],
        sentences=_spans(words) if sentences else (),
    )
