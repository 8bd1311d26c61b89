"""The store keeps every word it is given, loses every word it is told to, and is never half of anything."""

import hashlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import knowledge.ann
from knowledge import schema
from knowledge.errors import (
    DocumentUnknown,
    IndexBusy,
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    KnowledgeError,
)
from knowledge.late import pack
from knowledge.rows import Entry, forget_terms
from knowledge.store import Store
from knowledge.terms import from_row, to_row, to_term
from knowledge.types import DocumentRecord, IndexSpec, Passage, Span
from tests.hashing_embedder import HashingEmbedder

EMBEDDER = HashingEmbedder()
SPEC = IndexSpec("hashing", 64, splitter_version=1)
CITY = "数字城市是新型基础设施。深圳市的投资为3696.1亿元,占44.0%。"
IOT = "NB-IoT carries small messages. It needs little power.\n物联网连接城市。"
TAX = "The tax office closes at noon. 數字政府服務。"


def entry_of(text: str, *, name: str = "", **fields: str) -> Entry:
    """A document whose lines are passages and whose sentences end with a full stop of either kind."""
    document_id = name or hashlib.sha256(text.encode()).hexdigest()[:16]
    document = DocumentRecord(
        **{"id": document_id, "title": "t", "source": "s", "language": "zh", "text": text, **fields}
    )
    passages = []
    for line in re.finditer(r"[^\n]+", text):
        spans = [
            Span(line.start() + found.start(), line.start() + found.end())
            for found in re.finditer(r"[^。.]+(?:[。]|\.(?!\d)|\.\d+[^。]*。)?", line.group())
            if found.group().strip()
        ]
        passages.append(
            Passage(
                id=f"{document_id}:{line.start()}",
                document_id=document_id,
                start=line.start(),
                end=line.end(),
                text=line.group(),
                sentences=tuple(spans),
            )
        )
    return Entry(
        document=document,
        passages=passages,
        passage_vectors=EMBEDDER.encode_passages([passage.text for passage in passages]),
        sentence_vectors=[EMBEDDER.encode_passages([s.of(text) for s in p.sentences]) for p in passages],
        tokens=[tokens_of(passage.text) for passage in passages],
    )


def tokens_of(text: str) -> list[str]:
    words = re.findall(r"[a-z0-9][a-z0-9.%\-]*[a-z0-9%]|[a-z0-9]", text.lower())
    return words + [text[i : i + 2] for i in range(len(text) - 1) if re.fullmatch("[一-龥]{2}", text[i : i + 2])]


def put(store: Store, entry: Entry) -> bool:
    return store.put(entry.document, entry.passages, entry.passage_vectors, entry.sentence_vectors, entry.tokens)


def index_bytes(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"*{path.name}*")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "索引 folder" / "index.db"


@pytest.fixture
def store(path: Path):
    with Store.create(path, SPEC) as opened:
        yield opened


@pytest.fixture
def filled(store: Store) -> Store:
    for text in (CITY, IOT, TAX):
        assert put(store, entry_of(text))
    return store


@settings(max_examples=300)
@given(st.lists(st.text(), max_size=6))
def test_any_token_survives_its_row(tokens: list[str]) -> None:
    assert from_row(to_row(tokens)) == [token for token in tokens if token]


def test_sqlite_sees_each_token_as_one_term() -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema._TABLES)
    tokens = ["R&D", "r&d", "5g", "c++", "é", "e", "鿭", "𬬻", "数字", "a_b", "_61_", "%", "Straße", "ﬁ", "́", "①", "m²"]
    connection.execute("INSERT INTO passages_fts VALUES (?)", (to_row(tokens),))
    terms = [row[0] for row in connection.execute("SELECT term FROM passages_vocabulary")]
    assert sorted(terms) == sorted(to_term(token) for token in tokens)
    connection.close()


