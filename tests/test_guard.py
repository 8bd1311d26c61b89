"""``wenju eval guard``: corruptions make claims wrong, the same ones every time, and the report counts them rightly."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

import pytest

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.select import Evidence
from evals.cases import BadCases, half_of, load_suite
from evals.guard import command
from evals.guard.claims import Grounded, ground, load_claims
from evals.guard.command import measure_guard, report_guard
from evals.guard.corruptions import (
    KINDS,
    Corruption,
    added_items,
    changed_digits,
    changed_units,
    denied,
    swapped_names,
    turned,
)
from evals.guard.crossing import crossed
from evals.guard.report import rows, targets, to_dict
from evals.guard.runner import Trial, Verdict, trials
from knowledge.retrieve import Searcher
from tests.conftest import Home

SIZE_ZH = "2021年中国智慧城市产业规模达到3696.1亿元，增速达到24.7%。"
SIZE_EN = "China's smart city industry reached RMB 369.61 billion in 2021."


@pytest.fixture(scope="module")
def claims() -> list[Grounded]:
    from knowledge.load import load_shipped

    (document,) = load_shipped()
    return ground(load_claims(), load_suite("facts").cases, document.page_content)


def texts(found: list[Corruption]) -> list[str]:
    return [corruption.text for corruption in found]


def test_every_claim_rests_on_words_of_the_article_and_answers_a_case(claims: list[Grounded]) -> None:
    languages = [one.claim.language for one in claims if one.claim.by == "person"]
    assert languages.count("zh") >= 80
    assert languages.count("en") >= 80
    for one in claims:
        held = "".join(sentence.text for sentence in one.evidence)
        # A span may run over the end of a sentence, of which the evidence then holds both.
        assert all("".join(gold.split()) in "".join(held.split()) for gold in one.claim.gold), one.claim.id


def test_a_claim_on_words_that_are_not_there_is_a_mistake_of_the_file(claims: list[Grounded]) -> None:
    wrong = claims[0].claim.model_copy(update={"gold": ("这句话不在文章里",)})
    with pytest.raises(BadCases, match=wrong.id):
        ground([wrong], load_suite("facts").cases, "别的文章。")


@pytest.mark.parametrize("claim", [SIZE_ZH, SIZE_EN, "The three cities are Shenzhen, Fuzhou and Jiaxing."])
def test_another_digit_is_another_number(claim: str) -> None:
    language = "zh" if claim is SIZE_ZH else "en"
    made = list(changed_digits(claim, language, Random(1)))
    assert made
    for corruption in made:
        assert len(corruption.was) == len(corruption.now) or corruption.was.isalpha()
        assert corruption.was.lower() != corruption.now.lower()
        assert corruption.text != claim


def test_another_unit_is_another_amount() -> None:
    assert SIZE_ZH.replace("亿元", "万元") in texts(list(changed_units(SIZE_ZH, "zh", Random(1))))
    assert SIZE_ZH.replace("%", "个百分点") in texts(list(changed_units(SIZE_ZH, "zh", Random(1))))
    assert SIZE_EN.replace("billion", "million") in texts(list(changed_units(SIZE_EN, "en", Random(1))))


def test_a_swapped_name_is_of_the_same_sort_and_not_in_the_article(claims: list[Grounded]) -> None:
    article = "".join({s.text for one in claims for s in one.evidence})
    for one in claims:
        for corruption in swapped_names(one.claim.text, one.claim.language, Random(one.claim.id)):
            assert corruption.now not in article
            assert corruption.now in corruption.text
            assert corruption.was in one.claim.text


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        ("需要大量资金投入。", "不需要大量资金投入。"),
        ("单个技术形态难以满足需求。", "单个技术形态能够满足需求。"),
        ("The author is Wang Xiaoning.", "The author is not Wang Xiaoning."),
        ("A single technology can hardly meet the needs.", "A single technology can easily meet the needs."),
    ],
)
def test_a_denial_is_put_in_or_taken_out(claim: str, wrong: str) -> None:
    language = "en" if claim.isascii() else "zh"
    assert texts(list(denied(claim, language, Random(1)))) == [wrong]


def test_a_direction_is_turned_round() -> None:
    assert "The industry shrank by 24.7%." in texts(list(turned("The industry grew by 24.7%.", "en", Random(1))))
    assert "我国智慧城市产业规模将低于7000亿元。" in texts(
        list(turned("我国智慧城市产业规模将超过7000亿元。", "zh", Random(1)))
    )


def test_an_item_is_added_inside_the_list() -> None:
    claim = "试点是深圳、福州和嘉兴三地。"
    for corruption in added_items(claim, "zh", Random(1)):
        assert corruption.text.replace(f"、{corruption.now}", "", 1) == claim
        assert corruption.now not in claim
    assert list(added_items("作者是王晓宁。", "zh", Random(1))) == []


def test_a_crossed_fact_takes_what_another_claim_says_with_the_evidence_of_both(claims: list[Grounded]) -> None:
    growth = next(one for one in claims if one.claim.id == "claim-059.zh")
    made = [made for seed in range(8) for made in crossed(growth, claims, Random(seed))]
    assert any(corruption.was == "24.7%" and corruption.now == "44.0%" for corruption, _ in made)
    for corruption, other in made:
        assert other.claim.family != growth.claim.family
        assert corruption.now in other.claim.text
        assert corruption.now not in growth.claim.text


def test_the_same_seed_makes_the_same_claims_wrong_and_there_are_enough(claims: list[Grounded]) -> None:
    first, again = list(trials(claims)), list(trials(claims))
    assert [(trial.id, trial.text) for trial in first] == [(trial.id, trial.text) for trial in again]
    other = list(trials(claims, seed=7))
    assert [trial.text for trial in first] != [trial.text for trial in other]
    wrong = [trial for trial in first if trial.kind]
    assert len(wrong) >= 300
    assert {(trial.kind, trial.language) for trial in wrong} == {(kind, to) for kind in KINDS for to in ("zh", "en")}
    correct = {trial.text for trial in first if trial.kind is None}
    assert not correct & {trial.text for trial in wrong}
    # Both halves hold about as much, and a fact is in one of them whatever its language.
    share = sum(trial.half == "tuning" for trial in wrong) / len(wrong)
    assert 0.4 < share < 0.6
    assert half_of("fact-001") == "tuning"


def _verdict(kind: str | None, supported: bool, language: str = "zh") -> Verdict:
    trial = Trial("id", "fact-001", "tuning", language, "?", "text", kind, "", "", ())  # type: ignore[arg-type]
    return Verdict(trial, supported)


def test_the_report_counts_rightly() -> None:
    verdicts = [
        *[_verdict("digit", False)] * 3,
        _verdict("digit", True),
        *[_verdict(None, True)] * 9,
        _verdict(None, False, "en"),
    ]
    by_kind = {(row.kind, row.language, row.half): (row.caught, row.total) for row in rows(verdicts)}
    assert by_kind["digit", "zh", "tuning"] == (3, 4)
    assert by_kind["correct", None, None] == (1, 10)
    assert ("unit", "zh", None) not in by_kind
    judged = {target.name: (target.measured, target.passed) for target in targets(verdicts)}
    assert judged["caught"] == (0.75, False)
    assert judged["caught: digit"] == (0.75, False)
    assert judged["caught: name"] == (None, True)
    assert judged["false alarms"] == (0.1, False)
    report = to_dict(verdicts, 1)
    assert (report["claims"], report["corruptions"], len(report["misses"])) == (10, 4, 2)
    row = next(row for row in report["rows"] if row["kind"] == "digit")
    assert row["share"]["low"] < 0.75 < row["share"]["high"]
    json.dumps(report)


@pytest.mark.weights
def test_a_check_that_supports_everything_fails(assistant: Assistant, capsys: pytest.CaptureFixture[str]) -> None:
    def gullible(evidence: Evidence, searcher: Searcher) -> Callable[[str], bool]:
        return lambda claim: True

    verdicts = measure_guard(assistant.documents(), assistant.searcher, limit=4, checking=gullible)
    assert report_guard(verdicts, as_json=False) == 1
    assert "FAILS" in capsys.readouterr().out


@pytest.mark.weights
def test_a_check_that_supports_nothing_fails(assistant: Assistant, capsys: pytest.CaptureFixture[str]) -> None:
    def mistrustful(evidence: Evidence, searcher: Searcher) -> Callable[[str], bool]:
        return lambda claim: False

    verdicts = measure_guard(assistant.documents(), assistant.searcher, limit=4, checking=mistrustful)
    assert report_guard(verdicts, as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["exit_code"] == 1
    assert {miss["kind"] for miss in report["misses"]} == {None}


@pytest.mark.weights
def test_the_command(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    code = main(["eval", "guard", "--json", "--language", "zh", "--limit", "3"])
    report = json.loads(capsys.readouterr().out)
    assert code == report["exit_code"] == 0
    assert report["claims"] == 3
    assert {row["language"] for row in report["rows"]} == {"zh", None}


def test_without_the_article_the_command_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadCases, match="not in the index") as error:
        command._grounded([], None)
    assert "wenju index" in error.value.hint
