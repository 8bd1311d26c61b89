"""One question: checked, answered in a lane, kept in its conversation; whole or event by event."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

from assistant.assistant import Assistant
from assistant.conversations import Conversations
from assistant.errors import AssistantError, ConversationUnknown
from assistant.events import Event, EvidenceFound, Finished, NearestFound
from assistant.exchange import Exchange, history
from assistant.models import LOCAL_MODEL
from assistant.service.core import Core
from assistant.service.keys import Caller
from assistant.service.lanes import Lane
from assistant.service.problems import Problem, as_problem
from assistant.service.schemas import AskRequest
from assistant.types import Answer, Choices, Message
from knowledge.errors import KnowledgeError
from knowledge.language import detect_language


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that may be answered.

    Attributes:
        backend: Answers it.
        question: The words of the user.
        history: What was said before.
        choices: What is wanted otherwise than the settings say.
    """

    backend: Assistant
    question: str
    history: tuple[Message, ...]
    choices: Choices

    def events(self) -> Generator[Event, None, None]:
        """Answer it."""
        return self.backend.stream(self.question, self.history, self.choices)


def asked_of(core: Core, caller: Caller, body: AskRequest) -> Asked:
    """Return what a request asks for.

    Raises:
        Problem: The caller may not ask that, or there is no such reader.
    """
    backend = core.backend(caller, body.collection)
    choices = Choices(
        reader=None if body.reader is None else reader_of(backend, body.reader),
        threshold=body.threshold,
        passages=body.passages,
        language=body.language,
        document_ids=None if body.document_ids is None else frozenset(body.document_ids),
    )
    return Asked(backend, body.question, tuple(Message(one.role, one.text) for one in body.history), choices)


def reader_of(backend: Assistant, name: str) -> str:
    """Return the specification of a reader that is offered.

    Raises:
        Problem: 422, it is not.
    """
    offered = backend.readers
    if name not in offered:
        raise Problem(422, f"This service has no reader {name}.", f"Use one of: {', '.join(offered)}.")
    return offered[name]


async def answered(core: Core, asked: Asked) -> AsyncGenerator[Event | None]:
    """Yield the events of an answer, None while it is waited for; the errors are those of `Lane.events`."""
    lane = _lane(core, asked)
    async with aclosing(lane.events(asked.events, core.options.request_seconds)) as events:
        async for event in events:
            if isinstance(event, Finished):
                core.metrics.answer(event.answer)
            yield event


async def answered_in(core: Core, owner: str, id_: str, asked: Asked) -> AsyncGenerator[Event | None]:
    """The same in a conversation, which the answer is kept in, whatever becomes of the client.

    Raises:
        ConversationUnknown: There is none with this id, or it is somebody else's.
        Problem: 409, a question is being answered in it.
    """
    kept = core.kept
    before = kept.exchanges(owner, id_)
    if id_ in core.talking:
        raise Problem(409, "A question is being answered in this conversation.", "Ask when it is answered.")
    core.talking.add(id_)
    at, exchange = len(before), Exchange(asked.question, detect_language(asked.question))
    ended = replace(exchange, status="stopped")
    try:
        kept.keep(owner, id_, at, exchange)  # before any model thinks: a server that is killed then has the question
        async with aclosing(answered(core, replace(asked, history=history(before)))) as events:
            async for event in events:
                if isinstance(event, NearestFound | EvidenceFound):
                    exchange = replace(exchange, searched=event.standalone_question, quotes=event.quotes)
                    ended = replace(exchange, status="stopped")
                    kept.keep(owner, id_, at, exchange)
                elif isinstance(event, Finished):
                    ended = replace(exchange, status="done", language=event.answer.language, answer=event.answer)
                yield event
    except (AssistantError, KnowledgeError, Problem) as error:
        problem = as_problem(error)
        ended = replace(exchange, status="failed", message=problem.detail, hint=problem.hint)
        raise
    finally:
        core.talking.discard(id_)
        _keep(kept, owner, id_, at, ended)


async def whole(events: AsyncGenerator[Event | None]) -> Answer:
    """Return the answer that events end with."""
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Finished):
                answer = event.answer
    return answer


def _lane(core: Core, asked: Asked) -> Lane:
    """Return where a question waits: in the line of the local model if that may read it."""
    spec = asked.choices.reader or asked.backend.settings.llm
    local = spec == "local" or (spec == "auto" and asked.backend.weights.available(LOCAL_MODEL))
    return core.lanes.local if local else core.lanes.quick


def _keep(kept: Conversations, owner: str, id_: str, at: int, exchange: Exchange) -> None:
    """Keep an exchange; a conversation that was deleted meanwhile stays deleted."""
    with suppress(ConversationUnknown):
        kept.keep(owner, id_, at, exchange)
