"""The tables of an index file, how a connection to it is opened, and what SQLite's failures mean."""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from knowledge.calibration import calibration_of
from knowledge.draft import draft_of
from knowledge.errors import (
    DiskFull,
    IndexBusy,
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    IndexOutdated,
    KnowledgeError,
)
from knowledge.types import IndexSpec

SCHEMA_VERSION = 5
"""Goes up whenever `_TABLES`, or the meaning of what stands in them, changes; a test holds a digest of the tables."""

QUICK_CHECK_BYTES = 16 * 2**20
"""Files up to this size are checked when they are opened (some 30 ms at the limit)."""

# What SQLite says where a quota or a limit on the size of files, and not the disk itself, leaves no room.
_CANNOT_WRITE = (
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
)

# rowids are never used twice (AUTOINCREMENT), so a derived index can tell what is new by rowid alone. The small columns
# stand before the vector, which may spill into overflow pages; the index on token_count answers counts without them.
_TABLES = """
CREATE TABLE manifest (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    schema_version INTEGER NOT NULL,
    identity TEXT NOT NULL,
    generation INTEGER NOT NULL,
    embedding_model TEXT NOT NULL,
    dimension INTEGER NOT NULL,
    splitter_version INTEGER NOT NULL,
    passage_chars INTEGER NOT NULL,
    calibration TEXT NOT NULL
);
CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    source TEXT NOT NULL,
    language TEXT NOT NULL,
    metadata TEXT NOT NULL,
    added_at TEXT NOT NULL,
    digest BLOB NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX documents_source ON documents (source);
CREATE TABLE passages (
    rowid INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    heading TEXT NOT NULL,
    language TEXT NOT NULL,
    token_count INTEGER NOT NULL,
    digest BLOB NOT NULL,
    vector BLOB NOT NULL,
    UNIQUE (document_id, ordinal)
);
CREATE INDEX passages_token_count ON passages (token_count);
CREATE INDEX passages_language ON passages (language);
CREATE TABLE sentences (
    passage INTEGER NOT NULL REFERENCES passages (rowid) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    tokens TEXT NOT NULL,
    vector BLOB NOT NULL,
    states BLOB,
    UNIQUE (passage, ordinal)
);
CREATE VIRTUAL TABLE passages_fts USING fts5 (
    tokens, tokenize = "unicode61 remove_diacritics 0 tokenchars '.%-_+#@'"
);
CREATE VIRTUAL TABLE passages_vocabulary USING fts5vocab (passages_fts, row);
"""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The one row that says what an index file is.

    Attributes:
        identity: Random name of this build; a rebuilt index has another.
        generation: Goes up by one with every change.
        spec: What it was built with.
        calibration: What turns fits into probabilities for its embedding model (`knowledge.calibration`), as JSON.
    """

    identity: str
    generation: int
    spec: IndexSpec
    calibration: str


def connect(path: Path, *, readonly: bool = False, busy_seconds: float = 10.0) -> sqlite3.Connection:
    """Open a connection to an existing file; the caller sees to locking between threads.

    Args:
        path: The index file.
        readonly: Write nothing, not even the journal of a file that is at rest.
        busy_seconds: How long to wait for another process's write.

    Raises:
        sqlite3.Error: As SQLite says it; use `explained` around.
    """
    address = path.resolve().as_uri()
    connection = _connect(f"{address}?mode={'ro' if readonly else 'rw'}", busy_seconds)
    try:
        if readonly and _needs_immutable(connection, path):
            connection.close()
            connection = _connect(f"{address}?immutable=1", busy_seconds)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA cell_size_check = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(uri: str, busy_seconds: float) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False)


def _needs_immutable(connection: sqlite3.Connection, path: Path) -> bool:
    """Tell whether the folder is not writable, so that SQLite cannot make the files that WAL mode needs for reading."""
    journal = path.with_name(f"{path.name}-wal")
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema")
    except sqlite3.OperationalError as error:
        # SQLITE_READONLY_CANTINIT and its relatives share the low byte with SQLITE_READONLY.
        cannot = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
        if cannot and path.exists() and not (journal.exists() and journal.stat().st_size):
            return True
        raise
    return False


def create_file(path: Path, spec: IndexSpec) -> bool:
    """Make an empty index file; it appears under its name only when it is complete.

    Returns:
        False if there is one already (nothing is changed then).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft_of(path) as draft:
        started = time.time()
        draft.touch()
        connection = connect(draft)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN; {_TABLES}")
            connection.execute(
                "INSERT INTO manifest VALUES (1, ?, ?, 0, ?, ?, ?, ?, ?)",
                (
                    SCHEMA_VERSION,
                    uuid.uuid4().hex,
                    spec.embedding_model,
                    spec.dimension,
                    spec.splitter_version,
                    spec.passage_chars,
                    calibration_of(spec.embedding_model).to_json(),
                ),
            )
            connection.execute("COMMIT")
        finally:
            connection.close()
        return publish(draft, path, started)


