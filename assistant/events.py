"""What `Assistant.stream` yields, in order: the nearest quotes, the evidence, the words, the checked answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assistant.types import Answer, Citation, RetrievedPassage
from knowledge.types import Language


@dataclass(frozen=True, slots=True)
class NearestFound:
    """What would be quoted if no model read it: there at once, while a chat model translates and judges.

    Only where a chat model reads. It may find other sentences, or none, in what follows.

    Attributes:
        standalone_question: The question as it was searched.
        language: Language the answer will be in.
        quotes: The sentences, numbered from 1; none if the question would be refused.
        passages: The passages retrieved, best first.
    """

    standalone_question: str
    language: Language
    quotes: tuple[Citation, ...]
    passages: tuple[RetrievedPassage, ...]


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """The sentences the answer will be written from (empty when the question is refused), before a word is written.

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


Event = NearestFound | EvidenceFound | Token | Finished


def answer_in(events: Iterable[Event]) -> Answer:
    """Return the answer that events end with."""
    for event in events:
        if isinstance(event, Finished):
            return event.answer
    raise AssertionError("the events of an answer end with Finished")
