"""What is committed in a Milvus store, and who may write.

Milvus has no transactions. A change therefore adds its rows under a generation that no reader looks at yet, and then
writes the one row that says which generation is read and which documents no longer count. Writing one row is the whole
commit: before it nobody sees anything of the change, after it everybody all of it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from knowledge.calibration import calibration_of
from knowledge.errors import IndexBusy, IndexDamaged, IndexMismatch, IndexMissing
from knowledge.milvus.client import Client
from knowledge.milvus.packing import pack_json, unpack_json
from knowledge.milvus.tables import LONGEST, PARTS, PASSAGES, STATE, UNUSED
from knowledge.types import IndexSpec

FORMAT = 1
"""Goes up whenever what stands in the tables, or its meaning, changes."""

LEASE_SECONDS = 30.0
"""How long a writer that says nothing more still counts as writing; longer than a request may take."""

AT_ONCE = 2000
"""How many documents one change may remove: their numbers stand in the state's row."""

_SHIFT = 20
"""A document's number is the generation that brought it, and its place in it in so many bits."""


@dataclass(frozen=True, slots=True)
class State:
    """What is committed.

    Attributes:
        identity: Random name of this build.
        generation: Rows of a later one are not looked at.
        hidden: Numbers of documents that were removed and may still have rows.
        documents: How many documents there are.
        passages: How many passages.
        tokens: How many tokens they have together.
        spec: What the collection was built with.
        calibration: As JSON (`knowledge.calibration`).
    """

    identity: str
    generation: int
    hidden: tuple[int, ...]
    documents: int
    passages: int
    tokens: int
    spec: IndexSpec
    calibration: str

    @property
    def visible(self) -> str:
        """The filter that is true of the rows that count."""
        hidden = f" and number not in {list(self.hidden)}" if self.hidden else ""
        return f"born <= {self.generation}{hidden}"

    def number(self, place: int) -> int:
        """Return the number of the document that the next change stores at a place."""
        return ((self.generation + 1) << _SHIFT) | place


