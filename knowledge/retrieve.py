"""From a question to the passages and sentences that may hold its answer.

Two legs propose passages (dense: nearest vectors; lexical: BM25 over words and character bigrams, the question's words
translated as well), and every proposed passage is then scored by the same features (`knowledge.ranking`), so a leg that
found nothing adds nothing and takes nothing away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import Protocol

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from knowledge.anaphora import opens_with_pronoun
from knowledge.calibration import Calibration, probability
from knowledge.embed import Embedder
from knowledge.late import TOWARDS_COLLECTION, Interaction, centred, interactions
from knowledge.lexicon import Lexicon
from knowledge.material import Material, Materials, Outline
from knowledge.passage_store import PassageStore
from knowledge.question import Query, prepare
from knowledge.ranking import SENTENCE, Array, Features, centre_of, evidence, preference, weights
from knowledge.types import DocumentRecord, Hit, Language, Passage, Span

CANDIDATES = 30
"""How many passages each leg proposes."""

COMPARED = 16
"""How many of them, best first by vector and words alone, are looked at sentence by sentence and token by token; more
if more are asked for."""


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
        tokens: Its tokens, as the store keeps them; none if it does not come from a search.
        vector: Its vector, language means taken away, shape (dimension,); None if it does not come from a search.
    """

    passage: Passage
    span: Span
    text: str
    score: float
    cosine: float
    late: float
    coverage: float
    tokens: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    vector: Array | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found: passages best first, and all their sentences best first."""

    query: Query
    hits: tuple[Hit, ...]
    features: tuple[Features, ...]
    sentences: tuple[SentenceHit, ...]

    def best(self, k: int) -> SearchResult:
        """Return the best `k` passages with their sentences."""
        return self.keeping({hit.passage.id for hit in self.hits[:k]})

    def keeping(self, passage_ids: Collection[str]) -> SearchResult:
        """Return those of the passages with their sentences."""
        kept = [at for at, hit in enumerate(self.hits) if hit.passage.id in passage_ids]
        return SearchResult(
            self.query,
            tuple(self.hits[at] for at in kept),
            tuple(self.features[at] for at in kept),
            tuple(sentence for sentence in self.sentences if sentence.passage.id in passage_ids),
        )


class Searching(Protocol):
    """What finds passages for an answer: a `Searcher`, or several of them (`knowledge.together`)."""

    @property
    def embedder(self) -> Embedder:
        """The model that what is searched was built with."""

    @property
    def lexicon(self) -> Lexicon:
        """Dictionary for crossing the language."""

    def prepare(self, text: str, *, language: Language | None = None) -> Query:
        """Embed a question and look its words up."""

    def search(
        self,
        question: str | Query,
        k: int = 6,
        *,
        document_ids: Collection[str] | None = None,
        threshold: float = 0.0,
    ) -> SearchResult:
        """Find the passages that may hold the answer, and rank their sentences; see `Searcher.search`."""

    def document(self, document_id: str) -> DocumentRecord:
        """Return one document."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Let everything that this thread reads in a ``with`` of it be of one state."""


