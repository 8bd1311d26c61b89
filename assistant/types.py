"""The answer and its parts: the one shape that every surface of Wenju gives.

``ask()``, the end of a stream, ``wenju ask --json`` and the web page all serialise an `Answer` with `Answer.to_dict`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from knowledge.types import Language

Support = Literal["supported", "quoted"]
"""How a claim stands on its citations.

``supported``: the reader's own words, and every check passed. ``quoted``: the source's own words, verbatim, because the
reader is extractive or because its own words did not pass.
"""

Reason = Literal["", "not_in_documents", "out_of_scope", "unclear"]
"""Why a question was refused; "" for an answer."""


@dataclass(frozen=True, slots=True)
class Message:
    """One earlier turn of the conversation: who said it and what."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with what was said before it.

    Attributes:
        question: The words of the user.
        history: Earlier messages, oldest first.
        language: Language to answer in; None for the question's.
        document_ids: The only documents to answer from; None for all.
    """

    question: str
    history: tuple[Message, ...] = ()
    language: Language | None = None
    document_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user chose for one question; None leaves it to the assistant's settings.

    Attributes:
        reader: ``"none"``, or a chat model as in `Settings.llm`.
        threshold: As in `Settings`.
        passages: As in `Settings`.
        language: Language to answer in, instead of the question's.
        document_ids: The only documents to answer from.
    """

    reader: str | None = None
    threshold: float | None = None
    passages: int | None = None
    language: Language | None = None
    document_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact words of a document that a claim rests on.

    Attributes:
        marker: The number in ``[n]``, from 1.
        quote: Exactly ``document[start:end]``.
        document_id: The document's id.
        title: The document's title.
        source: Where the document comes from.
        start: First code point of the quote in the document.
        end: One past its last code point.
        score: 0 to 1, how well the quote fits the question; higher is better.
        place: Where in its file the quote stands, in the language of the answer: "page 3", "第 2 张幻灯片",
            "sheet 表1, A1:C9", "row 12", or the heading that it stands under; "" if nothing says.
    """

    marker: int
    quote: str
    document_id: str
    title: str
    source: str
    start: int
    end: int
    score: float
    place: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence or list item of the answer, with the markers of what it rests on."""

    text: str
    citations: tuple[int, ...]
    support: Support


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """A passage that was retrieved for this question, best first in `Answer.passages`."""

    id: str
    document_id: str
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be checked, or a refusal.

    Attributes:
        question: The words of the user.
        standalone_question: The question as it was searched, with the conversation folded in.
        language: Language of the answer.
        text: What to show, with markers ``[n]``.
        refused: True if the documents do not hold the answer; then there are no claims and no citations.
        reason: Why it was refused, "" otherwise.
        claims: One for each sentence or list item of the answer.
        citations: What the markers point to, in the order of their numbers.
        passages: The passages retrieved for this question, best first.
        model: Which reader wrote it, e.g. ``"extractive"`` or ``"qwen2.5-coder-1.5b-instruct-q4_k_m"``.
        timings: Seconds by step, ``"total"`` and ``"first_word"`` among them; keys ``tokens_in`` and ``tokens_out``
            count tokens, and ``cached`` is 1 for an answer that was given before.
    """

    question: str
    standalone_question: str
    language: Language
    text: str
    refused: bool
    reason: Reason
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    passages: tuple[RetrievedPassage, ...]
    model: str
    timings: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain lists and dictionaries, in the order of the contract."""
        plain: dict[str, Any] = asdict(self)
        return plain

    def to_json(self) -> str:
        """Return the answer as one line of JSON, Chinese unescaped."""
        return json.dumps(self.to_dict(), ensure_ascii=False)
