"""Every store keeps, finds and loses the same things: the one in a SQLite file and the one in Milvus."""

import re
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from knowledge.current import Current
from knowledge.errors import DocumentUnknown, IndexMismatch, IndexMissing
from knowledge.late import states_of
from knowledge.milvus.address import Address
from knowledge.milvus.store import MilvusStore
from knowledge.passage_store import PassageStore
from knowledge.rows import Entry
from knowledge.store import Store
from knowledge.types import Span
from tests.test_store import CITY, EMBEDDER, IOT, SPEC, TAX, entry_of, tokens_of, with_states


@pytest.fixture(params=["sqlite", "milvus"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PassageStore]:
    if request.param == "sqlite":
        opened: PassageStore = Store.create(tmp_path / "index.db", SPEC)
    else:
        uri = request.getfixturevalue("milvus")
        opened = MilvusStore.create(Address(uri, collection=f"t{uuid.uuid4().hex}"), SPEC, reading_seconds=0.0)
    yield opened
    opened.close()


@pytest.fixture
def filled(store: PassageStore) -> PassageStore:
    for text in (CITY, IOT, TAX):
        assert put(store, entry_of(text))
    return store


def put(store: PassageStore, entry: Entry) -> bool:
    return store.put_all([entry])[0]


def test_what_is_put_comes_back(filled: PassageStore) -> None:
    wanted = [entry_of(text) for text in (CITY, IOT, TAX)]
    assert [document.text for document in filled.documents()] == [CITY, IOT, TAX]
    record = filled.document(wanted[1].document.id)
    assert record.passages == 2
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", record.added_at)
    assert replace(record, added_at="", passages=0) == wanted[1].document
    passages = [passage for entry in wanted for passage in entry.passages]
    ids = [passage.id for passage in passages]
    assert filled.passages(ids) == passages
    assert filled.passages(ids[::-1]) == passages[::-1]
    vectors = np.concatenate([entry.passage_vectors for entry in wanted])
    np.testing.assert_allclose(filled.vectors(ids[::-1]), vectors[::-1], atol=1e-6)
    found = filled.sentences(ids)
    for entry in wanted:
        for passage, sentences in zip(entry.passages, entry.sentence_vectors, strict=True):
            assert found[passage.id][0] == passage.sentences
            np.testing.assert_allclose(found[passage.id][1], sentences, atol=1e-6)
    tokens = [tokens for entry in wanted for tokens in entry.tokens]
    outlines = filled.outlines([*ids, "nowhere"])
    assert {id_: own for id_, (_, _, own) in outlines.items()} == dict(zip(ids, map(frozenset, tokens), strict=True))
    np.testing.assert_allclose([outlines[id_][1] for id_ in ids], vectors, atol=1e-6)
    assert [outlines[passage.id][0] for passage in passages] == [passage.language for passage in passages]
    assert filled.average_length() == pytest.approx(np.mean([len(each) for each in tokens]))
    assert filled.passage_count == 4
    assert filled.check() == []


def test_passages_slice_their_document(filled: PassageStore) -> None:
    for document in filled.documents():
        for passage in filled.passages([p.id for p in entry_of(document.text).passages]):
            assert document.text[passage.start : passage.end] == passage.text
            assert passage.sentences
            assert all(span.of(document.text) in passage.text for span in passage.sentences)


def test_putting_twice_changes_nothing(filled: PassageStore) -> None:
    generation = filled.generation
    assert put(filled, entry_of(CITY)) is False
    assert filled.generation == generation
    assert filled.passage_count == 4
    assert put(filled, entry_of("新的文件。")) is True
    assert filled.generation == generation + 1


def test_checking_changes_nothing(filled: PassageStore) -> None:
    generation = filled.generation
    assert filled.check() == []
    assert filled.generation == generation


def test_dense_is_the_cosine_best_first(filled: PassageStore) -> None:
    ids = [passage.id for text in (CITY, IOT, TAX) for passage in entry_of(text).passages]
    query = EMBEDDER.encode_query("城市的新型基础设施") * 7
    cosines = filled.vectors(ids) @ (query / np.linalg.norm(query))
    found = filled.dense(query, 10)
    assert [passage_id for passage_id, _ in found] == [ids[i] for i in np.argsort(-cosines, kind="stable")]
    assert [score for _, score in found] == pytest.approx(sorted(cosines, reverse=True), abs=1e-6)
    assert filled.dense(query, 1) == found[:1]
    assert filled.dense(query, 0) == []


def test_dense_follows_every_change(filled: PassageStore) -> None:
    extra, query = entry_of("唯一的潜水艇。", name="extra"), EMBEDDER.encode_query("唯一的潜水艇。")
    before = filled.dense(query, 10)
    put(filled, extra)
    assert filled.dense(query, 1)[0] == ("extra:0", pytest.approx(1.0, abs=1e-5))
    filled.delete(["extra"])
    assert filled.dense(query, 10) == before
    filled.delete([document.id for document in filled.documents()])
    assert filled.dense(query, 10) == []


def test_searches_can_be_kept_to_some_documents(filled: PassageStore) -> None:
    only = entry_of(IOT).document.id
    query = EMBEDDER.encode_query("数字城市")
    assert {found.split(":")[0] for found, _ in filled.dense(query, 10, [only])} == {only}
    assert len(filled.dense(query, 10, [only])) == 2
    assert {found.split(":")[0] for found, _ in filled.lexical(["城市"], 10, [only])} == {only}
    assert filled.lexical(["数字"], 10, [only]) == []
    for none in ([], ["unknown"]):
        assert filled.dense(query, 10, none) == []
        assert filled.lexical(["城市"], 10, none) == []


def test_a_query_of_another_dimension_is_refused(filled: PassageStore) -> None:
    with pytest.raises(IndexMismatch, match="64"):
        filled.dense(np.ones(3, dtype=np.float32), 1)


@pytest.mark.parametrize("token", ["3696.1", "nb-iot", "44.0%", "数字", "tax"])
def test_tokens_with_signs_are_found_whole(filled: PassageStore, token: str) -> None:
    found = {passage_id for passage_id, _ in filled.lexical([token], 10)}
    held = {p.id for text in (CITY, IOT, TAX) for p in entry_of(text).passages if token in tokens_of(p.text)}
    assert found == held
    assert len(found) == 1
    assert filled.document_frequency([token]) == {token: 1}


def test_parts_of_tokens_are_not_found(filled: PassageStore) -> None:
    assert filled.lexical(["3696", "44", "iot", "44.0", "字城市"], 10) == []


def test_lexical_is_an_or_query_with_the_rarer_word_first(store: PassageStore) -> None:
    for name, tokens in (("a", ["common", "filler"]), ("b", ["common", "rare"]), ("c", ["other"]), ("d", ["more"])):
        store.put_all([replace(entry_of("文字。", name=name), tokens=[tokens])])
    found = store.lexical(["common", "rare", "rare", "nowhere"], 10)
    assert [passage_id for passage_id, _ in found] == ["b:0", "a:0"]
    assert found[0][1] > found[1][1]
    assert store.document_frequency(["common", "rare", "nowhere"]) == {"common": 2, "rare": 1, "nowhere": 0}


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '" OR tokens:"',
        "* NOT ^",
        "NEAR(数字 城市, 2)",
        "tokens : x",
        "a\0b",
        "\ud800",
        "'; DROP TABLE documents; --",
    ],
)
def test_a_query_has_no_syntax(filled: PassageStore, text: str) -> None:
    assert filled.lexical([text], 5) == []
    assert {i for i, _ in filled.lexical([text, "数字"], 5)} == {i for i, _ in filled.lexical(["数字"], 5)}
    assert filled.document_frequency([text]) == {text: 0}


