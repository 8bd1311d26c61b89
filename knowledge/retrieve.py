"""From a question to the passages and sentences that may hold its answer.

Two legs propose passages (dense: nearest vectors; lexical: BM25 over words and character bigrams, the question's words
translated as well), and every proposed passage is then scored by the same features (`knowledge.ranking`), so a leg that
found nothing adds nothing and takes nothing away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from knowledge.calibration import Calibration, probability
from knowledge.embed import Embedder
from knowledge.language import detect_language
from knowledge.late import TOWARDS_COLLECTION, centred, max_similarities
from knowledge.lexical import content_tokens, query_tokens
from knowledge.lexicon import Lexicon
from knowledge.ranking import SENTENCE, Array, Features, Term, centre_of, coverage, preference, rarity, weights
from knowledge.store import Store
from knowledge.types import Hit, Language, Passage, Span

CANDIDATES = 50
"""How many passages each leg proposes."""

LATE_CANDIDATES = 20
"""How many passages, best first without late interaction, are looked at token by token."""


POSTINGS = 50_000
"""How many entries of the full-text index a question may read. In a large collection its commonest words, which tell
least and cost most, are left to the features."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready for searching.

    Attributes:
        text: Its words.
        language: Its language.
        vector: Its embedding, shape (dimension,).
        states: The states of its tokens, shape (tokens, dimension).
        terms: Its content words with their rarity and translations; words and, in Chinese, character bigrams.
        words: The same without bigrams, for texts of the other language.
        searched: The tokens that the full-text index is asked for, rarest first: of those above and their translations
            as many as `POSTINGS` allows.
    """

    text: str
    language: Language
    vector: Array
    states: Array
    terms: tuple[Term, ...]
    words: tuple[Term, ...]
    searched: tuple[str, ...]

    def coverage(self, tokens: Collection[str], language: Language) -> float:
        """Return the share of this question that a text's tokens hold, 0 to 1."""
        across = language != self.language
        return coverage(self.words if across else self.terms, tokens, across=across)


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
        self._collection_means: dict[str, Any] = {}
        self._held: tuple[int, tuple[Language, ...]] = (-1, ())

    def prepare(self, text: str, *, language: Language | None = None) -> Query:
        """Embed a question and look its words up."""
        language = language or detect_language(text)
        vector, states = self.embedder.encode_query_tokens(text)
        words = list(dict.fromkeys(content_tokens(text)))
        tokens = list(dict.fromkeys(query_tokens(text)))
        translations = self.lexicon.translations(words, language)
        asked = {*words, *tokens, *(token for found in translations.values() for token in found)}
        frequency = self.store.document_frequency(asked)
        passages = self.store.passage_count
        return Query(
            text=text,
            language=language,
            vector=vector,
            states=states,
            terms=tuple(Term(token, rarity(frequency[token], passages), {}) for token in tokens),
            words=tuple(self._word(word, translations[word], frequency, passages) for word in words),
            searched=_affordable(frequency),
        )

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
        scored = self._score(query, self.store.passages(list(found_by)))[: max(0, k)]
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

    def _word(self, word: str, translations: Mapping[str, float], frequency: Mapping[str, int], passages: int) -> Term:
        """Keep only the translations that occur in the collection; the word is as frequent as all of them together."""
        present = {token: weight for token, weight in translations.items() if frequency[token]}
        held = frequency[word] + sum(frequency[token] for token in present)
        return Term(word, rarity(held, passages), present)

    def _candidates(self, query: Query, document_ids: Collection[str] | None) -> dict[str, tuple[str, ...]]:
        """Return passage ids proposed by each leg, with the names of the legs."""
        proposals: dict[str, list[str]] = {"dense": [], "lexical": []}
        # Once for each language that is there: the vectors of a language crowd together, and left to themselves the
        # nearest ones are all in the question's.
        for language in self._languages():
            vector = self._centre.towards(query.vector, query.language, language)
            proposals["dense"] += [found for found, _ in self.store.dense(vector, CANDIDATES, document_ids)]
        proposals["lexical"] = [found for found, _ in self.store.lexical(query.searched, CANDIDATES, document_ids)]
        found: dict[str, tuple[str, ...]] = {}
        for leg, ids in proposals.items():
            for passage_id in dict.fromkeys(ids):
                found[passage_id] = (*found.get(passage_id, ()), leg)
        return found

    def _languages(self) -> tuple[Language, ...]:
        generation = self.store.generation
        if self._held[0] != generation:
            self._held = (generation, self.store.languages())
        return self._held[1]

    def _score(self, query: Query, passages: Sequence[Passage]) -> list[_Scored]:
        """Score passages, best first: all of them without late interaction, then the best of those with it."""
        ids = [passage.id for passage in passages]
        vectors = dict(zip(ids, self.store.vectors(ids), strict=True))
        sentence_vectors = self.store.sentence_vectors(ids)
        tokens = self.store.passage_tokens(ids)
        asked = self._centre.apply(query.vector[None, :], "query", query.language)[0]
        rough = []
        for passage in passages:
            dense = float(self._centre.apply(vectors[passage.id][None, :], "passage", passage.language)[0] @ asked)
            cosines = self._centre.apply(sentence_vectors[passage.id][1], "sentence", passage.language) @ asked
            held = query.coverage(set(tokens[passage.id]), passage.language)
            features = Features(dense, float(cosines.max()) if len(cosines) else dense, 0.0, held, 0.0)
            rough.append(self._scored(query, passage, features, cosines))
        rough.sort(key=lambda one: -one.order)
        return sorted(
            self._interact(query, rough[:LATE_CANDIDATES]),
            key=lambda one: (-one.order, one.passage.document_id, one.passage.start),
        )

    def _interact(self, query: Query, rough: Sequence[_Scored]) -> Iterator[_Scored]:
        """Look at passages sentence by sentence, and add late interaction and evidence to their scores."""
        ids = [one.passage.id for one in rough]
        states, tokens = self.store.sentence_states(ids), self.store.sentence_tokens(ids)
        for one in rough:
            language = one.passage.language
            asked, own = self._token_means(query.language, language)
            held = tuple(query.coverage(of_sentence, language) for of_sentence in tokens.get(one.passage.id, ()))
            question = centred(query.states, asked)
            sentences = [centred(of_sentence, own) for of_sentence in states.get(one.passage.id, [])]
            late, lates = 0.0, (0.0,) * len(held)
            if len(question) and any(len(sentence) for sentence in sentences):
                best = max_similarities(question, sentences)
                late, lates = float(np.max(best, axis=0).mean()), tuple(float(row.mean()) for row in best)
            evidence = max(map(SENTENCE.own, lates, held), default=0.0)
            features = replace(one.features, late=late, evidence=evidence)
            yield self._scored(query, one.passage, features, one.cosines, tuple(zip(lates, held, strict=True)))

    def _token_means(self, question: Language, passage: Language) -> tuple[Array | None, Array | None]:
        """Return the mean token states to take away from a question and from passages of a language."""
        fixed = self._centre.means.get(("sentence-token", passage))
        asked = self._centre.means.get(("query-token", question))
        if fixed is None or asked is None:
            return None, None
        generation = self.store.generation
        if self._collection_means.get("generation") != generation:
            self._collection_means = {"generation": generation}
        if passage not in self._collection_means:
            self._collection_means[passage] = self.store.mean_state(passage)
        mean = self._collection_means[passage]
        moved = np.zeros_like(fixed) if mean is None else TOWARDS_COLLECTION * (mean - fixed)
        return asked + moved, fixed + moved

    def _scored(
        self,
        query: Query,
        passage: Passage,
        features: Features,
        cosines: Array,
        sentences: tuple[tuple[float, float], ...] = (),
    ) -> _Scored:
        fit = weights(query.language, passage.language).score(features)
        log_odds = self._calibration.log_odds(query.language, passage.language, fit)
        order = log_odds + preference(log_odds, query.language, passage.language)
        return _Scored(passage, fit, log_odds, order, features, cosines, sentences)

    @staticmethod
    def _sentences(one: _Scored) -> Iterator[SentenceHit]:
        """Score the sentences of a passage."""
        passage = one.passage
        for at, span in enumerate(passage.sentences):
            late, held = one.sentences[at]
            around = max(coverage for _, coverage in one.sentences[max(0, at - 1) : at + 2])
            score = SENTENCE.score(float(one.cosines[at]), late, held, around, one.fit)
            text = passage.text[span.start - passage.start : span.end - passage.start]
            yield SentenceHit(passage, span, text, score, float(one.cosines[at]), late, held)


def _affordable(frequency: Mapping[str, int]) -> tuple[str, ...]:
    """Return the tokens that occur, rarest first, as long as they have no more than `POSTINGS` entries together."""
    present = sorted((held, token) for token, held in frequency.items() if held)
    totals = accumulate(held for held, _ in present)
    return tuple(token for (_, token), total in zip(present, totals, strict=True) if total <= POSTINGS)


@dataclass(frozen=True, slots=True)
class _Scored:
    """A passage with its fit, log-odds and place, and the cosines, late interactions and coverages of its sentences."""

    passage: Passage
    fit: float
    log_odds: float
    order: float
    features: Features
    cosines: Array
    sentences: tuple[tuple[float, float], ...]

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
