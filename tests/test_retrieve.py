"""Searching the shipped article, in both languages, with the real embedding model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from assistant.assistant import Assistant
from knowledge.build import spec_for
from knowledge.lexical import index_tokens
from knowledge.retrieve import PassageRetriever, Searcher, SearchResult
from knowledge.store import Store
from tests.conftest import Home

pytestmark = pytest.mark.weights

PILOTS_ZH = "2015年底启动了哪三个新型智慧城市试点？"
PILOTS_EN = "Which three cities were chosen as pilots for the new type of smart city at the end of 2015?"
LIBRARY = "The library in Oakville opens at nine. Its director is Mary Stone. It lends 12,000 books a year."


@pytest.fixture(scope="module")
def searcher(assistant: Assistant) -> Searcher:
    return assistant.searcher


@pytest.fixture
def two_documents(own_home: Home) -> Iterator[tuple[Searcher, str, str]]:
    """A searcher of the article and of an English document, with the ids of both."""
    with Assistant(own_home.settings) as assistant:
        (article,) = assistant.documents()
        assistant.add([Document(id="library", page_content=LIBRARY, metadata={"source": "library.md"})])
        yield assistant.searcher, article.id, "library"


def check_result(result: SearchResult, texts: dict[str, str]) -> None:
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert [hit.rank for hit in result.hits] == list(range(1, len(result.hits) + 1))
    assert len(result.features) == len(result.hits)
    assert len({hit.passage.id for hit in result.hits}) == len(result.hits)
    assert [sentence.score for sentence in result.sentences] == sorted(
        (sentence.score for sentence in result.sentences), reverse=True
    )
    passages = {hit.passage.id: hit.passage for hit in result.hits}
    for hit in result.hits:
        text = texts[hit.passage.document_id]
        assert text[hit.passage.start : hit.passage.end] == hit.passage.text
        assert hit.found_by
    for sentence in result.sentences:
        assert sentence.span.of(texts[sentence.passage.document_id]) == sentence.text
        assert sentence.span in passages[sentence.passage.id].sentences
        assert -1.01 <= sentence.cosine <= 1.01
        assert -1.01 <= sentence.late <= 1.01
        assert 0 <= sentence.coverage <= 1.0001


@pytest.mark.parametrize("question", [PILOTS_ZH, PILOTS_EN, "２０１５年底，哪三地進行新型智慧城市試點？"])
def test_the_passage_that_holds_the_answer_is_first(searcher: Searcher, article: str, question: str) -> None:
    result = searcher.search(question, 5)
    assert "深圳、福州和嘉兴" in result.hits[0].passage.text
    assert "深圳、福州和嘉兴" in result.sentences[0].text
    assert len(result.hits) == 5
    check_result(result, {result.hits[0].passage.document_id: article})


def test_an_english_question_reaches_chinese_words_through_the_dictionary(searcher: Searcher) -> None:
    result = searcher.search(PILOTS_EN, 5)
    assert result.query.language == "en"
    assert result.hits[0].found_by == ("dense", "lexical")
    assert result.features[0].coverage > 0.2


def test_a_question_of_no_known_word_gives_the_lexical_leg_no_vote(searcher: Searcher) -> None:
    result = searcher.search("zqxv blorptium wugglefrump", 5)
    assert len(result.hits) == 5
    assert {hit.found_by for hit in result.hits} == {("dense",)}
    assert {features.coverage for features in result.features} == {0.0}


def test_a_word_of_the_question_that_is_missing_takes_nothing_away(searcher: Searcher) -> None:
    plain = searcher.search(PILOTS_ZH, 3)
    assert plain.hits[0].passage == searcher.search(f"{PILOTS_ZH} blorptium", 3).hits[0].passage


def test_a_sentence_brings_the_tokens_it_was_stored_with(searcher: Searcher) -> None:
    found = searcher.search("Which three cities piloted the new smart city?", 4).sentences
    assert len(found) > 4
    assert all(one.tokens == frozenset(index_tokens(one.text)) for one in found)


def test_the_same_question_gives_the_same_result(searcher: Searcher) -> None:
    first, second = searcher.search(PILOTS_EN, 8), searcher.search(PILOTS_EN, 8)
    assert (first.hits, first.features, first.sentences) == (second.hits, second.features, second.sentences)


@pytest.mark.parametrize(("k", "found"), [(0, 0), (-3, 0), (1, 1), (4, 4)])
def test_at_most_k_passages(searcher: Searcher, k: int, found: int) -> None:
    whole = searcher.search(PILOTS_ZH, 8).hits
    assert searcher.search(PILOTS_ZH, k).hits == whole[:found]


def test_more_than_there_are_is_all_there_are(searcher: Searcher) -> None:
    assert len(searcher.search(PILOTS_ZH, 10_000).hits) == searcher.store.passage_count


def test_a_prepared_question_is_the_question(searcher: Searcher) -> None:
    query = searcher.prepare(PILOTS_ZH)
    assert np.linalg.norm(query.vector) == pytest.approx(1.0, abs=1e-4)
    assert query.states.shape[1] == len(query.vector)
    assert [hit.passage.id for hit in searcher.search(query, 4).hits] == [
        hit.passage.id for hit in searcher.search(PILOTS_ZH, 4).hits
    ]


@pytest.mark.parametrize("question", ["数" * 2000, "a" * 2000, "🙂 深 \x00 \ud800?", '\' OR "1" NEAR (', "的", "the"])
def test_no_question_breaks_a_search(searcher: Searcher, question: str) -> None:
    result = searcher.search(question, 3)
    assert len(result.hits) == 3
    assert all(np.isfinite(hit.score) for hit in result.hits)


def test_only_the_documents_asked_for(two_documents: tuple[Searcher, str, str]) -> None:
    searcher, article, library = two_documents
    everywhere = searcher.search("Who is the director of the library in Oakville?", 8)
    assert everywhere.hits[0].passage.document_id == library
    assert {hit.passage.document_id for hit in everywhere.hits} == {article, library}
    check_result(everywhere, {record.id: record.text for record in searcher.store.documents()})
    for question in (PILOTS_ZH, "Who is the director of the library in Oakville?"):
        only = searcher.search(question, 8, document_ids=[library])
        assert {hit.passage.document_id for hit in only.hits} == {library}
        others = searcher.search(question, 8, document_ids=[article]).hits
        assert {hit.passage.document_id for hit in others} == {article}
    assert searcher.search(PILOTS_ZH, 8, document_ids=[]).hits == ()
    assert searcher.search(PILOTS_ZH, 8, document_ids=["nowhere"]).hits == ()


def test_a_chinese_question_reaches_an_english_document(two_documents: tuple[Searcher, str, str]) -> None:
    searcher, _, library = two_documents
    assert searcher.search("奥克维尔图书馆的馆长是谁？", 3).hits[0].passage.document_id == library


def test_an_empty_index_finds_nothing(assistant: Assistant, tmp_path: Path) -> None:
    with Store.create(tmp_path / "empty.db", spec_for(assistant.embedder)) as store:
        result = Searcher(store, assistant.embedder, assistant.searcher.lexicon).search(PILOTS_ZH, 5)
    assert (result.hits, result.features, result.sentences) == ((), (), ())


def test_it_is_a_langchain_retriever(searcher: Searcher, article: str) -> None:
    retriever: BaseRetriever = PassageRetriever(searcher=searcher, k=3)
    found = retriever.invoke(PILOTS_ZH)
    hits = searcher.search(PILOTS_ZH, 3).hits
    assert [document.id for document in found] == [hit.passage.id for hit in hits]
    for document, hit in zip(found, hits, strict=True):
        assert isinstance(document, Document)
        place = document.metadata
        assert article[place["start"] : place["end"]] == document.page_content
        assert place["score"] == hit.score
        assert place["found_by"] == list(hit.found_by)
    assert [[document.id for document in batch] for batch in retriever.batch([PILOTS_ZH])] == [[d.id for d in found]]
