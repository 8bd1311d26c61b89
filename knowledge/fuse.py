"""Two searches for one question, its own words and others (a translation, a follow-up as asked), made into one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import TypeVar

from knowledge.calibration import log_odds, probability
from knowledge.ranking import preference
from knowledge.retrieve import SearchResult

Key = TypeVar("Key", bound=Hashable)

TRANSLATED, TRANSLATED_SENTENCE = 0.2, 1.4
"""Weight of a search with the question's translation beside that with the question itself, for passages and for their
sentences.

A small model's translation finds passages a little less surely than the question (XQuAD, en→zh first .90 against .92),
but errs elsewhere: a fifth of its log-odds gives .934 and .943, all of them .922 and .943. Which sentence of a passage
holds the answer it tells better than the question (docs/retrieval.md).
"""

ASKED = (0.2, 1.0)
"""Weight of a follow-up's own words beside the question that was made of it, and that of one that only begins with
"and" and may have nothing to do with the question before."""

BEFORE = 0.7
"""Weight of the question before, beside a follow-up in the other language."""

BEHIND = 1.0
"""What only one search found counts in the other as this much worse than the worst that it found."""


def fuse(
    own: SearchResult, translated: SearchResult, weight: float, sentence_weight: float | None = None
) -> SearchResult:
    """Fuse two searches by the weighted mean of their log-odds; the first weighs 1.

    Args:
        own: Search with the question as it was asked; its query and its features are kept.
        translated: Search with a translation of it, or with other words for it.
        weight: Weight of the second for passages.
        sentence_weight: Its weight for sentences, None for the same.

    Returns:
        Every passage and sentence that either found, best first; a plausible passage in the question's language goes
        before one in the other, as in a single search.
    """
    hits = {hit.passage.id: hit for hit in (*translated.hits, *own.hits)}
    features = {
        hit.passage.id: feature
        for result in (translated, own)
        for hit, feature in zip(result.hits, result.features, strict=True)
    }
    scores = _mixed(
        {hit.passage.id: log_odds(hit.score) for hit in own.hits},
        {hit.passage.id: log_odds(hit.score) for hit in translated.hits},
        weight,
    )
    asked_in = own.query.language

    def place(passage_id: str) -> tuple[float, str]:
        score = scores[passage_id]
        return -score - preference(score, asked_in, hits[passage_id].passage.language), passage_id

    ranked = sorted(scores, key=place)
    found_by = {
        passage_id: tuple(
            dict.fromkeys(
                leg for hit in (*own.hits, *translated.hits) if hit.passage.id == passage_id for leg in hit.found_by
            )
        )
        for passage_id in ranked
    }
    sentences = {(one.passage.id, one.span.start): one for one in (*translated.sentences, *own.sentences)}
    sentence_scores = _mixed(
        {(one.passage.id, one.span.start): one.score for one in own.sentences},
        {(one.passage.id, one.span.start): one.score for one in translated.sentences},
        weight if sentence_weight is None else sentence_weight,
    )
    return SearchResult(
        own.query,
        tuple(
            replace(hits[passage_id], score=probability(scores[passage_id]), rank=rank, found_by=found_by[passage_id])
            for rank, passage_id in enumerate(ranked, start=1)
        ),
        tuple(features[passage_id] for passage_id in ranked),
        tuple(
            replace(sentences[key], score=sentence_scores[key])
            for key in sorted(sentence_scores, key=lambda key: (-sentence_scores[key], key[1]))
        ),
    )


def _mixed(own: Mapping[Key, float], translated: Mapping[Key, float], weight: float) -> dict[Key, float]:
    """Return the weighted mean of two searches' scores."""
    floor_own = min(own.values(), default=0.0) - BEHIND
    floor_translated = min(translated.values(), default=0.0) - BEHIND
    return {
        key: (own.get(key, floor_own) + weight * translated.get(key, floor_translated)) / (1 + weight)
        for key in {**own, **translated}
    }
