"""Building is repeatable, embeds everything once, and a rebuild that fails leaves the old index."""

import hashlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from langchain_core.documents import Document

import knowledge.build
from knowledge.build import build_index, rebuild, spec_for
from knowledge.errors import IndexBusy, IndexDamaged, IndexMismatch, IndexMissing, IndexOutdated
from knowledge.late import states_of
from knowledge.lexical import index_tokens, query_tokens
from knowledge.store import Store
from tests.hashing_embedder import HashingEmbedder

CITY = "# 数字城市\n\n数字城市是新型基础设施。深圳市投资3696.1亿元。\n\n# 物联网\n\nNB-IoT可以连接设备。它很省电。"
TAX = "# Tax office\n\nThe tax office closes at noon. It opens at nine."


def document(text: str, source: str = "a.md", **metadata: object) -> Document:
    """As the loader makes it."""
    name = hashlib.sha256(f"{source}\0{text}".encode()).hexdigest()[:16]
    return Document(id=name, page_content=text, metadata={"source": source, "title": "题目", **metadata})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.db"


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def store(path: Path, embedder: HashingEmbedder) -> Iterator[Store]:
    with Store.create(path, spec_for(embedder)) as opened:
        yield opened


def test_everything_is_embedded_in_one_call_and_once(store: Store, embedder: HashingEmbedder) -> None:
    documents = [document(CITY, language="zh", author="王"), document(TAX, "b.md")]
    report = build_index(documents, store, embedder)
    assert (report.documents_added, report.documents_unchanged, report.documents_replaced) == (2, 0, 0)
    assert report.passages == store.passage_count > 2
    assert report.sentences >= 6
    assert embedder.calls == 1
    assert store.check() == []
    generation = store.generation
    again = build_index(documents, store, embedder)
    assert (again.documents_added, again.documents_unchanged, again.passages, again.sentences) == (0, 2, 0, 0)
    assert (embedder.calls, store.generation) == (1, generation)


def test_the_record_keeps_what_is_known_of_the_document(store: Store, embedder: HashingEmbedder) -> None:
    given = document(CITY, "/docs/城市.md", language="zh", author="王", pages=3, nothing=None)
    build_index([given, Document(page_content=TAX, metadata={"source": "/docs/tax.md"})], store, embedder)
    city, tax = store.documents()
    assert (city.id, city.title, city.source, city.language, city.text) == (
        given.id, "题目", "/docs/城市.md", "zh", CITY,
    )  # fmt: skip
    assert city.metadata == {"author": "王", "pages": "3"}
    assert (tax.title, tax.language) == ("tax.md", "en")
    assert tax.id


def test_vectors_are_of_heading_and_text_and_of_sentences(store: Store, embedder: HashingEmbedder) -> None:
    build_index([document(CITY)], store, embedder)
    ids = [found for found, _ in store.dense(embedder.encode_query("城市"), 10)]
    passages = store.passages(ids)
    assert {passage.heading for passage in passages} >= {"数字城市", "物联网"}
    for passage, vector in zip(passages, store.vectors(ids), strict=True):
        assert CITY[passage.start : passage.end] == passage.text
        inside = not passage.heading or passage.heading in passage.text
        text = passage.text if inside else f"{passage.heading}\n{passage.text}"
        np.testing.assert_allclose(vector, embedder.encode_query(text), atol=1e-6)
        spans, vectors, _ = store.sentences([passage.id])[passage.id]
        assert spans == passage.sentences
        for span, sentence in zip(spans, vectors, strict=True):
            np.testing.assert_allclose(sentence, embedder.encode_query(span.of(CITY)), atol=1e-6)
        tokens = frozenset(index_tokens(f"{passage.heading}\n{passage.text}"))
        assert store.outlines([passage.id])[passage.id][2] == tokens


def test_questions_find_their_passage_by_its_words(store: Store, embedder: HashingEmbedder) -> None:
    build_index([document(CITY), document(TAX, "b.md")], store, embedder)
    for question, words in (("ＮＢ－ＩｏＴ是什么", "NB-IoT"), ("3,696.1亿元", "3696.1"), ("tax offices", "tax office")):
        best = store.lexical(query_tokens(question), 1)
        assert words in store.passages([best[0][0]])[0].text


def test_the_same_document_twice_in_one_build_is_stored_once(store: Store, embedder: HashingEmbedder) -> None:
    report = build_index([document(CITY), document(CITY)], store, embedder)
    assert (report.documents_added, report.documents_unchanged) == (1, 1)
    assert len(store.documents()) == 1


def test_an_edited_file_replaces_its_earlier_version_when_asked(store: Store, embedder: HashingEmbedder) -> None:
    build_index([document(CITY), document(TAX, "b.md")], store, embedder)
    edited = document(CITY + "新增一句话。")
    report = build_index([edited, document(TAX, "b.md")], store, embedder, replace_sources=True)
    assert (report.documents_added, report.documents_unchanged, report.documents_replaced) == (1, 1, 1)
    assert {record.text for record in store.documents()} == {edited.page_content, TAX}
    assert build_index([document("另一篇。")], store, embedder).documents_replaced == 0
    assert len(store.documents()) == 3


