"""Whether a chat model's wording of a follow-up can take the place of the one that rules made.

A small model sometimes answers instead of rewriting, loses a year, or brings in a place of its own. So its rewriting is
used only if it is one question in the follow-up's language that insists on what the follow-up insists on and on nothing
that neither it nor the question before it says.
"""

from __future__ import annotations

import re
from dataclasses import replace

from assistant import names, quantities
from assistant.condense import Question
from assistant.followup import lean
from knowledge.language import detect_language
from knowledge.lexical import content_tokens

LONGEST = 1.5
"""Characters of a rewriting for each character of the follow-up and the question before it."""

_ASKS = re.compile(
    r"[?？]\s*$|什么|怎么|怎样|如何|哪|谁|多少|几|是否|吗|\b(?:what|who|which|when|where|why|how)\b", re.IGNORECASE
)


def reworded(question: Question, rewriting: str) -> Question:
    """Return a follow-up with a chat model's rewriting in place of that of the rules, if it can be used.

    Args:
        question: The follow-up; what it insists on stays as the rules found it.
        rewriting: What the model made of it.
    """
    return replace(question, standalone=rewriting) if usable(question, rewriting) else question


def usable(question: Question, rewriting: str) -> bool:
    """Return whether a rewriting of a follow-up can be searched with.

    Args:
        question: The follow-up and the question before it.
        rewriting: What the model made of it.
    """
    language = detect_language(question.asked)
    if not question.before or not _ASKS.search(rewriting) or detect_language(rewriting) != language:
        return False
    if len(rewriting) > LONGEST * (len(question.asked) + len(question.before)) or lean(rewriting, language):
        return False
    known = [question.asked, question.before]
    if _lost(question.asked, rewriting) or _insisted(rewriting, known):
        return False
    # What the rules put together says the same: a place or year that they kept is not dropped.
    if not question.insisted and _lost(question.standalone, rewriting):
        return False
    return bool(set(content_tokens(rewriting)) & set(content_tokens(question.standalone)))


def _lost(text: str, rewriting: str) -> list[str]:
    """Return the names and quantities of a text that a rewriting lacks."""
    return _insisted(text, [rewriting])


def _insisted(text: str, others: list[str]) -> list[str]:
    """Return the names and quantities that a text insists on and no other text holds."""
    unstated = {quantity.start for quantity in quantities.unsupported_quantities(text, others)}
    return [
        *(quantity.text for quantity in quantities.constraints(text) if quantity.start in unstated),
        *(name.text for name in names.constraints(text) if not any(names.mentioned(name, other) for other in others)),
    ]
