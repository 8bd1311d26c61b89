"""An index file that is open: who may read and write it when.

One connection reads and another writes, each under a lock, so that a search never waits for a write; in WAL mode SQLite
gives each reader the state of one moment. What takes several readings, as a question does, has a connection of its own
meanwhile (`IndexFile.snapshot`). Other processes may read and write the same file.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from knowledge import rows, schema
from knowledge.draft import sweep
from knowledge.errors import DiskFull, IndexBusy, IndexDamaged, IndexMismatch, IndexMissing, KnowledgeError
from knowledge.schema import Manifest
from knowledge.types import DocumentRecord, IndexSpec

SHRINK_FROM = 0.25
"""Share of a file's pages that hold nothing from which it is made smaller."""

OnBusy = Callable[[], None]
"""Told that another process is writing and that it is tried again."""

MOST_WAITS = 12
"""How often it is tried to begin to write, each time for as long as the file waits, where there is whom to tell."""

MOST_IDLE = 4
"""Connections for snapshots that are kept open for the next ones."""

PAGES_AT_ONCE = 1000
"""Pages that are copied in one step when an index is put in place of another."""


class IndexFile:
    """The connections to one index file. Use `create` or `open`.

    Attributes:
        path: The file.
        spec: What it was built with.
        readonly: Whether writing is refused.
        closed: Whether `close` was called.
    """

    def __init__(
        self,
        path: Path,
        spec: IndexSpec,
        reader: sqlite3.Connection,
        *,
        readonly: bool,
        busy_seconds: float,
        on_busy: OnBusy | None = None,
    ) -> None:
        self.path = path
        self.spec = spec
        self.readonly = readonly
        self.closed = False
        self._busy_seconds = busy_seconds
        self._on_busy = on_busy
        self._reader = reader
        self._writer: sqlite3.Connection | None = None
        self._read_lock = threading.RLock()
        self._write_lock = threading.RLock()
        self._own = threading.local()
        self._idle: list[sqlite3.Connection] = []

    @classmethod
    def create(cls, path: Path, spec: IndexSpec, *, busy_seconds: float, on_busy: OnBusy | None = None) -> IndexFile:
        """Make a new file, or open the one that is there; the errors are those of `open`."""
        with schema.explained(path):
            schema.create_file(path, spec)
        return cls.open(path, spec, readonly=False, busy_seconds=busy_seconds, on_busy=on_busy)

    @classmethod
    def open(
        cls,
        path: Path,
        spec: IndexSpec | None,
        *,
        readonly: bool,
        busy_seconds: float,
        on_busy: OnBusy | None = None,
    ) -> IndexFile:
        """Open a file and look whether it is sound.

        Raises:
            IndexMissing: There is no file.
            IndexMismatch: It was built with something else than `spec`.
            IndexOutdated: An older version of Wenju made it.
            IndexDamaged: It is not a sound index.
        """
        if not path.is_file():
            raise IndexMissing(f"There is no index at {path}.", hint="Run `wenju index` to build it.")
        size = path.stat().st_size
        if size == 0:
            raise schema.damaged(path, "it is empty")
        if not readonly:
            sweep(path)
        with schema.explained(path):
            reader = schema.connect(path, readonly=readonly, busy_seconds=busy_seconds)
            try:
                manifest = schema.read_manifest(reader, path)
                if size <= schema.QUICK_CHECK_BYTES:
                    verdict = reader.execute("PRAGMA quick_check(1)").fetchone()[0]
                    if verdict != "ok":
                        raise schema.damaged(path, " ".join(verdict.split()))
                if spec is not None:
                    _require(path, manifest.spec, spec)
                reader.execute("PRAGMA query_only = ON")
            except BaseException:
                reader.close()
                raise
        return cls(path, manifest.spec, reader, readonly=readonly, busy_seconds=busy_seconds, on_busy=on_busy)

    @contextmanager
    def reading(self) -> Iterator[tuple[sqlite3.Connection, Manifest]]:
        """Give a connection that sees one state of the file, and the manifest of that state.

        Raises:
            IndexMismatch: The file was rebuilt with another specification since it was opened.
        """
        own: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if own is not None:
            with schema.explained(self.path):
                yield own, self._manifest(own)
            return
        with self._read_lock, schema.explained(self.path):
            self._reader.execute("BEGIN")
            try:
                yield self._reader, self._manifest(self._reader)
            finally:
                if self._reader.in_transaction:
                    self._reader.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let everything that this thread reads meanwhile be of one state of the file; other threads need not wait.

        Within another snapshot of the same thread it is that one.
        """
        if getattr(self._own, "connection", None) is not None:
            yield
            return
        with schema.explained(self.path):
            connection = self._borrowed()
            try:
                connection.execute("BEGIN")
                self._manifest(connection)  # only a first reading fixes the state
                self._own.connection = connection
                yield
            finally:
                self._own.connection = None
                self._give_back(connection)

    def _borrowed(self) -> sqlite3.Connection:
        with suppress(IndexError):
            return self._idle.pop()
        connection = schema.connect(self.path, readonly=self.readonly, busy_seconds=self._busy_seconds)
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        self._idle.append(connection)
        if self.closed or len(self._idle) > MOST_IDLE:
            self._idle.pop().close()

    @contextmanager
    def writing(self, *, commit: bool = True) -> Iterator[sqlite3.Connection]:
        """Give a connection within one transaction; the generation goes up if anything changed.

        Args:
            commit: False takes back at the end whatever was done.

        Raises:
            IndexBusy: Another process is writing.
            IndexMismatch: The file was rebuilt with another specification since it was opened.
            KnowledgeError: It was opened for reading only.
        """
        with self._write_lock, schema.explained(self.path):
            connection = self._writing_connection()
            self._begin(connection)
            try:
                self._manifest(connection)
                before = connection.total_changes
                yield connection
                if commit and connection.total_changes != before:
                    connection.execute("UPDATE manifest SET generation = generation + 1")
                connection.execute("COMMIT" if commit else "ROLLBACK")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Begin to write when no other process does; while one does, say so and wait on, if there is whom to tell."""
        for waited in range(1, MOST_WAITS + 1):
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or self._on_busy is None or waited == MOST_WAITS:
                    raise
                self._on_busy()

    def empty_journal(self) -> None:
        """Move the journal's pages into the file and cut it to nothing, so that deleted words are not in it either.

        A reader in another process that is in the middle of something keeps it as it is; then a later checkpoint does.
        """
        with self._write_lock, schema.explained(self.path):
            self._writing_connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def shrink(self) -> None:
        """Give the room of deleted pages back to the disk if they are a good part of the file.

        Another process that is writing, or a disk without room for a second copy, keeps the file as large as it is.
        """
        with self._write_lock, suppress(IndexBusy, DiskFull), schema.explained(self.path):
            connection = self._writing_connection()
            free, pages = (
                connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count")
            )
            if free > SHRINK_FROM * pages:
                connection.execute("VACUUM")

    def close(self) -> None:
        """Close the connections; closing twice does nothing."""
        with self._write_lock, self._read_lock:
            self.closed = True
            for connection in (self._reader, self._writer, *self._idle):
                if connection is not None:
                    connection.close()
            self._idle.clear()

    def _writing_connection(self) -> sqlite3.Connection:
        if self.readonly:
            raise KnowledgeError(f"The index {self.path} is open for reading only.", hint="Open it for writing.")
        if self._writer is None:
            self._writer = schema.connect(self.path, busy_seconds=self._busy_seconds)
        return self._writer

    def _manifest(self, connection: sqlite3.Connection) -> Manifest:
        manifest = schema.read_manifest(connection, self.path)
        _require(self.path, manifest.spec, self.spec)
        return manifest


