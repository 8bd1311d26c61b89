"""What a claim says that the sentences it would rest on do not say: clause by clause, against one sentence each.

That every number, name and word stands somewhere in the evidence is not enough: a claim may give one thing the number
of another. So each clause is held to the one sentence that says most of it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant import names, quantities
from assistant.alignment import Aligned, Alike, alignments, alike, clauses_of
from assistant.condense import Question
from assistant.counted import said_back
from assistant.polarity import denials, lessening, levels, parity, turned_words, without_levels
from assistant.quantities import Quantity
from assistant.wording import items_of, parts_of, wording, words_of
from knowledge.lexical import content_tokens, stem
from knowledge.lexicon import Lexicon
from knowledge.load import CARD_LABELS, card_field
from knowledge.retrieve import SentenceHit
from knowledge.types import Language

FaultKind = Literal["quantity", "name", "wording", "item", "denial", "direction"]

WORDS_PER_UNKNOWN: dict[tuple[Language, Language], float] = {
    ("zh", "zh"): math.inf,
    ("en", "en"): 8,
    ("zh", "en"): 2,
    ("en", "zh"): 5,
}
"""For so many words of a clause one may be unknown to the evidence, by the languages of claim and evidence.

A Chinese writer with a Chinese sentence before him keeps its words; across languages the dictionary has gaps.
"""

OF_ANOTHER = 0.5
"""Share of what another sentence says of a clause up to which a sentence with its number is about something else."""

_WHEN = ("date", "time", "ordinal", "opaque")

SAME_CLAUSE = 0.5
"""Share of a clause of the evidence that a claim has to say to deny what it states, or state what it denies."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a claim that its evidence does not say."""

    kind: FaultKind
    text: str


