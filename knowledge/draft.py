"""Files that are made under another name first, and what is left of them when a process is killed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".draft.lock"


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Give a name beside `path` for a file that will take its place; what bears that name at the end is removed.

    A lock says that the draft is in work. The system drops it when the process is killed: that tells `sweep` that the
    draft, which holds the texts of a whole collection, is litter.
    """
    from filelock import FileLock

    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.draft")
    lock = Path(f"{draft}.lock")
    try:
        with FileLock(lock):
            try:
                yield draft
            finally:
                _remove(draft)
    finally:
        lock.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Remove the drafts of `path` whose processes are gone."""
    from filelock import FileLock, Timeout

    locks = [file for file in path.parent.iterdir() if file.name.startswith(f".{path.name}.")]
    for lock in (file for file in locks if file.name.endswith(_LOCK)):
        with suppress(Timeout, OSError), FileLock(lock, timeout=0):
            _remove(lock.with_suffix(""))
            lock.unlink(missing_ok=True)


def _remove(draft: Path) -> None:
    """Remove a draft, its journal, and the drafts that it was itself made from; its lock stays."""
    own = draft.name.lstrip(".")
    for file in draft.parent.iterdir():
        if file.name.lstrip(".").startswith(own) and file.name != f"{draft.name}.lock":
            file.unlink(missing_ok=True)
