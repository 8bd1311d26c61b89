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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant import names, quantities
from assistant.cedict import cedict
from assistant.condense import Question
from assistant.counted import borne_out
from assistant.read import rendered, with_renderings
from assistant.select import Evidence, likelihoods
from assistant.types import Citation, Claim, Support
from knowledge.embed import Embedder
from knowledge.formats.places import place_of
from knowledge.language import HAN, detect_language
from knowledge.lexical import content_tokens, index_tokens, query_tokens
from knowledge.lexicon import Lexicon
from knowledge.ranking import Array, centre_of
from knowledge.retrieve import Searcher, SentenceHit
from knowledge.segmenter import cut
from knowledge.split import sentence_spans
from knowledge.types import DocumentRecord, Language
from prompts import render

CLOSE = 0.20
"""Cosine (language means taken away) below which a claim and a sentence are about different things."""

NEARNESS = 5.0
"""What closeness to a claim counts against fitting the question, when a sentence is chosen to be quoted instead of
it."""

SHOWN, CONTENDS, SAID = 3, 0.07, 0.6
"""Behind what a small model says, the best sentence is quoted, and the next ones of the best `SHOWN` that hold the
answer with a probability of `CONTENDS`, unless the claims hold `SAID` of the words that it adds to the question.

A small model leaves out the unit, half a list or the better sentence: of 36 Chinese questions of the suite
``facts_tuning`` its drafts stated the facts of 75 %, together with the best sentence of 92 %. Only where it can be
read: in the language of the question.
"""

FOUNDED: dict[Language, float] = {"zh": 0.6, "en": 0.4}
"""Share of the words a claim adds to the question that the evidence must hold, by the claim's language.

English claims are often on Chinese evidence, where the dictionary does not know every translation.
"""

WELL_FOUNDED = 0.8
"""Share from which a claim need not be close to a sentence: "They were A, B and C" is close to nothing, and right."""

RESTATED, WORTH_RESTATING, SAID_ACROSS = 2, 0.15, 0.5
"""Of the best `RESTATED` sentences those are translated behind a draft in another language that hold the answer with a
probability of `WORTH_RESTATING`, unless the draft says `SAID_ACROSS` of their words already; lower than `SAID`, since
the dictionary does not know every translation.

Of 156 English questions of the suites ``facts`` and ``facts_tuning`` the best sentence alone holds the facts of 69 %,
those two together of 80 %; a third one adds next to nothing.
"""

OFF_LANGUAGE = 0.3
"""Share of letters of the other language above which a claim is not in the answer's language."""

LATIN_RUN = 5
"""So many Latin words without one Han character are not Chinese."""

_MARKER = re.compile(r"\s*[\[【]\s*\d+(?:\s*[,，、]\s*\d+)*\s*[\]】]")
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}(?:[、)）]|\.(?!\d))|[（(]\d{1,2}[)）])\s*")
_NO_ANSWER = re.compile(
    r"(?:没有?|并未|未)(?:直接|明确|具体)*(?:提[到及供]|说明|给出|指出|涉及)|无法(?:确定|回答|得知)|"
    r"\b(?:not|n't) (?:\w+ )?(?:mention|provide|specif|state|contain|include|available|given|say)|"
    r"\bno (?:mention|information)\b",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"\*\*|__|`")
