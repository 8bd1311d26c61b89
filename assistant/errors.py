"""Everything that can go wrong between a question and its answer.

    AssistantError
    ├── BadQuestion               the question is empty or too long
    ├── BadSettings               a setting or ``--llm`` cannot be understood
    ├── CollectionUnknown         there is no collection of this name
    ├── ConversationsUnreadable   the file of the conversations cannot be opened
    ├── ConversationUnknown       there is no such conversation of this user
    ├── ExtraMissing              an optional package is not installed
    └── ModelUnreachable          the chat model did not answer

Each carries a ``hint``: one sentence that says what to do next.
"""

from __future__ import annotations


class AssistantError(Exception):
    """Root of this package's errors.

    Args:
        message: One sentence that says what is wrong.
        hint: One sentence that says what to do.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadQuestion(AssistantError):
    """The question is empty or too long."""


class BadSettings(AssistantError):
    """A setting cannot be understood."""


class CollectionUnknown(AssistantError):
    """There is no collection of this name."""


class ConversationsUnreadable(AssistantError):
    """The file of the conversations cannot be opened."""


class ConversationUnknown(AssistantError):
    """There is no such conversation of this user."""


class ExtraMissing(AssistantError):
    """An optional package is not installed."""


class ModelUnreachable(AssistantError):
    """The chat model did not answer."""
