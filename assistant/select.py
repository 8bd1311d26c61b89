"""Hits → the few evidence sentences, and how sure we are that they hold the answer.

Whether to answer is not left to what a chat model writes: told that it may refuse, a small model refuses nearly
everything, and not told, it answers everything. Two things decide:

- what the question insists on (its years, amounts, places, people, organisations) must occur in the evidence, in either
  language: a question about 2017 or Chengdu is not answered from a sentence about 2021 or Shandong;
- a calibrated probability that the evidence holds the answer, from how well it fits the question and, where a chat
model
  is there, from that model's own yes or no.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from assistant import names, quantities
from assistant.asked import unmet_form
from assistant.condense import Question
from assistant.read import Reader
from assistant.types import Reason
from knowledge.calibration import log_odds, probability
from knowledge.lexical import fold, index_tokens
from knowledge.load import card_field
from knowledge.question import Query
from knowledge.retrieve import SearchResult, SentenceHit
from knowledge.split import text_size

DENIED = -0.5
"""Log-odds below which the reader's judgement is a plain no, whatever the features say.

Evidence that fits a question closely fits its false premise as closely ("why did the industry shrink?").
"""

KEEP_WITHIN = 5.0
"""Sentences whose scores fall this far behind the best one are left out."""

SHARPNESS = 2.2
"""Sentence scores times this are log-odds that a sentence holds the answer.

