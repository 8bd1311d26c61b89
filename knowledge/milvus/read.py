"""Documents and passages out of a Milvus store, as one state of it shows them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from knowledge.ann import Vectors, from_blobs
from knowledge.late import TokenStates
from knowledge.milvus.client import Client
from knowledge.milvus.packing import joined, key_of, unpack_json, unpack_states
from knowledge.milvus.state import State
from knowledge.milvus.tables import CARD, LOTTERY, PARTS, PASSAGES, TEXT
from knowledge.terms import from_row, to_term
from knowledge.types import DocumentEntry, DocumentRecord, Language

OWNERS = 64
"""Of how many documents or passages parts are asked for at a time: at some 100 KB each, a few megabytes."""

COUNTING = 8
"""How many words are counted at a time."""

_PIECE = ["owner", "piece", "pieces", "body"]


def documents_among(ids: Collection[str] | None) -> str:
    """Return what a filter adds to keep to passages of these documents; "" for all."""
    return "" if ids is None else f" and document in {_quoted(map(key_of, ids))}"


class View:
    """One state of a store, to be read; also what `knowledge.current.Current` asks of it within a change.

    Args:
        client: The cluster.
        state: What is committed.
    """

    def __init__(self, client: Client, state: State) -> None:
        self._client = client
        self.state = state

    @property
    def generation(self) -> int:
        """Which state it is."""
        return self.state.generation

    def catalog(self) -> list[DocumentEntry]:
        """Return what is known of every document without its text, in the order in which they were stored."""
        return [DocumentEntry(card["id"], card["title"], card["source"], card["metadata"]) for card in self.cards()]

    def of_sources(self, sources: Collection[str]) -> list[str]:
        """Return the ids of the documents that come from these sources, in the order in which they were stored."""
        bodies: list[bytes] = []
        for group in _groups([key_of(source) for source in set(sources)], OWNERS):
            condition = f'kind == "{CARD}" and source in {_quoted(group)} and {self.state.visible}'
            bodies += joined(self._client.rows(PARTS, condition, _PIECE)).values()
        return [card["id"] for card in _in_order(map(unpack_json, bodies))]

    def parts(self, kind: str, ids: Collection[str]) -> dict[str, bytes]:
        """Return bodies of one kind by the ids of the documents or passages they belong to."""
        names = {key_of(id_): id_ for id_ in ids}
        found: dict[str, bytes] = {}
        for group in _groups(list(names), OWNERS):
            condition = f'kind == "{kind}" and owner in {_quoted(group)} and {self.state.visible}'
            found |= joined(self._client.rows(PARTS, condition, _PIECE))
        return {names[owner]: body for owner, body in found.items()}

    def cards(self, ids: Collection[str] | None = None) -> list[dict[str, Any]]:
        """Return the cards of documents, or of all, in the order in which they were stored."""
        if ids is None:
            condition = f'kind == "{CARD}" and {self.state.visible}'
            bodies = list(joined(self._client.rows(PARTS, condition, _PIECE)).values())
        else:
            bodies = list(self.parts(CARD, ids).values())
        return _in_order(map(unpack_json, bodies))

    def records(self, cards: Sequence[Mapping[str, Any]]) -> list[DocumentRecord]:
        """Return whole documents; one that is being removed is left out."""
        texts = self.parts(TEXT, [card["id"] for card in cards])
        return [
            DocumentRecord(
                id=card["id"],
                title=card["title"],
                source=card["source"],
                language=card["language"],
                text=texts[card["id"]].decode("utf-8", "surrogatepass"),
                metadata=card["metadata"],
                added_at=card["added_at"],
                passages=card["passages"],
            )
            for card in cards
            if card["id"] in texts
        ]

    def passage_rows(self, ids: Collection[str], fields: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return fields of rows of the table of passages by passage id."""
        found: dict[str, dict[str, Any]] = {}
        for group in _groups([key_of(id_) for id_ in ids], OWNERS):
            condition = f"owner in {_quoted(group)} and {self.state.visible}"
            found |= {row["id"]: row for row in self._client.rows(PASSAGES, condition, ["id", *fields])}
        return found

    def outlines(self, ids: Collection[str]) -> dict[str, tuple[Language, Vectors, frozenset[str]]]:
        """Return for each passage its language, vector and tokens."""
        rows = self.passage_rows(ids, ["language", "vector", "tokens"])
        return {
            id_: (row["language"], np.array(row["vector"], np.float32), frozenset(from_row(" ".join(row["tokens"]))))
            for id_, row in rows.items()
        }

    def frequency(self, tokens: Collection[str]) -> dict[str, int]:
        """Return for each token how many passages hold it."""

        def count(token: str) -> int:
            return self._client.count(PASSAGES, f'array_contains(tokens, "{to_term(token)}") and {self.state.visible}')

        # What SQLite's store cannot find either: it leaves empty tokens out.
        asked = [token for token in dict.fromkeys(tokens) if token]
        if not asked or not self.state.passages:
            return dict.fromkeys(tokens, 0)
        with ThreadPoolExecutor(min(COUNTING, len(asked))) as pool:
            return dict.fromkeys(tokens, 0) | dict(zip(asked, pool.map(count, asked), strict=True))

    def has_language(self, language: Language) -> bool:
        """Tell whether there is a passage in a language."""
        return bool(self._client.some(PASSAGES, f'language == "{language}" and {self.state.visible}', ["key"], 1))

    def sample(self, language: Language, count: int) -> list[str]:
        """Return ids of about so many passages in a language, spread over the collection."""
        below = min(LOTTERY, -(-LOTTERY * count // max(1, self.state.passages)))
        condition = f'lottery < {below} and language == "{language}" and {self.state.visible}'
        return sorted(row["id"] for row in self._client.rows(PASSAGES, condition, ["id"]))

    def count(self, table: str, number: int) -> int:
        """Return how many rows a document has in a table."""
        return self._client.count(table, f"number == {number} and {self.state.visible}")


def vectors_of(body: bytes, dimension: int) -> Vectors:
    """Read a matrix of shape (rows, dimension)."""
    return from_blobs([body], dimension)


def states_of_body(body: bytes, dimension: int) -> TokenStates:
    """Read the token states of a passage's sentences."""
    return unpack_states(body, dimension)


def _in_order(cards: Any) -> list[dict[str, Any]]:
    return sorted(cards, key=lambda card: card["number"])


def _groups(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _quoted(keys: Any) -> str:
    return "[" + ", ".join(f'"{key}"' for key in keys) + "]"