class ClauseCheck:
    """Finds the faults of claims against one choice of evidence.

    Args:
        sentences: The evidence, at least one sentence.
        question: What the claims answer; its language is theirs.
        lexicon: The dictionary.
    """

    def __init__(self, sentences: Sequence[SentenceHit], question: Question, lexicon: Lexicon) -> None:
        self._sentences = sentences
        self._texts = [sentence.text for sentence in sentences]
        self._question = question
        self._language = question.language
        self._lexicon = lexicon
        # What the question asks with may be said back; what it presumes of directions and denials may not.
        self._asked = frozenset(words_of(question.standalone, question.language))
        self._counts = quantities.find_quantities(question.standalone)

    def faults(self, claim: str) -> list[Fault]:
        """Return what is wrong with a claim, [] if nothing is found."""
        found: list[Fault] = []
        clauses = clauses_of(claim, self._language)
        before = self._alignments(claim, 0)[0].at
        for clause in clauses:
            tried = [(self._faults_of(aligned, claim), aligned.at) for aligned in self._alignments(clause, before)]
            fewest, before = min(tried, key=lambda one: len(one[0]))
            found += fewest
        return found

    def _alignments(self, clause: str, prefer: int) -> list[Aligned]:
        return alignments(clause, self._language, self._texts, self._lexicon, prefer)

    def _faults_of(self, aligned: Aligned, claim: str) -> list[Fault]:
        return [*self._unstated(aligned, claim), *self._unsaid(aligned), *self._turned(aligned)]

    def _unstated(self, aligned: Aligned, claim: str) -> list[Fault]:
        """Return the quantities and names of a clause that its sentence does not state."""
        text = self._texts[aligned.at]
        stated = quantities.find_quantities(aligned.clause)
        missing = [
            quantity
            for quantity in quantities.unsupported_quantities(aligned.clause, [text])
            if not said_back(quantity, claim, self._counts) and not self._dated_before(quantity, aligned.at)
        ]
        if any(quantity.kind not in _WHEN for quantity in stated) and len(aligned.said) <= OF_ANOTHER * aligned.most:
            # The number stands here, but what it is said of stands in another sentence.
            missing = stated
        return [
            *(Fault("quantity", quantity.text) for quantity in missing),
            *(Fault("name", name.text) for name in names.unsupported_names(aligned.clause, [text])),
        ]

    def _dated_before(self, quantity: Quantity, at: int) -> bool:
        """Return whether a date is said earlier in the paragraph of a sentence that has none itself."""
        hit = self._sentences[at]
        if quantity.kind != "date" or any(other.kind == "date" for other in quantities.find_quantities(hit.text)):
            return False
        earlier = hit.passage.text[: hit.span.start - hit.passage.start]
        return not quantities.unsupported_quantities(quantity.text, [earlier])

    def _unsaid(self, aligned: Aligned) -> list[Fault]:
        """Return words of a clause that neither its sentence nor the question says: too many, or in a list."""
        words = aligned.words
        if levels(aligned.clause) <= levels(self._texts[aligned.at]):
            rest = words_of(without_levels(aligned.clause), self._language)
            words = tuple(word for word in words if word in rest)
        unsaid = [word for word in words if word not in aligned.said]
        licensed = self._licensed(aligned) if unsaid else frozenset()
        unknown = [word for word in unsaid if word not in licensed]
        listed = items_of(aligned.clause, self._language)
        items = [Fault("item", " ".join(words)) for words in listed if _foreign(words, unknown, listed)]
        if self._language == "en":
            akin = wording(self._texts[aligned.at], self._language, self._lexicon).akin(unknown)
            unknown = [word for word in unknown if word not in akin]
        for_one = WORDS_PER_UNKNOWN[self._language, self._sentences[aligned.at].passage.language]
        return items + ([Fault("wording", word) for word in unknown] if len(unknown) > len(words) // for_one else [])

    def _licensed(self, aligned: Aligned) -> frozenset[str]:
        """Return the words of the question that may be said of a sentence that lacks them.

        Not what another sentence says: the claim may give what that one is about the words of this one. A field of a
        document's card says little of what it is about, so there only the names of other fields count: the number
        behind 电话 is no fax number.
        """
        licensed = self._asked
        others = [text for at, text in enumerate(self._texts) if at != aligned.at]
        if fields := {card_field(text) for text in others} - {"", card_field(self._texts[aligned.at])}:
            labels = " ".join(label for field in fields for label in CARD_LABELS[field])
            licensed = licensed.difference(words_of(labels, self._language))
        if not card_field(self._texts[aligned.at]):
            licensed = licensed.difference(
                *(wording(text, self._language, self._lexicon).said(licensed) for text in others)
            )
        return licensed

    def _turned(self, aligned: Aligned) -> list[Fault]:
        """Return what a clause denies, or turns into its opposite."""
        text = self._texts[aligned.at]
        found: list[Fault] = []
        if self._denied_otherwise(aligned.clause, text):
            found.append(Fault("denial", aligned.clause.strip()))
        for part in parts_of(aligned.clause, self._language):
            near = [one.text for one in self._alike(part, text, items=True)]
            found += [Fault("direction", word) for word in turned_words(part, near, text)]
            found += [
                Fault("direction", word)
                for word, same in lessening(part).items()
                if not any(way.search(text) for way in same) and not self._says(word, text)
            ]
        return found

    def _denied_otherwise(self, clause: str, text: str) -> bool:
        """Return whether a clause denies what its sentence states, or states what that denies."""
        near = self._alike(clause, text, items=False)
        if not near or denials(clause) > 1:
            near = [Alike(text, 0.0)]
        denies = parity(clause)
        if not denials(clause):
            # "Early on" and 前期统筹难度大 are not the same: what is denied there must be said here.
            if any(one.share >= 1 and parity(one.text) for one in near):
                return True
            near = [one for one in near if one.share >= SAME_CLAUSE or not parity(one.text)]
        return bool(near) and all(parity(one.text) != denies for one in near)

    def _alike(self, part: str, text: str, *, items: bool) -> list[Alike]:
        return alike(part, self._language, text, self._lexicon, items=items)

    def _says(self, word: str, text: str) -> bool:
        words = words_of(word, self._language) or content_tokens(word) or [stem(word.lower())]
        return set(words) <= wording(text, self._language, self._lexicon).said(words)


def _foreign(item: Sequence[str], unknown: Collection[str], items: Sequence[Sequence[str]]) -> bool:
    """Return whether half or more of what is an item's own, and not its neighbours', is unknown to the evidence."""
    own = [word for word in item if sum(word in other for other in items) == 1] or list(item)
    return 2 * sum(word in unknown for word in own) >= len(own)
