"""What a user chooses for one question changes that question only."""

from __future__ import annotations

import pytest

from assistant.assistant import Assistant
from assistant.errors import BadSettings
from assistant.events import Finished
from assistant.settings import Settings
from assistant.types import Answer, Choices
from knowledge.load import document_from_bytes
from tests.conftest import Home

QUESTION = "2021年中国智慧城市产业规模有多大？"


def answer(assistant: Assistant, question: str, choices: Choices) -> Answer:
    *_, last = assistant.stream(question, (), choices)
    assert isinstance(last, Finished)
    return last.answer


def test_threshold_passages_language_and_documents_are_followed(assistant: Assistant) -> None:
    plain = answer(assistant, QUESTION, Choices())
    assert not plain.refused
    assert answer(assistant, QUESTION, Choices(threshold=1.0)).refused
    assert len(answer(assistant, QUESTION, Choices(passages=2)).passages) == 2
    assert answer(assistant, QUESTION, Choices(language="en")).language == "en"
    nowhere = answer(assistant, QUESTION, Choices(document_ids=frozenset()))
    assert (nowhere.refused, nowhere.passages) == (True, ())
    assert answer(assistant, QUESTION, Choices()).text == plain.text


def test_only_readers_that_may_be_loaded_are_offered(home: Home) -> None:
    assert Assistant(home.settings).readers == {"quotes": "none"}
    named = Settings(home=home.settings.home, cache=home.settings.cache, llm="ollama:some-model")
    assert Assistant(named).readers == {"quotes": "none", "configured": "ollama:some-model"}
    with pytest.raises(BadSettings):
        Assistant(home.settings).reader_of("no such model")


def test_an_added_document_is_asked_and_removed_without_a_trace(own_home: Home) -> None:
    document = document_from_bytes(
        "碧溪河全长三十一公里，发源于云雾山。".encode(), name="river.txt", source="river.txt"
    )
    question = "碧溪河全长多少公里？"
    with Assistant(own_home.settings) as assistant:
        assistant.add([document])
        found = answer(assistant, question, Choices())
        assert "三十一公里" in found.text
        (id_,) = {citation.document_id for citation in found.citations}
        others = frozenset(record.id for record in assistant.documents()) - {id_}
        assert answer(assistant, question, Choices(document_ids=others)).refused
        assert assistant.remove([id_]) == [id_]
        assert answer(assistant, question, Choices()).refused
