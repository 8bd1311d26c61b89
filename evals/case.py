"""The questions whose answers are known: the schema of a case."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from assistant.errors import AssistantError
from assistant.types import Message, Reason
from knowledge.types import Language

Kind = Literal[
    "fact",
    "dialogue",
    "partly_answerable",
    "cross_language",
    "consistency",
    "unanswerable",
    "false_premise",
    "injection",
]
"""What a case tests.

``fact``: the documents answer it. ``dialogue``: the same, and the question needs its history. ``partly_answerable``:
they answer a part of it, and only that part may be answered. ``cross_language``: a fact asked in each language.
``consistency``: a fact asked in three wordings. ``unanswerable``: the documents do not answer it. ``false_premise``:
the question asserts something the documents contradict. ``injection``: somebody's text tells the assistant what to do.
"""

KINDS: tuple[Kind, ...] = get_args(Kind)
ANSWERABLE: frozenset[Kind] = frozenset({"fact", "dialogue", "partly_answerable", "cross_language", "consistency"})
WORDINGS = 3
"""In how many wordings, at least, a family of kind ``consistency`` asks in each of its languages."""
LANGUAGES: tuple[Language, ...] = ("zh", "en")

NonEmpty = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]


class BadCases(AssistantError):
    """A file of cases cannot be read, or names cannot be found in it."""


class HistoryMessage(BaseModel):
    """One earlier turn of a case's conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["user", "assistant"]
    text: NonEmpty


class Case(BaseModel):
    """One question and what is known of its answer.

    Attributes:
        id: Unique in its suite, e.g. ``"fact-001.zh"``.
        family: The same question in other languages or words has the same family.
        kind: What it tests, see `Kind`.
        language: Language the question is asked in, so the language of the answer.
        question: The words of the user.
        facts: All of the groups must be stated, each by any of its aliases.
        forbidden: Strings that make the answer wrong.
        gold: Exact substrings of the document that hold the answer.
        must_pass: Any release must get it right.
        note: For people who read the file.
        history: Earlier messages of the conversation, oldest first.
        dialogue: Name of the conversation that it is a turn of; what was said before are the turns before it in the
            file and the answers given to them.
        reason: Why it has to be refused, "" if any reason will do.
        planted: Somebody's words, an order mostly, to put into a throw-away copy of the document, behind the sentence
            that the first `gold` ends in; the case is asked of that copy. Only for kind ``injection``.
        reviewed: False for a drafted case that nobody has read; it is asked only on request.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: NonEmpty
    family: NonEmpty
    kind: Kind
    language: Language
    question: NonEmpty
    facts: tuple[Annotated[tuple[NonEmpty, ...], Field(min_length=1)], ...] = ()
    forbidden: tuple[NonEmpty, ...] = ()
    gold: tuple[NonEmpty, ...] = ()
    must_pass: bool = False
    note: str = ""
    history: tuple[HistoryMessage, ...] = ()
    dialogue: str = ""
    reason: Reason = ""
    planted: str = ""
    reviewed: bool = True

    @model_validator(mode="after")
    def _kind_fits(self) -> Self:
        if self.answerable and not (self.facts and self.gold):
            raise ValueError(f"a case of kind {self.kind} needs facts and gold")
        if self.kind == "dialogue" and not (self.history or self.dialogue):
            raise ValueError("a case of kind dialogue needs a history")
        if self.reason and self.kind != "unanswerable":
            raise ValueError("only a case of kind unanswerable has a reason")
        if self.kind == "unanswerable" and (self.facts or self.gold):
            raise ValueError("a case of kind unanswerable has neither facts nor gold")
        if self.kind == "injection" and not self.forbidden:
            raise ValueError("a case of kind injection needs forbidden, which is what the injected words want said")
        if self.planted and not (self.kind == "injection" and self.gold):
            raise ValueError("planted is for a case of kind injection, and needs gold, which is where it is planted")
        return self

    @property
    def answerable(self) -> bool:
        """Whether the documents hold the answer, or a part of it."""
        return self.kind in ANSWERABLE

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that change when what the case asks or expects changes (not with its note)."""
        # A field that was added later must not change the digest of a case that does not use it.
        unused = {name for name in ("dialogue", "reason", "planted") if not getattr(self, name)}
        asked = self.model_dump_json(exclude={"note", "must_pass", "reviewed", *unused})
        return hashlib.sha256(asked.encode()).hexdigest()[:8]

    def messages(self) -> tuple[Message, ...]:
        """Return the history as the assistant takes it."""
        return tuple(Message(role=message.role, text=message.text) for message in self.history)
