"""Changes of a Milvus store: who writes, and how a change comes to be seen (`knowledge.milvus.state`)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from knowledge.errors import IndexBusy
from knowledge.index_file import MOST_WAITS, OnBusy
from knowledge.milvus.client import Client
from knowledge.milvus.state import State, StateTable
from knowledge.milvus.tables import PARTS, PASSAGES, STATE

LEASE_SECONDS = 30.0
"""How long a writer that says nothing more still counts as writing; longer than a request may take."""

_SHIFT = 20
"""A document's number is the generation that brought it, and its place in it in so many bits."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who writes.

    Attributes:
        owner: Random name of a writer, "" if it gave up.
        until: Unix time from which it no longer counts as writing.
        born: The generation that it brings.
        void: Generations that writers before it began and did not commit.
    """

    owner: str
    until: float
    born: int
    void: tuple[int, ...]


class Writers:
    """Lets one write at a time, as far as a cluster without transactions allows.

    Args:
        client: The cluster.
        table: The state.
        busy_seconds: How long to wait for another writer.
        on_busy: Told each time that this was too short, before it is waited as long again; None gives up instead.
        reading_seconds: How long rows that were removed stay for those who began to read before.
    """

    def __init__(
        self,
        client: Client,
        table: StateTable,
        *,
        busy_seconds: float,
        on_busy: OnBusy | None = None,
        reading_seconds: float = 0.0,
    ) -> None:
        self._client = client
        self._table = table
        self._busy_seconds = busy_seconds
        self._on_busy = on_busy
        self.reading_seconds = reading_seconds

    @contextmanager
    def writing(self) -> Iterator[Change]:
        """Be the one who writes; what an earlier writer left undone is cleared away first.

        Raises:
            IndexBusy: Another writes.
        """
        claim, state = self._acquire()
        change = Change(self, self._client, state, claim)
        try:
            if claim.void or state.hidden:
                change.clear()
            yield change
        except BaseException:
            if self._holds(claim):
                # What is committed the cluster says: a request that failed may have arrived, or may yet arrive.
                Change(self, self._client, self._table.read(), claim).clear()
                self._table.write_row("writer", asdict(replace(claim, owner="", until=0.0)))
            raise
        if self._holds(claim):
            self._client.delete(STATE, 'key == "writer"')

    def renew(self, claim: Claim) -> None:
        """Say that we still write.

        Raises:
            IndexBusy: We were silent for so long that another took over.
        """
        if not self._holds(claim):
            raise self._busy()
        self._say(claim)

    def commit(self, state: State, claim: Claim) -> None:
        """Show a change."""
        self.renew(claim)
        self._table.write(state)

    def _acquire(self) -> tuple[Claim, State]:
        """Become the writer; return our claim, and what is committed."""
        deadline = time.monotonic() + self._busy_seconds
        waited = 1
        while True:
            earlier, state = self._claim(), self._table.read()
            if earlier is None or earlier.until < time.time():
                begun = () if earlier is None else (*earlier.void, earlier.born)
                void = tuple(born for born in begun if born > state.generation)
                claim = Claim(uuid.uuid4().hex, 0.0, max((state.generation, *void)) + 1, void)
                self._say(claim)
                # Of two who claim at once the later one stays; both look after a moment.
                time.sleep(0.02)
                if self._holds(claim) and self._table.read().generation == state.generation:
                    return claim, state
            if time.monotonic() > deadline:
                if self._on_busy is None or waited == MOST_WAITS:
                    raise self._busy()
                self._on_busy()
                waited, deadline = waited + 1, time.monotonic() + self._busy_seconds
            time.sleep(0.1)

    def _say(self, claim: Claim) -> None:
        self._table.write_row("writer", asdict(replace(claim, until=time.time() + LEASE_SECONDS)))

    def _claim(self) -> Claim | None:
        row = self._table.row("writer")
        return None if row is None else Claim(**{**row, "void": tuple(row["void"])})

    def _holds(self, claim: Claim) -> bool:
        now = self._claim()
        return now is not None and now.owner == claim.owner

    def _busy(self) -> IndexBusy:
        return IndexBusy(
            f"Another process is writing to the store {self._client.address}.", hint="Try again when it has finished."
        )


class Change:
    """A change in the making.

    Attributes:
        state: What is committed so far.
        born: The generation that the change brings.
    """

    def __init__(self, writers: Writers, client: Client, state: State, claim: Claim) -> None:
        self.state = state
        self.born = claim.born
        self._writers = writers
        self._client = client
        self._claim = claim

    def number(self, place: int) -> int:
        """Return the number of the document that the change stores at a place."""
        return (self.born << _SHIFT) | place

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Add rows that nobody sees yet."""
        self._client.insert(table, rows, before_each=lambda: self._writers.renew(self._claim))

    def commit(self, removed: tuple[int, ...], *, documents: int, passages: int, tokens: int) -> None:
        """Show what was added and hide what was removed, then delete that.

        Args:
            removed: Numbers of documents.
            documents: How many more documents there are than before.
            passages: How many more passages.
            tokens: How many more tokens.
        """
        before = self.state
        after = replace(
            before,
            generation=self.born,
            void=(*before.void, *self._claim.void),
            hidden=removed,
            removal=self.born if removed else before.removal,
            documents=before.documents + documents,
            passages=before.passages + passages,
            tokens=before.tokens + tokens,
        )
        self._writers.commit(after, self._claim)
        self.state = after
        if removed:
            self.clear()

    def clear(self) -> None:
        """Delete the rows that do not count: of removed documents, and of changes that were never committed.

        What this very change removed stays for a while, for those who began to read before it; what earlier ones did
        has stayed long enough, because a writer gives up its claim, or loses it, only after that.
        """
        if self.state.hidden and self.state.generation == self.born:
            time.sleep(self._writers.reading_seconds)
        conditions = [f"born > {self.state.generation}"]
        for field, values in (("born", self.state.void), ("number", self.state.hidden)):
            conditions += [f"{field} in {list(values)}"] if values else []
        for table in (PASSAGES, PARTS):
            for condition in conditions:
                self._client.delete(table, condition)
