"""What is written for a document and read back: the rows of an index file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from knowledge.ann import Vectors
from knowledge.errors import IndexMismatch
from knowledge.lexical import index_tokens
from knowledge.terms import to_row
from knowledge.types import DocumentEntry, DocumentRecord, Language, Passage, Span

AMONG = "IN (SELECT value FROM json_each(?))"
"""A condition on any number of values; bind `bound` of them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with all that is derived from it, ready to be stored.

    Attributes:
        document: The document; ``added_at`` is filled in when it is "", ``passages`` is ignored.
        passages: Its passages, in order.
        passage_vectors: Shape (passages, dimension); stored at unit length.
        sentence_vectors: For each passage an array of shape (its sentences, dimension).
        tokens: For each passage the tokens that full-text search finds it by.
        states: For each passage and each of its sentences the packed token states (`knowledge.late.pack`), or None.
    """

    document: DocumentRecord
    passages: Sequence[Passage]
    passage_vectors: npt.NDArray[np.floating]
    sentence_vectors: Sequence[npt.NDArray[np.floating]]
    tokens: Sequence[Sequence[str]]
    states: Sequence[Sequence[bytes]] | None = None


def bound(values: Collection[str]) -> str:
    """Return the value that `AMONG` takes."""
    return json.dumps(list(values))


def unit(vectors: npt.ArrayLike, dimension: int) -> Vectors:
    """Scale the rows of a matrix to length 1; a zero row stays zero.

    Raises:
        IndexMismatch: The vectors are not of this dimension.
        ValueError: A number is not finite.
    """
    matrix = np.asarray(vectors, dtype=np.float32)
    if matrix.size == 0:
        return np.zeros((0, dimension), dtype=np.float32)
    if matrix.ndim != 2 or matrix.shape[1] != dimension:
        raise IndexMismatch(
            f"A vector has the shape {matrix.shape[1:]}; the index holds vectors of {dimension} numbers.",
            hint="Use the embedding model that the index was built with, or run `wenju index --rebuild`.",
        )
    if not np.isfinite(matrix).all():
        raise ValueError("a vector holds a number that is not finite")
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    scaled: Vectors = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    return scaled


def digest(text: str) -> bytes:
    """Return 8 bytes that tell whether stored text is still what was stored."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def validate(entry: Entry, dimension: int) -> None:
    """Refuse an entry whose parts do not belong together.

    Raises:
        ValueError: Counts differ, or a span does not slice its text.
    """
    text, count = entry.document.text, len(entry.passages)
    counts = (len(entry.passage_vectors), len(entry.sentence_vectors), len(entry.tokens))
    if counts != (count, count, count):
        raise ValueError(f"{count} passages came with {counts} passage vectors, sentence vectors and token lists")
    for passage, vectors in zip(entry.passages, entry.sentence_vectors, strict=True):
        if passage.document_id != entry.document.id:
            raise ValueError(f"passage {passage.id} is of document {passage.document_id}, not {entry.document.id}")
        if not 0 <= passage.start <= passage.end <= len(text) or text[passage.start : passage.end] != passage.text:
            raise ValueError(f"passage {passage.id} is not what its span cuts out of the document")
        if len(passage.sentences) != len(vectors):
            raise ValueError(f"passage {passage.id} has {len(passage.sentences)} sentences, {len(vectors)} vectors")
        if entry.states is not None and [len(own) for own in entry.states] != [
            len(own) for own in entry.sentence_vectors
        ]:
            raise ValueError("there are not as many packed token states as sentence vectors")
        if any(not passage.start <= span.start < span.end <= passage.end for span in passage.sentences):
            raise ValueError(f"a sentence of passage {passage.id} lies outside it")


def insert(connection: sqlite3.Connection, entry: Entry, dimension: int) -> None:
    """Write a document and all that is derived from it; the caller holds the transaction and has validated it."""
    document = entry.document
    connection.execute(
        "INSERT INTO documents (id, title, source, language, metadata, added_at, digest, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document.id,
            document.title,
            document.source,
            document.language,
            json.dumps(document.metadata, ensure_ascii=False),
            document.added_at or datetime.now(UTC).isoformat(timespec="seconds"),
            digest(document.text),
            document.text,
        ),
    )
    passage_vectors = unit(entry.passage_vectors, dimension)
    for ordinal, passage in enumerate(entry.passages):
        tokens = [token for token in entry.tokens[ordinal] if token]
        cursor = connection.execute(
            'INSERT INTO passages (id, document_id, ordinal, start, "end", heading, language, token_count, digest, '
            "vector) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                passage.id,
                document.id,
                ordinal,
                passage.start,
                passage.end,
                passage.heading,
                passage.language,
                len(tokens),
                digest(passage.text),
                passage_vectors[ordinal].astype("<f4").tobytes(),
            ),
        )
        rowid = cursor.lastrowid
        connection.execute("INSERT INTO passages_fts (rowid, tokens) VALUES (?, ?)", (rowid, to_row(tokens)))
        vectors = unit(entry.sentence_vectors[ordinal], dimension).astype("<f4")
        all_states = [None] * len(vectors) if entry.states is None else entry.states[ordinal]
        connection.executemany(
            'INSERT INTO sentences (passage, ordinal, start, "end", tokens, vector, states) '
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    rowid,
                    number,
                    span.start,
                    span.end,
                    to_row(sorted(set(index_tokens(span.of(document.text))))),
                    vectors[number].tobytes(),
                    states,
                )
                for number, (span, states) in enumerate(zip(passage.sentences, all_states, strict=True))
            ),
        )


