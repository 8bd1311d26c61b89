"""Whether a claim stands on the evidence, and on which of its sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assistant import names, quantities
from assistant.alignment import clauses_of
from assistant.another import About
from assistant.claims import OFF_LANGUAGE, off_language
from assistant.clause_check import ClauseCheck
from assistant.condense import Question
from assistant.counted import said_back
from assistant.select import Evidence
from assistant.types import Support
from assistant.wording import GENERIC, wording
from knowledge.embed import Embedder
from knowledge.lexical import content_tokens, query_tokens
from knowledge.lexicon import Lexicon
from knowledge.ranking import Array, centre_of
from knowledge.retrieve import Searching, SentenceHit
from knowledge.types import Language

CLOSE = 0.20
"""Cosine (language means taken away) below which a claim and a sentence are about different things."""

NEARNESS, TOLD = 5.0, 10.0
"""What closeness to a claim, and the share of its words that a sentence in its language says, count against fitting the
question, when a sentence is chosen to be quoted instead of it."""

FOUNDED: dict[Language, float] = {"zh": 0.6, "en": 0.4}
"""Share of the words a claim adds to the question that the evidence must hold, by the claim's language.

English claims are often on Chinese evidence, where the dictionary does not know every translation.
"""

WELL_FOUNDED = 0.8
"""Share from which a claim need not be close to a sentence: "They were A, B and C" is close to nothing, and right."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim and the evidence sentences it stands on, as positions in `Evidence.sentences`."""

    text: str
    support: Support
    sentences: tuple[int, ...]


class Checker:
    """Checks claims against one choice of evidence.

    Args:
        evidence: What the claims were to be written from.
        searcher: For vectors and the dictionary.
    """

    def __init__(self, evidence: Evidence, searcher: Searching) -> None:
        self._evidence = evidence
        self._searcher = searcher
        self._texts = [sentence.text for sentence in evidence.sentences]
        self._clauses = ClauseCheck(evidence.sentences, evidence.question, searcher.lexicon)

    @cached_property
    def _held(self) -> Array:
        """Vectors of the evidence sentences."""
        languages = [sentence.passage.language for sentence in self._evidence.sentences]
        return placed(self._texts, languages, self._searcher.embedder)

    @cached_property
    def _about(self) -> About:
        """The year and the member of a series that the question is about."""
        return About.of(self._evidence.question.standalone)

    @cached_property
    def _held_clauses(self) -> tuple[str, ...]:
        """The clauses of the evidence sentences."""
        sentences = self._evidence.sentences
        return tuple(clause for one in sentences for clause in clauses_of(one.text, one.passage.language))

    def check(self, claim: str) -> Checked:
        """Return a claim with what it rests on, or the quote that takes its place."""
        rests_on = self.rests_on(claim)
        return Checked(claim, "supported", rests_on) if rests_on else self.quoted(claim)

    def quoted(self, claim: str) -> Checked:
        """Return the quote that takes the place of a claim."""
        near, sentences = self._near(claim), self._evidence.sentences
        best = max(
            range(len(sentences)),
            key=lambda at: NEARNESS * near[at] + TOLD * self._told(claim, sentences[at]) + sentences[at].score,
        )
        return Checked(self._texts[best], "quoted", (best,))

    def rests_on(self, claim: str) -> tuple[int, ...]:
        """Return the positions of the sentences that support a claim together, best first; () if they do not."""
        question = self._evidence.question
        # What costs least is asked first: a claim that fails needs no vector.
        if self._clauses.faults(claim):
            return ()
        share = self._drawn(claim)
        if share < FOUNDED[question.language]:
            return ()
        close = -1.0 if share >= WELL_FOUNDED else CLOSE
        return supported_by(claim, self._texts, self._near(claim), question, close=close)

    def is_drawn(self, claim: str) -> bool:
        """Return whether a claim is drawn from the evidence at all, and from what is said of the thing asked about."""
        return self._drawn(claim) >= FOUNDED[self._evidence.question.language]

    def _drawn(self, claim: str) -> float:
        """Return the share of what a claim adds to the question that the evidence holds, 0 if that is of another."""
        if self._is_of_another(claim):
            return 0.0
        return founded(claim, self._texts, self._evidence.question, self._searcher.lexicon)

    def _is_of_another(self, claim: str) -> bool:
        """Return whether what a claim adds to the question is said of another year or member of a series only.

        One sentence may tell of both ("2021年营收90亿元，2022年营收100亿元"): the clauses that hold most of it count.
        """
        if self._about == About(None, None):
            return False
        question, lexicon = self._evidence.question, self._searcher.lexicon
        shares = {clause: founded(claim, [clause], question, lexicon) for clause in self._held_clauses}
        most = max(shares.values(), default=0.0)
        return most > 0 and all(self._about.missed_by(clause) for clause, share in shares.items() if share == most)

    def _told(self, claim: str, hit: SentenceHit) -> float:
        """Return the share of what a claim adds to the question that a sentence says; 0 in another language."""
        if hit.passage.language != self._evidence.question.language:
            return 0.0
        return founded(claim, [hit.text], self._evidence.question, self._searcher.lexicon)

    def _near(self, claim: str) -> list[float]:
        """Return how close a claim is to each sentence, cosines."""
        at = placed([claim], [self._evidence.question.language], self._searcher.embedder)[0]
        return [float(close) for close in self._held @ at]


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
    if off_language(claim, question.language) > OFF_LANGUAGE:
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


def founded(claim: str, texts: Sequence[str], question: Question, lexicon: Lexicon) -> float:
    """Return the share of the words that a claim adds to the question which some sentences hold, 0 to 1.

    A claim that adds nothing says back what the question presumes, and counts as 0.

    Args:
        claim: The claim.
        texts: The sentences.
        question: What the claim answers, in its language.
        lexicon: For words of the other language.
    """
    language = question.language
    split = query_tokens if language == "zh" else content_tokens
    known = set(split(question.standalone))
    added = [word for word in split(claim) if word not in known]
    added = [word for word in added if word not in GENERIC[language]] or added
    if not added:
        return 0.0
    text = " ".join(texts)
    said = wording(text, language, lexicon).said(added)
    translations = lexicon.translations([word for word in added if word not in said], language)
    # A Chinese word of one character is rarely a token of its own, so it is looked for in the text.
    short = [w for w in added if w not in said and any(len(o) == 1 and o in text for o in translations.get(w, ()))]
    return (len(said) + len(short)) / len(added)


def _unsupported(claim: str, evidence: Sequence[str], question: str) -> list[str]:
    """Return the quantities and names of a claim that no evidence holds."""
    if not evidence:
        return [claim]
    asked = quantities.find_quantities(question)
    return [
        *(
            quantity.text
            for quantity in quantities.unsupported_quantities(claim, evidence)
            if not said_back(quantity, claim, asked)
        ),
        *(name.text for name in names.unsupported_names(claim, evidence)),
    ]


def placed(texts: Sequence[str], languages: Sequence[Language], embedder: Embedder) -> Array:
    """Return the unit vectors of sentences, language means taken away, shape (texts, dimension)."""
    centre = centre_of(embedder.name)
    vectors = embedder.encode_passages(texts)
    rows = [centre.apply(vectors[at : at + 1], "sentence", language)[0] for at, language in enumerate(languages)]
    return np.stack(rows)
