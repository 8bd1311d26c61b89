"""What a store in Milvus needs besides the contract of every store: an address, a server, one writer."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from langchain_core.documents import Document

from assistant import Assistant, Settings
from assistant.cli import main
from assistant.errors import BadSettings
from knowledge.errors import IndexBusy, KnowledgeError, StoreUnreachable
from knowledge.late import TokenStates
from knowledge.lexical import index_tokens
from knowledge.milvus.address import Address, parse_address
from knowledge.milvus.client import Client, Row
from knowledge.milvus.packing import cut, joined
from knowledge.milvus.store import MilvusStore
from knowledge.milvus.tables import PARTS, PASSAGES
from knowledge.milvus.write import Rows
from knowledge.rows import Entry
from knowledge.split import split_passages
from knowledge.store import Store
from tests.conftest import Home
from tests.test_store import CITY, EMBEDDER, IOT, SPEC, TAX, entry_of, long_entry

pytest.importorskip("pymilvus", reason="the extra milvus is not installed")


@pytest.fixture
def address(milvus: str) -> Address:
    return Address(milvus, collection=f"t{uuid.uuid4().hex}")


@pytest.fixture
def store(address: Address) -> Iterator[MilvusStore]:
    with MilvusStore.create(address, SPEC, busy_seconds=0.3, reading_seconds=0.0) as opened:
        opened.put_all([entry_of(CITY)])
        yield opened


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("milvus+http://localhost:19530", Address("http://localhost:19530")),
        ("milvus+https://db.example", Address("https://db.example:19530")),
        ("milvus+http://[::1]:1/archive?collection=law", Address("http://[::1]:1", "archive", "law")),
    ],
)
def test_addresses_are_read(text: str, wanted: Address) -> None:
    assert parse_address(text) == wanted
    assert parse_address(str(wanted)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:19530",
        "milvus://localhost",
        "milvus+http://",
        "milvus+http://localhost:99999",
        "milvus+http://root:secret@localhost",
        "milvus+http://localhost/a-b",
        "milvus+http://localhost/db/more",
        "milvus+http://localhost?collection=1a",
        "milvus+http://localhost?colection=a",
    ],
)
def test_wrong_addresses_are_refused_before_anything_is_asked(text: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Settings(store=text)
    assert caught.value.message.endswith(".")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("length", [0, 1, 44_999, 45_000, 45_001, 200_000])
def test_bodies_survive_being_cut(length: int) -> None:
    body = os.urandom(length)
    rows = [{"owner": "a", "piece": at, "pieces": len(cut(body)), "body": piece} for at, piece in enumerate(cut(body))]
    assert joined(rows[::-1]) == {"a": body}
    assert joined(rows[1:]) == {}
    assert all(len(row["body"]) <= 65_535 for row in rows)


def test_what_is_not_committed_is_not_seen(store: MilvusStore, address: Address) -> None:
    """Rows that are there and not committed are those of a writer that died in the middle."""
    other = MilvusStore.open(address, SPEC)
    before = store.generation
    half = entry_of("半个文件half。", name="half")
    rows: list[int] = []

    def die(change) -> None:
        made = Rows(half, change.number(0), change.born, SPEC.dimension)
        change.insert(PASSAGES, made.passages)
        change.insert(PARTS, made.parts)
        rows.append(other._client.count(PASSAGES, "number >= 0"))
        assert other.generation == before
        assert other.known(["half"]) == set()
        assert other.passages(["half:0"]) == []
        assert other.lexical(["half"], 5) == []
        assert other.document_frequency(["half"]) == {"half": 0}
        assert {id_ for id_, _ in other.dense(EMBEDDER.encode_query("半个文件half。"), 5)} == {f"{city()}:0"}
        assert set(other.propose([EMBEDDER.encode_query("半个文件half。")], ["half"], 5)) == {f"{city()}:0"}
        assert len(other.catalog()) == 1
        raise RuntimeError("dies")

    with pytest.raises(RuntimeError), store._writers.writing() as change:
        die(change)
    assert rows == [2]
    assert other._client.count(PASSAGES, "number >= 0") == 1
    assert store.put_all([half]) == [True]
    assert other.lexical(["half"], 5)[0][0] == "half:0"
    assert store.check() == []
    other.close()


def city() -> str:
    return entry_of(CITY).document.id


WRITER = """
import sys
from knowledge.milvus import change
from knowledge.milvus.address import parse_address
from knowledge.milvus.store import MilvusStore
from tests.test_store import SPEC, long_entry
change.LEASE_SECONDS = 1.5
entry = long_entry()
with MilvusStore.open(parse_address(sys.argv[1]), SPEC) as store:
    print("begin", flush=True)
    store.put_all([entry])
    print("done", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_writer_leaves_the_old_or_the_new_state(store: MilvusStore, address: Address) -> None:
    entry = long_entry()
    began = time.perf_counter()
    store.put_all([entry])
    lasts = time.perf_counter() - began
    store.delete(["long"])
    unfinished = 0
    for attempt in range(4):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(address)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begin\n"
        time.sleep(lasts * (attempt + 0.5) / 6)
        os.kill(writer.pid, signal.SIGKILL)
        finished = "done" in writer.stdout.read()
        unfinished += not finished
        writer.wait()
        writer.stdout.close()
        assert store.passage_count in (1, 1 + len(entry.passages))
        assert len(store.lexical(["城市"], 5000)) in (1, 1 + len(entry.passages))
        assert store.check() == []
        patient = MilvusStore.open(address, SPEC, busy_seconds=20, reading_seconds=0.0)
        patient.delete(["long"])
        assert patient._client.count(PASSAGES, "number >= 0") == 1
        patient.close()
    assert unfinished >= 2, "the kills came too late to prove anything"


def test_readers_see_each_change_whole(store: MilvusStore, address: Address) -> None:
    """Pairs of passages are put and replaced together, so an odd number would be half a document."""
    done, seen, errors = threading.Event(), set(), []

    def read() -> None:
        try:
            with MilvusStore.open(address, SPEC) as reader:
                while not done.is_set():
                    count = len(reader.lexical(["文件"], 100))
                    assert count % 2 == 0, count
                    seen.add(count)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(8):
        store.put_all([entry_of(f"文件{number}。\n文件再{number}。", name=f"n{number}")])
    done.set()
    thread.join()
    assert errors == []
    assert len(seen) > 2


def test_one_writes_at_a_time(store: MilvusStore, address: Address) -> None:
    other = MilvusStore.open(address, SPEC, busy_seconds=0.3)
    with store._writers.writing(), pytest.raises(IndexBusy, match="Another process"):
        other.put_all([entry_of(IOT)])
    assert other.put_all([entry_of(IOT)]) == [True]
    other.close()


def test_a_writer_that_has_to_wait_says_so_and_goes_on(store: MilvusStore, address: Address) -> None:
    said: list[int] = []
    with ExitStack() as stack:
        stack.enter_context(store._writers.writing())

        def tell() -> None:
            said.append(1)
            if len(said) == 2:
                stack.close()

        with MilvusStore.open(address, SPEC, busy_seconds=0.1, on_busy=tell) as other:
            assert other.put_all([entry_of(IOT)]) == [True]
    assert len(said) == 2


def test_a_snapshot_that_outlives_removed_rows_is_refused(store: MilvusStore, address: Address) -> None:
    """Rows that were removed stay for a while, here for none: then what began to read before has to begin again."""

    def outlive() -> None:
        with store.snapshot():
            other.delete([city()])
            store.document(city())

    with MilvusStore.open(address, SPEC, reading_seconds=0.0) as other:
        with store.snapshot():
            other.put_all([entry_of(IOT)])
            assert [record.text for record in store.documents()] == [CITY]
        with pytest.raises(IndexBusy, match="removed while"):
            outlive()
    assert [record.text for record in store.documents()] == [IOT]


class LosesReplies(Client):
    """A connection on which the answer to a commit is lost: the cluster has it, and we do not know."""

    armed = False

    def upsert(self, table: str, row: Row) -> None:
        super().upsert(table, row)
        if self.armed and row["key"] == "state":
            raise StoreUnreachable("The reply was lost.", hint="")


def test_a_commit_whose_reply_is_lost_is_not_taken_back(store: MilvusStore, address: Address) -> None:
    client = LosesReplies(address)
    with MilvusStore(client, SPEC) as shaky:
        client.armed = True
        with pytest.raises(StoreUnreachable):
            shaky.put_all([entry_of(IOT)])
    assert store.document(entry_of(IOT).document.id).text == IOT
    assert len(store.lexical(["power"], 5)) == 1
    assert store.check() == []


def test_what_a_writer_sends_after_another_took_over_is_not_seen(store: MilvusStore, address: Address) -> None:
    """It was taken for dead, its claim ran out, and it goes on: with its rows, then with its commit."""
    late = entry_of("迟到的文件late。", name="late")
    with store._writers.writing() as change:
        made = Rows(late, change.number(0), change.born, SPEC.dimension)
        change.insert(PASSAGES, made.passages)
        stale = replace(change._claim, until=time.time() - 1)
        store._table.write_row("writer", asdict(stale))
        with MilvusStore.open(address, SPEC) as other:
            assert other.put_all([entry_of(IOT)]) == [True]
            store._client.insert(PARTS, made.parts, before_each=lambda: None)
            assert other.known(["late"]) == set()
            with pytest.raises(IndexBusy):
                change.commit((), documents=1, passages=1, tokens=made.tokens)
            assert other.put_all([entry_of(TAX)]) == [True]
            assert other.known(["late"]) == set()
            assert other.lexical(["late"], 5) == []
            assert other.put_all([late]) == [True]
            assert other.lexical(["late"], 5)[0][0] == "late:0"
            assert other.check() == []


def test_a_passage_with_too_many_words_is_refused(store: MilvusStore) -> None:
    entry = replace(entry_of("长。", name="wide"), tokens=[[f"w{number}" for number in range(5000)]])
    with pytest.raises(KnowledgeError, match="different words"):
        store.put_all([entry])
    assert store.known(["wide"]) == set()


def copied(store: Store) -> list[Entry]:
    """Everything in a store as it went in, so that nothing has to be embedded again."""
    entries = []
    for record in store.documents():
        passages = split_passages(record.text, record.id)
        ids = [passage.id for passage in passages]
        sentences, states = store.sentences(ids), store.sentence_states(ids)
        entries.append(
            Entry(
                document=record,
                passages=passages,
                passage_vectors=store.vectors(ids),
                sentence_vectors=[sentences[id_][1] for id_ in ids],
                tokens=[index_tokens(f"{passage.heading}\n{passage.text}") for passage in passages],
                states=[packed(states[id_]) for id_ in ids],
            )
        )
    return entries


def packed(states: TokenStates) -> list[bytes]:
    ends = np.cumsum(states.lengths)[:-1]
    pairs = zip(np.split(states.scales, ends), np.split(states.rows, ends), strict=True)
    return [scales.astype("<f4").tobytes() + rows.tobytes() for scales, rows in pairs]


@pytest.mark.weights
def test_search_and_answers_are_those_of_the_file(assistant: Assistant, home: Home, milvus: str) -> None:
    """The same collection in both stores: what the cluster proposes is ranked to the same passages."""
    name = f"t{uuid.uuid4().hex}"
    questions = (
        "2015年底启动了哪三个新型智慧城市试点？",
        "Who wrote this article?",
        "2021年中国智慧城市产业规模是多少？",
        "What problems does building digital cities face?",
        "作者的猫叫什么名字？",
    )
    assert isinstance(assistant.store, Store)
    with MilvusStore.create(Address(milvus, collection=name), assistant.store.spec) as made:
        made.put_all(copied(assistant.store))
    with Assistant(replace(home.settings, store=f"milvus+{milvus}?collection={name}")) as other:
        assert [one.text for one in other.documents()] == [one.text for one in assistant.documents()]
        for question in questions:
            own, theirs = assistant.look_up(question), other.look_up(question)
            assert [hit.passage for hit in theirs.hits[:3]] == [hit.passage for hit in own.hits[:3]]
            assert [hit.score for hit in theirs.hits[:3]] == pytest.approx(
                [hit.score for hit in own.hits[:3]], abs=1e-3
            )
            assert {hit.found_by for hit in theirs.hits} == {("hybrid",)}
            assert other.ask(question).text == assistant.ask(question).text
        with pytest.raises(BadSettings, match="not made anew"):
            other.rebuild_index()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.weights
def test_documents_come_and_go_by_the_command(
    use_own_home: Home, milvus: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Embedding the shipped article would take half of this file's time.
    shipped = Document("青石镇有一座水塔。", metadata={"source": "a.md", "title": "水塔"})
    monkeypatch.setattr("knowledge.load.load_shipped", lambda: [shipped])
    monkeypatch.setenv("WENJU_STORE", f"milvus+{milvus}?collection=t{uuid.uuid4().hex}")
    assert "making it from the shipped collection" in run(capsys, "list")[2]
    file = tmp_path / "蓝鲸 计划.txt"
    for amount, happened in (("42.5", "1 added"), ("50", "1 replaced")):
        file.write_text(f"蓝鲸计划的预算为 {amount} 亿元。\n", encoding="utf-8")
        code, out, _ = run(capsys, "add", str(file))
        assert (code, happened in out) == (0, True)
        assert f"{amount} 亿元" in run(capsys, "ask", "--llm", "none", "蓝鲸计划的预算是多少？")[1]
    assert "蓝鲸" in run(capsys, "list")[1]
    assert "2 documents" in run(capsys, "doctor")[1]
    assert run(capsys, "remove", str(file))[0] == 0
    code, out, _ = run(capsys, "list")
    assert (code, "蓝鲸" in out, "水塔" in out) == (0, False, True)
    for command in (["reindex"], ["doctor", "--rebuild"]):
        code, _, err = run(capsys, *command)
        assert code == 2
        assert "wenju export" in err


@pytest.mark.weights
def test_collections_are_those_of_the_cluster(
    use_own_home: Home, milvus: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    law, roads, base = (f"{name}{uuid.uuid4().hex}" for name in ("law", "roads", "base"))
    monkeypatch.setenv("WENJU_STORE", f"milvus+{milvus}?collection={base}")
    (tmp_path / "水塔.md").write_text("青石镇的水塔高37米，建于1956年。\n", encoding="utf-8")
    (tmp_path / "bridge.md").write_text("The bridge of Qingshi is 212 metres long.\n", encoding="utf-8")
    for name, file in ((law, "水塔.md"), (roads, "bridge.md")):
        assert run(capsys, "add", "--collection", name, str(tmp_path / file))[0] == 0
        (row,) = json.loads(run(capsys, "list", "--collection", name, "--json")[1])["documents"]
        assert row["source"] == str(tmp_path / file)
    there = json.loads(run(capsys, "collections", "--json")[1])["collections"]
    assert {"name": law, "path": f"milvus+{milvus}/default?collection={law}"} in there
    assert {"default", base}.isdisjoint(row["name"] for row in there)
    both = ("--collection", law, "--collection", roads, "--llm", "none")
    assert "37" in run(capsys, "ask", *both, "青石镇的水塔高多少米？")[1]
    assert "212" in run(capsys, "ask", *both, "How long is the bridge of Qingshi?")[1]
    code, _, err = run(capsys, "list", "--collection", "nowhere")
    assert code == 2
    assert err.splitlines()[0] == "wenju: There is no collection nowhere."
    assert law in err
    for name in ("水", "2024", "a.b"):
        code, _, err = run(capsys, "add", "--collection", name, str(tmp_path / "水塔.md"))
        assert code == 2
        assert err.splitlines()[0] == f"wenju: A collection in a Milvus cluster cannot be named {name}."
        assert len(err.splitlines()) == 2


def test_a_server_that_is_not_there_is_one_sentence(
    use_home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("WENJU_STORE", f"milvus+http://127.0.0.1:{port}")
    assert main(["list"]) == 1
    said = capsys.readouterr().err
    assert f"127.0.0.1:{port}" in said
    assert "does not answer" in said
    assert "WENJU_STORE" in said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 2


def test_a_server_that_goes_away_is_noticed(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(tmp_path / "data"), "--host", "127.0.0.1",
         "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = Address(f"http://127.0.0.1:{port}")
        for _ in range(8):
            try:
                opened = MilvusStore.create(address, SPEC)
                break
            except StoreUnreachable:
                time.sleep(0.5)
        with opened as store:
            store.put_all([entry_of(CITY)])
            server.kill()
            server.wait()
            with pytest.raises(StoreUnreachable, match="does not answer"):
                store.documents()
    finally:
        server.kill()
        server.wait()


def test_without_the_package_the_extra_is_named(
    use_home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    monkeypatch.setenv("WENJU_STORE", "milvus+http://127.0.0.1:1")
    assert main(["list"]) == 2
    assert "wenju[milvus]" in capsys.readouterr().err
