"""How well a passage or a sentence fits a question: the features, and the weights that add them up.

Five features, each between about -0.3 and 1, but the last, which goes up to about 20:

- ``dense``: cosine of question and passage after the mean vector of each one's language is taken away. Without that,
  vectors of one language crowd together and a passage in the question's language wins over the right one in the other.
- ``sentence``: the same for the passage's best sentence; a passage is as good as its best sentences.
- ``late``: late interaction of the question's tokens with the passage's (`knowledge.late`).
- ``coverage``: the share of the question's content words, weighted by how rare they are in this collection, that the
  passage holds, across languages through a dictionary. A question of which the lexical leg matches nothing gives it no
  vote, which plain rank fusion does: there a leg votes with whatever it ranked first.
- ``evidence``: late interaction and coverage of the one sentence that has most of both (`evidence`).

The weights began at the maximum-likelihood estimates of a listwise softmax over XQuAD's passages (dev half), one set
for questions in the passage's language and one for the other. The likelihood is flat there between late interaction
with the passage and the evidence of its best sentence; CMRC 2018, DRCD and the shipped article's questions, whose
passages are longer, decided how much of each. How, and what else was tried, is in docs/retrieval.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from knowledge.calibration import probability
from knowledge.shipped import shipped_for
from knowledge.types import Language

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Features:
    """Why a passage was ranked where it was; the module's docstring says what each is."""

    dense: float
    sentence: float
    late: float
    coverage: float
    evidence: float


@dataclass(frozen=True, slots=True)
class Weights:
    """What each feature counts; the sum is a log-odds against the other passages of a collection."""

    dense: float
    sentence: float
    late: float
    coverage: float
    evidence: float

    def score(self, features: Features) -> float:
        """Add the features up; higher is better."""
        return (
            self.dense * features.dense
            + self.sentence * features.sentence
            + self.late * features.late
            + self.coverage * features.coverage
            + self.evidence * features.evidence
        )


SAME_LANGUAGE = Weights(dense=4.0, sentence=5.0, late=18.0, coverage=4.0, evidence=0.55)
"""Question and passage in one language."""

ACROSS_LANGUAGES = Weights(dense=11.0, sentence=2.0, late=14.0, coverage=3.4, evidence=1.8)
"""Question and passage in different languages."""


@dataclass(frozen=True, slots=True)
class SentenceWeights:
    """What makes a sentence of a passage the one that holds the answer."""

    cosine: float = 5.0
    late: float = 16.0
    coverage: float = 2.0
    neighbours: float = 0.35
    passage: float = 0.08
    pronoun: float = 0.75

    def score(
        self, cosine: float, late: float, coverage: float, neighbours: float, passage: float, *, pronoun: bool = False
    ) -> float:
        """Add the features up.

        Args:
            cosine: Of the vectors of question and sentence.
            late: Their late interaction.
            coverage: Share of the question's words that the sentence holds.
            neighbours: The best such share of the sentences beside it.
            passage: The fit of its passage.
            pronoun: Whether it opens with a pronoun for what the sentence before it names.
        """
        return (
            self.cosine * cosine
            + self.late * late
            + self.coverage * coverage
            + self.neighbours * neighbours
            + self.passage * passage
            + self.pronoun * pronoun
        )


SENTENCE = SentenceWeights()
"""Chosen on the sentences of CMRC 2018's, XQuAD's and the citation set's passages (dev halves) and of the shipped
article; what else was tried is in docs/retrieval.md."""


def evidence(late: float, coverage: float) -> float:
    """Return how much its tokens and words make of a sentence as evidence that its passage is the right one."""
    return 16.0 * late + 4.0 * coverage


OWN_LANGUAGE, PLAUSIBLE = 9.0, -2.0
"""Log-odds by which a passage that surely holds the answer goes before one in the other language, if it is in the
question's; half of that at the log-odds `PLAUSIBLE`.

Where a collection says the same in both languages, the reader is shown the words that need no translating; what is
hardly plausible is not put before the right passage in the other language (chosen on XQuAD's passages, both languages
in one pool).
"""


def preference(log_odds: float, question: Language, passage: Language) -> float:
    """Return by how much a passage is put forward because it is in the question's language."""
    return OWN_LANGUAGE * probability(log_odds - PLAUSIBLE) if question == passage else 0.0


def weights(question: Language, passage: Language) -> Weights:
    """Return the weights for a question of one language on a passage of another or the same."""
    return SAME_LANGUAGE if question == passage else ACROSS_LANGUAGES


@dataclass(frozen=True, slots=True)
class Centre:
    """The mean vectors of a model's languages, by kind of text; taken over a general collection (XQuAD).

    A mean taken over the user's own small collection would remove its topic as well.
    """

    means: Mapping[tuple[str, Language], Array]

    def apply(self, vectors: Array, kind: str, language: Language) -> Array:
        """Take the language's mean away and scale to unit length.

        Args:
            vectors: Shape (n, dimension).
            kind: ``"query"``, ``"passage"`` or ``"sentence"``.
            language: Language of the texts.

        Returns:
            Shape (n, dimension); unchanged if the model's means are not known.
        """
        mean = self.means.get((kind, language))
        if mean is None or not len(vectors):
            return vectors
        moved = vectors - mean
        return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), dtype=np.float32)

    def towards(self, vector: Array, question: Language, passage: Language) -> Array:
        """Move a question's vector to where passages of a language lie, so that its nearest ones are in that language.

        Args:
            vector: Shape (dimension,).
            question: Language of the question.
            passage: Language of the passages to find.

        Returns:
            Shape (dimension,), unit length; unchanged if the model's means are not known.
        """
        asked, held = self.means.get(("query", question)), self.means.get(("passage", passage))
        if asked is None or held is None:
            return vector
        moved = vector - asked + held
        return np.asarray(moved / np.linalg.norm(moved), dtype=np.float32)


@cache
def centre_of(model: str) -> Centre:
    """Return the language means that ship for an embedding model; none for a model we have not measured."""
    resource = shipped_for(model, "means", ".json")
    return Centre(read_means(resource.read_text(encoding="utf-8")) if resource else {})


def read_means(text: str) -> dict[tuple[str, Language], Array]:
    """Read what `evals.fit_means` wrote: by kind and language a mean of shape (dimension,)."""
    stored = json.loads(text)["means"]
    return {
        (kind, language): np.asarray(mean, dtype=np.float32)
        for kind, by_language in stored.items()
        for language, mean in by_language.items()
    }
