"""The scorers about claims: numbers, names and language, quotes, repetitions (see `evals.scorers` for the rules)."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.counted import borne_out
from assistant.models import EXTRACTIVE
from assistant.names import unsupported_names
from assistant.quantities import equivalent, find_quantities, unsupported_quantities
from assistant.types import Answer, Citation, Claim
from evals.case import Case
from evals.score import Documents, Score, names, said
from evals.text import LETTERS, LIST_NUMBER, language_of, normalise, strip_markers


def _cited(claim: Claim, answer: Answer) -> list[Citation]:
    return [citation for citation in answer.citations if citation.marker in claim.citations]


def _plain(text: str) -> str:
    """Return text without markers and list numbers: neither states a quantity."""
    return LIST_NUMBER.sub("", strip_markers(text))


def wrong_numbers(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """How many quantities the answer states that no cited words support (lower is better, 0 is right).

    A claim's quantities have to be supported by the quotes that the claim cites; quantities of the text outside all
    claims by any quote of the answer. A count of the question ("which two topics …") may be repeated by a claim that
    lists as many things.
    """
    if answer.refused:
        return None
    asked = [case.question, *(message.text for message in case.history)]
    wrong: list[str] = []
    for claim in answer.claims:
        evidence = [citation.quote for citation in _cited(claim, answer)]
        wrong += _unsupported(_plain(claim.text), evidence, asked)
    evidence = [citation.quote for citation in answer.citations]
    elsewhere = _unsupported(_plain(answer.text), evidence, asked)
    claimed = list(wrong)
    for number in elsewhere:
        if number in claimed:
            claimed.remove(number)
        else:
            wrong.append(number)
    if not answer.claims and not wrong:
        return None
    return Score(float(len(wrong)), f"unsupported: {names(wrong)}" if wrong else "")


def _unsupported(text: str, evidence: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Return the quantities that neither the evidence holds nor the question gave and the text bears out."""
    given = [quantity for question in asked for quantity in find_quantities(question)]
    return [
        quantity.text
        for quantity in unsupported_quantities(text, evidence)
        if not (borne_out(quantity, text) and any(equivalent(quantity, count) for count in given))
    ]


def wrong_names(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """How many names the claims state that the words they cite do not mention, in either language (lower is better).

    A name that a claim repeats from the question has to be mentioned all the same: an answer about Chengdu that cites
    Shenzhen is wrong. Terms are not looked at (`assistant.names.unsupported_names`).
    """
    if answer.refused or not answer.claims:
        return None
    asked = "\n".join([case.question, *(message.text for message in case.history)])
    wrong = []
    for claim in answer.claims:
        evidence = [citation.quote for citation in _cited(claim, answer)]
        wrong += [name.text for name in unsupported_names(_plain(claim.text), evidence, question=asked)]
    return Score(float(len(wrong)), f"unsupported: {names(wrong)}" if wrong else "")


def verbatim(claim: Claim, answer: Answer) -> bool:
    """Say whether a claim consists of words it cites, in their order, punctuation aside."""

    def letters(text: str) -> str:
        return "".join(LETTERS.findall(normalise(text)))

    words = letters(strip_markers(claim.text))
    return bool(words) and words in "".join(letters(citation.quote) for citation in _cited(claim, answer))


def quoted_verbatim(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """Whether every claim marked ``quoted`` says the words it cites and no others, punctuation aside."""
    quoted = [claim for claim in answer.claims if claim.support == "quoted"]
    if not quoted:
        return None
    for claim in quoted:
        if not verbatim(claim, answer):
            return Score(False, f"not verbatim: {claim.text[:40]!r}")
    return Score(True)


def distinct_claims(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """Whether no two claims say the same in the same words, as `evals.text` folds them."""
    if answer.refused or not answer.claims:
        return None
    seen: set[str] = set()
    for claim in answer.claims:
        words = "".join(LETTERS.findall(normalise(strip_markers(claim.text))))
        if words in seen:
            return Score(False, f"said twice: {claim.text[:40]!r}")
        seen.add(words)
    return Score(True)


def own_words(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """Share of the claims that are the reader's own words and passed every check; the others are quotes instead.

    None for the extractive reader, which has no words of its own.
    """
    if answer.refused or not answer.claims or answer.model == EXTRACTIVE:
        return None
    quoted = sum(claim.support == "quoted" for claim in answer.claims)
    return Score(1 - quoted / len(answer.claims), f"{quoted} of {len(answer.claims)} are quotes" if quoted else "")


def language_match(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """Whether the answer's own words are in the question's language.

    Every claim counts for itself, except verbatim quotes in claims marked ``quoted``; a refusal counts as a whole. What
    stands word for word in a cited sentence of the question's language (IBM in a Chinese one) is a word of that
    language. None if the answer has no words of its own.
    """
    if not said(answer).strip():
        return Score(False, "the answer is empty")
    exempt = {claim for claim in answer.claims if claim.support == "quoted" and verbatim(claim, answer)}
    quotes = [one.quote for one in answer.citations if language_of(one.quote) == case.language]
    own = [strip_markers(claim.text) for claim in answer.claims if claim not in exempt]
    own = [words for words in own if not any(words.strip(".。 ") in quote for quote in quotes)]
    if answer.refused or not answer.claims:
        own = [said(answer)]
    known = [(words, language) for words in own if (language := language_of(words))]
    for words, language in known:
        if language != case.language:
            return Score(False, f"not in the question's language: {words[:40]!r}")
    return Score(True) if known else None
