"""Which sentence of the evidence, and which of its clauses, a part of a claim says again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant import quantities
from assistant.wording import wording, words_of
from knowledge.language import detect_language
from knowledge.lexicon import Lexicon
from knowledge.types import Language

_CLAUSE_END: dict[Language, re.Pattern[str]] = {
    "zh": re.compile(r"[，,；;：:。！？!?]+"),
    "en": re.compile(
        r"[;:.!?](?:\s|$)|,\s+(?:and|but|which|while|where|with|after|before|although|whereas)\s+|\s+because\s+"
    ),
}
_SENTENCE_CLAUSE_END = re.compile(r"[，,；;：:。！？!?]+|\s(?:and|but|while|because|although|whereas)\s")
_ITEM_END = re.compile(r"[，,；;：:。！？!?、]+")
CANDIDATES = 3
"""How many sentences a clause is held to: one of them must say all of it."""

FEWEST_WORDS = 3
"""A clause with fewer words belongs to the one behind it: "In 2021, …"."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """A clause of a claim with what says the same.

    Attributes:
        clause: The clause.
        words: Its words that the evidence has to say.
        at: Position of the sentence that says most of them.
        said: Those of the words that this sentence says.
        most: How many of them the sentence that says most of them says.
    """

    clause: str
    words: tuple[str, ...]
    at: int
    said: frozenset[str]
    most: int


def clauses_of(claim: str, language: Language) -> list[str]:
    """Cut a claim where its clauses end; what is too short to stand alone goes with what follows."""
    clauses: list[str] = []
    begun = ""
    last = 0
    for end in [*(match.end() for match in _CLAUSE_END[language].finditer(claim)), len(claim)]:
        begun += claim[last:end]
        last = end
        if len(words_of(begun, language)) >= FEWEST_WORDS:
            clauses.append(begun)
            begun = ""
    if begun.strip():
        if clauses:
            clauses[-1] += begun
        else:
            clauses.append(begun)
    return clauses


def alignments(clause: str, language: Language, texts: Sequence[str], lexicon: Lexicon, prefer: int) -> list[Aligned]:
    """Find the few sentences that say most words and quantities of a clause, best first.

    Args:
        clause: The clause.
        language: Its language.
        texts: The evidence sentences, at least one.
        lexicon: The dictionary.
        prefer: Position of the sentence to take first where several say as much.
    """
    words = words_of(clause, language)
    said = [wording(text, language, lexicon).said(words) for text in texts]
    counted = quantities.find_quantities(clause)
    held = [
        len(said[at]) + (len(counted) - len(quantities.unsupported_quantities(clause, [text])) if counted else 0)
        for at, text in enumerate(texts)
    ]
    order = sorted(range(len(texts)), key=lambda number: (-held[number], number != prefer, number))
    most = max(map(len, said))
    return [Aligned(clause, tuple(words), at, frozenset(said[at]), most) for at in order[:CANDIDATES]]


@dataclass(frozen=True, slots=True)
class Alike:
    """A clause of the evidence, and how much of it a part of a claim says, 0 to 1 (roughly, across languages)."""

    text: str
    share: float


def alike(part: str, language: Language, text: str, lexicon: Lexicon, *, items: bool) -> list[Alike]:
    """Return the clauses of a sentence that say most of a part of a claim; [] if none says anything of it.

    Args:
        part: A clause of a claim, or an item of its list.
        language: Its language.
        text: The sentence.
        lexicon: The dictionary.
        items: Take items of lists (between 、) for clauses too.
    """
    words = words_of(part, language)
    clauses = [clause for clause in (_ITEM_END if items else _SENTENCE_CLAUSE_END).split(text) if clause.strip()]
    held = [len(wording(clause, language, lexicon).said(words)) for clause in clauses]
    most = max(held, default=0)
    return [
        Alike(clause, count / max(1, len(words_of(clause, detect_language(clause)))))
        for clause, count in zip(clauses, held, strict=True)
        if count == most and most
    ]
