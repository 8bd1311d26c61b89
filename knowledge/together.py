"""Several collections searched as one.

How rare a word of the question is, is counted over all of them, so that a passage fits as it would in one collection
that held everything; what each collection finds is then put in one order by calibrated probability.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from knowledge.calibration import log_odds
from knowledge.embed import Embedder
from knowledge.lexicon import Lexicon
from knowledge.passage_store import document_in
from knowledge.question import Query, prepare
from knowledge.ranking import preference
from knowledge.retrieve import Searcher, SearchResult
from knowledge.types import DocumentRecord, Hit, Language


class Together:
    """Searches several stores that were built with the same model; see `knowledge.retrieve.Searching`.

    Args:
        searchers: One for each store, at least one; of a document that several hold the first one's is shown.
    """

    def __init__(self, searchers: Sequence[Searcher]) -> None:
        self.searchers = tuple(searchers)

    @property
    def embedder(self) -> Embedder:
        """The model that the stores were built with."""
        return self.searchers[0].embedder

    @property
    def lexicon(self) -> Lexicon:
        """Dictionary for crossing the language."""
        return self.searchers[0].lexicon

    def prepare(self, text: str, *, language: Language | None = None) -> Query:
        """Embed a question and look its words up in all collections."""
        return prepare(text, _Counts(self.searchers), self.embedder, self.lexicon, language)

    def search(
        self,
        question: str | Query,
        k: int = 6,
        *,
        document_ids: Collection[str] | None = None,
        threshold: float = 0.0,
    ) -> SearchResult:
        """Find the passages that may hold the answer in any of the collections, as `Searcher.search` does in one."""
        with self.snapshot():
            query = self.prepare(question) if isinstance(question, str) else question
            found = [one.search(query, k, document_ids=document_ids, threshold=threshold) for one in self.searchers]
        return _joined(query, found, k)

    def document(self, document_id: str) -> DocumentRecord:
        """Return one document.

        Raises:
            DocumentUnknown: No collection has one with this id.
        """
        return document_in([one.store for one in self.searchers], document_id)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let everything that this thread reads in a ``with`` of it be of one state of each collection."""
        with ExitStack() as stack:
            for one in self.searchers:
                stack.enter_context(one.snapshot())
            yield


class _Counts:
    """How many passages all collections have, and how many of them hold a word."""

    def __init__(self, searchers: Sequence[Searcher]) -> None:
        self._materials = [one.materials for one in searchers]

    @property
    def passage_count(self) -> int:
        return sum(one.passage_count for one in self._materials)

    def document_frequency(self, tokens: Collection[str]) -> dict[str, int]:
        counted = [one.document_frequency(tokens) for one in self._materials]
        return {token: sum(one[token] for one in counted) for token in tokens}


def _joined(query: Query, found: Sequence[SearchResult], k: int) -> SearchResult:
    """Put what the collections found in one order, the best `k` passages and all their sentences."""

    def place(hit: Hit) -> tuple[float, str, int]:
        sure = log_odds(hit.score)
        put_forward = preference(sure, query.language, hit.passage.language)
        return -sure - put_forward, hit.passage.document_id, hit.passage.start

    hits = {hit.passage.id: hit for result in reversed(found) for hit in result.hits}
    features = {
        hit.passage.id: one for result in reversed(found) for hit, one in zip(result.hits, result.features, strict=True)
    }
    best = sorted(hits.values(), key=place)[: max(0, k)]
    kept = {hit.passage.id for hit in best}
    sentences = {
        (one.passage.id, one.span.start): one
        for result in reversed(found)
        for one in result.sentences
        if one.passage.id in kept
    }
    return SearchResult(
        query,
        tuple(Hit(hit.passage, hit.score, rank, hit.found_by) for rank, hit in enumerate(best, start=1)),
        tuple(features[hit.passage.id] for hit in best),
        tuple(sorted(sentences.values(), key=lambda one: (-one.score, one.span.start))),
    )
