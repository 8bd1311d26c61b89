"""Files into an index: what happens to each, twice, changed, renamed, removed, and by many at once."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from knowledge.add import AddReport, add_files
from knowledge.build import rebuild, spec_for
from knowledge.catalog import named
from knowledge.errors import DocumentUnknown, IndexMismatch
from knowledge.formats.places import place_of
from knowledge.lexical import index_tokens
from knowledge.scan import scan
from knowledge.store import Store
from tests.corpus import MAKERS, make_corpus, make_docx, make_pdf
from tests.hashing_embedder import HashingEmbedder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files in Chinese and English, with what else lies in folders."""
    place = tmp_path / "我的 文件"
    (place / "下级").mkdir(parents=True)
    (place / "a.md").write_text("# 河\n\n河长120公里。\n", encoding="utf-8")
    (place / "下级" / "b《一》.txt").write_text("山高三千米。", encoding="utf-8")
    (place / "下级" / "b一.txt").write_text("山高三千米。", encoding="utf-8")
    (place / "下级" / "Ａ.txt").write_text("湖深八米。", encoding="utf-8")
    (place / "下级" / "A.txt").write_text("湖深九米。", encoding="utf-8")
    (place / "c.pdf").write_bytes(make_pdf("en", 1).data)
    (place / ".hidden.txt").write_text("hidden")
    (place / "~$d.docx").write_bytes(b"lock")
    return place


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "index.db", spec_for(HashingEmbedder())) as opened:
        yield opened


def statuses(report: AddReport) -> dict[str, str]:
    return {Path(file.path).name: file.status for file in report.files}


def test_a_folder_goes_in_once(folder: Path, store: Store) -> None:
    embedder = HashingEmbedder()
    told: list[tuple[int, int]] = []
    report = add_files([folder], store, embedder, progress=lambda done, total: told.append((done, total)))
    assert set(statuses(report).values()) == {"added"}
    assert sorted(statuses(report)) == sorted(["a.md", "b《一》.txt", "b一.txt", "Ａ.txt", "A.txt", "c.pdf"])
    assert (report.documents_added, len(store.documents())) == (6, 6)
    assert report.passages == store.passage_count == sum(file.passages for file in report.files)
    assert told == sorted(told)
    assert told[-1] == (sum(path.stat().st_size for path in folder.rglob("[!.~]*.*")),) * 2
    before, calls = store.generation, embedder.calls
    again = add_files([folder, folder / "a.md", str(folder) + "/"], store, embedder)
    assert set(statuses(again).values()) == {"unchanged"}
    assert [file.document_id for file in again.files] == [file.document_id for file in report.files]
    assert (store.generation, embedder.calls) == (before, calls)


def test_a_changed_file_replaces_a_renamed_one_moves(folder: Path, store: Store) -> None:
    embedder = HashingEmbedder()
    add_files([folder], store, embedder)
    (folder / "a.md").write_text("# 河\n\n河长135公里。\n", encoding="utf-8")
    (folder / "c.pdf").rename(folder / "下级" / "d.pdf")
    report = add_files([folder], store, embedder)
    assert statuses(report) == dict.fromkeys(["b《一》.txt", "b一.txt", "Ａ.txt", "A.txt"], "unchanged") | {
        "a.md": "replaced",
        "d.pdf": "moved",
    }
    texts = {record.source: record.text for record in store.documents()}
    assert sorted(Path(source).name for source in texts) == sorted(statuses(report))
    assert "135" in texts[str(folder / "a.md")]
    assert store.lexical(index_tokens("120公里"), 5) == [] or "120" not in str(texts)
    assert store.check() == []


def test_a_copy_stays_beside_its_original(folder: Path, store: Store) -> None:
    add_files([folder / "a.md"], store, HashingEmbedder())
    (folder / "copy.md").write_bytes((folder / "a.md").read_bytes())
    assert statuses(add_files([folder / "copy.md"], store, HashingEmbedder())) == {"copy.md": "added"}
    assert len(store.documents()) == 2


def test_the_same_words_on_other_pages_are_a_change(folder: Path, store: Store) -> None:
    add_files([folder / "c.pdf"], store, HashingEmbedder())
    (before,) = store.documents()
    data = (folder / "c.pdf").read_bytes()
    (folder / "c.pdf").write_bytes(data + b"\n")  # other bytes, the same text on the same pages
    assert statuses(add_files([folder / "c.pdf"], store, HashingEmbedder())) == {"c.pdf": "unchanged"}
    stored = store.catalog()[0].metadata
    changed = before.metadata | {"places": json.dumps([["page", 0, 5, "9", 0, ["", ""]]])}
    assert stored["places"] != changed["places"]
    with store._file.writing() as connection:
        connection.execute("UPDATE documents SET metadata = ?", (json.dumps(changed | {"file_digest": "x"}),))
    assert statuses(add_files([folder / "c.pdf"], store, HashingEmbedder())) == {"c.pdf": "replaced"}
    assert store.catalog()[0].metadata["places"] == before.metadata["places"]


