"""What stands in an index at the moment of a change, when nobody else can change it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from knowledge import rows, schema
from knowledge.types import DocumentEntry


@dataclass(frozen=True, slots=True)
class Current:
    """The stored documents, seen from within the transaction that changes them.

    Attributes:
        connection: Within that transaction.
    """

    connection: sqlite3.Connection

    @property
    def generation(self) -> int:
        """The generation before the change."""
        return schema.read_generation(self.connection)

    def catalog(self) -> list[DocumentEntry]:
        """Return what is known of every document without its text, in the order in which they were stored."""
        return rows.select_entries(self.connection)

    def of_sources(self, sources: Collection[str]) -> list[str]:
        """Return the ids of the documents that come from these sources, in the order in which they were stored."""
        return rows.of_sources(self.connection, sources)


Decide = Callable[[Current], Mapping[str, Collection[str]]]
"""Says which documents are to be stored, by id, and for each the ids of those that give way to it."""
