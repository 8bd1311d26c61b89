"""A question made ready for searching: embedded, cut into words, and its words looked up in the other language."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Protocol

import numpy as np
import numpy.typing as npt

from knowledge.coverage import Coverage, Term, rarity
from knowledge.embed import Embedder
from knowledge.language import detect_language
from knowledge.lexical import content_tokens, query_tokens
from knowledge.lexicon import Lexicon
from knowledge.numerals import written_across
from knowledge.sounds import spelled_across
from knowledge.types import Language

POSTINGS = 20_000
"""How many entries of the full-text index a question may read. In a large collection its commonest words, which tell
least and cost most, are left to the features."""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready for searching.

    Attributes:
        text: Its words.
        language: Its language.
        vector: Its embedding, shape (dimension,).
        states: The states of its tokens, shape (tokens, dimension).
        terms: Its content words with their rarity; words and, in Chinese, character bigrams.
        words: The same without bigrams, with their translations that occur in the collection, for texts of the other
            language.
        searched: The tokens that the full-text index is asked for, rarest first: of those above and their translations
            as many as `POSTINGS` allows.
    """

    text: str
    language: Language
    vector: Array
    states: Array
    terms: tuple[Term, ...]
    words: tuple[Term, ...]
    searched: tuple[str, ...]
    _within: Coverage = field(init=False, repr=False, compare=False)
    _across: Coverage = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make ready to look for its words in many texts."""
        object.__setattr__(self, "_within", Coverage(self.terms, across=False))
        object.__setattr__(self, "_across", Coverage(self.words, across=True))

    def with_names(self, tokens: AbstractSet[str]) -> Query:
        """Return this question with its names as texts of the other language spell them by sound, if they do.

        Args:
            tokens: The tokens of those texts, as far as they may sound like a name (`knowledge.sounds.may_sound`).
        """
        unknown = frozenset(term.word for term in self.words if not term.translations)
        spelled = spelled_across(self.text, self.language, unknown, tokens) if unknown else {}
        if not spelled:
            return self
        words = tuple(
            replace(term, translations=spelled[term.word]) if term.word in spelled else term for term in self.words
        )
        return replace(self, words=words)

    def coverage(self, tokens: AbstractSet[str], language: Language) -> float:
        """Return the share of this question that a text's tokens hold, 0 to 1."""
        return self._coverage(language).share(tokens)

    def coverages(self, sentences: Sequence[AbstractSet[str]], language: Language) -> list[float]:
        """Return the share of this question that the tokens of each of a passage's sentences hold, 0 to 1."""
        return self._coverage(language).shares(sentences)

    def _coverage(self, language: Language) -> Coverage:
        return self._within if language == self.language else self._across


class Counts(Protocol):
    """What a question asks of the collection, or of several."""

    @property
    def passage_count(self) -> int:
        """How many passages there are."""

    def document_frequency(self, tokens: Collection[str]) -> dict[str, int]:
        """Return for each token how many passages hold it, 0 among them."""


def prepare(text: str, counts: Counts, embedder: Embedder, lexicon: Lexicon, language: Language | None = None) -> Query:
    """Embed a question and look its words up.

    Args:
        text: The question.
        counts: Of the collection that is to be searched: how rare a word is depends on it.
        embedder: The model the store was built with.
        lexicon: Dictionary for crossing the language.
        language: The question's language, or None to find out.
    """
    language = language or detect_language(text)
    vector, states = embedder.encode_query_tokens(text)
    words, tokens = content_tokens(text), query_tokens(text)
    translations = lexicon.translations(words, language)
    for word, others in written_across(text, language).items():
        translations[word] = {**translations.get(word, {}), **others}
    asked = {*words, *tokens, *(token for found in translations.values() for token in found)}
    frequency = counts.document_frequency(asked)
    passages = counts.passage_count
    return Query(
        text=text,
        language=language,
        vector=vector,
        states=states,
        terms=tuple(Term(token, rarity(frequency[token], passages), {}) for token in tokens),
        words=tuple(_word(word, translations[word], frequency, passages) for word in words),
        searched=_affordable(frequency),
    )


def _word(word: str, translations: Mapping[str, float], frequency: Mapping[str, int], passages: int) -> Term:
    """Keep only the translations that occur in the collection; the word is as frequent as all of them together."""
    present = {token: weight for token, weight in translations.items() if frequency[token]}
    held = frequency[word] + sum(frequency[token] for token in present)
    return Term(word, rarity(held, passages), present)


def _affordable(frequency: Mapping[str, int]) -> tuple[str, ...]:
    """Return the tokens that occur, rarest first, as long as they have no more than `POSTINGS` entries together."""
    present = sorted((held, token) for token, held in frequency.items() if held)
    totals = accumulate(held for held, _ in present)
    return tuple(token for (_, token), total in zip(present, totals, strict=True) if total <= POSTINGS)
