"""The answers of a run in a file, one line each as they come, so that a run that was cut off can go on."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant.types import Answer, Message
from evals.answers import answer_from_dict
from evals.cases import BadCases, Case


class Recording:
    """The answers given to cases so far, and the file they are in.

    The first line of the file says what was run (`what`); each other line holds a case's id and digest, which
    attempt it was, the seconds and the answer. A last line that was cut off is dropped.

    Args:
        path: The file.
        what: What is run: model, prompts and anything else that changes answers.
        resume: Go on with the answers that the file holds; otherwise it is written anew.

    Raises:
        BadCases: The file cannot be read or written, is no recording, or is one of another run.
    """

    def __init__(self, path: Path, what: dict[str, Any], *, resume: bool = False) -> None:
        self._path = path
        self._answers: dict[tuple[str, str, int], tuple[Answer, float]] = {}
        self._lock = threading.Lock()
        lines = [json.dumps(what, ensure_ascii=False, sort_keys=True)]
        if resume and path.exists():
            lines += self._read(lines[0])
        self._write("\n".join(lines) + "\n", mode="w")

    def _read(self, header: str) -> list[str]:
        content = self._path.read_bytes().decode("utf-8", errors="replace").split("\n")
        if content[0] != header:
            raise BadCases(
                f"{self._path} holds answers of another model, or of other prompts, settings, documents or code.",
                hint="Name another --out file, or leave --resume out to begin anew.",
            )
        kept = []
        for number, line in enumerate(content[1:], start=2):
            try:
                entry = json.loads(line)
                found = answer_from_dict(entry["answer"]), float(entry["seconds"])
            except (ValueError, KeyError, TypeError, ValidationError) as error:
                if number >= len(content) - 1:
                    break
                raise BadCases(
                    f"{self._path}:{number} is no recorded answer.", hint="Leave --resume out to begin anew."
                ) from error
            self._answers[entry["id"], entry["digest"], int(entry.get("attempt", 0))] = found
            kept.append(line)
        return kept

    def _write(self, text: str, mode: str) -> None:
        try:
            with self._path.open(mode, encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise BadCases(
                f"{self._path} cannot be written: {error.strerror or error}.", hint="Name another --out file."
            ) from error

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, case: Case, attempt: int = 0, history: Sequence[Message] = ()) -> tuple[Answer, float] | None:
        """Return the answer recorded for an attempt and its seconds, or None; a case that changed has none.

        The turns before it in a dialogue are recorded as well, so `history` is what it was.
        """
        return self._answers.get((case.id, case.digest, attempt))

    def add(
        self, case: Case, answer: Answer, seconds: float, attempt: int = 0, history: Sequence[Message] = ()
    ) -> None:
        """Record an answer, in the file at once."""
        entry = {
            "id": case.id,
            "digest": case.digest,
            "attempt": attempt,
            "seconds": round(seconds, 3),
            "answer": answer.to_dict(),
        }
        with self._lock:
            self._answers[case.id, case.digest, attempt] = answer, seconds
            self._write(json.dumps(entry, ensure_ascii=False) + "\n", mode="a")
