"""The assistant as a library: ask, stream, search, add, rebuild, from several threads, and with nothing configured."""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.documents import Document

import assistant as package
from assistant.assistant import Assistant, ask
from assistant.errors import BadQuestion, BadSettings
from assistant.models import EXTRACTIVE, LOCAL_MODEL
from assistant.settings import Settings
from assistant.types import Answer, Message
from knowledge.build import build_index, spec_for
from knowledge.errors import DocumentUnknown, KnowledgeError
from knowledge.store import Store
from knowledge.weights import Weights
from tests.conftest import Home, check_answer

pytestmark = pytest.mark.weights

PILOTS_ZH = "2015年底启动了哪三个新型智慧城市试点？"
PILOTS_EN = "Which three new smart city pilots were started at the end of 2015?"
LIBRARY = "The director of the Oakville library is Mary Stone. The Oakville library lends 12,000 books a year."


def library(text: str = LIBRARY) -> Document:
    return Document(page_content=text, metadata={"source": "library.md", "title": "Library"})


def untimed(answer: Answer) -> dict[str, object]:
    return answer.to_dict() | {"timings": None}


@pytest.fixture
def only_the_library(home: Home, tmp_path: Path) -> Home:
    """A home whose index holds one small document, so that it is quickly made anew."""
    settings = replace(home.settings, home=tmp_path / "small")
    with Assistant(settings) as assistant:
        assistant.index_path.parent.mkdir(parents=True)
        with Store.create(assistant.index_path, spec_for(assistant.embedder)) as store:
            build_index([library()], store, assistant.embedder)
    return replace(home, settings=settings)


def test_nothing_is_opened_before_it_is_needed(tmp_path: Path) -> None:
    opened = Assistant(Settings(home=tmp_path / "home", cache=tmp_path / "cache", offline=True))
    assert opened.index_path == tmp_path / "home" / "index" / "documents.db"
    opened.close()
    assert list(tmp_path.iterdir()) == []


def test_ask_with_nothing_but_settings_keeps_its_assistant(home: Home, assistant: Assistant) -> None:
    first = ask(PILOTS_ZH, settings=home.settings)
    again = package.ask(PILOTS_ZH, settings=home.settings)
    assert untimed(first) == untimed(assistant.ask(PILOTS_ZH)) == untimed(again)
    assert first.model == EXTRACTIVE
    from assistant import assistant as module

    assert len([settings for settings in module._shared if settings == home.settings]) == 1
    module._shared.pop(home.settings).close()


def test_ask_reads_the_environment(use_home: Home) -> None:
    from assistant import assistant as module

    assert "深圳、福州和嘉兴" in ask(PILOTS_ZH, [Message("user", "你好")]).text
    module._shared.pop(Settings.from_environment()).close()


def test_an_answer_survives_json(assistant: Assistant) -> None:
    answer = assistant.ask(PILOTS_EN)
    line = answer.to_json()
    assert "\n" not in line
    assert "深圳" in line
    back = json.loads(line)
    assert back["citations"] == [dict(row) for row in answer.to_dict()["citations"]]
    assert back == json.loads(json.dumps(answer.to_dict()))


def test_threads_share_one_assistant(home: Home) -> None:
    with Assistant(home.settings) as shared:
        expected = untimed(shared.ask(PILOTS_ZH))
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: untimed(shared.ask(PILOTS_ZH)), range(8)))
    assert answers == [expected] * 8