def test_what_cannot_be_read_is_skipped_and_the_rest_goes_in(folder: Path, store: Store, tmp_path: Path) -> None:
    (folder / "broken.docx").write_bytes(b"PK")
    (folder / "locked.pdf").write_bytes(make_pdf("en", 2, password="x").data)
    (folder / "empty.txt").touch()
    (folder / "picture.png").write_bytes(b"x")
    (tmp_path / "outside.txt").write_text("outside")
    (folder / "out.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "nowhere.txt").symlink_to(folder / "gone.txt")
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "in.txt").symlink_to(folder / "下级" / "A.txt")
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.txt")
    report = add_files([folder, tmp_path / "missing.pdf"], store, HashingEmbedder())
    reasons = {Path(file.path).name: file.reason for file in report.having("skipped")}
    assert len(report.having("added")) == 6
    assert "outside" not in "".join(record.text for record in store.documents())
    assert {name: said for name, said in reasons.items() if not said.endswith(".")} == {}
    for name, said in (("broken.docx", "damaged"), ("locked.pdf", "password"), ("empty.txt", "no text"),
                       ("picture.png", "format"), ("out.txt", "link out"), ("nowhere.txt", "nowhere"),
                       ("circle", "nowhere"), ("up", "link out"), ("pipe.txt", "regular"),
                       ("missing.pdf", "no such file")):  # fmt: skip
        assert said in reasons.pop(name), name
    assert reasons == {}
    assert all(file.hint for file in report.having("skipped"))
    with Store.create(tmp_path / "other.db", spec_for(HashingEmbedder())) as other:
        given = add_files([folder / "out.txt"], other, HashingEmbedder())  # who names a link wants what it leads to
        assert statuses(given) == {"outside.txt": "added"}


def test_patterns_choose_files(folder: Path) -> None:
    def names(**patterns: list[str]) -> set[str]:
        return {found.path.name for found in scan([folder], **patterns)}

    assert names(include=["*.pdf"]) == {"c.pdf"}
    assert names(include=["下级/*"]) == {"b《一》.txt", "b一.txt", "Ａ.txt", "A.txt"}
    assert names(exclude=["下级"]) == names(exclude=["下级/"]) == {"a.md", "c.pdf"}
    assert names(exclude=["*.txt", "*.md"]) == {"c.pdf"}
    assert {found.path.name for found in scan([folder / "a.md"], include=["*.pdf"])} == {"a.md"}


def test_a_name_that_is_no_unicode_is_refused(tmp_path: Path, store: Store) -> None:
    try:
        (tmp_path / os.fsdecode(b"\xff\xfe.txt")).write_text("words")
    except OSError:
        pytest.skip("this file system takes only Unicode")
    (file,) = add_files([tmp_path], store, HashingEmbedder(), include=["*.txt"]).files
    assert (file.status, file.reason) == ("skipped", "Its name is no Unicode.")
    json.dumps(file.path).encode()


def test_an_upload_is_known_by_its_name(tmp_path: Path, store: Store) -> None:
    for number, words in enumerate(("一号文件说的是水。", "一号文件说的是火。")):
        upload = tmp_path / str(number) / "报告.txt"
        upload.parent.mkdir()
        upload.write_text(words, encoding="utf-8")
        report = add_files([upload], store, HashingEmbedder(), source=lambda path: path.name)
        upload.unlink()
    assert [file.status for file in report.files] == ["replaced"]
    (tmp_path / "copy.txt").write_text(words, encoding="utf-8")
    report = add_files([tmp_path / "copy.txt"], store, HashingEmbedder(), source=lambda path: "另一份.txt")
    assert [file.status for file in report.files] == ["added"]  # it takes nothing from the other upload
    store.delete([report.files[0].document_id])
    assert [(record.source, record.text) for record in store.documents()] == [("报告.txt", "一号文件说的是火。")]


