"""What is done with every system, and how it is timed. The standard library only: peers' environments have no Wenju.

A program is started anew for each step, with the path of a job (JSON) as its argument, and prints one JSON line a
result on standard output; what libraries print there goes to standard error. Step ``index`` prints one line. Step
``search`` prints an empty object when the first question is answered, which is when whoever started it stops the clock
of the start, and then a line with the times and what was found.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

Job = dict[str, Any]
"""What `evals.bench.job.Job` writes."""


class System(Protocol):
    """A way to store documents and to find them."""

    def load(self) -> None:
        """Open the embedding model."""

    def index(self, documents: list[dict[str, str]]) -> None:
        """Cut, embed and store documents (``id`` and ``text``) in the job's folder."""

    def open(self) -> None:
        """Open what `index` of another process stored."""

    def search(self, question: str) -> list[str]:
        """Return the ids of the documents that the nearest pieces are of, nearest first, as often as there are."""


def run(system: Callable[[Job], System]) -> None:
    """Do the step of the job that the command line names.

    Args:
        system: Makes the system of a job.
    """
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        made = system(job)
        (_index if job["step"] == "index" else _search)(made, job, lambda line: _say(out, line))


def _say(out: Any, line: dict[str, Any]) -> None:
    print(json.dumps(line, ensure_ascii=False), file=out, flush=True)


def _index(system: System, job: Job, say: Callable[[dict[str, Any]], None]) -> None:
    system.load()
    started, computed = time.perf_counter(), time.process_time()
    system.index(job["documents"])
    took = {"seconds": time.perf_counter() - started, "processor_seconds": time.process_time() - computed}
    say({**took, "memory": most_memory()})


def _search(system: System, job: Job, say: Callable[[dict[str, Any]], None]) -> None:
    questions: list[str] = job["questions"]
    system.open()
    system.search(questions[0])
    say({})
    for question in questions[: job["warm_up"]]:
        system.search(question)
    seconds, found = [], []
    for question in questions:
        started = time.perf_counter()
        ids = system.search(question)
        seconds.append(time.perf_counter() - started)
        found.append(ids)
    say({"seconds": seconds, "found": found, "memory": most_memory()})


def most_memory() -> int:
    """Return the most bytes of memory this process has had; 0 where that is not known."""
    status = Path("/proc/self/status")
    if status.is_file():
        # What getrusage tells on Linux may be the parent's, of which this process began as a copy.
        return 1024 * int(re.findall(r"VmHWM:\s*([0-9]+) kB", status.read_text())[0])
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
