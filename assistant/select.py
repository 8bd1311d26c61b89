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

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant import names, quantities
from assistant.alone import best_alone
from assistant.another import About
from assistant.asked import unmet_form
from assistant.asked_kinds import asks_for_one_thing, missing_of_sought
from assistant.condense import Question
from assistant.confidence import confidence
from assistant.dates_apart import stated_apart
from assistant.few_sentences import answers_alone, is_close_field, judged_sentences, read_sentences
from assistant.listing import Listing
from assistant.name_text import latin_key, view
from assistant.premise import presumes_a_cause, put_otherwise
from assistant.quantities import DateParts, Quantity
from assistant.read import Reader
from assistant.refusal import reason_for
from assistant.types import Reason
from assistant.undated import leaves_the_year_open
from knowledge.question import Query
from knowledge.retrieve import SearchResult, SentenceHit
from knowledge.types import DocumentRecord


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
        weighed: Whether the reader was unsure of the first few, so that it judged each alone: they are in its order.
        judged: The reader's log-odds that the sentences it read hold the answer; None if it does not judge.
        one_thing: Whether one particular thing is asked for, and the judgement is to be the surer.
        undated: Whether it is the year alone that is unsaid in the documents, so that it may be another one's.
        least: Log-probability of the token of the draft of which its writer was least sure; None if it does not tell.
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
    weighed: bool = False
    judged: float | None = None
    one_thing: bool = False
    undated: bool = False
    least: float | None = None

    @property
    def asked(self) -> str:
        """What is to be answered: the question, or the part of it that can be."""
        return self.part or self.question.standalone


FOLLOWING = 0.6
"""Share of the threshold that is asked of a follow-up: what is made of it fits the evidence less well than a question
in somebody's own words, and what it is about was found a turn before."""

FIELD = 0.8
"""The same for a question that fits a field of a document's card best, if what it asks for is there: "published:
2022-09-27" fits "when did it come out?" less well than a sentence of a text would."""


def select(
    question: Question,
    result: SearchResult,
    reader: Reader,
    *,
    limit: int,
    threshold: float,
    listing: Listing | None = None,
    document: Callable[[str], DocumentRecord] | None = None,
) -> Evidence:
    """Choose the evidence and decide whether to answer.

    Args:
        question: The question.
        result: What the search found.
        reader: How much evidence it reads, and its judgement whether that holds the answer.
        limit: How many sentences at most.
        threshold: Probability below which the question is refused. Raising it refuses more.
        listing: The list that the question asks for; it is read instead of the best sentences.
        document: Brings a document by its id; without it every year has to be stated.
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
    undated = bool(unmet) and not otherwise and set(unmet) == {amount.text for amount in amounts}
    undated = undated and document is not None and leaves_the_year_open(amounts, sentences, document)
    if unmet and not otherwise and not undated:
        return Evidence(question, result, sentences, 0.0, unmet, reason_for(question, result))
    judged = None
    if not otherwise:
        sentences, judged = judged_sentences(question, result, reader, limit, sentences, whole=listing is not None)
        texts = [sentence.text for sentence in sentences]
    # A follow-up is made of words that nobody chose, so that its judgement is less sure in either direction.
    one_thing = judged is not None and not question.before and asks_for_one_thing(asked)
    sure = confidence(result, (*sentences, *found), judged, one_thing=one_thing, undated=undated)
    of_a_card = is_close_field(found[0]) and not missing_of_sought(asked, texts)
    if sure < threshold * (FOLLOWING if question.before else FIELD if of_a_card else 1.0):
        return Evidence(question, result, sentences, sure, unmet, reason_for(question, result))
    weighed = listing is None and sentences != found
    if weighed:
        result, sentences = _to_write_from(question, result, reader, sentences, unmet)
        texts = [sentence.text for sentence in sentences]
    if not listing and answers_alone(asked, result, sentences):
        sentences = sentences[:1]
    otherwise = otherwise or presumes_a_cause(asked, texts)
    return Evidence(
        question,
        result,
        sentences,
        sure,
        () if undated else unmet,
        "",
        otherwise,
        listed=listing is not None,
        weighed=weighed,
        judged=judged,
        one_thing=one_thing,
        undated=undated,
    )


def _to_write_from(
    question: Question,
    result: SearchResult,
    reader: Reader,
    sentences: tuple[SentenceHit, ...],
    unmet: Sequence[str],
) -> tuple[SearchResult, tuple[SentenceHit, ...]]:
    """Return the search and its best few sentences, as the reader judges each alone.

    Both stay as they are where those few lack what the question insists on and all of the sentences do not.
    """
    ordered, few = best_alone(question, result, reader, sentences)
    lacking = unmet_constraints(question.insists, result.query, few, unmet_quantities(question.insists, few))
    return (result, sentences) if set(lacking) - set(unmet) else (ordered, few)


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
    if not unmet:
        about = About.of(question)
        missed = [about.missed_by(sentence.text) for sentence in sentences]
        unmet = missed[:1] if all(missed) else []
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
        if quantity.start in unstated and not any(_spelled_apart(quantity, text) for text in texts)
    ]


def _spelled_apart(quantity: Quantity, text: str) -> bool:
    """Return whether a text states a quantity in other pieces: a date part by part, or GPT4 as GPT-4."""
    if isinstance(quantity.value, DateParts):
        return stated_apart(quantity.value, text)
    return quantity.kind == "opaque" and latin_key(quantity.text) in view(text).runs


def _passages(sentences: Sequence[SentenceHit]) -> list[str]:
    """Return the passages that sentences stand in, each once, with their headings."""
    return list(dict.fromkeys(f"{sentence.passage.heading}\n{sentence.passage.text}" for sentence in sentences))
