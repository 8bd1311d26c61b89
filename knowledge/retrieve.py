"""From a question to the passages and sentences that may hold its answer.

Two legs propose passages (dense: nearest vectors; lexical: BM25 over words and character bigrams, the question's words
translated as well), and every proposed passage is then scored by the same features (`knowledge.ranking`), so a leg that
found nothing adds nothing and takes nothing away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from knowledge.calibration import Calibration, probability
from knowledge.embed import Embedder
from knowledge.late import TOWARDS_COLLECTION, centred, max_similarities, unpack
from knowledge.lexicon import Lexicon
from knowledge.material import Material, Materials
from knowledge.question import Query, prepare
from knowledge.ranking import SENTENCE, Array, Features, centre_of, preference, weights
from knowledge.store import Store
from knowledge.types import Hit, Language, Passage, Span

CANDIDATES = 30
"""How many passages each leg proposes."""

LATE_CANDIDATES = 20
"""How many passages, best first without late interaction, are looked at token by token."""


@dataclass(frozen=True, slots=True)
class SentenceHit:
    """A sentence of a retrieved passage.

    Attributes:
        passage: The passage it stands in.
        span: Where it stands in the document.
        text: Its words, exactly as in the document.
        score: Log-odds against the other sentences; comparable within one search.
        cosine: Cosine to the question, language means taken away.
        late: Late interaction with the question, a mean of cosines.
        coverage: Share of the question it holds, 0 to 1.
    """

    passage: Passage
    span: Span
    text: str
    score: float
    cosine: float
    late: float
    coverage: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found: passages best first, and all their sentences best first."""

    query: Query
    hits: tuple[Hit, ...]
    features: tuple[Features, ...]
    sentences: tuple[SentenceHit, ...]

    def best(self, k: int) -> SearchResult:
        """Return the best `k` passages with their sentences."""
        kept = {hit.passage.id for hit in self.hits[:k]}
        sentences = tuple(sentence for sentence in self.sentences if sentence.passage.id in kept)
        return SearchResult(self.query, self.hits[:k], self.features[:k], sentences)