def read_documents(path: Path) -> tuple[int, list[DocumentRecord]]:
    """Read the generation and the documents of an index of any format: every version keeps documents alike.

    Raises:
        IndexMissing: There is no file.
        IndexMismatch: A version that keeps them otherwise wrote it.
        IndexDamaged: It is not a sound index.
    """
    try:
        with closing(IndexFile.open(path, None, readonly=True, busy_seconds=10.0)) as file:
            with file.reading() as (connection, manifest):
                return manifest.generation, rows.select_documents(connection)
    except IndexMismatch as error:
        with schema.explained(path), closing(schema.connect(path, readonly=True)) as connection:
            try:
                return schema.read_generation(connection), rows.select_documents(connection)
            except sqlite3.OperationalError as unread:
                if unread.sqlite_errorcode == sqlite3.SQLITE_ERROR:
                    raise error from unread
                raise


def replace_contents(path: Path, draft: Path, *, expected_generation: int | None, busy_seconds: float = 10.0) -> None:
    """Put the contents of the closed index file `draft` in place of those of `path`, in one transaction.

    Processes that have `path` open see either the old or the new contents and need not open it again: SQLite's backup
    writes the pages through the file's own journal. Renaming one file over the other would instead leave them the old
    file, and the old journal to the new one. A file that is too damaged for that is set aside as ``NAME.damaged``.

    Args:
        path: The index file, or where there is none yet.
        draft: What to put there; only its generation is changed.
        expected_generation: The generation of `path` that `draft` was made from, or None if it was not made from it.
        busy_seconds: How long to wait for another process that is writing.

    Raises:
        IndexBusy: Another process is writing, or wrote since `expected_generation`.
    """
    path.with_name(f"{path.name}.dense").unlink(missing_ok=True)
    if path.is_file():
        try:
            with schema.explained(path):
                _copy_over(path, draft, expected_generation, busy_seconds)
            return
        except IndexDamaged:
            path.replace(path.with_name(f"{path.name}.damaged"))
    schema.forget_journal(path)
    draft.replace(path)


