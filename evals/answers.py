"""Answers as plain data, and where answers of earlier runs are kept: what a recording and a cache have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from pydantic import TypeAdapter

from assistant.types import Answer, Message
from evals.cases import Case

_ANSWER = TypeAdapter(Answer)


class AnswerStore(Protocol):
    """Keeps answers; safe to use from several threads."""

    def find(self, case: Case, attempt: int = 0, history: Sequence[Message] = ()) -> tuple[Answer, float] | None:
        """Return the answer kept for an attempt at a case, after what was said before, and its seconds, or None."""

    def add(
        self, case: Case, answer: Answer, seconds: float, attempt: int = 0, history: Sequence[Message] = ()
    ) -> None:
        """Keep an answer."""


def answer_from_dict(plain: dict[str, Any]) -> Answer:
    """Return the answer that `Answer.to_dict` gave.

    Raises:
        pydantic.ValidationError: `plain` is no such dictionary.
    """
    return _ANSWER.validate_python(plain)
