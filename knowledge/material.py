"""What a search compares a question with: passages' vectors, words and token states, kept once they were read.

Reading them out of the database costs more than comparing them; the passages that were looked at last are kept, as long
as the collection does not change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from knowledge.late import TokenStates
from knowledge.passage_store import PassageStore
from knowledge.sounds import may_sound
from knowledge.types import Language, Passage

KEPT_BYTES = 64 * 2**20
"""How much is kept of outlines, and as much again of materials."""

KEPT_WORDS = 100_000
"""Of how many words it is remembered in how many passages they are; with more it starts anew."""

Array = npt.NDArray[np.float32]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Outline:
    """What tells at a glance whether a passage may hold the answer; it is read of every passage that is proposed.

    Attributes:
        id: The passage's id.
        language: Its language.
        vector: Its unit vector, shape (dimension,).
        tokens: The tokens that full-text search finds it by.
        sounding: Those of them that a name of the other language may be found in by its sound.
    """

    id: str
    language: Language
    vector: Array
    tokens: frozenset[str]
    sounding: frozenset[str]

    @property
    def nbytes(self) -> int:
        """About how many bytes it takes in memory."""
        return int(self.vector.nbytes) + 100 * len(self.tokens) + 50 * len(self.sounding)


@dataclass(frozen=True, slots=True)
class Material:
    """A passage with what a search compares closely.

    Attributes:
        passage: The passage.
        sentence_vectors: The unit vectors of its sentences, shape (sentences, dimension).
        sentence_tokens: The tokens of each sentence.
        states: The token states of its sentences.
    """

    passage: Passage
    sentence_vectors: Array
    sentence_tokens: tuple[frozenset[str], ...]
    states: TokenStates

    @property
    def nbytes(self) -> int:
        """About how many bytes it takes in memory."""
        words = sum(map(len, self.sentence_tokens))
        return int(self.sentence_vectors.nbytes) + self.states.nbytes + 100 * words + 4 * len(self.passage.text)


class Materials:
    """The materials of a store's passages, the last ones kept. Safe to use from several threads.

    Args:
        store: The store.
    """

    def __init__(self, store: PassageStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._generation = -1
        self._outlines: LRUCache[str, Outline] = LRUCache(KEPT_BYTES, getsizeof=lambda one: one.nbytes)
        self._materials: LRUCache[str, Material] = LRUCache(KEPT_BYTES, getsizeof=lambda one: one.nbytes)
        self._means: dict[Language, Array | None] = {}
        self._languages: tuple[Language, ...] | None = None
        self._frequency: dict[str, int] = {}

    def outlines(self, ids: Sequence[str]) -> list[Outline]:
        """Return the outlines of passages in the order of `ids`; an id that is not there is left out."""
        return self._kept(self._outlines, ids, self._read_outlines)

    def of(self, ids: Sequence[str]) -> list[Material]:
        """Return the materials of passages in the order of `ids`; an id that is not there is left out."""
        return self._kept(self._materials, ids, self._read_materials)

    @property
    def passage_count(self) -> int:
        """How many passages there are."""
        return self._store.passage_count

    def document_frequency(self, tokens: Collection[str]) -> dict[str, int]:
        """Return `PassageStore.document_frequency`; the index would count a word's entries each time."""
        with self._lock:
            self._follow()
            counted = self._store.document_frequency([token for token in tokens if token not in self._frequency])
            if len(self._frequency) + len(counted) > KEPT_WORDS:
                self._frequency = {token: held for token, held in self._frequency.items() if token in tokens}
            self._frequency.update(counted)
            return {token: self._frequency[token] for token in tokens}

    def mean_state(self, language: Language) -> Array | None:
        """Return `PassageStore.mean_state` of a language."""
        with self._lock:
            self._follow()
            if language not in self._means:
                self._means[language] = self._store.mean_state(language)
            return self._means[language]

    def languages(self) -> tuple[Language, ...]:
        """Return `PassageStore.languages`."""
        with self._lock:
            self._follow()
            if self._languages is None:
                self._languages = self._store.languages()
            return self._languages

    def _follow(self) -> None:
        """Forget everything when the collection has changed: what was removed must not be found."""
        generation = self._store.generation
        if generation != self._generation:
            self._outlines.clear()
            self._materials.clear()
            self._means.clear()
            self._frequency.clear()
            self._languages = None
            self._generation = generation

    def _kept(
        self, kept: LRUCache[str, Value], ids: Sequence[str], read: Callable[[Sequence[str]], dict[str, Value]]
    ) -> list[Value]:
        with self._lock:
            self._follow()
            found = {id_: kept[id_] for id_ in ids if id_ in kept}
            missing = [id_ for id_ in ids if id_ not in found]
            for id_, value in read(missing).items() if missing else ():
                found[id_] = value
                _keep(kept, id_, value)
            return [found[id_] for id_ in ids if id_ in found]

    def _read_outlines(self, ids: Sequence[str]) -> dict[str, Outline]:
        return {
            id_: Outline(id_, language, vector, tokens, frozenset(filter(may_sound, tokens)))
            for id_, (language, vector, tokens) in self._store.outlines(ids).items()
        }

    def _read_materials(self, ids: Sequence[str]) -> dict[str, Material]:
        sentences, states = self._store.sentences(ids), self._store.sentence_states(ids)
        return {
            passage.id: Material(
                replace(passage, sentences=sentences[passage.id][0]),
                sentences[passage.id][1],
                tuple(sentences[passage.id][2]),
                states[passage.id],
            )
            for passage in self._store.passages(ids, sentences=False)
        }


def _keep(kept: LRUCache[str, Value], id_: str, value: Value) -> None:
    try:
        kept[id_] = value
    except ValueError:  # it is larger than all that is kept
        return
