"""Where collections are kept: each in a file on this machine, or in a Milvus cluster that ``WENJU_STORE`` names.

In a cluster the default collection is the one of the address, and ``--collection NAME`` is its ``?collection=NAME``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.collections import DEFAULT_COLLECTION, names_in, path_of
from assistant.errors import BadSettings
from assistant.models import require
from knowledge.milvus.address import is_name, parse_address

if TYPE_CHECKING:
    from assistant.settings import Settings
    from knowledge.milvus.address import Address
    from knowledge.passage_store import PassageStore
    from knowledge.types import IndexSpec

ELSEWHERE = "`wenju export` it, and `wenju import --collection NAME` it under another name."
"""What to do with a cluster's collection that is wrong."""


def open_store(
    settings: Settings,
    name: str,
    spec: IndexSpec | None,
    *,
    readonly: bool = False,
    on_busy: Callable[[], None] | None = None,
) -> PassageStore:
    """Open the store of a collection.

    Args:
        settings: Where collections are kept.
        name: Which one.
        spec: What it has to have been built with, or None for anything.
        readonly: Do not write to the file.
        on_busy: Told when another process is writing and it is waited on (`knowledge.store.Store.open`).

    Raises:
        BadSettings: Nothing can be called so in a cluster.
        ExtraMissing: The package that speaks to the cluster is not installed.
        IndexMissing: There is none yet.
        KnowledgeError: It cannot be reached or read, or was built with something else.
    """
    if settings.store is None:
        from knowledge.store import Store

        return Store.open(path_of(settings.home, name), spec, readonly=readonly, on_busy=on_busy)
    address = _address_of(settings.store, name)
    require("pymilvus", "milvus")
    from knowledge.milvus.store import MilvusStore

    return MilvusStore.open(address, spec, token=_token(), on_busy=on_busy)


def create_store(settings: Settings, name: str, spec: IndexSpec) -> PassageStore:
    """Make a collection without documents, or open the one that is there; the errors are those of `open_store`."""
    if settings.store is None:
        from knowledge.store import Store

        return Store.create(path_of(settings.home, name), spec)
    address = _address_of(settings.store, name)
    require("pymilvus", "milvus")
    from knowledge.milvus.store import MilvusStore

    return MilvusStore.create(address, spec, token=_token())


def names(settings: Settings) -> list[str]:
    """Return the names of the collections that are there, the default one first; the errors are of `open_store`."""
    if settings.store is None:
        return names_in(settings.home)
    require("pymilvus", "milvus")
    from knowledge.milvus.store import collections_at

    address = parse_address(settings.store)
    there = collections_at(address, token=_token())
    default = [DEFAULT_COLLECTION] if address.collection in there else []
    return [*default, *sorted(set(there) - {address.collection, DEFAULT_COLLECTION})]


def is_there(settings: Settings, name: str) -> bool:
    """Tell whether there is such a collection; the errors are those of `open_store`."""
    if settings.store is None:
        return path_of(settings.home, name).exists()
    _address_of(settings.store, name)
    return name in names(settings)


def place_of(settings: Settings, name: str) -> str:
    """Return where a collection is, or would be, as messages name it."""
    return str(path_of(settings.home, name) if settings.store is None else _address_of(settings.store, name))


def not_in_place(settings: Settings, name: str) -> BadSettings:
    """Return the error that says that a cluster's collection is not made anew where it is."""
    return BadSettings(f"The collection {place_of(settings, name)} is not made anew in place.", hint=ELSEWHERE)


def _address_of(store: str, name: str) -> Address:
    """Return the address of a collection.

    Raises:
        BadSettings: Nothing can be called so in a cluster.
    """
    address = parse_address(store)
    if name == DEFAULT_COLLECTION:
        return address
    if not is_name(name):
        raise BadSettings(
            f"A collection in a Milvus cluster cannot be named {name}.",
            hint="Use letters of the Latin alphabet, digits and _, a letter first.",
        )
    return replace(address, collection=name)


def _token() -> str:
    """Return the password, which is that of Milvus' own tools: ``USER:PASSWORD`` or an API key."""
    return os.environ.get("MILVUS_TOKEN", "")
