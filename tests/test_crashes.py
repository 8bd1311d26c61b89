"""Killed at any moment, or without room: the collection is at its old or its new state, and says what to do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from evals.crashes.collection import EMBEDDER, SPEC, Contents, compare, name_of, text_of, versions_in
from evals.crashes.kill import fill_often, kill_often
from knowledge.add import add_files
from knowledge.draft import draft_of, sweep
from knowledge.store import Store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs fork and SIGKILL")


def ignore(done: int, total: int) -> None:
    pass


def test_a_killed_process_leaves_the_old_or_the_new_state(tmp_path: Path) -> None:
    survived = kill_often(tmp_path, 10, 7, ignore)
    assert survived.problems == []
    assert survived.ends == 10
    assert survived.during["between two"] < 5, "the kills met nothing"


def test_a_process_without_room_says_so_and_loses_nothing(tmp_path: Path) -> None:
    survived = fill_often(tmp_path, 3, 7, ignore)
    assert survived.problems == []
    assert sum(survived.complaints.values()) == 3
    assert all("no room" in said for said in survived.complaints)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system in memory of 3 MB, where this machine lets us make one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be made here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_disk_that_is_full_is_said_to_be_and_nothing_is_lost(tmp_path: Path, small_disk: Path) -> None:
    survived = fill_often(tmp_path / "work", 6, 7, ignore, disk=small_disk)
    assert survived.problems == []
    assert sum(survived.complaints.values()) == 6
    assert all("no room" in said for said in survived.complaints)
    assert {"old", "new", "some", "same"} >= set(survived.found)


def test_what_is_neither_old_nor_new_is_seen() -> None:
    before, after = {"a": 1, "b": None, "c": 5}, {"a": 2, "b": 3, "c": 5}
    assert compare(Contents({"a": 1, "c": 5}, ()), before, after) == ("old", [])
    assert compare(Contents({"a": 2, "b": 3, "c": 5}, ()), before, after) == ("new", [])
    assert compare(Contents({"a": 2, "c": 5}, ()), before, after) == ("some", [])
    for wrong in ({"c": 5}, {"a": 3, "c": 5}, {"a": 1}, {"a": 1, "c": 5, "d": 1}):
        assert len(compare(Contents(wrong, ()), before, after)[1]) == 1
    assert compare(Contents({"a": 1, "c": 5}, ("broken",)), before, after)[1] == ["broken"]


def test_a_text_of_no_version_is_seen(tmp_path: Path) -> None:
    whole, cut = tmp_path / name_of(1), tmp_path / name_of(2)
    whole.write_text(text_of(whole.name, 3), encoding="utf-8")
    cut.write_text(text_of(cut.name, 3)[:-9], encoding="utf-8")
    with Store.create(tmp_path / "index.db", SPEC) as store:
        add_files([whole, cut], store, EMBEDDER)
        found = versions_in(store)
    assert found.versions == {whole.name: 3}
    assert len(found.problems) == 1


def test_only_drafts_whose_process_is_gone_are_swept(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    dead, other = tmp_path / ".index.db.0.draft", tmp_path / ".other.db.0.draft.lock"
    for name in ("", ".lock", "-wal"):
        dead.with_name(dead.name + name).touch()
    nested = tmp_path / "..index.db.0.draft.1.draft-journal"
    nested.touch()
    other.touch()
    with draft_of(path) as draft:
        draft.touch()
        sweep(path)
        assert draft.exists()
        assert {file.name for file in tmp_path.iterdir()} == {draft.name, f"{draft.name}.lock", other.name}
    assert list(tmp_path.iterdir()) == [other]
