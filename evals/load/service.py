"""A service that is measured: `wenju serve` in a process of its own, with what the system says of it (Linux)."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

OURS = Path(__file__).parents[2]
"""The checkout that this file is of."""

PATIENCE = 120
"""Seconds within which a service has to be ready."""

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs.

    Attributes:
        pid: Its process.
        host: Where it listens.
        port: Where it listens.
    """

    pid: int
    host: str
    port: int

    @property
    def address(self) -> str:
        """How its URLs begin."""
        return f"http://{self.host}:{self.port}"

    @property
    def megabytes(self) -> int:
        """Its resident memory, in units of 2^20 bytes."""
        return self._status("VmRSS") // 1024

    @property
    def threads(self) -> int:
        """How many threads it has."""
        return self._status("Threads")

    @property
    def files(self) -> int:
        """How many files and connections it has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    @property
    def taken(self) -> int:
        """How many places for questions and searches are taken, as its metrics say."""
        with _direct.open(f"{self.address}/metrics", timeout=30) as got:
            (found,) = re.findall(r'^wenju_lane_taken\{lane="quick"\} ([\d.]+)$', got.read().decode(), re.MULTILINE)
        return int(float(found))

    def _status(self, name: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(rf"^{name}:\s*(\d+)", status, re.MULTILINE)[0])


@contextmanager
def served(settings: tuple[str, ...] = (), code: Path = OURS) -> Iterator[Service]:
    """Run `wenju serve --llm none --no-page` until the end of the block; it is warm when the block begins.

    Args:
        settings: Variables, ``NAME=VALUE``.
        code: The checkout that is run.

    Raises:
        RuntimeError: It does not start; what it said is named.
    """
    command = [sys.executable, "-m", "assistant.cli", "serve", "--llm", "none", "--no-page", "--port", "0"]
    variables = ("WENJU_SERVE_RATE=1000000", *settings)
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            ["env", *variables, *command], cwd=code, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            address = urlsplit((re.findall(r"http://\S+", process.stdout.readline()) or [""])[0])
            service = Service(process.pid, address.hostname or "", address.port or 0)
            until = time.monotonic() + PATIENCE
            while not (service.port and _ready(service)):
                if process.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    raise RuntimeError(f"wenju serve does not start: {log.read()[-2000:]}")
                time.sleep(0.1)
            yield service
        finally:
            process.terminate()


def _ready(service: Service) -> bool:
    try:
        with _direct.open(f"{service.address}/readyz", timeout=30) as got:
            return int(got.status) == 200
    except (urllib.error.URLError, ConnectionError):
        return False
