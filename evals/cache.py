"""Answers of earlier runs, kept until anything that they depend on changes.

One folder for each identity (`evals.provenance.identity`: model, weights, prompts, settings, code, documents), one file
for each question in it. Nothing in the key is what a case expects, so a corrected case is scored anew but not asked
anew.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant.types import Answer, Message
from evals.answers import answer_from_dict
from evals.cases import BadCases, Case

CACHE_VERSION = 1
"""Of the files; one of another version is not read."""

KEPT = 8
"""How many identities are kept, the ones used last."""


class AnswerCache:
    """Answers in a folder.

    Args:
        folder: Where all identities have their folders.
        identity: Everything that answers depend on besides the question.

    Attributes:
        taken: How many answers were taken from it.
        unusable: How many files were there but damaged or of another version; they are written anew.
        outdated: Whether there are answers, but none with this identity.

    Raises:
        BadCases: The folder cannot be made.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
        self._folder = folder / key
        self.taken = self.unusable = 0
        self._lock = threading.Lock()
        try:
            self.outdated = not self._folder.exists() and folder.exists() and any(folder.iterdir())
            self._folder.mkdir(parents=True, exist_ok=True)
            self._folder.touch()
            self._drop_oldest(folder)
        except OSError as error:
            raise BadCases(
                f"The answers cannot be kept in {folder}: {error.strerror or error}.",
                hint="Name another folder with WENJU_CACHE, or leave --cache out.",
            ) from error

    @staticmethod
    def _drop_oldest(folder: Path) -> None:
        by_age = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: -path.stat().st_mtime)
        for path in by_age[KEPT:]:
            shutil.rmtree(path, ignore_errors=True)

    def _file(self, case: Case, attempt: int, history: Sequence[Message]) -> Path:
        asked: list[Any] = [case.question, [[message.role, message.text] for message in history], attempt]
        if case.planted:
            asked += [case.planted, case.gold[0]]
        return self._folder / f"{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24]}.json"

    def find(self, case: Case, attempt: int = 0, history: Sequence[Message] = ()) -> tuple[Answer, float] | None:
        """Return the answer kept for an attempt at a question, after what was said before, and its seconds, or None."""
        try:
            entry = json.loads(self._file(case, attempt, history).read_text(encoding="utf-8"))
            if entry["version"] != CACHE_VERSION:
                raise ValueError(entry["version"])
            found = answer_from_dict(entry["answer"]), float(entry["seconds"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            with self._lock:
                self.unusable += 1
            return None
        with self._lock:
            self.taken += 1
        return found

    def add(
        self, case: Case, answer: Answer, seconds: float, attempt: int = 0, history: Sequence[Message] = ()
    ) -> None:
        """Keep an answer; a full disk is no reason to lose a run."""
        entry = {"version": CACHE_VERSION, "seconds": round(seconds, 3), "answer": answer.to_dict()}
        path = self._file(case, attempt, history)
        part = path.with_suffix(f".{threading.get_ident()}.part")
        try:
            part.write_text(json.dumps(entry, ensure_ascii=False), encoding="utf-8")
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)

    def summary(self) -> str:
        """Return one sentence on what the cache was worth, "" if there is nothing to tell."""
        if self.unusable:
            return f"{self.unusable} cached answers are damaged or of another version; those cases were asked again."
        if self.outdated:
            return "The cached answers are of another version, model, prompt or setting; every case was asked."
        return f"{self.taken} answers were taken from the cache." if self.taken else ""
