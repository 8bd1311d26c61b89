"""From a question to the passages and sentences that may hold its answer.

Two legs propose passages (dense: nearest vectors; lexical: BM25 over words and character bigrams, the question's words
translated as well), and every proposed passage is then scored by the same features (`knowledge.ranking`), so a leg that
found nothing adds nothing and takes nothing away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from knowledge.embed import Embedder
from knowledge.language import detect_language
from knowledge.late import TOWARDS_COLLECTION, centred, max_similarities
from knowledge.lexical import content_tokens, index_tokens, query_tokens
from knowledge.lexicon import Lexicon
from knowledge.ranking import SENTENCE, Array, Features, Term, centre_of, coverage, rarity, weights
from knowledge.store import Store
from knowledge.types import Hit, Language, Passage, Span

CANDIDATES = 50
"""How many passages each leg proposes."""

LATE_CANDIDATES = 20
"""How many passages, best first without late interaction, are looked at token by token."""


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
    """

    text: str
    language: Language
    vector: Array
    states: Array
    terms: tuple[Term, ...]
    words: tuple[Term, ...]

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
        self._collection_means: dict[str, Any] = {}

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
        )

    def search(self, question: str | Query, k: int = 6, *, document_ids: Collection[str] | None = None) -> SearchResult:
        """Find the passages that may hold the answer, and rank their sentences.

        Args:
            question: The question, or what `prepare` made of it.
            k: How many passages at most.
            document_ids: Only passages of these documents, or None for all.
        """
        query = self.prepare(question) if isinstance(question, str) else question
        found_by = self._candidates(query, document_ids)
        scored = self._score(query, self.store.passages(list(found_by)))[: max(0, k)]
        hits = tuple(
            Hit(one.passage, one.score, rank, found_by[one.passage.id]) for rank, one in enumerate(scored, start=1)
        )
        sentences = [sentence for one in scored for sentence in self._sentences(query, one)]
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
        tokens = [term.word for term in query.terms]
        tokens += [token for term in query.words for token in term.translations]
        found: dict[str, tuple[str, ...]] = {}
        for leg, proposals in (
            ("dense", self.store.dense(query.vector, CANDIDATES, document_ids)),
            ("lexical", self.store.lexical(tokens, CANDIDATES, document_ids)),
        ):
            for passage_id, _ in proposals:
                found[passage_id] = (*found.get(passage_id, ()), leg)
        return found

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
            features = Features(dense, float(cosines.max()) if len(cosines) else dense, 0.0, held)
            rough.append(_Scored(passage, self._weigh(query, passage, features), features, cosines, ()))
        rough.sort(key=lambda one: -one.score)
        return sorted(
            self._interact(query, rough[:LATE_CANDIDATES]),
            key=lambda one: (-one.score, one.passage.document_id, one.passage.start),
        )

    def _interact(self, query: Query, rough: Sequence[_Scored]) -> Iterator[_Scored]:
        """Add late interaction to the scores."""
        states = self.store.sentence_states([one.passage.id for one in rough])
        for one in rough:
            language = one.passage.language
            asked, own = self._token_means(query.language, language)
            question = centred(query.states, asked)
            sentences = [centred(of_sentence, own) for of_sentence in states.get(one.passage.id, [])]
            if not len(question) or not any(len(sentence) for sentence in sentences):
                yield one
                continue
            best = max_similarities(question, sentences)
            features = replace(one.features, late=float(np.max(best, axis=0).mean()))
            lates = tuple(float(row.mean()) for row in best)
            yield replace(one, score=self._weigh(query, one.passage, features), features=features, lates=lates)

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

    @staticmethod
    def _weigh(query: Query, passage: Passage, features: Features) -> float:
        return weights(query.language, passage.language).score(features)

    def _sentences(self, query: Query, one: _Scored) -> Iterator[SentenceHit]:
        """Score the sentences of a passage."""
        passage = one.passage
        texts = [passage.text[span.start - passage.start : span.end - passage.start] for span in passage.sentences]
        held = [query.coverage(set(index_tokens(text)), passage.language) for text in texts]
        for at, span in enumerate(passage.sentences):
            cosine, late = float(one.cosines[at]), one.lates[at] if one.lates else 0.0
            around = max(held[max(0, at - 1) : at + 2])
            score = SENTENCE.score(cosine, late, held[at], around, one.score)
            yield SentenceHit(passage, span, texts[at], score, cosine, late, held[at])


@dataclass(frozen=True, slots=True)
class _Scored:
    """A passage with its score, and the cosines and late interactions of its sentences."""

    passage: Passage
    score: float
    features: Features
    cosines: Array
    lates: tuple[float, ...]


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
