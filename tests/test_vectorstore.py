"""The langchain view of the store keeps langchain's contract, and says no where it cannot."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import VectorStoreIntegrationTests

from knowledge.build import build_index, rebuild, spec_for
from knowledge.errors import DocumentUnknown, IndexMismatch, LoadError
from knowledge.store import Store
from knowledge.vectorstore import WenjuVectorStore
from tests.hashing_embedder import HashingEmbedder


class TestStandard(VectorStoreIntegrationTests):
    """langchain's own suite, synchronous and asynchronous."""

    @pytest.fixture
    def vectorstore(self, tmp_path: Path) -> Iterator[VectorStore]:
        opened = WenjuVectorStore.open(tmp_path / "index.db", self.get_embeddings())
        yield opened
        assert opened.store.check() == []
        opened.store.close()


@pytest.fixture
def vectors(tmp_path: Path) -> Iterator[WenjuVectorStore]:
    opened = WenjuVectorStore.open(tmp_path / "index.db", HashingEmbedder())
    yield opened
    opened.store.close()


def test_what_is_nearest_comes_first_with_its_cosine(vectors: WenjuVectorStore) -> None:
    ids = vectors.add_texts(["数字城市", "物联网技术", "smart city"], [{"n": 1}, {"n": 2}, {"n": 3}])
    (first, cosine), *others = vectors.similarity_search_with_score("数字城市", k=3)
    assert (first.id, first.metadata) == (ids[0], {"n": 1})
    assert cosine == pytest.approx(1.0, abs=1e-5)
    assert [score for _, score in others] == sorted((score for _, score in others), reverse=True)
    assert len(others) == 2
    relevance = vectors.similarity_search_with_relevance_scores("数字城市", k=3, score_threshold=0.99)
    assert [document.id for document, _ in relevance] == [ids[0]]


def test_metadata_keep_their_types(vectors: WenjuVectorStore) -> None:
    metadata = {"页": 3, "分": 0.5, "list": ["a", None], "nested": {"真": True}, "title": "标题"}
    (added,) = vectors.add_documents([Document(page_content="文字。", metadata=metadata)])
    assert vectors.get_by_ids([added]) == [Document(id=added, page_content="文字。", metadata=metadata)]
    assert vectors.store.document(added).title == "标题"


def test_metadata_that_json_cannot_hold_are_refused(vectors: WenjuVectorStore) -> None:
    for value in (object(), float("nan")):
        with pytest.raises(LoadError, match="JSON"):
            vectors.add_texts(["文字"], [{"x": value}])
    assert vectors.store.documents() == []


def test_adding_the_same_again_costs_nothing(vectors: WenjuVectorStore) -> None:
    first = vectors.add_texts(["数字城市", "数字城市", "另一个"])
    assert first[0] == first[1] != first[2]
    generation, calls = vectors.store.generation, vectors.embeddings.calls
    assert vectors.add_texts(["数字城市", "另一个"]) == [first[0], first[2]]
    assert (vectors.store.generation, vectors.embeddings.calls) == (generation, calls)
    assert vectors.store.passage_count == 2


def test_the_last_of_one_id_wins(vectors: WenjuVectorStore) -> None:
    assert vectors.add_texts(["旧", "新"], ids=["same", "same"]) == ["same", "same"]
    assert [document.page_content for document in vectors.get_by_ids(["same"])] == ["新"]


def test_lists_of_different_length_are_refused(vectors: WenjuVectorStore) -> None:
    with pytest.raises(ValueError, match="shorter"):
        vectors.add_texts(["一", "二"], [{}])
    with pytest.raises(ValueError, match="longer"):
        vectors.add_texts(["一"], ids=["a", "b"])


def test_an_unknown_option_is_not_ignored(vectors: WenjuVectorStore) -> None:
    vectors.add_texts(["数字城市"])
    with pytest.raises(TypeError, match="filter"):
        vectors.similarity_search("数字", filter={"a": 1})
    retriever = vectors.as_retriever(search_kwargs={"k": 1, "filter": {"a": 1}})
    with pytest.raises(TypeError, match="filter"):
        retriever.invoke("数字")


