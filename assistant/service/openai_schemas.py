"""What goes into the routes of OpenAI's protocol and comes out of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.collections import DEFAULT_COLLECTION
from assistant.service.schemas import AnswerOut, Collection, Language

MODEL = "wenju"
"""Name of the model; ``wenju-quotes`` and the like name a reader as well."""


class Part(BaseModel):
    """A part of a message; only text is read."""

    model_config = ConfigDict(extra="ignore", strict=True)

    type: str = "text"
    text: str = ""


class ChatMessage(BaseModel):
    """A message; those of the system are not read, because what the assistant may do is not theirs to say."""

    model_config = ConfigDict(extra="ignore", strict=True)

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None

    @property
    def words(self) -> str:
        """Its text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream has besides."""

    model_config = ConfigDict(extra="ignore", strict=True)

    include_usage: bool | None = None


class ChatRequest(BaseModel):
    """A request of OpenAI's protocol; what is about sampling is ignored."""

    model_config = ConfigDict(
        extra="ignore",
        strict=True,
        json_schema_extra={
            "examples": [{"model": MODEL, "messages": [{"role": "user", "content": "Who wrote this article?"}]}]
        },
    )

    model: str = Field(MODEL, max_length=64)
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=400)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    collection: Collection = DEFAULT_COLLECTION
    language: Language | None = None


class ModelOut(BaseModel):
    """A model: a reader that may be chosen."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelsOut(BaseModel):
    """All models."""

    object: Literal["list"]
    data: list[ModelOut]


class MessageOut(BaseModel):
    """What the assistant says, Markdown with the exact words as footnotes."""

    role: Literal["assistant"]
    content: str
    refusal: None


class ChoiceOut(BaseModel):
    """The one answer."""

    index: int
    message: MessageOut
    finish_reason: Literal["stop"]
    logprobs: None


class UsageOut(BaseModel):
    """Tokens of the chat model; 0 without one."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CompletionOut(BaseModel):
    """An answer, with the whole `Answer` in ``wenju``."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChoiceOut]
    usage: UsageOut
    wenju: AnswerOut