_LETTERS = re.compile(f"[{HAN}]|[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim and the evidence sentences it stands on, as positions in `Evidence.sentences`."""

    text: str
    support: Support
    sentences: tuple[int, ...]


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
    held = _placed(texts, [sentence.passage.language for sentence in evidence.sentences], searcher.embedder)
    checked = [_checked(claim, held, evidence, searcher) for claim in claims if not _NO_ANSWER.search(claim)]
    if not checked:
        return ()
    restatements = [one for claim in more if (one := _checked(claim, held, evidence, searcher)).support == "supported"]
    said_now = {at for one in restatements for at in one.sentences}
    checked = [one for one in checked if one.support == "supported" or not said_now & set(one.sentences)]
    checked += restatements
    if backed and same_language(evidence):
        checked += _unsaid(checked, evidence)
    return _without_repeats(checked)


def _checked(claim: str, held: Array, evidence: Evidence, searcher: Searcher) -> Checked:
    """Return a claim with what it rests on, or the quote that takes its place.

    Args:
        claim: The claim.
        held: Vectors of the evidence sentences, as `_placed` gives them.
        evidence: What it was written from.
        searcher: For vectors and the dictionary.
    """
    language = evidence.question.language
    texts = [sentence.text for sentence in evidence.sentences]
    near = [float(close) for close in held @ _placed([claim], [language], searcher.embedder)[0]]
    share = founded(claim, evidence, searcher.lexicon)
    rests_on = supported_by(claim, texts, near, evidence.question, close=-1.0 if share >= WELL_FOUNDED else CLOSE)
    if rests_on and share >= FOUNDED[language]:
        return Checked(claim, "supported", rests_on)
    fit = [NEARNESS * close + sentence.score for close, sentence in zip(near, evidence.sentences, strict=True)]
    best = int(np.argmax(fit))
    return Checked(texts[best], "quoted", (best,))


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


def claims_of(draft: str, language: Language) -> list[str]:
    """Cut a draft into claims: one for each sentence or list item, without markers and bullets.

    Names that the model left in the other language are written in the answer's.
    """
    claims = []
    for span in sentence_spans(draft):
        claim = _EMPHASIS.sub("", _BULLET.sub("", _MARKER.sub("", span.of(draft)))).strip()
        if language == "en" and re.search(f"[{HAN}]", claim):
            claim = with_renderings(claim, language)
            # A word or two are glossed; a claim that is mostly Chinese is for quoting.
            if _off_language(claim, language) <= OFF_LANGUAGE:
                claim = re.sub(f"[{HAN}]+", lambda run: f" {_glossed(run.group())} ", claim)
            claim = re.sub(r"\s*、\s*", ", ", claim)
            claim = re.sub(r"\s+(?=[,.;:!?)])|(?<=\() +|(?<= ) +", "", claim).strip()
        if re.search(r"\w", claim):
            claims.append(claim)
    return claims


def _glossed(run: str) -> str:
    """Translate what a model left in Chinese word by word; as it stands if the dictionary lacks a word."""
    glosses = [cedict().gloss(word) for word in cut(run)]
    return " ".join(glosses) if all(glosses) else run


def supported_by(
    claim: str, texts: Sequence[str], near: Sequence[float], question: Question, *, close: float = CLOSE
) -> tuple[int, ...]:
    """Return the positions of the sentences that support a claim together, best first; () if they do not.

    Args:
        claim: The claim.
        texts: The evidence sentences.
        near: How close the claim is to each, a cosine.
        question: The question; its language is the claim's, and a claim may repeat a count of it ("the two practices")
            if it lists as many things.
        close: How close to one of them it has to be.
    """
    if _off_language(claim, question.language) > OFF_LANGUAGE:
        return ()
    order = sorted(range(len(texts)), key=lambda at: -near[at])
    chosen: list[int] = []
    for at in order:
        missing = _unsupported(claim, [texts[chosen_at] for chosen_at in chosen], question.standalone)
        if chosen and not missing:
            break
        if not chosen or len(_unsupported(claim, [texts[i] for i in (*chosen, at)], question.standalone)) < len(
            missing
        ):
            chosen.append(at)
    if _unsupported(claim, [texts[at] for at in chosen], question.standalone) or near[order[0]] < close:
        return ()
    return tuple(chosen)


def founded(claim: str, evidence: Evidence, lexicon: Lexicon) -> float:
    """Return the share of the words that a claim adds to the question which the evidence holds, 0 to 1.

    A claim that adds nothing says back what the question presumes, and counts as 0.

    Args:
        claim: The claim.
        evidence: What it was written from.
        lexicon: For words of the other language.
    """
    language = evidence.question.language
    split = query_tokens if language == "zh" else content_tokens
    known = set(split(evidence.question.standalone))
    added = [word for word in split(claim) if word not in known]
    if not added:
        return 0.0
    text = " ".join(sentence.text for sentence in evidence.sentences)
    held = {*index_tokens(text), *content_tokens(rendered(text, language))}
    translations = lexicon.translations([word for word in added if word not in held], language)
    # A Chinese word of one character is rarely a token of its own, so it is looked for in the text.
    found = [
        word in held
        or any(other in held or (len(other) == 1 and other in text) for other in translations.get(word, ()))
        for word in added
    ]
    return sum(found) / len(added)


def _unsupported(claim: str, evidence: Sequence[str], question: str) -> list[str]:
    """Return the quantities and names of a claim that no evidence holds."""
    if not evidence:
        return [claim]
    asked = quantities.find_quantities(question)
    return [
        *(
            quantity.text
            for quantity in quantities.unsupported_quantities(claim, evidence)
            if not (borne_out(quantity, claim) and any(quantities.equivalent(quantity, count) for count in asked))
        ),
        *(name.text for name in names.unsupported_names(claim, evidence)),
    ]


def _placed(texts: Sequence[str], languages: Sequence[Language], embedder: Embedder) -> Array:
    """Return the unit vectors of sentences, language means taken away, shape (texts, dimension)."""
    centre = centre_of(embedder.name)
    vectors = embedder.encode_passages(texts)
    rows = [centre.apply(vectors[at : at + 1], "sentence", language)[0] for at, language in enumerate(languages)]
    return np.stack(rows)


def _off_language(claim: str, language: Language) -> float:
    """Return the share of a claim's letters that are of the other language; Latin terms in Chinese are no fault."""
    letters = _LETTERS.findall(claim)
    han = sum(1 for letter in letters if not letter.isascii())
    if not letters:
        return 0.0
    # "IBM" or an e-mail address is a whole answer in Chinese too; a run of English words is not.
    return han / len(letters) if language == "en" else float(han == 0 and len(letters) >= LATIN_RUN)


def _without_repeats(checked: Sequence[Checked]) -> tuple[Checked, ...]:
    """Keep each wording once."""
    return tuple({claim.text: claim for claim in reversed(checked)}.values())[::-1]


def compose(
    checked: Sequence[Checked],
    sentences: Sequence[SentenceHit],
    score: Sequence[float],
    documents: Mapping[str, DocumentRecord],
    language: Language,
) -> tuple[str, tuple[Claim, ...], tuple[Citation, ...]]:
    """Number the citations in the order of their first use and write the answer out.

    Args:
        checked: The claims.
        sentences: The evidence sentences.
        score: For each sentence how well it fits the question, 0 to 1.
        documents: The documents of the sentences, by id.
        language: Language of the answer.

    Returns:
        The text with markers, the claims, the citations.
    """
    markers: dict[int, int] = {}
    claims = []
    parts = []
    for claim in checked:
        for at in claim.sentences:
            markers.setdefault(at, len(markers) + 1)
        cited = tuple(markers[at] for at in claim.sentences)
        claims.append(Claim(claim.text, cited, claim.support))
        shown = f"“{claim.text}”" if claim.support == "quoted" else claim.text
        parts.append(shown + ("" if language == "zh" else " ") + "".join(f"[{marker}]" for marker in cited))
    citations = tuple(
        _citation(marker, sentences[at], score[at], documents, language) for at, marker in markers.items()
    )
    quoted = [claim for claim in checked if claim.support == "quoted"]
    if len(quoted) == len(checked) and any(detect_language(claim.text) != language for claim in quoted):
        parts.insert(0, render(language, "quoted").strip())
    return ("\n" if quoted else "" if language == "zh" else " ").join(parts), tuple(claims), citations


def _citation(
    marker: int, sentence: SentenceHit, score: float, documents: Mapping[str, DocumentRecord], language: Language
) -> Citation:
    record = documents[sentence.passage.document_id]
    return Citation(
        marker=marker,
        quote=sentence.text,
        document_id=record.id,
        title=record.title,
        source=record.source,
        start=sentence.span.start,
        end=sentence.span.end,
        score=score,
        place=place_of(record.text, record.metadata, sentence.span, sentence.passage.heading, language),
    )
