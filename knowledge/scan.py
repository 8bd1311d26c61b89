"""From the paths that a user names to the files that are read: folders recursively, links only within them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from knowledge.errors import LoadError

IGNORED = (".*", "~$*", "Thumbs.db", "desktop.ini", "__MACOSX")
"""What lies in folders without being anybody's document: hidden files, locks of office programs, and the like."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or why there is none.

    Attributes:
        path: Where it is; absolute and without links, unless it could not be followed.
        problem: Why it is not read; None if it is.
        source: What the file is a copy of, e.g. a web address; "" if it stands for itself.
    """

    path: Path
    problem: LoadError | None = None
    source: str = ""

    @property
    def shown(self) -> str:
        """What a person knows it by."""
        return self.source or str(self.path)


def scan(paths: Sequence[str | Path], *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[Found]:
    """Find the files that paths lead to, each once.

    Args:
        paths: Files, and folders, which are searched with all that is below them.
        include: Patterns as in ``*.pdf``; of a folder only files are taken whose name, or path within it, matches one.
        exclude: Patterns of files and folders in folders that are left out.

    Returns:
        The files in the order of `paths`, within folders by name. A link out of a folder is a problem; one within it
        leads to something that is found anyway.
    """
    found: dict[Path, Found] = {}
    for given in paths:
        path = Path(given).expanduser()
        try:
            resolved = path.resolve(strict=True)
        except FileNotFoundError:
            one = Found(path, LoadError("There is no such file.", hint="Check the path."))
            found.setdefault(path, one)
            continue
        except (OSError, RuntimeError) as error:
            found.setdefault(path, Found(path, _closed(error)))
            continue
        inside = _within(resolved, resolved, include, exclude) if resolved.is_dir() else iter([Found(resolved)])
        for one in inside:
            found.setdefault(one.path, one)
    return [_nameable(one) for one in found.values()]


def _within(root: Path, folder: Path, include: Sequence[str], exclude: Sequence[str]) -> Iterator[Found]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Found(folder, _closed(error))
        return
    for entry in entries:
        path = Path(entry.path)
        if any(fnmatch(entry.name, pattern) for pattern in IGNORED) or _matches(path, root, exclude):
            continue
        if entry.is_symlink():
            problem = _link_problem(path, root)
            if problem is not None and (not include or _matches(path, root, include)):
                yield Found(path, problem)
        elif entry.is_dir():
            yield from _within(root, path, include, exclude)
        elif not include or _matches(path, root, include):
            yield Found(path)


def _matches(path: Path, root: Path, patterns: Sequence[str]) -> bool:
    within = path.relative_to(root).as_posix()
    return any(fnmatch(path.name, pattern) or fnmatch(within, pattern.rstrip("/")) for pattern in patterns)


def _link_problem(link: Path, root: Path) -> LoadError | None:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return LoadError("It is a link that leads nowhere.", hint="Remove it, or mend it.")
    if target.is_relative_to(root):
        return None
    return LoadError("It is a link out of the folder.", hint="Give the file that it leads to, if you want it.")


def _closed(error: Exception) -> LoadError:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return LoadError(f"It cannot be opened: {said}.", hint="Check the path and its permissions.")


def _nameable(found: Found) -> Found:
    """Refuse a name that is no Unicode: it could be neither stored nor shown."""
    try:
        str(found.path).encode("utf-8")
    except UnicodeEncodeError:
        shown = Path(os.fsencode(found.path).decode("utf-8", "backslashreplace"))
        return Found(shown, LoadError("Its name is no Unicode.", hint="Rename it."))
    return found
