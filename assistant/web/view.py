"""A conversation as the chat and the source area show it."""

from __future__ import annotations

from assistant.exchange import Exchange
from assistant.web import render
from assistant.web.documents import Documents
from assistant.web.markup import NOTHING, Markup
from assistant.web.turns import Backend, Step
from knowledge.types import Language


class View:
    """A conversation as messages; what is finished is made into HTML once.

    Args:
        backend: Holds the documents.
        language: Language of the frame.
    """

    def __init__(self, backend: Backend, language: Language) -> None:
        self._documents = Documents(backend.document)
        self._language = language
        self._made: dict[tuple[int, bool], tuple[Exchange, Markup]] = {}

    def messages(self, step: Step) -> list[dict[str, str]]:
        """Return the messages of Gradio's chat."""
        messages = []
        for at, exchange in enumerate(step.exchanges):
            last = at == len(step.exchanges) - 1
            if self._made.get((at, last), (None,))[0] is not exchange or last:
                made = render.reply(exchange, at, self._documents, self._language, last=last, before=step.before)
                self._made[at, last] = (exchange, made)
            messages.append({"role": "user", "content": render.question(exchange.question)})
            messages.append({"role": "assistant", "content": self._made[at, last][1]})
        return messages

    def evidence(self, exchanges: tuple[Exchange, ...]) -> Markup:
        """Return what the source area shows of the last exchange, "" for nothing."""
        if not exchanges:
            return NOTHING
        return render.evidence(exchanges[-1], len(exchanges) - 1, self._documents, self._language)
