"""Damaged index files: what can be read of them is saved word for word, and what is lost is named."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from assistant.cli import main
from knowledge.build import build_records, spec_for
from knowledge.errors import IndexDamaged, IndexMissing
from knowledge.pages import Pages
from knowledge.salvage import put_in_place, salvage
from knowledge.store import Store
from knowledge.types import DocumentRecord
from tests.conftest import Home
from tests.hashing_embedder import HashingEmbedder

EMBEDDER = HashingEmbedder()
SPEC = spec_for(EMBEDDER)


def record_of(number: int) -> DocumentRecord:
    """A document of a length of its own, from one line to some forty pages of the file."""
    lines = random.Random(number).choice([0, 1, 5, 60, 400, 4000])
    text = f"第{number}号文件。\n\n" + "城市的道路投资增加了。" * lines + f"全文完{number}。"
    return DocumentRecord(
        f"{number:016x}", f"标题{number}", f"/文件 夹/{number}.txt", "zh", text, {"author": "某人", "file": f"{number}"}
    )


RECORDS = {record.id: record for record in map(record_of, range(24))}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "documents.db"
    with Store.create(path, SPEC) as store:
        build_records(RECORDS.values(), store, EMBEDDER)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "documents.db"


def check_saved(path: Path) -> tuple[set[str], set[str]]:
    """Return the ids that are saved and the sources that are lost; what is saved is as it was."""
    remains = salvage(path)
    for record in remains.documents:
        was = RECORDS[record.id]
        assert (record.text, record.title, record.source, record.metadata) == (
            was.text, was.title, was.source, was.metadata,
        )  # fmt: skip
        assert record.added_at
    return {record.id for record in remains.documents}, {one.source for one in remains.lost}


def spoiled(sound: bytes, start: float, length: int, byte: bytes = b"\xa5") -> bytes:
    at = int(len(sound) * start)
    return sound[:at] + byte * length + sound[at + length :]


def test_a_sound_file_is_read_whole(path: Path, sound: bytes) -> None:
    path.write_bytes(sound)
    assert check_saved(path) == (set(RECORDS), set())
    assert path.read_bytes() == sound


@pytest.mark.parametrize("length", [16, 100, 4096, 20_000])
def test_without_its_header_nothing_is_lost(path: Path, sound: bytes, length: int) -> None:
    # The first pages are the schema and the roots of tables; what stands there is not needed.
    path.write_bytes(b"\0" * min(length, 4096) + sound[min(length, 4096) :])
    with pytest.raises(IndexDamaged):
        Store.open(path, SPEC)
    assert check_saved(path) == (set(RECORDS), set())


@pytest.mark.parametrize("keep", [0.9, 0.5, 0.2, 0.05])
def test_of_a_truncated_file_the_rest_is_saved_and_what_is_lost_is_named(path: Path, sound: bytes, keep: float) -> None:
    path.write_bytes(sound[: int(len(sound) * keep)])
    saved, lost = check_saved(path)
    assert len(saved) < len(RECORDS) or keep == 0.9
    assert not lost & {RECORDS[id_].source for id_ in saved}
    assert lost <= {record.source for record in RECORDS.values()}
    assert saved or keep == 0.05
    if keep == 0.5:
        assert lost


def test_what_is_overwritten_is_lost_and_the_rest_is_saved(path: Path, sound: bytes) -> None:
    chance = random.Random(3)
    numbers = []
    for _ in range(12):
        broken = bytearray(sound)
        for _ in range(chance.randint(1, 40)):
            at = chance.randrange(len(sound))
            length = min(chance.choice([1, 100, 9000]), len(sound) - at)
            broken[at : at + length] = chance.randbytes(1) * length
        path.write_bytes(broken)
        saved, lost = check_saved(path)
        numbers.append(len(saved))
        assert not lost & {RECORDS[id_].source for id_ in saved}
    assert min(numbers) < len(RECORDS)
    assert sum(numbers) > 12 * len(RECORDS) / 2


def test_a_text_with_a_hole_is_not_saved(path: Path, sound: bytes) -> None:
    at = sound.index("全文完7。".encode())
    path.write_bytes(sound[:at] + "全文毁7。".encode() + sound[at + len("全文毁7。".encode()) :])
    saved, lost = check_saved(path)
    assert saved == set(RECORDS) - {f"{7:016x}"}
    assert lost == {RECORDS[f"{7:016x}"].source}


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 50_000, b"no database " * 5000, b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_where_nothing_is_left_nothing_is_said_to_be(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert check_saved(path) == (set(), set())
    with pytest.raises(IndexMissing):
        salvage(path.with_name("other.db"))


def test_random_pages_are_no_documents(path: Path) -> None:
    chance = random.Random(5)
    for kind in (b"\x0d", b"\x0a"):
        path.write_bytes(b"\0" * 4096 + b"".join(kind + chance.randbytes(4095) for _ in range(200)))
        assert check_saved(path) == (set(), set())


def test_what_was_removed_does_not_come_back(path: Path) -> None:
    gone = {f"{number:016x}" for number in range(0, 24, 3)}
    with Store.create(path, SPEC) as store:
        build_records(RECORDS.values(), store, EMBEDDER)
        store.delete(gone)
        path_bytes = path.read_bytes()
    path.write_bytes(b"\0" * 4096 + path_bytes[4096:])
    assert check_saved(path) == (set(RECORDS) - gone, set())


def test_what_stands_only_in_the_journal_is_saved(path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from tests.test_salvage import *\n"
        "store = Store.create(Path(sys.argv[1]), SPEC)\n"
        "build_records(list(RECORDS.values())[:3], store, EMBEDDER)\n"
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert path.with_name("documents.db-wal").stat().st_size > 0
    path.write_bytes(b"\0" * path.stat().st_size)
    saved, lost = check_saved(path)
    assert (saved, lost) == (set(list(RECORDS)[:3]), set())


@pytest.mark.parametrize("damage", ["header", "middle", "truncated", "journal"])
def test_the_new_index_stands_in_the_place_of_the_damaged_one(path: Path, sound: bytes, damage: str) -> None:
    broken = {
        "header": spoiled(sound, 0.0, 5000),
        "middle": spoiled(sound, 0.5, 30_000),
        "truncated": sound[: len(sound) // 2],
        "journal": spoiled(sound, 0.0, 5000),
    }[damage]
    path.write_bytes(broken)
    if damage == "journal":
        path.with_name("documents.db-wal").write_bytes(b"an old journal")
    path.with_name("documents.db.damaged-1").write_bytes(b"an earlier one")
    remains = salvage(path)
    report, aside = put_in_place(path, remains.documents, EMBEDDER)
    assert report.documents_added == len(remains.documents) > 5
    assert aside.name == "documents.db.damaged-2"
    assert aside.read_bytes() == broken
    with Store.open(path, SPEC) as store:
        assert store.check() == []
        stored = {record.id: record for record in store.documents()}
        assert {id_: record.text for id_, record in stored.items()} == {one.id: one.text for one in remains.documents}
        assert all(stored[one.id].added_at == one.added_at for one in remains.documents)
        assert store.lexical(["道路"], 5)
    beside = {file.name for file in path.parent.iterdir()} - {"documents.db-wal", "documents.db-shm"}
    journal = {"documents.db.damaged-2-wal"} if damage == "journal" else set()
    assert beside == {"documents.db", "documents.db.damaged-1", "documents.db.damaged-2", *journal}


@pytest.mark.parametrize("size", [512, 1024, 8192, 65536])
def test_pages_of_any_size_are_read(path: Path, size: int) -> None:
    long = "很长的文字。" * 30_000
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA page_size = {size}")
        connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c BLOB, d INTEGER)")
        rows = [(1, "短", b"\x01\x02", -5), (2, long, b"", 0), (300, "", None, 2**40), (2**50, "x", b"y" * 5000, 1)]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
        connection.commit()
    with Pages(path) as pages:
        assert [(row.rowid, *row.values[1:]) for row in pages.rows(4)] == rows


Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.weights
def test_the_command_saves_what_is_left(use_own_home: Home, capsys: Capture, tmp_path: Path) -> None:
    assert run(capsys, "doctor", "--rebuild")[:2] == (0, "No collection is damaged.\n")
    names = ["一.txt", "二.txt"]
    for number, name in enumerate(names):
        (tmp_path / name).write_text(f"{name}的水塔高{number + 31}米。" + "别的话。" * 3000 * number, encoding="utf-8")
        assert run(capsys, "add", "--collection", "水", str(tmp_path / name))[0] == 0
    index = use_own_home.settings.home / "collections" / "水" / "documents.db"
    content = index.read_bytes()
    at = content.index("别的话。".encode() * 300)
    index.write_bytes(b"\0" * 100 + content[100:at] + b"?" * 900 + content[at + 900 :])
    code, _, err = run(capsys, "list", "--collection", "水")
    assert code == 1
    assert "wenju doctor --rebuild" in err
    code, out, _ = run(capsys, "doctor", "--rebuild", "--json")
    (row,) = json.loads(out)["rebuilt"]
    assert code == 1
    assert (row["collection"], row["saved"], row["lost_unnamed"]) == ("水", 1, 0)
    assert [one["source"] for one in row["lost"]] == [str(tmp_path / "二.txt")]
    assert Path(row["damaged"]).exists()
    assert "31米" in run(capsys, "ask", "--collection", "水", "一.txt的水塔高多少米？", "--llm", "none")[1]
    assert run(capsys, "doctor", "--rebuild")[:2] == (0, "No collection is damaged.\n")
