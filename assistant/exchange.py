"""A question of a conversation with what came of it: what is kept of it, and the same as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeVar

from assistant.types import Answer, Citation, Claim, Message, RetrievedPassage
from knowledge.types import Language

Status = Literal["writing", "done", "stopped", "failed"]
"""``writing`` until the checked answer is there; ``stopped`` by the user, or because the page was closed meanwhile."""

Rating = Literal["", "up", "down"]
"""What the user thinks of an answer."""

_Part = TypeVar("_Part")
_LABELS: dict[Language, dict[str, str]] = {
    "zh": {"searched": "按“{}”查找", "sources": "依据", "stopped": "（已停止）", "model": "模型：{}"},
    "en": {"searched": "Searched for: {}", "sources": "Sources", "stopped": "(stopped)", "model": "Model: {}"},
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what came of it.

    Attributes:
        question: The words of the user.
        language: Language of the answer, or of the question while there is none.
        status: How far it is.
        searched: The question as it was searched, "" before that.
        quotes: The evidence sentences, found before any answer.
        draft: The unchecked words; "" as soon as there is an answer.
        answer: The checked answer.
        left_out: Sentences of the draft that are not in the answer, because they did not pass.
        message: What went wrong, "" if nothing did.
        hint: What to do about it.
        rating: What the user thinks of the answer.
        comment: Why.
    """

    question: str
    language: Language
    status: Status = "writing"
    searched: str = ""
    quotes: tuple[Citation, ...] = ()
    draft: str = ""
    answer: Answer | None = None
    left_out: tuple[str, ...] = ()
    message: str = ""
    hint: str = ""
    rating: Rating = ""
    comment: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain lists and dictionaries; the answer has the shape of `Answer.to_dict`."""
        plain: dict[str, Any] = asdict(self)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Exchange:
        """Return what `to_dict` made; keys of a newer version are ignored."""
        own = _known(cls, plain)
        own["quotes"] = tuple(_made(Citation, quote) for quote in plain.get("quotes", ()))
        own["left_out"] = tuple(plain.get("left_out", ()))
        own["answer"] = answer_from_dict(plain["answer"]) if plain.get("answer") else None
        return cls(**own)


def answer_from_dict(plain: Mapping[str, Any]) -> Answer:
    """Return what `Answer.to_dict` made; keys of a newer version are ignored."""
    own = _known(Answer, plain)
    own["claims"] = tuple(_made(Claim, {**one, "citations": tuple(one["citations"])}) for one in plain["claims"])
    own["citations"] = tuple(_made(Citation, one) for one in plain["citations"])
    own["passages"] = tuple(_made(RetrievedPassage, one) for one in plain["passages"])
    return Answer(**own)


def history(exchanges: Iterable[Exchange]) -> tuple[Message, ...]:
    """Return what the assistant is told of a conversation: the answered questions and their answers."""
    messages: list[Message] = []
    for exchange in exchanges:
        if exchange.answer is not None:
            messages += [Message("user", exchange.question), Message("assistant", exchange.answer.text)]
    return tuple(messages)


def to_markdown(title: str, exchanges: Sequence[Exchange]) -> str:
    """Return a conversation as Markdown: each answer with the quotes its markers point to."""
    parts = [f"# {_one_line(title)}"]
    for exchange in exchanges:
        labels = _LABELS[exchange.language]
        parts.append(f"## {_one_line(exchange.question)}")
        if exchange.answer is None:
            parts.append(f"{exchange.message} {exchange.hint}".strip() or labels["stopped"])
            continue
        parts += [*_searched(exchange.answer), exchange.answer.text, *_sources(exchange.answer)]
        parts.append(f"_{labels['model'].format(exchange.answer.model)}_")
    return "\n\n".join(parts) + "\n"


def with_sources(answer: Answer) -> str:
    """Return an answer as text to paste elsewhere, with the quotes its markers point to."""
    return "\n\n".join([answer.text, *_sources(answer)])


def _searched(answer: Answer) -> list[str]:
    if answer.standalone_question == answer.question:
        return []
    return [_LABELS[answer.language]["searched"].format(_one_line(answer.standalone_question))]


def _sources(answer: Answer) -> list[str]:
    if not answer.citations:
        return []
    lines = [f"{_LABELS[answer.language]['sources']}:"]
    for one in answer.citations:
        lines.append(f"[{one.marker}] “{_one_line(one.quote)}”  \n{one.title} ({one.source}, {one.start}–{one.end})")
    return ["\n\n".join(lines)]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _made(kind: type[_Part], plain: Mapping[str, Any]) -> _Part:
    return kind(**_known(kind, plain))


def _known(kind: Any, plain: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in plain.items() if name in names}
