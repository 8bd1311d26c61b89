"""A question in the documents' language, beside the user's own, never instead of it.

The embedding model finds a Chinese passage for an English question less surely than for a Chinese one. Where a chat
model is there, the documents are searched with its translation as well. A small model sometimes answers instead of
translating, or loses a year, so a translation is only used if it is in the other language, is no longer than a
translation can be, and has the question's quantities and names.
"""

from __future__ import annotations

from assistant import names, quantities
from knowledge.language import detect_language
from knowledge.types import Language

LONGEST: dict[Language, float] = {"zh": 1.2, "en": 6.0}
"""Characters of a translation for each character of the question, by the translation's language."""

SHORTEST = 40
"""So many characters are always allowed."""


def usable(question: str, translation: str, language: Language) -> bool:
    """Return whether a translation of a question into `language` can be searched with.

    Args:
        question: The question.
        translation: What the model made of it.
        language: The language asked for.
    """
    if not translation or detect_language(translation) != language:
        return False
    if len(translation) > max(SHORTEST, LONGEST[language] * len(question)):
        return False
    missing = {quantity.start for quantity in quantities.unsupported_quantities(question, [translation])}
    if any(quantity.start in missing for quantity in quantities.constraints(question)):
        return False
    added = quantities.unsupported_quantities(translation, [question])
    if any(quantity.role == "value" for quantity in added):
        return False
    return all(names.mentioned(name, translation) for name in names.constraints(question))
