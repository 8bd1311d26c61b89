"""Processes that write to one index at once: of a file that both add there is one version, the one on the disk."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from langchain_core.documents import Document

from knowledge.add import add_files
from knowledge.build import build_records, rebuild, spec_for
from knowledge.errors import IndexBusy
from knowledge.index_file import MOST_WAITS, replace_contents
from knowledge.store import Store
from knowledge.types import DocumentRecord
from tests.hashing_embedder import HashingEmbedder

EMBEDDER = HashingEmbedder()
SPEC = spec_for(EMBEDDER)

ADDS_SLOWLY = """
import sys, time
from pathlib import Path
from knowledge.add import add_files
from knowledge.store import Store
from tests.hashing_embedder import HashingEmbedder

index, file, reached, go = map(Path, sys.argv[1:])

class Waits(HashingEmbedder):
    def encode_passages(self, texts, *, progress=None):
        reached.touch()
        while not go.exists():
            time.sleep(0.01)
        return super().encode_passages(texts)

with Store.open(index) as store:
    (outcome,) = add_files([file], store, Waits()).files
print(outcome.status)
"""


def until(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def texts_in(index: Path) -> list[str]:
    with Store.open(index, SPEC) as store:
        assert store.check() == []
        return [record.text for record in store.documents()]


class Slow:
    """Another process that adds a file; it has read the file and waits before it stores it."""

    def __init__(self, index: Path, file: Path) -> None:
        reached, self._go = (file.with_name(f"{file.name}.{name}") for name in ("reached", "go"))
        command = [sys.executable, "-c", ADDS_SLOWLY, *map(str, (index, file, reached, self._go))]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until(reached)

    def finish(self) -> str:
        self._go.touch()
        out, err = self._process.communicate(timeout=60)
        assert self._process.returncode == 0, err
        return out.strip()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "报告 1.txt"


@pytest.fixture
def index(tmp_path: Path, file: Path) -> Path:
    file.write_text("第一版。", encoding="utf-8")
    with Store.create(tmp_path / "index" / "documents.db", SPEC) as store:
        add_files([file], store, EMBEDDER)
        return store.path


def test_of_two_changes_of_a_file_the_one_on_the_disk_stays(index: Path, file: Path) -> None:
    file.write_text("第二版。", encoding="utf-8")
    slow = Slow(index, file)
    file.write_text("第三版。", encoding="utf-8")
    with Store.open(index, SPEC) as store:
        (outcome,) = add_files([file], store, EMBEDDER).files
    assert outcome.status == "replaced"
    assert slow.finish() == "unchanged"
    assert texts_in(index) == ["第三版。"]


def test_a_version_that_another_process_stored_meanwhile_gives_way(index: Path, file: Path) -> None:
    file.write_text("第二版。", encoding="utf-8")
    newer = file.read_bytes()
    slow = Slow(index, file)
    file.write_text("旧的版本。", encoding="utf-8")
    with Store.open(index, SPEC) as store:
        add_files([file], store, EMBEDDER)
    file.write_bytes(newer)
    assert slow.finish() == "replaced"
    assert texts_in(index) == ["第二版。"]


def test_a_new_file_that_two_processes_add_is_there_once(index: Path, file: Path) -> None:
    new = file.with_name("新文件.txt")
    new.write_text("甲。", encoding="utf-8")
    slow = Slow(index, new)
    with Store.open(index, SPEC) as store:
        add_files([new], store, EMBEDDER)
    assert slow.finish() == "unchanged"
    assert texts_in(index) == ["第一版。", "甲。"]


def record_of(number: int) -> DocumentRecord:
    return DocumentRecord(f"d{number}", f"d{number}", f"s{number}", "zh", f"文件{number}。")


def test_what_is_stored_while_an_index_is_put_in_place_is_not_lost(index: Path) -> None:
    draft = index.with_name("draft.db")
    with Store.open(index, SPEC) as store, Store.create(draft, SPEC) as made:
        generation = store.generation
        build_records(store.documents(), made, EMBEDDER)
    with closing(sqlite3.connect(draft, isolation_level=None)) as lock, ThreadPoolExecutor() as pool:
        # It has looked at the generation and waits for the draft when another process stores a document.
        lock.execute("BEGIN IMMEDIATE")
        replacing = pool.submit(replace_contents, index, draft, expected_generation=generation)
        time.sleep(0.5)
        with Store.open(index, SPEC) as store:
            build_records([record_of(1)], store, EMBEDDER)
        lock.execute("ROLLBACK")
        with pytest.raises(IndexBusy):
            replacing.result(timeout=30)
    assert texts_in(index) == ["第一版。", "文件1。"]


def test_reindexing_puts_all_in_place_when_nobody_else_writes(index: Path) -> None:
    with Store.open(index, SPEC) as store:
        build_records(map(record_of, range(50)), store, EMBEDDER)
        before = store.generation
        rebuild(index, EMBEDDER)
        assert len(store.documents()) == 51
        assert store.generation > before


def test_a_writer_that_has_to_wait_says_so_and_goes_on(index: Path) -> None:
    said: list[int] = []
    with closing(sqlite3.connect(index, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")

        def tell() -> None:
            said.append(1)
            if len(said) == 2:
                other.execute("ROLLBACK")

        with Store.open(index, SPEC, busy_seconds=0.1, on_busy=tell) as store:
            build_records([record_of(1)], store, EMBEDDER)
            assert len(store.documents()) == 2
    assert len(said) == 2


def test_a_writer_does_not_wait_for_ever(index: Path) -> None:
    said: list[int] = []
    with closing(sqlite3.connect(index, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Store.open(index, SPEC, busy_seconds=0.01, on_busy=lambda: said.append(1)) as store:
            with pytest.raises(IndexBusy):
                build_records([record_of(1)], store, EMBEDDER)
    assert len(said) == MOST_WAITS - 1


def test_an_index_that_another_process_has_made_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "index" / "documents.db"

    def made_by_another(done: int, total: int) -> None:
        with Store.create(path, SPEC) as store:
            build_records([record_of(1)], store, EMBEDDER)

    with pytest.raises(IndexBusy):
        rebuild(path, EMBEDDER, [Document("随附的文章。")], progress=made_by_another)
    assert texts_in(path) == ["文件1。"]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_a_thread_reads_within_a_snapshot_is_of_one_state(index: Path) -> None:
    with Store.open(index, SPEC) as store, Store.open(index, SPEC) as other:
        before = store.generation
        with store.snapshot(), store.snapshot():
            first = store.documents()
            build_records([record_of(1)], other, EMBEDDER)
            other.delete([first[0].id])
            assert store.documents() == first
            assert store.generation == before
            assert store.document(first[0].id) == first[0]
            vector = EMBEDDER.encode_query("第一版。")
            assert len(store.dense(vector, 5)) == 1
            with ThreadPoolExecutor() as pool:
                assert [record.id for record in pool.submit(store.documents).result()] == ["d1"]
                assert pool.submit(store.dense, vector, 5).result() != store.dense(vector, 5)
        assert [record.id for record in store.documents()] == ["d1"]
        assert store.generation > before
