"""Twice as many questions as can be answered, asked by locust, and how soon it is over afterwards."""

from __future__ import annotations

import asyncio
import csv
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from evals.load.clients import ask_for, questions
from evals.load.service import Service

USERS_A_QUESTION = 2
"""Locust's users for each question a second: each asks one every two seconds, if it has the answer by then."""


def overload(service: Service, offered: float, seconds: int, locust: str = "locust") -> dict[str, Any]:
    """Ask more than can be answered; return what was refused and how, memory on the way, and the time to recover.

    Args:
        service: A warm service.
        offered: Questions a second.
        seconds: For how long.
        locust: The command.

    Raises:
        RuntimeError: Locust does not run.
    """
    users = str(round(offered * USERS_A_QUESTION))
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder, "questions.json")
        asked.write_text(json.dumps(questions()), encoding="utf-8")
        command = [locust, "-f", str(Path(__file__).with_name("locustfile.py")), "--headless", "--only-summary",
                   "-u", users, "-r", users, "-t", f"{seconds}s", "--host", service.address, "--questions", str(asked),
                   "--csv", f"{folder}/locust", "--exit-code-on-error", "0"]  # fmt: skip
        memory = [service.megabytes]
        with tempfile.TemporaryFile("w+") as log:
            try:
                process = subprocess.Popen(command, stdout=log, stderr=log)
            except FileNotFoundError as error:
                raise RuntimeError(f"There is no {locust}; docs/performance.md says how to get locust.") from error
            while process.poll() is None:
                time.sleep(0.5)
                memory.append(service.megabytes)
            ended = time.perf_counter()
            log.seek(0)
            if process.returncode != 0:
                raise RuntimeError(f"locust does not run: {log.read()[-2000:]}")
        recovered = _recovered(service) - ended
        stats = _rows(Path(folder, "locust_stats.csv"))
        failures = _rows(Path(folder, "locust_failures.csv"))
    statuses = {row["Name"]: row for row in stats if row["Name"] != "Aggregated"}
    return {
        "offered_a_second": offered,
        "seconds": seconds,
        "requests": {status: int(row["Request Count"]) for status, row in statuses.items()},
        "p95_ms": {status: float(row["95%"]) for status, row in statuses.items()},
        "answers_a_second": round(int(statuses["200"]["Request Count"]) / seconds, 1) if "200" in statuses else 0.0,
        "failures": {row["Error"]: int(row["Occurrences"]) for row in failures},
        "megabytes": {"before": memory[0], "most": max(memory), "after": service.megabytes},
        "recovered_seconds": round(recovered, 2),
    }


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _recovered(service: Service) -> float:
    """Return when a question was answered as it should be."""
    while True:
        (one,) = asyncio.run(ask_for(service, iter(["Who wrote this article?"]), 1, 1.0)).asked
        if one.status == 200:
            return time.perf_counter()
        time.sleep(0.1)
