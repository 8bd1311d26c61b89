"""The same question once more: from memory, as long as nothing that the answer depends on has changed."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.documents import Document

from assistant.assistant import Assistant
from assistant.events import EvidenceFound, Finished
from assistant.read import ChatReader, ExtractiveReader
from assistant.settings import Settings
from assistant.types import Answer, Choices, Message
from tests.conftest import Home, ScriptedChatModel

pytestmark = pytest.mark.weights

DIRECTOR = "Who is the director of the Oakville library?"
BOOKS = "How many books does the Oakville library lend a year?"


def library(director: str) -> Document:
    text = f"The director of the Oakville library is {director}. The Oakville library lends 12,000 books a year."
    return Document(page_content=text, metadata={"source": "library.md", "title": "Library"})


def finished(assistant: Assistant, question: str, **wanted: object) -> Answer:
    *_, last = assistant.stream(question, choices=Choices(**wanted))  # type: ignore[arg-type]
    assert isinstance(last, Finished)
    return last.answer


def was_cached(answer: Answer) -> bool:
    return answer.timings.get("cached") == 1.0


@pytest.fixture
def settings(home: Home, tmp_path: Path) -> Settings:
    return replace(home.settings, home=tmp_path / "home", collections=("library",))


@pytest.fixture
def asked(settings: Settings, assistant: Assistant) -> Iterator[Assistant]:
    """An assistant of one document, which shares the model with the tests' other one."""
    with Assistant(settings, embedder=assistant.embedder) as opened:
        opened.add(library("Mary Stone"))
        yield opened


def test_the_same_question_is_answered_from_memory(asked: Assistant) -> None:
    first, again = asked.ask(DIRECTOR), asked.ask(DIRECTOR)
    assert "Mary Stone" in first.text
    assert (was_cached(first), was_cached(again)) == (False, True)
    assert replace(again, timings={}) == replace(first, timings={})
    assert set(again.timings) == {"evidence", "total", "first_word", "cached"}
    assert "cached" not in first.timings


def test_the_words_of_the_question_are_those_that_were_asked_now(asked: Assistant) -> None:
    asked.ask(DIRECTOR)
    wide = " Ｗho is the director of the Oakville library？\n"
    again = asked.ask(wide)
    assert was_cached(again)
    assert again.question == again.standalone_question == wide.strip()


def test_a_stream_is_its_evidence_and_its_end(asked: Assistant) -> None:
    first = list(asked.stream(DIRECTOR))
    again = list(asked.stream(DIRECTOR))
    assert [type(event) for event in again] == [EvidenceFound, Finished]
    assert again[0] == first[0]


def test_a_refusal_is_remembered_as_well(asked: Assistant) -> None:
    question = "Who is the director of the Paris opera?"
    first, again = asked.ask(question), asked.ask(question)
    assert first.refused
    assert was_cached(again)
    assert again.reason == first.reason


@pytest.mark.parametrize(
    "wanted", [{"threshold": 0.01}, {"passages": 1}, {"language": "zh"}, {"document_ids": frozenset({"no such id"})}]
)
def test_what_was_chosen_otherwise_is_answered_anew(asked: Assistant, wanted: dict[str, object]) -> None:
    asked.ask(DIRECTOR)
    assert not was_cached(finished(asked, DIRECTOR, **wanted))
    assert was_cached(finished(asked, DIRECTOR, **wanted))


def test_a_question_with_a_history_is_answered_anew(asked: Assistant) -> None:
    asked.ask(BOOKS)
    said = [Message("user", DIRECTOR), Message("assistant", "Mary Stone.")]
    assert not any(was_cached(asked.ask(BOOKS, said)) for _ in range(2))


def test_nothing_is_kept_of_a_changed_document(asked: Assistant) -> None:
    asked.ask(DIRECTOR)
    asked.add(library("Anna Reed"))
    assert len(asked._given) == 0
    answer = asked.ask(DIRECTOR)
    assert not was_cached(answer)
    assert "Anna Reed" in answer.text
    assert "Mary Stone" not in answer.to_json()


