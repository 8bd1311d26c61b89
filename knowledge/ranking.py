"""How well a passage or a sentence fits a question: the features, and the weights that add them up.

Four features, each between about -0.3 and 1:

- ``dense``: cosine of question and passage after the mean vector of each one's language is taken away. Without that,
  vectors of one language crowd together and a passage in the question's language wins over the right one in the other.
- ``sentence``: the same for the passage's best sentence; a passage is as good as its best sentences.
- ``late``: late interaction of the question's tokens with the passage's (`knowledge.late`).
- ``coverage``: the share of the question's content words, weighted by how rare they are in this collection, that the
  passage holds, across languages through a dictionary. A question of which the lexical leg matches nothing gives it no
  vote, which plain rank fusion does: there a leg votes with whatever it ranked first.

The weights are maximum-likelihood estimates of a listwise softmax over XQuAD's passages (dev half), one set for
questions in the passage's language and one for the other; the sentence weights are chosen there too. How, and what
else was tried, is in docs/retrieval.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from knowledge.types import Language

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Features:
    """Why a passage was ranked where it was; the module's docstring says what each is."""

    dense: float
    sentence: float
    late: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Weights:
    """What each feature counts; the sum is a log-odds against the other passages of a collection."""

    dense: float
    sentence: float
    late: float
    coverage: float

    def score(self, features: Features) -> float:
        """Add the features up; higher is better."""
        return (
            self.dense * features.dense
            + self.sentence * features.sentence
            + self.late * features.late
            + self.coverage * features.coverage
        )


SAME_LANGUAGE = Weights(dense=6.7, sentence=7.0, late=9.2, coverage=6.5)
"""Question and passage in one language."""

ACROSS_LANGUAGES = Weights(dense=10.5, sentence=10.0, late=14.8, coverage=7.8)
"""Question and passage in different languages."""


@dataclass(frozen=True, slots=True)
class SentenceWeights:
    """What makes a sentence of a passage the one that holds the answer."""

    cosine: float = 2.0
    late: float = 15.0
    coverage: float = 3.0
    neighbours: float = 0.5
    passage: float = 0.1

    def score(self, cosine: float, late: float, coverage: float, neighbours: float, passage: float) -> float:
        """Add the features up; `neighbours` is the best coverage around it, `passage` its passage's score."""
        return (
            self.cosine * cosine
            + self.late * late
            + self.coverage * coverage
            + self.neighbours * neighbours
            + self.passage * passage
        )


SENTENCE = SentenceWeights()


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


@cache
def centre_of(model: str) -> Centre:
    """Return the language means that ship for an embedding model; none for a model we have not measured."""
    resource = files("knowledge").joinpath("means", f"{model}.json") if "/" not in model else None
    if resource is None or not resource.is_file():
        return Centre({})
    stored = json.loads(resource.read_text(encoding="utf-8"))["means"]
    return Centre(
        {
            (kind, language): np.asarray(mean, dtype=np.float32)
            for kind, by_language in stored.items()
            for language, mean in by_language.items()
        }
    )


@dataclass(frozen=True, slots=True)
class Term:
    """A content word of the question.

    Attributes:
        word: The token.
        rarity: Its inverse document frequency in the collection (Robertson and Spärck Jones), its translations
        counted in.
        translations: Tokens of the other language with weights in (0, 1].
    """

    word: str
    rarity: float
    translations: Mapping[str, float]

    def matched(self, tokens: Collection[str], across: bool) -> float:
        """Return how well `tokens` hold this word, 0 to 1."""
        if self.word in tokens:
            return 1.0
        if not across:
            return 0.0
        return max((weight for token, weight in self.translations.items() if token in tokens), default=0.0)


def rarity(document_frequency: int, passages: int) -> float:
    """Return the inverse document frequency of a word that so many of the passages hold."""
    held = min(document_frequency, passages)
    return math.log(1.0 + (passages - held + 0.5) / (held + 0.5))


def coverage(terms: Collection[Term], tokens: Collection[str], *, across: bool) -> float:
    """Return the share of the question that `tokens` hold, weighted by rarity, 0 to 1.

    Args:
        terms: The question's content words.
        tokens: Index tokens of a passage or sentence; a set is fastest.
        across: Whether the text is in the other language, so that translations count.
    """
    whole = sum(term.rarity for term in terms)
    return sum(term.rarity * term.matched(tokens, across) for term in terms) / whole if whole > 0 else 0.0