class Searcher:
    """Searches one store.

    Args:
        store: Where to search.
        embedder: The model the store was built with.
        lexicon: Dictionary for crossing the language.
    """

    def __init__(self, store: PassageStore, embedder: Embedder, lexicon: Lexicon) -> None:
        self.store = store
        self.embedder = embedder
        self.lexicon = lexicon
        self._centre = centre_of(embedder.name)
        self._calibration: Calibration = store.calibration
        self.materials = Materials(store)

    def prepare(self, text: str, *, language: Language | None = None) -> Query:
        """Embed a question and look its words up."""
        return prepare(text, self.materials, self.embedder, self.lexicon, language)

    def document(self, document_id: str) -> DocumentRecord:
        """Return one document.

        Raises:
            DocumentUnknown: There is none with this id.
        """
        return self.store.document(document_id)

    def snapshot(self) -> AbstractContextManager[None]:
        """Let everything that this thread reads in a ``with`` of it be of one state (`Store.snapshot`)."""
        return self.store.snapshot()

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
        with self.snapshot():
            query = self.prepare(question) if isinstance(question, str) else question
            found_by = self._candidates(query, document_ids)
            scored = self._score(query, list(found_by), max(COMPARED, k))[: max(0, k)]
        scored = [one for one in scored if one.probability >= threshold]
        hits = tuple(
            Hit(one.passage, one.probability, rank, found_by[one.passage.id])
            for rank, one in enumerate(scored, start=1)
        )
        sentences = [sentence for one in scored for sentence in self._sentences(query, one)]
        return SearchResult(
            query,
            hits,
            tuple(one.features for one in scored),
            tuple(sorted(sentences, key=lambda sentence: (-sentence.score, sentence.span.start))),
        )

    def _candidates(self, query: Query, document_ids: Collection[str] | None) -> dict[str, tuple[str, ...]]:
        """Return passage ids proposed by each leg, with the names of the legs."""
        # Once for each language that is there: the vectors of a language crowd together, and left to themselves the
        # nearest ones are all in the question's.
        vectors = [
            self._centre.towards(query.vector, query.language, language) for language in self.materials.languages()
        ]
        return self.store.propose(vectors, query.searched, CANDIDATES, document_ids)

    def _score(self, query: Query, proposed: Sequence[str], closely: int) -> list[_Scored]:
        """Score passages by vector and words; return the likeliest, scored by sentences and tokens too, best first."""
        asked = self._centre.apply(query.vector[None, :], "query", query.language)[0]
        outlines = self.materials.outlines(proposed)
        across = [one.sounding for one in outlines if one.language != query.language]
        query = query.with_names(frozenset().union(*across)) if across else query
        groups = [self._outlined(query, asked, outlines, language) for language in self.materials.languages()]
        # Turn by turn: before sentences are looked at, fits in the question's language and across do not compare.
        turns = [one for turn in zip_longest(*groups) for one in turn if one]
        return sorted(
            self._compared(query, asked, turns[:closely]),
            key=lambda one: (-one.order, one.passage.document_id, one.passage.start),
        )

    def _outlined(self, query: Query, asked: Array, outlines: Sequence[Outline], language: Language) -> list[_Outlined]:
        """Return the passages of a language with their cosine and coverage, likeliest first.

        Args:
            query: The question.
            asked: Its vector without its language's mean, shape (dimension,).
            outlines: Passages of all languages.
            language: The one whose passages are wanted.
        """
        group = [one for one in outlines if one.language == language]
        if not group:
            return []
        vectors = self._centre.apply(np.stack([one.vector for one in group]), "passage", language)
        own = weights(query.language, language)
        found = []
        for one, cosine in zip(group, (vectors @ asked).tolist(), strict=True):
            held = query.coverage(one.tokens, language)
            found.append(_Outlined(one.id, cosine, held, own.score(Features(cosine, cosine, 0.0, held, 0.0))))
        return sorted(found, key=lambda one: -one.fit)

    def _compared(self, query: Query, asked: Array, likely: Sequence[_Outlined]) -> Iterator[_Scored]:
        """Yield the passages, looked at sentence by sentence and token by token."""
        outlined = {one.id: one for one in likely}
        materials = self.materials.of(list(outlined))
        for language in self.materials.languages():
            group = [one for one in materials if one.passage.language == language]
            if not group:
                continue
            every = self._centre.apply(np.concatenate([one.sentence_vectors for one in group]), "sentence", language)
            told = zip((every @ asked).tolist(), every, strict=True)
            mean_asked, mean = self._token_means(query.language, language)
            lates = interactions(centred(query.states, mean_asked), [one.states for one in group], mean)
            for one, late in zip(group, lates, strict=True):
                own = list(islice(told, len(one.sentence_vectors)))
                yield self._scored(query, one, outlined[one.passage.id], own, late)

    def _token_means(self, question: Language, passage: Language) -> tuple[Array | None, Array | None]:
        """Return the mean token states to take away from a question and from passages of a language."""
        fixed = self._centre.means.get(("sentence-token", passage))
        asked = self._centre.means.get(("query-token", question))
        if fixed is None or asked is None:
            return None, None
        mean = self.materials.mean_state(passage)
        moved = np.zeros_like(fixed) if mean is None else TOWARDS_COLLECTION * (mean - fixed)
        return asked + moved, fixed + moved

    def _scored(
        self,
        query: Query,
        material: Material,
        outlined: _Outlined,
        told: Sequence[tuple[float, Array]],
        late: Interaction,
    ) -> _Scored:
        language = material.passage.language
        cosines, vectors = [cosine for cosine, _ in told], [vector for _, vector in told]
        held = query.coverages(material.sentence_tokens, language)
        features = Features(
            dense=outlined.cosine,
            sentence=max(cosines, default=outlined.cosine),
            late=late.passage,
            coverage=outlined.coverage,
            evidence=max(map(evidence, late.sentences, held), default=0.0),
        )
        fit = weights(query.language, language).score(features)
        log_odds = self._calibration.log_odds(query.language, language, fit)
        order = log_odds + preference(log_odds, query.language, language)
        sentences = tuple(zip(cosines, late.sentences, held, material.sentence_tokens, vectors, strict=True))
        return _Scored(material.passage, fit, log_odds, order, features, sentences)

    @staticmethod
    def _sentences(query: Query, one: _Scored) -> Iterator[SentenceHit]:
        """Score the sentences of a passage."""
        passage = one.passage
        # Chinese sentences leave out what they are about rather than say "it" (docs/retrieval.md).
        in_chinese = query.language == "zh" == passage.language
        for at, (span, text) in enumerate(zip(passage.sentences, passage.sentence_texts(), strict=True)):
            cosine, late, held, tokens, vector = one.sentences[at]
            around = max(beside[2] for beside in one.sentences[max(0, at - 1) : at + 2])
            pronoun = at > 0 and not in_chinese and opens_with_pronoun(text)
            score = SENTENCE.score(cosine, late, held, around, one.fit, pronoun=pronoun)
            yield SentenceHit(passage, span, text, score, cosine, late, held, tokens, vector)


@dataclass(frozen=True, slots=True)
class _Outlined:
    """A passage's id, its cosine and coverage, and its fit as far as those tell."""

    id: str
    cosine: float
    coverage: float
    fit: float


@dataclass(frozen=True, slots=True)
class _Scored:
    """A passage with its fit, log-odds and place, and what is known of its sentences, in the order of `SentenceHit`."""

    passage: Passage
    fit: float
    log_odds: float
    order: float
    features: Features
    sentences: tuple[tuple[float, float, float, frozenset[str], Array], ...]

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