def _copy_over(path: Path, draft: Path, expected_generation: int | None, busy_seconds: float) -> None:
    deadline = time.monotonic() + busy_seconds
    changed = IndexBusy(f"The index {path} changed while it was being rebuilt.", hint="Run the rebuild again.")

    with (
        closing(schema.connect(path, busy_seconds=busy_seconds)) as target,
        closing(schema.connect(path, busy_seconds=busy_seconds)) as looking,
        closing(schema.connect(draft, busy_seconds=busy_seconds)) as source,
    ):
        # An empty file is in no mode yet; only in this one can it be read while it is written.
        target.execute("PRAGMA journal_mode = WAL")
        generation = schema.read_generation(looking)
        if expected_generation not in (None, generation):
            raise changed

        def check(status: int, remaining: int, total: int) -> None:
            """From the first step on nobody else can write; what raises here takes back all steps."""
            if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                if time.monotonic() > deadline:
                    raise IndexBusy(
                        f"Another process is using the index {path}.", hint="Try again when it has finished."
                    )
            elif schema.read_generation(looking) != generation and remaining:
                raise changed

        source.execute("UPDATE manifest SET generation = ?", (generation + 1,))
        # In two steps at least, so that it is looked at before the last, which commits.
        pages = source.execute("PRAGMA page_count").fetchone()[0]
        source.backup(target, pages=max(1, min(pages - 1, PAGES_AT_ONCE)), progress=check, sleep=0.05)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _require(path: Path, built: IndexSpec, wanted: IndexSpec) -> None:
    """Refuse an index that was built with something else, naming both."""
    if built == wanted:
        return
    if replace(built, splitter_version=wanted.splitter_version) == wanted and (
        built.splitter_version < wanted.splitter_version
    ):
        raise schema.outdated(path)
    raise IndexMismatch(
        f"The index {path} was built with {_described(built)}, but {_described(wanted)} is in use.",
        hint="Run `wenju index --rebuild`, or choose the model that the index was built with.",
    )


def _described(spec: IndexSpec) -> str:
    return (
        f"{spec.embedding_model} ({spec.dimension} dimensions, splitter {spec.splitter_version}, "
        f"passages of {spec.passage_chars} characters)"
    )
