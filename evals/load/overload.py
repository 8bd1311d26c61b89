"""Twice as many questions as can be answered, asked by locust (extra ``load``), and how soon it is over afterwards."""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from evals.load.clients import SUITES, ask_for
from evals.load.service import Service

USERS_A_QUESTION = 2
"""Locust's users for each question a second: each asks one every two seconds, if it has the answer by then."""


def overload(service: Service, offered: float, seconds: int) -> dict[str, Any]:
    """Ask more than can be answered; return what was refused and how, memory on the way, and the time to recover.

    Args:
        service: A warm service.
        offered: Questions a second.
        seconds: For how long.

    Raises:
        RuntimeError: Locust does not run.
    """
    users = round(offered * USERS_A_QUESTION)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("locustfile.py")), "--headless",
                   "-u", str(users), "-r", str(users), "-t", f"{seconds}s", "--host", service.address, "--only-summary",
                   "--csv", f"{folder}/locust", "--exit-code-on-error", "0"]  # fmt: skip
        memory = [service.megabytes]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as locust:
            while locust.poll() is None:
                time.sleep(1)
                memory.append(service.megabytes)
            ended = time.perf_counter()
            said = locust.stdout.read() if locust.stdout else ""
        if locust.returncode != 0:
            raise RuntimeError(f"locust does not run (pip install 'wenju[load]'): {said[-2000:]}")
        rows = list(csv.DictReader(Path(folder, "locust_stats.csv").open(encoding="utf-8")))
        failures = list(csv.DictReader(Path(folder, "locust_failures.csv").open(encoding="utf-8")))
    found = {row["Name"]: {"requests": int(row["Request Count"]), "p95_ms": float(row["95%"])} for row in rows}
    return {
        "offered_a_second": offered,
        "seconds": seconds,
        "by_status": found,
        "answers_a_second": round(found.get("200", {"requests": 0})["requests"] / seconds, 1),
        "failures": {row["Error"]: int(row["Occurrences"]) for row in failures},
        "megabytes": {"before": memory[0], "most": max(memory), "after": memory[-1]},
        "recovered_seconds": round(_recovered(service) - ended, 2),
        "suites": SUITES,
    }


def _recovered(service: Service) -> float:
    """Return when a question is answered as it should be."""
    import asyncio

    while True:
        (one,) = asyncio.run(ask_for(service, iter(["Who wrote this article?"]), 1, 1.0)).asked
        if one.status == 200:
            return time.perf_counter()
        time.sleep(0.1)
