"""A better match never ranks lower, and coverage is a share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.coverage import Coverage, Term, rarity
from knowledge.ranking import SENTENCE, Centre, Features, centre_of, weights

WORDS = ["城市", "政府", "试点", "city", "government", "pilot", "5g"]
TERMS = st.lists(
    st.builds(
        Term,
        st.sampled_from(WORDS),
        st.floats(0, 10),
        st.dictionaries(st.sampled_from(WORDS), st.floats(0.01, 1), max_size=3),
    ),
    max_size=6,
)
TOKENS = st.sets(st.sampled_from(WORDS))


def coverage(terms: list[Term], tokens: set[str], *, across: bool) -> float:
    return Coverage(terms, across=across).share(tokens)


@given(TERMS, TOKENS, st.booleans())
def test_coverage_is_a_share_and_more_words_never_cover_less(terms: list[Term], tokens: set[str], across: bool) -> None:
    held = coverage(terms, tokens, across=across)
    assert 0.0 <= held <= 1.0 + 1e-9
    assert coverage(terms, set(), across=across) == 0.0
    for word in WORDS:
        assert coverage(terms, tokens | {word}, across=across) >= held - 1e-9


@given(TERMS, TOKENS)
def test_translations_count_across_languages_only(terms: list[Term], tokens: set[str]) -> None:
    bare = [replace(term, translations={}) for term in terms]
    assert coverage(terms, tokens, across=False) == coverage(bare, tokens, across=True)
    assert coverage(terms, tokens, across=True) >= coverage(terms, tokens, across=False) - 1e-9


def test_all_words_cover_all_and_a_rare_word_counts_more() -> None:
    terms = [Term("城市", 0.2, {}), Term("试点", 3.0, {"pilot": 0.5})]
    assert coverage(terms, {"城市", "试点"}, across=False) == pytest.approx(1.0)
    assert coverage(terms, {"试点"}, across=False) > coverage(terms, {"城市"}, across=False)
    assert coverage(terms, {"pilot"}, across=True) == pytest.approx(0.5 * 3.0 / 3.2)


def test_no_words_cover_nothing() -> None:
    assert coverage([], {"城市"}, across=False) == 0.0
    assert coverage([Term("城市", 0.0, {})], {"城市"}, across=False) == 0.0


@given(st.integers(0, 500), st.integers(1, 300))
def test_a_word_in_more_passages_is_less_rare(held: int, passages: int) -> None:
    assert rarity(held, passages) > 0
    assert rarity(held + 1, passages) <= rarity(held, passages)


@pytest.mark.parametrize(("question", "passage"), [("zh", "zh"), ("en", "en"), ("zh", "en"), ("en", "zh")])
@pytest.mark.parametrize("feature", ["dense", "sentence", "late", "coverage"])
def test_every_feature_speaks_for_a_passage(question: str, passage: str, feature: str) -> None:
    features = Features(0.3, 0.3, 0.3, 0.3, 0.3)
    ours = weights(question, passage)
    assert ours.score(replace(features, **{feature: 0.6})) > ours.score(features)
    assert ours == weights(passage, question)


def test_a_better_match_never_makes_a_sentence_worse() -> None:
    same = dict.fromkeys(("cosine", "late", "coverage", "neighbours", "passage"), 0.3)
    for feature in same:
        assert SENTENCE.score(**(same | {feature: 0.6})) >= SENTENCE.score(**same)
    assert SENTENCE.score(**(same | {"late": 0.6})) > SENTENCE.score(**same)


def test_a_model_that_was_not_measured_has_no_means_and_its_vectors_stay() -> None:
    vectors = np.eye(4, dtype=np.float32)
    for name in ("no-such-model", "someone/model", "/a/folder", "../means/multilingual-e5-small", ""):
        assert centre_of(name).means == {}
        assert centre_of(name).apply(vectors, "query", "zh") is vectors


def test_taking_a_mean_away_leaves_unit_vectors() -> None:
    vectors = np.eye(4, dtype=np.float32)
    centre = Centre({("query", "zh"): np.full(4, 0.2, np.float32)})
    np.testing.assert_allclose(np.linalg.norm(centre.apply(vectors, "query", "zh"), axis=1), 1, atol=1e-6)
    assert centre.apply(vectors[:0], "query", "zh").shape == (0, 4)
    assert centre.apply(vectors, "passage", "zh") is vectors


def test_the_shipped_model_has_the_means_that_ranking_asks_for() -> None:
    means = centre_of("multilingual-e5-small").means
    kinds = {"query", "passage", "sentence", "query-token", "sentence-token"}
    assert {(kind, language) for kind in kinds for language in ("zh", "en")} <= set(means)
    assert {mean.shape for mean in means.values()} == {(384,)}
