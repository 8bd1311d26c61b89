"""A model judge scores claims, tells how good it is itself, and never judges itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.errors import BadSettings
from evals.commands import run
from evals.faithfulness.data import read_items
from evals.model_judge import NAME, ModelJudge, open_judge
from evals.report.model import load_report
from knowledge.types import Language
from tests.eval_answers import CASES, SIZE, SIZE_EN, answer, refusal, right_answers
from tests.eval_scripts import ScriptedAssistant, script
from tests.test_eval_command import parse


def judge(says: dict[str, float | None] | None = None, otherwise: float = 1.0) -> ModelJudge:
    """A judge that says of a claim what it is told to."""

    def verdict(claim: str, question: str, language: Language, quotes: Sequence[str]) -> float | None:
        return (says or {}).get(claim, otherwise)

    return ModelJudge("wise", verdict)


GREW, SHRANK = "It grew by 24.7 percent.", "It shrank."


@pytest.mark.parametrize(
    ("claims", "says", "value"),
    [
        ((GREW,), {}, 1.0),
        ((GREW, SHRANK), {SHRANK: -0.1}, 0.5),
        ((SHRANK,), {SHRANK: -3.0}, 0.0),
        ((GREW, SHRANK), {SHRANK: None}, None),
    ],
)
def test_share_of_claims_that_the_judge_calls_supported(
    claims: tuple[str, ...], says: dict[str, float | None], value: float | None
) -> None:
    given = answer(SIZE_EN, [(claim, SIZE) for claim in claims])
    score = judge(says).judged_supported(SIZE_EN, given, {})
    assert score is not None
    assert score.value == value
    assert bool(score.reason) is (value != 1.0)


def test_refusals_and_quotes_are_not_judged() -> None:
    assert judge().judged_supported(SIZE_EN, refusal(SIZE_EN), {}) is None
    quoted = answer(SIZE_EN, [(SIZE, SIZE)], support="quoted")
    assert judge(otherwise=-1.0).judged_supported(SIZE_EN, quoted, {}) is None


def test_the_judge_reads_the_quotes_that_a_claim_cites() -> None:
    heard: list[tuple[str, list[str]]] = []

    def verdict(claim: str, question: str, language: Language, quotes: Sequence[str]) -> float:
        heard.append((claim, list(quotes)))
        return 1.0

    given = right_answers()["size.en"]
    ModelJudge("wise", verdict).judged_supported(SIZE_EN, given, {})
    assert heard == [(claim.text, [SIZE]) for claim in given.claims]


def test_its_own_balanced_accuracy_is_measured_on_claims_that_are_known() -> None:
    _, items = next(iter(read_items(None)))
    assert {(one.language, one.supported) for one in items} == {
        (language, right) for language in ("zh", "en") for right in (True, False)
    }
    knows = {(item.claim, item.question): item.supported for item in items}

    def all_knowing(claim: str, question: str, language: Language, quotes: Sequence[str]) -> float:
        return 1.0 if knows[claim, question] else -1.0

    assert [one.value for one in ModelJudge("wise", all_knowing).measured()] == [1.0, 1.0]
    assert [one.value for one in judge(otherwise=1.0).measured()] == [0.5, 0.5]
    mute = ModelJudge("mute", lambda *_: None)
    assert [one.value for one in mute.measured()] == [0.0, 0.0]
    assert sum(one.n for one in mute.measured()) == len(items)


def test_a_run_with_a_judge_says_how_good_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite = tmp_path / "mine.jsonl"
    suite.write_text("\n".join(case.model_dump_json() for case in CASES), encoding="utf-8")
    out, markdown, html = (tmp_path / name for name in ("out.json", "out.md", "out.html"))
    args = parse(str(suite), "--out", str(out), "--markdown", str(markdown), "--html", str(html))
    claim = right_answers()["size.en"].claims[0].text
    code = run.evaluate(
        args, run.chosen(args), ScriptedAssistant(script()), {"llm": "x"}, judge=judge({claim: -1.0}, otherwise=1.0)
    )
    report = load_report(out)
    printed = capsys.readouterr().out
    assert code == 0  # it decides nothing
    (measured,) = [metric for metric in report.suites[0].metrics if metric.name == NAME]
    assert measured.value is not None
    assert 0.5 < measured.value < 1
    assert [one.value for one in report.judge] == [0.5, 0.5]
    for shown in (" ".join(printed.split()), markdown.read_text(encoding="utf-8"), html.read_text(encoding="utf-8")):
        assert "Judge wise: balanced accuracy 50.0%" in shown


@pytest.mark.parametrize(
    ("judged", "spec", "sentence"),
    [
        ("none", "none", "has to be a chat model"),
        ("http://127.0.0.1:9/v1#m", "http://127.0.0.1:9/v1#m", "cannot judge itself"),
        ("none", "nonsense", "no chat model 'nonsense'"),
    ],
)
def test_who_may_not_judge(assistant: Assistant, judged: str, spec: str, sentence: str) -> None:
    with Assistant(replace(assistant.settings, llm=judged)) as tested, pytest.raises(BadSettings, match=sentence):
        open_judge(spec, tested)


def test_another_model_may_judge(assistant: Assistant) -> None:
    assert open_judge("http://127.0.0.1:9/v1#m", assistant).name == "m"
