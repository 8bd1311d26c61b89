"""The Milvus collections of one store ("tables" here): what is in them.

``state``: one row that says what is committed, and one that says who writes. ``passages``: what is searched and
filtered. ``parts``: everything else, as bodies cut into pieces (`knowledge.milvus.packing`). Only in ``state`` are rows
written over: the other rows are added, and deleted when the state no longer shows them.
"""

from __future__ import annotations

from typing import Any

STATE, PASSAGES, PARTS = "state", "passages", "parts"

CARD, TEXT, PASSAGE, SENTENCES, STATES = "card", "text", "passage", "sentences", "states"
"""Kinds of parts: of a document what a list shows of it, and its text; of a passage its words and spans, the vectors of
its sentences, and their token states."""

TOKENS = 4096
"""How many different tokens a passage may have: Milvus' longest list."""

LOTTERY = 2**16
"""A passage draws a number below this by its id, so that a sample of passages can be asked for."""

LONGEST = 65_535
"""Bytes of text in a field."""


def describe(table: str, dimension: int, schema: Any, indexes: Any, kinds: Any, *, index_lists: bool) -> None:
    """Say of what fields a table is and which of them are indexed.

    Args:
        table: Which.
        dimension: Length of the passages' vectors.
        schema: pymilvus' ``CollectionSchema``; it is filled.
        indexes: pymilvus' ``IndexParams``; they are filled.
        kinds: pymilvus' ``DataType``; only `knowledge.milvus.client` imports that package.
        index_lists: Whether the server can index lists; Milvus Lite cannot and looks at every row.
    """

    def text(name: str, length: int, **options: Any) -> None:
        schema.add_field(name, kinds.VARCHAR, max_length=length, **options)

    def numbers(*names: str) -> None:
        for name in names:
            schema.add_field(name, kinds.INT64)

    def indexed(*names: str) -> None:
        for name in names:
            indexes.add_index(name, index_type="INVERTED")

    text("key", 100, is_primary=True)
    if table == PASSAGES:
        numbers("born", "number", "token_count", "lottery")
        text("id", 4096)
        text("owner", 32)
        text("document", 32)
        text("language", 8)
        schema.add_field("tokens", kinds.ARRAY, element_type=kinds.VARCHAR, max_capacity=TOKENS, max_length=1024)
        schema.add_field("vector", kinds.FLOAT_VECTOR, dim=dimension)
        schema.add_field("words", kinds.SPARSE_FLOAT_VECTOR)
        indexes.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
        indexes.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        indexed("born", "number", "lottery", "owner", "document", "language", *(("tokens",) if index_lists else ()))
        return
    if table == PARTS:
        numbers("born", "number", "piece", "pieces")
        text("owner", 32)
        text("kind", 16)
        text("source", 32)
        indexed("born", "number", "owner", "kind", "source")
    text("body", LONGEST)
    # Milvus wants a vector in every collection.
    schema.add_field("unused", kinds.FLOAT_VECTOR, dim=2)
    indexes.add_index("unused", index_type="FLAT", metric_type="IP")


UNUSED = [0.0, 0.0]
"""What stands in the vector that is not used."""