def test_nothing_is_left_of_what_was_deleted(store: Store, path: Path) -> None:
    """Words, terms of the full text and vectors, in any of the files."""
    secret, kept = "绝密潜艇代号zebra-77。", "公开文件open-data。"
    filler = [entry_of(f"{'城市数据' * 40}编号n{number}。") for number in range(60)]
    store.put_all([*filler[:30], entry_of(secret, name="secret"), *filler[30:]])
    put(store, entry_of(kept, name="kept"))
    vector = entry_of(secret).passage_vectors.astype("<f4").tobytes()
    traces = [secret.encode(), "绝密".encode(), b"zebra-77", vector, "潜艇".encode()]
    assert all(trace in index_bytes(path) for trace in traces)
    assert store.delete(["secret", "unknown"]) == 1
    assert [trace for trace in traces if trace in index_bytes(path)] == []
    assert b"open-data" in index_bytes(path)
    assert store.lexical(["zebra-77"], 5) == []
    assert store.document_frequency(["zebra-77"]) == {"zebra-77": 0}
    assert store.passages(["secret:0"]) == []
    with pytest.raises(DocumentUnknown):
        store.document("secret")
    assert store.check() == []
    store.close()
    assert [trace for trace in traces if trace in index_bytes(path)] == []


def test_many_deletions_leave_nothing_either(store: Store, path: Path) -> None:
    """Deleting moves rows between pages; copies must not stay behind in what is unused of them."""
    random = np.random.default_rng(5)
    words = [f"marker{number:03d}x" for number in range(150)]
    for word in words:
        put(store, entry_of(f"{word} {'数据' * int(random.integers(1, 900))}。\n{word} 另一段。", name=word))
    gone = [str(word) for word in random.permutation(words)[:100]]
    for start in range(0, 100, 25):
        assert store.delete(gone[start : start + 25]) == 25
    data = index_bytes(path)
    assert [word for word in gone if word.encode() in data] == []
    assert all(word.encode() in data for word in words if word not in gone)
    assert store.check() == []


def test_replacing_leaves_only_the_new_text(filled: Store) -> None:
    old = entry_of("旧的版本oldword。", name="doc")
    new = entry_of("新的版本newword。\n第二段。", name="doc")
    put(filled, old)
    filled.replace(new.document, new.passages, new.passage_vectors, new.sentence_vectors, new.tokens)
    assert filled.document("doc").text == new.document.text
    assert filled.lexical(["oldword"], 5) == []
    assert [found for found, _ in filled.lexical(["newword"], 5)] == ["doc:0"]
    assert b"oldword" not in index_bytes(filled.path)
    assert filled.check() == []


def with_states(entry: Entry, seed: int = 0) -> tuple[Entry, list[list[np.ndarray]]]:
    """Give every sentence of an entry the states of one token more than the sentence before it has."""
    random = np.random.default_rng(seed)
    states = [
        [random.normal(size=(at + 1, EMBEDDER.dimension)).astype(np.float32) for at in range(len(vectors))]
        for vectors in entry.sentence_vectors
    ]
    return replace(entry, states=[[pack(own) for own in group] for group in states]), states


def test_token_states_that_are_cut_off_are_damage(store: Store, path: Path) -> None:
    entry, _ = with_states(entry_of(CITY))
    store.put_all([entry])
    store.close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE sentences SET states = substr(states, 1, length(states) - 1)")
    connection.close()
    with Store.open(path) as opened:
        with pytest.raises(IndexDamaged):
            opened.sentence_states([entry.passages[0].id])
        assert any("cut off" in problem for problem in opened.check())


def test_check_says_what_is_wrong(filled: Store, path: Path) -> None:
    filled.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE passages SET start = start + 1 WHERE rowid = 1")
    connection.execute("UPDATE passages SET vector = x'00' WHERE rowid = 2")
    connection.execute("DELETE FROM passages_fts WHERE rowid = 3")
    connection.execute("UPDATE documents SET text = replace(text, 'noon', 'nine')")
    connection.execute("DELETE FROM sentences WHERE passage = 4")
    connection.execute("INSERT INTO sentences VALUES (4, 0, 900, 901, '', zeroblob(256), x'00')")
    connection.commit()
    connection.close()
    with Store.open(path) as store:
        found = " ".join(store.check())
        for words in (
            "does not slice",
            "wrong length",
            "no full-text row",
            "not what was stored",
            "outside",
            "cut off",
        ):
            assert words in found
        with pytest.raises(IndexDamaged):
            store.dense(EMBEDDER.encode_query("x"), 1)


