"""What stands in a store at the moment of a change, when nobody else can change it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from knowledge import rows, schema
from knowledge.rows import Entry
from knowledge.types import DocumentEntry


class Current(Protocol):
    """The stored documents, seen from within the change of them."""

    @property
    def generation(self) -> int:
        """The generation before the change."""

    def catalog(self) -> list[DocumentEntry]:
        """Return what is known of every document without its text, in the order in which they were stored."""

    def of_sources(self, sources: Collection[str]) -> list[str]:
        """Return the ids of the documents that come from these sources, in the order in which they were stored."""


Decide = Callable[[Current], Mapping[str, Collection[str]]]
"""Says which documents are to be stored, by id, and for each the ids of those that give way to it."""


@dataclass(frozen=True, slots=True)
class CurrentRows:
    """The documents in an index file.

    Attributes:
        connection: Within the transaction that changes them.
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


def decided(
    entries: Sequence[Entry], replacing: Collection[str] | Decide, current: Current
) -> tuple[set[str], set[str]]:
    """Return the ids of the documents that are to be stored, and of those that are deleted first."""
    if callable(replacing):
        said = replacing(current)
        return set(said), {id_ for ids in said.values() for id_ in ids}
    return {entry.document.id for entry in entries}, set(replacing)
