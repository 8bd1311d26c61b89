"""Drafted cases and the starter suite: what is proposed can be reviewed, and what is written can be run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from assistant.cli import main
from evals import cli
from evals.case import KINDS, Case
from evals.cases import load_suite
from evals.drafting.cases import draft_cases
from evals.drafting.lists import enumerations
from evals.text import missing_groups
from tests.conftest import Home

ENGLISH = """# Qinghe Library

The Qinghe Library opened in September 2011, and its director is Lin Ruoxi. It has 427,000 books.

In 2024 it received 635,000 visitors, 12.4% more than in the year before. It has branches in Donghu, Shiqiao and Nanxi.
"""


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    cli.command(parser.add_subparsers(required=True))
    return parser.parse_args(["eval", *words])


def asked(cases: list[Case]) -> dict[str, tuple[tuple[str, ...], ...]]:
    return {case.question: case.facts for case in cases}


@pytest.mark.parametrize(
    ("sentence", "items"),
    [
        ("推动深圳、福州和嘉兴三地进行试点。", ("深圳", "福州", "嘉兴")),
        ("在东湖、石桥和南溪三处设有分馆。", ("东湖", "石桥", "南溪")),
        ("数字医疗、数字交通、数字教育建设稳步推进。", ("数字医疗", "数字交通", "数字教育")),
        ("重点引入无线通信、光纤宽带、GIS、遥感等技术。", ("无线通信", "光纤宽带", "GIS", "遥感")),
    ],
)
def test_items_of_a_list(sentence: str, items: tuple[str, ...]) -> None:
    (found,) = enumerations(sentence, "zh")
    assert found.items == items
    assert sentence[found.start : found.end].startswith(items[0])
    assert sentence[found.start : found.end].endswith(items[-1])


def test_items_of_an_english_list() -> None:
    (found,) = enumerations("It has branches in Donghu, Shiqiao and Nanxi.", "en")
    assert found.items == ("Donghu", "Shiqiao", "Nanxi")
    assert enumerations("It has two branches, and a garden.", "en") == []
    assert enumerations("东湖和石桥。", "zh") == []


def test_quantities_names_and_lists_are_proposed_in_english() -> None:
    found = asked(draft_cases(ENGLISH))
    assert any("September 2011" in group[0] for group in found.values())
    assert (("Donghu",), ("Nanxi",)) == tuple(
        tuple(form for form in group if form in ("Donghu", "Nanxi"))
        for group in found["It has branches in which ones?"]
        if group[0] != "Shiqiao"
    )
    assert not any("635?" in question for question in found), "a comma inside a number ends no clause"


def test_every_proposal_of_the_article_can_be_reviewed(article: str) -> None:
    drafted = draft_cases(article)
    assert len(drafted) > 20
    for case in drafted:
        assert not case.reviewed
        assert all(gold in article for gold in case.gold)
        assert not missing_groups("\n".join(case.gold), case.facts), case.id
        assert len(missing_groups(case.question, case.facts)) == len(case.facts), case.id
        assert len(case.question) > 5
    kinds = {case.note.split(" of ")[0] for case in drafted}
    assert {"drafted from a quantity", "drafted from a list", "drafted from a date"} <= kinds


def test_draft_writes_a_suite_that_is_not_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document, out = tmp_path / "doc.md", tmp_path / "doc.wenju.jsonl"
    document.write_text(ENGLISH, encoding="utf-8")
    assert cli.run_command(parse("draft", "--from", str(document), "--out", str(out))) == 0
    assert "none is asked before somebody reviews it" in capsys.readouterr().err
    suite = load_suite(str(out))
    assert suite.name == "doc"
    assert suite.cases
    assert not any(case.reviewed for case in suite.cases)
    assert cli.run_command(parse("draft", "--from", str(document), "--out", str(out))) == 2
    assert "is there already" in capsys.readouterr().err
    assert cli.run_command(parse("draft", "--from", str(document), "--limit", "2")) == 0
    printed = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("#")]
    assert [json.loads(line)["reviewed"] for line in printed] == [False, False]
    assert cli.run_command(parse(str(out), "--llm", "none")) == 2
    assert "Nobody has reviewed" in capsys.readouterr().err


def test_a_document_that_states_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "doc.md").write_text("这里什么也没有说。\n", encoding="utf-8")
    assert cli.run_command(parse("draft", "--from", str(tmp_path / "doc.md"))) == 2
    assert "no quantity, name or list" in capsys.readouterr().err


def test_the_starter_suite_runs_as_it_is(
    tmp_path: Path, use_own_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    assert main(["eval", "init", str(folder)]) == 0
    suite = load_suite(str(folder / "example.wenju.jsonl"))
    assert {case.kind for case in suite.cases} == set(KINDS)
    text = (folder / "example.md").read_text(encoding="utf-8")
    for case in suite.cases:
        assert all(gold in text for gold in case.gold)
        assert not missing_groups("\n".join(case.gold), case.facts)
    assert main(["index", str(folder / "example.md")]) == 0
    capsys.readouterr()
    code = main(["eval", str(folder / "example.wenju.jsonl"), "--llm", "none", "--baseline", "none", "--json"])
    plain = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [case["unscored"] for case in plain["suites"][0]["cases"] if case["unscored"]] == []
    passed = sum(case["passed"] for case in plain["suites"][0]["cases"])
    assert passed >= len(suite.cases) // 2
    assert main(["eval", "init", str(folder)]) == 2
    assert "is there already" in capsys.readouterr().err