def test_progress_reaches_its_total(store: Store, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge.build, "TEXTS_AT_ONCE", 3)
    seen: list[tuple[int, int]] = []
    # A text that repeats is embedded once, so all of these differ.
    texts = ["".join(f"第{number}篇文章的第{at}句。" for at in range(9)) for number in range(7)]
    documents = (document(text, f"{number}.md") for number, text in enumerate(texts))
    report = build_index(documents, store, embedder, progress=lambda done, total: seen.append((done, total)))
    assert embedder.calls > 1
    assert [done for done, _ in seen] == list(range(1, report.passages + report.sentences + 1))
    assert seen[-1][0] == seen[-1][1]


def test_a_store_of_another_model_is_refused(store: Store) -> None:
    for other in (HashingEmbedder("bge-m3"), HashingEmbedder(dimension=32)):
        with pytest.raises(IndexMismatch) as caught:
            build_index([document(CITY)], store, other)
        assert "wenju index --rebuild" in caught.value.hint
    with pytest.raises(IndexMismatch):
        build_index([document(CITY)], store, HashingEmbedder(), target=999)
    assert store.documents() == []


def test_a_rebuild_takes_the_documents_that_are_there(path: Path, store: Store, embedder: HashingEmbedder) -> None:
    build_index([document(CITY, author="王"), document(TAX, "b.md")], store, embedder)
    before, generation = store.documents(), store.generation
    store.dense(embedder.encode_query("城市"), 1)
    report = rebuild(path, HashingEmbedder("bigger", 128))
    assert report.documents_added == 2
    with Store.open(path, spec_for(HashingEmbedder("bigger", 128))) as new:
        assert new.documents() == before
        assert new.generation > generation
        assert new.check() == []
    with pytest.raises(IndexMismatch, match="bigger"):
        store.dense(embedder.encode_query("城市"), 1)
    assert [file.name for file in path.parent.iterdir() if "rebuild" in file.name] == []


def test_an_open_store_goes_on_after_a_rebuild_with_its_model(
    path: Path, store: Store, embedder: HashingEmbedder
) -> None:
    build_index([document(CITY)], store, embedder)
    assert store.dense(embedder.encode_query("tax office"), 1)[0][1] < 0.5
    rebuild(path, embedder, [document(TAX, "b.md")])
    (found,) = store.dense(embedder.encode_query("The tax office closes at noon."), 1)
    assert "tax office" in store.passages([found[0]])[0].text
    assert [record.text for record in store.documents()] == [TAX]
    assert "数字城市".encode() not in path.read_bytes()
    build_index([document("新的。")], store, embedder)
    assert store.check() == []


class Breaking(HashingEmbedder):
    """Fails in the middle of its work."""

    def encode_passages(self, texts: Sequence[str], **options: object) -> np.ndarray:
        raise RuntimeError("the model broke")


def test_a_rebuild_that_fails_leaves_the_old_index(path: Path, store: Store, embedder: HashingEmbedder) -> None:
    build_index([document(CITY)], store, embedder)
    before = store.documents()
    with pytest.raises(RuntimeError, match="broke"):
        rebuild(path, Breaking("other"))
    assert store.documents() == before
    assert store.check() == []
    assert {file.name for file in path.parent.iterdir()} <= {"index.db", "index.db-wal", "index.db-shm"}


def test_a_rebuild_does_not_lose_what_was_added_meanwhile(path: Path, store: Store, embedder: HashingEmbedder) -> None:
    build_index([document(CITY)], store, embedder)

    class Slow(HashingEmbedder):
        def encode_passages(self, texts: Sequence[str], **options: object) -> np.ndarray:
            if not store.known([document(TAX).id]):
                build_index([document(TAX)], store, embedder)
            return super().encode_passages(texts)

    with pytest.raises(IndexBusy, match="changed"):
        rebuild(path, Slow("slow"))
    assert {record.text for record in store.documents()} == {CITY, TAX}


def test_searches_go_on_while_the_index_is_rebuilt(path: Path, store: Store, embedder: HashingEmbedder) -> None:
    build_index([document(f"城市编号{number}。", f"{number}.md") for number in range(50)], store, embedder)
    query, errors, done = embedder.encode_query("城市编号"), [], threading.Event()

    def search() -> None:
        try:
            while not done.is_set():
                assert len(store.dense(query, 100)) == 50
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=search)
    thread.start()
    for _ in range(3):
        rebuild(path, embedder)
    done.set()
    thread.join()
    assert errors == []


