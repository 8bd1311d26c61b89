"""Draft → an answer whose every claim stands on exact words of a document.

A draft is cut into claims. A claim is kept if

- every quantity and name in it is found in the evidence, in its own or the other language's form,
- enough of the words that it adds to the question are found there too, across languages through the dictionary
  (an invented mayor's name, an invented list of benefits are not),
- some evidence sentence says something close to it.

Otherwise the evidence sentence it comes nearest to is quoted instead. A claim that only says that the material does not
say is dropped. The model's own markers are taken off: which sentence supports a claim is found out here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.claim_check import Checked, Checker
from assistant.claims import claims_of
from assistant.select import Evidence, likelihoods
from knowledge.lexical import content_tokens, query_tokens
from knowledge.lexicon import Lexicon
from knowledge.retrieve import Searcher

SHOWN, CONTENDS, SAID = 3, 0.07, 0.6
"""Behind what a small model says, the best sentence is quoted, and the next ones of the best `SHOWN` that hold the
answer with a probability of `CONTENDS`, unless the claims hold `SAID` of the words that it adds to the question.

A small model leaves out the unit, half a list or the better sentence: of 36 Chinese questions of the suite
``facts_tuning`` its drafts stated the facts of 75 %, together with the best sentence of 92 %. Only where it can be
read: in the language of the question.
"""

RESTATED, WORTH_RESTATING, SAID_ACROSS = 2, 0.15, 0.5
"""Of the best `RESTATED` sentences those are translated behind a draft in another language that hold the answer with a
probability of `WORTH_RESTATING`, unless the draft says `SAID_ACROSS` of their words already; lower than `SAID`, since
the dictionary does not know every translation.

Of 156 English questions of the suites ``facts`` and ``facts_tuning`` the best sentence alone holds the facts of 69 %,
those two together of 80 %; a third one adds next to nothing.
"""

_NO_ANSWER = re.compile(
    r"(?:没有?|并未|未)(?:直接|明确|具体)*(?:提[到及供]|说明|给出|指出|涉及)|无法(?:确定|回答|得知)|"
    r"\b(?:not|n't) (?:\w+ )?(?:mention|provide|specif|state|contain|include|available|given|say)|"
    r"\bno (?:mention|information)\b",
    re.IGNORECASE,
)


def verify(
    draft: str, evidence: Evidence, searcher: Searcher, *, backed: bool = False, restated: str = ""
) -> tuple[Checked, ...]:
    """Check every claim of a draft.

    Args:
        draft: What the reader wrote; "" lets the evidence speak for itself.
        evidence: What it was to be written from.
        searcher: For how close a claim is to a sentence, and for the dictionary.
        backed: Quote the best sentences behind the claims, unless these say the same.
        restated: The sentences of `left_out` in the answer's language. What of them is supported is said after the
            claims, or in place of their quotes; the rest is dropped.

    Returns:
        The claims in order. Each stands on at least one sentence. None if the draft only says that there is no answer.
    """
    texts = [sentence.text for sentence in evidence.sentences]
    language = evidence.question.language
    claims, more = claims_of(draft, language), claims_of(restated, language)
    if not claims:
        return _without_repeats([Checked(text, "quoted", (at,)) for at, text in enumerate(texts)])
    checker = Checker(evidence, searcher)
    checked = [checker.check(claim) for claim in claims if not _NO_ANSWER.search(claim)]
    if not checked:
        return ()
    restatements = [one for claim in more if (one := checker.check(claim)).support == "supported"]
    said_now = {at for one in restatements for at in one.sentences}
    checked = [one for one in checked if one.support == "supported" or not said_now & set(one.sentences)]
    checked += restatements
    if backed and same_language(evidence):
        checked += _unsaid(checked, evidence)
    return _without_repeats(checked)


def left_out(draft: str, evidence: Evidence, lexicon: Lexicon) -> tuple[int, ...]:
    """Return the positions of sentences in another language that likely hold the answer and that a draft hardly says.

    Words that the question asks with, and numbers, which have another form, are left out of account.
    """
    if same_language(evidence):
        return ()
    likely = likelihoods(evidence.result)
    asked = {word for term in evidence.result.query.words for word in (term.word, *term.translations)}
    said = set(content_tokens(draft))
    found = []
    for at, sentence in enumerate(evidence.sentences[:RESTATED]):
        if likely[sentence.passage.id, sentence.span.start] < WORTH_RESTATING:
            continue
        words = [word for word in content_tokens(sentence.text) if word not in asked and not word[0].isdigit()]
        translations = lexicon.translations(words, sentence.passage.language)
        covered = sum(word in said or not said.isdisjoint(translations[word]) for word in words)
        if covered < SAID_ACROSS * len(words):
            found.append(at)
    return tuple(found)


def _unsaid(checked: Sequence[Checked], evidence: Evidence) -> list[Checked]:
    """Return quotes of the sentences most likely to hold the answer whose words the claims do not say."""
    split = query_tokens if evidence.question.language == "zh" else content_tokens
    asked = set(split(evidence.question.standalone))
    said = {word for claim in checked for word in split(claim.text)}
    likely = likelihoods(evidence.result)
    quotes = []
    for at, sentence in enumerate(evidence.sentences[:SHOWN]):
        added = [word for word in split(sentence.text) if word not in asked]
        repeated = sum(word in said for word in added) >= SAID * len(added)
        if not repeated and (at == 0 or likely[sentence.passage.id, sentence.span.start] >= CONTENDS):
            quotes.append(Checked(sentence.text, "quoted", (at,)))
    return quotes


def same_language(evidence: Evidence) -> bool:
    """Return whether the best evidence is in the language of the answer, so that it can be read as it stands."""
    return evidence.sentences[0].passage.language == evidence.question.language


def _without_repeats(checked: Sequence[Checked]) -> tuple[Checked, ...]:
    """Keep each wording once."""
    return tuple({claim.text: claim for claim in reversed(checked)}.values())[::-1]
