"""What is known of the stored documents while files are added: which file each came from, and whether that changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knowledge.errors import DocumentUnknown
from knowledge.load import FILE, FILE_DIGEST, file_digest
from knowledge.types import DocumentEntry, DocumentRecord

Change = Literal["added", "replaced", "moved", "unchanged"]


@dataclass(frozen=True, slots=True)
class Placed:
    """What storing a document changes.

    Attributes:
        change: What happens to it.
        replaces: Ids of the documents that give way to it.
    """

    change: Change
    replaces: tuple[str, ...] = ()


class Catalog:
    """The stored documents by id, by file, by the digest of the file and by source.

    Args:
        entries: The documents.
    """

    def __init__(self, entries: Iterable[DocumentEntry]) -> None:
        self._entries: dict[str, DocumentEntry] = {}
        self._ids: dict[tuple[str, str], dict[str, None]] = {}
        for entry in entries:
            self.put(entry)

    def put(self, entry: DocumentEntry) -> None:
        """Note a document."""
        self._entries[entry.id] = entry
        for key in _keys(entry.source, entry.metadata):
            self._ids.setdefault(key, {})[entry.id] = None

    def drop(self, document_id: str) -> None:
        """Forget a document."""
        entry = self._entries.pop(document_id, None)
        for key in _keys(entry.source, entry.metadata) if entry else ():
            self._ids.get(key, {}).pop(document_id, None)

    def of_file(self, path: Path) -> list[DocumentEntry]:
        """Return the documents that were read from a file."""
        return self._by("file", str(path))

    def place(self, record: DocumentRecord) -> Placed:
        """Decide what a document that was read from a file takes the place of.

        Earlier versions of the same file give way, and documents of the same bytes whose file is gone: it was renamed.
        So do those of the same source, unless they came from another file that is still there.
        """
        file, digest = record.metadata.get(FILE, ""), record.metadata.get(FILE_DIGEST, "")
        same = self._by("file", file) + [entry for entry in self._by("source", record.source) if _is_gone(entry, file)]
        moved = [entry for entry in self._by("digest", digest) if entry.metadata.get(FILE) and _is_gone(entry, file)]
        known = self._entries.get(record.id)
        if known is not None and _alike(known, record):
            return Placed("unchanged")
        replaced = dict.fromkeys(entry.id for entry in (*same, *moved, *([known] if known else ())))
        return Placed("replaced" if same or known else "moved" if moved else "added", tuple(replaced))

    def _by(self, key: str, value: str) -> list[DocumentEntry]:
        return [self._entries[id_] for id_ in self._ids.get((key, value), ())]


def is_as_read(record: DocumentRecord) -> bool:
    """Tell whether the file of a document still has the bytes that it was read from; one of no file is as it was."""
    file = record.metadata.get(FILE)
    try:
        return not file or file_digest(Path(file)) == record.metadata.get(FILE_DIGEST)
    except OSError:
        return False


def named(entries: Sequence[DocumentEntry], name: str) -> list[str]:
    """Return the ids of the documents that a name stands for: an id, a source, a file, or a folder of files.

    Raises:
        DocumentUnknown: There is none.
    """
    exact = [entry.id for entry in entries if name in (entry.id, entry.source)]
    if exact:
        return exact
    path = str(Path(name).expanduser().absolute())
    places = {path, str(Path(path).resolve())}
    files = [entry.id for entry in entries if _file_of(entry) in places]
    below = tuple(f"{place.rstrip(os.sep)}{os.sep}" for place in places)
    found = files or [entry.id for entry in entries if _file_of(entry).startswith(below)]
    if not found:
        raise DocumentUnknown(f"No document has the id, source or path {name}.", hint="`wenju list` lists them.")
    return found


def _file_of(entry: DocumentEntry) -> str:
    return entry.metadata.get(FILE) or entry.source


def _keys(source: str, metadata: dict[str, str]) -> list[tuple[str, str]]:
    known = (("source", source), ("file", metadata.get(FILE, "")), ("digest", metadata.get(FILE_DIGEST, "")))
    return [(key, value) for key, value in known if value]


def _is_gone(entry: DocumentEntry, file: str) -> bool:
    """Tell whether a document came from no file, or from another that is not there any more."""
    known = entry.metadata.get(FILE, "")
    return not known or (known != file and not _exists(known))


def _exists(file: str) -> bool:
    """Tell whether there is a file; one that may not be looked at counts as there."""
    try:
        os.stat(file)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _alike(stored: DocumentEntry, read: DocumentRecord) -> bool:
    """Tell whether two documents say the same of themselves, their files' bytes and names aside."""
    own = {FILE_DIGEST, FILE}
    kept = {key: value for key, value in stored.metadata.items() if key not in own}
    came = {key: value for key, value in read.metadata.items() if key not in own}
    return kept == came and stored.title == read.title
