"""Whether an index file holds together: every span, vector, token row and digest, said in words where it does not."""

from __future__ import annotations

import sqlite3
from itertools import groupby
from operator import itemgetter

import numpy as np

from knowledge.ann import from_blobs
from knowledge.rows import digest
from knowledge.terms import from_row


def problems(connection: sqlite3.Connection, dimension: int, *, writable: bool) -> list[str]:
    """Look at every row of the index; slow for a large one.

    Args:
        connection: The file.
        dimension: Length that the vectors should have.
        writable: Whether the connection may write: SQLite's own check of the full-text index counts as a write.

    Returns:
        One sentence for each thing that is wrong; empty if all is well.
    """
    found = [f"SQLite: {row[0]}." for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    found += [
        f"A row of {row[0]} refers to nothing in {row[2]}." for row in connection.execute("PRAGMA foreign_key_check")
    ]
    try:
        if writable:
            connection.execute("INSERT INTO passages_fts (passages_fts) VALUES ('integrity-check')")
    except sqlite3.DatabaseError as error:
        found.append(f"The full-text index does not match its rows: {error}.")
    return found + _documents(connection) + _tokens(connection) + _vectors(connection, dimension)


def _documents(connection: sqlite3.Connection) -> list[str]:
    found = []
    for document_id, text, kept in connection.execute("SELECT id, text, digest FROM documents"):
        if digest(text) != kept:
            found.append(f"The text of document {document_id} is not what was stored.")
        last = 0
        rows = connection.execute(
            'SELECT id, start, "end", digest, rowid FROM passages WHERE document_id = ? ORDER BY ordinal',
            (document_id,),
        ).fetchall()
        for passage_id, start, end, kept_passage, rowid in rows:
            if not 0 <= start <= end <= len(text):
                found.append(f"Passage {passage_id} lies outside its document.")
            elif digest(text[start:end]) != kept_passage:
                found.append(f"Passage {passage_id} does not slice the words it was stored with.")
            if start < last:
                found.append(f"Passage {passage_id} overlaps the one before it.")
            last = end
            edge = start
            spans = connection.execute(
                'SELECT start, "end" FROM sentences WHERE passage = ? ORDER BY ordinal', (rowid,)
            )
            for first, past in spans:
                if not edge <= first < past <= end:
                    found.append(f"A sentence of passage {passage_id} is out of order or outside it.")
                edge = past
    return found


def _tokens(connection: sqlite3.Connection) -> list[str]:
    found = []
    rows = connection.execute(
        "SELECT passages.id, token_count, passages_fts.tokens FROM passages "
        "LEFT JOIN passages_fts ON passages_fts.rowid = passages.rowid"
    )
    passages = 0
    for passage_id, count, row in rows:
        passages += 1
        if row is None:
            found.append(f"Passage {passage_id} has no full-text row.")
        elif len(from_row(row)) != count:
            found.append(f"Passage {passage_id} has {len(from_row(row))} tokens in full text; {count} were stored.")
    texts = connection.execute("SELECT count(*) FROM passages_fts").fetchone()[0]
    if texts > passages:
        found.append(f"There are {texts} full-text rows for {passages} passages.")
    return found


def _vectors(connection: sqlite3.Connection, dimension: int) -> list[str]:
    found = []
    rows = connection.execute(
        "SELECT id, 'passage', vector FROM passages UNION ALL SELECT passages.id, 'sentence', sentences.vector "
        "FROM sentences JOIN passages ON passages.rowid = sentences.passage"
    )
    for (passage_id, kind), group in groupby(rows, key=itemgetter(0, 1)):
        for _, _, blob in group:
            if not isinstance(blob, bytes) or len(blob) != 4 * dimension:
                found.append(f"A {kind} vector of passage {passage_id} has the wrong length.")
                continue
            norm = float(np.linalg.norm(from_blobs([blob], dimension)))
            if not (norm == 0.0 or abs(norm - 1.0) < 1e-3):
                found.append(f"A {kind} vector of passage {passage_id} is not of unit length.")
    # A token's state is one scale of four bytes and a byte for each dimension (`knowledge.late`).
    cut = connection.execute(
        "SELECT DISTINCT passages.id FROM sentences JOIN passages ON passages.rowid = sentences.passage "
        "WHERE length(states) % ? != 0",
        (4 + dimension,),
    )
    found += [f"Token states of passage {passage_id} are cut off." for (passage_id,) in cut]
    return found
