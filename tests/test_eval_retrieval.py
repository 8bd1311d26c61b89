"""Recall over benchmark sets: the directions, the scores, the baselines, and the command."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from assistant.cli import main
from evals.retrieval.data import CITATION, RETRIEVAL, SAMPLE, BadData, CitationRow, directions, find_sets, rows
from evals.retrieval.fit import CALIBRATED, Listed, calibrate, cross_validated, fit, recall_1
from evals.retrieval.measure import rank_of, score
from evals.retrieval.sentences import _rank
from evals.retrieval.systems import fused
from knowledge.retrieve import SentenceHit
from knowledge.types import Passage, Span
from tests.conftest import Home

PARALLEL = {
    "library": ("The library of Oakville lends books on Sundays.", "奥克维尔的图书馆星期天出借图书。"),
    "tax": ("The tax office closes at noon on Fridays.", "税务局星期五中午关门。"),
    "bridge": ("The bridge over the river is being repaired.", "河上的桥正在维修。"),
}
QUESTIONS = {
    "library": ("On which day can one borrow books?", "哪一天可以借书？"),
    "tax": ("When does the tax office close?", "税务局什么时候关门？"),
    "bridge": ("What is being repaired?", "什么正在维修？"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    passages = [
        {"id": f"{name}.{lang}", "lang": lang, "text": text, "doc": name, "parallel_id": name}
        for name, texts in PARALLEL.items()
        for lang, text in zip(("en", "zh"), texts, strict=True)
    ]
    questions = [
        {
            "id": f"q-{name}.{lang}",
            "lang": lang,
            "text": text,
            "passage_id": f"{name}.{lang}",
            "parallel_passage_id": name,
            "answers": [],
        }
        for name, texts in QUESTIONS.items()
        for lang, text in zip(("en", "zh"), texts, strict=True)
    ]
    for kind, of_kind in (("passages", passages), ("questions", questions)):
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in of_kind)
        (tmp_path / f"retrieval_tiny.{kind}.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def test_a_parallel_set_is_asked_in_all_directions(folder: Path) -> None:
    found = {direction.name: direction for direction in directions("tiny", folder / "retrieval_tiny")}
    assert set(found) == {
        "tiny en→en",
        "tiny en→zh",
        "tiny zh→en",
        "tiny zh→zh",
        "tiny en→both (gold en)",
        "tiny en→both (gold zh)",
        "tiny zh→both (gold en)",
        "tiny zh→both (gold zh)",
    }
    for direction in found.values():
        pool = {passage.id: passage.lang for passage in direction.passages}
        assert {pool[gold] for _, gold in direction.questions} == {direction.gold_in}
        assert {question.lang for question, _ in direction.questions} == {direction.questions_in}
        assert set(pool.values()) == ({"zh", "en"} if direction.passages_in == "both" else {direction.passages_in})
        for (question, gold), absent in zip(direction.questions, direction.absent, strict=True):
            taken = direction.passages_in == "both" and direction.gold_in != direction.questions_in
            assert absent == (question.passage_id if taken else "")
            assert absent != gold


def test_directions_can_be_chosen(folder: Path) -> None:
    start = folder / "retrieval_tiny"
    assert [one.name for one in directions("t", start, questions="en", passages="zh")] == ["t en→zh"]
    assert {one.gold_in for one in directions("t", start, questions="zh", passages="both")} == {"zh", "en"}
    (folder / "retrieval_tiny.questions.jsonl").write_text(
        json.dumps({"id": "q", "lang": "zh-Hant", "text": "哪一天？", "passage_id": "library.zh"}), encoding="utf-8"
    )
    assert [one.name for one in directions("t", start, passages="zh")] == ["t zh→zh"]
    with pytest.raises(BadData, match="no such"):
        directions("t", start, questions="en")


def test_sets_are_found_by_folder_and_by_the_beginning_of_their_paths(folder: Path) -> None:
    start = folder / "retrieval_tiny"
    assert find_sets(folder, RETRIEVAL) == find_sets(start, RETRIEVAL) == {"tiny": start}
    for data, names in ((folder, ["other"]), (folder / "retrieval_other", []), (folder / "nowhere" / "x", [])):
        with pytest.raises(BadData) as caught:
            find_sets(data, RETRIEVAL, names)
        assert caught.value.hint


def test_the_sample_that_ships_is_whole() -> None:
    """Every question has its passages in both languages, and every gold sentence is one of its passage's."""
    for name, start in find_sets(SAMPLE, RETRIEVAL).items():
        found = directions(name, start)
        assert len(found) == 8
        assert all(len(one.questions) == len(found[0].questions) for one in found)
    for start in find_sets(SAMPLE, CITATION).values():
        cases = rows(start.with_name(start.name + ".jsonl"), CitationRow)
        assert all(0 <= case.gold_sentence < len(case.sentences) for case in cases)
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert "CC BY-SA 4.0" in readme
    assert "XQuAD" in readme


