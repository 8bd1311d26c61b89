"""Whether a stored model is whole: checksums, and stamps that spare the next start from computing them again."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from knowledge.fetch import sha256_of
from knowledge.manifest import ModelSpec

SUMS = "SHA256SUMS.json"
"""In a converted folder: the checksums of its files, what they were made from, and in which format."""


def write_sums(spec: ModelSpec, folder: Path) -> None:
    """Write the checksums of a folder that was just converted, and bring all of it to the disk."""
    from knowledge import e5

    files = {name: sha256_of(folder / name) for name in e5.FILES}
    content = {"format": e5.FORMAT, "source": spec.sha256, "files": files}
    (folder / SUMS).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for name in (*e5.FILES, SUMS):
        sync(folder / name)


def stamp_of(spec: ModelSpec, path: Path) -> dict[str, Any]:
    """Return what a stamp of this model records: of each file the size, the time, the inode and the checksum.

    Raises:
        OSError: A file is not there.
        ValueError: The folder's list of checksums cannot be read.
    """
    sums = {"": spec.sha256} if spec.kind == "chat" else _read_sums(path)["files"]
    files = {}
    for name, sha256 in sums.items():
        stat = (path / name).stat()
        files[name] = [stat.st_size, stat.st_mtime_ns, stat.st_ino, sha256]
    return {"path": str(path.resolve()), "source": spec.sha256, "files": files}


def _read_sums(folder: Path) -> dict[str, Any]:
    sums = json.loads((folder / SUMS).read_text(encoding="utf-8"))
    if not isinstance(sums, dict) or not isinstance(sums.get("files"), dict):
        raise ValueError("not a list of checksums")
    return sums


def misfit(spec: ModelSpec, path: Path) -> str:
    """Say what is wrong with a model as far as names and sizes tell, "" for nothing."""
    if spec.kind == "chat":
        if not path.is_file():
            return f"{path} is not a file."
        size = path.stat().st_size
        return "" if size == spec.size else f"{path} has {size:,} bytes, not {spec.size:,}."
    from knowledge import e5

    try:
        sums = _read_sums(path)
    except (OSError, ValueError):
        return f"{path} has no readable {SUMS}, so its files cannot be checked."
    if sums.get("source") != spec.sha256 or sums.get("format") != e5.FORMAT:
        return f"{path} was made by another version of Wenju."
    lost = [name for name in e5.FILES if name not in sums["files"] or not (path / name).is_file()]
    return f"{path} lacks {', '.join(lost)}." if lost else ""


def fault(spec: ModelSpec, path: Path) -> str:
    """Read a model whole and say what is wrong with it, "" for nothing."""
    unfit = misfit(spec, path)
    if unfit:
        return unfit
    sums = {"": spec.sha256} if spec.kind == "chat" else _read_sums(path)["files"]
    wrong = [str(path / name) for name, sha256 in sums.items() if sha256_of(path / name) != sha256]
    return f"The checksum of {', '.join(wrong)} is wrong." if wrong else ""


def remove(path: Path) -> None:
    """Remove a file or a folder that may not be there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Bring a file to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, after a rename."""
    # Windows cannot open a folder, and needs no sync of one.
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