def test_a_missing_index_says_so(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing) as caught:
        Store.open(tmp_path / "none.db")
    assert "wenju index" in caught.value.hint
    assert not (tmp_path / "none.db").exists()


def test_another_model_is_refused_by_name(filled: Store, path: Path) -> None:
    other = replace(SPEC, embedding_model="bge-m3", dimension=1024)
    for attempt in (Store.open, Store.create):
        with pytest.raises(IndexMismatch) as caught:
            attempt(path, other)
        assert "hashing" in caught.value.message
        assert "bge-m3" in caught.value.message
        assert "wenju index --rebuild" in caught.value.hint
    for change in ({"splitter_version": 2}, {"passage_chars": 500}):
        with pytest.raises(IndexMismatch):
            Store.open(path, replace(SPEC, **change))
    with Store.create(path, SPEC) as again:
        assert again.passage_count == 4


def test_another_format_is_refused(store: Store, path: Path) -> None:
    store.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE manifest SET schema_version = 99")
    connection.commit()
    connection.close()
    with pytest.raises(IndexMismatch, match="99"):
        Store.open(path)


def test_the_format_number_goes_up_with_every_change_of_the_tables() -> None:
    """A released format is read for ever by its number; after a change of the tables raise it and add its digest."""
    digests = {2: "27d9daae30dfd337", 3: "28ea6f45f8e15ae1", 4: "28ea6f45f8e15ae1", 5: "28ea6f45f8e15ae1"}
    assert digests[schema.SCHEMA_VERSION] == hashlib.sha256(schema._TABLES.encode()).hexdigest()[:16]