class StateTable:
    """The state of one store.

    Args:
        client: The cluster.
        busy_seconds: How long to wait for another writer.
    """

    def __init__(self, client: Client, *, busy_seconds: float = 10.0) -> None:
        self._client = client
        self._busy_seconds = busy_seconds
        self._me = uuid.uuid4().hex

    def create(self, spec: IndexSpec) -> None:
        """Make the store unless it is there; its state comes last, so that a half-made one is not opened."""
        if self._client.has(STATE) and self._row("state") is not None:
            return
        for table in (PASSAGES, PARTS, STATE):
            self._client.create(table, spec.dimension)
        fresh = State(uuid.uuid4().hex, 0, (), 0, 0, 0, spec, calibration_of(spec.embedding_model).to_json())
        self._write("state", {"format": FORMAT, **asdict(fresh)})

    def open(self, spec: IndexSpec | None) -> State:
        """Read the state for the first time.

        Raises:
            IndexMissing: There is no such collection.
            IndexMismatch: It was built with something else.
        """
        if not self._client.has(STATE):
            raise self._missing()
        for table in (PASSAGES, PARTS, STATE):
            self._client.load(table)
        state = self.read()
        if spec is not None and state.spec != spec:
            raise IndexMismatch(
                f"The store {self._client.address} was built with {state.spec}, not with {spec}.",
                hint="Name another collection in WENJU_STORE and add the documents there.",
            )
        return state

    def read(self) -> State:
        """Read the state.

        Raises:
            IndexMissing: There is none.
            IndexMismatch: A newer version of Wenju wrote it.
            IndexDamaged: It cannot be read.
        """
        row = self._row("state")
        if row is None:
            raise self._missing()
        if row.get("format") != FORMAT:
            raise IndexMismatch(
                f"The store {self._client.address} has format {row.get('format')}; this version reads {FORMAT}.",
                hint="Use the version of Wenju that made it.",
            )
        try:
            spec, hidden = IndexSpec(**row["spec"]), tuple(row["hidden"])
            fields = {name: row[name] for name in State.__slots__ if name not in ("spec", "hidden")}
            return State(spec=spec, hidden=hidden, **fields)
        except (KeyError, TypeError) as error:
            raise IndexDamaged(
                f"The state of the store {self._client.address} cannot be read: {error}.",
                hint="Name another collection in WENJU_STORE and add the documents there.",
            ) from error

    @contextmanager
    def writing(self) -> Iterator[Change]:
        """Be the one who writes; what an earlier writer left undone is cleared away first.

        Raises:
            IndexBusy: Another writes.
        """
        unfinished = self._acquire()
        try:
            change = Change(self, self._client, self.read())
            if unfinished or change.state.hidden:
                change.clear()
            yield change
        except BaseException:
            # What is committed the cluster says: a request that failed may have arrived. If clearing fails as well, the
            # claim stays, and the next writer clears when its time is up.
            Change(self, self._client, self.read()).clear()
            self._release()
            raise
        self._release()

    def renew(self) -> None:
        """Say that we still write.

        Raises:
            IndexBusy: We were silent for so long that another took over.
        """
        row = self._row("writer")
        if row is None or row["owner"] != self._me:
            raise self._busy()
        self._claim()

    def commit(self, state: State) -> None:
        """Show a change."""
        self.renew()
        self._write("state", {"format": FORMAT, **asdict(state)})

    def _acquire(self) -> bool:
        """Become the writer; tell whether another one left off in the middle."""
        deadline = time.monotonic() + self._busy_seconds
        while True:
            row = self._row("writer")
            if row is None or row["owner"] == self._me or row["until"] < time.time():
                self._claim()
                # Of two who claim at once the later one stays; both look after a moment.
                time.sleep(0.02)
                now = self._row("writer")
                if now is not None and now["owner"] == self._me:
                    return row is not None
            if time.monotonic() > deadline:
                raise self._busy()
            time.sleep(0.1)

    def _claim(self) -> None:
        self._write("writer", {"owner": self._me, "until": time.time() + LEASE_SECONDS})

    def _release(self) -> None:
        self._client.delete(STATE, 'key == "writer"')

    def _row(self, key: str) -> dict[str, Any] | None:
        found = self._client.some(STATE, f'key == "{key}"', ["body"], 1)
        return unpack_json(found[0]["body"].encode()) if found else None

    def _write(self, key: str, value: dict[str, Any]) -> None:
        body = pack_json(value).decode()
        if len(body) > LONGEST:
            raise ValueError(f"the state of a store is longer than {LONGEST} bytes")
        self._client.upsert(STATE, {"key": key, "body": body, "unused": UNUSED})

    def _missing(self) -> IndexMissing:
        return IndexMissing(f"There is no index at {self._client.address}.", hint="Run `wenju index` to build it.")

    def _busy(self) -> IndexBusy:
        return IndexBusy(
            f"Another process is writing to the store {self._client.address}.", hint="Try again when it has finished."
        )


class Change:
    """A change in the making.

    Attributes:
        state: What is committed so far.
    """

    def __init__(self, table: StateTable, client: Client, state: State) -> None:
        self.state = state
        self._table = table
        self._client = client

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Add rows that nobody sees yet."""
        self._table.renew()
        self._client.insert(table, rows)

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
            generation=before.generation + 1,
            hidden=removed,
            documents=before.documents + documents,
            passages=before.passages + passages,
            tokens=before.tokens + tokens,
        )
        self._table.commit(after)
        self.state = after
        if removed:
            self.clear()

    def clear(self) -> None:
        """Delete the rows that do not count: of removed documents, and of changes that were never committed."""
        hidden = list(self.state.hidden)
        for table in (PASSAGES, PARTS):
            self._client.delete(table, f"born > {self.state.generation}")
            if hidden:
                self._client.delete(table, f"number in {hidden}")
