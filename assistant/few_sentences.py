"""Hits → the few sentences that a reader is given, and its judgement whether they hold the answer.

A small model that is handed three long passages misses what a few sentences show it, and takes time for each of them:
it is given few where the search is sure of them, and more where it is not or where the model itself is not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from assistant.asked import missing_role
from assistant.asked_kinds import missing_of_sought
from assistant.asking import only_asks
from assistant.condense import Question
from assistant.confidence import SURE, way_of
from assistant.read import Reader
from knowledge.lexical import fold
from knowledge.load import card_field
from knowledge.retrieve import SearchResult, SentenceHit
from knowledge.split import text_size

KEEP_WITHIN = 5.0
"""Sentences whose scores fall this far behind the best one are left out."""

UNSURE: Mapping[str, tuple[float, float]] = {"zh-same": (0.0, SURE["zh-same"])}
"""Log-odds of a judgement between which more evidence is read and judged, by language and direction.

On other pages than the shipped ones the search is too sure of its first sentence: of 60 questions on five web pages
each, the first sentences held 39 answers and those within `WIDER` 53.
"""

LITTLE, WIDER, WIDER_WITHIN = 0.75, 1.35, 8.0
"""Share of the budget from which what was read is not little, so that no more is read; times the budget that may be
read else; and the distance in scores that then takes the place of `KEEP_WITHIN`."""

SHARPNESS = 2.2
"""Sentence scores times this are log-odds that a sentence holds the answer.

Greatest likelihood of the gold sentences of the suites ``facts`` and ``facts_tuning``, alike in both languages.
"""

FIELD_ALONE, FIELD_CLOSE = 0.5, 0.33
"""Probability and late interaction from which a field of a document's card is all that is read.

The right fields have a late interaction of .37 and more; "what does the author liken a city to?" has .29 with the
author's, which then does not count as found either.
"""

SOUGHT = 0.03
"""Probability to hold the answer from which a sentence that names the kind of thing asked for is read too."""

SOUGHT_WITHIN: Mapping[str, float] = {"zh-same": 5.0}
"""Distance in scores behind the best sentence from which it is read too where a small model judges it then."""


def read_sentences(question: Question, result: SearchResult, reader: Reader, limit: int) -> tuple[SentenceHit, ...]:
    """Return the sentences that a reader is given where no list is asked for.

    At most `limit`, and one more where none of these holds the kind of thing asked for.
    """
    chosen = choose(result, min(limit, reader.most_sentences), reader.budget, reader.enough)
    judged_then = bool(chosen) and reader.backed and not question.before and not is_close_field(chosen[0])
    within = SOUGHT_WITHIN.get(way_of(question.language, result), 0.0) if judged_then else 0.0
    return _with_asked_role(
        question.insists, with_asked_kind(question.insists, chosen, result, within=within), result, within
    )


def judged_sentences(
    question: Question,
    result: SearchResult,
    reader: Reader,
    limit: int,
    sentences: tuple[SentenceHit, ...],
    *,
    whole: bool = False,
) -> tuple[tuple[SentenceHit, ...], float | None]:
    """Return the sentences to read and the reader's judgement: of more of them where it is unsure of the first.

    Few sentences are read fast, but the search may take a wrong one for nearly sure. Of more of them the judgement is
    the mean of both: the first one is less often misled by things that stand near each other, the second one has the
    right sentence more often.

    Args:
        question: The question.
        result: What the search found.
        reader: Whose judgement.
        limit: How many sentences at most.
        sentences: What `read_sentences` returned, or a list.
        whole: Whether these are all there is to read.
    """
    asked = question.standalone
    judged = reader.judge(asked, question.language, sentences)
    if whole or judged is None or not _wants_more(question, result, reader, sentences, judged):
        return sentences, judged
    budget = WIDER * reader.budget
    wider = choose(result, min(limit, reader.most_sentences), budget, math.inf, within=WIDER_WITHIN)
    wider = (*wider, *(one for one in sentences if one not in wider))
    if len(wider) == len(sentences):
        return sentences, judged
    again = reader.judge(asked, question.language, wider)
    return wider, judged if again is None else (judged + again) / 2


def _wants_more(
    question: Question, result: SearchResult, reader: Reader, sentences: Sequence[SentenceHit], judged: float
) -> bool:
    """Return whether a judgement is unsure, and of little: a card's field says all there is to say."""
    low, high = UNSURE.get(way_of(question.language, result), (math.inf, -math.inf))
    if question.before or not low <= judged < high or is_close_field(sentences[0]):
        return False
    return sum(text_size(sentence.text) for sentence in sentences) < LITTLE * reader.budget


