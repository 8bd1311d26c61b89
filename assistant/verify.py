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

from assistant.asked_kinds import missing_from_said
from assistant.claim_check import Checked, Checker
from assistant.claims import claims_of
from assistant.confidence import Found, doubted
from assistant.omitted import leaves_a_word_out, same_language, unsaid, untold
from assistant.select import Evidence
from knowledge.lexicon import Lexicon
from knowledge.retrieve import Searching

_NO_ANSWER = re.compile(
    r"(?:没有?|并未|未)(?:直接|明确|具体)*(?:提[到及供]|说明|给出|指出|涉及)|无法(?:确定|回答|得知)|"
    r"\b(?:not|n't) (?:\w+ )?(?:mention|provide|specif|state|contain|include|available|given|say)|"
    r"\bno (?:mention|information)\b",
    re.IGNORECASE,
)

TELLING = 2
"""How many of the best sentences with a time or a place are quoted for a draft that says none when it is asked for."""


def verify(
    draft: str, evidence: Evidence, searcher: Searching, *, backed: bool = False, restated: str = ""
) -> tuple[Checked, ...]:
    """Check every claim of a draft.

    Args:
        draft: What the reader wrote; "" lets the evidence speak for itself.
        evidence: What it was to be written from.
        searcher: For how close a claim is to a sentence, and for the dictionary.
        backed: Quote the best sentences behind the claims, unless these say the same (`assistant.omitted`).
        restated: The sentences of `assistant.omitted.left_out` in the answer's language. What of them is supported is
            said after the claims, or in place of their quotes; the rest is dropped.

    Returns:
        The claims in order. Each stands on at least one sentence. None if the draft only says that there is no answer,
        or if nothing of it is supported and the reader was not sure of the evidence.
    """
    texts = [sentence.text for sentence in evidence.sentences]
    language = evidence.question.language
    claims, more = claims_of(draft, language), claims_of(restated, language)
    quotes = [Checked(text, "quoted", (at,)) for at, text in enumerate(texts)]
    if not claims and not more:
        return _without_repeats(quotes)
    checker = Checker(evidence, searcher)
    restatements = [one for claim in more if (one := checker.check(claim)).support == "supported"]
    if evidence.listed:
        return _without_repeats(
            [one for quote in quotes for one in _item(quote, restatements, evidence, searcher.lexicon)]
        )
    checked, drawn = _checked(claims, checker, evidence)
    rejected = not any(one.support == "supported" for one in (*checked, *restatements))
    found: Found = "supported" if not rejected else "rejected" if drawn else "invented"
    if not checked or doubted(
        evidence.result, evidence.judged, evidence.least, one_thing=evidence.one_thing, found=found
    ):
        return ()
    said_now = {at for one in restatements for at in one.sentences}
    checked = [one for one in checked if one.support == "supported" or not said_now & set(one.sentences)]
    checked += restatements
    if backed:
        said = [claim.text for claim in checked]
        omitted = unsaid(said, evidence) if same_language(evidence) else untold(said, evidence, searcher.lexicon)
        checked += [quotes[at] for at in omitted]
    return _without_repeats(checked)


def _checked(claims: Sequence[str], checker: Checker, evidence: Evidence) -> tuple[list[Checked], bool]:
    """Check the claims of a draft, or quote where none says what is asked for.

    Returns:
        What they came to, and whether any of them is drawn from what the evidence says of the thing asked about.
    """
    told = [claim for claim in claims if not _NO_ANSWER.search(claim)]
    in_chinese = evidence.question.language == "zh" and same_language(evidence)
    if told and in_chinese and missing_from_said(evidence.asked, told):
        texts = [sentence.text for sentence in evidence.sentences]
        telling = [at for at, text in enumerate(texts) if not missing_from_said(evidence.asked, [text])]
        return [Checked(texts[at], "quoted", (at,)) for at in (telling or [0])[:TELLING]], False
    checked = [checker.check(claim) for claim in told]
    # What is supported is drawn from the evidence, so that only a draft all rejected is looked at once more.
    return checked, any(one.support == "supported" for one in checked) or any(map(checker.is_drawn, told))


def _item(quote: Checked, restatements: Sequence[Checked], evidence: Evidence, lexicon: Lexicon) -> list[Checked]:
    """Return what says an item of a list in the answer's language, and the item if that does not say all of it."""
    told = [one for one in restatements if one.sentences[:1] == quote.sentences]
    said = [one.text for one in told]
    whole = told and not leaves_a_word_out(evidence.sentences[quote.sentences[0]], said, lexicon)
    return told if whole else [*told, quote]


def _without_repeats(checked: Sequence[Checked]) -> tuple[Checked, ...]:
    """Keep each wording once."""
    return tuple({claim.text: claim for claim in reversed(checked)}.values())[::-1]
