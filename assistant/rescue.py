"""``wenju doctor --rebuild``: damaged collections made anew from what can still be read of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.collections import DEFAULT_COLLECTION, names_in, path_of
from assistant.stores import not_in_place
from knowledge.errors import IndexDamaged, KnowledgeError

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from knowledge.build import BuildReport, PassageEmbedder
    from knowledge.salvage import Salvaged


@dataclass(frozen=True, slots=True)
class Rescued:
    """A collection that was made anew.

    Attributes:
        name: Its name.
        path: Where it is.
        aside: Where the damaged file is now.
        remains: What could be read of that.
        built: What making it anew did.
        shipped: Whether nothing was left, so that it holds the shipped documents.
    """

    name: str
    path: Path
    aside: Path
    remains: Salvaged
    built: BuildReport
    shipped: bool

    def sentences(self) -> Iterator[str]:
        """Yield what there is to say of it."""
        lost, unnamed = self.remains.lost, self.remains.unnamed
        yield (
            f"Collection {self.name}: {len(self.remains.documents)} documents were saved, "
            f"{len(lost) + unnamed} are known to be lost. The damaged index was put aside as {self.aside}."
        )
        for one in lost:
            yield f"  lost: {' '.join(filter(None, (one.title, f'({one.source})' if one.source else '')))}"
        if unnamed:
            yield f"  lost: {unnamed} of which not even the name is left"
        if lost or unnamed:
            yield "  Add those files again."
        if self.shipped:
            yield "  Nothing was left, so that it holds the shipped documents."


def rescue(
    name: str, path: Path, embedder: PassageEmbedder, progress: Callable[[int, int], None] | None = None
) -> Rescued:
    """Make one damaged collection anew; of the default one of which nothing is left, from the shipped documents."""
    from knowledge.build import to_record
    from knowledge.load import load_shipped
    from knowledge.salvage import put_in_place, salvage

    remains = salvage(path)
    shipped = name == DEFAULT_COLLECTION and not remains.documents
    records = [to_record(document) for document in load_shipped()] if shipped else remains.documents
    built, aside = put_in_place(path, records, embedder, progress=progress)
    return Rescued(name, path, aside, remains, built, shipped)


def rescue_all(assistant: Assistant, progress: Callable[[int, int], None]) -> list[Rescued]:
    """Look at every collection of a home folder, and make those anew that are damaged.

    Raises:
        BadSettings: They are in a cluster.
    """
    if assistant.settings.store is not None:
        raise not_in_place(assistant.settings, assistant.settings.collections[0])
    home = assistant.settings.home
    return [
        rescue(name, path_of(home, name), assistant.embedder, progress)
        for name in names_in(home)
        if _is_damaged(path_of(home, name))
    ]


def _is_damaged(path: Path) -> bool:
    from knowledge.store import Store

    try:
        with Store.open(path, readonly=True) as store:
            return bool(store.check())
    except IndexDamaged:
        return True
    except KnowledgeError:  # it is older, or somebody is at it
        return False
