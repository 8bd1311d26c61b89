"""Reports: the schema, JUnit XML, Markdown, and the page as text; tests/browser opens the page."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from evals.case import Case
from evals.cases import BadCases
from evals.commands.compare import compared_report
from evals.gates import ExitCode
from evals.report.differences import change, differs
from evals.report.junit import to_junit
from evals.report.markdown import to_markdown
from evals.report.measures import family_measures, groups, metrics
from evals.report.model import Report, load_report
from evals.report.page import to_html
from evals.report.plots import threshold_curve
from tests.eval_answers import CASES, MAYOR_ZH, PILOTS, PILOTS_EN, SIZE, SIZE_EN, SIZE_ZH, answer, refusal
from tests.eval_scripts import ScriptedAssistant, go, report_of, script, suite_of
from tests.scripted_backend import HOSTILE

EVERYTHING = script(size_en=refusal(SIZE_EN), pilots_en=RuntimeError("x"))


def test_groups_and_metrics() -> None:
    result = go(ScriptedAssistant(EVERYTHING))
    found = {(group.kind, group.language): group for group in groups(result)}
    assert (found["fact", "en"].n, found["fact", "en"].passed, found["fact", "en"].unscored) == (1, 0, 1)
    share = found["fact", "zh"].share
    assert share is not None
    assert share.estimate == 1
    measured = {metric.name: metric for metric in metrics(result)}
    assert measured["false_refusal"].value == 0.5
    assert measured["wrong_numbers"].value == 0
    assert measured["latency_total"].value == 1.5


def test_a_group_without_a_scored_case_has_no_share() -> None:
    (group,) = groups(go(ScriptedAssistant(script(size_zh=RuntimeError("x"))), SIZE_ZH))
    assert (group.n, group.share) == (0, None)


def named(case: Case, id_: str, family: str, **changes: Any) -> Case:
    return case.model_copy(update={"id": id_, "family": family, "question": id_, **changes})


def test_parity_and_consistency_count_what_passes_somewhere() -> None:
    cases = [named(SIZE_ZH, f"{f}.zh", f) for f in "abc"] + [named(SIZE_EN, f"{f}.en", f) for f in "abc"]
    cases += [named(SIZE_ZH, f"w{n}.zh", "w", kind="consistency") for n in range(3)]
    zh, en = script()[SIZE_ZH.question], script()[SIZE_EN.question]
    no = refusal(SIZE_ZH)
    said: dict[str, Any] = {"a.zh": zh, "a.en": en, "b.zh": zh, "b.en": no, "c.zh": no, "c.en": no}
    said |= {"w0.zh": zh, "w1.zh": zh, "w2.zh": no}
    found = {m.name: m for m in family_measures(go(ScriptedAssistant(said), *cases))}
    assert (found["bilingual_parity"].n, found["bilingual_parity"].value) == (2, 0.5)
    assert found["bilingual_parity"].failed == ["b"]
    assert (found["consistency"].n, found["consistency"].failed) == (1, ["w (zh)"])


def test_balanced_refusal_is_the_mean_of_both_sides() -> None:
    result = go(ScriptedAssistant(script(size_en=refusal(SIZE_EN))), SIZE_ZH, SIZE_EN, MAYOR_ZH)
    (found,) = [m for m in family_measures(result) if m.name == "balanced_refusal"]
    assert found.value == pytest.approx((1.0 + 0.5) / 2)
    assert not [m for m in family_measures(go(None, SIZE_ZH)) if m.name == "balanced_refusal"]


# JSON


def test_the_schema_that_ships_is_the_models() -> None:
    shipped = json.loads(files("evals.report").joinpath("schema.json").read_text(encoding="utf-8"))
    assert shipped == Report.model_json_schema(), "run: python -m evals.report.model > evals/report/schema.json"


def test_a_report_survives_its_file(tmp_path: Path) -> None:
    report = report_of(go(ScriptedAssistant(EVERYTHING)))
    (tmp_path / "r.json").write_text(report.to_json(), encoding="utf-8")
    assert load_report(tmp_path / "r.json") == report
    plain = json.loads(report.to_json())
    assert plain["schema_version"] == 2
    assert plain["exit_code"] == 3
    assert plain["suites"][0]["cases"][2]["passed"] is None
    assert plain["suites"][0]["cases"][2]["answer"] is None
    assert not any(isinstance(value, float) and math.isnan(value) for value in plain["suites"][0].values())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"schema_version": 1}', "has schema version 1; this Wenju reads 2"),
        ('{"schema_version": 2}', "is wrong at exit_code"),
        ("no JSON", "is wrong at its start"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, content: str | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / "r.json").write_text(content, encoding="utf-8")
    with pytest.raises(BadCases, match=sentence):
        load_report(tmp_path / "r.json")


def test_repeats_are_in_the_report() -> None:
    (case, *_) = report_of(go(None, SIZE_ZH, repeat=2)).cases()
    assert [attempt.passed for attempt in case.attempts] == [True, True]
    assert case.means["strict"] == 1.0


# JUnit


def test_junit_survives_control_characters() -> None:
    nasty = replace(refusal(SIZE_EN), text="bell \x07 null \x00 half \ud800 <b> & 中文 \U0001f600 \ufffe")
    result = go(ScriptedAssistant(script(size_en=nasty, pilots_en=RuntimeError("esc \x1b]"))))
    root = ElementTree.fromstring(to_junit(report_of(result)).encode())
    suite = root[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "1", "1")
    failure, error = root.find(".//failure"), root.find(".//error")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.endswith(r"bell \u0007 null \u0000 half \ud800 <b> & 中文 " + "\U0001f600" + r" \ufffe")
    assert error is not None
    assert error.get("message") == r"RuntimeError: esc \u001b]"


def test_what_makes_a_run_fail_is_red_in_junit() -> None:
    before = report_of(go())
    broken = replace(suite_of(*CASES), broken=("mine.jsonl:3: no JSON.",))
    now = go(ScriptedAssistant(script(mayor_zh=answer(MAYOR_ZH, [("是某人。", PILOTS)]))))
    report = compared_report(report_of(replace(now, suite=broken)), before, "before.json")
    root = ElementTree.fromstring(to_junit(report).encode())
    messages = [problem.get("message") for problem in root.iter() if problem.tag in ("failure", "error")]
    assert "mine.jsonl:3: no JSON." in messages
    assert "must pass: 0.5 is not == 1" in messages
    assert "lost 1 cases that must pass than in before.json" in messages


# Markdown


def test_markdown_names_what_was_lost_and_shows_words_as_words() -> None:
    before = report_of(go())
    nasty = replace(refusal(SIZE_ZH), text=f"{HOSTILE} | @everyone https://evil.example www.evil.example\n# no")
    now = compared_report(report_of(go(ScriptedAssistant(script(size_zh=nasty)))), before, "before.json")
    text = to_markdown(now)
    assert text.startswith("### Wenju eval: ❌")
    assert "- lost: `size.zh`" in text
    assert "| `size.zh` (must pass) | refused |" in text
    assert not re.search(r"(?<!\\)<(?!/?(?:details|summary)>)", text)
    assert "https://" not in text
    assert not re.search(r"www\.|@everyone", text)
    assert not re.search(r"(?m)^# ", text)
    rows = [line for line in text.splitlines() if line.startswith("| `size.zh`")]
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 5


def test_markdown_of_many_failures_stays_short() -> None:
    cases = [named(SIZE_ZH, f"n{n}.zh", f"n{n}", must_pass=False) for n in range(60)]
    text = to_markdown(report_of(go(ScriptedAssistant({case.id: refusal(case) for case in cases}), *cases)))
    assert "60 cases did not pass" in text
    assert "and 30 more." in text
    assert len(text) < 15_000


# The page


class Page(HTMLParser):
    """Collects the elements of a page and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_loads_nothing_and_has_no_inline_style_or_handler() -> None:
    page = Page(to_html(report_of(go(ScriptedAssistant(EVERYTHING)))))
    assert not [tag for tag, _ in page.found if tag in ("link", "img", "iframe", "object", "base", "a", "image", "use")]
    named = {name for _, attributes in page.found for name in attributes}
    assert not {name for name in named if name.startswith("on") or name in ("src", "href", "style", "action")}
    (policy,) = [a["content"] for _, a in page.found if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_the_page_shows_hostile_words_as_words() -> None:
    nasty = replace(answer(SIZE_ZH, [(HOSTILE, SIZE)]), question=HOSTILE)
    case = SIZE_ZH.model_copy(update={"question": HOSTILE, "facts": ((HOSTILE,),), "id": HOSTILE, "gold": (HOSTILE,)})
    report = report_of(go(ScriptedAssistant({HOSTILE: nasty}), case))
    page = Page(to_html(report, report))
    assert {tag for tag, _ in page.found} & {"img", "a", "b", "strong"} == set()
    assert len([tag for tag, _ in page.found if tag == "script"]) == 1


def test_differing_claims_are_marked() -> None:
    before = answer(SIZE_ZH, [("规模是3696.1亿元。", SIZE), ("增速24.7%。", SIZE)])
    after = answer(SIZE_ZH, [("規模是3,696.1億元", SIZE), ("增速是百分之三十。", SIZE)])
    assert differs(after, before) == [False, True]
    assert differs(refusal(SIZE_ZH), before) == [True]
    assert differs(before, None) == [True, True]


def test_how_a_case_changed() -> None:
    right = next(report_of(go(None, SIZE_ZH)).cases())
    wrong = next(report_of(go(ScriptedAssistant(script(size_zh=refusal(SIZE_ZH))), SIZE_ZH)).cases())
    longer = answer(SIZE_ZH, [("2021年的规模是3696.1亿元,比上年增长24.7%。", SIZE), ("试点在深圳。", PILOTS)])
    other = next(report_of(go(ScriptedAssistant(script(size_zh=longer)), SIZE_ZH)).cases())
    assert [change(wrong, right), change(right, wrong)] == ["lost", "won"]
    assert [change(right, right), change(other, right), change(right, None)] == ["same", "answer", ""]


def test_the_threshold_curve_counts_refusals_from_the_runs_own_on() -> None:
    def sure(case: Case, score: float) -> Any:
        given = answer(case, [("2021年的规模是3696.1亿元,比上年增长24.7%。", SIZE)])
        return replace(given, citations=(replace(given.citations[0], score=score),))

    facts = [named(SIZE_ZH, f"f{n}", f"f{n}") for n in range(4)]
    unheld = [named(MAYOR_ZH, f"u{n}", f"u{n}") for n in range(2)]
    said: dict[str, Any] = {
        case.id: sure(case, score) for case, score in zip(facts, (0.9, 0.8, 0.6, 0.95), strict=True)
    }
    said |= {"u0": refusal(MAYOR_ZH), "u1": sure(MAYOR_ZH, 0.7)}
    report = report_of(go(ScriptedAssistant(said), *facts, *unheld))
    points = threshold_curve(list(report.cases()), frozenset({"fact"}))
    assert [(p.threshold, p.refused, p.false_refused) for p in points[:-1]] == [
        (0.0, 0.5, 0.0), (0.6, 0.5, 0.0), (0.7, 0.5, 0.25), (0.8, 1.0, 0.25), (0.9, 1.0, 0.5), (0.95, 1.0, 0.75),
    ]  # fmt: skip
    assert (points[-1].refused, points[-1].false_refused) == (1.0, 1.0)
    assert threshold_curve(list(report_of(go(None, PILOTS_EN)).cases()), frozenset({"fact"})) == []


# Two reports


def test_comparing_reports() -> None:
    before, after = report_of(go()), report_of(go(ScriptedAssistant(script(size_zh=refusal(SIZE_ZH)))))
    after = after.model_copy(update={"settings": {"llm": "none", "passages": 1}, "prompts": {"zh/system.txt": "x"}})
    before = before.model_copy(update={"prompts": {"zh/system.txt": "y"}})
    found = compared_report(after, before, "before.json")
    assert found.exit_code == ExitCode.FAILED
    assert found.suites[0].comparison is not None
    assert found.suites[0].comparison.lost == ("size.zh",)
    assert found.suites[0].changed == ["passages None to 1", "prompt zh/system.txt"]
    assert compared_report(before, after, "after.json").exit_code == ExitCode.PASSED


def test_reports_without_a_common_suite_cannot_be_compared() -> None:
    one = report_of(go())
    other = report_of(replace(go(), suite=replace(suite_of(*CASES), name="other")))
    with pytest.raises(BadCases, match="no suite in common"):
        compared_report(one, other, "x")
