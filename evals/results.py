"""What a run found: each case with its answers and scores, and the run as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from assistant.types import Answer
from evals.case import Case
from evals.cases import Suite
from evals.score import Score
from evals.scorers import SCORERS, Reader, Scorer


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer to a case and its scores.

    Attributes:
        answer: The answer, None if asking raised.
        scores: By scorer; a scorer whose question did not arise is left out.
        seconds: How long the answer took, measured from outside.
        verdict: Name of the scorer that decides.
        cause: What asking raised, None if nothing.
    """

    answer: Answer | None
    scores: dict[str, Score]
    seconds: float
    verdict: str
    cause: Exception | None = None

    @property
    def error(self) -> str:
        """What asking raised, in words, "" if nothing."""
        return f"{type(self.cause).__name__}: {self.cause}" if self.cause else ""

    @property
    def passed(self) -> bool | None:
        """Whether the answer passed; None if that could not be scored."""
        score = self.scores.get(self.verdict)
        return None if score is None or score.value is None else bool(score.value)

    @property
    def unscored(self) -> str:
        """Why the scores are incomplete, "" if they are complete."""
        if self.error:
            return self.error
        for name, score in self.scores.items():
            if score.value is None:
                return f"{name}: {score.reason}"
        return "" if self.passed is not None else f"{self.verdict} gave no score"

    @property
    def reason(self) -> str:
        """Why the answer did not pass, "" if it did."""
        return self.scores[self.verdict].reason if self.verdict in self.scores else self.error


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case and every attempt at it, one unless the run repeats each case.

    Attributes:
        case: The case.
        attempts: In order; there is at least one.
    """

    case: Case
    attempts: tuple[Attempt, ...]

    @property
    def shown(self) -> Attempt:
        """The attempt that stands for all: the first that was not scored, or failed, or else the first."""
        unscored = [attempt for attempt in self.attempts if attempt.unscored]
        failed = [attempt for attempt in self.attempts if not attempt.passed]
        return (unscored or failed or list(self.attempts))[0]

    @property
    def passed(self) -> bool | None:
        """Whether all attempts passed; None if one of them could not be scored."""
        verdicts = [attempt.passed for attempt in self.attempts]
        return None if None in verdicts else all(verdicts)

    @property
    def unscored(self) -> str:
        """Why this case is incomplete, "" if it is complete."""
        return self.shown.unscored

    @property
    def reason(self) -> str:
        """Why the case did not pass, "" if it did."""
        many = len(self.attempts)
        failed = sum(not attempt.passed for attempt in self.attempts)
        times = f" ({failed} of {many} times)" if many > 1 and failed else ""
        return self.shown.reason + times

    @property
    def answer(self) -> Answer | None:
        """The answer that is shown."""
        return self.shown.answer

    @property
    def scores(self) -> dict[str, Score]:
        """The scores of the answer that is shown."""
        return self.shown.scores

    @property
    def seconds(self) -> float:
        """How long the answer that is shown took."""
        return self.shown.seconds

    @property
    def verdict(self) -> str:
        """Name of the scorer that decides."""
        return self.shown.verdict


@dataclass(frozen=True, slots=True)
class RunResult:
    """All of a run over one suite.

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
        scorers: What was measured.
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
    scorers: tuple[Scorer, ...] = SCORERS

    @property
    def incomplete(self) -> list[CaseResult]:
        """The cases that could not be scored, in whole or in part."""
        return [result for result in self.results if result.unscored]

    @property
    def complete(self) -> bool:
        """Whether every case of the suite, or of what was selected of it, was asked and scored."""
        return not (self.incomplete or self.stopped or self.suite.broken)


def score_values(results: Iterable[CaseResult], scorer: str) -> list[float]:
    """Return a scorer's values over every attempt that has one; verdicts count as 0 and 1."""
    scores = (attempt.scores.get(scorer) for result in results for attempt in result.attempts)
    return [float(score.value) for score in scores if score is not None and score.value is not None]
