"""Ask a suite's questions and score the answers.

A case whose question or scorer raises is recorded as "could not score" and the rest goes on, except where going on
makes no sense: weights or settings that are wrong for one question are wrong for all.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol, TextIO

from assistant.errors import BadSettings, ExtraMissing, ModelUnreachable
from assistant.types import Answer, Message
from evals.cases import Case, Suite
from evals.recording import Recording
from evals.score import Documents, Score
from evals.scorers import SCORERS, Reader, Scorer, verdict_scorer
from knowledge.errors import KnowledgeError
from knowledge.types import DocumentRecord


class AnsweringAssistant(Protocol):
    """What the runner needs of an assistant; `assistant.Assistant` has it."""

    @property
    def model_name(self) -> str:
        """Name of the reader, ``"extractive"`` if there is no chat model."""

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer a question."""

    def documents(self) -> Sequence[DocumentRecord]:
        """Return every document that answers may come from."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case, its answer and its scores.

    Attributes:
        case: The case.
        answer: The answer, None if asking raised.
        scores: By scorer; a scorer whose question did not arise is left out.
        seconds: How long the answer took, measured from outside.
        error: What was raised, "" if nothing.
        verdict: Name of the scorer that decides.
    """

    case: Case
    answer: Answer | None
    scores: dict[str, Score]
    seconds: float
    error: str
    verdict: str

    @property
    def passed(self) -> bool | None:
        """Whether the case passed; None if that could not be scored."""
        score = self.scores.get(self.verdict)
        return None if score is None or score.value is None else bool(score.value)

    @property
    def unscored(self) -> str:
        """Why this case is incomplete, "" if it is complete."""
        if self.error:
            return self.error
        for name, score in self.scores.items():
            if score.value is None:
                return f"{name}: {score.reason}"
        return "" if self.passed is not None else f"{self.verdict} gave no score"

    @property
    def reason(self) -> str:
        """Why the case did not pass, "" if it did."""
        return self.scores[self.verdict].reason if self.verdict in self.scores else self.error


@dataclass(frozen=True, slots=True)
class RunResult:
    """All of a run.

    Attributes:
        suite: The cases asked.
        results: One for each case asked, in order.
        model: Name of the reader.
        reader: Whether it copies or writes.
        started: ISO 8601 time in UTC.
        seconds: How long the run took.
        prompts: Hash of each prompt file, by its path below ``prompts/``.
        machine: What it ran on.
        stopped: True if ``fail_fast`` left cases unasked.
    """

    suite: Suite
    results: tuple[CaseResult, ...]
    model: str
    reader: Reader
    started: str
    seconds: float
    prompts: dict[str, str] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)
    stopped: bool = False

    @property
    def incomplete(self) -> list[CaseResult]:
        """The cases that could not be scored, in whole or in part."""
        return [result for result in self.results if result.unscored]


def run(
    suite: Suite,
    assistant: AnsweringAssistant,
    *,
    scorers: Sequence[Scorer] = SCORERS,
    progress: TextIO | None = None,
    recording: Recording | None = None,
    fail_fast: bool = False,
) -> RunResult:
    """Ask every question of a suite and score the answers.

    Args:
        suite: The cases.
        assistant: Who answers.
        scorers: What is measured.
        progress: Where progress is written, standard error by default.
        recording: Answers asked before, and the file that answers are written to as they come.
        fail_fast: Stop at the first case that did not pass.

    Raises:
        BadSettings, ExtraMissing, KnowledgeError: No question can be answered with these settings or this index.
        ModelUnreachable: The chat model did not answer the first question.
    """
    reader: Reader = "extractive" if assistant.model_name == "extractive" else "chat"
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    show = _Progress(len(suite.cases), sys.stderr if progress is None else progress)
    documents = {record.id: record.text for record in assistant.documents()}
    results: list[CaseResult] = []
    said: dict[str, tuple[Message, ...]] = {}
    for case in suite.cases:
        earlier = said.get(case.dialogue, ())
        result = _run_case(case, assistant, reader, scorers, documents, recording, first=not results, earlier=earlier)
        results.append(result)
        if case.dialogue and result.answer is not None:
            said[case.dialogue] = (*earlier, Message("user", case.question), Message("assistant", result.answer.text))
        show.step(result)
        if fail_fast and not result.passed:
            break
    return RunResult(
        suite=suite,
        results=tuple(results),
        model=assistant.model_name,
        reader=reader,
        started=started,
        seconds=time.monotonic() - clock,
        prompts=prompt_hashes(),
        machine=machine(),
        stopped=len(results) < len(suite.cases),
    )


def _run_case(
    case: Case,
    assistant: AnsweringAssistant,
    reader: Reader,
    scorers: Sequence[Scorer],
    documents: Documents,
    recording: Recording | None,
    *,
    first: bool,
    earlier: Sequence[Message] = (),
) -> CaseResult:
    verdict = verdict_scorer(case, reader)
    clock = time.monotonic()
    try:
        recorded = recording.find(case) if recording is not None else None
        if recorded is not None:
            answer, seconds = recorded
        else:
            answer = assistant.ask(case.question, (*case.messages(), *earlier))
            seconds = time.monotonic() - clock
    except Exception as error:
        # Whatever one question raises is a finding about that question; the report shows it and the run is incomplete.
        if isinstance(error, (BadSettings, ExtraMissing, KnowledgeError)):
            raise
        if first and isinstance(error, ModelUnreachable):
            raise
        return CaseResult(case, None, {}, time.monotonic() - clock, f"{type(error).__name__}: {error}", verdict)
    if recording is not None and recorded is None:
        recording.add(case, answer, seconds)
    return CaseResult(case, answer, _score(case, answer, documents, scorers), seconds, "", verdict)


def _score(case: Case, answer: Answer, documents: Documents, scorers: Sequence[Scorer]) -> dict[str, Score]:
    scores: dict[str, Score] = {}
    for scorer in scorers:
        try:
            score = scorer.function(case, answer, documents)
        except Exception as error:
            # A scorer that breaks on an answer must not pass for a verdict on it.
            score = Score(None, f"{type(error).__name__}: {error}")
        if score is not None:
            scores[scorer.name] = score
    return scores


class _Progress:
    """One line a case on a terminal, about twenty lines a run elsewhere."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self.total, self.stream, self.done, self.clock = total, stream, 0, time.monotonic()
        self.every = 1 if stream.isatty() else max(1, total // 20)

    def step(self, result: CaseResult) -> None:
        self.done += 1
        if self.done % self.every and self.done < self.total:
            return
        left = (time.monotonic() - self.clock) / self.done * (self.total - self.done)
        word = {True: "passed", False: "failed", None: "could not be scored"}[result.passed]
        when = f", {_duration(left)} left" if self.done < self.total else ""
        print(f"[{self.done}/{self.total}] {result.case.id} {word}, {result.seconds:.1f} s{when}",
              file=self.stream, flush=True)  # fmt: skip


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def prompt_hashes() -> dict[str, str]:
    """Return the first 12 hexadecimal digits of each prompt file's SHA-256, by its path below ``prompts/``."""
    import prompts

    root = Path(prompts.__file__ or "").parent
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix not in {".py", ".pyc"})
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files}


def machine() -> dict[str, str]:
    """Return what this runs on, as far as it explains timings; nothing that names the machine or its user."""
    try:
        wenju = version("wenju")
    except PackageNotFoundError:
        wenju = ""
    return {
        "system": platform.platform(terse=True),
        "processor": platform.machine(),
        "cpus": str(os.cpu_count() or ""),
        "python": platform.python_version(),
        "wenju": wenju,
    }
