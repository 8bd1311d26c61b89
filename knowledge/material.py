"""What a search compares a question with: a passage's vectors, words and token states, kept once they were read.

Reading them out of the database costs more than comparing them; the passages that were looked at last are kept, as long
as the collection does not change.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from knowledge.late import TokenStates
from knowledge.store import Store
from knowledge.types import Language, Passage

KEPT_BYTES = 64 * 2**20
"""How much of the passages' contents is kept, and as much again of their token states."""

KEPT_WORDS = 100_000
"""Of how many words it is remembered in how many passages they are."""

Array = npt.NDArray[np.float32]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Material:
    """A passage with what a search compares.

    Attributes:
        passage: The passage.
        vector: Its unit vector, shape (dimension,).
        sentence_vectors: Those of its sentences, shape (sentences, dimension).
        tokens: The tokens that full-text search finds it by.
        sentence_tokens: The tokens of each sentence.
    """

    passage: Passage
    vector: Array
    sentence_vectors: Array
    tokens: frozenset[str]
    sentence_tokens: tuple[frozenset[str], ...]

    @property
    def nbytes(self) -> int:
        """About how many bytes it takes in memory."""
        words = len(self.tokens) + sum(map(len, self.sentence_tokens))
        return int(self.vector.nbytes + self.sentence_vectors.nbytes) + 100 * words + 4 * len(self.passage.text)


class Materials:
    """The materials of a store's passages, the last ones kept. Safe to use from several threads.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._generation = -1
        self._held: LRUCache[str, Material] = LRUCache(KEPT_BYTES, getsizeof=lambda one: one.nbytes)
        self._states: LRUCache[str, TokenStates] = LRUCache(KEPT_BYTES, getsizeof=lambda one: one.nbytes + 1)
        self._means: dict[Language, Array | None] = {}
        self._languages: tuple[Language, ...] | None = None
        self._frequency: LRUCache[str, int] = LRUCache(KEPT_WORDS)

    def of(self, ids: Sequence[str]) -> list[Material]:
        """Return the materials of passages in the order of `ids`; an id that is not there is left out."""
        with self._lock:
            self._follow()
            found = {id_: self._held[id_] for id_ in ids if id_ in self._held}
            missing = [id_ for id_ in ids if id_ not in found]
            for one in self._read(missing) if missing else []:
                found[one.passage.id] = one
                _keep(self._held, one.passage.id, one)
            return [found[id_] for id_ in ids if id_ in found]

    def states(self, ids: Sequence[str]) -> dict[str, TokenStates]:
        """Return the token states of passages by id; an id that is not there is left out."""
        with self._lock:
            self._follow()
            found = {id_: self._states[id_] for id_ in ids if id_ in self._states}
            missing = [id_ for id_ in ids if id_ not in found]
            for id_, states in self._store.sentence_states(missing).items() if missing else ():
                found[id_] = states
                _keep(self._states, id_, states)
            return found

    @property
    def passage_count(self) -> int:
        """How many passages there are."""
        return self._store.passage_count

    def document_frequency(self, tokens: Collection[str]) -> dict[str, int]:
        """Return `Store.document_frequency`; the index would count a word's entries each time."""
        with self._lock:
            self._follow()
            found = {token: self._frequency[token] for token in tokens if token in self._frequency}
            counted = self._store.document_frequency([token for token in tokens if token not in found])
            self._frequency.update(counted)
            return {**found, **counted}

    def mean_state(self, language: Language) -> Array | None:
        """Return `Store.mean_state` of a language."""
        with self._lock:
            self._follow()
            if language not in self._means:
                self._means[language] = self._store.mean_state(language)
            return self._means[language]

    def languages(self) -> tuple[Language, ...]:
        """Return `Store.languages`."""
        with self._lock:
            self._follow()
            if self._languages is None:
                self._languages = self._store.languages()
            return self._languages

    def _follow(self) -> None:
        """Forget everything when the collection has changed: what was removed must not be found."""
        generation = self._store.generation
        if generation != self._generation:
            self._held.clear()
            self._states.clear()
            self._means.clear()
            self._frequency.clear()
            self._languages = None
            self._generation = generation

    def _read(self, ids: Sequence[str]) -> list[Material]:
        passages = {passage.id: passage for passage in self._store.passages(ids, sentences=False)}
        vectors = dict(zip(passages, self._store.vectors(list(passages)), strict=True))
        sentences, tokens = self._store.sentences(ids), self._store.passage_tokens(ids)
        return [
            Material(
                replace(passage, sentences=sentences[id_][0]),
                vectors[id_],
                sentences[id_][1],
                frozenset(tokens[id_]),
                tuple(sentences[id_][2]),
            )
            for id_, passage in passages.items()
        ]


def _keep(held: LRUCache[str, Value], id_: str, value: Value) -> None:
    try:
        held[id_] = value
    except ValueError:  # it is larger than all that is kept
        return
