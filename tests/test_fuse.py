"""Two searches made into one keep to the order of a single search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from knowledge.fuse import fuse
from knowledge.question import Query
from knowledge.ranking import Features
from knowledge.retrieve import SearchResult, SentenceHit
from knowledge.types import Hit, Language, Passage, Span

FEATURES = Features(0.0, 0.0, 0.0, 0.0, 0.0)


def passage(name: str, language: Language) -> Passage:
    return Passage(name, "d", 0, 1, "x", language=language)


def found(language: Language, scores: dict[str, float]) -> SearchResult:
    nothing = np.zeros((1, 4), np.float32)
    query = Query("?", language, nothing[0], nothing, (), (), ())
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])
    hits = tuple(
        Hit(passage(name, "zh" if name.startswith("zh") else "en"), score, rank, ("dense",))
        for rank, (name, score) in enumerate(ranked, start=1)
    )
    return SearchResult(query, hits, (FEATURES,) * len(hits), ())


def names(result: SearchResult) -> list[str]:
    return [hit.passage.id for hit in result.hits]


def test_a_plausible_passage_in_the_questions_language_goes_first() -> None:
    fused = fuse(found("en", {"zh1": 0.9, "en1": 0.6, "en2": 0.001}), found("zh", {"zh1": 0.95, "en1": 0.5}), 1.4)
    assert names(fused) == ["en1", "zh1", "en2"]
    assert [hit.rank for hit in fused.hits] == [1, 2, 3]


def test_in_one_language_the_likelier_passage_goes_first() -> None:
    fused = fuse(found("en", {"zh1": 0.9, "zh2": 0.6}), found("zh", {"zh2": 0.99, "zh1": 0.2}), 1.4)
    assert names(fused) == ["zh2", "zh1"]
    scores = [hit.score for hit in fused.hits]
    assert scores == sorted(scores, reverse=True)


def test_what_one_search_alone_found_is_there() -> None:
    fused = fuse(found("en", {"zh1": 0.9}), found("zh", {"zh2": 0.8, "zh3": 0.1}), 1.4)
    assert set(names(fused)) == {"zh1", "zh2", "zh3"}


def test_passages_and_sentences_have_weights_of_their_own() -> None:
    def with_sentences(result: SearchResult, scores: dict[int, float]) -> SearchResult:
        hits = [
            SentenceHit(passage("zh1", "zh"), Span(at, at + 1), "x", score, 0.0, 0.0, 0.0)
            for at, score in scores.items()
        ]
        return replace(result, sentences=tuple(sorted(hits, key=lambda hit: -hit.score)))

    own = with_sentences(found("en", {"zh1": 0.9, "zh2": 0.6}), {0: 2.0, 1: 1.0})
    other = with_sentences(found("zh", {"zh2": 0.9, "zh1": 0.6}), {1: 4.0, 0: 1.0})
    light = fuse(own, other, 0.2, 1.4)
    assert names(light) == ["zh1", "zh2"]
    assert [one.span.start for one in light.sentences] == [1, 0]
    assert [one.span.start for one in fuse(own, other, 0.2).sentences] == [0, 1]
