"""One turn of a conversation, from the question to the checked answer; no Gradio here.

A conversation is a tuple of exchanges and lives in the session of one browser tab. Each step yields the whole
conversation as it is to be shown now.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from assistant.errors import AssistantError
from assistant.events import Event, EvidenceFound, Finished, Token
from assistant.types import Answer, Message
from assistant.web import render
from assistant.web.documents import Documents, source
from assistant.web.markup import NOTHING, Markup
from assistant.web.texts import text
from knowledge.errors import KnowledgeError
from knowledge.language import detect_language
from knowledge.types import DocumentRecord, Language

REDRAW = 0.08
"""Seconds between two redrawings of a draft; more often than that only costs traffic."""

_log = logging.getLogger(__name__)


class Backend(Protocol):
    """What the page needs of `assistant.Assistant`."""

    @property
    def model_name(self) -> str:
        """What `Answer.model` says."""
        ...

    def stream(self, question: str, history: Sequence[Message] = ()) -> Iterator[Event]:
        """Answer a question; closing the iterator stops the model."""
        ...

    def document(self, document_id: str) -> DocumentRecord:
        """Return one document."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what is shown below it.

    Attributes:
        question: The words of the user.
        language: Language of the reply.
        shown: The reply as it is shown now.
        evidence: The sentences found, kept so that stopping does not lose them.
        answer: The checked answer; None while it is written and if there will be none.
        done: False while it is written.
    """

    question: str
    language: Language
    shown: Markup
    evidence: Markup = NOTHING
    answer: Answer | None = None
    done: bool = False


Conversation = tuple[Exchange, ...]


def converse(backend: Backend, question: str, conversation: Conversation) -> Generator[Conversation, None, None]:
    """Answer a question, yielding the conversation as it grows.

    Errors are shown as part of the conversation. Closing the iterator stops the model. A question of nothing but spaces
    yields nothing.

    Args:
        backend: Answers it.
        question: The words of the user.
        conversation: What was said before.
    """
    question = question.strip()
    if not question:
        return
    earlier = stop(conversation)
    language = detect_language(question)
    exchange = Exchange(question, language, render.notice(text("searching", language), language))
    yield (*earlier, exchange)
    documents = Documents(backend.document)
    events = backend.stream(question, history(earlier))
    try:
        draft, drawn = "", 0.0
        for event in events:
            if isinstance(event, EvidenceFound):
                evidence = render.evidence(event, documents)
                shown = evidence or exchange.shown
                exchange = replace(exchange, language=event.language, evidence=evidence, shown=shown)
            elif isinstance(event, Token):
                draft += event.text
                if time.monotonic() - drawn < REDRAW:
                    continue
                drawn = time.monotonic()
                exchange = replace(exchange, shown=render.draft(draft, exchange.evidence, exchange.language))
            elif isinstance(event, Finished):
                answer = event.answer
                shown = render.answer(answer, documents)
                exchange = replace(exchange, language=answer.language, shown=shown, answer=answer, done=True)
            yield (*earlier, exchange)
    except (AssistantError, KnowledgeError) as error:
        yield (*earlier, _failed(exchange, error.message, error.hint))
    except Exception:  # the page must stay usable whatever a model or a driver throws; the log keeps the traceback
        _log.exception("A question could not be answered.")
        yield (*earlier, _failed(exchange, text("unexpected", language), text("unexpected_hint", language)))
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


def stop(conversation: Conversation) -> Conversation:
    """Return the conversation with its last exchange ended, its unchecked draft left out."""
    if not conversation or conversation[-1].done:
        return conversation
    last = conversation[-1]
    shown = render.stopped(last.evidence, last.language)
    return (*conversation[:-1], replace(last, shown=shown, done=True))


def history(conversation: Conversation) -> tuple[Message, ...]:
    """Return what the assistant is told of the conversation: the answered questions and their answers."""
    messages: list[Message] = []
    for exchange in conversation:
        if exchange.answer is not None:
            messages += [Message("user", exchange.question), Message("assistant", exchange.answer.text)]
    return tuple(messages)


def is_writing(conversation: Conversation) -> bool:
    """Return whether the last answer is still being written."""
    return bool(conversation) and not conversation[-1].done


def open_source(backend: Backend, document_id: str, start: int, end: int, language: Language) -> Markup:
    """Return a document with one place marked, or one sentence that says why there is none.

    Args:
        backend: Holds the document.
        document_id: The document's id.
        start: First code point of the place.
        end: One past its last code point.
        language: Language of the frame.
    """
    try:
        record = backend.document(document_id)
    except (AssistantError, KnowledgeError) as error:
        return render.failure(error.message, error.hint, language)
    if not 0 <= start < end <= len(record.text):
        return render.notice(text("no_such_place", language), language)
    return source(record, start, end, language)


def _failed(exchange: Exchange, message: str, hint: str) -> Exchange:
    return replace(exchange, shown=render.failure(message, hint, exchange.language), done=True)
