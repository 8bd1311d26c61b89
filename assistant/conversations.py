"""Conversations, kept in one SQLite file; everybody sees only their own.

An *owner* is whoever the page takes a visitor for: a name that logged in, or a browser. What is stored of it is a
digest, so that the file does not tell the ids that browsers identify themselves with. What is deleted is overwritten
(``secure_delete``) and taken out of the journal too.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from assistant.errors import ConversationsUnreadable, ConversationUnknown
from assistant.exchange import Exchange, Rating

FILE_NAME = "conversations.db"
"""Name of the file in ``WENJU_HOME``."""

LONGEST_TITLE = 80
"""Characters of a title; a longer one is cut."""

LONGEST_COMMENT = 2000
"""Characters of a comment on an answer; a longer one is cut."""

VERSION = 1
"""Layout of the file, in ``PRAGMA user_version``."""

_SCHEMA = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, created TEXT NOT NULL, changed TEXT NOT NULL
);
CREATE INDEX conversations_of ON conversations (owner, changed);
CREATE TABLE exchanges (
    conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    ordinal INTEGER NOT NULL, words TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (conversation, ordinal)
);
CREATE TABLE choices (owner TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE uploads (document TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (document, owner));
"""


@dataclass(frozen=True, slots=True)
class Heading:
    """A conversation as a list shows it.

    Attributes:
        id: Cannot be guessed.
        title: Its first question, or what its owner called it.
        created: ISO 8601 time in UTC.
        changed: The same, of the last question.
    """

    id: str
    title: str
    created: str
    changed: str


