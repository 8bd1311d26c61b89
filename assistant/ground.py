"""Evidence made ready to be compared with many claims: its words, its vectors, its tokens and where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from knowledge.clauses import clauses
from knowledge.language import detect_language
from knowledge.late import TOWARDS_COLLECTION, Array, centred
from knowledge.lexical import fold, index_tokens
from knowledge.ranking import centre_of
from knowledge.sentences import sentence_spans, text_size
from knowledge.types import Language

if TYPE_CHECKING:
    from knowledge.embed import Embedder


class Ground:
    """Evidence made ready to be compared with many claims. Its sentences are embedded when that is first needed.

    Args:
        sentences: The evidence sentences, in their order in the text; at least one.
        embedder: The embedding model.
        language: Their language, or None to find out.

    Raises:
        ValueError: There is no sentence.
    """

    def __init__(self, sentences: Sequence[str], embedder: Embedder, language: Language | None = None) -> None:
        if not sentences:
            raise ValueError("there is no evidence")
        self.sentences = tuple(sentences)
        self.language = language or detect_language("\n".join(sentences))
        self._embedder = embedder
        self._centre = centre_of(embedder.name)
        sizes = [text_size(sentence) for sentence in self.sentences]
        self._starts = np.concatenate([[0.0], np.cumsum(sizes)])

    @cached_property
    def squeezed(self) -> tuple[str, ...]:
        """The sentences, folded and without spaces."""
        return tuple(map(squeezed, self.sentences))

    @cached_property
    def whole(self) -> str:
        """All of them as one text, folded and without spaces."""
        return "".join(self.squeezed)

    @cached_property
    def tokens(self) -> tuple[frozenset[str], ...]:
        """The words of each sentence."""
        return tuple(frozenset(index_tokens(sentence)) for sentence in self.sentences)

    @cached_property
    def neighbours(self) -> frozenset[tuple[str, str]]:
        """Pairs of words that stand side by side in a sentence."""
        return frozenset(pair for sentence in self.sentences for pair in neighbours_of(sentence))

    @cached_property
    def plain_vectors(self) -> Array:
        """Unit vectors of the sentences as the model gives them, shape (sentences, dimension)."""
        return np.stack([self._encoded[sentence][0] for sentence in self.sentences])

    @cached_property
    def vectors(self) -> Array:
        """The same with the language's mean taken away."""
        return self._centre.apply(self.plain_vectors, "sentence", self.language)

    @cached_property
    def states(self) -> tuple[Array, ...]:
        """Unit token states of each sentence, clause by clause, means taken away, shape (tokens, dimension)."""
        raw = self._raw_states
        own = self._centre.means.get(("sentence-token", self.language))
        return tuple(centred(states, None if own is None else own + self._moved) for states in raw)

    @cached_property
    def places(self) -> tuple[Array, ...]:
        """Where each token stands, as a `text_size` from the start of the first sentence, shape (tokens,).

        A clause's tokens are taken to be of one length.
        """
        found = []
        for start, own in zip(self._starts, self._pieces, strict=False):
            sizes = [text_size(piece) for piece in own]
            begins = start + np.concatenate([[0.0], np.cumsum(sizes)])
            counts = [len(self._encoded[piece][1]) for piece in own]
            parts = [
                begin + size * (np.arange(count) + 0.5) / max(1, count)
                for begin, size, count in zip(begins, sizes, counts, strict=False)
            ]
            found.append(np.concatenate(parts).astype(np.float32))
        return tuple(found)

    def asked(self, question: str, language: Language) -> tuple[Array, Array]:
        """Return a text's unit vector, (dimension,), and token states, (tokens, dimension), to compare with these."""
        vector, states = self._embedder.encode_query_tokens(question)
        mean = self._centre.means.get(("query-token", language))
        moved = centred(states, None if mean is None else mean + self._moved)
        return self._centre.apply(vector[None, :], "query", language)[0], moved

    def said(self, statement: str) -> Array:
        """Return the token states of a statement, sentence by sentence, to compare with these, (tokens, dimension)."""
        language = detect_language(statement)
        parts = [span.of(statement) for span in sentence_spans(statement)]
        pieces = [piece for part in parts for piece in clauses(part, language)]
        if not pieces:
            return np.zeros((0, self._embedder.dimension), np.float32)
        states = np.concatenate(self._embedder.encode_passage_tokens(pieces)[1])
        mean = self._centre.means.get(("sentence-token", language))
        return centred(states, None if mean is None else mean + self._moved)

    def spans(self, claim: str) -> tuple[list[int], list[tuple[float, float]]]:
        """Return which sentences hold a claim, and where it stands in them, in the measure of `places`.

        One that no sentence holds as it is stands in the sentence whose tokens come nearest to its own.
        """
        wanted = squeezed(claim)
        held = [at for at, sentence in enumerate(self.squeezed) if wanted and wanted in sentence]
        if not held:
            _, states = self.asked(claim, detect_language(claim))
            held = [int(np.argmax([late_interaction(states, own) for own in self.states]))]
        return held, [self._span(at, claim) for at in held]

    def _span(self, at: int, claim: str) -> tuple[float, float]:
        sentence = self.sentences[at]
        found = sentence.lower().find(claim.lower().strip())
        if found < 0:
            return float(self._starts[at]), float(self._starts[at + 1])
        start = float(self._starts[at]) + text_size(sentence[:found])
        return start, start + text_size(claim.strip())

    @cached_property
    def _pieces(self) -> tuple[tuple[str, ...], ...]:
        """The clauses of each sentence."""
        return tuple(tuple(clauses(sentence, self.language)) for sentence in self.sentences)

    @cached_property
    def _encoded(self) -> dict[str, tuple[Array, Array]]:
        """Vector and token states of every sentence and clause, embedded in one call."""
        texts = list(dict.fromkeys([*self.sentences, *(piece for own in self._pieces for piece in own)]))
        vectors, states = self._embedder.encode_passage_tokens(texts)
        return {text: (vectors[at], states[at]) for at, text in enumerate(texts)}

    @cached_property
    def _raw_states(self) -> tuple[Array, ...]:
        return tuple(np.concatenate([self._encoded[piece][1] for piece in own]) for own in self._pieces)

    @cached_property
    def _moved(self) -> Array:
        """How far the language's mean state is moved towards that of this evidence, as a search does."""
        fixed = self._centre.means.get(("sentence-token", self.language))
        every = np.concatenate(self._raw_states)
        if fixed is None or not len(every):
            return np.zeros(self._embedder.dimension, np.float32)
        return np.asarray(TOWARDS_COLLECTION * (every.mean(axis=0) - fixed), dtype=np.float32)


def squeezed(text: str) -> str:
    """Return a text folded and without spaces."""
    return "".join(fold(text).split())


def late_interaction(asked: Array, held: Array) -> float:
    """Return the mean, over the rows of `asked`, of the best cosine with a row of `held`; 0 if one has none."""
    return float((asked @ held.T).max(axis=1).mean()) if len(asked) and len(held) else 0.0


def neighbours_of(text: str) -> Iterator[tuple[str, str]]:
    """Return the pairs of words that stand side by side."""
    words = index_tokens(text)
    return pairwise(words)
