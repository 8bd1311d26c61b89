"""Clauses: the pieces of a long Chinese sentence that are embedded by themselves for late interaction.

A Chinese sentence often runs on for a hundred characters, comma after comma, and in one pass of the embedding model
each token's state takes on the whole of it. Embedded in pieces of some thirty characters the tokens keep to what their
clause says; docs/retrieval.md has what that gives. English sentences are shorter, and lose by it.
"""

from __future__ import annotations

import re

from knowledge.sentences import text_size
from knowledge.types import Language

CLAUSE_SIZE = 30
"""Size (see `text_size`) that pieces are cut to, where commas allow it."""

_SHORTEST = 6.0
_FULL, _OVERFULL = 0.8, 1.2
_BREAK = re.compile(r"[,，;；:：、](?=\D)|$")


def clauses(sentence: str, language: Language) -> list[str]:
    """Cut a sentence into pieces of about equal size at commas, semicolons, colons and enumeration commas.

    Args:
        sentence: The sentence.
        language: Its language; only Chinese is cut.

    Returns:
        The pieces, which together are the sentence.
    """
    if language != "zh" or text_size(sentence) <= CLAUSE_SIZE * _OVERFULL:
        return [sentence]
    parts = _parts(sentence)
    goal = text_size(sentence) / -(-text_size(sentence) // CLAUSE_SIZE)
    pieces: list[str] = []
    piece = ""
    for part in parts:
        full = text_size(piece) >= _FULL * goal or text_size(piece + part) > _OVERFULL * CLAUSE_SIZE
        if piece and full:
            pieces.append(piece)
            piece = ""
        piece += part
    return [*pieces, piece]


def _parts(sentence: str) -> list[str]:
    """Cut at every break; what is too short to say something stays with what follows, at the end with what precedes."""
    parts: list[str] = []
    start = 0
    for found in _BREAK.finditer(sentence):
        if text_size(sentence[start : found.end()]) >= _SHORTEST:
            parts.append(sentence[start : found.end()])
            start = found.end()
    if not parts:
        return [sentence]
    parts[-1] += sentence[start:]
    return parts