def forget_journal(path: Path) -> None:
    """Remove what a file that is gone left beside it: SQLite would replay an old journal into the new file."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def publish(draft: Path, path: Path, started: float) -> bool:
    """Give `draft` its name unless the name is taken.

    Args:
        draft: The file, closed.
        path: Its name.
        started: Before when a journal beside `path` is one of a file that is gone (`time.time`); a later one is of a
            file that another process has given the name meanwhile.
    """
    for journal in (path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm")):
        with suppress(FileNotFoundError):
            if not path.exists() and journal.stat().st_mtime < started:
                journal.unlink()
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError:
        # A file system without hard links: the check and the renaming are two steps there.
        if path.exists():
            return False
        draft.rename(path)
    return True


def read_manifest(connection: sqlite3.Connection, path: Path) -> Manifest:
    """Read the manifest.

    Raises:
        IndexDamaged: There is none, so this is some other database or a damaged one.
        IndexMismatch: It was written by a newer version of Wenju.
        IndexOutdated: It was written by an older one.
    """
    try:
        row = connection.execute("SELECT schema_version FROM manifest").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        raise damaged(path, "it has no manifest") from error
    if row is None:
        raise damaged(path, "its manifest is empty")
    if row[0] < SCHEMA_VERSION:
        raise outdated(path)
    if row[0] > SCHEMA_VERSION:
        raise IndexMismatch(
            f"The index {path} has format {row[0]}; this version of Wenju reads format {SCHEMA_VERSION}.",
            hint="Use the newer version that made it, or run `wenju index --rebuild` with this one.",
        )
    # The columns of an older format are others, so they are asked for only now.
    row = connection.execute(
        "SELECT identity, generation, embedding_model, dimension, splitter_version, passage_chars, calibration "
        "FROM manifest"
    ).fetchone()
    return Manifest(identity=row[0], generation=row[1], spec=IndexSpec(*row[2:6]), calibration=row[6])


def read_generation(connection: sqlite3.Connection) -> int:
    """Read the generation of an index of any format; 0 if it has none."""
    tables = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'manifest'").fetchone()
    row = connection.execute("SELECT generation FROM manifest").fetchone() if tables else None
    return 0 if row is None else int(row[0])


def outdated(path: Path) -> IndexOutdated:
    """Return the error that says that an older version made the index."""
    return IndexOutdated(
        f"The index {path} was made by an older version of Wenju.",
        hint="Run `wenju index`: it makes the index anew from the documents in it.",
    )


def damaged(path: Path, what: str) -> IndexDamaged:
    """Return the error that says that the index file is damaged."""
    return IndexDamaged(
        f"The index {path} is damaged: {what}.",
        hint="Restore the file from a copy, or run `wenju doctor --rebuild`: it saves what can still be read.",
    )


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Raises:
        IndexMissing: The file is gone.
        IndexBusy: Another process wrote for longer than we wait.
        IndexDamaged: The file is not a sound database.
        DiskFull: There is no room.
        KnowledgeError: The file may not be written, or the disk fails.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        extended = getattr(error, "sqlite_errorcode", 0)
        code = extended & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise IndexBusy(
                f"Another process is writing to the index {path}.", hint="Try again when it has finished."
            ) from error
        unsound = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        if unsound or extended == sqlite3.SQLITE_IOERR_SHORT_READ:
            raise damaged(path, str(error)) from error
        if code == sqlite3.SQLITE_FULL or extended in _CANNOT_WRITE:
            raise DiskFull(
                f"There is no room to write to the index {path}: {error}.",
                hint="Free some space, or raise the limit on it, and try again; what was stored before is still there.",
            ) from error
        if code == sqlite3.SQLITE_IOERR:
            raise KnowledgeError(
                f"The index {path} cannot be read: {error}.", hint="Check the disk, then run `wenju doctor`."
            ) from error
        if code == sqlite3.SQLITE_READONLY:
            raise KnowledgeError(
                f"The index {path} cannot be written.", hint="Open it for writing, or change the file's permissions."
            ) from error
        if code == sqlite3.SQLITE_CANTOPEN and not path.exists():
            raise IndexMissing(f"There is no index at {path}.", hint="Run `wenju index`.") from error
        raise