@pytest.mark.parametrize("damage", [b"SQLite format 3\0", b"not a database" * 999])
def test_a_damaged_index_can_be_rebuilt_from_documents(path: Path, embedder: HashingEmbedder, damage: bytes) -> None:
    path.write_bytes(damage)
    with pytest.raises(IndexDamaged):
        rebuild(path, embedder)
    rebuild(path, embedder, [document(CITY)])
    with Store.open(path, spec_for(embedder)) as store:
        assert [record.text for record in store.documents()] == [CITY]
    assert path.with_name("index.db.damaged").read_bytes() == damage


def test_an_empty_file_can_be_rebuilt_from_documents(path: Path, embedder: HashingEmbedder) -> None:
    path.touch()
    rebuild(path, embedder, [document(CITY)])
    with Store.open(path, spec_for(embedder)) as store:
        assert [record.text for record in store.documents()] == [CITY]
        assert store.check() == []


def test_a_half_damaged_index_can_be_rebuilt_from_documents(path: Path, embedder: HashingEmbedder) -> None:
    with Store.create(path, spec_for(embedder)) as store:
        build_index([document(f"城市编号{number}。" * 40, f"{number}.md") for number in range(50)], store, embedder)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    rebuild(path, embedder, [document(CITY)])
    with Store.open(path, spec_for(embedder)) as store:
        assert [record.text for record in store.documents()] == [CITY]
        assert store.check() == []


class TellingEmbedder(HashingEmbedder):
    """Tells a state for each character as well: the vector of the character alone."""

    def encode_passage_tokens(
        self, texts: Sequence[str], *, progress: object = None
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        vectors = self.encode_passages(texts)
        return vectors, [HashingEmbedder().encode_passages(list(text)) for text in texts]


def test_token_states_are_stored_of_each_sentence_if_the_model_tells_them(path: Path) -> None:
    embedder = TellingEmbedder()
    with Store.create(path, spec_for(embedder)) as store:
        build_index([document(CITY)], store, embedder)
        ids = [found for found, _ in store.dense(embedder.encode_query("城市"), 10)]
        states = store.sentence_states(ids)
        for passage in store.passages(ids):
            assert states[passage.id].lengths == tuple(span.end - span.start for span in passage.sentences)
            characters = [character for span in passage.sentences for character in span.of(CITY)]
            np.testing.assert_allclose(states_of(states[passage.id]), embedder.encode_passages(characters), atol=0.01)
        assert store.check() == []


def test_a_model_that_tells_no_states_stores_none(store: Store, embedder: HashingEmbedder) -> None:
    build_index([document(CITY)], store, embedder)
    ids = [found for found, _ in store.dense(embedder.encode_query("城市"), 10)]
    assert all(not any(group.lengths) for group in store.sentence_states(ids).values())


def test_a_missing_index_is_built_from_documents(path: Path, embedder: HashingEmbedder) -> None:
    with pytest.raises(IndexMissing):
        rebuild(path, embedder)
    assert list(path.parent.iterdir()) == []
    rebuild(path, embedder, [document(CITY)])
    with Store.open(path) as store:
        assert store.spec == spec_for(embedder)
        assert store.passage_count >= 2


def test_importing_is_light() -> None:
    code = (
        "import sys, knowledge.build\n"
        "heavy = {'faiss', 'torch', 'jieba', 'opencc', 'sentence_transformers', 'langchain_core'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def as_format_one(path: Path) -> None:
    """Turn an index into one of the first format, which held no token states."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("ALTER TABLE sentences DROP COLUMN states")
        connection.execute("UPDATE manifest SET schema_version = 1")
    connection.close()


def test_an_index_of_an_older_format_is_refused_and_can_be_made_anew(
    path: Path, store: Store, embedder: HashingEmbedder
) -> None:
    build_index([document(CITY, author="王"), document(TAX, "b.md")], store, embedder)
    before, generation = store.documents(), store.generation
    store.close()
    as_format_one(path)
    with pytest.raises(IndexOutdated) as caught:
        Store.open(path)
    assert "older version" in caught.value.message
    assert "wenju index" in caught.value.hint
    rebuild(path, embedder)
    with Store.open(path, spec_for(embedder)) as new:
        assert new.documents() == before
        assert new.generation > generation
        assert new.check() == []


def test_an_index_of_an_older_splitter_is_outdated(path: Path, store: Store, embedder: HashingEmbedder) -> None:
    spec = spec_for(embedder)
    with pytest.raises(IndexOutdated):
        Store.open(path, replace(spec, splitter_version=spec.splitter_version + 1))


def test_an_index_of_an_unreadable_newer_format_stays_as_it_is(
    path: Path, store: Store, embedder: HashingEmbedder
) -> None:
    build_index([document(CITY)], store, embedder)
    store.close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("ALTER TABLE documents RENAME COLUMN text TO words")
        connection.execute("UPDATE manifest SET schema_version = 999")
    connection.close()
    with pytest.raises(IndexMismatch, match="999"):
        rebuild(path, embedder)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT words FROM documents").fetchall() == [(CITY,)]
    connection.close()
