"""Hits → the few evidence sentences, and whether to answer from them.

Whether to answer is not left to what a chat model writes: told that it may refuse, a small model refuses nearly
everything, and not told, it answers everything. Two things decide:

- what the question insists on (its years, amounts, places, people, organisations) must occur in the evidence, in either
  language: a question about 2017 or Chengdu is not answered from a sentence about 2021 or Shandong;
- a calibrated probability that the evidence holds the answer (`assistant.confidence`), from how well it fits the
  question and, where a chat model is there, from that model's own yes or no.

What the evidence puts otherwise than the question presumes is answered too, in the documents' own words alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant import names, quantities
from assistant.asked import unmet_form
from assistant.asked_kinds import asks_for_figure, missing_of_sought
from assistant.condense import Question
from assistant.confidence import confidence
from assistant.listing import Listing
from assistant.name_text import latin_key, view
from assistant.premise import presumes_a_cause, put_otherwise
from assistant.quantities import Quantity
from assistant.read import Reader
from assistant.refusal import reason_for
from assistant.types import Reason
from knowledge.lexical import fold
from knowledge.load import card_field
from knowledge.question import Query
from knowledge.retrieve import SearchResult, SentenceHit
from knowledge.split import text_size

KEEP_WITHIN = 5.0
"""Sentences whose scores fall this far behind the best one are left out."""

SHARPNESS = 2.2
"""Sentence scores times this are log-odds that a sentence holds the answer.

Greatest likelihood of the gold sentences of the suites ``facts`` and ``facts_tuning``, alike in both languages.
"""

FIELD_ALONE, FIELD_CLOSE = 0.5, 0.33
"""Probability and late interaction from which a field of a document's card is all that is read.

The right fields have a late interaction of .37 and more; "what does the author liken a city to?" has .29 with the
author's, which then does not count as found either.
"""


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
        otherwise: Whether the evidence puts something otherwise than the question presumes: it is quoted, and no more.
        part: The part of the question that is answered, "" for all of it.
        missing: The part that is not.
        listed: Whether the sentences are a list, in its order: all of them are the answer.
    """

    question: Question
    result: SearchResult
    sentences: tuple[SentenceHit, ...]
    confidence: float
    unmet: tuple[str, ...]
    refusal: Reason
    otherwise: bool = False
    part: str = ""
    missing: str = ""
    listed: bool = False

    @property
    def asked(self) -> str:
        """What is to be answered: the question, or the part of it that can be."""
        return self.part or self.question.standalone


SOUGHT = 0.03
"""Probability to hold the answer from which a sentence that names the kind of thing asked for is read too."""

FIELD = 0.8
"""The same for a question that fits a field of a document's card best, if what it asks for is there: "published:
2022-09-27" fits "when did it come out?" less well than a sentence of a text would."""

_ASKS = re.compile(r"[?？][”’」』\"')）]*\s*$")

FOLLOWING = 0.6
"""Share of the threshold that is asked of a follow-up: what is made of it fits the evidence less well than a question
in somebody's own words, and what it is about was found a turn before."""


def select(
    question: Question,
    result: SearchResult,
    reader: Reader,
    *,
    limit: int,
    threshold: float,
    listing: Listing | None = None,
) -> Evidence:
    """Choose the evidence and decide whether to answer.

    Args:
        question: The question.
        result: What the search found.
        reader: How much evidence it reads, and its judgement whether that holds the answer.
        limit: How many sentences at most.
        threshold: Probability below which the question is refused. Raising it refuses more.
        listing: The list that the question asks for; it is read instead of the best sentences.
    """
    found = read_sentences(question, result, reader, limit)
    sentences = listing.sentences if listing else found
    if not sentences:
        return Evidence(question, result, (), 0.0, (), reason_for(question, result))
    asked, texts = question.standalone, [sentence.text for sentence in sentences]
    amounts = unmet_quantities(question.insists, sentences)
    unmet = unmet_constraints(question.insists, result.query, sentences, amounts)
    otherwise = bool(amounts) and set(unmet) <= {amount.text for amount in amounts}
    otherwise = otherwise and put_otherwise(question.insists, amounts, texts)
    if unmet and not otherwise:
        return Evidence(question, result, sentences, 0.0, unmet, reason_for(question, result))
    judged = None if otherwise else reader.judge(asked, question.language, sentences)
    # A follow-up is made of words that nobody chose, so that its judgement is less sure in either direction.
    figure = judged is not None and not question.before and asks_for_figure(asked)
    sure = confidence(result, (*sentences, *found), judged, figure=figure)
    of_a_card = _is_close_field(found[0]) and not missing_of_sought(asked, texts)
    if sure < threshold * (FOLLOWING if question.before else FIELD if of_a_card else 1.0):
        return Evidence(question, result, sentences, sure, unmet, reason_for(question, result))
    if not listing and _answers_alone(asked, result, sentences):
        sentences = sentences[:1]
    otherwise = otherwise or presumes_a_cause(asked, texts)
    return Evidence(question, result, sentences, sure, unmet, "", otherwise, listed=listing is not None)


