"""What Gradio hands over, made into what the page works with; no Gradio here."""

from __future__ import annotations

from typing import Any

from assistant.conversations import Conversations
from assistant.errors import ConversationUnknown


def conversation_of(kept: Conversations, owner: str, id_: str, words: str) -> str:
    """Return the conversation that goes on, or a new one if there is none (any more)."""
    try:
        return kept.heading(owner, id_).id
    except ConversationUnknown:
        return kept.create(owner, words)


def question_of(typed: str, event: Any) -> tuple[str, int | None]:
    """Return the question and the place it takes: None unless an answer is made again."""
    sent = event._data if isinstance(event._data, dict) else {}
    if "question" in sent:
        return str(sent["question"]), max(0, int(sent["at"])) if "at" in sent else None
    chosen = sent.get("value")
    return (str(chosen["text"]) if isinstance(chosen, dict) and "text" in chosen else typed), None
