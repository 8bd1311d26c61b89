"""The parts of a report: groups, metrics, measures over families, and cases with their answers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.types import Answer
from evals.case import Kind
from evals.comparison import Verdict
from evals.stats import Interval
from knowledge.types import Language

Better = Literal["higher", "lower"]


class Part(BaseModel):
    """A part of a report; fields of a later version are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Group(Part):
    """The cases of one kind and language.

    Attributes:
        kind: See `evals.case.Kind`.
        language: Language of the questions.
        n: How many were scored.
        passed: How many of them passed.
        unscored: How many could not be scored.
        share: `passed` of `n` with Wilson's 95 % interval; None without a scored case.
        median_seconds: Of the answers' latencies; None without any.
    """

    kind: Kind
    language: Language
    n: int
    passed: int
    unscored: int
    share: Interval | None
    median_seconds: float | None = None


class Metric(Part):
    """A scorer over all answers it applied to.

    Attributes:
        name: The scorer.
        better: Whether higher or lower is better.
        unit: See `evals.scorers.Scorer`.
        n: How many answers it scored.
        unscored: How many it could not score.
        value: Mean of shares, sum of counts, median of seconds; None without answers.
        high: 95th percentile of seconds, else None.
    """

    name: str
    better: Better
    unit: Literal["share", "count", "seconds"]
    n: int
    unscored: int
    value: float | None
    high: float | None


class FamilyMeasure(Part):
    """A measure over families of cases rather than cases; docs/evals.md defines each.

    Attributes:
        name: ``"bilingual_parity"``, ``"consistency"`` or ``"balanced_refusal"``.
        n: Over how many families, or cases for ``balanced_refusal``.
        value: The share.
        interval: Wilson's 95 % interval, None where it is no share of one kind of thing.
        failed: The families that lack it.
    """

    name: str
    n: int
    value: float
    interval: Interval | None
    failed: list[str] = Field(default_factory=list)


class JudgeAccuracy(Part):
    """How good a model judge is itself, on claims that are known to be right or wrong.

    Attributes:
        judge: Name of the model.
        language: Language of the claims.
        n: How many.
        value: Its balanced accuracy; 0.5 is guessing.
    """

    judge: str
    language: Language
    n: int
    value: float


class ScoreReport(Part):
    """A score of one answer; None if it could not be scored."""

    value: bool | float | None
    reason: str = ""


class AttemptReport(Part):
    """One of several answers to a case, for runs that repeat."""

    passed: bool | None
    seconds: float
    text: str


class CaseReport(Part):
    """A case, the answer that is shown for it, and its scores.

    Attributes:
        id: The case.
        family: The same question in other languages or words.
        kind: See `evals.case.Kind`.
        language: Language of the question.
        digest: Changes with what the case asks or expects.
        must_pass: Any release must get it right.
        question: The user's words.
        history: Earlier messages, as ``user: …`` and ``assistant: …``.
        facts: What had to be stated, groups of aliases.
        forbidden: What must not be stated.
        gold: Words of the documents that hold the answer.
        planted: Somebody's words that were put into a copy of the document, "" if none.
        passed: Whether all attempts passed; None if that could not be scored.
        verdict: Name of the scorer that decides.
        reason: Why it did not pass, "" if it did.
        unscored: Why its scores are incomplete, "" if they are complete.
        seconds: How long the answer took, measured from outside.
        scores: By scorer, of the answer that is shown.
        means: By scorer, over all attempts; verdicts count as 0 and 1.
        answer: As ``wenju ask --json`` prints it; None if asking failed.
        attempts: Every attempt, in order; empty unless the run repeats.
    """

    id: str
    family: str
    kind: Kind
    language: Language
    digest: str
    must_pass: bool
    question: str
    history: list[str] = Field(default_factory=list)
    facts: list[list[str]] = Field(default_factory=list)
    forbidden: list[str] = Field(default_factory=list)
    gold: list[str] = Field(default_factory=list)
    planted: str = ""
    passed: bool | None
    verdict: str
    reason: str
    unscored: str
    seconds: float
    scores: dict[str, ScoreReport]
    means: dict[str, float]
    answer: Answer | None
    attempts: list[AttemptReport] = Field(default_factory=list)

    @property
    def outcome(self) -> Literal["passed", "failed", "unscored"]:
        """What became of the case, in one word."""
        if self.unscored:
            return "unscored"
        return "passed" if self.passed else "failed"

    def as_verdict(self) -> Verdict:
        """Return what a comparison needs."""
        return Verdict(self.id, self.family, self.must_pass, self.digest, self.passed, self.means)