Greatest likelihood of the gold sentences of the suites ``facts`` and ``facts_tuning``, alike in both languages.
"""


FIELD_ALONE = 0.7
"""Probability from which a field of a document's card is all that is read."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer may rest on.

    Attributes:
        question: The question.
        result: The search it comes from.
        sentences: The evidence sentences, best first; empty only if nothing was found.
        confidence: Probability that they hold the answer, 0 to 1.
        unmet: What the question insists on and no evidence mentions.
        refusal: Why not to answer, "" to answer.
    """

    question: Question
    result: SearchResult
    sentences: tuple[SentenceHit, ...]
    confidence: float
    unmet: tuple[str, ...]
    refusal: Reason


def select(question: Question, result: SearchResult, reader: Reader, *, limit: int, threshold: float) -> Evidence:
    """Choose the evidence and decide whether to answer.

    Args:
        question: The question.
        result: What the search found.
        reader: How much evidence it reads, and its judgement whether that holds the answer.
        limit: How many sentences at most.
        threshold: Probability below which the question is refused. Raising it refuses more.
    """
    sentences = choose(result, min(limit, reader.most_sentences), reader.budget, reader.enough)
    if not sentences:
        return Evidence(question, result, (), 0.0, (), "not_in_documents")
    unmet = unmet_constraints(question.insists, result.query, sentences)
    if unmet:
        return Evidence(question, result, sentences, 0.0, unmet, "not_in_documents")
    judged = reader.judge(question.standalone, question.language, sentences)
    sure = confidence(result, sentences, judged)
    if _answers_alone(result, sentences):
        sentences = sentences[:1]
    return Evidence(question, result, sentences, sure, (), "" if sure >= threshold else "not_in_documents")


def choose(result: SearchResult, limit: int, budget: float = math.inf, enough: float = 1.0) -> tuple[SentenceHit, ...]:
    """Take the best sentences, best first, each wording once: few where the search is sure, more where it is not.

    Args:
        result: What the search found.
        limit: How many at most.
        budget: Size (`knowledge.split.text_size`) that they may have together; the first is taken whatever its size.
        enough: Probability that the answer is among those taken from which no more are taken.
    """
    chosen: list[SentenceHit] = []
    wordings: list[str] = []
    size = taken = 0.0
    likely = likelihoods(result)
    for sentence in result.sentences:
        if chosen and (len(chosen) == limit or taken >= enough or sentence.score < chosen[0].score - KEEP_WITHIN):
            break
        wording = "".join(fold(sentence.text).split())
        if not any(wording in earlier or earlier in wording for earlier in wordings):
            size += text_size(sentence.text)
            if chosen and size > budget:
                break
            chosen.append(sentence)
            wordings.append(wording)
        taken += likely[sentence.passage.id, sentence.span.start]
    return tuple(chosen)


def _answers_alone(result: SearchResult, sentences: Sequence[SentenceHit]) -> bool:
    """Return whether the best sentence is a field of a document's card, and likely the right one.

    A field says all there is to say. Beside it a small model reads the next one as well, and gives a fax for a phone.
    """
    best = sentences[0]
    return bool(card_field(best.text)) and likelihoods(result)[best.passage.id, best.span.start] >= FIELD_ALONE


def likelihoods(result: SearchResult) -> dict[tuple[str, int], float]:
    """Return the probability of each sentence to be the one that holds the answer, if one of them does.

    Returns:
        Probabilities by passage id and start in the document; they sum to 1.
    """
    best = max((sentence.score for sentence in result.sentences), default=0.0)
    weights = {
        (sentence.passage.id, sentence.span.start): math.exp(SHARPNESS * (sentence.score - best))
        for sentence in result.sentences
    }
    whole = sum(weights.values())
    return {place: weight / whole for place, weight in weights.items()}


def unmet_constraints(question: str, query: Query, sentences: Sequence[SentenceHit]) -> tuple[str, ...]:
    """Return what a question insists on and the evidence does not hold: names, quantities, the kind of thing asked for.

    The evidence for names and years is the sentences' whole passages, since a year is often said once at a paragraph's
    start.
    """
    texts = list(dict.fromkeys(f"{sentence.passage.heading}\n{sentence.passage.text}" for sentence in sentences))
    unmet = [
        name.text for name in names.constraints(question) if not any(names.mentioned(name, text) for text in texts)
    ]
    unstated = {quantity.start for quantity in quantities.unsupported_quantities(question, texts)}
    unmet += [quantity.text for quantity in quantities.constraints(question) if quantity.start in unstated]
    return tuple(unmet) or unmet_form(question, query, [sentence.text for sentence in sentences], texts)


def confidence(result: SearchResult, sentences: Sequence[SentenceHit], judged: float | None) -> float:
    """Return the calibrated probability that the sentences hold the answer, 0 to 1.

    Logistic regression on the best sentence's cosine and late interaction, the share of the question that the sentences
    hold together, the best passage's score, and the reader's log-odds; one curve for each language direction and
    with or without a reader.
    """
    if judged is not None and judged < DENIED:
        return 0.0
    features = evidence_features(result, sentences)
    curve = _curves()[f"{direction(result)}-{'judged' if judged is not None else 'alone'}"]
    if judged is not None:
        features.append(judged)
    total = curve["intercept"][0] + sum(w * x for w, x in zip(curve["weights"], features, strict=True))
    return probability(total)


def direction(result: SearchResult) -> Literal["same", "across"]:
    """Return whether the best passage is in the question's language."""
    return "same" if result.hits[0].passage.language == result.query.language else "across"


def evidence_features(result: SearchResult, sentences: Sequence[SentenceHit]) -> list[float]:
    """Return what the confidence rests on besides the reader's judgement; `confidence` says what each is."""
    together = set().union(*(index_tokens(sentence.text) for sentence in sentences))
    return [
        max(sentence.cosine for sentence in sentences),
        max(sentence.late for sentence in sentences),
        result.query.coverage(together, result.hits[0].passage.language),
        log_odds(result.hits[0].score),
    ]


@cache
def _curves() -> dict[str, dict[str, list[float]]]:
    """Load the calibration; `evals.fit_confidence` makes it and says in it from what."""
    stored = json.loads(files("assistant").joinpath("calibration.json").read_text(encoding="utf-8"))
    curves: dict[str, dict[str, list[float]]] = stored["curves"]
    return curves
