"""What an answer leaves out of the sentences it rests on: to be translated, or quoted beside what it says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from assistant.alignment import clauses_of
from assistant.asked_kinds import missing_of_sought
from assistant.few_sentences import likelihoods
from assistant.select import Evidence
from knowledge.lexical import content_tokens, query_tokens
from knowledge.lexicon import Lexicon
from knowledge.retrieve import SentenceHit
from knowledge.types import Language

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

FEWEST_KNOWN = 2
"""Words of a clause that the dictionary must know before it can be told that the answer says none of it."""


def left_out(draft: str, evidence: Evidence, lexicon: Lexicon) -> tuple[int, ...]:
    """Return the positions of sentences in another language that likely hold the answer and that a draft hardly says.

    Words that the question asks with, and numbers, which have another form, are left out of account.
    """
    if same_language(evidence):
        return ()
    if evidence.listed:
        return tuple(range(len(evidence.sentences)))
    likely = likelihoods(evidence.result)
    asked = {word for term in evidence.result.query.words for word in (term.word, *term.translations)}
    said = set(content_tokens(draft))
    found = []
    for at, sentence in enumerate(evidence.sentences[:RESTATED]):
        if likely[sentence.passage.id, sentence.span.start] < WORTH_RESTATING:
            continue
        words = [word for word in _words(sentence.text) if word not in asked]
        if _said_of(words, said, lexicon, sentence.passage.language) < SAID_ACROSS * len(words):
            found.append(at)
    return tuple(found)


def unsaid(claims: Sequence[str], evidence: Evidence) -> tuple[int, ...]:
    """Return the positions of the sentences most likely to hold the answer whose words the claims do not say."""
    split = query_tokens if evidence.question.language == "zh" else content_tokens
    asked = set(split(evidence.question.standalone))
    said = {word for claim in claims for word in split(claim)}
    likely = likelihoods(evidence.result)
    found = []
    for at, sentence in enumerate(evidence.sentences[:SHOWN]):
        added = [word for word in split(sentence.text) if word not in asked]
        repeated = sum(word in said for word in added) >= SAID * len(added)
        beside = missing_of_sought(evidence.asked, [sentence.text])
        if not repeated and not beside and (at == 0 or likely[sentence.passage.id, sentence.span.start] >= CONTENDS):
            found.append(at)
    return tuple(found)


def untold(claims: Sequence[str], evidence: Evidence, lexicon: Lexicon) -> tuple[int, ...]:
    """Return the positions of sentences in another language of which a whole clause stands in no claim.

    Of those likely to hold the answer; what of them was translated wrongly has been dropped, and may be the answer.
    """
    likely = likelihoods(evidence.result)
    said = {word for text in (*claims, evidence.question.standalone) for word in content_tokens(text)}
    return tuple(
        at
        for at, sentence in enumerate(evidence.sentences[:RESTATED])
        if likely[sentence.passage.id, sentence.span.start] >= WORTH_RESTATING
        and any(
            _is_untold(clause, sentence.passage.language, said, lexicon)
            for clause in clauses_of(sentence.text, sentence.passage.language)
        )
    )


def leaves_a_word_out(sentence: SentenceHit, claims: Sequence[str], lexicon: Lexicon) -> bool:
    """Return whether the dictionary knows a word of a sentence in another language that no claim says."""
    said = {word for text in claims for word in content_tokens(text)}
    words = _words(sentence.text)
    translations = lexicon.translations(words, sentence.passage.language)
    return not all(_is_said(word, found, said) for word, found in translations.items() if found)


def _is_untold(clause: str, language: Language, said: AbstractSet[str], lexicon: Lexicon) -> bool:
    """Return whether the dictionary knows words of a clause and none of them is said."""
    words = _words(clause)
    translations = lexicon.translations(words, language)
    known = [word for word in words if translations[word]]
    return len(known) >= FEWEST_KNOWN and not any(_is_said(word, translations[word], said) for word in known)


def _words(text: str) -> list[str]:
    """Return the words of a text without its numbers, which have another form in the other language."""
    return [word for word in content_tokens(text) if not word[0].isdigit()]


def _said_of(words: Sequence[str], said: AbstractSet[str], lexicon: Lexicon, language: Language) -> int:
    """Return how many words are said, themselves or translated."""
    translations = lexicon.translations(words, language)
    return sum(_is_said(word, translations[word], said) for word in words)


def _is_said(word: str, translations: Iterable[str], said: AbstractSet[str]) -> bool:
    return word in said or not said.isdisjoint(translations)


def same_language(evidence: Evidence) -> bool:
    """Return whether the best evidence is in the language of the answer, so that it can be read as it stands."""
    return evidence.sentences[0].passage.language == evidence.question.language
