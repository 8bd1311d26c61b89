"""Recall over benchmark sets: the directions, the scores, the baselines, and the command."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from assistant.cli import main
from evals.retrieval.data import BadData, directions
from evals.retrieval.fit import Listed, cross_validated, fit, recall_1
from evals.retrieval.measure import rank_of, score
from evals.retrieval.systems import fused
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
    for kind, rows in (("passages", passages), ("questions", questions)):
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (tmp_path / f"retrieval_tiny.{kind}.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def test_a_parallel_set_is_asked_in_all_directions(folder: Path) -> None:
    found = {direction.name: direction for direction in directions(folder, "tiny")}
    assert set(found) == {
        "tiny en→en",
        "tiny en→zh",
        "tiny zh→en",
        "tiny zh→zh",
        "tiny both, own language",
        "tiny both, other language",
    }
    for name, direction in found.items():
        pool = {passage.id for passage in direction.passages}
        assert all(gold in pool for _, gold in direction.questions)
        if name.endswith("en→zh"):
            assert {passage.lang for passage in direction.passages} == {"zh"}
            assert {question.lang for question, _ in direction.questions} == {"en"}
    other = found["tiny both, other language"]
    for (question, gold), absent in zip(other.questions, other.absent, strict=True):
        assert absent == question.passage_id != gold
        assert gold.split(".")[0] == absent.split(".")[0]


def test_scores_are_those_of_their_definitions() -> None:
    scores = score([1, 2, None, 5, 11])
    assert scores.n == 5
    assert (scores.recall_1.estimate, scores.recall_5.estimate) == (0.2, 0.6)
    assert scores.mrr == pytest.approx((1 + 1 / 2 + 1 / 5) / 5)
    assert scores.ndcg == pytest.approx((1 + 1 / math.log2(3) + 1 / math.log2(6)) / 5)
    for wrong in ([], [0]):
        with pytest.raises(ValueError, match="rank"):
            score(wrong)


def test_a_passage_that_is_taken_away_has_no_rank() -> None:
    assert rank_of("b", ["a", "b"]) == 2
    assert rank_of("b", ["a", "b"], absent="a") == 1
    assert rank_of("a", ["a", "b"], absent="a") is None
    assert rank_of("c", ["a", "b"]) is None


def test_fusion_adds_reciprocal_ranks() -> None:
    assert fused([["a", "b"], ["b", "c"]]) == ["b", "a", "c"]
    assert fused([["a"], []]) == ["a"]


@pytest.mark.parametrize("damage", ["missing", "empty", "wrong"])
def test_a_file_that_cannot_be_read_is_named(folder: Path, damage: str) -> None:
    path = folder / "retrieval_tiny.questions.jsonl"
    if damage == "missing":
        path.unlink()
    else:
        path.write_text("" if damage == "empty" else '{"id": "q"}\n', encoding="utf-8")
    with pytest.raises(BadData) as caught:
        directions(folder, "tiny")
    assert path.name in caught.value.message
    assert caught.value.hint


@pytest.mark.weights
def test_the_command_measures_every_system_in_every_direction(
    use_home: Home, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "retrieval", "--data", str(folder), "--set", "tiny", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 6 * 4
    found = {(row["direction"], row["system"]): row["scores"] for row in rows}
    for name in ("zh→zh", "en→en", "en→zh", "zh→en"):
        assert found[f"tiny {name}", "wenju"]["recall_1"]["estimate"] == 1.0
        assert found[f"tiny {name}", "wenju"]["n"] == 3
    assert found["tiny en→zh", "lexical"]["recall_5"]["estimate"] == 0.0


def test_without_the_files_it_says_what_to_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "retrieval"]) == 2
    assert "--data" in capsys.readouterr().err


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
    assert main(["eval", "retrieval", "--data", str(tmp_path), "--set", "citation_tiny", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["direction"] for row in rows} == {f"citation_tiny {a}→{b}" for a in ("zh", "en") for b in ("zh", "en")}
    assert all(row["scores"]["n"] == 1 and row["recall_2"] == 1.0 for row in rows)
    assert sum(row["scores"]["recall_1"]["estimate"] for row in rows) >= 3
