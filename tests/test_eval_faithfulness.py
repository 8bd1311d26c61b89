"""``wenju eval faithfulness``: what is scored, the measures by hand, the curves, and what cannot be scored."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.ground import Ground
from assistant.support import Assessed, SupportCurve
from evals.faithfulness.baselines import bm25
from evals.faithfulness.data import FOLDS, SAMPLE, FaithfulnessRow, Item, items_of, read_items
from evals.faithfulness.fit import fit_curves, held_out_curves, logistic
from evals.faithfulness.measure import auroc, balanced_accuracy, interval, ranks, spearman
from evals.faithfulness.report import measured
from evals.faithfulness.score import Scored
from tests.conftest import Home


def row(**changes: object) -> FaithfulnessRow:
    plain = {
        "id": "a",
        "lang": "en",
        "question": "Who?",
        "context": ["Ann did it."],
        "claim_or_answer": "Ann",
        "label": "supported",
    }
    return FaithfulnessRow.model_validate({**plain, **changes})


def item(name: str, *, supported: bool, votes: float | None = None, group: str = "0") -> Item:
    return Item(name, "statement", "en", group, "", name, ("text",), supported, votes)


def scored(score: float, *, supported: bool, votes: float | None = None, group: str = "0") -> Scored:
    """Return a claim whose only feature is its log-odds."""
    name = f"{score}-{supported}-{group}"
    return Scored(
        item(name, supported=supported, votes=votes, group=group),
        Assessed("statement", "en", (score,)),
        {"plain": -score},
    )


CURVES = [{"statement": SupportCurve((1.0,), {"en": 0.0})}] * FOLDS


def test_what_a_set_has_decides_what_is_scored() -> None:
    assert [one.kind for one in items_of([row()])] == ["answer"]
    assert [one.kind for one in items_of([row(question=None)])] == ["statement"]
    assert [(one.kind, one.votes) for one in items_of([row(faithfulness_mean=3.5)])] == [("statement", 3.5)]
    keywords = [{"keyword": "Ann", "supported": True}, {"keyword": "ran", "supported": False}]
    found = list(items_of([row(keywords=keywords), row(id="b")]))
    assert [(one.id, one.kind, one.claim, one.supported) for one in found] == [
        ("a#0", "phrase", "Ann", True),
        ("a#1", "phrase", "ran", False),
    ]


def test_claims_on_one_text_are_in_one_fold() -> None:
    first, second, other = items_of([row(), row(id="b", claim_or_answer="Bob"), row(id="c", context=["Another text."])])
    assert first.group == second.group != other.group
    assert first.fold == second.fold
    assert all(0 <= one.fold < FOLDS for one in (first, other))


def test_auroc_by_hand() -> None:
    # Of the four pairs of a positive and a negative two are in order, one is tied, one is not.
    assert auroc(np.array([3.0, 1.0, 2.0, 1.0]), np.array([1.0, 1.0, 0.0, 0.0])) == pytest.approx(2.5 / 4)
    assert math.isnan(auroc(np.array([1.0, 2.0]), np.array([1.0, 1.0])))


def test_spearman_by_hand() -> None:
    # 1 - 6 Σd² / n(n² - 1) with d = 0, 1, 1, 0.
    assert spearman(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])) == pytest.approx(1 - 12 / 60)
    assert spearman(np.array([1.0, 2.0, 3.0]), np.array([9.0, 5.0, 1.0])) == pytest.approx(-1)
    assert math.isnan(spearman(np.array([1.0, 1.0]), np.array([1.0, 2.0])))


def test_equal_values_share_their_ranks() -> None:
    assert ranks(np.array([5.0, 1.0, 5.0, 9.0])).tolist() == [2.5, 1.0, 2.5, 4.0]


def test_balanced_accuracy_weighs_both_classes_alike() -> None:
    # All three positives and one of two negatives are on the right side of one half.
    assert balanced_accuracy(np.array([0.9, 0.5, 0.6, 0.4, 0.7]), np.array([1.0, 1.0, 1.0, 0.0, 0.0])) == 0.75


def test_an_interval_draws_whole_groups() -> None:
    scores, truth = np.array([2.0, 1.0] * 20), np.array([1.0, 0.0] * 20)
    alone = interval(auroc, scores, truth, [str(at // 2) for at in range(40)])
    assert (alone.estimate, alone.low, alone.high) == (1, 1, 1)
    mixed = interval(auroc, np.arange(40.0) % 7, truth, [str(at // 2) for at in range(40)])
    assert mixed.low < mixed.estimate < mixed.high


def test_the_report_from_hand_made_scores() -> None:
    claims = [
        scored(3.0, supported=True, votes=4.0, group="0"),
        scored(1.0, supported=True, votes=3.0, group="1"),
        scored(2.0, supported=False, votes=3.5, group="2"),
        scored(-1.0, supported=False, votes=1.0, group="3"),
    ]
    plain, ours = measured("set", claims, CURVES)
    assert (plain.system, ours.system) == ("plain", "wenju")
    assert ours.auroc.estimate == 0.75
    assert plain.auroc.estimate == 0.25
    assert ours.spearman is not None
    assert ours.spearman.estimate == pytest.approx(1)
    assert ours.balanced_accuracy is not None
    assert ours.balanced_accuracy.estimate == 0.75
    assert plain.balanced_accuracy is None
    assert (ours.n, ours.unscored) == (4, 0)


def test_a_judgement_is_reported_beside_the_rest_where_a_curve_takes_it() -> None:
    claims = [scored(1.0, supported=True), scored(2.0, supported=False, group="1")]
    judged = [Scored(one.item, one.assessed, {}, sure) for one, sure in zip(claims, (9.0, -9.0), strict=True)]
    assert [one.system for one in measured("set", judged, CURVES)] == ["wenju"]
    curves = [{**CURVES[0], "statement-judged": SupportCurve((0.1, 1.0), {"en": 0.0})}] * FOLDS
    alone, both = measured("set", judged, curves)
    assert both.system == "wenju + model"
    assert (alone.auroc.estimate, both.auroc.estimate) == (0, 1)


def test_a_claim_is_scored_by_the_curve_of_its_own_fold() -> None:
    curves = [{"statement": SupportCurve((1.0 if fold else -1.0,), {"en": 0.0})} for fold in range(FOLDS)]
    claims = [scored(1.0, supported=True, group="0"), scored(1.0, supported=False, group="1")]
    (ours,) = (one for one in measured("set", claims, curves) if one.system == "wenju")
    assert ours.auroc.estimate == 0


def test_a_curve_finds_what_separates_and_weighs_the_classes_alike() -> None:
    chance = np.random.default_rng(1)
    supported = (np.arange(400) % 4 == 0).astype(float)
    features = np.stack([supported + chance.normal(0, 0.5, 400), chance.normal(0, 1, 400)], axis=1)
    curve = logistic(features, supported, ["zh"] * 200 + ["en"] * 200)
    assert curve.weights[0] > 5 * abs(curve.weights[1])
    fits = np.array([curve.log_odds(tuple(one), "zh") for one in features])
    assert abs((fits[supported == 1] > 0).mean() - (fits[supported == 0] <= 0).mean()) < 0.1
    with pytest.raises(ValueError, match="not"):
        logistic(features, np.ones(400), ["zh"] * 400)


def test_a_fold_left_out_does_not_count() -> None:
    rows = [
        {
            "kind": "answer",
            "language": "en",
            "fold": at % 2,
            "supported": at % 4 < 2,
            "features": [float(at % 4 < 2) + at % 3],
            "judged": None,
        }
        for at in range(24)
    ]
    strange = [{**rows[0], "fold": 2, "features": [99.0], "supported": False}] * 9
    assert fit_curves([*rows, *strange], without=2) == fit_curves(rows)
    assert fit_curves([*rows, *strange]) != fit_curves(rows)
    judged = [{**one, "judged": float(one["supported"])} for one in rows]
    assert set(fit_curves(judged)) == {"answer", "answer-judged"}


def test_the_held_out_curves_are_as_many_as_the_folds() -> None:
    folds = held_out_curves()
    assert len(folds) == FOLDS
    assert all({"answer", "phrase", "statement"} <= set(curves) for curves in folds)


def test_the_sample_has_every_question_with_its_own_and_with_another_answer() -> None:
    ((name, items),) = read_items(None)
    assert name == "swapped-sample"
    assert len(items) == 40
    assert {one.language for one in items} == {"zh", "en"}
    assert sum(one.supported for one in items) == 20
    assert (SAMPLE / "README.md").read_text(encoding="utf-8").count("CC BY-SA 4.0")


def test_bm25_prefers_the_sentence_with_the_rare_word(assistant: Assistant) -> None:
    ground = Ground(("the cat sat on the mat", "the dog sat on the mat", "the mat"), assistant.embedder, "en")
    cat, dog, mat = bm25(["cat", "mat"], ground)
    assert cat > mat > dog > 0


def test_the_command_reports_every_way(use_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "faithfulness", "--limit", "8", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["system"] for one in found} == {"word overlap", "lexical ranking", "sentence cosine", "wenju"}
    assert {one["language"] for one in found} == {"zh", "en"}
    ours = [one for one in found if one["system"] == "wenju"]
    assert sum(one["n"] for one in ours) == 8
    assert all(0 <= one["balanced_accuracy"]["value"] <= 1 for one in ours)
    assert all(one["spearman"] is None for one in found)


def test_what_cannot_be_scored_makes_the_run_incomplete(
    use_home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        row(context=[]).model_dump(),
        row(id="b", claim_or_answer="？").model_dump(),
        row(id="c").model_dump(),
        row(id="d", claim_or_answer="Bob", label="unsupported").model_dump(),
    ]
    file = tmp_path / "faithfulness_own.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in rows), encoding="utf-8")
    assert main(["eval", "faithfulness", "--data", str(tmp_path)]) == 3
    said = capsys.readouterr()
    assert "2 items could not be scored" in said.err
    assert "AUROC" in said.out


def test_a_set_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "faithfulness", "--set", "nowhere"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("There is no file faithfulness_nowhere.jsonl")
    assert said.count("\n") == 1
