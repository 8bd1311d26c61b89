"""The store: documents, passages, vectors and full text in one SQLite file, the only source of truth.

Every change is one transaction and raises the file's generation, so that other threads and processes, which look at
the generation before they search, see all of a change or nothing of it. The dense index (`knowledge.ann`) is derived
and follows the generation.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge import ann, rows, schema
from knowledge.ann import DenseIndex, Vectors, from_blobs
from knowledge.calibration import Calibration
from knowledge.closing import Closing
from knowledge.current import CurrentRows, Decide, decided
from knowledge.errors import DiskFull, DocumentUnknown, KnowledgeError
from knowledge.index_check import problems
from knowledge.index_file import IndexFile, OnBusy
from knowledge.late import TokenStates, states_of, unpack
from knowledge.rows import AMONG, Entry, bound
from knowledge.terms import any_of, from_row, to_term
from knowledge.types import DocumentEntry, DocumentRecord, IndexSpec, Language, Passage, Span


class Store(Closing):
    """An index file, open. Use `create` or `open`; safe to use from several threads.

    Args:
        file: The file, open; the store closes it.
    """

    def __init__(self, file: IndexFile) -> None:
        self._file = file
        self._dense_lock = threading.Lock()
        self._wrote = False
        self._dense = DenseIndex(file.spec.dimension, file.path.with_name(f"{file.path.name}.dense"))

    @classmethod
    def create(cls, path: Path, spec: IndexSpec, *, busy_seconds: float = 10.0, on_busy: OnBusy | None = None) -> Store:
        """Make a new index file, or open the one that is there if it was built with `spec`; the rest is as for `open`.

        Raises:
            IndexMismatch: There is one that was built with something else.
            IndexDamaged: There is a file that is not a sound index.
        """
        return cls(IndexFile.create(path, spec, busy_seconds=busy_seconds, on_busy=on_busy))

    @classmethod
    def open(
        cls,
        path: Path,
        spec: IndexSpec | None = None,
        *,
        readonly: bool = False,
        busy_seconds: float = 10.0,
        on_busy: OnBusy | None = None,
    ) -> Store:
        """Open an index file.

        Args:
            path: The file.
            spec: What it has to have been built with, or None for anything.
            readonly: Never write to it; works in a folder that cannot be written.
            busy_seconds: How long to wait for another process that is writing.
            on_busy: Told each time that this was too short, before it is waited as long again; None gives up instead.

        Raises:
            IndexMissing: There is no file.
            IndexMismatch: It was built with something else.
            IndexDamaged: It is not a sound index.
        """
        return cls(IndexFile.open(path, spec, readonly=readonly, busy_seconds=busy_seconds, on_busy=on_busy))

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def where(self) -> str:
        """The file, as messages name it."""
        return str(self.path)

    @property
    def spec(self) -> IndexSpec:
        """What the index was built with."""
        return self._file.spec

    @property
    def generation(self) -> int:
        """Goes up with every change, whoever made it."""
        with self._file.reading() as (_, manifest):
            return manifest.generation

    @property
    def calibration(self) -> Calibration:
        """What turns fits into probabilities for the embedding model of this index.

        Raises:
            IndexDamaged: It cannot be read.
        """
        with self._file.reading() as (_, manifest):
            try:
                return Calibration.from_json(manifest.calibration)
            except ValueError as error:
                raise schema.damaged(self.path, str(error)) from error

    @property
    def dense_recall(self) -> float:
        """Share of the ten nearest passages that `dense` finds, measured when its index was made; 1.0 if exact."""
        return self._dense.recall

    @property
    def passage_count(self) -> int:
        """How many passages there are."""
        with self._file.reading() as (connection, _):
            return int(connection.execute("SELECT count(*) FROM passages").fetchone()[0])

    def snapshot(self) -> AbstractContextManager[None]:
        """Let everything that this thread reads in a ``with`` of it be of one state, whatever others change meanwhile.

        Raises:
            IndexMismatch: The file was rebuilt with another specification since it was opened.
        """
        return self._file.snapshot()

    def languages(self) -> tuple[Language, ...]:
        """Return the languages that there are passages in."""
        known: tuple[Language, ...] = ("zh", "en")
        asked = "SELECT EXISTS (SELECT 1 FROM passages WHERE language = ?)"
        with self._file.reading() as (connection, _):
            return tuple(one for one in known if connection.execute(asked, (one,)).fetchone()[0])

    def put(
        self,
        document: DocumentRecord,
        passages: Sequence[Passage],
        passage_vectors: npt.NDArray[np.floating],
        sentence_vectors: Sequence[npt.NDArray[np.floating]],
        tokens: Sequence[Sequence[str]],
    ) -> bool:
        """Store a document unless one with its id is there; the parts are those of `Entry`.

        Returns:
            Whether it was stored.

        Raises:
            ValueError: The parts do not belong together.
        """
        return self.put_all([Entry(document, passages, passage_vectors, sentence_vectors, tokens)])[0]

    def replace(
        self,
        document: DocumentRecord,
        passages: Sequence[Passage],
        passage_vectors: npt.NDArray[np.floating],
        sentence_vectors: Sequence[npt.NDArray[np.floating]],
        tokens: Sequence[Sequence[str]],
    ) -> None:
        """Store a document in place of the one with its id, if there is one."""
        self.put_all([Entry(document, passages, passage_vectors, sentence_vectors, tokens)], replacing=[document.id])

    def put_all(self, entries: Sequence[Entry], *, replacing: Collection[str] | Decide = ()) -> list[bool]:
        """Store documents in one transaction.

        Args:
            entries: What to store; an entry whose document id is there is left alone.
            replacing: Ids of documents to delete first, in the same transaction; or what decides within it, when no
                other process can change anything, which of the entries are stored and what gives way to them.

        Returns:
            For each entry whether it was stored.

        Raises:
            ValueError: The parts of an entry do not belong together, or a passage's id is taken.
        """
        for entry in entries:
            rows.validate(entry, self.spec.dimension)
        stored = []
        self._wrote = True
        with self._file.writing() as connection:
            wanted, given_up = decided(entries, replacing, CurrentRows(connection))
            removed = rows.remove(connection, given_up) if given_up else 0
            for entry in entries:
                if entry.document.id not in wanted:
                    stored.append(False)
                    continue
                known = connection.execute("SELECT 1 FROM documents WHERE id = ?", (entry.document.id,)).fetchone()
                if known is None:
                    try:
                        rows.insert(connection, entry, self.spec.dimension)
                    except sqlite3.IntegrityError as error:
                        raise ValueError(f"document {entry.document.id} cannot be stored: {error}") from error
                stored.append(known is None)
            if removed:
                rows.forget_terms(connection)
        if removed:
            self._scrub()
        return stored

    def delete(self, ids: Collection[str]) -> int:
        """Delete documents in one transaction; neither their words nor their vectors stay in the file.

        Args:
            ids: Document ids; those that are not there are ignored.

        Returns:
            How many were deleted.
        """
        with self._file.writing() as connection:
            removed = rows.remove(connection, ids)
            if removed:
                rows.forget_terms(connection)
        if removed:
            self._scrub()
        return removed

    def documents(self) -> list[DocumentRecord]:
        """Return every document, in the order in which they were stored."""
        with self._file.reading() as (connection, _):
            return rows.select_documents(connection)

    def catalog(self) -> list[DocumentEntry]:
        """Return what is known of every document without its text, in the order in which they were stored."""
        with self._file.reading() as (connection, _):
            return rows.select_entries(connection)

    def document(self, document_id: str) -> DocumentRecord:
        """Return one document.

        Raises:
            DocumentUnknown: There is none with this id.
        """
        with self._file.reading() as (connection, _):
            found = rows.select_documents(connection, [document_id])
        if not found:
            raise DocumentUnknown(f"No document has the id {document_id}.", hint="`wenju list` lists them.")
        return found[0]

    def known(self, ids: Collection[str]) -> set[str]:
        """Return which of these are ids of stored documents."""
        with self._file.reading() as (connection, _):
            return {row[0] for row in connection.execute(f"SELECT id FROM documents WHERE id {AMONG}", (bound(ids),))}

    def of_sources(self, sources: Collection[str]) -> list[str]:
        """Return the ids of the documents that come from these sources, in the order in which they were stored."""
        with self._file.reading() as (connection, _):
            return rows.of_sources(connection, sources)

    def passages(self, ids: Sequence[str], *, sentences: bool = True) -> list[Passage]:
        """Return passages, with their sentences or without, in the order of `ids`; an unknown id is left out."""
        with self._file.reading() as (connection, _):
            return rows.select_passages(connection, ids, sentences=sentences)

    def propose(
        self,
        queries: Sequence[npt.NDArray[np.floating]],
        tokens: Sequence[str],
        k: int,
        document_ids: Collection[str] | None = None,
    ) -> dict[str, tuple[str, ...]]:
        """Return the ids of passages that may hold an answer, with the names of the legs that found them.

        Args:
            queries: Vectors of shape (dimension,); the `k` nearest passages of each are proposed.
            tokens: As for `lexical`, whose `k` best are proposed as well.
            k: How many each leg proposes at most.
            document_ids: Only passages of these documents, or None for all.
        """
        found: dict[str, tuple[str, ...]] = {}
        near = [passage_id for query in queries for passage_id, _ in self.dense(query, k, document_ids)]
        for leg, ids in (("dense", near), ("lexical", [held for held, _ in self.lexical(tokens, k, document_ids)])):
            for passage_id in dict.fromkeys(ids):
                found[passage_id] = (*found.get(passage_id, ()), leg)
        return found

    def dense(
        self, query: npt.NDArray[np.floating], k: int, document_ids: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Find the passages whose vectors are nearest to a query's.

        Args:
            query: Shape (dimension,).
            k: How many at most.
            document_ids: Only passages of these documents, or None for all.

        Returns:
            Pairs of passage id and cosine, best first.

        Raises:
            IndexMismatch: The query has another dimension.
        """
        vector = rows.unit(np.asarray(query).reshape(1, -1), self.spec.dimension)
        with self._file.reading() as (connection, manifest):
            among = None
            if document_ids is not None:
                chosen = connection.execute(
                    f"SELECT rowid FROM passages WHERE document_id {AMONG}", (bound(document_ids),)
                )
                among = np.fromiter((row[0] for row in chosen), np.int64)
            with self._dense_lock:
                try:
                    self._dense.sync(connection, manifest.identity, manifest.generation)
                except ValueError as error:
                    raise schema.damaged(self.path, "a vector has the wrong length") from error
                nearest = self._dense.search(vector[0], k, among)
            return [
                (connection.execute("SELECT id FROM passages WHERE rowid = ?", (rowid,)).fetchone()[0], score)
                for rowid, score in nearest
            ]

    def lexical(
        self, tokens: Sequence[str], k: int, document_ids: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Find the passages that hold any of the tokens, by FTS5's BM25 (k1 = 1.2, b = 0.75).

        Args:
            tokens: As `knowledge.lexical` gives them; repeated ones count once.
            k: How many at most.
            document_ids: Only passages of these documents, or None for all.

        Returns:
            Pairs of passage id and BM25 score (higher is better), best first.
        """
        query = any_of(tokens)
        if not query or k < 1:
            return []
        # The plus keeps SQLite from running the match once for each rowid.
        condition = f"AND +rowid IN (SELECT rowid FROM passages WHERE document_id {AMONG})"
        filtered, values = ("", ()) if document_ids is None else (condition, (bound(document_ids),))
        with self._file.reading() as (connection, _):
            best = connection.execute(
                f"SELECT rowid, rank FROM passages_fts WHERE passages_fts MATCH ? {filtered} "
                "ORDER BY rank, rowid LIMIT ?",
                (query, *values, k),
            ).fetchall()
            return [
                (connection.execute("SELECT id FROM passages WHERE rowid = ?", (rowid,)).fetchone()[0], -rank)
                for rowid, rank in best
            ]

    def document_frequency(self, tokens: Collection[str]) -> dict[str, int]:
        """Return for each token how many passages hold it, 0 among them."""
        with self._file.reading() as (connection, _):
            frequency = {}
            for token in tokens:
                row = connection.execute(
                    "SELECT doc FROM passages_vocabulary WHERE term = ?", (to_term(token),)
                ).fetchone()
                frequency[token] = 0 if row is None else int(row[0])
            return frequency

    def outlines(self, ids: Collection[str]) -> dict[str, tuple[Language, Vectors, frozenset[str]]]:
        """Return for each passage its language, its unit vector of shape (dimension,) and its tokens.

        An id that is not there is left out.
        """
        with self._file.reading() as (connection, _):
            found = connection.execute(
                "SELECT passages.id, passages.language, passages.vector, passages_fts.tokens "
                "FROM json_each(?) AS wanted CROSS JOIN passages ON passages.id = wanted.value "
                "CROSS JOIN passages_fts ON passages_fts.rowid = passages.rowid",
                (bound(ids),),
            ).fetchall()
        vectors = self._vectors([row[2] for row in found])
        return {
            id_: (language, vector, frozenset(from_row(row)))
            for (id_, language, _, row), vector in zip(found, vectors, strict=True)
        }

    def average_length(self) -> float:
        """Return the mean number of tokens in a passage, 0.0 for an empty store."""
        with self._file.reading() as (connection, _):
            return float(connection.execute("SELECT avg(token_count) FROM passages").fetchone()[0] or 0.0)

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """Return the unit vectors of passages, shape (ids, dimension), in the order of `ids`.

        Raises:
            DocumentUnknown: An id is not there.
        """
        with self._file.reading() as (connection, _):
            found = dict(connection.execute(f"SELECT id, vector FROM passages WHERE id {AMONG}", (bound(ids),)))
        missing = next((passage_id for passage_id in ids if passage_id not in found), None)
        if missing is not None:
            raise DocumentUnknown(f"No passage has the id {missing}.", hint="Search again; it may have been deleted.")
        return self._vectors([found[passage_id] for passage_id in ids])

    def sentences(self, ids: Collection[str]) -> dict[str, tuple[tuple[Span, ...], Vectors, list[frozenset[str]]]]:
        """Return for each passage its sentences: spans, unit vectors of shape (sentences, dimension), and tokens.

        An id that is not there is left out.
        """
        with self._file.reading() as (connection, _):
            known = connection.execute(f"SELECT id FROM passages WHERE id {AMONG}", (bound(ids),))
            columns: dict[str, tuple[list[Span], list[bytes], list[frozenset[str]]]] = {
                passage_id: ([], [], []) for (passage_id,) in known
            }
            for passage_id, start, end, vector, row in rows.select_sentences(
                connection, ids, 'start, "end", vector, tokens'
            ):
                spans, vectors, tokens = columns[passage_id]
                spans.append(Span(start, end))
                vectors.append(vector)
                tokens.append(frozenset(from_row(row)))
        return {
            passage_id: (tuple(spans), self._vectors(vectors), tokens)
            for passage_id, (spans, vectors, tokens) in columns.items()
        }

    def sentence_states(self, ids: Collection[str]) -> dict[str, TokenStates]:
        """Return for each passage the token states of its sentences; an id that is not there is left out."""
        found: dict[str, list[bytes | None]] = {}
        with self._file.reading() as (connection, _):
            for passage_id, states in rows.select_sentences(connection, ids, "states"):
                found.setdefault(passage_id, []).append(states)
        return {id_: self._states(blobs) for id_, blobs in found.items()}

    def mean_state(self, language: Language, sample: int = 1000) -> Vectors | None:
        """Return the mean token state of the collection's sentences in a language, shape (dimension,).

        Args:
            language: The language.
            sample: How many sentences are looked at, evenly over the collection.

        Returns:
            None if the language has no stored states.
        """
        with self._file.reading() as (connection, _):
            last = int(connection.execute("SELECT max(rowid) FROM sentences").fetchone()[0] or 0)
            chosen = range(1, last + 1, max(1, last // sample))
            # By rowid, so that a large collection is not read whole.
            rows = connection.execute(
                "SELECT states FROM sentences JOIN passages ON passages.rowid = sentences.passage "
                f"WHERE language = ? AND states IS NOT NULL AND sentences.rowid {AMONG}",
                (language, json.dumps(list(chosen))),
            ).fetchall()
        states = states_of(self._states([blob for (blob,) in rows]))
        return states.mean(axis=0) if len(states) else None

    def check(self) -> list[str]:
        """Look at every row; return one sentence for each thing that is wrong, nothing if all is well.

        Raises:
            IndexDamaged: It is so wrong that it cannot be read to the end.
        """
        if self._file.readonly:
            with self._file.reading() as (connection, _):
                return problems(connection, self.spec.dimension, writable=False)
        with self._file.writing(commit=False) as connection:
            return problems(connection, self.spec.dimension, writable=True)

    def close(self) -> None:
        """Close the file; what is derived is saved beside it if that is worth it. Closing twice does nothing."""
        try:
            if not (self._file.closed or self._file.readonly):
                self._save_dense()
        finally:
            self._file.close()

    def _scrub(self) -> None:
        """Take deleted rows out of the journal and the derived file as well."""
        self._file.shrink()
        try:
            self._file.empty_journal()
        except DiskFull as error:
            raise DiskFull(
                f"The change of the index {self.path} is stored, but there is no room to clear its journal of what was "
                "deleted.",
                hint="Free some space and run `wenju list`: it clears the journal.",
            ) from error
        with self._dense_lock:
            self._dense.forget_file()

    def _save_dense(self) -> None:
        try:
            with self._file.reading() as (connection, manifest), self._dense_lock:
                large = (
                    self._wrote
                    and connection.execute("SELECT 1 FROM passages LIMIT 1 OFFSET ?", (ann.EXACT_UP_TO,)).fetchone()
                )
                if large:
                    self._dense.settle(connection, manifest.identity, manifest.generation)
                elif self._dense.loaded:
                    self._dense.sync(connection, manifest.identity, manifest.generation)
                self._dense.save()
        except (KnowledgeError, ValueError):
            # The file was rebuilt or damaged meanwhile: what we hold is not of it and must not be saved.
            self._dense.forget_file()

    def _states(self, blobs: Sequence[bytes | None]) -> TokenStates:
        try:
            return unpack(blobs, self.spec.dimension)
        except ValueError as error:
            raise schema.damaged(self.path, "a sentence's token states are cut off") from error

    def _vectors(self, blobs: Sequence[bytes]) -> Vectors:
        try:
            return from_blobs(blobs, self.spec.dimension)
        except ValueError as error:
            raise schema.damaged(self.path, "a vector has the wrong length") from error
