"""One turn of a conversation, from the question to the checked answer; no Gradio here.

What is said is kept as it grows, so that a reload, a restart or another tab finds it. Each step yields the whole
conversation as it is to be shown now.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from assistant.conversations import Conversations
from assistant.errors import AssistantError, ConversationUnknown
from assistant.events import Event, EvidenceFound, Finished, Token
from assistant.exchange import Exchange, history
from assistant.types import Answer, Choices, Message
from assistant.web.line import Line
from assistant.web.texts import text
from knowledge.errors import KnowledgeError
from knowledge.language import detect_language
from knowledge.types import DocumentEntry, DocumentRecord, Language

REDRAW = 0.08
"""Seconds between two redrawings of a draft; more often than that only costs traffic."""

LOOK_AROUND = 1.0
"""Seconds after which somebody who waits is told again how many are before them."""

QUOTES = "none"
"""Specification of reading without a chat model."""

_log = logging.getLogger(__name__)


class Backend(Protocol):
    """What the page needs of `assistant.Assistant`."""

    @property
    def readers(self) -> dict[str, str]:
        """What may be chosen to read, and its specification."""
        ...

    def stream(
        self, question: str, history: Sequence[Message] = (), choices: Choices | None = None
    ) -> Generator[Event, None, None]:
        """Answer a question; closing the iterator stops the model."""
        ...

    def document(self, document_id: str) -> DocumentRecord:
        """Return one document."""
        ...

    def documents(self) -> list[DocumentRecord]:
        """Return every document."""
        ...

    def catalog(self) -> list[DocumentEntry]:
        """Return what is known of every document without its text."""
        ...

    def add(self, documents: Any, *, progress: Any = None) -> Any:
        """Add documents."""
        ...

    def remove(self, names: Sequence[str]) -> Any:
        """Remove documents by their ids."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """A conversation as it is now.

    Attributes:
        exchanges: What was said.
        before: How many wait before the last question; 0 when it is answered.
    """

    exchanges: tuple[Exchange, ...]
    before: int = 0


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation that goes on.

    Attributes:
        backend: Answers.
        kept: Keeps what is said.
        line: Where those wait who want the local model.
        owner: Whose conversation it is.
        id: The conversation's id.
        language: Language of the page.
    """

    backend: Backend
    kept: Conversations
    line: Line
    owner: str
    id: str
    language: Language

    def exchanges(self) -> tuple[Exchange, ...]:
        """Return what was said; what is not finished counts as stopped."""
        return tuple(map(stopped, self.kept.exchanges(self.owner, self.id)))

    def ask(self, question: str, choices: Choices, at: int | None = None) -> Generator[Step, None, None]:
        """Answer a question, yielding the conversation as it grows.

        Errors are shown as part of the conversation. Closing the iterator stops the model and keeps the evidence.

        Args:
            question: The words of the user; nothing but spaces yields nothing.
            choices: What the user chose in the settings.
            at: Position of the exchange to put the question in the place of; behind the last one by default.
        """
        question = question.strip()
        if not question:
            return
        earlier = self.exchanges()[:at]
        exchange = Exchange(question, choices.language or detect_language(question))
        step = Step((*earlier, exchange))
        self._keep(step)
        kept = exchange
        try:
            yield step
            with closing(self._steps(step, choices)) as steps:
                for step in steps:
                    exchange = step.exchanges[-1]
                    if replace(exchange, draft="") != replace(kept, draft=""):
                        self._keep(step)
                        kept = exchange
                    yield step
        finally:
            if exchange.status == "writing":
                self._keep(Step((*earlier, stopped(exchange))))

    def _steps(self, step: Step, choices: Choices) -> Generator[Step, None, None]:
        try:
            if choices.reader == QUOTES:
                yield from self._read(step, choices)
                return
            step = self._first_look(step, choices)
            yield step
            if choices.reader != self.backend.readers.get("local"):
                yield from self._read(step, choices)
                return
            with self.line.place() as place:
                if place is None:
                    yield _ended(step, status="failed", message=text("busy", self.language), hint="")
                    return
                while before := place.wait(LOOK_AROUND):
                    yield replace(step, before=before)
                yield from self._read(step, choices)
        except (AssistantError, KnowledgeError) as error:
            yield _ended(step, status="failed", message=error.message, hint=error.hint)
        except Exception:  # the page must stay usable whatever a model or a driver throws; the log keeps the traceback
            _log.exception("A question could not be answered.")
            failed = {"message": text("unexpected", self.language), "hint": text("unexpected_hint", self.language)}
            yield _ended(step, status="failed", **failed)

    def _first_look(self, step: Step, choices: Choices) -> Step:
        """Return the evidence as it is without a model, which takes a fraction of a second and waits for nobody."""
        said = history(step.exchanges[:-1])
        quick = self.backend.stream(step.exchanges[-1].question, said, replace(choices, reader=QUOTES))
        with closing(quick):
            for event in quick:
                if isinstance(event, EvidenceFound):
                    return _found(step, event)
        return step

    def _read(self, step: Step, choices: Choices) -> Generator[Step, None, None]:
        events = self.backend.stream(step.exchanges[-1].question, history(step.exchanges[:-1]), choices)
        draft, drawn = "", 0.0
        with closing(events):
            for event in events:
                if isinstance(event, EvidenceFound):
                    step = _found(step, event)
                elif isinstance(event, Token):
                    draft += event.text
                    step = _with(step, draft=draft)
                    if time.monotonic() - drawn < REDRAW:
                        continue
                    drawn = time.monotonic()
                elif isinstance(event, Finished):
                    answer = event.answer
                    step = _ended(
                        step,
                        status="done",
                        answer=answer,
                        language=answer.language,
                        searched=answer.standalone_question,
                        left_out=left_out(draft, answer),
                    )
                yield step

    def _keep(self, step: Step) -> None:
        """Keep the last exchange; a conversation that was deleted meanwhile stays deleted."""
        with suppress(ConversationUnknown):
            at = len(step.exchanges) - 1
            self.kept.keep(self.owner, self.id, at, replace(step.exchanges[-1], draft=""))


def left_out(draft: str, answer: Answer) -> tuple[str, ...]:
    """Return the sentences of a draft that are not in the checked answer."""
    from assistant.claims import claims_of

    stands = {claim.text for claim in answer.claims}
    return tuple(claim for claim in dict.fromkeys(claims_of(draft, answer.language)) if claim not in stands)


def stopped(exchange: Exchange) -> Exchange:
    """Return an exchange that is not finished as one that was stopped, its unchecked draft left out."""
    return replace(exchange, status="stopped", draft="") if exchange.status == "writing" else exchange


def _found(step: Step, event: EvidenceFound) -> Step:
    return _with(step, language=event.language, searched=event.standalone_question, quotes=event.quotes)


def _ended(step: Step, **changes: Any) -> Step:
    return _with(step, draft="", **changes)


def _with(step: Step, **changes: Any) -> Step:
    return Step((*step.exchanges[:-1], replace(step.exchanges[-1], **changes)))
