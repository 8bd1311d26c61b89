"""What is committed in a Milvus store, and who may write.

Milvus has no transactions. A change therefore adds its rows under a generation that no reader looks at yet, and then
writes the one row that says which generation is read and which documents no longer count. Writing one row is the whole
commit: before it nobody sees anything of the change, after it everybody all of it.

A generation that a writer began and did not commit is never used again, and is void from then on: rows that arrive
late, from a writer that was taken for dead, are not seen either.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from knowledge.calibration import calibration_of
from knowledge.errors import IndexDamaged, IndexMismatch, IndexMissing, KnowledgeError
from knowledge.milvus.client import Client
from knowledge.milvus.packing import pack_json, unpack_json
from knowledge.milvus.tables import LONGEST, PARTS, PASSAGES, STATE, UNUSED
from knowledge.types import IndexSpec

FORMAT = 1
"""Goes up whenever what stands in the tables, or its meaning, changes."""

AT_ONCE = 2000
"""How many documents one change may remove: their numbers stand in the state's row."""


@dataclass(frozen=True, slots=True)
class State:
    """What is committed.

    Attributes:
        identity: Random name of this build.
        generation: Rows of a later one are not looked at.
        void: Earlier generations that were begun and not committed.
        hidden: Numbers of documents that were removed and may still have rows.
        removal: The last generation that removed documents.
        documents: How many documents there are.
        passages: How many passages.
        tokens: How many tokens they have together.
        spec: What the collection was built with.
        calibration: As JSON (`knowledge.calibration`).
    """

    identity: str
    generation: int
    void: tuple[int, ...]
    hidden: tuple[int, ...]
    removal: int
    documents: int
    passages: int
    tokens: int
    spec: IndexSpec
    calibration: str

    @property
    def visible(self) -> str:
        """The filter that is true of the rows that count."""
        void = f" and born not in {list(self.void)}" if self.void else ""
        hidden = f" and number not in {list(self.hidden)}" if self.hidden else ""
        return f"born <= {self.generation}{void}{hidden}"


class StateTable:
    """The state of one store.

    Args:
        client: The cluster.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, spec: IndexSpec) -> None:
        """Make the store unless it is there; its state comes last, so that a half-made one is not opened."""
        if self._client.has(STATE) and self.row("state") is not None:
            return
        for table in (PASSAGES, PARTS, STATE):
            self._client.create(table, spec.dimension)
        fresh = State(uuid.uuid4().hex, 0, (), (), 0, 0, 0, 0, spec, calibration_of(spec.embedding_model).to_json())
        self.write(fresh)

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
        row = self.row("state")
        if row is None:
            raise self._missing()
        if row.get("format") != FORMAT:
            raise IndexMismatch(
                f"The store {self._client.address} has format {row.get('format')}; this version reads {FORMAT}.",
                hint="Use the version of Wenju that made it.",
            )
        try:
            fields = {name: row[name] for name in State.__slots__}
            read = {"spec": IndexSpec(**row["spec"]), "void": tuple(row["void"]), "hidden": tuple(row["hidden"])}
            return State(**(fields | read))
        except (KeyError, TypeError) as error:
            raise IndexDamaged(
                f"The state of the store {self._client.address} cannot be read: {error}.",
                hint="Name another collection in WENJU_STORE and add the documents there.",
            ) from error

    def write(self, state: State) -> None:
        """Write the state."""
        self.write_row("state", {"format": FORMAT, **asdict(state)})

    def row(self, key: str) -> dict[str, Any] | None:
        """Return a row, None if it is not there."""
        found = self._client.some(STATE, f'key == "{key}"', ["body"], 1)
        return unpack_json(found[0]["body"].encode()) if found else None

    def write_row(self, key: str, value: dict[str, Any]) -> None:
        """Write a row.

        Raises:
            KnowledgeError: It is longer than a field may be: thousands of writers died in the middle.
        """
        body = pack_json(value).decode()
        if len(body) > LONGEST:
            raise KnowledgeError(
                f"The state of the store {self._client.address} takes more than {LONGEST} bytes.",
                hint="`wenju export` it, name another collection in WENJU_STORE, and `wenju import` it there.",
            )
        self._client.upsert(STATE, {"key": key, "body": body, "unused": UNUSED})

    def _missing(self) -> IndexMissing:
        return IndexMissing(f"There is no index at {self._client.address}.", hint="Run `wenju index` to build it.")