def choose(
    result: SearchResult,
    limit: int,
    budget: float = math.inf,
    enough: float = 1.0,
    *,
    within: float = KEEP_WITHIN,
) -> tuple[SentenceHit, ...]:
    """Take the best sentences, best first, each wording once: few where the search is sure, more where it is not.

    Args:
        result: What the search found.
        limit: How many at most.
        budget: Size (`knowledge.split.text_size`) that they may have together; the first is taken whatever its size.
        enough: Probability that the answer is among those taken from which no more are taken.
        within: How far a sentence's score may be behind the best one's.
    """
    chosen: list[SentenceHit] = []
    wordings: list[str] = []
    size = taken = 0.0
    likely = likelihoods(result)
    for sentence in _telling(result):
        if chosen and (len(chosen) == limit or taken >= enough or sentence.score < chosen[0].score - within):
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


def _telling(result: SearchResult) -> Sequence[SentenceHit]:
    """Return the sentences that may tell: not those that ask, as a heading does, or say the question back."""
    asked = result.query
    told = [one for one in result.sentences if not only_asks(one.text, asked.text, asked.language)]
    return told or result.sentences


def with_asked_kind(
    question: str, chosen: Sequence[SentenceHit], result: SearchResult, *, within: float = 0.0
) -> tuple[SentenceHit, ...]:
    """Return the sentences with the best one that holds the kind of thing asked for, if none of them does.

    A question for an organisation is not answered by an address, however well that fits.

    Args:
        question: What to look for in it.
        chosen: The sentences.
        result: The search they come from.
        within: How far behind the best score a sentence may be that does not hold the answer with `SOUGHT`.
    """
    missing = set(missing_of_sought(question, [sentence.text for sentence in chosen])) if chosen else set()
    if not missing:
        return tuple(chosen)
    likely = likelihoods(result)
    telling = _telling(result)
    near = [
        one
        for one in telling
        if one not in chosen
        and (likely[one.passage.id, one.span.start] >= SOUGHT or one.score >= telling[0].score - within)
    ]
    holding = next((one for one in near if not missing & set(missing_of_sought(question, [one.text]))), None)
    return (*chosen, holding) if holding else tuple(chosen)


def _with_asked_role(
    question: str, chosen: tuple[SentenceHit, ...], result: SearchResult, within: float
) -> tuple[SentenceHit, ...]:
    """Return the sentences with the best one that names the role asked for, if no passage of theirs does."""
    if not chosen or not missing_role(question, result.query, [sentence.passage.text for sentence in chosen]):
        return chosen
    near = [one for one in _telling(result) if one.score >= chosen[0].score - within]
    telling = next((one for one in near if not missing_role(question, result.query, [one.text])), None)
    return (*chosen, telling) if telling else chosen


def answers_alone(question: str, result: SearchResult, sentences: Sequence[SentenceHit]) -> bool:
    """Return whether the best sentence is a field of a document's card, and likely the right one.

    A field says all there is to say. Beside it a small model reads the next one as well, and gives a fax for a phone.
    """
    best = sentences[0]
    likely = likelihoods(result)[best.passage.id, best.span.start]
    return likely >= FIELD_ALONE and is_close_field(best) and not missing_of_sought(question, [best.text])


def is_close_field(sentence: SentenceHit) -> bool:
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
