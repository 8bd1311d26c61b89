"""The peer answers the same cases with the same models, and both stand in one report."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.assistant import Assistant
from assistant.read import ChatReader
from evals import cli
from evals.cases import load_suite
from evals.commands import run as run_command
from evals.commands.peers import both
from evals.peers.quickstart import CHUNK, NAME, PASSAGES, PROMPT, Quickstart, says_that_it_does_not_know
from evals.report.model import load_report
from evals.runner import CaseRunner
from tests.conftest import ScriptedChatModel
from tests.test_eval_broken_product import ChainAssistant
from tests.test_eval_command import parse


def test_without_a_model_the_nearest_passage_is_the_answer(assistant: Assistant) -> None:
    (document,) = assistant.documents()
    peer = Quickstart(assistant.documents(), assistant.embedder, None)
    answer = peer.ask("2021年智慧城市产业规模是多少？")
    (citation,) = answer.citations
    assert answer.text == citation.quote == document.text[citation.start : citation.end]
    assert len(citation.quote) <= CHUNK
    assert not answer.refused
    assert (answer.language, answer.model) == ("zh", "extractive")


def test_with_a_model_four_passages_are_stuffed_into_the_prompt(assistant: Assistant) -> None:
    model = ScriptedChatModel(draft="The pilots were in Shenzhen, Fuzhou and Jiaxing.")
    peer = Quickstart(assistant.documents(), assistant.embedder, model, "scripted", "http://x/v1#y")
    case = next(case for case in load_suite("facts").cases if case.id == "fact-001.en")
    result = CaseRunner(peer, {record.id: record.text for record in peer.documents()})(case)
    (heard,) = model.heard[-1]
    assert result.answer is not None
    passages = "\n\n".join(passage.text for passage in result.answer.passages)
    assert len(result.answer.passages) == PASSAGES
    assert heard.content == PROMPT.format(question=case.question, context=passages)
    assert result.passed is True
    assert result.scores["citation_exact"].value is True
    # It does not say what rests on what.
    assert result.scores["citation_resolves"].value is False


@pytest.mark.parametrize(
    ("text", "ignorant"),
    [
        ("I don't know.", True),
        ("The context does not mention who the mayor is. It names three cities.", True),
        ("There is no information about the mayor.", True),
        ("我不知道。", True),
        ("文中没有提到市长是谁。", True),
        ("根据提供的信息，无法确定市长是谁。", True),
        ("", True),
        ("The industry grew by 24.7%.", False),
        ("2021年产业规模达到3696.1亿元。", False),
        ("It was not small: 369.61 billion yuan. I do not know more.", False),
        ("不是萎缩，而是增长了24.7%。", False),
    ],
)
def test_what_counts_as_not_knowing(text: str, ignorant: bool) -> None:
    assert says_that_it_does_not_know(text) is ignorant


def test_a_peer_that_does_not_know_has_refused(assistant: Assistant) -> None:
    peer = Quickstart(
        assistant.documents(), assistant.embedder, ScriptedChatModel(draft="I don't know."), "scripted", "http://x/v1#y"
    )
    case = next(case for case in load_suite("facts").cases if case.id == "unanswerable-001.en")
    result = CaseRunner(peer, {record.id: record.text for record in peer.documents()})(case)
    assert result.passed is True
    assert len(result.answer.passages if result.answer else ()) == PASSAGES


def test_both_stand_in_one_report(
    assistant: Assistant, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(llm: str | None, stack: ExitStack) -> tuple[Assistant, dict[str, Any], Path]:
        return assistant, {"llm": "none"}, tmp_path

    # The command's own assistant would build an index in the home of whoever runs the tests.
    monkeypatch.setattr(run_command, "open_assistant", opened)
    out, html = tmp_path / "out.json", tmp_path / "out.html"
    cases = ["fact-058.zh", "fact-021.en", "unanswerable-016.zh"]
    words = ["peers", "facts", *(word for case in cases for word in ("--case", case)), "--out", str(out)]
    code = cli.run_command(parse(*words, "--html", str(html)))
    printed = capsys.readouterr().out
    ours, theirs = load_report(out), load_report(tmp_path / "out.json.peer")
    assert [case.id for case in ours.cases()] == [case.id for case in theirs.cases()]
    assert set(cases) == {case.id for case in ours.cases()}
    assert code == ours.exit_code
    assert ours.suites[0].compared_with == NAME
    assert "unanswerable-016.zh" in (ours.suites[0].comparison.won if ours.suites[0].comparison else ())
    assert NAME in printed
    assert "fact_recall" in printed
    assert html.read_text(encoding="utf-8").count(f"<h4>{NAME}</h4>") == len(cases)
    assert cli.run_command(parse(*words[:4], "--json")) == code
    assert set(json.loads(capsys.readouterr().out)) == {"wenju", "peer"}


def test_words_that_nobody_checked_are_no_merit(assistant: Assistant) -> None:
    """The verifier puts quotes in the place of invented words; a peer that keeps them is not better for it."""
    model = ScriptedChatModel(draft="它有九百个新区。")
    reader = ChatReader(model, "scripted", "http://x/v1#y")
    ours = ChainAssistant(assistant.searcher, reader, replace(assistant.settings, threshold=0.0))
    theirs = Quickstart(assistant.documents(), assistant.embedder, model, "scripted", "http://x/v1#y")
    facts = [case for case in load_suite("facts").cases if case.kind == "fact" and case.language == "zh"][:12]
    suite = replace(load_suite("facts"), cases=tuple(facts))
    mine, peers = both(parse("peers", "facts"), [suite], {}, (ours, None), (theirs, None))
    own = {metric.name: metric for metric in mine.suites[0].metrics}
    assert own["own_words"].value == 0.0
    assert "own_words" not in {metric.name for metric in peers.suites[0].metrics}
    assert mine.suites[0].worse == []


@pytest.mark.parametrize("option", ["--cache", "--bless"])
def test_what_makes_no_sense_beside_a_peer_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run_command(parse("peers", "facts", option)) == 2
    assert f"has no {option}" in capsys.readouterr().err


def test_unknown_cases_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run_command(parse("peers", "facts", "--case", "nobody")) == 2
    assert "nobody" in capsys.readouterr().err
