"""What searching and adding need of a store, wherever it keeps its passages.

`knowledge.store.Store` keeps them in one SQLite file, `knowledge.milvus.store.MilvusStore` in a Milvus cluster. Both
pass ``tests/test_store_contract.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Protocol

import numpy as np
import numpy.typing as npt

from knowledge.ann import Vectors
from knowledge.calibration import Calibration
from knowledge.current import Decide
from knowledge.errors import DocumentUnknown
from knowledge.late import TokenStates
from knowledge.rows import Entry
from knowledge.types import DocumentEntry, DocumentRecord, IndexSpec, Language, Passage, Span


class PassageStore(Protocol):
    """Documents, passages, vectors and full text; a change is seen whole or not at all. Safe to use from threads."""

    @property
    def where(self) -> str:
        """The file or address, as messages name it."""

    @property
    def spec(self) -> IndexSpec:
        """What the collection was built with."""

    @property
    def generation(self) -> int:
        """Goes up with every change, whoever made it."""

    @property
    def calibration(self) -> Calibration:
        """What turns fits into probabilities for the embedding model of this collection."""

    @property
    def passage_count(self) -> int:
        """How many passages there are."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Let everything that this thread reads in a ``with`` of it be of one state, whatever others change meanwhile.

        Raises:
            IndexBusy: It took so long that the state could not be kept.
        """

    def languages(self) -> tuple[Language, ...]:
        """Return the languages that there are passages in."""

    def put_all(self, entries: Sequence[Entry], *, replacing: Collection[str] | Decide = ()) -> list[bool]:
        """Store documents in one step.

        Args:
            entries: What to store; an entry whose document id is there is left alone.
            replacing: Ids of documents to delete first, in the same step; or what decides within it, when nobody else
                can change anything, which of the entries are stored and what gives way to them.

        Returns:
            For each entry whether it was stored.

        Raises:
            ValueError: The parts of an entry do not belong together, or a passage's id is taken.
        """

    def delete(self, ids: Collection[str]) -> int:
        """Delete documents; return how many there were."""

    def documents(self) -> list[DocumentRecord]:
        """Return every document, in the order in which they were stored."""

    def catalog(self) -> list[DocumentEntry]:
        """Return what is known of every document without its text, in the order in which they were stored."""

    def document(self, document_id: str) -> DocumentRecord:
        """Return one document.

        Raises:
            DocumentUnknown: There is none with this id.
        """

    def known(self, ids: Collection[str]) -> set[str]:
        """Return which of these are ids of stored documents."""

    def of_sources(self, sources: Collection[str]) -> list[str]:
        """Return the ids of the documents that come from these sources, in the order in which they were stored."""

    def passages(self, ids: Sequence[str], *, sentences: bool = True) -> list[Passage]:
        """Return passages, with their sentences or without, in the order of `ids`; an unknown id is left out."""

    def propose(
        self,
        queries: Sequence[npt.NDArray[np.floating]],
        tokens: Sequence[str],
        k: int,
        document_ids: Collection[str] | None = None,
    ) -> dict[str, tuple[str, ...]]:
        """Return the ids of passages that may hold an answer, with the names of the legs that found them.

        Args:
            queries: Vectors of shape (dimension,); the `k` nearest passages of each are proposed.
            tokens: The `k` passages that hold the rarest of these are proposed as well.
            k: How many each leg proposes at most.
            document_ids: Only passages of these documents, or None for all.
        """

    def dense(
        self, query: npt.NDArray[np.floating], k: int, document_ids: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ids of the passages nearest to a vector of shape (dimension,), with cosines, best first."""

    def lexical(
        self, tokens: Sequence[str], k: int, document_ids: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ids of the passages that hold any of the tokens, with BM25 scores, best first."""

    def document_frequency(self, tokens: Collection[str]) -> dict[str, int]:
        """Return for each token how many passages hold it, 0 among them."""

    def average_length(self) -> float:
        """Return the mean number of tokens in a passage, 0.0 for an empty store."""

    def outlines(self, ids: Collection[str]) -> dict[str, tuple[Language, Vectors, frozenset[str]]]:
        """Return for each passage its language, its unit vector of shape (dimension,) and its tokens."""

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """Return the unit vectors of passages, shape (ids, dimension), in the order of `ids`.

        Raises:
            DocumentUnknown: An id is not there.
        """

    def sentences(self, ids: Collection[str]) -> dict[str, tuple[tuple[Span, ...], Vectors, list[frozenset[str]]]]:
        """Return for each passage its sentences: spans, unit vectors of shape (sentences, dimension), and tokens."""

    def sentence_states(self, ids: Collection[str]) -> dict[str, TokenStates]:
        """Return for each passage the token states of its sentences; an id that is not there is left out."""

    def mean_state(self, language: Language, sample: int = 1000) -> Vectors | None:
        """Return the mean token state of some `sample` sentences in a language, shape (dimension,), None without."""

    def check(self) -> list[str]:
        """Look at everything that is stored; return one sentence for each thing that is wrong."""

    def close(self) -> None:
        """Close it; closing twice does nothing."""


def document_in(stores: Sequence[PassageStore], document_id: str) -> DocumentRecord:
    """Return one document, of the first store that has it.

    Raises:
        DocumentUnknown: None has one with this id.
    """
    for store in stores[:-1]:
        with suppress(DocumentUnknown):
            return store.document(document_id)
    return stores[-1].document(document_id)