def test_scores_are_those_of_their_definitions() -> None:
    scores = score([1, 2, None, 5, 11])
    assert scores.n == 5
    assert {k: hit.estimate for k, hit in scores.hits.items()} == {1: 0.2, 2: 0.4, 3: 0.4, 5: 0.6, 10: 0.6}
    assert scores.mrr.estimate == pytest.approx((1 + 1 / 2 + 1 / 5) / 5)
    assert scores.ndcg.estimate == pytest.approx((1 + 1 / math.log2(3) + 1 / math.log2(6)) / 5)
    assert scores.as_dict()["hit@1"]["low"] < 0.2 < scores.as_dict()["hit@1"]["high"]
    for wrong in ([], [0]):
        with pytest.raises(ValueError, match="rank"):
            score(wrong)


def test_a_tie_is_no_hit() -> None:
    assert rank_of("b", [("a", 2.0), ("b", 1.0)]) == 2
    assert rank_of("a", [("a", 1.0), ("b", 1.0), ("c", 0.5)]) == 2
    assert rank_of("b", [("a", 1.0), ("b", 1.0), ("c", 1.0)]) == 3
    assert rank_of("c", [("a", 2.0), ("b", 1.0)]) is None
    assert rank_of("a", [("a", 0.5), ("b", 0.9)]) == 1  # a ranking may have reasons besides the score


def test_a_passage_that_is_taken_away_has_no_rank() -> None:
    assert rank_of("b", [("a", 2.0), ("b", 1.0)], absent="a") == 1
    assert rank_of("a", [("a", 2.0), ("b", 1.0)], absent="a") is None


def test_fusion_adds_reciprocal_ranks() -> None:
    assert [name for name, _ in fused([["a", "b"], ["b", "c"]])] == ["b", "a", "c"]
    assert fused([["a"], []]) == [("a", 1 / 61)]


@pytest.mark.parametrize("damage", ["missing", "empty", "wrong"])
def test_a_file_that_cannot_be_read_is_named(folder: Path, damage: str) -> None:
    path = folder / "retrieval_tiny.questions.jsonl"
    if damage == "missing":
        path.unlink()
    else:
        path.write_text("" if damage == "empty" else '{"id": "q"}\n', encoding="utf-8")
    with pytest.raises(BadData) as caught:
        directions("tiny", folder / "retrieval_tiny")
    assert path.name in caught.value.message
    assert caught.value.hint


@pytest.mark.weights
def test_the_command_measures_every_system_in_every_direction(
    use_home: Home, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "retrieval", "--data", str(folder), "--set", "tiny", "--json"]) == 0
    found = {(r["questions"], r["passages"], r["gold"], r["system"]): r for r in json.loads(capsys.readouterr().out)}
    assert len(found) == 8 * 4
    for asked, held in (("zh", "zh"), ("en", "en"), ("en", "zh"), ("zh", "en")):
        ours = found[asked, held, held, "wenju"]
        assert ours["hit@1"]["value"] == 1.0
        assert (ours["set"], ours["n"], ours["pool"]) == ("tiny", 3, 3)
        assert min(ours["milliseconds"].values()) > 0
        assert ours["milliseconds"]["p50"] <= ours["milliseconds"]["p95"]
    assert found["en", "zh", "zh", "lexical"]["hit@5"]["value"] == 0.0


