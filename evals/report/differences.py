"""What differs between two answers to one case, claim by claim."""

from __future__ import annotations

from assistant.types import Answer
from evals.report.parts import CaseReport
from evals.text import normalise, strip_markers


def claim_keys(answer: Answer) -> list[str]:
    """Return each claim as it is compared: folded as facts are, without markers. A refusal is one claim."""
    if answer.refused or not answer.claims:
        return [_key(answer.text)]
    return [_key(claim.text) for claim in answer.claims]


def _key(text: str) -> str:
    return normalise(strip_markers(text)).strip("\"' 。.")


def differs(answer: Answer, other: Answer | None) -> list[bool]:
    """Return for each claim of an answer whether the other answer makes no such claim."""
    theirs = set(claim_keys(other)) if other is not None else set()
    return [key not in theirs for key in claim_keys(answer)]


def change(now: CaseReport, then: CaseReport | None) -> str:
    """Return how a case changed: ``lost``, ``won``, ``answer`` (its words), ``same``, or "" with nothing before."""
    if then is None:
        return ""
    if then.passed and now.passed is False:
        return "lost"
    if now.passed and then.passed is False:
        return "won"
    if now.answer is None or then.answer is None:
        return "same" if now.answer is then.answer else "answer"
    same = now.answer.refused == then.answer.refused and claim_keys(now.answer) == claim_keys(then.answer)
    return "same" if same else "answer"
