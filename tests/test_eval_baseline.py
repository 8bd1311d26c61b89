"""Baselines and comparisons: what is worse, what is noise, and what may be accepted."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evals.baseline import BASELINES_FOLDER, bless, load_baseline
from evals.cases import BadCases
from evals.comparison import Verdict, compare
from evals.report.build import verdicts
from evals.results import RunResult
from evals.runner import run
from tests.eval_answers import CASES, PILOTS, PILOTS_EN, SIZE_ZH, refusal
from tests.eval_scripts import ScriptedAssistant, go, halves, script, suite_of


def test_bless_then_compare(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    lines = bless(go(), path)
    assert "5 of 5 passed" in lines[0]
    accepted = load_baseline(path).suites["mine"].verdicts()
    same = compare(verdicts(go()), accepted)
    assert (same.compared, same.lost, same.won, same.p_value) == (5, (), (), 1)
    assert not same.worse
    lost = compare(
        verdicts(go(ScriptedAssistant(script(size_zh=refusal(SIZE_ZH), pilots_en=refusal(PILOTS_EN))))), accepted
    )
    assert lost.lost == ("size.zh", "pilots.en")
    assert lost.lost_must_pass == ("size.zh",)
    assert lost.worse


def test_losing_one_case_that_need_not_pass_is_not_worse(tmp_path: Path) -> None:
    bless(go(), tmp_path / "b.json")
    accepted = load_baseline(tmp_path / "b.json").suites["mine"].verdicts()
    comparison = compare(verdicts(go(ScriptedAssistant(script(pilots_en=refusal(PILOTS_EN))))), accepted)
    assert comparison.lost == ("pilots.en",)
    assert not comparison.worse


def test_losing_many_cases_is_worse(tmp_path: Path) -> None:
    bless(halves(20, 20), tmp_path / "b.json")
    accepted = load_baseline(tmp_path / "b.json").suites["mine"].verdicts()
    few, many = (compare(verdicts(halves(20, right)), accepted) for right in (19, 12))
    assert not few.worse
    assert many.worse
    assert many.difference is not None
    assert many.difference.estimate == pytest.approx(-0.4)
    assert many.p_value == pytest.approx(2 / 2**8)


def test_changed_cases_are_not_compared(tmp_path: Path) -> None:
    bless(go(), tmp_path / "b.json")
    accepted = load_baseline(tmp_path / "b.json").suites["mine"].verdicts()
    changed = SIZE_ZH.model_copy(update={"gold": (PILOTS,)})
    comparison = compare(
        verdicts(go(ScriptedAssistant(script(size_zh=refusal(SIZE_ZH))), changed, PILOTS_EN)), accepted
    )
    assert (comparison.compared, comparison.left_out, comparison.lost) == (1, 1, ())


def test_blessing_says_what_it_accepts_and_keeps_other_suites(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    bless(go(), path)
    other = replace(go(), suite=replace(suite_of(*CASES), name="other"))
    bless(other, path)
    lines = bless(go(ScriptedAssistant(script(pilots_en=refusal(PILOTS_EN)))), path)
    assert "  lost: pilots.en" in lines
    assert set(load_baseline(path).suites) == {"mine", "other"}
    assert load_baseline(path).suites["mine"].cases["pilots.en"].passed is False


@pytest.mark.parametrize(
    "result",
    [
        lambda: run(suite_of(*CASES, whole=False), ScriptedAssistant(script()), progress=io.StringIO()),
        lambda: go(ScriptedAssistant(script(size_en=RuntimeError("boom")))),
        lambda: go(ScriptedAssistant(script(size_zh=refusal(SIZE_ZH))), fail_fast=True),
    ],
    ids=["part", "incomplete", "stopped"],
)
def test_only_a_complete_run_is_accepted(result: Callable[[], RunResult], tmp_path: Path) -> None:
    with pytest.raises(BadCases, match="Only a complete run"):
        bless(result(), tmp_path / "b.json")
    assert not (tmp_path / "b.json").exists()


def test_shipped_baselines_can_be_read() -> None:
    for path in BASELINES_FOLDER.glob("*.json"):
        assert load_baseline(path).suites


def measured(own_words: list[float], **values: float) -> list[Verdict]:
    return [
        Verdict(f"c{n}", f"f{n}", False, "d", True, {"own_words": value, **values}) for n, value in enumerate(own_words)
    ]


def by_name(found: list[Verdict]) -> dict[str, Verdict]:
    return {verdict.id: verdict for verdict in found}


def test_a_guarded_measure_that_falls_is_worse_although_every_case_passes() -> None:
    before, after = measured([1.0] * 20), measured([1.0] * 8 + [0.0] * 12)
    found = compare(after, by_name(before))
    assert found.lost == ()
    assert found.worse
    assert found.reasons == ["own_words got worse, and that is no noise"]
    assert found.measures[0].worse_cases == tuple(f"c{n}" for n in range(8, 20))
    assert not compare(before, by_name(after)).worse


def test_one_case_of_a_guarded_measure_is_noise() -> None:
    found = compare(measured([1.0] * 19 + [0.0]), by_name(measured([1.0] * 20)))
    assert not found.worse
    assert found.measures[0].worse_cases == ("c19",)


def test_a_measure_that_is_better_lower_is_worse_higher() -> None:
    before, after = measured([1.0] * 12, wrong_numbers=0.0), measured([1.0] * 12, wrong_numbers=2.0)
    assert compare(after, by_name(before)).reasons == ["wrong_numbers got worse, and that is no noise"]


def test_cases_that_were_never_scored_are_left_out() -> None:
    before = [replace(one, passed=None) for one in measured([1.0] * 3)]
    found = compare(measured([0.0] * 3), by_name(before))
    assert (found.compared, found.left_out, found.difference) == (0, 3, None)