class Searcher:
    """Searches one store.

    Args:
        store: Where to search.
        embedder: The model the store was built with.
        lexicon: Dictionary for crossing the language.
    """

    def __init__(self, store: Store, embedder: Embedder, lexicon: Lexicon) -> None:
        self.store = store
        self.embedder = embedder
        self.lexicon = lexicon
        self._centre = centre_of(embedder.name)
        self._calibration: Calibration = store.calibration
        self._materials = Materials(store)

    def prepare(self, text: str, *, language: Language | None = None) -> Query:
        """Embed a question and look its words up."""
        return prepare(text, self._materials, self.embedder, self.lexicon, language)

    def search(
        self,
        question: str | Query,
        k: int = 6,
        *,
        document_ids: Collection[str] | None = None,
        threshold: float = 0.0,
    ) -> SearchResult:
        """Find the passages that may hold the answer, and rank their sentences.

        Args:
            question: The question, or what `prepare` made of it.
            k: How many passages at most.
            document_ids: Only passages of these documents, or None for all.
            threshold: Only passages that hold the answer with at least this probability (`Hit.score`), 0 to 1. Raising
                it never adds a hit.
        """
        query = self.prepare(question) if isinstance(question, str) else question
        found_by = self._candidates(query, document_ids)
        scored = self._score(query, self._materials.of(list(found_by)))[: max(0, k)]
        scored = [one for one in scored if one.probability >= threshold]
        hits = tuple(
            Hit(one.passage, one.probability, rank, found_by[one.passage.id])
            for rank, one in enumerate(scored, start=1)
        )
        sentences = [sentence for one in scored for sentence in self._sentences(one)]
        return SearchResult(
            query,
            hits,
            tuple(one.features for one in scored),
            tuple(sorted(sentences, key=lambda sentence: (-sentence.score, sentence.span.start))),
        )

    def _candidates(self, query: Query, document_ids: Collection[str] | None) -> dict[str, tuple[str, ...]]:
        """Return passage ids proposed by each leg, with the names of the legs."""
        proposals: dict[str, list[str]] = {"dense": [], "lexical": []}
        # Once for each language that is there: the vectors of a language crowd together, and left to themselves the
        # nearest ones are all in the question's.
        for language in self._materials.languages():
            vector = self._centre.towards(query.vector, query.language, language)
            proposals["dense"] += [found for found, _ in self.store.dense(vector, CANDIDATES, document_ids)]
        proposals["lexical"] = [found for found, _ in self.store.lexical(query.searched, CANDIDATES, document_ids)]
        found: dict[str, tuple[str, ...]] = {}
        for leg, ids in proposals.items():
            for passage_id in dict.fromkeys(ids):
                found[passage_id] = (*found.get(passage_id, ()), leg)
        return found

    def _score(self, query: Query, materials: Sequence[Material]) -> list[_Scored]:
        """Score passages, best first: all of them without late interaction, then the best of those with it."""
        rough = [
            self._scored(query, material, Features(dense, max(cosines, default=dense), 0.0, held, 0.0), cosines)
            for material, dense, cosines, held in self._compared(query, materials)
        ]
        rough.sort(key=lambda one: -one.order)
        return sorted(
            self._interact(query, rough[:LATE_CANDIDATES]),
            key=lambda one: (-one.order, one.passage.document_id, one.passage.start),
        )

    def _compared(
        self, query: Query, materials: Sequence[Material]
    ) -> Iterator[tuple[Material, float, list[float], float]]:
        """Yield each passage with its cosine, the cosines of its sentences, and its coverage."""
        asked = self._centre.apply(query.vector[None, :], "query", query.language)[0]
        for language in self._materials.languages():
            group = [one for one in materials if one.passage.language == language]
            if not group:
                continue
            dense = self._centre.apply(np.stack([one.vector for one in group]), "passage", language) @ asked
            every = np.concatenate([one.sentence_vectors for one in group])
            cosines = iter((self._centre.apply(every, "sentence", language) @ asked).tolist())
            for one, cosine in zip(group, dense.tolist(), strict=True):
                own = [next(cosines) for _ in one.sentence_vectors]
                yield one, cosine, own, query.coverage(one.tokens, language)

    def _interact(self, query: Query, rough: Sequence[_Scored]) -> Iterator[_Scored]:
        """Look at passages sentence by sentence, and add late interaction and evidence to their scores."""
        states, nothing = self._materials.states([one.passage.id for one in rough]), unpack((), len(query.vector))
        for language in self._materials.languages():
            group = [one for one in rough if one.passage.language == language]
            asked, own = self._token_means(query.language, language)
            looked_at = [states.get(one.passage.id, nothing) for one in group]
            found = max_similarities(centred(query.states, asked), looked_at, own)
            for one, best in zip(group, found, strict=True):
                held = [query.coverage(tokens, language) for tokens in one.material.sentence_tokens]
                compared = best.size and best.max() > -1  # a model may tell no token states
                lates = best.mean(axis=1).tolist() if compared else [0.0] * len(held)
                late = float(best.max(axis=0).mean()) if compared else 0.0
                evidence = max(map(SENTENCE.own, lates, held), default=0.0)
                features = replace(one.features, late=late, evidence=evidence)
                yield self._scored(query, one.material, features, one.cosines, tuple(zip(lates, held, strict=True)))

    def _token_means(self, question: Language, passage: Language) -> tuple[Array | None, Array | None]:
        """Return the mean token states to take away from a question and from passages of a language."""
        fixed = self._centre.means.get(("sentence-token", passage))
        asked = self._centre.means.get(("query-token", question))
        if fixed is None or asked is None:
            return None, None
        mean = self._materials.mean_state(passage)
        moved = np.zeros_like(fixed) if mean is None else TOWARDS_COLLECTION * (mean - fixed)
        return asked + moved, fixed + moved

    def _scored(
        self,
        query: Query,
        material: Material,
        features: Features,
        cosines: Sequence[float],
        sentences: tuple[tuple[float, float], ...] = (),
    ) -> _Scored:
        language = material.passage.language
        fit = weights(query.language, language).score(features)
        log_odds = self._calibration.log_odds(query.language, language, fit)
        order = log_odds + preference(log_odds, query.language, language)
        return _Scored(material, fit, log_odds, order, features, cosines, sentences)

    @staticmethod
    def _sentences(one: _Scored) -> Iterator[SentenceHit]:
        """Score the sentences of a passage."""
        passage = one.passage
        for at, (span, text) in enumerate(zip(passage.sentences, passage.sentence_texts(), strict=True)):
            late, held = one.sentences[at]
            around = max(coverage for _, coverage in one.sentences[max(0, at - 1) : at + 2])
            score = SENTENCE.score(one.cosines[at], late, held, around, one.fit)
            yield SentenceHit(passage, span, text, score, one.cosines[at], late, held)


@dataclass(frozen=True, slots=True)
class _Scored:
    """A passage with its fit, log-odds and place, and the cosines, late interactions and coverages of its sentences."""

    material: Material
    fit: float
    log_odds: float
    order: float
    features: Features
    cosines: Sequence[float]
    sentences: tuple[tuple[float, float], ...]

    @property
    def passage(self) -> Passage:
        """The passage."""
        return self.material.passage

    @property
    def probability(self) -> float:
        """How probably the passage holds the answer, 0 to 1."""
        return probability(self.log_odds)


class PassageRetriever(BaseRetriever):
    """`Searcher` as a langchain retriever: one Document for each passage, its place and score in the metadata."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    searcher: Searcher
    k: int = 6

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [
            Document(
                id=hit.passage.id,
                page_content=hit.passage.text,
                metadata={
                    "document_id": hit.passage.document_id,
                    "start": hit.passage.start,
                    "end": hit.passage.end,
                    "heading": hit.passage.heading,
                    "score": hit.score,
                    "found_by": list(hit.found_by),
                },
            )
            for hit in self.searcher.search(query, self.k).hits
        ]
