"""Conversations: kept, found, renamed, really deleted, and nobody else's."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.conversations import LONGEST_TITLE, Conversations
from assistant.errors import ConversationsUnreadable, ConversationUnknown
from assistant.exchange import Exchange, answer_from_dict, history, to_markdown, with_sources
from assistant.types import Claim, Message
from tests.scripted_backend import PILOTS, SIZE, cite, passages, reply

ANSWER = reply(
    "那规模呢",
    "zh",
    f"甲市。[1]{SIZE}[2]",
    claims=(Claim("甲市。", (1,), "supported"), Claim(SIZE, (2,), "quoted")),
    citations=(cite(1, PILOTS), cite(2, SIZE)),
    passages=passages(),
)
ANSWERED = Exchange(
    "那规模呢", "zh", "done", "那规模呢（上文）", (cite(1, PILOTS),), answer=ANSWER, left_out=("丁市。",)
)
FAILED = Exchange("Why?", "en", "failed", message="It broke.", hint="Try again.")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "conversations.db"


@pytest.fixture
def kept(path: Path) -> Iterator[Conversations]:
    opened = Conversations(path)
    yield opened
    opened.close()


def test_what_is_kept_comes_back_the_same_after_a_restart(path: Path, kept: Conversations) -> None:
    id_ = kept.create("ann", "规模？")
    kept.keep("ann", id_, 0, ANSWERED)
    kept.keep("ann", id_, 1, FAILED)
    kept.close()
    again = Conversations(path)
    assert again.exchanges("ann", id_) == (ANSWERED, FAILED)
    assert [heading.title for heading in again.list("ann")] == ["规模？"]
    again.close()


def test_an_answer_reads_back_from_json_and_ignores_what_a_newer_version_adds() -> None:
    plain = json.loads(ANSWER.to_json())
    assert answer_from_dict(plain) == ANSWER
    assert answer_from_dict(plain | {"mood": "good"}) == ANSWER
    assert Exchange.from_dict(json.loads(json.dumps(ANSWERED.to_dict())) | {"new": 1}) == ANSWERED


def test_nobody_sees_or_changes_the_conversations_of_others(kept: Conversations) -> None:
    id_ = kept.create("ann", "private")
    kept.keep("ann", id_, 0, FAILED)
    assert kept.list("bob") == []
    assert kept.delete("bob", [id_]) == 0
    for act in (
        lambda: kept.heading("bob", id_),
        lambda: kept.exchanges("bob", id_),
        lambda: kept.keep("bob", id_, 0, ANSWERED),
        lambda: kept.rename("bob", id_, "mine"),
        lambda: kept.rate("bob", id_, 0, "up"),
    ):
        with pytest.raises(ConversationUnknown):
            act()
    assert kept.exchanges("ann", id_) == (FAILED,)
    assert kept.heading("ann", id_).title == "private"


def test_the_file_does_not_tell_what_browsers_identify_themselves_with(path: Path, kept: Conversations) -> None:
    kept.create("secret-browser-id", "x")
    kept.choose("secret-browser-id", {"passages": 4})
    kept.note_upload("secret-browser-id", "d1")
    kept.close()
    assert b"secret-browser-id" not in b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert path.stat().st_mode & 0o077 == 0


def test_the_last_one_used_comes_first(kept: Conversations) -> None:
    first, second = kept.create("ann", "first"), kept.create("ann", "second")
    assert [heading.id for heading in kept.list("ann")] == [second, first]
    kept.keep("ann", first, 0, FAILED)
    assert [heading.id for heading in kept.list("ann")] == [first, second]


@pytest.mark.parametrize(
    ("search", "found"),
    [("", 2), ("规模", 1), ("甲市", 1), ("why", 1), ("100%", 1), ("_", 0), ("%", 2), ("nothing", 0), ("\\", 0)],
)
def test_titles_questions_and_answers_are_searched_literally(kept: Conversations, search: str, found: int) -> None:
    first, second = kept.create("ann", "数字"), kept.create("ann", "100% sure")
    kept.keep("ann", first, 0, ANSWERED)
    kept.keep("ann", second, 0, FAILED)
    assert len(kept.list("ann", search)) == found


def test_a_title_is_one_line_of_bounded_length_and_never_empty(kept: Conversations) -> None:
    id_ = kept.create("ann", "a\n b")
    assert kept.heading("ann", id_).title == "a b"
    kept.rename("ann", id_, "  ")
    assert kept.heading("ann", id_).title == "a b"
    kept.rename("ann", id_, "字" * 500)
    assert len(kept.heading("ann", id_).title) == LONGEST_TITLE


@pytest.mark.parametrize("way", ["delete", "replace"])
def test_what_is_deleted_is_nowhere_in_the_files(path: Path, kept: Conversations, way: str) -> None:
    id_ = kept.create("ann", "x")
    kept.keep("ann", id_, 0, FAILED)
    for at in range(1, 40):
        kept.keep("ann", id_, at, Exchange(f"UNFORGETTABLE-{at} " * 50, "en"))
    assert any(b"UNFORGETTABLE" in file.read_bytes() for file in path.parent.iterdir())
    if way == "delete":
        assert kept.delete("ann", [id_, "no-such"]) == 1
    else:
        kept.keep("ann", id_, 0, FAILED)
        assert kept.exchanges("ann", id_) == (FAILED,)
    assert not any(b"UNFORGETTABLE" in file.read_bytes() for file in path.parent.iterdir())


def test_a_rating_is_kept_with_its_comment_and_yields_what_was_rated(kept: Conversations) -> None:
    id_ = kept.create("ann", "x")
    kept.keep("ann", id_, 0, ANSWERED)
    kept.keep("ann", id_, 1, FAILED)
    kept.keep("ann", kept.create("ann", "not rated"), 0, ANSWERED)
    kept.rate("ann", id_, 0, "down", " the unit is wrong ")
    ((rated,),) = kept.rated()
    assert (rated.rating, rated.comment, rated.answer) == ("down", "the unit is wrong", ANSWER)
    kept.rate("ann", id_, 1, "up")
    assert [[one.rating for one in said] for said in kept.rated()] == [["down"], ["down", "up"]]
    kept.rate("ann", id_, 0, "")
    assert [[one.rating for one in said] for said in kept.rated()] == [["", "up"]]
    kept.rate("ann", id_, 1, "")
    assert list(kept.rated()) == []
    with pytest.raises(ConversationUnknown):
        kept.rate("ann", id_, 2, "up")


def test_choices_and_uploads_belong_to_their_owner(kept: Conversations) -> None:
    assert kept.choices("ann") == {}
    kept.choose("ann", {"passages": 4, "documents": ["d"]})
    assert kept.choices("ann") == {"passages": 4, "documents": ["d"]}
    assert kept.choices("bob") == {}
    kept.note_upload("ann", "d")
    kept.note_upload("bob", "d")
    assert kept.uploads("ann") == {"d"}
    kept.forget_upload("d")
    assert kept.uploads("ann") == kept.uploads("bob") == set()


def test_many_threads_at_once(kept: Conversations) -> None:
    def talk(owner: str) -> None:
        for at in range(10):
            id_ = kept.create(owner, f"{owner} {at}")
            kept.keep(owner, id_, 0, ANSWERED)

    threads = [threading.Thread(target=talk, args=(f"user-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(kept.list(f"user-{number}")) for number in range(8)] == [10] * 8


def test_a_file_that_is_no_database_or_a_newer_one_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"no database at all" * 100)
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    for name in ("bad.db", "newer.db"):
        with pytest.raises(ConversationsUnreadable) as caught:
            Conversations(tmp_path / name)
        assert caught.value.hint


def test_a_conversation_as_markdown_says_the_answers_with_the_words_they_rest_on() -> None:
    shown = to_markdown("规模\n与试点", [ANSWERED, FAILED, Exchange("停", "zh", "stopped")])
    assert shown.startswith("# 规模 与试点\n\n## 那规模呢\n\n按“那规模呢（上文）”查找\n\n甲市。[1]")
    assert f"[1] “{PILOTS}”" in shown
    assert f"[2] “{SIZE}”" in shown
    assert "## Why?\n\nIt broke. Try again.\n\n## 停\n\n（已停止）" in shown
    assert with_sources(ANSWER).startswith(f"{ANSWER.text}\n\n依据:")


def test_the_assistant_is_told_answered_questions_only() -> None:
    assert history([FAILED, ANSWERED]) == (Message("user", "那规模呢"), Message("assistant", ANSWER.text))