@pytest.mark.parametrize("damage", ["empty", "half", "short", "garbage", "middle", "other database"])
def test_a_damaged_file_is_called_damaged(filled: Store, path: Path, damage: str) -> None:
    filled.put_all([entry_of(f"{'填充' * 50}{number}。") for number in range(100)])
    filled.close()
    data = path.read_bytes()
    assert len(data) > 20 * 4096
    if damage == "other database":
        path.unlink()
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE t (x)")
        connection.close()
    else:
        path.write_bytes(
            {
                "empty": b"",
                "half": data[: len(data) // 2],
                "short": data[:50],
                "garbage": os.urandom(len(data)),
                "middle": data[: 5 * 4096] + os.urandom(8 * 4096) + data[13 * 4096 :],
            }[damage]
        )
    with pytest.raises(IndexDamaged) as caught:
        Store.open(path, SPEC)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_damage_in_a_file_too_large_to_check_shows_when_it_is_met(
    filled: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.put_all([entry_of(f"{'填充' * 50}{number}。") for number in range(100)])
    filled.close()
    data = path.read_bytes()
    path.write_bytes(data[: 20 * 4096] + os.urandom(len(data) - 20 * 4096))
    monkeypatch.setattr(schema, "QUICK_CHECK_BYTES", 0)
    with Store.open(path) as store, pytest.raises(IndexDamaged):
        store.documents()


def test_a_journal_without_its_file_is_not_replayed(path: Path) -> None:
    store = Store.create(path, SPEC)
    put(store, entry_of(CITY))
    journal = path.with_name(f"{path.name}-wal")
    left = journal.read_bytes()
    store.close()
    path.unlink()
    journal.write_bytes(left)
    with Store.create(path, SPEC) as fresh:
        assert fresh.documents() == []
        assert fresh.check() == []


def test_a_readonly_store_reads_and_does_not_write(filled: Store, path: Path) -> None:
    with Store.open(path, SPEC, readonly=True) as store:
        assert store.passage_count == 4
        assert len(store.dense(EMBEDDER.encode_query("城市"), 2)) == 2
        assert store.check() == []
        with pytest.raises(KnowledgeError, match="reading only"):
            put(store, entry_of("新。"))
        put(filled, entry_of("另一个。"))
        assert store.passage_count == 5


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another user")
def test_a_folder_that_cannot_be_written_can_be_read(filled: Store) -> None:
    filled.close()
    folder = Path(tempfile.gettempdir()) / f"wenju-test-{os.getpid()}"
    shutil.copytree(filled.path.parent, folder)
    try:
        folder.chmod(0o555)
        code = (
            "import os, sys; from pathlib import Path; from knowledge.store import Store\n"
            "os.setuid(65534)\n"
            "with Store.open(Path(sys.argv[1]), readonly=True) as s:\n"
            "    print(s.passage_count, len(s.lexical(['数字'], 3)))"
        )
        done = run(code, str(folder / "index.db"))
        assert (done.stdout.strip(), done.returncode) == ("4 1", 0), done.stderr
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_waiting_for_another_writer_ends(filled: Store, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with Store.open(path, SPEC, busy_seconds=0.2) as store:
            assert len(store.dense(EMBEDDER.encode_query("城市"), 2)) == 2
            with pytest.raises(IndexBusy):
                put(store, entry_of("等待。"))
    finally:
        other.close()


def test_the_derived_file_is_used_and_never_trusted(filled: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge.ann, "SAVE_FROM", 1)
    query = EMBEDDER.encode_query("数字城市")
    wanted = filled.dense(query, 4)
    derived = path.with_name(f"{path.name}.dense")
    filled.close()
    sound = derived.read_bytes()
    damages = [b"", b"{}\n", os.urandom(500), sound[:-8], sound[:-8] + b"damaged!", sound.replace(b"crc32", b"crc3x")]
    for content in [sound, *damages]:
        derived.write_bytes(content)
        with Store.open(path, SPEC) as store:
            assert store.dense(query, 4) == wanted
    put(store := Store.open(path, SPEC), entry_of("数字城市", name="new"))
    derived.write_bytes(sound)
    assert store.dense(query, 1)[0][0] == "new:0"
    store.close()
    assert len(derived.read_bytes()) > len(sound)
    with Store.open(path, SPEC) as store:
        store.delete(["new"])
        assert not derived.exists()
        assert store.dense(query, 4) == wanted


def test_a_derived_file_of_another_index_is_not_used(
    filled: Store, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knowledge.ann, "SAVE_FROM", 1)
    query = EMBEDDER.encode_query("数字城市")
    wanted = filled.dense(query, 4)
    filled.close()
    other = tmp_path / "other.db"
    with Store.create(other, SPEC) as store:
        store.put_all([entry_of(f"别的内容{number}。") for number in range(4)])
        store.dense(query, 1)
    shutil.copy(other.with_name("other.db.dense"), path.with_name(f"{path.name}.dense"))
    with Store.open(path, SPEC) as store:
        assert store.dense(query, 4) == wanted


def test_a_search_does_not_wait_for_a_write(filled: Store) -> None:
    found: list[int] = []

    def search() -> None:
        query = EMBEDDER.encode_query("数字城市")
        found.extend([len(filled.dense(query, 9)), len(filled.lexical(["城市"], 9)), len(filled.documents())])

    thread = threading.Thread(target=search)
    with filled._file.writing() as connection:
        connection.execute("DELETE FROM documents")
        thread.start()
        thread.join(timeout=20)
        assert found == [4, 2, 3]
    assert filled.documents() == []


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)


READER = """
import sys
from pathlib import Path
from knowledge.store import Store
from tests.test_store import EMBEDDER
seen = []
with Store.open(Path(sys.argv[1])) as store:
    print("ready", flush=True)
    while not seen or seen[-1] < 42:
        found = store.dense(EMBEDDER.encode_query("数字城市"), 100)
        texts = store.lexical(["城市"], 100)
        # Pairs are put together, so an odd number would be half a transaction.
        assert len(found) % 2 == 0, len(found)
        assert len(texts) % 2 == 0, len(texts)
        seen.append(len(found))
assert seen == sorted(seen)
print(len(set(seen)), flush=True)
"""


def test_readers_in_other_processes_see_each_commit_whole(store: Store, path: Path) -> None:
    put(store, entry_of("城市一。\n城市二。", name="first"))
    readers = [start(READER, str(path)) for _ in range(2)]
    try:
        for reader in readers:
            assert reader.stdout.readline() == "ready\n"
        for number in range(20):
            put(store, entry_of(f"城市{number}。\n城市再{number}。", name=f"n{number}"))
            time.sleep(0.01)
        for reader in readers:
            steps, _ = reader.communicate(timeout=30)
            assert reader.returncode == 0
            assert int(steps) > 2
    finally:
        for reader in readers:
            reader.kill()
            reader.wait()
            reader.stdout.close()


WRITER = """
import sys
from pathlib import Path
from knowledge.store import Store
from tests.test_store import SPEC, long_entry, put
entry = long_entry()
with Store.open(Path(sys.argv[1]), SPEC) as store:
    print("begin", flush=True)
    put(store, entry)
    print("done", flush=True)
"""


def long_entry() -> Entry:
    return entry_of("\n".join(f"第{number}段城市数据killed{number}。" for number in range(1500)), name="long")


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_writer_leaves_the_old_or_the_new_state(filled: Store, path: Path, tmp_path: Path) -> None:
    entry = long_entry()
    with Store.create(tmp_path / "timing.db", SPEC) as timing:
        began = time.perf_counter()
        put(timing, entry)
        lasts = time.perf_counter() - began
    unfinished = 0
    for attempt in range(10):
        writer = start(WRITER, str(path))
        assert writer.stdout.readline() == "begin\n"
        time.sleep(lasts * attempt / 10)
        os.kill(writer.pid, signal.SIGKILL)
        if "done" in writer.stdout.read():
            # Other work on the machine slowed the measurement down; kill earlier.
            lasts /= 2
        else:
            unfinished += 1
        writer.wait()
        writer.stdout.close()
        with Store.open(path, SPEC) as store:
            assert store.check() == []
            assert store.passage_count in (4, 4 + len(entry.passages))
            assert len(store.lexical(["城市"], 5000)) in (2, 2 + len(entry.passages))
            store.delete(["long"])
            assert store.passage_count == 4
    assert unfinished >= 4, "the kills came too late to prove anything"


def test_two_processes_create_at_once(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from knowledge.store import Store\n"
        "from tests.test_store import SPEC, entry_of, put\n"
        "with Store.create(Path(sys.argv[1]), SPEC) as s: print(put(s, entry_of('同一文件。')))"
    )
    writers = [start(code, str(path)) for _ in range(3)]
    said = sorted(writer.communicate(timeout=60)[0].strip() for writer in writers)
    assert said == ["False", "False", "True"]
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name]


def test_a_small_store_opens_and_searches_quickly(filled: Store, path: Path) -> None:
    filled.put_all([entry_of(f"{'内容' * 100}{number}。") for number in range(60)])
    filled.dense(EMBEDDER.encode_query("x"), 1)
    filled.close()
    query = EMBEDDER.encode_query("数字城市")
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        with Store.open(path, SPEC) as store:
            assert store.dense(query, 6)
            assert store.lexical(["数字", "城市"], 6)
            seconds.append(time.perf_counter() - began)
    assert min(seconds) < 0.1


def test_the_full_text_index_outlives_a_thousand_removals(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    Store.create(path, SPEC).close()
    put = "INSERT INTO passages_fts (rowid, tokens) VALUES (?, ?)"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for number in range(1_200):
            # Enough words that the index is more than a page; a smaller one never grows levels.
            words = " ".join(f"w{number * 100 + at}" for at in range(100))
            connection.execute("BEGIN")
            connection.execute("DELETE FROM passages_fts WHERE rowid = ?", (number % 20 + 1,))
            connection.execute(put, (number % 20 + 1, words))
            forget_terms(connection)
            connection.execute("COMMIT")
        connection.execute("INSERT INTO passages_fts (passages_fts) VALUES ('integrity-check')")
        found = "SELECT rowid FROM passages_fts WHERE passages_fts MATCH ?"
        assert connection.execute(found, (f"w{1_199 * 100}",)).fetchall() == [(1_199 % 20 + 1,)]
        assert connection.execute(found, (f"w{1_179 * 100}",)).fetchall() == []
