"""From fits to probabilities, and clauses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.assistant import Assistant
from knowledge.calibration import Calibration, calibration_of, log_odds, probability
from knowledge.clauses import CLAUSE_SIZE, clauses
from knowledge.sentences import text_size


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_better_fit_never_means_less(one: float, other: float) -> None:
    curve = calibration_of("multilingual-e5-small").curves["across"]
    low, high = sorted((one, other))
    assert 0.0 <= probability(curve.log_odds(low)) <= probability(curve.log_odds(high)) <= 1.0


@given(st.floats(-20, 20))
def test_probabilities_and_log_odds_are_each_other_s_inverse(value: float) -> None:
    assert log_odds(probability(value)) == pytest.approx(value, abs=1e-4)


def test_a_calibration_says_where_it_comes_from_and_survives_storing() -> None:
    shipped = calibration_of("multilingual-e5-small")
    assert shipped.model == "multilingual-e5-small"
    assert "XQuAD" in shipped.data
    assert Calibration.from_json(shipped.to_json()) == shipped
    assert calibration_of("some/other-model") == shipped
    for wrong in ("", "{}", '{"curves": 1}'):
        with pytest.raises(ValueError, match="calibration"):
            Calibration.from_json(wrong)


@pytest.mark.weights
def test_raising_the_threshold_never_adds_a_hit(assistant: Assistant) -> None:
    searcher = assistant.searcher
    assert searcher.store.calibration.model == "multilingual-e5-small"
    for question in ("2015年底启动了哪三个新型智慧城市试点？", "Who wrote this article?", "红烧肉怎么做？"):
        before = {hit.passage.id for hit in searcher.search(question, 16).hits}
        assert before
        for threshold in (0.0, 0.1, 0.5, 0.9, 1.0):
            hits = searcher.search(question, 16, threshold=threshold).hits
            assert all(threshold <= hit.score <= 1.0 for hit in hits)
            kept = {hit.passage.id for hit in hits}
            assert kept <= before
            before = kept
        assert not before


@given(st.text(alphabet="数字城市建设,，；。 a1:", max_size=200))
def test_clauses_are_the_sentence_in_pieces(sentence: str) -> None:
    assert "".join(clauses(sentence, "zh")) == sentence
    assert clauses(sentence, "en") == [sentence]


def test_a_long_chinese_sentence_is_cut_at_commas() -> None:
    sentence = "深圳、福州和嘉兴三地进行试点，" * 8
    pieces = clauses(sentence, "zh")
    assert len(pieces) > 2
    assert all(text_size(piece) <= 1.2 * CLAUSE_SIZE for piece in pieces)
    assert all(piece.endswith("，") for piece in pieces)
    assert clauses("城" * 200, "zh") == ["城" * 200]
    assert clauses("2015 年底,推动三地试点。", "zh") == ["2015 年底,推动三地试点。"]
