"""Processes that are killed at random moments, or run out of room, and what is left then."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from evals.crashes.collection import SPEC, Versions, compare, inspect
from knowledge.store import Store

LONGEST_WAIT = 1.2
"""Seconds within which a process is killed, once it has begun."""

SMALL_ROOM = 120
"""Most kilobytes that a file may grow to where room is short; the index is larger."""


@dataclass(slots=True)
class Survived:
    """What was left after each end of a process.

    Attributes:
        ends: How many processes ended so.
        during: What they were at: a kind of change (`evals.crashes.worker.KINDS`) or ``"between two"``.
        found: How many left the old state, the new one, ``"some"`` documents of each, or the ``"same"`` either way.
        problems: One sentence for each thing that was wrong.
        complaints: What the processes said, without the path; only those that ended by themselves say something.
    """

    ends: int = 0
    during: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    complaints: Counter[str] = field(default_factory=Counter)


def kill_often(folder: Path, kills: int, seed: int, tell: Callable[[int, int], None]) -> Survived:
    """Kill a process that changes a collection, at random moments, and look at the collection after each.

    Args:
        folder: An empty folder to work in.
        kills: How often.
        seed: Gives the changes and the moments.
        tell: Told after each kill how many there were, of how many.
    """
    survived, versions = Survived(), dict[str, int]()
    with _Workers(folder) as workers:
        for number in range(kills):
            chance = random.Random(f"{seed} kill {number}")
            wait = chance.uniform(0.0, LONGEST_WAIT)
            said = workers.run({"seed": chance.getrandbits(32)}, kill_after=wait)
            versions = _look(workers.index, said, versions, survived)
            tell(number + 1, kills)
    return survived


def fill_often(
    folder: Path, fillings: int, seed: int, tell: Callable[[int, int], None], *, disk: Path | None = None
) -> Survived:
    """Let a process that changes a collection run out of room, and look at the collection after each; as `kill_often`.

    No file of the process may grow beyond a size by chance, so that its journal, its draft of a rebuilt index or the
    index itself cannot be written to the end. This needs no rights, unlike a small disk.

    Args:
        folder: An empty folder to work in.
        fillings: How often.
        seed: Gives the changes and the room that is left.
        tell: Told after each how many there were, of how many.
        disk: A small disk of its own for the index: it is filled up to that room instead.
    """
    survived, versions = Survived(), dict[str, int]()
    with _Workers(folder, disk) as workers:
        for number in range(fillings):
            chance = random.Random(f"{seed} fill {number}")
            room = chance.randint(16, SMALL_ROOM) * 1024
            with _filled(disk, room):
                said = workers.run({"seed": chance.getrandbits(32), "changes": 100, "limit": 0 if disk else room})
            versions = _look(workers.index, said, versions, survived)
            last = said[-1]
            if last.get("error") != "DiskFull":
                survived.problems.append(f"A process without room said {last}.")
            survived.complaints[str(last.get("message")).replace(str(workers.index), "INDEX")] += 1
            said = workers.run({"seed": chance.getrandbits(32), "changes": 2})
            if "done" not in said[-1]:
                survived.problems.append(f"With room again, a process said {said[-1]}.")
            versions = inspect(workers.index).versions
            tell(number + 1, fillings)
    return survived


@contextmanager
def _filled(disk: Path | None, room: int) -> Iterator[None]:
    """Leave only so many bytes of a disk meanwhile."""
    if disk is None:
        yield
        return
    ballast, free = disk / "ballast", os.statvfs(disk)
    try:
        ballast.write_bytes(b"x" * max(0, free.f_bavail * free.f_frsize - room))
        yield
    finally:
        ballast.unlink()


class _Workers:
    """Processes that change a collection (`evals.crashes.worker`), one at a time; they are copies of one that waits."""

    def __init__(self, folder: Path, disk: Path | None = None) -> None:
        self.index, files = (disk or folder) / "index" / "documents.db", folder / "文件 files"
        files.mkdir(parents=True)
        Store.create(self.index, SPEC).close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "evals.crashes.worker", str(self.index), str(files)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, order: dict[str, Any], *, kill_after: float | None = None) -> list[dict[str, Any]]:
        """Run one process to its end, or kill it after some seconds; return what it said."""
        assert self._process.stdin is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        said = [self._hear()]
        if kill_after is not None:
            while "pid" not in said[-1]:
                said.append(self._hear())
            time.sleep(kill_after)
            os.kill(said[-1]["pid"], signal.SIGKILL)
        while "ended" not in said[-1]:
            said.append(self._hear())
        return [line for line in said if not line.keys() & {"pid", "ended"}]

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        heard: dict[str, Any] = json.loads(self._process.stdout.readline())
        return heard

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def _look(index: Path, said: list[dict[str, Any]], versions: Versions, survived: Survived) -> dict[str, int]:
    """Compare the collection with what the process said it was at; return what is stored now."""
    before, kind, after = dict(versions), "between two", {}
    for line in said:
        if "begin" in line:
            kind, after = line["begin"], line["after"]
        elif "done" in line:
            before |= after
            kind, after = "between two", {}
    found = inspect(index)
    state, problems = compare(found, before, before | after)
    survived.ends += 1
    survived.during[kind] += 1
    survived.found[state] += 1
    survived.problems += [f"After end {survived.ends}, {kind}: {problem}" for problem in problems]
    return found.versions
