"""Documents that state no year are answered from with a word of warning; elsewhere the year has to be stated."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.assistant import Assistant
from assistant.chain import AnswerChain
from assistant.read import ChatReader, ExtractiveReader, Reader
from assistant.types import Answer, Turn
from knowledge.types import DocumentRecord
from prompts import render
from tests.conftest import ScriptedChatModel, Searching

QUESTION = "2022赛季中超联赛什么时候开赛？"
TEXT = "中超联赛新赛季揭幕战将于6月3日在海口进行。"


def asked(
    assistant: Assistant,
    searching: Searching,
    *,
    question: str = QUESTION,
    text: str = TEXT,
    metadata: dict[str, str] | None = None,
    reader: Reader | None = None,
) -> Answer:
    searcher = searching([DocumentRecord("d", "足球", "d", "zh", text, metadata or {})])
    reading = reader or ChatReader(ScriptedChatModel(draft="6月3日"), "scripted", "local")
    return AnswerChain(searcher, reading, assistant.settings).invoke(Turn(question))


def test_the_answer_says_that_the_year_is_not_stated(assistant: Assistant, searching: Searching) -> None:
    answer = asked(assistant, searching)
    assert not answer.refused
    assert answer.text.startswith(render("zh", "undated").strip())
    assert [citation.quote for citation in answer.citations] == [TEXT]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"text": f"{TEXT}上赛季是2021年。"}, id="another year in the document"),
        pytest.param({"metadata": {"published": "2021-05-01"}}, id="another year in what is known of it"),
        pytest.param({"question": "2022年5月1日中超联赛在哪里开赛？"}, id="the day is not stated either"),
        pytest.param({"question": "2022赛季成都队什么时候开赛？"}, id="a name is not stated either"),
        pytest.param({"question": "When does the 2022 season start?"}, id="across languages"),
        pytest.param({"reader": ExtractiveReader()}, id="nobody judges"),
    ],
)
def test_otherwise_the_year_has_to_be_stated(
    assistant: Assistant, searching: Searching, changes: dict[str, Any]
) -> None:
    assert asked(assistant, searching, **changes).refused
