"""Read a file in a process of its own, with a deadline and a limit on memory.

A file can make its parser loop, swell or crash. Then that process ends, the file is refused with the reason, and the
next file gets a new process. One process reads many files, because starting one takes longer than reading most files.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from knowledge.closing import Closing
from knowledge.errors import LoadError
from knowledge.formats.extracted import Extracted

MEMORY = 1200 * 2**20
"""Bytes of address space that the process may take."""

SECONDS, SECONDS_PER_MEBIBYTE = 20.0, 1.0
"""A file has `SECONDS`, and `SECONDS_PER_MEBIBYTE` more for each MiB."""

FILES_A_PROCESS = 100
"""A process is replaced after so many files, since parsers leak."""

_START = "import sys; sys.path[:] = {path!r}; from knowledge.formats.worker import serve; serve({memory})"


class Sandbox(Closing):
    """Reads files in another process, which starts with the first one. Safe to use from several threads.

    Args:
        seconds: How long a small file may take.
        memory: Bytes of address space that the process may take.
    """

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._seconds = seconds
        self._memory = memory
        self._process: subprocess.Popen[str] | None = None
        self._files = 0
        self._lock = threading.Lock()

    def read(self, path: Path, format_: str) -> Extracted:
        """Read a file.

        Args:
            path: The file.
            format_: Which module of `knowledge.formats` reads it.

        Raises:
            LoadError: It cannot be read; the message is about "it".
        """
        seconds = self._seconds + SECONDS_PER_MEBIBYTE * path.stat().st_size / 2**20
        with self._lock:
            reply = self._ask({"path": str(path), "format": format_}, seconds)
        if "error" in reply:
            raise LoadError(reply["error"], hint=reply["hint"])
        return Extracted.from_json(reply)

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._stop()

    def _ask(self, request: dict[str, str], seconds: float) -> dict[str, Any]:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except (BrokenPipeError, ValueError):
            line = ""
        except BaseException:
            self._stop()
            raise
        finally:
            timer.cancel()
        if line.endswith("\n"):
            self._files += 1
            reply: dict[str, Any] = json.loads(line)
            return reply
        self._stop()
        if late.is_set():
            return {"error": f"Reading it took longer than {seconds:.0f} s.", "hint": "Save it again, or in parts."}
        return {"error": "Reading it made its parser crash.", "hint": "Open it and save it again, or get another copy."}

    def _started(self) -> subprocess.Popen[str]:
        if self._process is not None and (self._files >= FILES_A_PROCESS or self._process.poll() is not None):
            self._stop()
        if self._process is None:
            self._files = 0
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START.format(path=sys.path, memory=self._memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="ascii",
            )
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    pass  # what was not written yet is of no use to a process that is gone