def test_places_are_found_again_through_search_and_rebuilding(tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    made = make_corpus(tmp_path / "docs", range(1))
    path = tmp_path / "index.db"
    with Store.create(path, spec_for(embedder)) as store:
        report = add_files([tmp_path / "docs"], store, embedder)
        assert len(report.having("added")) == len(made) == 2 * len(MAKERS)
        before = {record.id: record.metadata for record in store.documents()}
    rebuild(path, embedder)
    right = total = 0
    with Store.open(path) as store:
        assert {record.id: record.metadata for record in store.documents()} == before
        records = {record.metadata["file"]: record for record in store.documents()}
        for file, one in made:
            record = records[str(file.resolve())]
            for fact in one.facts:
                total += 1
                hits = store.lexical(index_tokens(fact.words), 3, [record.id])
                for passage in store.passages([passage_id for passage_id, _ in hits]):
                    spans = [span for span in passage.sentences if fact.words in span.of(record.text)]
                    if spans:
                        place = place_of(record.text, record.metadata, spans[0], passage.heading, one.language)
                        right += place == fact.place
                        break
    assert right >= 0.98 * total


def test_removing_leaves_no_trace(folder: Path, store: Store, tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    (folder / "secret.docx").write_bytes(make_docx("en", 5).data)
    add_files([folder], store, embedder)
    words = ["Records of", "Osterby", "pupils"]
    ids = named(store.catalog(), str(folder / "secret.docx"))
    assert len(ids) == 1
    gone = store.document(ids[0])
    assert store.delete(ids) == 1
    assert store.check() == []
    for file in sorted(tmp_path.glob("index.db*")):
        data = file.read_bytes()
        for word in [*(line for line in gone.text.splitlines() if len(line) > 12), gone.id, words[1]]:
            if word in "".join(record.text for record in store.documents()):
                continue
            assert word.encode() not in data, (file.name, word)


def test_removing_most_gives_the_room_back(tmp_path: Path, store: Store) -> None:
    place = tmp_path / "docs"
    place.mkdir()
    for number in range(30):
        (place / f"{number}.txt").write_text(f"第{number}份文件的内容，各不相同。\n" * 30, encoding="utf-8")
    add_files([place], store, HashingEmbedder())
    ids = [entry.id for entry in store.catalog()]
    kept = store.document(ids[7])
    full = sum(file.stat().st_size for file in tmp_path.glob("index.db*"))
    store.delete([id_ for id_ in ids if id_ != kept.id])
    assert sum(file.stat().st_size for file in tmp_path.glob("index.db*")) < full / 2
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
    assert store.check() == []
    assert store.documents() == [kept]
    (passage, *_) = store.passages([id_ for id_, _ in store.lexical(index_tokens("文件内容"), 1)])
    assert passage.text == kept.text[passage.start : passage.end]


def test_names_stand_for_documents(folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_files([folder], store, HashingEmbedder())
    entries = store.catalog()
    monkeypatch.chdir(folder)
    one = next(entry.id for entry in entries if entry.source.endswith("a.md"))
    assert named(entries, one) == named(entries, "a.md") == named(entries, str(folder / "a.md")) == [one]
    assert len(named(entries, "下级")) == len(named(entries, "下级/")) == 4
    assert len(named(entries, ".")) == 6
    for name in ("b.md", "下", "/", ""):
        if name in ("/", ""):
            continue
        with pytest.raises(DocumentUnknown, match=name):
            named(entries, name)


def test_another_model_is_refused_before_anything_is_read(folder: Path, store: Store) -> None:
    with pytest.raises(IndexMismatch):
        add_files([folder], store, HashingEmbedder("other"))


ADDING = """
import sys
from pathlib import Path
from knowledge.add import add_files
from knowledge.build import spec_for
from knowledge.store import Store
from tests.hashing_embedder import HashingEmbedder
with Store.create(Path(sys.argv[1]), spec_for(HashingEmbedder()), busy_seconds=60) as store:
    for file in sorted(Path(sys.argv[2]).iterdir()):
        print(add_files([file], store, HashingEmbedder()).files[0].status, flush=True)
"""


def test_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    running = []
    for process in range(3):
        place = tmp_path / f"from {process}"
        place.mkdir()
        for number in range(4):
            (place / f"{number}.txt").write_text(f"进程{process}写下的第{number}句话。", encoding="utf-8")
        command = [sys.executable, "-c", ADDING, str(tmp_path / "index.db"), str(place)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    for process in running:
        out, err = process.communicate(timeout=120)
        assert (out.split(), err) == (["added"] * 4, "")
    with Store.open(tmp_path / "index.db") as store:
        assert len(store.documents()) == 12
        assert store.check() == []


def test_a_run_that_is_killed_leaves_whole_documents_and_goes_on(tmp_path: Path) -> None:
    place = tmp_path / "docs"
    place.mkdir()
    for number in range(12):
        (place / f"{number:02}.txt").write_text(f"第{number}份文件的内容。\n" * 40, encoding="utf-8")
    for wanted in (2, 5, 9):
        command = [sys.executable, "-c", ADDING, str(tmp_path / "index.db"), str(place)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(wanted):
                process.stdout.readline()
            process.kill()
        with Store.open(tmp_path / "index.db") as store:
            assert store.check() == []
            assert len(store.documents()) >= wanted
    with Store.open(tmp_path / "index.db") as store:
        report = add_files([place], store, HashingEmbedder())
        assert len(report.having("unchanged")) >= 9
        assert len(report.having("added", "unchanged")) == len(store.documents()) == 12
