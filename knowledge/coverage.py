"""Coverage: the share of a question's content words that a text holds, in its own language or through a dictionary."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A content word of the question.

    Attributes:
        word: The token.
        rarity: Its inverse document frequency in the collection (Robertson and Spärck Jones), its translations
            counted in.
        translations: Tokens of the other language with weights in (0, 1].
    """

    word: str
    rarity: float
    translations: Mapping[str, float]


class Coverage:
    """Says which share of some words the tokens of a text hold, each word weighted by its rarity.

    Args:
        terms: The question's content words.
        across: Whether texts are in the other language, so that translations count.
    """

    def __init__(self, terms: Sequence[Term], *, across: bool) -> None:
        self._whole = sum(term.rarity for term in terms)
        self._held: dict[str, list[tuple[int, float]]] = {}
        for at, term in enumerate(terms):
            tokens = {**term.translations, term.word: 1.0} if across else {term.word: 1.0}
            for token, weight in tokens.items():
                self._held.setdefault(token, []).append((at, term.rarity * weight))
        # A set, because its intersection with another goes through the smaller of the two.
        self._tokens = frozenset(self._held)

    def share(self, tokens: AbstractSet[str]) -> float:
        """Return the share of the words that `tokens` hold, 0 to 1; of a word's translations the best one counts."""
        return self._share(self._tokens & tokens)

    def shares(self, sentences: Sequence[AbstractSet[str]]) -> list[float]:
        """Return `share` of each of the sentences of a passage."""
        # Few of the words stand anywhere in the passage, so most need to be looked up once only.
        present = self._tokens & set().union(*sentences)
        return [self._share(present & tokens) for tokens in sentences]

    def _share(self, present: AbstractSet[str]) -> float:
        if self._whole <= 0:
            return 0.0
        best: dict[int, float] = {}
        for token in present:
            for at, value in self._held[token]:
                if value > best.get(at, 0.0):
                    best[at] = value
        return sum(best.values()) / self._whole


def rarity(document_frequency: int, passages: int) -> float:
    """Return the inverse document frequency of a word that so many of the passages hold."""
    held = min(document_frequency, passages)
    return math.log(1.0 + (passages - held + 0.5) / (held + 0.5))
