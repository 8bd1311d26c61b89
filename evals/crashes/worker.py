"""The process that is killed: it adds, replaces, removes and reindexes until it ends, and says what it is at.

Each change is announced on standard output before it begins and after it is done, one JSON object a line.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evals.crashes.collection import EMBEDDER, SPEC, name_of, text_of, versions_in
from knowledge.add import add_files
from knowledge.build import rebuild
from knowledge.catalog import named
from knowledge.errors import KnowledgeError
from knowledge.store import Store

FILES = 24
CHANGED_AT_ONCE = 8
KINDS = ("adding", "replacing", "removing", "reindexing")


class Worker:
    """Changes a collection at random.

    Args:
        index: The index file.
        files: The folder of the files.
        random_: Where chance comes from.
        say: Told of each change before it begins and after it is done.
    """

    def __init__(self, index: Path, files: Path, random_: random.Random, say: Callable[[dict[str, object]], None]):
        self._index, self._files, self._random, self._say = index, files, random_, say
        with Store.open(index, SPEC) as store:
            self._versions = dict(versions_in(store).versions)

    def change(self) -> None:
        """Make one change.

        Raises:
            KnowledgeError: It could not be made.
        """
        there = sorted(self._versions)
        absent = [name for name in map(name_of, range(FILES)) if name not in self._versions]
        possible = [kind for kind in KINDS if (absent if kind == "adding" else there)]
        kind = self._random.choice(possible)
        pool = absent if kind == "adding" else there
        names = self._random.sample(pool, min(len(pool), self._random.randint(1, CHANGED_AT_ONCE)))
        version = None if kind == "removing" else self._random.randrange(10**6)
        after = (
            {name: self._versions[name] for name in names} if kind == "reindexing" else dict.fromkeys(names, version)
        )
        self._say({"begin": kind, "before": {n: self._versions.get(n) for n in names}, "after": after})
        if kind == "reindexing":
            rebuild(self._index, EMBEDDER)
        else:
            self._store(names, version)
        self._say({"done": kind})
        for name, stored in after.items():
            if stored is None:
                del self._versions[name]
            else:
                self._versions[name] = stored

    def _store(self, names: list[str], version: int | None) -> None:
        paths = [self._files / name for name in names]
        with Store.open(self._index, SPEC) as store:
            if version is None:
                entries = store.catalog()
                store.delete([id_ for path in paths for id_ in named(entries, str(path))])
                return
            for path in paths:
                path.write_text(text_of(path.name, version), encoding="utf-8")
            add_files(paths, store, EMBEDDER)


def _limit_files(size: int) -> None:
    """Let no file of this process grow beyond a size; writing more fails as on a disk that is full."""
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _say(said: dict[str, object]) -> None:
    # In one piece: this process and its copy write to the same pipe.
    print(f"{json.dumps(said)}\n", end="", flush=True)


def _run(index: Path, files: Path, order: dict[str, Any]) -> None:
    """Change a collection until killed, as often as ordered, or until something is wrong, which is said."""
    try:
        worker = Worker(index, files, random.Random(order["seed"]), _say)
        if order.get("limit"):
            _limit_files(order["limit"])
        for _ in range(order.get("changes", 10**9)):
            worker.change()
    except KnowledgeError as error:
        _say({"error": type(error).__name__, "message": error.message, "hint": error.hint})
    except BaseException:
        _say({"error": "traceback", "message": traceback.format_exc()})


def _warm_up() -> None:
    """Load what a change loads, so that a kill meets the change."""
    with TemporaryDirectory() as folder:
        index, file = Path(folder) / "index.db", Path(folder) / "文件.txt"
        file.write_text(text_of(file.name, 1), encoding="utf-8")
        with Store.create(index, SPEC) as store:
            add_files([file], store, EMBEDDER)
        rebuild(index, EMBEDDER)


def main() -> None:
    """For each order on standard input begin a process; say its id, and when it has ended."""
    parser = argparse.ArgumentParser(description=(main.__doc__ or "").splitlines()[0])
    parser.add_argument("index", type=Path)
    parser.add_argument("files", type=Path)
    args = parser.parse_args()
    _warm_up()
    for line in sys.stdin:
        # A copy of this process has everything loaded; a fresh one would spend its time on that.
        child = os.fork()
        if child == 0:
            _run(args.index, args.files, json.loads(line))
            sys.stdout.flush()
            os._exit(0)
        _say({"pid": child})
        os.waitpid(child, 0)
        _say({"ended": child})


if __name__ == "__main__":
    main()
