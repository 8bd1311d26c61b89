"""What `Assistant.stream` yields, in order: the evidence first, then the words, then the checked answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assistant.types import Answer, Citation, RetrievedPassage
from knowledge.types import Language


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """The sentences the answer will be written from (empty when the question is refused), before any model ran.

    Attributes:
        standalone_question: The question as it was searched.
        language: Language the answer will be in.
        quotes: The evidence sentences, numbered from 1.
        passages: The passages retrieved, best first.
    """

    standalone_question: str
    language: Language
    quotes: tuple[Citation, ...]
    passages: tuple[RetrievedPassage, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the draft as the model writes it; not checked yet."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The checked answer. It replaces whatever the tokens showed."""

    answer: Answer


Event = EvidenceFound | Token | Finished


def answer_in(events: Iterable[Event]) -> Answer:
    """Return the answer that events end with."""
    for event in events:
        if isinstance(event, Finished):
            return event.answer
    raise AssertionError("the events of an answer end with Finished")