def test_a_query_of_thousands_of_words_is_answered(filled: PassageStore) -> None:
    assert len(filled.lexical([f"w{number}" for number in range(5000)] + ["数字"], 5)) == 1
    assert filled.lexical([], 5) == []
    assert filled.lexical([""], 5) == []


def test_a_failing_batch_stores_nothing(filled: PassageStore) -> None:
    clash = entry_of("别的文件。", name="clash")
    taken = replace(clash.passages[0], id=entry_of(CITY).passages[0].id)
    generation = filled.generation
    with pytest.raises(ValueError, match="clash"):
        filled.put_all([entry_of("好的文件。", name="good"), replace(clash, passages=[taken])], replacing=["good"])
    assert filled.known(["good", "clash"]) == set()
    assert filled.generation == generation
    assert filled.check() == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"passage_vectors": np.ones((2, 64), np.float32)}, "passage vectors"),
        ({"tokens": []}, "token lists"),
        ({"passage_vectors": np.full((1, 64), np.nan, np.float32)}, "finite"),
        ({"sentence_vectors": [np.ones((9, 64), np.float32)]}, "sentences"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(store: PassageStore, change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        store.put_all([replace(entry_of(CITY), **change)])
    assert store.documents() == []


def test_a_passage_that_is_not_its_span_is_refused(store: PassageStore) -> None:
    entry = entry_of(CITY)
    for wrong in ({"text": "别的"}, {"end": 10**6}, {"document_id": "other"}, {"sentences": (Span(0, 999),)}):
        with pytest.raises(ValueError, match="passage"):
            store.put_all([replace(entry, passages=[replace(entry.passages[0], **wrong)])])


def test_another_dimension_is_refused(store: PassageStore) -> None:
    with pytest.raises(IndexMismatch):
        store.put_all([replace(entry_of(CITY), passage_vectors=np.ones((1, 3), np.float32))])


def test_token_states_come_back(store: PassageStore) -> None:
    entry, states = with_states(entry_of(CITY))
    plain = entry_of(IOT)
    assert store.put_all([entry, plain]) == [True, True]
    ids = [passage.id for passage in entry.passages]
    found = store.sentence_states([*ids[::-1], "nowhere"])
    assert sorted(found) == sorted(ids)
    for passage_id, own in zip(ids, states, strict=True):
        assert found[passage_id].lengths == tuple(map(len, own))
        np.testing.assert_allclose(states_of(found[passage_id]), np.concatenate(own), atol=0.03)
    # Stored without: as many sentences, no tokens.
    without = store.sentence_states([passage.id for passage in plain.passages])
    assert [group.lengths for group in without.values()] == [(0,) * len(p.sentences) for p in plain.passages]
    mean = np.concatenate([one for group in states for one in group]).mean(axis=0)
    np.testing.assert_allclose(store.mean_state("zh"), mean, atol=0.03)
    assert store.mean_state("en") is None
    assert store.check() == []


def test_there_are_as_many_token_states_as_sentences(store: PassageStore) -> None:
    entry, _ = with_states(entry_of(CITY))
    assert entry.states
    with pytest.raises(ValueError, match="token states"):
        store.put_all([replace(entry, states=[group[1:] for group in entry.states])])
    assert store.documents() == []


def test_threads_search_while_one_writes(filled: PassageStore) -> None:
    query, errors, done = EMBEDDER.encode_query("数字城市"), [], threading.Event()

    def search() -> None:
        try:
            while not done.is_set():
                ids = [found for found, _ in filled.dense(query, 8)]
                assert len(ids) >= 4
                assert len(filled.lexical(["城市"], 8)) >= 2
                filled.passages(ids)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(25):
        put(filled, entry_of(f"城市编号{number}。", name=f"n{number}"))
        if number % 5 == 4:
            filled.delete([f"n{number - 1}"])
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert filled.passage_count == 24
    assert filled.check() == []


def test_replacing_and_deleting_leave_only_what_was_meant(filled: PassageStore) -> None:
    old, new = entry_of("旧的版本oldword。", name="doc"), entry_of("新的版本newword。\n第二段。", name="doc")
    assert put(filled, old)
    assert filled.put_all([new], replacing=["doc"]) == [True]
    assert filled.document("doc").text == new.document.text
    assert filled.lexical(["oldword"], 5) == []
    assert [found for found, _ in filled.lexical(["newword"], 5)] == ["doc:0"]
    assert filled.passage_count == 6
    assert filled.delete(["doc", "unknown"]) == 1
    assert filled.delete(["doc"]) == 0
    assert filled.lexical(["newword"], 5) == []
    assert filled.document_frequency(["newword"]) == {"newword": 0}
    assert filled.passages(["doc:0"]) == []
    with pytest.raises(DocumentUnknown):
        filled.document("doc")
    with pytest.raises(DocumentUnknown):
        filled.vectors(["doc:0"])
    assert filled.passage_count == 4
    assert filled.check() == []


def test_documents_are_known_by_id_and_source_in_their_order(store: PassageStore) -> None:
    names = ["b", "a", "c"]
    store.put_all([entry_of(f"文{name}。", name=name, source="s1" if name == "c" else "s2") for name in names])
    assert [entry.id for entry in store.catalog()] == names
    assert [record.id for record in store.documents()] == names
    assert store.of_sources(["s2", "s3"]) == ["b", "a"]
    assert store.known(["a", "x"]) == {"a"}
    assert store.languages() == ("zh",)


def test_what_is_stored_is_decided_within_the_change(filled: PassageStore) -> None:
    city, source = entry_of(CITY).document, "own"
    put(filled, entry_of("旧的版本oldword。", name="old", source=source))
    asked: list[Current] = []

    def decide(current: Current) -> dict[str, list[str]]:
        # Another process stored something since the caller looked; this sees it.
        asked.append(current)
        assert current.generation == before
        assert [entry.id for entry in current.catalog()] == [entry.id for entry in filled.catalog()]
        assert current.catalog()[0].title == city.title
        assert current.of_sources([source, "nowhere"]) == ["old"]
        return {"new": current.of_sources([source]), city.id: []}

    before = filled.generation
    entries = [entry_of("新的版本newword。", name="new", source=source), entry_of("多余。", name="no"), entry_of(CITY)]
    assert filled.put_all(entries, replacing=decide) == [True, False, False]
    assert len(asked) == 1
    assert filled.known(["old", "new", "no"]) == {"new"}
    assert filled.lexical(["oldword"], 5) == []
    assert [found for found, _ in filled.lexical(["newword"], 5)] == ["new:0"]
    generation = filled.generation
    assert generation > before
    assert filled.put_all(entries, replacing=lambda current: {}) == [False] * 3
    assert filled.generation == generation
    assert filled.check() == []


def test_what_decides_can_refuse(filled: PassageStore) -> None:
    def refuse(current: Current) -> dict[str, list[str]]:
        raise RuntimeError("no")

    before = filled.generation
    with pytest.raises(RuntimeError, match="no"):
        filled.put_all([entry_of("新。", name="new")], replacing=refuse)
    assert filled.generation == before
    assert filled.known(["new"]) == set()
    assert put(filled, entry_of("新。", name="new"))


def test_what_a_thread_reads_within_a_snapshot_is_of_one_state(filled: PassageStore) -> None:
    """While it reads, another thread replaces a document and adds one."""
    store, vector, city = reopen(filled, SPEC), EMBEDDER.encode_query("数字城市"), entry_of(CITY).document
    new = [entry_of("新的数字城市。", name="new"), entry_of("再新的数字城市。", name="newer")]

    def seen() -> list[object]:
        found = store.propose([vector], ["数字"], 9)
        return [
            store.generation,
            store.passage_count,
            store.documents(),
            store.lexical(["数字"], 9),
            store.dense(vector, 9),
            sorted(found),
            store.passages(sorted(found)),
            sorted(store.sentences(found)),
            store.document_frequency(["数字"]),
        ]

    with ThreadPoolExecutor() as pool:
        with store.snapshot():
            before = seen()
            changing = pool.submit(store.put_all, new, replacing=[city.id])
            while pool.submit(lambda: store.generation).result() == before[0]:
                time.sleep(0.01)
            with store.snapshot():
                assert seen() == before
                assert store.document(city.id).text == CITY
        assert changing.result() == [True, True]
    assert store.known([city.id, "new", "newer"]) == {"new", "newer"}
    assert store.passage_count == 5
    assert store.check() == []
    store.close()


def test_both_legs_propose(filled: PassageStore) -> None:
    near, held = EMBEDDER.encode_query("唯一 carries messages"), ["数字"]
    found = filled.propose([near], held, 1)
    wanted = {id_ for id_, _ in (*filled.dense(near, 1), *filled.lexical(held, 1))}
    assert set(found) == wanted
    assert len(wanted) == 2
    assert all(found.values())
    only = entry_of(TAX).document.id
    assert {id_.split(":")[0] for id_ in filled.propose([near], held, 9, [only])} == {only}
    assert filled.propose([near], held, 9, []) == {}


def test_a_long_document_comes_back_whole(store: PassageStore) -> None:
    entry, states = with_states(entry_of("\n".join(f"第{number}段，城市数据。" * 20 for number in range(120))))
    assert len(entry.document.text) > 20_000
    assert put(store, entry)
    assert store.document(entry.document.id).text == entry.document.text
    ids = [passage.id for passage in entry.passages]
    assert store.passages(ids) == list(entry.passages)
    found = store.sentence_states(ids)
    assert [found[id_].lengths for id_ in ids] == [tuple(map(len, own)) for own in states]
    assert store.check() == []


def test_a_collection_of_another_model_is_refused(store: PassageStore, tmp_path: Path) -> None:
    other = replace(SPEC, embedding_model="bge-m3", dimension=1024)
    with pytest.raises(IndexMismatch, match="bge-m3"):
        reopen(store, other)
    put(store, entry_of(CITY))
    again = reopen(store, SPEC)
    assert again.passage_count == 1
    again.close()


def test_a_collection_that_is_not_there_is_missing(store: PassageStore, tmp_path: Path) -> None:
    def open_nothing() -> PassageStore:
        if isinstance(store, MilvusStore):
            return MilvusStore.open(replace(store._client.address, collection="nowhere"), SPEC)
        return Store.open(tmp_path / "nowhere.db", SPEC)

    with pytest.raises(IndexMissing, match="no index"):
        open_nothing()


def reopen(store: PassageStore, spec) -> PassageStore:
    if isinstance(store, MilvusStore):
        return MilvusStore.open(store._client.address, spec)
    assert isinstance(store, Store)
    return Store.open(store.path, spec)