def test_threads_that_open_it_at_once_open_it_once(home: Home) -> None:
    # Parts need each other: a lock for each part would let two threads wait for one another for ever.
    with Assistant(home.settings) as shared:
        found: dict[int, object] = {}
        parts = ("chain", "store", "searcher", "embedder") * 3
        start = threading.Barrier(len(parts))

        def open_part(number: int, part: str) -> None:
            start.wait()
            found[number] = getattr(shared, part)

        threads = [threading.Thread(target=open_part, args=each, daemon=True) for each in enumerate(parts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        assert len({id(one) for one in found.values()}) == 4
        # A thread that waits for a part must not keep the one that holds the lock from getting it.
        shared.close()
        with shared._lock:
            waiting = threading.Thread(target=lambda: shared.store, daemon=True)
            waiting.start()
            waiting.join(0.3)
            holder = shared.searcher
        waiting.join(60)
        assert not waiting.is_alive()
        assert shared.searcher is holder


def test_a_document_that_is_added_answers_at_once_and_only_once(own_home: Home) -> None:
    question = "Who is the director of the Oakville library?"
    with Assistant(own_home.settings) as own:
        assert own.ask(question).refused
        assert own.add([library()]).documents_added == 1
        answer = own.ask(question)
        texts = {record.id: record.text for record in own.documents()}
        check_answer(answer, texts)
        assert any("Mary Stone" in citation.quote for citation in answer.citations)
        again = own.add([library()])
        assert (again.documents_added, again.documents_unchanged, len(own.documents())) == (0, 1, 2)
    with Assistant(own_home.settings) as reopened:
        assert untimed(reopened.ask(question)) == untimed(answer)


def test_an_edited_document_takes_the_place_of_its_earlier_version(only_the_library: Home) -> None:
    with Assistant(only_the_library.settings) as own:
        (before,) = own.documents()
        report = own.add([library(LIBRARY.replace("Mary Stone", "John Field"))])
        (after,) = own.documents()
        assert (report.documents_added, report.documents_replaced) == (1, 1)
        assert after.id != before.id
        assert "Mary Stone" not in own.ask("Who is the director of the Oakville library?").text
        with pytest.raises(DocumentUnknown):
            own.document(before.id)


def test_making_the_index_anew_keeps_the_documents(only_the_library: Home) -> None:
    with Assistant(only_the_library.settings) as own:
        before, steps = own.documents(), []
        own.ask("How many books does the Oakville library lend?")
        report = own.rebuild_index(progress=lambda done, total: steps.append((done, total)))
        assert [record.id for record in own.documents()] == [record.id for record in before]
        assert report.documents_added == 1
        assert steps[-1][0] == steps[-1][1] > 0
        assert "12,000" in own.ask("How many books does the Oakville library lend?").text


def test_closing_twice_and_using_it_again_works(home: Home) -> None:
    opened = Assistant(home.settings)
    before = untimed(opened.ask(PILOTS_ZH))
    opened.close()
    opened.close()
    assert untimed(opened.ask(PILOTS_ZH)) == before
    opened.close()


def test_a_document_is_found_by_its_id(assistant: Assistant) -> None:
    (record,) = assistant.documents()
    assert assistant.document(record.id) == record
    with pytest.raises(DocumentUnknown) as caught:
        assistant.document("nowhere")
    assert "wenju list" in caught.value.hint


def test_search_finds_passages_without_answering(assistant: Assistant) -> None:
    hits = assistant.search(PILOTS_ZH, 2)
    assert [hit.rank for hit in hits] == [1, 2]
    assert len(assistant.search(PILOTS_ZH)) == assistant.settings.passages
    with pytest.raises(BadQuestion):
        assistant.search("？")


def test_the_first_question_after_warming_up_loads_nothing(home: Home) -> None:
    with Assistant(home.settings) as warm:
        warm.warm_up()
        opened = set(warm.__dict__)
        warm.ask(PILOTS_ZH)
        assert set(warm.__dict__) - opened <= {"chain"}


@pytest.mark.parametrize("llm", ["gpt", "openai:", "http://host", "", "ollama"])
def test_a_chat_model_that_is_none_is_said_when_it_is_needed(home: Home, llm: str) -> None:
    with Assistant(replace(home.settings, llm=llm)) as opened, pytest.raises(BadSettings) as caught:
        opened.ask(PILOTS_ZH)
    assert "local" in caught.value.hint


def test_auto_reads_without_a_model_where_there_are_no_weights(home: Home) -> None:
    with Assistant(replace(home.settings, llm="auto")) as opened:
        assert opened.model_name == EXTRACTIVE
    with Assistant(replace(home.settings, llm="local")) as opened, pytest.raises(KnowledgeError, match=LOCAL_MODEL):
        opened.ask(PILOTS_ZH)


@pytest.mark.model
def test_the_real_chat_model_answers_in_both_languages(home: Home, tmp_path: Path) -> None:
    own = Settings.from_environment()
    if not Weights(own.cache, local=own.models, offline=True).available(LOCAL_MODEL):
        pytest.skip("the chat model's weights are not on this machine")
    shutil.copytree(home.settings.home, tmp_path / "home")
    settings = replace(home.settings, home=tmp_path / "home", cache=own.cache, models=own.models, llm="local")
    with Assistant(settings) as opened:
        texts = {record.id: record.text for record in opened.documents()}
        for question, places in ((PILOTS_ZH, ("深圳", "福州", "嘉兴")), (PILOTS_EN, ("Shenzhen", "Fuzhou", "Jiaxing"))):
            answer = opened.ask(question)
            check_answer(answer, texts)
            assert answer.model == LOCAL_MODEL
            quoted = " ".join(citation.quote for citation in answer.citations)
            assert all(place in answer.text for place in places) or "深圳、福州和嘉兴" in quoted
            assert answer.timings["tokens_out"] > 0
        refused = opened.ask("2017年启动了哪三个新型智慧城市试点？")
        check_answer(refused, texts)
        assert refused.refused