def read_sentences(question: Question, result: SearchResult, reader: Reader, limit: int) -> tuple[SentenceHit, ...]:
    """Return the sentences that a reader is given where no list is asked for.

    At most `limit`, and one more where none of these holds the kind of thing asked for.
    """
    chosen = choose(result, min(limit, reader.most_sentences), reader.budget, reader.enough)
    return with_asked_kind(question.insists, chosen, result)


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
    for sentence in _telling(result.sentences):
        if chosen and (len(chosen) == limit or taken >= enough or sentence.score < chosen[0].score - KEEP_WITHIN):
            break
        wording = "".join(fold(sentence.text).split())
        if not any(wording in earlier or earlier in wording for earlier in wordings):
            size += text_size(sentence.text)
            if chosen and size > budget:
                break
            chosen.append(sentence)
            wordings.append(wording)
        if not card_field(sentence.text) or sentence.late >= FIELD_CLOSE:
            taken += likely[sentence.passage.id, sentence.span.start]
    return tuple(chosen)


def _telling(sentences: Sequence[SentenceHit]) -> Sequence[SentenceHit]:
    """Return the sentences without those that ask: a question repeated, as in a heading, answers none."""
    return [one for one in sentences if not _ASKS.search(one.text)] or sentences


def with_asked_kind(question: str, chosen: Sequence[SentenceHit], result: SearchResult) -> tuple[SentenceHit, ...]:
    """Return the sentences with the best one that holds the kind of thing asked for, if none of them does.

    A question for an organisation is not answered by an address, however well that fits.
    """
    missing = set(missing_of_sought(question, [sentence.text for sentence in chosen])) if chosen else set()
    if not missing:
        return tuple(chosen)
    likely = likelihoods(result)
    telling = _telling(result.sentences)
    near = [one for one in telling if likely[one.passage.id, one.span.start] >= SOUGHT and one not in chosen]
    holding = next((one for one in near if not missing & set(missing_of_sought(question, [one.text]))), None)
    return (*chosen, holding) if holding else tuple(chosen)


def _answers_alone(question: str, result: SearchResult, sentences: Sequence[SentenceHit]) -> bool:
    """Return whether the best sentence is a field of a document's card, and likely the right one.

    A field says all there is to say. Beside it a small model reads the next one as well, and gives a fax for a phone.
    """
    best = sentences[0]
    likely = likelihoods(result)[best.passage.id, best.span.start]
    return likely >= FIELD_ALONE and _is_close_field(best) and not missing_of_sought(question, [best.text])


def _is_close_field(sentence: SentenceHit) -> bool:
    """Return whether a sentence is a field of a document's card that the question is close to."""
    return sentence.late >= FIELD_CLOSE and bool(card_field(sentence.text))


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


def unmet_constraints(
    question: str, query: Query, sentences: Sequence[SentenceHit], amounts: Sequence[Quantity]
) -> tuple[str, ...]:
    """Return what a question insists on and the evidence does not hold: names, quantities, the kind of thing asked for.

    The evidence for names and years is the sentences' whole passages, since a year is often said once at a paragraph's
    start.

    Args:
        question: The question.
        query: The same, made ready for searching.
        sentences: The evidence.
        amounts: What `unmet_quantities` found of them.
    """
    texts = _passages(sentences)
    unmet = [
        name.text for name in names.constraints(question) if not any(names.mentioned(name, text) for text in texts)
    ]
    unmet += [quantity.text for quantity in amounts]
    return tuple(unmet) or unmet_form(question, query, [sentence.text for sentence in sentences], texts)


def lacks(evidence: Evidence, part: str) -> bool:
    """Return whether evidence for a question lacks what a part of that insists on."""
    sentences = evidence.sentences
    return bool(unmet_constraints(part, evidence.result.query, sentences, unmet_quantities(part, sentences)))


def unmet_quantities(question: str, sentences: Sequence[SentenceHit]) -> list[Quantity]:
    """Return the quantities that a question insists on and no passage of the evidence states."""
    texts = _passages(sentences)
    unstated = {quantity.start for quantity in quantities.unsupported_quantities(question, texts)}
    return [
        quantity
        for quantity in quantities.constraints(question)
        if quantity.start in unstated and not _spelled_apart(quantity, texts)
    ]


def _spelled_apart(quantity: Quantity, texts: Sequence[str]) -> bool:
    """Return whether a code of letters and digits stands in a text with a hyphen or a space in it: GPT4, GPT-4."""
    return quantity.kind == "opaque" and any(latin_key(quantity.text) in view(text).runs for text in texts)


def _passages(sentences: Sequence[SentenceHit]) -> list[str]:
    """Return the passages that sentences stand in, each once, with their headings."""
    return list(dict.fromkeys(f"{sentence.passage.heading}\n{sentence.passage.text}" for sentence in sentences))
