"""What goes into the routes and comes out of them, with the examples that the API's description shows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from assistant.collections import DEFAULT_COLLECTION
from assistant.condense import LONGEST_QUESTION

Language = Literal["zh", "en"]
Reader = Literal["quotes", "local", "configured"]
Collection = Annotated[
    str, Field(default=DEFAULT_COLLECTION, max_length=64, description="Name of the collection that is asked.")
]
DocumentIds = Annotated[
    list[Annotated[str, Field(max_length=64)]] | None, Field(max_length=1000, description="Answer from these only.")
]


def _whole(value: object) -> object:
    """Return 8.0 as 8: JSON has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Passages = Annotated[int, Field(ge=1, le=50), BeforeValidator(_whole)]


class Body(BaseModel):
    """A request's body: nothing in it is made into another type, and what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Said(Body):
    """One earlier message."""

    role: Literal["user", "assistant"]
    text: str = Field(max_length=20_000)


class AskRequest(Body):
    """A question."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"question": "Who wrote this article?"}, {"question": "谁写了这篇文章？"}]}
    )

    question: str = Field(max_length=LONGEST_QUESTION)
    stream: bool = Field(False, description="Answer with server-sent events: evidence, token …, answer.")
    history: list[Said] = Field([], max_length=200, description="Earlier messages, oldest first.")
    conversation: str | None = Field(None, max_length=64, description="Instead of history: goes on and is kept.")
    reader: Reader | None = Field(None, description="Who reads the evidence; the service's own choice by default.")
    language: Language | None = Field(None, description="Language of the answer; the question's by default.")
    threshold: float | None = Field(None, ge=0, le=1, description="How sure an answer has to be.")
    passages: Passages | None = Field(None, description="How many passages are retrieved.")
    document_ids: DocumentIds = None
    collection: Collection = DEFAULT_COLLECTION


EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The checked answer, or server-sent events.", "content": {"text/event-stream": {}}}
}
"""What a route says in the description that can answer with a stream as well."""


class CitationOut(BaseModel):
    """The exact words that a claim rests on: ``document[start:end]`` in code points."""

    marker: int
    quote: str
    document_id: str
    title: str
    source: str
    start: int
    end: int
    score: float
    place: str


class ClaimOut(BaseModel):
    """One sentence of the answer."""

    text: str
    citations: list[int]
    support: Literal["supported", "quoted"]


class PassageOut(BaseModel):
    """A retrieved passage."""

    id: str
    document_id: str
    start: int
    end: int
    text: str
    score: float


class AnswerOut(BaseModel):
    """The same answer as everywhere in Wenju (`assistant.types.Answer`)."""

    question: str
    standalone_question: str
    language: Language
    text: str
    refused: bool
    reason: str
    claims: list[ClaimOut]
    citations: list[CitationOut]
    passages: list[PassageOut]
    model: str
    timings: dict[str, float]


class SearchRequest(Body):
    """What to look for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"question": "smart city pilots", "passages": 3}]})

    question: str = Field(max_length=LONGEST_QUESTION)
    passages: Passages = 8
    min_score: float = Field(0.0, ge=0, le=1)
    collection: Collection = DEFAULT_COLLECTION


class HitOut(BaseModel):
    """A passage found."""

    rank: int
    id: str
    document_id: str
    start: int
    end: int
    heading: str
    text: str
    score: float
    found_by: list[str]


class SearchOut(BaseModel):
    """Passages, best first."""

    question: str
    hits: list[HitOut]


class DocumentOut(BaseModel):
    """A document of the collection."""

    id: str
    title: str
    source: str
    language: Language
    characters: int
    passages: int
    added_at: str
    metadata: dict[str, str]


class DocumentsOut(BaseModel):
    """All documents of a collection."""

    documents: list[DocumentOut]


class UploadOut(BaseModel):
    """How far a file is."""

    id: str
    name: str
    state: Literal["waiting", "reading", "added", "unchanged", "failed"]
    document_ids: list[str] = []
    detail: str = ""
    hint: str = ""


class NewConversation(Body):
    """A conversation to begin."""

    title: str = Field("", max_length=500)


class HeadingOut(BaseModel):
    """A conversation in a list."""

    id: str
    title: str
    created: str
    changed: str


class ConversationsOut(BaseModel):
    """The conversations of the key's owner, the last one first."""

    conversations: list[HeadingOut]


class ExchangeOut(BaseModel):
    """A question with what came of it."""

    question: str
    status: Literal["writing", "done", "stopped", "failed"]
    answer: AnswerOut | None
    message: str
    hint: str


class ConversationOut(HeadingOut):
    """A conversation with what was said in it."""

    exchanges: list[ExchangeOut]


class ProblemOut(BaseModel):
    """What is wrong (RFC 9457), with what to do."""

    type: str
    title: str
    status: int
    detail: str
    hint: str


class StateOut(BaseModel):
    """Whether the service works."""

    status: Literal["ok"]
