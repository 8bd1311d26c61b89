"""Files that a visitor adds to the collection: what may come in, and how far each is."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.conversations import Conversations
from assistant.errors import AssistantError
from assistant.web.documents import UPLOADED
from assistant.web.texts import text
from assistant.web.turns import Backend
from knowledge.errors import KnowledgeError, LoadError
from knowledge.formats.sandbox import Sandbox
from knowledge.load import SUFFIXES, load_file
from knowledge.types import Language

if TYPE_CHECKING:
    from langchain_core.documents import Document

MEGABYTES = 10
"""Most megabytes (10⁶ bytes) of a file."""

FILES = 20
"""Most files at a time."""

KEPT = 200
"""Most documents that a visitor may have added."""

FOLLOW = 0.25
"""Seconds between two looks at how far a file is."""

States = list[tuple[str, str]]

_log = logging.getLogger(__name__)


def add(
    backend: Backend, kept: Conversations, owner: str, paths: Sequence[Path], language: Language
) -> Iterator[States]:
    """Add files to the collection one after the other, yielding the name and state of all as they change.

    The files are deleted, whatever comes of them.

    Args:
        backend: Holds the collection.
        kept: Remembers who added what.
        owner: Who adds.
        paths: The files.
        language: Language of the states.
    """
    try:
        states = [(path.name, text("upload_waiting", language)) for path in paths]
        yield list(states)
        for at, path in enumerate(paths):
            for state in _added(backend, kept, owner, path, language, too_many=at >= FILES):
                states[at] = (path.name, state)
                yield list(states)
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def document(path: Path, owner: str) -> Document:
    """Return a file's document; it cannot pass itself off as coming from somewhere else, nor replace another's.

    Args:
        path: The file; a second one of the same name of the same owner replaces the first.
        owner: Who adds it.

    Raises:
        LoadError: It is of another format, damaged, protected, or holds no text.
    """
    source = f"{UPLOADED}{sha256(owner.encode()).hexdigest()[:8]}/{path.name}"
    with Sandbox() as sandbox:
        loaded = load_file(path, sandbox, source=source)
    loaded.metadata["source"] = source  # front matter may say another one, such as that of a document already there
    loaded.id = None  # made anew of this source and the text
    return loaded


def _added(
    backend: Backend, kept: Conversations, owner: str, path: Path, language: Language, *, too_many: bool
) -> Iterator[str]:
    """Add one file, yielding its state."""
    if too_many or path.stat().st_size > MEGABYTES * 1_000_000:
        reason = text("upload_too_many" if too_many else "upload_too_large", language)
        yield text("upload_failed", language, reason=reason)
        return
    if len(kept.uploads(owner)) >= KEPT:
        yield text("upload_failed", language, reason=text("upload_too_many_kept", language, count=KEPT))
        return
    try:
        loaded = document(path, owner)
        before = {entry.id for entry in backend.catalog()}
        done = [0, 1]
        with ThreadPoolExecutor(1) as pool:
            adding = pool.submit(backend.add, [loaded], progress=lambda *now: done.__setitem__(slice(None), now))
            while not wait([adding], FOLLOW).done:
                yield text("upload_reading", language, percent=100 * done[0] // max(1, done[1]))
            adding.result()
        new = [backend.document(entry.id) for entry in backend.catalog() if entry.source == loaded.metadata["source"]]
        for record in new:
            kept.note_upload(owner, record.id)
        if all(record.id in before for record in new):
            yield text("upload_known", language)
        else:
            yield text("upload_done", language, passages=sum(record.passages for record in new))
    except LoadError:
        known = path.suffix.lower() in SUFFIXES
        reason = text("upload_unreadable" if known else "upload_format", language)
        yield text("upload_failed", language, reason=reason)
    except (AssistantError, KnowledgeError) as error:
        yield text("upload_failed", language, reason=error.message)
    except Exception:  # the other files must go on; the log keeps the traceback
        _log.exception("A file could not be added.")
        yield text("upload_failed", language, reason=text("unexpected", language))
