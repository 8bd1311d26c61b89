"""The dense index: nearest neighbours by cosine with FAISS, derived from the vectors in SQLite.

Up to `EXACT_UP_TO` passages every vector is compared. A larger collection gets an inverted file (IVF; Jégou et al.,
*Product Quantization for Nearest Neighbor Search*, 2011, without the quantization) when whoever wrote to it closes it:
vectors stand in lists around centres, and a search looks into the nearest lists, as many as find `WANTED_RECALL` of
the ten nearest passages of sentences of the collection. HNSW found no more in the same time, and FAISS cannot remove
from it.

Nothing here is a source of truth. The index follows the passages' rowids: whatever rowid it lacks is read from SQLite,
and whatever it has too many of is dropped. That is enough because rowids are never used twice and a row's vector never
changes. For large collections it is kept in a file beside the database (FAISS's own format behind a header with a
checksum, no pickle); a file that is damaged or of another build is ignored.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import uuid
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SAVE_FROM = 10_000
"""From this many passages on the file is worth it: 20,000 vectors come from it in 0.12 s, out of SQLite in 0.24 s."""

EXACT_UP_TO = 100_000
"""Comparing so many vectors takes some 7 ms on one core, and a search does it once for each language."""

WANTED_RECALL = 0.985
"""A little more than the .98 that is promised."""

SHAKEN = 0.5
"""Length of the random vector that is added to a sentence's, so that it is no nearer to its neighbours than a question:
with it sentences want as many lists as questions or more."""

SAMPLED = 200
"""How many sentences of the collection stand in for questions."""

Vectors = npt.NDArray[np.float32]
Rowids = npt.NDArray[np.int64]

_log = logging.getLogger(__name__)


def from_blobs(blobs: Iterable[bytes], dimension: int) -> Vectors:
    """Read vectors stored as little-endian float32.

    Returns:
        An array of shape (number of blobs, dimension).

    Raises:
        ValueError: The bytes are not whole vectors of this dimension.
    """
    return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(-1, dimension).astype(np.float32, copy=False)


class DenseIndex:
    """FAISS ``IndexFlatIP`` or ``IndexIVFFlat`` over unit vectors, by rowid. The store calls it under its lock.

    Args:
        dimension: Length of the vectors.
        file: Where the derived file is kept, or None to keep it in memory only.
    """

    def __init__(self, dimension: int, file: Path | None) -> None:
        self.dimension = dimension
        self.file = file
        self._index: Any = None
        self._identity = ""
        self._generation = -1
        self._saved = True
        self._recall = 1.0
        self._trained = 0

    @property
    def recall(self) -> float:
        """Share of the ten nearest passages that a search finds, measured when the index was made; 1.0 if exact."""
        return self._recall

    @property
    def loaded(self) -> bool:
        """Whether anything was searched yet."""
        return self._index is not None

    def sync(self, connection: sqlite3.Connection, identity: str, generation: int) -> None:
        """Bring the index to what the database holds in the connection's current transaction.

        Args:
            connection: Within a read transaction.
            identity: The manifest's identity: which build the rowids belong to.
            generation: The manifest's generation: nothing is done if the index stands at it.

        Raises:
            ValueError: A stored vector has the wrong length.
        """
        if (identity, generation) == (self._identity, self._generation):
            return

        if self._index is None or identity != self._identity:
            self._trained, self._recall = 0, 1.0
            self._index = self._load(identity) or compared_whole(self.dimension)
        stored: Rowids = np.fromiter((row[0] for row in connection.execute("SELECT rowid FROM passages")), np.int64)
        present = _rowids(self._index)
        gone, new = np.setdiff1d(present, stored), np.setdiff1d(stored, present)
        if gone.size:
            self._index.remove_ids(gone)
        if new.size:
            rows = connection.execute(
                "SELECT rowid, vector FROM passages WHERE rowid >= ? ORDER BY rowid", (int(new[0]),)
            ).fetchall()
            wanted = set(new.tolist())
            rows = [row for row in rows if row[0] in wanted]
            self._index.add_with_ids(
                from_blobs((row[1] for row in rows), self.dimension), np.array([row[0] for row in rows], np.int64)
            )
        self._saved = self._saved and not (gone.size or new.size)
        self._identity, self._generation = identity, generation

    def settle(self, connection: sqlite3.Connection, identity: str, generation: int) -> None:
        """Bring the index up to date as `sync` does, and make it an inverted file if it is large.

        It is made anew when it has grown to twice what its centres were chosen for.
        """
        self.sync(connection, identity, generation)
        total = int(self._index.ntotal)
        if total <= max(EXACT_UP_TO, 2 * self._trained):
            return
        if self._trained:
            self._index, self._generation, self._trained = None, -1, 0
            self.forget_file()
            self.sync(connection, identity, generation)
        self._index, self._recall = inverted(self._index, _sentence_vectors(connection, self.dimension))
        self._trained, self._saved = total, False

    def search(self, query: Vectors, k: int, rowids: Rowids | None = None) -> list[tuple[int, float]]:
        """Find the nearest passages.

        Args:
            query: A unit vector of shape (dimension,).
            k: How many at most.
            rowids: Only among these, or None for all.

        Returns:
            Pairs of rowid and cosine, best first; the lower rowid first where they are equal.
        """
        total = 0 if self._index is None else int(self._index.ntotal)
        k = min(k, total if rowids is None else len(rowids), total)
        if k < 1:
            return []
        import faiss

        # FAISS keeps a bare pointer to the selector, so it has to stay alive here.
        selector = None if rowids is None else faiss.IDSelectorBatch(rowids)
        parameters: Any = None
        if selector is not None and self._trained:
            # Among a few passages every list is looked into: the nearest lists may hold none of them.
            parameters = faiss.SearchParametersIVF()
            parameters.nprobe = self._index.nlist
        elif selector is not None:
            parameters = faiss.SearchParameters()
        if parameters is not None:
            parameters.sel = selector
        scores, found = nearest(self._index, query, k, parameters)
        # Rounding takes the product of two unit vectors a little over 1.
        cosines = np.clip(scores, -1.0, 1.0).tolist()
        pairs = [(rowid, cosine) for rowid, cosine in zip(found.tolist(), cosines, strict=True) if rowid >= 0]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def save(self) -> None:
        """Write the derived file if it is worth it and not there yet; a failure costs nothing but time later."""
        if self.file is None or self._saved or self._index is None or self._index.ntotal < SAVE_FROM:
            return
        import faiss

        body = faiss.serialize_index(self._index).tobytes()
        about = {"identity": self._identity, "recall": self._recall, "trained": self._trained}
        header = json.dumps({**about, "crc32": zlib.crc32(body)}).encode() + b"\n"
        draft = self.file.with_name(f".{self.file.name}.{uuid.uuid4().hex}.new")
        try:
            with draft.open("wb") as stream:
                stream.write(header)
                stream.write(body)
            os.replace(draft, self.file)
            self._saved = True
        except OSError as error:
            _log.warning("The dense index was not saved to %s: %s", self.file, error)
        finally:
            draft.unlink(missing_ok=True)

    def forget_file(self) -> None:
        """Remove the derived file, which holds the vectors of passages that were deleted."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)
        self._saved = False

    def _load(self, identity: str) -> Any:
        """Return the saved index if it is sound and of this build, else None."""
        if self.file is None:
            return None
        try:
            with self.file.open("rb") as stream:
                header = json.loads(stream.readline(4096))
                body = stream.read()
        except (OSError, ValueError):
            # Not there, or not ours; it is derived, so that is no error.
            return None
        sound = {"identity": identity, "crc32": zlib.crc32(body)}
        if not isinstance(header, dict) or {key: header.get(key) for key in sound} != sound:
            return None
        import faiss

        try:
            index = faiss.deserialize_index(np.frombuffer(body, dtype=np.uint8))
        except RuntimeError as error:
            _log.warning("The dense index in %s cannot be read and is rebuilt: %s", self.file, error)
            return None
        if index.d != self.dimension:
            return None
        self._saved = True
        self._recall, self._trained = float(header.get("recall", 1.0)), int(header.get("trained", 0))
        return index


