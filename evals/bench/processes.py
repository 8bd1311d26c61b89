"""Runs a step of a system as a process of its own, and times its start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from evals.bench.environments import NotMeasured, python_of
from evals.bench.job import Indexed, Job, Searched

PROGRAMS = Path(__file__).parent / "systems"
Line = TypeVar("Line", Indexed, Searched)

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class System:
    """What is measured.

    Attributes:
        name: As it stands in tables.
        program: File in `PROGRAMS`, without its ending.
        environment: Which of `evals.bench.environments.REQUIREMENTS` it runs in; "" for Wenju's own.
        hybrid: Whether it is to look for words as well as vectors, where it does not do so by itself.
    """

    name: str
    program: str
    environment: str
    hybrid: bool = False

    def command(self, cache: Path) -> list[str]:
        """Return what starts it; a peer's environment is made if it is not there.

        Raises:
            NotMeasured: It cannot be installed.
        """
        if not self.environment:
            return [sys.executable, "-m", f"{__package__}.systems.{self.program}"]
        return [str(python_of(self.environment, cache)), str(PROGRAMS / f"{self.program}.py")]


WENJU = System("Wenju", "run_wenju", "")
SYSTEMS = (
    WENJU,
    System("LangChain", "run_langchain", "langchain"),
    System("txtai", "run_txtai", "txtai"),
    System("txtai hybrid", "run_txtai", "txtai", hybrid=True),
    System("LlamaIndex", "run_llamaindex", "llamaindex"),
)


def index(system: System, job: Job, cache: Path) -> Indexed:
    """Let a system store the documents of a job.

    Raises:
        NotMeasured: It failed.
    """
    lines, _ = _run(system, job, cache)
    return _read(Indexed, system, lines)


def search(system: System, job: Job, cache: Path) -> tuple[float, Searched]:
    """Let a system answer the questions of a job; return the seconds until the first answer as well.

    Raises:
        NotMeasured: It failed.
    """
    lines, start = _run(system, job, cache)
    return start, _read(Searched, system, lines)


def _run(system: System, job: Job, cache: Path) -> tuple[list[str], float]:
    """Return the lines that a process printed, and the seconds from its start to the first of them."""
    command = system.command(cache)
    with tempfile.TemporaryDirectory(prefix="wenju-") as scratch, tempfile.TemporaryFile("w+") as errors:
        path = Path(scratch) / "job.json"
        path.write_text(job.model_dump_json(), encoding="utf-8")
        started = time.perf_counter()
        with subprocess.Popen(
            [*command, str(path)],
            stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8",
            env=environment(os.environ, job.threads, own=not system.environment),
        ) as process:  # fmt: skip
            assert process.stdout is not None
            first = process.stdout.readline()
            start = time.perf_counter() - started
            rest = process.stdout.readlines()
        if process.returncode:
            errors.seek(0)
            said = errors.read().strip().splitlines() or [f"it ended with {process.returncode}"]
            # What is ended by a signal, for want of memory perhaps, has said nothing of that.
            reason = said[-1] if process.returncode > 0 else f"it was ended by signal {-process.returncode}"
            raise NotMeasured(f"{system.name} failed at the step {job.step}: {reason}")
        return [first, *rest], start


def environment(ours: Mapping[str, str], threads: int, *, own: bool) -> dict[str, str]:
    """Return the environment of a measured process: so many threads, nothing fetched, and none of our paths for peers.

    Args:
        ours: This process's environment.
        threads: Threads that arithmetic may use.
        own: Whether it is Wenju.
    """
    left_out = () if own else ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    kept = {name: value for name, value in ours.items() if name not in left_out}
    return kept | dict.fromkeys(THREADS, str(threads)) | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}


def _read(kind: type[Line], system: System, lines: list[str]) -> Line:
    try:
        return kind.model_validate(json.loads(lines[-1]))
    except (ValueError, ValidationError) as error:
        raise NotMeasured(f"{system.name} printed something else than its results") from error