@pytest.mark.weights
def test_the_commands_work_without_any_data(use_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    for suite in ("retrieval", "evidence"):
        assert main(["eval", suite, "--questions", "en", "--passages", "zh"]) == 0
        shown = capsys.readouterr().out
        assert "sample" in shown
        assert "en→zh" in shown


def test_a_wrong_place_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for suite in ("retrieval", "evidence"):
        assert main(["eval", suite, "--data", str(tmp_path / "nothing")]) == 2
        said = capsys.readouterr().err
        assert "nothing" in said
        assert "--data" in said


def lists(count: int, informative: int) -> list[Listed]:
    """Candidates whose gold one is told by one of three features; the others are noise."""
    random = np.random.default_rng(7)
    made = []
    for number in range(count):
        features = random.normal(size=(8, 3))
        features[:, informative] += np.eye(8)[number % 8] * 3
        made.append(Listed(f"document-{number // 4}", features, number % 8))
    return made


@pytest.mark.parametrize("informative", [0, 2])
def test_the_fit_finds_the_feature_that_tells(informative: int) -> None:
    weights = fit(lists(80, informative))
    assert int(np.argmax(weights)) == informative
    assert (weights >= 0).all()
    assert recall_1(lists(80, informative), weights) > 0.8
    assert cross_validated(lists(80, informative)) > 0.75


def test_a_gold_passage_that_was_not_found_counts_as_missed() -> None:
    found = lists(8, 0)
    missed = [Listed(one.group, one.features, None) for one in found]
    weights = fit(found)
    assert recall_1([*found, *missed], weights) == recall_1(found, weights) / 2
    with pytest.raises(ValueError, match="gold"):
        fit(missed)


def test_the_curve_gives_good_fits_high_probabilities() -> None:
    """The features of the gold passage fit better; every second question has none."""
    random = np.random.default_rng(3)
    made = []
    for number in range(200):
        features = np.full((CALIBRATED + 2, 5), 0.3) + random.normal(scale=0.01, size=(CALIBRATED + 2, 5))
        features[number % 3] += 0.3
        made.append(Listed(f"document-{number}", features, number % 3))
    curve, error = calibrate(made, "same")
    assert curve.slope > 0
    assert error < 0.05
    with pytest.raises(ValueError, match="fit"):
        calibrate([Listed(one.group, -one.features[:CALIBRATED], one.gold) for one in made], "same")


@pytest.mark.weights
def test_the_sentence_that_answers_is_ranked_within_its_passage(
    use_home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    english = ["Oakville has a library.", "It lends books on Sundays.", "The bridge is being repaired."]
    chinese = ["奥克维尔有一座图书馆。", "它星期天出借图书。", "桥正在维修。"]
    lines = [
        {"id": "a.en", "lang": "en", "question": "What is being repaired?", "sentences": english, "gold_sentence": 2},
        {"id": "a.zh", "lang": "zh", "question": "什么正在维修？", "sentences": chinese, "gold_sentence": 2},
    ]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    (tmp_path / "citation_tiny.jsonl").write_text(text, encoding="utf-8")
    assert main(["eval", "evidence", "--data", str(tmp_path), "--json"]) == 0
    found = [row for row in json.loads(capsys.readouterr().out) if row["system"] == "wenju"]
    assert {(row["questions"], row["passages"]) for row in found} == {
        (a, b) for a in ("zh", "en") for b in ("zh", "en")
    }
    assert all(row["n"] == 1 and row["hit@2"]["value"] == 1.0 for row in found)
    assert sum(row["hit@1"]["value"] for row in found) >= 3


def test_each_way_of_ranking_sentences_is_ranked_by_its_own_measure() -> None:
    row = CitationRow(id="a.zh", lang="zh", question="?", sentences=("甲。", "乙。", "丙。"), gold_sentence=2)
    whole = Passage("p", "d", 0, 6, "甲。乙。丙。")
    # Best first by score, worst first by coverage.
    found = [SentenceHit(whole, Span(2 * at, 2 * at + 2), "", 3.0 - at, 0.5, 0.5, at / 3) for at in range(3)]
    assert _rank(found, lambda one: one.score, row) == 3
    assert _rank(found, lambda one: one.coverage, row) == 1
    assert _rank(found, lambda one: one.cosine, row) == 3  # a tie is no hit


def test_a_sentence_that_holds_the_gold_one_whole_counts_as_it() -> None:
    row = CitationRow(
        id="a.zh", lang="zh", question="?", sentences=("德国的弗里德里希", "拉采尔。", "丙。"), gold_sentence=1
    )
    whole = Passage("p", "d", 0, 14, "德国的弗里德里希拉采尔。丙。")
    found = [SentenceHit(whole, Span(0, 12), "", 2.0, 0, 0, 0), SentenceHit(whole, Span(12, 14), "", 1.0, 0, 0, 0)]
    assert _rank(found, lambda one: one.score, row) == 1
