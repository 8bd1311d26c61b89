"""The parts of the page that stand by themselves: choices, uploads, what its script may ask for, users."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.conversations import Conversations
from assistant.errors import BadSettings, ConversationUnknown
from assistant.exchange import Exchange, answer_from_dict
from assistant.passwords import Users, line
from assistant.types import Choices
from assistant.web import choices, lists, uploads
from assistant.web.choices import STRICTNESS, chosen, costs
from assistant.web.line import Line
from assistant.web.service import FUNCTIONS, Service
from assistant.web.texts import text
from knowledge.errors import LoadError
from tests.reading import Reading
from tests.scripted_backend import EVIL, GOOD, PILOTS, ScriptedBackend
from tests.test_conversations import ANSWER, ANSWERED

READERS = {"quotes": "none", "local": "auto"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    kept = Conversations(tmp_path / "c.db")
    yield Service(ScriptedBackend(), kept)
    kept.close()


# Choices


def test_what_was_chosen_decides_what_is_asked_with() -> None:
    wanted = {"reader": "quotes", "strictness": "strict", "passages": 4, "answer": "en", "left_out": ["b"]}
    assert choices.choices(chosen(wanted, READERS), READERS, frozenset("ab")) == Choices(
        "none", STRICTNESS["strict"], 4, "en", frozenset("a")
    )
    assert choices.choices({}, READERS, frozenset("ab")) == Choices(reader="auto")
    assert choices.choices({}, {"quotes": "none"}, frozenset()) == Choices(reader="none")


@pytest.mark.parametrize(
    "sent",
    [
        {"reader": "openai:evil"},
        {"reader": "http://127.0.0.1:1/v1#x"},
        {"reader": "configured"},
        {"strictness": 0.0},
        {"strictness": "off"},
        {"passages": 10**9},
        {"answer": "fr"},
        {"left_out": "abc"},
        {"threshold": 0},
    ],
)
def test_what_cannot_be_chosen_is_not_kept(sent: dict[str, Any]) -> None:
    assert chosen(sent, READERS) == {}


def test_each_strictness_shows_what_it_costs() -> None:
    assert set(costs()["levels"]) == set(STRICTNESS)
    lost = [costs()["levels"][name]["lost"] for name in STRICTNESS]
    wrong = [costs()["levels"][name]["wrong"] for name in STRICTNESS]
    assert lost == sorted(lost)
    assert wrong == sorted(wrong, reverse=True)
    words = Reading(lists.settings({}, READERS, "en")).words
    assert all(f"refuses {share} %" in words for share in lost)


# Line


def test_a_line_is_first_come_first_served_and_turns_away_who_comes_too_late() -> None:
    line_ = Line(2)
    with line_.place() as first, line_.place() as second, line_.place() as third:
        assert first is not None
        assert second is not None
        assert third is None
        assert (first.before, second.before, second.wait(0.01)) == (0, 1, 1)
    with line_.place() as first:
        served = threading.Event()

        def wait() -> None:
            with line_.place() as place:
                assert place is not None
                while place.wait(5):
                    pass
                served.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not served.wait(0.05)
    assert served.wait(5)
    waiting.join()


# What the page's script may ask for


def test_lists_and_exports_are_of_whoever_asks(service: Service) -> None:
    id_ = service.kept.create("ann", "规模？/../x")
    service.kept.keep("ann", id_, 0, ANSWERED)
    assert "规模" in service.conversations("ann", "zh", {"current": id_})
    assert text("no_conversations", "zh") in service.conversations("bob", "zh", {})
    assert text("nothing_found", "zh") in service.conversations("ann", "zh", {"search": "nowhere"})
    markdown = service.export("ann", "zh", {"id": id_, "format": "markdown"})
    assert markdown["name"] == "规模-x.md"
    assert PILOTS in markdown["text"]
    plain = json.loads(service.export("ann", "zh", {"id": id_, "format": "json"})["text"])
    assert Exchange.from_dict(plain["exchanges"][0]) == ANSWERED
    assert answer_from_dict(plain["exchanges"][0]["answer"]) == ANSWER
    assert PILOTS in service.copy("ann", "zh", {"id": id_, "at": 0})
    for sent in ({"id": id_, "at": 0}, {"id": "no-such", "at": 0}):
        for ask in (service.export, service.copy, service.rate):
            with pytest.raises(ConversationUnknown):
                ask("bob", "zh", sent)
    service.rate("ann", "zh", {"id": id_, "at": 0, "rating": "up", "comment": "x"})
    service.rename("ann", "zh", {"id": id_, "title": "新名字"})
    assert [said[-1].rating for said in service.kept.rated()] == ["up"]
    assert service.kept.heading("ann", id_).title == "新名字"
    service.delete("ann", "zh", {"id": id_})
    assert service.kept.list("ann") == []


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ({"document": "gone", "start": 0, "end": 1}, "no_such_document"),
        ({"document": GOOD.id, "start": -1, "end": 2}, "no_such_place"),
        ({"document": GOOD.id, "start": 5, "end": 5}, "no_such_place"),
        ({"document": GOOD.id, "start": 0, "end": len(GOOD.text) + 1}, "no_such_place"),
    ],
)
def test_a_place_that_is_not_there_is_one_sentence(service: Service, sent: dict[str, Any], key: str) -> None:
    assert Reading(service.source("ann", "en", sent)).words == text(key, "en")


def test_a_document_opens_with_its_cited_sentences_and_nonsense_left_out(service: Service) -> None:
    start = GOOD.text.index(PILOTS)
    end = start + len(PILOTS)
    cited = [[start, end, 1], [-5, 3, 2], [3, 10**9, 3], [0, 2, 0]]
    html = service.source("ann", "zh", {"document": GOOD.id, "start": start, "end": end, "cited": cited})
    assert Reading(html).marked == PILOTS
    whole = service.source("ann", "zh", {"document": GOOD.id, "start": 0, "end": 0})
    assert "<mark" not in whole


def test_only_who_added_a_document_may_remove_it_unless_everybody_owns_the_machine(service: Service) -> None:
    service.kept.note_upload("ann", EVIL.id)
    assert service.documents("ann", "en", {}).count('name="remove"') == 1
    assert service.documents("bob", "en", {}).count('name="remove"') == 0
    service.remove("bob", "en", {"id": EVIL.id})
    service.remove("ann", "en", {"id": GOOD.id})
    assert len(service.backend.documents()) == 2
    service.remove("ann", "en", {"id": EVIL.id})
    assert service.backend.documents() == [GOOD]
    alone = Service(service.backend, service.kept, alone=True)
    assert alone.documents("bob", "en", {}).count('name="remove"') == 1
    alone.remove("bob", "en", {"id": GOOD.id})
    assert service.backend.documents() == []


def test_settings_are_kept_one_by_one(service: Service) -> None:
    service.choose("ann", "en", {"passages": 4})
    service.choose("ann", "en", {"left_out": [EVIL.id], "reader": "nonsense"})
    assert service.settings_of("ann") == {"passages": 4, "left_out": [EVIL.id]}
    assert service.choices_of("ann").document_ids == {GOOD.id}
    assert service.settings_of("bob") == {}
    assert 'value="4" checked' in service.settings("ann", "en", {})


def test_every_function_that_the_script_may_call_is_there(service: Service) -> None:
    assert all(callable(getattr(service, name)) for names in FUNCTIONS.values() for name in names)


# Uploads


def test_files_are_added_one_by_one_each_with_its_state_and_then_deleted(service: Service, tmp_path: Path) -> None:
    names = ["a.txt", "b.exe", "empty.md", "big.txt"]
    paths = []
    for name in names:
        (tmp_path / name).mkdir()
        paths.append(tmp_path / name / name)
    paths[0].write_text("甲市的河长三十公里。", encoding="utf-8")
    paths[1].write_bytes(b"MZ\0\0")
    paths[2].write_text("   ", encoding="utf-8")
    paths[3].write_bytes(b"x" * (uploads.MEGABYTES * 1_000_000 + 1))
    seen = list(uploads.add(service.backend, service.kept, "ann", paths, "en"))
    assert seen[0] == [(name, "waiting") for name in names]
    assert [state for _, state in seen[-1]] == [
        "added, 4 passages",
        "not added: this format cannot be read",
        "not added: it holds no text that can be read",
        "not added: the file is too large",
    ]
    assert not any((tmp_path / name).exists() for name in names)
    (added,) = service.kept.uploads("ann")
    assert service.backend.document(added).title == "a"


def test_the_progress_of_a_file_is_shown(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "FOLLOW", 0.02)
    (tmp_path / "up").mkdir()
    path = tmp_path / "up" / "a.txt"
    path.write_text("甲市的河长三十公里。", encoding="utf-8")
    seen = list(uploads.add(ScriptedBackend(pause=0.05), service.kept, "ann", [path], "en"))
    assert {"working 25%", "working 50%", "working 75%"} & {state for now in seen for _, state in now}


def test_a_visitor_adds_so_many_and_no_more(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "KEPT", 1)
    monkeypatch.setattr(uploads, "FILES", 3)
    paths = [tmp_path / f"{number}.txt" for number in range(4)]
    for number, path in enumerate(paths):
        path.write_text(f"这是第{number}份文件。", encoding="utf-8")
    states = [state for _, state in [*uploads.add(service.backend, service.kept, "ann", paths, "en")][-1]]
    assert states[0].startswith("added")
    assert states[1] == states[2] == "not added: you have added 1 documents, which is the most"
    assert states[3] == "not added: too many files at once"


def test_an_uploaded_file_cannot_pass_itself_off_as_another_document(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"---\ntitle: 新\nsource: {GOOD.source}\n---\n正文在这里。", encoding="utf-8")
    mine, theirs = (uploads.document(path, owner) for owner in ("ann", "bob"))
    assert mine.metadata["source"].startswith("upload:")
    assert mine.metadata["source"].endswith("/a.md")
    assert mine.metadata["source"] != theirs.metadata["source"]
    assert "ann" not in mine.metadata["source"]
    program = tmp_path / "a.exe"
    program.write_bytes(b"MZ")
    with pytest.raises(LoadError):
        uploads.document(program, "ann")


# Users


def test_a_line_holds_a_hash_that_only_the_password_fits(tmp_path: Path) -> None:
    written = line("ann", "correct horse")
    assert "correct" not in written
    assert written != line("ann", "correct horse")
    (tmp_path / "users").write_text(f"# users\n\n{written}\n", encoding="utf-8")
    users = Users.load(tmp_path / "users")
    assert users.check("ann", "correct horse")
    assert not users.check("ann", "correct horse ")
    assert not users.check("bob", "correct horse")


@pytest.mark.parametrize(
    ("name", "password"), [("a b", "long enough"), ("a:b", "long enough"), ("", "x" * 9), ("a", "short")]
)
def test_a_user_that_cannot_be_is_one_sentence(name: str, password: str) -> None:
    with pytest.raises(BadSettings) as caught:
        line(name, password)
    assert caught.value.hint


@pytest.mark.parametrize("written", ["", "# nobody\n", "ann:plain-password\n", "ann:scrypt$1$x\n"])
def test_a_file_of_users_that_is_none_is_one_sentence(tmp_path: Path, written: str) -> None:
    (tmp_path / "users").write_text(written, encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        Users.load(tmp_path / "users")
    assert "wenju password" in caught.value.hint
    with pytest.raises(BadSettings):
        Users.load(tmp_path / "no such file")
