"""Token states survive storing, and comparing them is what the formula says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from knowledge.late import TokenStates, centred, interactions, max_similarities, pack, states_of, unpack

DIMENSION = 8
NUMBERS = st.floats(-1000, 1000, width=32)
STATES = st.integers(0, 6).flatmap(lambda tokens: arrays(np.float32, (tokens, DIMENSION), elements=NUMBERS))


@given(STATES)
def test_what_is_read_back_is_what_was_stored_but_for_rounding(states: np.ndarray) -> None:
    stored = unpack([pack(states)], DIMENSION)
    back = states_of(stored)
    assert back.shape == states.shape
    np.testing.assert_allclose(stored.squares, np.square(back).sum(axis=1), rtol=1e-3)
    assert stored.lengths == (len(states),)
    assert back.dtype == np.float32
    step = np.abs(states).max(axis=1, keepdims=True, initial=0.0) / 127
    assert (np.abs(back - states) <= 0.501 * step + 1e-9).all()


def test_a_token_takes_its_dimension_and_four_bytes() -> None:
    assert len(pack(np.ones((3, 384), np.float32))) == 3 * 388


@pytest.mark.parametrize("blob", [None, b""])
def test_nothing_stored_is_no_tokens(blob: bytes | None) -> None:
    stored = unpack([blob, blob], 384)
    assert states_of(stored).shape == (0, 384)
    assert stored.lengths == (0, 0)
    assert pack(np.zeros((0, 384), np.float32)) == b""


@pytest.mark.parametrize("lost", [1, 3, DIMENSION])
def test_states_that_are_cut_off_are_refused(lost: int) -> None:
    blob = pack(np.ones((2, DIMENSION), np.float32))
    with pytest.raises(ValueError, match="cut off"):
        unpack([blob[:-lost]], DIMENSION)


@given(STATES)
def test_centred_rows_have_unit_length_or_are_zero(states: np.ndarray) -> None:
    lengths = np.linalg.norm(centred(states, None), axis=1)
    assert ((np.abs(lengths - 1) < 1e-4) | (np.linalg.norm(states, axis=1) < 1e-8)).all()


def test_a_mean_is_taken_away_before_the_rows_are_scaled() -> None:
    states = np.random.default_rng(1).normal(size=(5, DIMENSION)).astype(np.float32)
    mean = np.arange(DIMENSION, dtype=np.float32)
    np.testing.assert_allclose(centred(states + mean, mean), centred(states, None), atol=1e-5)
    assert not np.allclose(centred(states + mean, None), centred(states, None), atol=0.1)


def _by_passage(question: np.ndarray, passages: list[TokenStates], mean: np.ndarray | None) -> list[np.ndarray]:
    ends = np.cumsum([len(one.lengths) for one in passages])
    return np.split(max_similarities(question, passages, mean), ends[:-1]) if passages else []


@given(STATES.filter(len), st.lists(st.lists(STATES, max_size=3), max_size=3), st.booleans())
def test_the_best_cosines_are_those_of_the_plain_loop(
    question: np.ndarray, passages: list[list[np.ndarray]], moved: bool
) -> None:
    mean = np.full(DIMENSION, 0.7, np.float32) if moved else None
    asked = centred(question, mean)
    stored = [unpack([pack(sentence) for sentence in passage], DIMENSION) for passage in passages]
    found = _by_passage(asked, stored, mean)
    assert [best.shape for best in found] == [(len(passage), len(question)) for passage in passages]
    for best, passage in zip(found, passages, strict=True):
        for row, sentence in zip(best, passage, strict=True):
            kept = centred(states_of(unpack([pack(sentence)], DIMENSION)), mean)
            if not len(kept) or np.abs(kept).max() < 1e-3 or np.abs(sentence).max(axis=1).min() < 0.1:
                continue  # a state that is all but zero has no direction to compare
            expected = [max(float(token @ other) for other in kept) for token in asked]
            np.testing.assert_allclose(row, expected, atol=2e-2)


@given(STATES.filter(len), st.lists(st.lists(STATES, max_size=3), max_size=3))
def test_interactions_are_means_of_the_best_cosines(question: np.ndarray, passages: list[list[np.ndarray]]) -> None:
    asked = centred(question, None)
    stored = [unpack([pack(sentence) for sentence in passage], DIMENSION) for passage in passages]
    found = interactions(asked, stored, None)
    assert [len(one.sentences) for one in found] == [len(passage) for passage in passages]
    for one, best in zip(found, _by_passage(asked, stored, None), strict=True):
        told = best.size and best.max() > -1
        np.testing.assert_allclose(one.sentences, best.mean(axis=1) if told else np.zeros(len(best)), atol=1e-5)
        assert one.passage == pytest.approx(float(best.max(axis=0).mean()) if told else 0.0, abs=1e-5)


def test_a_question_without_tokens_has_no_cosines() -> None:
    nothing = np.zeros((0, DIMENSION), np.float32)
    one = unpack([pack(np.eye(DIMENSION, dtype=np.float32))], DIMENSION)
    assert max_similarities(nothing, [one], None).shape == (1, 0)
    assert max_similarities(np.eye(DIMENSION, dtype=np.float32), [], None).shape == (0, DIMENSION)


def test_a_sentence_without_tokens_is_never_the_best() -> None:
    asked = np.eye(DIMENSION, dtype=np.float32)
    stored = unpack([None, pack(asked), b""], DIMENSION)
    best = max_similarities(asked, [stored], None)
    np.testing.assert_allclose(best[1], 1.0, atol=0.01)
    assert (best[[0, 2]] == -1).all()