def test_a_retriever_finds_near_and_different_documents(vectors: WenjuVectorStore) -> None:
    vectors.add_texts(["数字城市的建设", "数字城市的建设。", "物联网的建设"])
    nearest = vectors.as_retriever(search_kwargs={"k": 2}).invoke("数字城市的建设")
    diverse = vectors.as_retriever(search_type="mmr", search_kwargs={"k": 2, "lambda_mult": 0.1}).invoke(
        "数字城市的建设"
    )
    assert [document.page_content for document in nearest] == ["数字城市的建设", "数字城市的建设。"]
    assert [document.page_content for document in diverse] == ["数字城市的建设", "物联网的建设"]


def test_deleting_without_ids_deletes_all(vectors: WenjuVectorStore) -> None:
    vectors.add_texts(["一", "二"])
    assert vectors.delete() is True
    assert vectors.similarity_search("一") == []
    assert vectors.store.documents() == []


def test_an_empty_text_is_kept(vectors: WenjuVectorStore) -> None:
    vectors.add_texts(["", "文字"], ids=["empty", "full"])
    assert vectors.get_by_ids(["empty"]) == [Document(id="empty", page_content="")]
    assert vectors.store.check() == []


def test_sentences_are_embedded_as_well(vectors: WenjuVectorStore) -> None:
    text = "第一句话在这里。第二句话在那里。"
    (added,) = vectors.add_texts([text])
    spans, found, _ = vectors.store.sentences([added])[added]
    assert [span.of(text) for span in spans] == ["第一句话在这里。", "第二句话在那里。"]
    expected = vectors.embeddings.encode_passages([span.of(text) for span in spans])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_built_documents_are_found_by_passage(vectors: WenjuVectorStore) -> None:
    text = "# 城市\n\n" + "数字城市的建设需要数据。" * 60 + "\n\n# 海洋\n\n" + "潜水艇在海里航行很远。" * 60
    build_index(
        [Document(id="doc", page_content=text, metadata={"title": "题", "author": "人"})],
        vectors.store,
        HashingEmbedder(),
    )
    (found,) = vectors.similarity_search("潜水艇在海里航行", k=1)
    assert text[found.metadata["start"] : found.metadata["end"]] == found.page_content
    assert "潜水艇" in found.page_content
    assert {"title": "题", "author": "人", "document_id": "doc", "heading": "海洋"}.items() <= found.metadata.items()
    with pytest.raises(DocumentUnknown) as caught:
        vectors.delete([found.id])
    assert "doc" in caught.value.hint
    vectors.delete(["doc"])
    assert vectors.store.passage_count == 0
    vectors.add_texts(["文件"], ids=["one"])
    assert vectors.similarity_search("文件", document_ids=["none"]) == []
    assert len(vectors.similarity_search("文件", document_ids=["one"])) == 1


def test_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    WenjuVectorStore.from_texts(["一"], HashingEmbedder(), path=path).store.close()
    for other in (HashingEmbedder("other"), HashingEmbedder(dimension=8), DeterministicFakeEmbedding(size=64)):
        with pytest.raises(IndexMismatch):
            WenjuVectorStore.open(path, other)


def test_a_temporary_store_needs_no_path_and_leaves_no_file() -> None:
    made = WenjuVectorStore.from_texts(["一", "二"], HashingEmbedder(), [{"n": 1}, {"n": 2}], ids=["a", "b"])
    folder = made.store.path.parent
    assert [document.id for document in made.similarity_search("二", k=1)] == ["b"]
    assert folder.exists()
    del made
    assert not folder.exists()


def test_a_rebuild_keeps_ids_and_metadata(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with WenjuVectorStore.from_texts(["数字城市。"], HashingEmbedder(), [{"n": 1}], ids=["a"], path=path).store:
        pass
    new = HashingEmbedder("new", 32)
    rebuild(path, new)
    with Store.open(path, spec_for(new)) as store:
        found = WenjuVectorStore(store, new).similarity_search("数字城市。")
    assert found == [Document(id="a", page_content="数字城市。", metadata={"n": 1})]
