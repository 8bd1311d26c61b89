"""Rated answers as cases: real answers, kept and rated as the page does, drafted, reviewed and asked again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from assistant.cli import main
from assistant.conversations import FILE_NAME, Conversations
from assistant.exchange import Exchange, Rating, history
from evals.cases import BadCases, load_suite
from evals.drafting.feedback import draft_lines
from tests.conftest import Home

PILOTS = "2015年底，哪三个城市开始了新型智慧城市试点？"


@pytest.fixture
def kept(use_own_home: Home) -> Iterator[Conversations]:
    opened = Conversations(use_own_home.settings.home / FILE_NAME)
    yield opened
    opened.close()


def talk(assistant: Assistant, kept: Conversations, owner: str, *said: tuple[str, Rating, str]) -> list[Exchange]:
    """Ask questions one after the other, keep what comes of them, and rate it."""
    id_ = kept.create(owner, said[0][0])
    for at, (question, rating, comment) in enumerate(said):
        answer = assistant.ask(question, history=history(kept.exchanges(owner, id_)))
        kept.keep(owner, id_, at, Exchange(question, answer.language, "done", answer=answer))
        if rating:
            kept.rate(owner, id_, at, rating, comment)
    return list(kept.exchanges(owner, id_))


def drafted(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the cases of a drafted file, and those that a person has to complete."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return (
        [json.loads(line) for line in lines if line.startswith("{")],
        [json.loads(line[2:]) for line in lines if line.startswith("# {")],
    )


def test_rated_answers_become_cases_that_count_only_when_reviewed(
    assistant: Assistant, article: str, kept: Conversations, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = talk(assistant, kept, "ann", (PILOTS, "up", "三个都对"), ("那英文呢？", "", ""))
    (wrong,) = talk(assistant, kept, "bob", ("2023年中国数字经济规模有多大？", "down", "不是\n这一年"))
    (refused,) = talk(assistant, kept, "ann", ("深圳市市长是谁？", "up", ""))
    talk(assistant, kept, "carl", (PILOTS, "up", "三个都对"))
    assert refused.answer
    assert refused.answer.refused
    assert first.answer
    assert wrong.answer
    out = tmp_path / "rated.wenju.jsonl"
    capsys.readouterr()
    assert main(["eval", "draft", "--from-feedback", "--out", str(out)]) == 0
    assert "none is asked before somebody reviews it" in capsys.readouterr().err
    (good, none), (open_,) = drafted(out)
    assert (good["question"], good["kind"], good["language"]) == (PILOTS, "fact", "zh")
    assert good["gold"] == list(dict.fromkeys(one.quote for one in first.answer.citations))
    assert all(gold in article for gold in good["gold"])
    stated = {form for group in good["facts"] for form in group}
    assert {"深圳", "福州", "嘉兴"} <= stated
    assert not any("2015" in form for form in stated), "the question says it already"
    assert "三个都对" in good["note"]
    assert first.answer.text in good["note"]
    assert (none["kind"], none["reason"], none["facts"], none["gold"]) == (
        "unanswerable",
        refused.answer.reason,
        [],
        [],
    )
    assert (open_["question"], open_["facts"], open_["gold"]) == (wrong.question, [], [])
    assert "不是\n这一年" in open_["note"]
    assert wrong.answer.text in open_["note"]
    assert not any(case["reviewed"] for case in (good, none, open_))

    assert main(["eval", str(out), "--llm", "none", "--baseline", "none"]) == 2
    assert "Nobody has reviewed" in capsys.readouterr().err
    text = out.read_text(encoding="utf-8")
    out.write_text(text.replace("# {", "{"), encoding="utf-8")
    with pytest.raises(BadCases, match=r"needs facts and gold"):  # nobody can forget to complete a case
        load_suite(str(out))
    out.write_text(text.replace('"reviewed":false', '"reviewed":true'), encoding="utf-8")
    assert main(["eval", str(out), "--llm", "none", "--baseline", "none", "--json"]) == 0
    (suite,) = json.loads(capsys.readouterr().out)["suites"]
    assert [case["passed"] for case in suite["cases"]] == [True, True]


def test_a_follow_up_brings_what_was_said_and_keeps_its_id(assistant: Assistant, kept: Conversations) -> None:
    said = talk(assistant, kept, "ann", ("2022年中国数字经济规模有多大？", "", ""), ("那2021年呢？", "down", "年份"))
    (line,) = draft_lines(kept.rated())
    case = json.loads(line.removeprefix("# "))
    assert case["kind"] == "dialogue"
    assert [message["role"] for message in case["history"]] == ["user", "assistant"]
    assert said[0].question == case["history"][0]["text"]
    assert draft_lines([said, said]) == [line]
    assert draft_lines([[said[0], replace(said[1], comment="other")]]) != [line]


def test_an_answer_that_states_nothing_countable_is_a_fact_as_a_whole(assistant: Assistant) -> None:
    answer = assistant.ask(PILOTS)
    claim = replace(answer.claims[0], text="大家都很满意[1]")
    rated = Exchange(PILOTS, "zh", "done", answer=replace(answer, claims=(claim,)), rating="up")
    (line,) = draft_lines([[rated]])
    assert json.loads(line)["facts"] == [["大家都很满意"]]
    (line,) = draft_lines([[Exchange("为什么？", "zh", "failed", message="坏了。", rating="up")]])
    assert line.startswith("# {")
    assert "坏了。" in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "either a document or the ratings"),
        (["--from-feedback", "--from", "x.md"], "either a document or the ratings"),
        (["--from-feedback"], "There are no conversations"),
    ],
)
def test_what_cannot_be_drafted_is_one_sentence(
    use_own_home: Home, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "draft", *words]) == 2
    assert said in capsys.readouterr().err
    if said.startswith("There"):
        Conversations(use_own_home.settings.home / FILE_NAME).close()
        assert main(["eval", "draft", *words]) == 2
        assert "Nobody has rated" in capsys.readouterr().err
