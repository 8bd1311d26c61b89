"""What speaks for a claim's being supported by evidence: features, each of them computed without a chat model.

There are three kinds of claims, because what to look at differs:

- an ``answer``: some words that answer a question. That the evidence says them is not enough; they have to stand where
  the question's answer is.
- a ``phrase``: some words of a statement, without a question. The question is whether the evidence says them at all.
- a ``statement``: one or more whole sentences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields

import numpy as np

from assistant import names, quantities
from assistant.ground import Ground, late_interaction, neighbours_of, squeezed
from knowledge.coverage import Coverage, Term, rarity
from knowledge.lexical import content_tokens, query_tokens
from knowledge.ranking import Array, SentenceWeights
from knowledge.types import Language

FITTING = SentenceWeights(cosine=1.3, late=16.0, coverage=4.0, neighbours=0.35, passage=0.0)
"""How well a sentence fits a question. Not those of a search, since the curves were fitted with these."""

FADING = 90.0
"""Distance (`text_size`) from a claim over which what a question matches counts 1/e of what it does beside it."""


@dataclass(frozen=True, slots=True)
class AnswerFeatures:
    """Why an answer may be that of a question.

    Attributes:
        relevance: How much better the best sentence that holds the answer fits the question than the best of the
            others (`FITTING`); 0 if there is no other.
        gain: What the answer adds to the question's late interaction with its best sentence. The words of another
            answer are found in another sentence, and add less.
        repeated: Minus the share of the answer's words that the question says itself.
        nearness: Late interaction of the question with the evidence, fading with the distance from the answer, less
            what it is without fading; 0 at best.
        context: Mean cosine of the question's tokens with the answer's, in their place in the evidence.
    """

    relevance: float
    gain: float
    repeated: float
    nearness: float
    context: float


@dataclass(frozen=True, slots=True)
class PhraseFeatures:
    """Why the evidence may say a phrase.

    Attributes:
        verbatim: 1 if it stands there as it is.
        run: Share of its characters in the longest stretch of it that stands there.
        pairs: Share of its pairs of characters that stand there.
        words: Share of its content words that stand there.
        length: Logarithm of its length; a long phrase is rarely repeated as it is.
        quantified: 1 if it has a quantity.
        unstated: Minus the number of its quantities and names that the evidence has in no form.
    """

    verbatim: float
    run: float
    pairs: float
    words: float
    length: float
    quantified: float
    unstated: float


@dataclass(frozen=True, slots=True)
class StatementFeatures:
    """Why the evidence may say a statement.

    Attributes:
        words: Share of its content words that stand there.
        pairs: Share of its pairs of neighbouring words that stand there as neighbours.
        late: Late interaction with all of the evidence, a mean of cosines.
    """

    words: float
    pairs: float
    late: float


Features = AnswerFeatures | PhraseFeatures | StatementFeatures


def values(features: Features) -> tuple[float, ...]:
    """Return the features in the order in which their class names them."""
    return tuple(float(getattr(features, field.name)) for field in fields(features))


def answer_features(question: str, answer: str, ground: Ground, language: Language) -> AnswerFeatures:
    """Compare an answer's place in the evidence with where the question's answer should be.

    Args:
        question: The question.
        answer: The answer.
        ground: The evidence.
        language: Language of the question.
    """
    vector, states = ground.asked(question, language)
    lates = np.array([late_interaction(states, own) for own in ground.states])
    _, both = ground.asked(f"{question} {answer}", language)
    together = [late_interaction(both, own) for own in ground.states]
    coverages = _coverages(question, ground)
    around = [max(coverages[max(0, at - 1) : at + 2]) for at in range(len(coverages))]
    fits = [FITTING.score(*of, 0.0) for of in zip(ground.vectors @ vector, lates, coverages, around, strict=True)]
    held, spans = ground.spans(answer)
    others = [fit for at, fit in enumerate(fits) if at not in held]
    similar = [states @ own.T for own in ground.states]
    words, own = set(query_tokens(question)), query_tokens(answer)
    return AnswerFeatures(
        relevance=float(max(fits[at] for at in held) - max(others)) if others else 0.0,
        gain=float(max(together) - lates.max()),
        repeated=-sum(word in words for word in own) / len(own) if own else 0.0,
        nearness=_nearness(similar, ground.places, spans),
        context=_within(similar, ground.places, spans),
    )


def phrase_features(phrase: str, ground: Ground) -> PhraseFeatures:
    """Look for a phrase in the evidence."""
    wanted = squeezed(phrase)
    pairs = {wanted[at : at + 2] for at in range(len(wanted) - 1)} or {wanted}
    every = frozenset().union(*ground.tokens)
    found = quantities.find_quantities(phrase)
    missing = quantities.unsupported_quantities(phrase, ground.sentences)
    unnamed = names.unsupported_names(phrase, ground.sentences)
    return PhraseFeatures(
        verbatim=float(wanted in ground.whole),
        run=_longest_run(wanted, ground.whole) / max(1, len(wanted)),
        pairs=sum(pair in ground.whole for pair in pairs) / len(pairs),
        words=_share(content_tokens(phrase), every),
        length=math.log1p(len(wanted)),
        quantified=float(bool(found)),
        unstated=-float(len(missing) + len(unnamed)),
    )


def statement_features(statement: str, ground: Ground) -> StatementFeatures:
    """Look for what one or more sentences say in the evidence."""
    every = frozenset().union(*ground.tokens)
    pairs = list(neighbours_of(statement))
    return StatementFeatures(
        words=_share(content_tokens(statement), every),
        pairs=sum(pair in ground.neighbours for pair in pairs) / len(pairs) if pairs else 1.0,
        late=late_interaction(ground.said(statement), np.concatenate(ground.states)),
    )


def _coverages(question: str, ground: Ground) -> list[float]:
    """Return the share of the question's words that each sentence holds, rare ones counting more."""
    words = query_tokens(question)
    within = {word: sum(word in own for own in ground.tokens) for word in words}
    terms = [Term(word, rarity(within[word], len(ground.tokens)), {}) for word in words]
    return Coverage(terms, across=False).shares(ground.tokens)


def _nearness(similar: Sequence[Array], places: Sequence[Array], spans: Sequence[tuple[float, float]]) -> float:
    cosines, at = np.concatenate(similar, axis=1), np.concatenate(places)
    if not cosines.size:
        return 0.0
    unfaded = cosines.max(axis=1)
    best = -math.inf
    for start, end in spans:
        distance = np.maximum(0.0, np.maximum(start - at, at - end))
        faded = np.maximum(cosines, 0.0) * np.exp(-distance / FADING)
        best = max(best, float((faded.max(axis=1) - unfaded).mean()))
    return best


def _within(similar: Sequence[Array], places: Sequence[Array], spans: Sequence[tuple[float, float]]) -> float:
    cosines, at = np.concatenate(similar, axis=1), np.concatenate(places)
    if not cosines.size:
        return 0.0
    inside = np.any([(at >= start) & (at <= end) for start, end in spans], axis=0)
    if not inside.any():
        inside[int(np.argmin(np.abs(at - spans[0][0])))] = True
    return float(cosines[:, inside].mean())


def _share(words: Sequence[str], held: AbstractSet[str]) -> float:
    return sum(word in held for word in words) / len(words) if words else 1.0


def _longest_run(wanted: str, held: str) -> int:
    longest = 0
    for start in range(len(wanted)):
        while start + longest < len(wanted) and wanted[start : start + longest + 1] in held:
            longest += 1
    return longest
