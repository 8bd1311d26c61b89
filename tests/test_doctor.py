"""The doctor says what is there, what is wrong and how to mend it, and changes nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import doctor
from assistant.doctor import Finding, examine
from assistant.models import EXTRACTIVE, LOCAL_MODEL
from assistant.settings import Settings
from tests.conftest import E5, Home

pytestmark = pytest.mark.weights


@pytest.fixture
def nothing(tmp_path: Path) -> Settings:
    """The settings of a machine that has nothing yet."""
    return Settings(home=tmp_path / "home", cache=tmp_path / "cache", offline=True, llm="none")


def found(findings: list[Finding], what: str) -> Finding:
    (one,) = [finding for finding in findings if finding.what == what]
    return one


def test_all_is_well_where_all_is_well(home: Home) -> None:
    findings = examine(home.settings)
    assert [finding for finding in findings if finding.state == "wrong"] == []
    assert found(findings, E5).state == "ok"
    assert "1 documents" in found(findings, "index").detail
    assert found(findings, "reader") == Finding("reader", "ok", EXTRACTIVE)
    # The chat model is not needed: without it, quotes are the answer.
    assert found(findings, LOCAL_MODEL).state == "note"
    assert found(findings, LOCAL_MODEL).hint == f"Run `wenju models pull {LOCAL_MODEL}`."
    for package in doctor.PACKAGES:
        assert found(findings, package).state == "ok"


def test_whatever_is_not_well_comes_with_what_to_do(nothing: Settings) -> None:
    findings = examine(nothing)
    assert all(finding.hint for finding in findings if finding.state != "ok")
    assert found(findings, E5).state == "wrong"
    assert found(findings, "index").state == "note"
    assert "wenju index" in found(findings, "index").hint


def test_it_changes_nothing(nothing: Settings, tmp_path: Path) -> None:
    examine(nothing)
    assert list(tmp_path.iterdir()) == []


def test_an_index_of_another_model_is_wrong(own_home: Home) -> None:
    path = own_home.settings.home / "index" / "documents.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE manifest SET embedding_model = 'another-model'")
    connection.close()
    index = found(examine(replace(own_home.settings, cache=path.parent)), "index")
    assert index.state == "wrong"
    assert "another-model" in index.detail
    assert "wenju index --rebuild" in index.hint


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_damaged_index_is_wrong(nothing: Settings, content: bytes) -> None:
    path = nothing.home / "index" / "documents.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    index = found(examine(nothing), "index")
    assert index.state == "wrong"
    assert "damaged" in index.detail
    assert index.hint
    assert path.read_bytes() == content


def test_a_text_that_was_changed_behind_its_back_is_wrong(own_home: Home) -> None:
    path = own_home.settings.home / "index" / "documents.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE documents SET text = replace(text, '3696.1亿元', '9999.9亿元')")
    connection.close()
    index = found(examine(replace(own_home.settings, cache=path.parent)), "index")
    assert index.state == "wrong"
    assert index.hint


def test_a_reader_that_is_none_is_wrong(nothing: Settings) -> None:
    reader = found(examine(replace(nothing, llm="gpt")), "reader")
    assert reader.state == "wrong"
    assert "'gpt'" in reader.detail
    assert reader.hint


def test_little_room_on_the_disk_is_noted(nothing: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOW_DISK", 1 << 80)
    findings = examine(nothing)
    for what in ("home folder", "cache folder"):
        assert found(findings, what).state == "note"
        assert found(findings, what).hint
