"""The runner, its reports and ``wenju eval``, with an assistant that answers from a script."""

from __future__ import annotations

import argparse
import io
import json
import math
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from assistant.errors import BadSettings, ModelUnreachable
from assistant.types import Answer, Message
from evals import cli
from evals.baseline import bless, compare, load_baseline
from evals.cases import BadCases, Case, Suite, load_suite, select
from evals.gates import ExitCode, exit_code, gates
from evals.recording import Recording, answer_from_dict
from evals.report import groups, metrics, to_dict, to_junit
from evals.runner import RunResult, prompt_hashes, run
from evals.score import Score
from evals.scorers import SCORERS, Scorer
from knowledge.errors import IndexMissing
from knowledge.types import DocumentRecord
from tests.eval_answers import (
    CASES,
    DOCUMENT,
    MAYOR_ZH,
    PILOTS,
    PILOTS_EN,
    SHRINK_EN,
    SIZE,
    SIZE_EN,
    SIZE_ZH,
    TEXT,
    answer,
    refusal,
    right_answers,
)

Scripted = Answer | Exception


class ScriptedAssistant:
    """Gives the answer the script holds for a question, or raises it; remembers what it was asked."""

    def __init__(self, script: Mapping[str, Scripted], model_name: str = "scripted") -> None:
        self.script, self.model_name = script, model_name
        self.asked: list[tuple[str, tuple[Message, ...]]] = []

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        self.asked.append((question, tuple(history)))
        found = self.script[question]
        if isinstance(found, Exception):
            raise found
        return found

    def documents(self) -> list[DocumentRecord]:
        return [DocumentRecord(DOCUMENT, "标题", "page", "zh", TEXT)]


def suite_of(*cases: Case, whole: bool = True) -> Suite:
    return Suite("mine", Path("mine.jsonl"), "0" * 64, cases, whole)


def script(**changes: Scripted) -> dict[str, Scripted]:
    """Right answers by question; a keyword (id with _ for .) replaces one."""
    answers: dict[str, Scripted] = {**right_answers()}
    answers |= {case_id.replace("_", "."): found for case_id, found in changes.items()}
    return {case.question: answers[case.id] for case in CASES}


def go(assistant: ScriptedAssistant | None = None, *cases: Case, **options: Any) -> RunResult:
    chosen = assistant or ScriptedAssistant(script())
    return run(suite_of(*(cases or CASES)), chosen, progress=io.StringIO(), **options)


def by_id(result: RunResult) -> dict[str, bool | None]:
    return {r.case.id: r.passed for r in result.results}


def test_right_answers_pass() -> None:
    result = go()
    assert by_id(result) == {case.id: True for case in CASES}
    assert not result.incomplete
    assert exit_code(result, gates(result), None) == ExitCode.PASSED
    assert result.reader == "chat"
    assert result.prompts == prompt_hashes()
    assert "cpus" in result.machine


def test_history_is_handed_on() -> None:
    case = SIZE_ZH.model_copy(update={"history": ({"role": "user", "text": "你好"},)})
    case = Case.model_validate(case.model_dump(warnings=False))
    assistant = ScriptedAssistant(script())
    go(assistant, case)
    assert assistant.asked == [(SIZE_ZH.question, (Message("user", "你好"),))]


def test_one_failing_question_does_not_stop_the_run() -> None:
    result = go(ScriptedAssistant(script(size_en=RuntimeError("boom"))))
    broken = {r.case.id: r for r in result.results}["size.en"]
    assert by_id(result) == {case.id: None if case.id == "size.en" else True for case in CASES}
    assert broken.unscored == "RuntimeError: boom"
    assert exit_code(result, gates(result), None) == ExitCode.INCOMPLETE


def test_a_model_that_goes_away_in_the_middle_is_recorded() -> None:
    gone = ModelUnreachable("No reply.", hint="Start it.")
    assert by_id(go(ScriptedAssistant(script(size_en=gone))))["size.en"] is None