def test_the_text_of_a_removed_document_is_gone_from_memory(asked: Assistant) -> None:
    asked.add(Document(page_content="The bakery opens at 7 o'clock.", metadata={"source": "bakery.md"}))
    secret = "Quentin Xylander"
    asked.add(library(secret))
    assert secret in asked.ask(DIRECTOR).text
    asked.remove("library.md")
    assert len(asked._given) == 0
    gc.collect()
    kept = [one for one in gc.get_objects() if type(one) is Answer and secret in one.text]
    assert kept == []
    answer = asked.ask(DIRECTOR)
    assert answer.refused
    assert secret not in answer.to_json()


def test_what_another_process_changed_is_noticed(asked: Assistant, settings: Settings) -> None:
    asked.ask(DIRECTOR)
    with Assistant(settings, embedder=asked.embedder) as other:
        other.add(library("Anna Reed"))
    assert "Anna Reed" in asked.ask(DIRECTOR).text


def test_an_answer_that_a_change_overtook_is_not_kept(asked: Assistant) -> None:
    events = asked.stream(DIRECTOR)
    next(events)
    asked.add(library("Anna Reed"))
    assert "Mary Stone" in next(event for event in events if isinstance(event, Finished)).answer.text
    assert len(asked._given) == 0
    assert "Anna Reed" in asked.ask(DIRECTOR).text


def test_collections_are_told_apart(asked: Assistant, settings: Settings, assistant: Assistant) -> None:
    with Assistant(replace(settings, collections=("other",)), embedder=assistant.embedder) as other:
        other.add(library("Anna Reed"))
    asked.ask(DIRECTOR)
    other = asked.in_collection("other")
    assert "Anna Reed" in other.ask(DIRECTOR).text
    assert was_cached(other.ask(DIRECTOR))
    assert "Mary Stone" in asked.ask(DIRECTOR).text
    other.remove("library.md")
    assert len(asked._given) == 0


def test_only_so_many_are_kept(asked: Assistant, settings: Settings) -> None:
    with Assistant(replace(settings, answer_cache=1), embedder=asked.embedder) as small:
        small.ask(DIRECTOR)
        small.ask(BOOKS)
        assert len(small._given) == 1
        assert not was_cached(small.ask(DIRECTOR))


@pytest.mark.parametrize("changes", [{"answer_cache": 0}, {"reproducible": True}])
def test_none_are_kept_if_none_shall_be(asked: Assistant, settings: Settings, changes: dict[str, object]) -> None:
    with Assistant(replace(settings, **changes), embedder=asked.embedder) as plain:  # type: ignore[arg-type]
        assert not any(was_cached(plain.ask(DIRECTOR)) for _ in range(2))
        assert len(plain._given) == 0


def test_only_readers_that_repeat_themselves_are_remembered() -> None:
    assert ExtractiveReader().repeats
    assert not ChatReader(ScriptedChatModel(), "gpt", "openai:gpt").repeats


def test_evals_ask_anew(use_home: Home) -> None:
    from contextlib import ExitStack

    from evals.commands.run import open_assistant

    with ExitStack() as stack:
        opened, _, _ = open_assistant("none", stack)
        assert not any(was_cached(opened.ask("Who wrote this article?")) for _ in range(2))


def test_many_threads_get_the_answer_of_their_documents(asked: Assistant) -> None:
    """Once a change is done, nobody is told the name before it."""
    names = ["Mary Stone", "Anna Reed", "Paul Hill", "Jane Wood", "Peter Field", "Lucy Brook"]
    said, lock = [0], threading.Lock()

    def ask(_: int) -> bool:
        with lock:
            earliest = said[0]
        text = asked.ask(DIRECTOR).text
        with lock:
            possible = names[earliest : said[0] + 2]
        return any(name in text for name in possible)

    def change() -> None:
        for number in range(1, len(names)):
            asked.add(library(names[number]))
            with lock:
                said[0] = number

    with ThreadPoolExecutor(3) as pool:
        changing = pool.submit(change)
        answers = list(pool.map(ask, range(40)))
        changing.result()
    assert all(answers)
    assert names[-1] in asked.ask(DIRECTOR).text
    assert was_cached(asked.ask(DIRECTOR))