class Conversations:
    """The conversations of all owners. Safe to use from several threads.

    Args:
        path: The file; made when it is not there.

    Raises:
        ConversationsUnreadable: It cannot be opened, or is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        except (sqlite3.Error, OSError) as error:
            raise ConversationsUnreadable(
                f"The conversations in {path} cannot be opened: {error}.",
                hint="Move the file away to begin with none, or name another folder in WENJU_HOME.",
            ) from error
        if version > VERSION:
            self._connection.close()
            raise ConversationsUnreadable(
                f"The conversations in {path} are of a newer version of Wenju.", hint="Update Wenju."
            )

    def create(self, owner: str, title: str) -> str:
        """Begin a conversation and return its id."""
        id_ = secrets.token_urlsafe(12)
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", (id_, _digest(owner), _title(title), _now(), _now())
            )
        return id_

    def list(self, owner: str, search: str = "") -> list[Heading]:
        """Return the conversations of an owner, the last one first.

        Args:
            owner: Whose.
            search: Only those with these words in their title, a question or an answer.
        """
        pattern = "%" + "".join(f"\\{c}" if c in "\\%_" else c for c in search.strip()) + "%"
        with self._lock:
            found = self._connection.execute(
                "SELECT id, title, created, changed FROM conversations WHERE owner = ?1 AND (title LIKE ?2 ESCAPE '\\' "
                "OR EXISTS (SELECT 1 FROM exchanges WHERE conversation = id AND words LIKE ?2 ESCAPE '\\')) "
                "ORDER BY changed DESC, rowid DESC",
                (_digest(owner), pattern),
            )
            return [Heading(*row) for row in found]

    def heading(self, owner: str, id_: str) -> Heading:
        """Return one conversation as a list shows it.

        Raises:
            ConversationUnknown: There is none with this id, or it is somebody else's.
        """
        with self._lock:
            found = self._connection.execute(
                "SELECT id, title, created, changed FROM conversations WHERE id = ? AND owner = ?",
                (id_, _digest(owner)),
            ).fetchone()
        if found is None:
            raise ConversationUnknown("There is no such conversation.", hint="Choose another one from the list.")
        return Heading(*found)

    def exchanges(self, owner: str, id_: str) -> tuple[Exchange, ...]:
        """Return what was said in a conversation, in order; the error is that of `heading`."""
        with self._lock:
            self.heading(owner, id_)
            found = self._connection.execute(
                "SELECT record FROM exchanges WHERE conversation = ? ORDER BY ordinal", (id_,)
            ).fetchall()
        return tuple(Exchange.from_dict(json.loads(record)) for (record,) in found)

    def keep(self, owner: str, id_: str, at: int, exchange: Exchange) -> None:
        """Store the exchange at a position, and forget those behind it; the error is that of `heading`."""
        said = exchange.answer.text if exchange.answer else ""
        record = json.dumps(exchange.to_dict(), ensure_ascii=False)
        with self._writing() as connection:
            self.heading(owner, id_)
            behind = connection.execute("DELETE FROM exchanges WHERE conversation = ? AND ordinal > ?", (id_, at))
            connection.execute(
                "INSERT OR REPLACE INTO exchanges VALUES (?, ?, ?, ?)",
                (id_, at, f"{exchange.question}\n{said}", record),
            )
            connection.execute("UPDATE conversations SET changed = ? WHERE id = ?", (_now(), id_))
        if behind.rowcount:
            self._scrub()

    def rename(self, owner: str, id_: str, title: str) -> None:
        """Call a conversation something else; nothing but spaces changes nothing. The error is that of `heading`."""
        with self._writing() as connection:
            self.heading(owner, id_)
            if title.strip():
                connection.execute("UPDATE conversations SET title = ? WHERE id = ?", (_title(title), id_))

    def rate(self, owner: str, id_: str, at: int, rating: Rating, comment: str = "") -> None:
        """Keep what an owner thinks of an answer.

        Raises:
            ConversationUnknown: There is no such answer of this owner.
        """
        with self._writing() as connection:
            exchanges = self.exchanges(owner, id_)
            if not 0 <= at < len(exchanges):
                raise ConversationUnknown("There is no such answer.", hint="Choose another one.")
            rated = replace(exchanges[at], rating=rating, comment=comment.strip()[:LONGEST_COMMENT])
            connection.execute(
                "UPDATE exchanges SET record = ? WHERE conversation = ? AND ordinal = ?",
                (json.dumps(rated.to_dict(), ensure_ascii=False), id_, at),
            )

    def rated(self) -> Iterator[tuple[Exchange, ...]]:
        """Yield every rated exchange of all owners, the oldest first, each behind those before it.

        This is what an eval case can be made of.
        """
        with self._lock:
            found = self._connection.execute(
                "SELECT conversation, record FROM exchanges JOIN conversations ON id = conversation "
                "WHERE conversation IN "
                "(SELECT conversation FROM exchanges WHERE json_extract(record, '$.rating') <> '') "
                "ORDER BY created, conversation, ordinal"
            ).fetchall()
        for _, records in groupby(found, key=itemgetter(0)):
            said = tuple(Exchange.from_dict(json.loads(record)) for _, record in records)
            yield from (said[: at + 1] for at, exchange in enumerate(said) if exchange.rating)

    def delete(self, owner: str, ids: Sequence[str]) -> int:
        """Delete conversations, so that their words are no longer in the file; return how many there were."""
        with self._writing() as connection:
            count = sum(
                connection.execute(
                    "DELETE FROM conversations WHERE id = ? AND owner = ?", (id_, _digest(owner))
                ).rowcount
                for id_ in ids
            )
        if count:
            self._scrub()
        return count

    def choices(self, owner: str) -> dict[str, Any]:
        """Return what an owner chose in the settings, as it was given to `choose`."""
        with self._lock:
            found = self._connection.execute("SELECT record FROM choices WHERE owner = ?", (_digest(owner),)).fetchone()
        chosen: dict[str, Any] = json.loads(found[0]) if found else {}
        return chosen

    def choose(self, owner: str, chosen: Mapping[str, Any]) -> None:
        """Keep what an owner chose in the settings."""
        with self._writing() as connection:
            record = json.dumps(dict(chosen), ensure_ascii=False)
            connection.execute("INSERT OR REPLACE INTO choices VALUES (?, ?)", (_digest(owner), record))

    def note_upload(self, owner: str, document_id: str) -> None:
        """Remember who uploaded a document."""
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO uploads VALUES (?, ?)", (document_id, _digest(owner)))

    def uploads(self, owner: str) -> set[str]:
        """Return the ids of the documents that an owner uploaded."""
        with self._lock:
            found = self._connection.execute("SELECT document FROM uploads WHERE owner = ?", (_digest(owner),))
            return {document for (document,) in found}

    def forget_upload(self, document_id: str) -> None:
        """Forget who uploaded a document."""
        with self._writing() as connection:
            connection.execute("DELETE FROM uploads WHERE document = ?", (document_id,))

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def _scrub(self) -> None:
        """Take what was deleted out of the journal as well."""
        with self._lock:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _digest(owner: str) -> str:
    return sha256(owner.encode()).hexdigest()


def _title(words: str) -> str:
    title = " ".join(words.split())
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1].rstrip() + "…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
