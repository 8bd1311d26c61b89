"""A whole collection as one archive that any version and any embedding model can read.

The archive is a ZIP file of ``wenju.json`` (format, number of documents) and ``documents.jsonl`` (a document a line:
the fields of `DocumentRecord`). It holds no vectors, so that it stays small and outlives models; importing embeds the
documents that are not there yet.
"""

from __future__ import annotations

import errno
import json
import os
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO

from knowledge.build import BuildReport, PassageEmbedder, Progress, build_records
from knowledge.errors import DiskFull, LoadError
from knowledge.formats import places
from knowledge.load import unreadable
from knowledge.passage_store import PassageStore
from knowledge.types import DocumentRecord

FORMAT = 1
"""Goes up when an older version could not read the archive any more."""

LONGEST_LINE = 200 * 2**20
"""Bytes that a document may have in an archive."""

_ABOUT, _DOCUMENTS = "wenju.json", "documents.jsonl"
_HINT = "Use an archive that `wenju export` wrote."


def export_collection(store: PassageStore, path: Path) -> int:
    """Write all documents of a store into an archive; it appears under its name only when it is complete.

    Args:
        store: The store.
        path: Where the archive goes; a file that is there is replaced.

    Returns:
        How many documents there are.

    Raises:
        DiskFull: There is no room.
        LoadError: The file cannot be written.
    """
    records = store.documents()
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with draft.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(_ABOUT, json.dumps({"format": FORMAT, "documents": len(records)}))
                with archive.open(_DOCUMENTS, "w", force_zip64=True) as lines:
                    for record in records:
                        lines.write(json.dumps(asdict(record), ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"There is no room to write {path}.", hint="Free some space.") from error
        said = error.strerror or str(error)
        raise LoadError(f"{path} cannot be written: {said}.", hint="Choose another place.") from error
    finally:
        draft.unlink(missing_ok=True)
    return len(records)


def import_collection(
    path: Path, store: PassageStore, embedder: PassageEmbedder, *, target: int = 400, progress: Progress | None = None
) -> BuildReport:
    """Add the documents of an archive to a store; those that are there already cost nothing.

    Args:
        path: An archive that `export_collection` wrote.
        store: Where they go.
        embedder: The model that the store was built with.
        target: Length that passages should have, in characters.
        progress: Is told how far it is.

    Raises:
        LoadError: The file is no such archive, or damaged; documents before the damage are in the store then.
        IndexMismatch: The store was built with another model, splitter or target.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            about = json.loads(archive.read(_ABOUT))
            if about["format"] > FORMAT:
                raise LoadError(f"{path} was written by a newer version of Wenju.", hint="Use that version.")
            with archive.open(_DOCUMENTS) as lines:
                return build_records(_records(lines, path), store, embedder, target=target, progress=progress)
    except OSError as error:
        raise LoadError(f"{path} cannot be read. {unreadable(error).message}", hint="Check the path.") from error
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError) as error:
        raise LoadError(f"{path} is no archive of a collection, or damaged.", hint=_HINT) from error


def _records(lines: IO[bytes], path: Path) -> Iterator[DocumentRecord]:
    from pydantic import TypeAdapter

    documents = TypeAdapter(DocumentRecord)
    number = 0
    while line := lines.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise LoadError(f"Document {number} of {path} is too large.", hint=_HINT)
        record = documents.validate_json(line)
        if not (record.id and record.text.strip()):
            raise ValueError(f"document {number} has no id or no text")
        places.load(record.metadata)
        yield replace(record, passages=0)
