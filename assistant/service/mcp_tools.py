"""What a program that speaks the Model Context Protocol can do here: ask, search, list documents, read a passage.

This file knows nothing of the protocol (`assistant.service.mcp_server` does): a tool takes arguments that pydantic
checks, and gives text to read and the same as data.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from assistant.assistant import Assistant
from assistant.command_output import answer_text, hit_row, hits_text
from assistant.condense import LONGEST_QUESTION
from assistant.events import Finished
from assistant.service.lanes import Lane
from assistant.service.problems import Problem, as_problem
from assistant.service.schemas import AnswerOut, Body, DocumentIds, Language, Said, SearchOut
from assistant.types import Choices, Message
from knowledge.types import DocumentEntry

LONGEST_READ = 20_000
"""Most characters that `read_passage` gives at once."""

SEARCH_SECONDS = 60.0
"""Seconds after which what is no question to a reader is given up."""


class AskArguments(Body):
    """A question."""

    question: str = Field(max_length=LONGEST_QUESTION, description="The question, in Chinese or English.")
    history: list[Said] = Field([], max_length=200, description="Earlier messages, oldest first.")
    language: Language | None = Field(None, description="Language of the answer; the question's by default.")
    document_ids: DocumentIds = None


class SearchArguments(Body):
    """What to look for."""

    question: str = Field(max_length=LONGEST_QUESTION, description="What to look for, in Chinese or English.")
    passages: int = Field(8, ge=1, le=50, description="How many passages at most.")
    min_score: float = Field(0.0, ge=0, le=1, description="Only those that hold the answer this probably.")


class ListArguments(Body):
    """Which documents to list."""

    contains: str = Field("", max_length=500, description="Only those with these words in title or source.")
    offset: int = Field(0, ge=0, le=10_000_000, description="How many to leave out at the beginning.")
    limit: int = Field(100, ge=1, le=1000, description="How many at most.")


class ReadArguments(Body):
    """A place in a document, as citations and search results name it."""

    document_id: str = Field(max_length=64)
    start: int = Field(0, ge=0, description="First character (Unicode code point).")
    end: int | None = Field(
        None, ge=1, description=f"One past the last; start + 4000 by default, at most start + {LONGEST_READ}."
    )


class ListedOut(BaseModel):
    """What is known of a document without reading it."""

    id: str
    title: str
    source: str


class ListOut(BaseModel):
    """Some of the documents that were asked for, and how many there are."""

    documents: list[ListedOut]
    total: int


class ReadOut(BaseModel):
    """The exact words of a document from one place to another."""

    document_id: str
    title: str
    source: str
    start: int
    end: int
    characters: int = Field(description="Length of the whole document.")
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gives.

    Attributes:
        text: For a person or a model to read; for a failure one sentence and what to do.
        data: The same as data, in the tool's output schema; None for a failure.
    """

    text: str
    data: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Attributes:
        title: Its name for people.
        description: What it does, for the model that chooses among tools.
        takes: Its arguments.
        gives: The shape of `Result.data`.
        run: Does it.
    """

    title: str
    description: str
    takes: type[Body]
    gives: type[BaseModel]
    run: Callable[[Any], Awaitable[Result]]


class Toolbox:
    """The tools of one assistant. Questions wait for questions, never searches for them.

    Args:
        assistant: Answers; whoever made it closes it.
        seconds: After which an answer is given up, its model stopped.
        queue: How many calls may wait; whoever comes later is told so at once.
    """

    def __init__(self, assistant: Assistant, *, seconds: float = 120.0, queue: int = 32) -> None:
        self._assistant, self._seconds = assistant, seconds
        self._asking, self._looking = Lane("ask", 2, queue), Lane("look", 2, queue)
        self.tools: Mapping[str, Tool] = {
            "ask": Tool(
                "Ask the documents",
                "Answer a question from the documents. Every sentence of the answer cites the exact words it rests on; "
                "when the documents do not hold the answer, it says so (refused).",
                AskArguments,
                AnswerOut,
                self._ask,
            ),
            "search": Tool(
                "Search the documents",
                "Find passages of the documents without answering, best first, across Chinese and English.",
                SearchArguments,
                SearchOut,
                self._search,
            ),
            "list_documents": Tool(
                "List the documents",
                "List the documents that answers come from.",
                ListArguments,
                ListOut,
                self._list,
            ),
            "read_passage": Tool(
                "Read a passage",
                "Read the exact words of a document at a place that a citation or a search result names, or around it.",
                ReadArguments,
                ReadOut,
                self._read,
            ),
        }

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Result:
        """Use a tool; what goes wrong is a `Result` without data.

        Cancelling this stops a model that is writing, at its next word.
        """
        if name not in self.tools:
            return Result(f"There is no tool {name[:80]!r}. There are: {', '.join(self.tools)}.")
        tool = self.tools[name]
        try:
            given = tool.takes.model_validate(arguments)
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors()[:3]]
            return Result(
                f"The arguments are not valid: {'; '.join(wrong)}. The input schema of {name} says what it takes."
            )
        try:
            return await tool.run(given)
        except Exception as error:  # the protocol carries it to a model, which can only read
            problem = as_problem(error)
            return Result(f"{problem.detail} {problem.hint}")

    async def warm_up(self) -> None:
        """Open index and models before the first call; what goes wrong is told to that call."""
        with suppress(Exception):
            await self._looking.run(self._assistant.warm_up, 600)

    def close(self) -> None:
        """Take no more calls."""
        self._asking.close()
        self._looking.close()

    async def _ask(self, given: AskArguments) -> Result:
        history = [Message(one.role, one.text) for one in given.history]
        only = None if given.document_ids is None else frozenset(given.document_ids)
        choices = Choices(language=given.language, document_ids=only)
        last = await self._asking.last(lambda: self._assistant.stream(given.question, history, choices), self._seconds)
        assert isinstance(last, Finished)
        return Result(answer_text(last.answer), last.answer.to_dict())

    async def _search(self, given: SearchArguments) -> Result:
        hits = await self._looking.run(
            lambda: self._assistant.search(given.question, given.passages, threshold=given.min_score), SEARCH_SECONDS
        )
        rows = [hit_row(hit) for hit in hits]
        return Result(hits_text(hits) or "Nothing was found.", {"question": given.question, "hits": rows})

    async def _list(self, given: ListArguments) -> Result:
        entries = await self._looking.run(self._assistant.catalog, SEARCH_SECONDS)
        wanted = given.contains.casefold()
        found = [one for one in entries if wanted in f"{one.title}\n{one.source}".casefold()]
        shown = found[given.offset : given.offset + given.limit]
        text = "\n".join(f"{one.id}  {one.title}  ({one.source})" for one in shown)
        data = {"documents": [_listed(one) for one in shown], "total": len(found)}
        return Result(
            f"{len(shown)} of {len(found)} documents:\n{text}" if shown else "There is no such document.", data
        )

    async def _read(self, given: ReadArguments) -> Result:
        record = await self._looking.run(lambda: self._assistant.document(given.document_id), SEARCH_SECONDS)
        start, length = given.start, len(record.text)
        if start >= length:
            raise Problem(422, f"The document has {length} characters, none at {start}.", "Use a smaller start.")
        end = min(start + 4000 if given.end is None else given.end, start + LONGEST_READ, length)
        if end <= start:
            raise Problem(422, f"end is {given.end}, not above start, which is {start}.", "Use a larger end.")
        text = record.text[start:end]
        data = {"document_id": record.id, "title": record.title, "source": record.source, "start": start, "end": end,
                "characters": length, "text": text}  # fmt: skip
        return Result(f"{record.title}  {record.id} {start}–{end} of {length}\n\n{text}", data)


def _listed(entry: DocumentEntry) -> dict[str, str]:
    return {"id": entry.id, "title": entry.title, "source": entry.source}
