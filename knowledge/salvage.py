"""What can still be read of a damaged index: its documents, from which everything else is made anew.

Every document carries a digest of its text, so that what is saved is word for word what was stored; a text with a hole
in it is lost, because nothing may be quoted from it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge import schema
from knowledge.build import BuildReport, PassageEmbedder, Progress, drafted
from knowledge.errors import IndexMissing
from knowledge.pages import Pages, Row
from knowledge.rows import digest
from knowledge.types import DocumentRecord, Language

_COLUMNS = 9
"""Columns of the table of documents (`knowledge.schema`)."""

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Lost:
    """A document that cannot be read any more.

    Attributes:
        source: Where it came from; "" if that is not known.
        title: Its title; "" if that is not known.
    """

    source: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What is left of a damaged index.

    Attributes:
        documents: The documents that are whole, in the order in which they were stored.
        lost: Those that are not, as far as anything is left that names them.
        unnamed: How many more there were, at least.
    """

    documents: tuple[DocumentRecord, ...]
    lost: tuple[Lost, ...]
    unnamed: int


def salvage(path: Path) -> Salvaged:
    """Read what is left of an index file; it stays as it is.

    Raises:
        IndexMissing: There is no file.
    """
    if not path.is_file():
        raise IndexMissing(f"There is no index at {path}.", hint="Run `wenju index` to build it.")
    whole: dict[int, DocumentRecord] = {}
    lost: dict[int, Lost] = {}
    with Pages(path) as pages:
        for row in pages.rows(_COLUMNS):
            _, id_, title, source, _, _, _, kept, text = row.values
            if row.rowid is None or not isinstance(kept, bytes) or len(kept) != 8:
                continue
            record = _record(row)
            if record is not None and isinstance(text, str) and digest(text) == kept:
                whole[row.rowid] = record
            elif isinstance(id_, str):
                lost[row.rowid] = Lost(_named(source), _named(title))
        # The index of the sources names documents whose row is gone; others of two columns hold ids, languages, and the
        # version of the full-text index.
        for row in pages.rows(2, index=True):
            source, number = row.values
            if isinstance(source, str) and isinstance(number, int) and not _is_other(source):
                lost.setdefault(number, Lost(source))
        of_passages = {row.values[0] for row in pages.rows(3, index=True) if _ID.fullmatch(str(row.values[0]))}
    named = [one for number, one in sorted(lost.items()) if number not in whole]
    found = {record.id: record for _, record in sorted(whole.items())}
    unnamed = max(0, len(of_passages - found.keys()) - len(named))
    return Salvaged(tuple(found.values()), tuple(named), unnamed)


def put_in_place(
    path: Path,
    records: Sequence[DocumentRecord],
    embedder: PassageEmbedder,
    *,
    target: int = 400,
    progress: Progress | None = None,
) -> tuple[BuildReport, Path]:
    """Make an index of documents and put it in the place of a damaged one, which is kept under another name.

    At every moment there is either the damaged file or the complete new one. Processes that have the damaged one open
    go on with that until they open it again.

    Returns:
        What building did, and where the damaged file is.

    Raises:
        DiskFull: There is no room; nothing was changed.
    """
    with drafted(path, records, embedder, target=target, progress=progress) as (draft, report):
        number = 1
        while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
            number += 1
        for suffix in ("-wal", ""):
            file = path.with_name(f"{path.name}{suffix}")
            if file.exists():
                _double(file, aside.with_name(f"{aside.name}{suffix}"))
        path.with_name(f"{path.name}.dense").unlink(missing_ok=True)
        schema.forget_journal(path)
        draft.replace(path)
    return report, aside


def _double(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except OSError:  # a file system without hard links
        shutil.copy2(file, name)


def _record(row: Row) -> DocumentRecord | None:
    """Return the document of a row if all of it can be read."""
    texts = [value for value in (*row.values[1:7], row.values[8]) if isinstance(value, str)]
    if len(texts) != 7:
        return None
    id_, title, source, language, metadata, added_at, text = texts
    try:
        known = json.loads(metadata)
    except ValueError:
        return None
    if not isinstance(known, dict) or not text:
        return None
    spoken: Language = "zh" if language == "zh" else "en"
    return DocumentRecord(id_, title, source, spoken, text, {str(k): str(v) for k, v in known.items()}, added_at)


def _named(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_other(source: str) -> bool:
    return source in ("", "zh", "en", "version") or _ID.fullmatch(source) is not None