def remove(connection: sqlite3.Connection, ids: Collection[str]) -> int:
    """Delete documents and all that is derived from them; return how many there were."""
    connection.execute(
        f"DELETE FROM passages_fts WHERE rowid IN (SELECT rowid FROM passages WHERE document_id {AMONG})", (bound(ids),)
    )
    return connection.execute(f"DELETE FROM documents WHERE id {AMONG}", (bound(ids),)).rowcount


LONGEST_STRUCTURE = 1000
"""Bytes of what FTS5 keeps of its own levels from which its index is made anew: some 500 levels."""


def forget_terms(connection: sqlite3.Connection) -> None:
    """Merge the full-text index into one piece: only then are the terms of deleted passages gone from it.

    Each time FTS5 puts that piece some levels higher and keeps the empty ones below; beyond 2,000 of them, some 1,000
    removals, it takes its own index for damaged. Made anew, which costs little more, it begins at the first level.
    """
    # Row 10 holds the structure: https://www.sqlite.org/src/file/ext/fts5/fts5_index.c, FTS5_STRUCTURE_ROWID.
    (size,) = connection.execute("SELECT length(block) FROM passages_fts_data WHERE id = 10").fetchone()
    command = "rebuild" if size > LONGEST_STRUCTURE else "optimize"
    connection.execute("INSERT INTO passages_fts (passages_fts) VALUES (?)", (command,))


def select_documents(connection: sqlite3.Connection, ids: Collection[str] | None = None) -> list[DocumentRecord]:
    """Read documents, in the order in which they were stored."""
    condition, values = ("", ()) if ids is None else (f"WHERE id {AMONG}", (bound(ids),))
    rows = connection.execute(
        "SELECT id, title, source, language, text, metadata, added_at, "
        "(SELECT count(*) FROM passages WHERE passages.document_id = documents.id) "
        f"FROM documents {condition} ORDER BY number",
        values,
    )
    return [
        DocumentRecord(
            id=row[0],
            title=row[1],
            source=row[2],
            language=_language(row[3]),
            text=row[4],
            metadata=json.loads(row[5]),
            added_at=row[6],
            passages=row[7],
        )
        for row in rows
    ]


def select_entries(connection: sqlite3.Connection) -> list[DocumentEntry]:
    """Read what is known of the documents, without their texts, in the order in which they were stored."""
    found = connection.execute("SELECT id, title, source, metadata FROM documents ORDER BY number")
    return [DocumentEntry(row[0], row[1], row[2], json.loads(row[3])) for row in found]


def of_sources(connection: sqlite3.Connection, sources: Collection[str]) -> list[str]:
    """Read the ids of the documents that come from these sources, in the order in which they were stored."""
    found = connection.execute(f"SELECT id FROM documents WHERE source {AMONG} ORDER BY number", (bound(sources),))
    return [row[0] for row in found]


def select_passages(connection: sqlite3.Connection, ids: Sequence[str], *, sentences: bool = True) -> list[Passage]:
    """Read passages in the order of `ids`, sliced out of their documents; ids that are not there are left out.

    Args:
        connection: Within a transaction.
        ids: Passage ids.
        sentences: Whether to read where their sentences stand as well.
    """
    texts = dict(
        connection.execute(
            f"SELECT id, text FROM documents WHERE id IN (SELECT document_id FROM passages WHERE id {AMONG})",
            (bound(ids),),
        )
    )
    found = {}
    rows = connection.execute(
        f'SELECT id, document_id, start, "end", heading, language FROM passages WHERE id {AMONG}', (bound(ids),)
    ).fetchall()
    spans: dict[str, list[Span]] = {row[0]: [] for row in rows}
    for passage_id, start, end in select_sentences(connection, list(spans) if sentences else [], 'start, "end"'):
        spans[passage_id].append(Span(start, end))
    for passage_id, document_id, start, end, heading, language in rows:
        found[passage_id] = Passage(
            id=passage_id,
            document_id=document_id,
            start=start,
            end=end,
            text=texts[document_id][start:end],
            heading=heading,
            language=_language(language),
            sentences=tuple(spans[passage_id]),
        )
    return [found[passage_id] for passage_id in ids if passage_id in found]


def select_sentences(connection: sqlite3.Connection, ids: Collection[str], columns: str) -> list[tuple[Any, ...]]:
    """Read columns of the sentences of passages: the passage's id, then the columns, in the sentences' order."""
    # Cross joins keep the passages outside: with a condition SQLite reads the sentences of all passages in order.
    found = connection.execute(
        "SELECT passages.id, sentences.ordinal, "
        f"{', '.join(f'sentences.{column}' for column in columns.split(', '))} FROM json_each(?) AS wanted "
        "CROSS JOIN passages ON passages.id = wanted.value CROSS JOIN sentences ON sentences.passage = passages.rowid",
        (bound(ids),),
    )
    return [(row[0], *row[2:]) for row in sorted(found, key=lambda row: row[:2])]


def _language(name: str) -> Language:
    return cast(Language, name)
