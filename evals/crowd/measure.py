"""Writers and readers at once on one collection: what they did, what they saw, and what is there at the end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from evals.crowd.cheap import open_assistant
from evals.crowd.collection import FACT, FACT_FILE, SHARED, name_of, problems_of_documents, text_of

BUSY = "busy, retrying"
"""What a process may say on standard error, and nothing else."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What was measured.

    Attributes:
        writers: Processes that added.
        readers: Processes that asked.
        seconds: For how long.
        done: How often what was done: ``stored``, ``removed``, ``shared``, ``answered``, ``refused``.
        busy: How often a process said that it waits for another.
        answer_p50: Seconds of an answer at the median; eight processes share the cores.
        answer_max: Seconds of the slowest answer.
        documents: How many documents there are at the end.
        failures: What was not as promised, a sentence each.
    """

    writers: int
    readers: int
    seconds: float
    done: dict[str, int]
    busy: int
    answer_p50: float
    answer_max: float
    documents: int
    failures: tuple[str, ...]


def measure_crowd(
    seconds: float, *, writers: int = 4, readers: int = 4, tell: Callable[[int, int], None] = lambda done, total: None
) -> Crowd:
    """Let processes add and ask at once, with a cheap embedding model, in a temporary home.

    Args:
        seconds: For how long, beginning when all of them are ready.
        writers: How many add, replace and remove.
        readers: How many ask.
        tell: Told how many processes have ended, of how many.
    """
    with TemporaryDirectory(prefix="wenju-") as folder:
        home, files = Path(folder) / "home", Path(folder) / "文件 files"
        files.mkdir()
        (files / FACT_FILE).write_text(FACT, encoding="utf-8")
        with open_assistant(home) as assistant:
            assistant.rebuild_index()
            assistant.add(files / FACT_FILE)
        said, complaints = _run(seconds, writers, readers, home, files, tell)
        with open_assistant(home) as assistant:
            documents = assistant.documents()
            versions, problems = problems_of_documents(documents)
            problems += assistant.store.check()
        problems += _lost(said, versions, files)
    seconds_of = [line["seconds"] for line in said if "seconds" in line]
    return Crowd(
        writers=writers,
        readers=readers,
        seconds=seconds,
        done=dict(Counter(line["did"] for line in said)),
        busy=sum(BUSY in line for line in complaints),
        answer_p50=median(seconds_of or [0.0]),
        answer_max=max(seconds_of, default=0.0),
        documents=len(documents),
        failures=(
            *(problem for line in said for problem in line["problems"]),
            *(f"A process said: {line}" for line in complaints if BUSY not in line),
            *problems,
        ),
    )


def _run(
    seconds: float, writers: int, readers: int, home: Path, files: Path, tell: Callable[[int, int], None]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Run the processes to their end; return what they said, on standard output and on standard error."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "evals.crowd.worker", what, str(number), str(writers), str(home), str(files),
             str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for what, count in (("add", writers), ("ask", readers))
        for number in range(count)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said: list[dict[str, Any]] = []
    complaints: list[str] = []
    for ended, process in enumerate(processes, start=1):
        out, err = process.communicate()
        said += map(json.loads, out.splitlines())
        complaints += err.splitlines()
        tell(ended, len(processes))
    return said, complaints


def _lost(said: list[dict[str, Any]], versions: Any, files: Path) -> list[str]:
    """Return a sentence for each town that is not at the version that was stored last, and for the file of all."""
    last = {line["town"]: line["version"] for line in said if "town" in line}
    there = {town: version for (town, _), version in versions.items()}
    lost = [
        f"{town} is at {there.get(town)}; it was to be at {version}."
        for town, version in last.items()
        if there.get(town) != version
    ]
    shared = files / name_of(SHARED, 0)
    if shared.exists() and shared.read_text(encoding="utf-8") != text_of(SHARED, 0, there.get(SHARED, 0)):
        lost.append("The file of all writers is not there as it is on the disk.")
    return lost


def print_crowd(measured: Crowd, *, as_json: bool) -> None:
    """Print what was measured."""
    if as_json:
        print(json.dumps(asdict(measured), ensure_ascii=False))
        return
    print(f"{measured.writers} processes adding and {measured.readers} asking for {measured.seconds:.0f} s")
    print(f"  done       {', '.join(f'{name} {count}' for name, count in sorted(measured.done.items()))}")
    print(f"  busy       {measured.busy} times said")
    print(f"  an answer  {measured.answer_p50:.2f} s at the median, {measured.answer_max:.2f} s at most")
    print(f"  documents  {measured.documents} at the end")
    print(f"  problems   {len(measured.failures)}")
    for failure in measured.failures:
        print(failure)