@pytest.mark.parametrize(
    "error",
    [
        ModelUnreachable("No reply.", hint="Start it."),
        BadSettings("No such model.", hint="Name another."),
        IndexMissing("No index.", hint="Build it."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_wrong_for_every_question_is_raised(error: Exception) -> None:
    with pytest.raises(type(error)):
        go(ScriptedAssistant(script(size_zh=error)))


def test_a_scorer_that_breaks_is_no_verdict() -> None:
    def breaks(case: Case, given: Answer, documents: Mapping[str, str]) -> Score:
        raise ZeroDivisionError("of course")

    result = go(None, SIZE_ZH, scorers=(*SCORERS, Scorer("breaks", breaks)))
    assert result.results[0].scores["breaks"] == Score(None, "ZeroDivisionError: of course")
    assert result.results[0].passed is True
    assert exit_code(result, gates(result), None) == ExitCode.INCOMPLETE


def test_a_verdict_scorer_left_out_is_incomplete_not_failed() -> None:
    result = go(None, SIZE_ZH, scorers=[s for s in SCORERS if s.name != "strict"])
    assert result.results[0].passed is None
    assert result.incomplete


def test_citing_an_unknown_document_fails_instead_of_raising() -> None:
    right = right_answers()["size.zh"]
    lost = replace(right, citations=(replace(right.citations[0], document_id="gone"),))
    result = go(ScriptedAssistant(script(size_zh=lost)), SIZE_ZH)
    assert result.results[0].scores["citation_exact"].value is False
    assert not result.incomplete


def test_fail_fast_stops_at_the_first_failure() -> None:
    assistant = ScriptedAssistant(script(size_en=refusal(SIZE_EN)))
    result = go(assistant, fail_fast=True)
    assert [r.case.id for r in result.results] == ["size.zh", "size.en"]
    assert result.stopped
    assert exit_code(result, [], None) == ExitCode.FAILED


def test_extractive_reader_is_judged_by_its_quotes() -> None:
    quoted = answer(SIZE_EN, [(SIZE, SIZE)], support="quoted")
    result = go(ScriptedAssistant(script(size_en=quoted), "extractive"))
    assert result.reader == "extractive"
    assert result.results[1].verdict == "facts_in_quotes"
    assert result.results[1].passed


def test_progress_tells_what_is_left() -> None:
    stream = io.StringIO()
    run(suite_of(*CASES), ScriptedAssistant(script()), progress=stream)
    lines = stream.getvalue().splitlines()
    assert len(lines) == len(CASES)
    assert lines[0].startswith("[1/5] size.zh passed")
    assert lines[0].endswith("s left")
    assert "left" not in lines[-1]


# Conditions


def clones(case: Case, count: int, **changes: Any) -> list[Case]:
    return [
        case.model_copy(update={"id": f"{case.id}{n}", "family": f"{case.family}{n}", "must_pass": False, **changes})
        for n in range(count)
    ]


def gate(result: RunResult, name: str) -> Any:
    return {found.name: found for found in gates(result)}[name]


def halves(count: int, right: int) -> RunResult:
    """A run of `count` cases of which `right` pass."""
    cases = [case.model_copy(update={"question": f"q{n}"}) for n, case in enumerate(clones(SIZE_ZH, count))]
    answers: dict[str, Scripted] = {
        case.question: right_answers()["size.zh"] if n < right else refusal(case) for n, case in enumerate(cases)
    }
    return go(ScriptedAssistant(answers), *cases)


@pytest.mark.parametrize(("count", "right", "passed"), [(10, 9, True), (10, 8, False), (9, 0, None), (20, 18, True)])
def test_rates_are_judged_from_ten_cases_on(count: int, right: int, passed: bool | None) -> None:
    result = halves(count, right)
    found = gate(result, "facts zh")
    assert found.passed is passed
    assert found.measured == pytest.approx(right / count)
    expected = ExitCode.FAILED if passed is False else ExitCode.PASSED
    assert exit_code(result, gates(result), None) == expected


def test_one_wrong_number_is_too_many() -> None:
    wrong = answer(PILOTS_EN, [("Shenzhen, Fuzhou and Jiaxing spent 12 billion yuan.", PILOTS)])
    result = go(ScriptedAssistant(script(pilots_en=wrong)))
    assert by_id(result)["pilots.en"] is True
    assert gate(result, "wrong numbers").passed is False
    assert exit_code(result, gates(result), None) == ExitCode.FAILED


def test_one_inexact_citation_is_too_many() -> None:
    right = right_answers()["pilots.en"]
    wrong = replace(right, citations=(replace(right.citations[0], quote="推动杭州进行试点"),))
    result = go(ScriptedAssistant(script(pilots_en=wrong)))
    assert gate(result, "citations exact").passed is False


def test_a_must_pass_case_must_pass() -> None:
    result = go(ScriptedAssistant(script(mayor_zh=answer(MAYOR_ZH, [("是某人。", PILOTS)]))))
    assert gate(result, "must pass").passed is False
    assert exit_code(result, gates(result), None) == ExitCode.FAILED


def test_without_a_model_english_need_not_pass() -> None:
    english = SIZE_EN.model_copy(update={"must_pass": True})
    assistant = ScriptedAssistant(script(size_en=refusal(SIZE_EN)), "extractive")
    assert gate(go(assistant, SIZE_ZH, english), "must pass").passed is True
    assistant = ScriptedAssistant(script(size_en=refusal(SIZE_EN)))
    assert gate(go(assistant, SIZE_ZH, english), "must pass").passed is False


def test_conditions_without_cases_are_not_judged() -> None:
    result = go(None, MAYOR_ZH.model_copy(update={"must_pass": False}))
    assert {found.passed for found in gates(result)} == {None}


# Baseline


def test_bless_then_compare(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    lines = bless(go(), path)
    assert "5 of 5 passed" in lines[0]
    accepted = load_baseline(path).suites["mine"]
    same = compare(go(), accepted)
    assert (same.compared, same.lost, same.won, same.p_value) == (5, (), (), 1)
    assert not same.worse
    lost = compare(go(ScriptedAssistant(script(size_zh=refusal(SIZE_ZH), pilots_en=refusal(PILOTS_EN)))), accepted)
    assert lost.lost == ("size.zh", "pilots.en")
    assert lost.lost_must_pass == ("size.zh",)
    assert lost.worse


def test_losing_one_case_that_need_not_pass_is_not_worse(tmp_path: Path) -> None:
    bless(go(), tmp_path / "b.json")
    accepted = load_baseline(tmp_path / "b.json").suites["mine"]
    comparison = compare(go(ScriptedAssistant(script(pilots_en=refusal(PILOTS_EN)))), accepted)
    assert comparison.lost == ("pilots.en",)
    assert not comparison.worse


def test_losing_many_cases_is_worse(tmp_path: Path) -> None:
    bless(halves(20, 20), tmp_path / "b.json")
    accepted = load_baseline(tmp_path / "b.json").suites["mine"]
    few, many = compare(halves(20, 19), accepted), compare(halves(20, 12), accepted)
    assert not few.worse
    assert many.worse
    assert many.difference is not None
    assert many.difference.estimate == pytest.approx(-0.4)
    assert many.p_value == pytest.approx(2 / 2**8)


def test_changed_cases_are_not_compared(tmp_path: Path) -> None:
    bless(go(), tmp_path / "b.json")
    accepted = load_baseline(tmp_path / "b.json").suites["mine"]
    changed = SIZE_ZH.model_copy(update={"gold": (PILOTS,)})
    comparison = compare(go(ScriptedAssistant(script(size_zh=refusal(SIZE_ZH))), changed, PILOTS_EN), accepted)
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


# Recording


def test_an_answer_survives_its_dictionary() -> None:
    for right in right_answers().values():
        assert answer_from_dict(json.loads(right.to_json())) == right


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "run.answers"
    go(None, *CASES[:3], recording=Recording(path, {"model": "m"}))
    path.write_text(path.read_text(encoding="utf-8") + '{"id": "mayor.zh", "digest', encoding="utf-8")
    recording = Recording(path, {"model": "m"}, resume=True)
    assert len(recording) == 3
    assistant = ScriptedAssistant(script())
    result = go(assistant, recording=recording)
    assert by_id(result) == {case.id: True for case in CASES}
    assert [question for question, _ in assistant.asked] == [MAYOR_ZH.question, SHRINK_EN.question]
    assert len(Recording(path, {"model": "m"}, resume=True)) == 5


def test_answers_of_another_run_are_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "run.answers"
    go(None, SIZE_ZH, recording=Recording(path, {"model": "m"}))
    with pytest.raises(BadCases, match="another model"):
        Recording(path, {"model": "n"}, resume=True)
    assert len(Recording(path, {"model": "m"}, resume=True)) == 1
    assert len(Recording(path, {"model": "m"})) == 0


def test_a_damaged_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.answers"
    go(None, *CASES[:2], recording=Recording(path, {}))
    lines = path.read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join([lines[0], "{}", *lines[2:]]), encoding="utf-8")
    with pytest.raises(BadCases, match=r"run\.answers:2 is no recorded answer"):
        Recording(path, {}, resume=True)


def test_a_changed_case_is_asked_again(tmp_path: Path) -> None:
    go(None, SIZE_ZH, recording=Recording(tmp_path / "a", {}))
    assistant = ScriptedAssistant(script())
    changed = SIZE_ZH.model_copy(update={"forbidden": ()})
    go(assistant, changed, recording=Recording(tmp_path / "a", {}, resume=True))
    assert len(assistant.asked) == 1


# Reports


def test_groups_and_metrics() -> None:
    result = go(ScriptedAssistant(script(size_en=refusal(SIZE_EN), pilots_en=RuntimeError("x"))))
    found = {(group.kind, group.language): group for group in groups(result)}
    assert (found["fact", "en"].n, found["fact", "en"].passed, found["fact", "en"].unscored) == (1, 0, 1)
    assert found["fact", "zh"].share.estimate == 1
    measured = {metric.name: metric for metric in metrics(result)}
    assert measured["false_refusal"].value == 0.5
    assert measured["wrong_numbers"].value == 0
    assert measured["latency_total"].value == 1.5


def test_json_report_is_json(tmp_path: Path) -> None:
    result = go(ScriptedAssistant(script(size_zh=RuntimeError("x"))), SIZE_ZH)
    assert math.isnan(groups(result)[0].share.estimate)
    report = to_dict(result, gates(result), None, ExitCode.INCOMPLETE)
    plain = json.loads(json.dumps(report, allow_nan=False))
    assert plain["schema_version"] == 1
    assert plain["groups"][0]["share"] is None
    assert plain["cases"][0]["passed"] is None
    assert plain["cases"][0]["answer"] is None
    assert plain["exit_code"] == 3


def test_junit_survives_control_characters() -> None:
    nasty = replace(refusal(SIZE_EN), text="bell \x07 null \x00 half \ud800 <b> & 中文 \U0001f600 \ufffe")
    result = go(ScriptedAssistant(script(size_en=nasty, pilots_en=RuntimeError("esc \x1b]"))))
    text = to_junit(result)
    root = ElementTree.fromstring(text.encode())
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("5", "1", "1")
    failure, error = root.find(".//failure"), root.find(".//error")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.endswith(r"bell \u0007 null \u0000 half \ud800 <b> & 中文 " + "\U0001f600" + r" \ufffe")
    assert error is not None
    assert error.get("message") == r"RuntimeError: esc \u001b]"


# The command


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    cli.command(parser.add_subparsers(required=True))
    return parser.parse_args(["eval", *words])


@pytest.fixture
def suite_file(tmp_path: Path) -> str:
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(case.model_dump_json() for case in CASES), encoding="utf-8")
    return str(path)


def evaluate(assistant: ScriptedAssistant, *words: str) -> int:
    args = parse(*words)
    suite = select(load_suite(args.suite), ids=args.case, limit=args.limit)
    return cli.evaluate(args, suite, assistant, {"llm": args.llm or "scripted"})


def test_command_prints_tables_and_failures(suite_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = replace(refusal(SIZE_EN), text="Nothing [about] it.")
    code = evaluate(ScriptedAssistant(script(size_en=wrong)), suite_file)
    out, err = capsys.readouterr()
    assert code == 0
    assert "size.en failed: refused" in out
    assert "Nothing [about] it." in out
    assert SIZE_EN.question in out
    assert "[5/5]" in err


def test_command_json_and_files(suite_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, junit = tmp_path / "out.json", tmp_path / "junit.xml"
    assistant = ScriptedAssistant(script(size_zh=refusal(SIZE_ZH)))
    code = evaluate(assistant, suite_file, "--json", "--out", str(out), "--junit", str(junit))
    printed = json.loads(capsys.readouterr().out)
    assert code == printed["exit_code"] == 1
    assert json.loads(out.read_text(encoding="utf-8")) == printed
    assert ElementTree.parse(junit).getroot().get("failures") == "1"
    again = ScriptedAssistant({})
    assert evaluate(again, suite_file, "--out", str(out), "--resume") == 1
    assert again.asked == []


def test_command_compares_with_a_baseline(suite_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    baseline = str(tmp_path / "b.json")
    assert evaluate(ScriptedAssistant(script()), suite_file, "--baseline", baseline, "--bless") == 0
    assert "Accepted in b.json: mine by scripted, 5 of 5 passed." in capsys.readouterr().err
    assert evaluate(ScriptedAssistant(script()), suite_file, "--baseline", baseline) == 0
    assert "5 cases: 0 lost, 0 won" in capsys.readouterr().out
    assert evaluate(ScriptedAssistant(script(size_zh=refusal(SIZE_ZH))), suite_file, "--baseline", baseline) == 1
    assert "lost: size.zh" in capsys.readouterr().out


def test_command_incomplete(suite_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(ScriptedAssistant(script(size_en=RuntimeError("boom"))), suite_file) == 3
    out, err = capsys.readouterr()
    assert "RuntimeError: boom" in out
    assert "incomplete" in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nosuch"], "'nosuch' cannot be read"),
        (["MINE", "--case", "nobody"], "No case or family 'nobody'"),
        (["MINE", "--resume"], "--resume needs --out"),
        (["MINE", "--baseline", "FOLDER/gone.json"], "cannot be read"),
        (["MINE", "--bless"], "no baseline to accept"),
        (["MINE", "--out", "FOLDER/gone/out.json"], "cannot be written"),
        (["MINE", "--llm", "unknown"], "unknown model"),
    ],
)
def test_configuration_mistakes_are_one_sentence_and_two(
    words: list[str],
    sentence: str,
    suite_file: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def assistant(llm: str | None, stack: ExitStack) -> tuple[ScriptedAssistant, dict[str, Any]]:
        if llm == "unknown":
            raise BadSettings("There is an unknown model.", hint="Name another.")
        return ScriptedAssistant(script()), {"llm": "openai:x"}

    # The assistant itself is not under test here; the command's handling of what it raises is.
    monkeypatch.setattr(cli, "_assistant", assistant)
    words = [word.replace("MINE", suite_file).replace("FOLDER", str(tmp_path)) for word in words]
    assert cli.run_command(parse(*words)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1


def test_shipped_baselines_can_be_read() -> None:
    from evals.baseline import BASELINES_FOLDER

    for path in BASELINES_FOLDER.glob("*.json"):
        assert load_baseline(path).suites


def test_the_parser_is_light() -> None:
    code = "import evals.cli, sys; print(sorted({'torch', 'numpy', 'opencc', 'rich', 'langchain'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