def compared_whole(dimension: int) -> Any:
    """Return an empty index that compares every vector, by rowid."""
    import faiss

    return faiss.IndexIDMap(faiss.IndexFlatIP(dimension))


def nearest(index: Any, query: Vectors, k: int, parameters: Any = None) -> tuple[Vectors, Rowids]:
    """Search an index for one query, shape (dimension,); return scores and rowids, best first."""
    import faiss

    # For one query more threads only wait for each other: on two busy cores a search took 8 ms instead of 0.01.
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        scores, found = index.search(query.reshape(1, -1), k, params=parameters)
    finally:
        faiss.omp_set_num_threads(threads)
    return scores[0], found[0]


def inverted(exact: Any, queries: Vectors) -> tuple[Any, float]:
    """Make an inverted file of an exact index.

    Args:
        exact: An ``IndexIDMap`` over an ``IndexFlatIP``.
        queries: Vectors of sentences, which stand in for questions, unit rows, shape (queries, dimension).

    Returns:
        The index, set to look into as many lists as `WANTED_RECALL` takes, and the recall among the ten nearest.
    """
    import faiss

    flat: Any = faiss.downcast_index(exact.index)
    rowids = _rowids(exact)
    vectors = faiss.rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d).reshape(flat.ntotal, flat.d)
    lists = int(4 * flat.ntotal**0.5)
    made = faiss.IndexIVFFlat(faiss.IndexFlatIP(flat.d), flat.d, lists, faiss.METRIC_INNER_PRODUCT)
    made.cp.niter = 10
    chosen = np.random.default_rng(0).permutation(flat.ntotal)[: 40 * lists]
    made.train(vectors[np.sort(chosen)])
    made.add_with_ids(vectors, rowids)
    chance = np.random.default_rng(1)
    shaken = queries + chance.normal(0, SHAKEN / flat.d**0.5, queries.shape)
    queries = np.asarray(shaken / np.linalg.norm(shaken, axis=1, keepdims=True), np.float32)
    _, wanted = exact.search(queries, 10)
    made.nprobe, recall = 8, 0.0
    while True:
        _, found = made.search(queries, 10)
        pairs = zip(found.tolist(), wanted.tolist(), strict=True)
        recall = float(np.mean([len(set(own) & set(best)) / len(best) for own, best in pairs]))
        if recall >= WANTED_RECALL or made.nprobe >= lists:
            return made, recall
        made.nprobe = min(lists, made.nprobe * 3 // 2)


def _rowids(index: Any) -> Rowids:
    """Return the rowids of an index's vectors."""
    import faiss

    if not isinstance(index, faiss.IndexIVF):
        return np.asarray(faiss.vector_to_array(index.id_map), np.int64)
    held: Any = index.invlists
    sizes = [(at, held.list_size(at)) for at in range(index.nlist)]
    ids = [faiss.rev_swig_ptr(held.get_ids(at), size).copy() for at, size in sizes if size]
    return np.asarray(np.concatenate(ids) if ids else [], np.int64)


def _sentence_vectors(connection: sqlite3.Connection, dimension: int) -> Vectors:
    """Return the vectors of `SAMPLED` sentences, evenly over the collection; at least one."""
    last = int(connection.execute("SELECT max(rowid) FROM sentences").fetchone()[0] or 0)
    chosen = json.dumps(list(range(1, last + 1, max(1, last // SAMPLED))))
    asked = "SELECT vector FROM sentences WHERE rowid IN (SELECT value FROM json_each(?))"
    found = from_blobs((row[0] for row in connection.execute(asked, (chosen,))), dimension)
    return found if len(found) else from_blobs(
        (row[0] for row in connection.execute("SELECT vector FROM passages LIMIT ?", (SAMPLED,))), dimension
    )  # fmt: skip
