"""A collection of real files whose every version is known, and what of it stands in an index."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evals.crashes.embedder import PairCounts
from knowledge.build import spec_for
from knowledge.errors import KnowledgeError
from knowledge.load import FILE
from knowledge.store import Store

EMBEDDER = PairCounts()
SPEC = spec_for(EMBEDDER)
LINES = 12
"""Lines of a file; each says of which file and of which version it is."""

Versions = Mapping[str, int | None]
"""For each file, by name, which version of it is stored; None if none is."""


def name_of(number: int) -> str:
    """Return the name of a file: Chinese, with a space, every other one Markdown."""
    return f"报告 {number:02}.{'md' if number % 2 else 'txt'}"


def marker_of(name: str) -> str:
    """Return the word that every line of a file, and no other file's, holds."""
    return f"report{re.sub('[^0-9]', '', name)}x"


def text_of(name: str, version: int) -> str:
    """Return the text of a version of a file, in both languages."""
    marker = marker_of(name)
    return "\n\n".join(
        f"{marker}的第{line}段属于版本v{version}，城市投资为{(version * 31 + line * 7) % 9973}亿元。"
        f"Line {line} of {marker} belongs to v{version} and says {(version * 17 + line) % 9967} units."
        for line in range(LINES)
    )


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in an index.

    Attributes:
        versions: For each file the version that is stored.
        problems: What is wrong: an index that does not open, a failed check, a document that is half there or twice.
    """

    versions: dict[str, int]
    problems: tuple[str, ...]


def versions_in(store: Store) -> Contents:
    """Read which version of each file is stored, and compare its text with that version's word for word."""
    versions: dict[str, int] = {}
    problems = []
    for record in store.documents():
        name = Path(record.metadata.get(FILE, record.source)).name
        said = re.search(r"版本v(\d+)", record.text)
        if said is None or record.text != text_of(name, int(said[1])):
            problems.append(f"The text of {name} is that of no version.")
        elif name in versions:
            problems.append(f"There are two versions of {name}.")
        else:
            versions[name] = int(said[1])
            found = len(store.lexical([marker_of(name)], 10 * LINES))
            if found != record.passages or not record.passages:
                problems.append(f"Full text finds {found} of {record.passages} passages of {name}.")
    return Contents(versions, tuple(problems))


def inspect(index: Path) -> Contents:
    """Open an index as the next command would, look at every row of it, and at what lies beside it."""
    try:
        with Store.open(index, SPEC) as store:
            found = versions_in(store)
            checked = store.check()
    except KnowledgeError as error:
        return Contents({}, (error.message,))
    left = [file.name for file in index.parent.iterdir() if not file.name.startswith(index.name)]
    litter = [f"{name} was left beside the index." for name in left]
    return Contents(found.versions, (*found.problems, *checked, *litter))


def compare(found: Contents, before: Versions, after: Versions) -> tuple[str, list[str]]:
    """Hold what is stored to the state before a change and the state after it.

    Returns:
        ``"old"``, ``"new"``, ``"same"`` if the change changes no version, or ``"some"`` if some documents are old and
        others new; and one sentence for each document that is neither.
    """
    problems, sides = list(found.problems), set()
    for name in before.keys() | after.keys() | found.versions.keys():
        version, old, new = found.versions.get(name), before.get(name), after.get(name)
        if version not in (old, new):
            problems.append(f"{name} is at version {version}; it was at {old} and was to be at {new}.")
        elif old != new:
            sides.add("old" if version == old else "new")
    return ("same" if not sides else sides.pop() if len(sides) == 1 else "some"), problems
