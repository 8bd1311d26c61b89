"""``wenju eval`` with an assistant that answers from a script: options, files, exit codes, and what it says."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from assistant.errors import BadSettings
from evals import cli
from evals.cases import BadCases
from evals.commands import run
from tests.eval_answers import CASES, PILOTS_EN, SIZE_EN, SIZE_ZH, refusal
from tests.eval_scripts import ScriptedAssistant, script


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
    folder = Path(args.suite[0]).parent / "kept"
    return run.evaluate(args, run.chosen(args), assistant, {"llm": args.llm or "scripted"}, folder)


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
    assert ElementTree.parse(junit).getroot()[0].get("failures") == "2", "the case, and the condition that it must pass"
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
        (["MINE", "MINE"], "Two of the suites have the same name"),
        (["MINE", "--html", "FOLDER"], "it is a folder"),
        (["MINE", "--baseline", "last"], "no last run of mine"),
        (["compare", "FOLDER/a.json"], "needs two reports"),
        (["compare", "FOLDER/a.json", "FOLDER/b.json"], "cannot be read"),
        (["init"], "needs a folder"),
        (["draft"], "needs either a document or the ratings"),
        (["draft", "--from", "FOLDER/gone.md"], "gone.md"),
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
    def assistant(llm: str | None, stack: ExitStack) -> tuple[ScriptedAssistant, dict[str, Any], Path]:
        if llm == "unknown":
            raise BadSettings("There is an unknown model.", hint="Name another.")
        return ScriptedAssistant(script()), {"llm": "openai:x"}, tmp_path / "cache"

    # The assistant itself is not under test here; the command's handling of what it raises is.
    monkeypatch.setattr(run, "open_assistant", assistant)
    words = [word.replace("MINE", suite_file).replace("FOLDER", str(tmp_path)) for word in words]
    assert cli.run_command(parse(*words)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1


def test_jobs_are_refused_for_the_local_model(suite_file: str) -> None:
    with pytest.raises(BadCases, match="one answer at a time"):
        evaluate(ScriptedAssistant(script()), suite_file, "--llm", "local", "--jobs", "2", "--baseline", "none")
    assert evaluate(ScriptedAssistant(script()), suite_file, "--llm", "openai:x", "--jobs", "2") == 0


def test_several_suites_in_one_run(suite_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "more.wenju.jsonl").write_text(PILOTS_EN.model_dump_json(), encoding="utf-8")
    code = evaluate(
        ScriptedAssistant(script(size_zh=refusal(SIZE_ZH))), suite_file, str(tmp_path / "more.wenju.jsonl"), "--json"
    )
    plain = json.loads(capsys.readouterr().out)
    assert [(suite["name"], suite["exit_code"]) for suite in plain["suites"]] == [("mine", 1), ("more", 0)]
    assert code == plain["exit_code"] == 1


def test_the_last_run_is_kept_and_compared_with(suite_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    worse = ScriptedAssistant(script(size_zh=refusal(SIZE_ZH)))
    assert evaluate(ScriptedAssistant(script()), suite_file) == 0
    assert evaluate(worse, suite_file, "--baseline", "last") == 1
    out = capsys.readouterr().out
    assert "Against the last run, 5 cases: 1 lost, 0 won" in out
    assert "lost: size.zh" in out
    # The good run stays what the next one is compared with.
    assert evaluate(worse, suite_file, "--baseline", "last") == 1
    assert evaluate(ScriptedAssistant(script()), suite_file, "--baseline", "last") == 0


def test_a_part_of_a_suite_is_not_kept_as_the_last_run(suite_file: str) -> None:
    evaluate(ScriptedAssistant(script()), suite_file, "--limit", "2")
    evaluate(ScriptedAssistant(script(size_en=RuntimeError("x"))), suite_file)
    with pytest.raises(BadCases, match="no last run"):
        evaluate(ScriptedAssistant(script()), suite_file, "--baseline", "last")


def test_a_report_can_be_the_baseline_and_stands_beside_the_run(suite_file: str, tmp_path: Path) -> None:
    out, page = tmp_path / "a.json", tmp_path / "b.html"
    evaluate(ScriptedAssistant(script()), suite_file, "--out", str(out))
    worse = ScriptedAssistant(script(size_zh=refusal(SIZE_ZH)))
    assert evaluate(worse, suite_file, "--baseline", str(out), "--html", str(page)) == 1
    text = page.read_text(encoding="utf-8")
    assert "earlier run" in text
    assert "claim differs" in text
    with pytest.raises(BadCases, match="is a report, not a baseline"):
        evaluate(worse, suite_file, "--baseline", str(out), "--bless")


def test_compare_command(suite_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b, summary = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "s.md"
    evaluate(ScriptedAssistant(script()), suite_file, "--out", str(a))
    evaluate(ScriptedAssistant(script(size_zh=refusal(SIZE_ZH))), suite_file, "--out", str(b))
    capsys.readouterr()
    assert cli.run_command(parse("compare", str(a), str(b), "--markdown", str(summary))) == 1
    assert "lost: size.zh" in capsys.readouterr().out
    assert "lost: `size.zh`" in summary.read_text(encoding="utf-8")
    assert cli.run_command(parse("compare", str(b), str(a))) == 0
    assert cli.run_command(parse("compare", str(a), str(a))) == 0


def test_a_broken_line_is_named_and_every_other_case_scored(
    suite_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path(suite_file).open("a", encoding="utf-8") as file:
        file.write("\n{broken\n")
    code = evaluate(ScriptedAssistant(script()), suite_file, "--json")
    out, err = capsys.readouterr()
    plain = json.loads(out)
    assert code == plain["exit_code"] == 3
    assert [case["passed"] for case in plain["suites"][0]["cases"]] == [True] * 5
    assert f"{suite_file}:6: " in plain["suites"][0]["broken"][0]
    assert f"{suite_file}:6: " in err
    assert "1 lines hold no case: the run is incomplete." in err


def test_the_cache_is_used_when_asked_for(suite_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(ScriptedAssistant(script()), suite_file, "--cache")
    again = ScriptedAssistant(script())
    assert evaluate(again, suite_file, "--cache") == 0
    assert again.asked == []
    assert "5 answers were taken from the cache." in capsys.readouterr().err
    evaluate(again, suite_file)
    assert len(again.asked) == 5


def test_unreviewed_cases_are_asked_on_request_only(suite_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    drafted = PILOTS_EN.model_copy(update={"reviewed": False})
    cases = [drafted if case.id == PILOTS_EN.id else case for case in CASES]
    Path(suite_file).write_text("\n".join(case.model_dump_json() for case in cases), encoding="utf-8")
    assistant = ScriptedAssistant(script())
    evaluate(assistant, suite_file)
    assert len(assistant.asked) == 4
    evaluate(assistant, suite_file, "--unreviewed")
    assert len(assistant.asked) == 9
    Path(suite_file).write_text(drafted.model_dump_json(), encoding="utf-8")
    with pytest.raises(BadCases, match="Nobody has reviewed"):
        evaluate(assistant, suite_file)


def test_the_parser_is_light() -> None:
    code = "import evals.cli, sys; print(sorted({'torch', 'numpy', 'opencc', 'rich', 'langchain'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
