"""What a search keeps in memory is what the store holds, and is gone when the store's is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from langchain_core.documents import Document

import knowledge.material
from knowledge.build import build_index, spec_for
from knowledge.material import Materials
from knowledge.store import Store
from tests.hashing_embedder import HashingEmbedder
from tests.test_build import TellingEmbedder

CITY = "数字城市由政府建设。深圳是一个试点城市。\n\n嘉兴也是试点。"
LIBRARY = "The library opens at nine. It lends books."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    embedder = TellingEmbedder()
    with Store.create(tmp_path / "index.db", spec_for(embedder)) as opened:
        documents = [Document(id=name, page_content=text) for name, text in (("city", CITY), ("library", LIBRARY))]
        build_index(documents, opened, embedder)
        yield opened


def ids_of(store: Store) -> list[str]:
    return [id_ for id_, _ in store.dense(HashingEmbedder().encode_query("城市"), 100)]


def check(found: Materials, store: Store, ids: list[str]) -> None:
    outlines, materials = found.outlines(ids), found.of(ids)
    assert [one.id for one in outlines] == ids
    np.testing.assert_array_equal(np.array([one.vector for one in outlines]), store.vectors(ids))
    stored, sentences, states = store.outlines(ids), store.sentences(ids), store.sentence_states(ids)
    for outline in outlines:
        assert (outline.language, outline.tokens) == (stored[outline.id][0], stored[outline.id][2])
    assert [one.passage for one in materials] == store.passages(ids)
    for one in materials:
        id_ = one.passage.id
        np.testing.assert_array_equal(one.sentence_vectors, sentences[id_][1])
        assert one.passage.sentences == sentences[id_][0]
        assert list(one.sentence_tokens) == sentences[id_][2]
        np.testing.assert_array_equal(one.states.rows, states[id_].rows)


def test_what_is_kept_is_what_is_stored_whatever_the_order(store: Store) -> None:
    found, ids = Materials(store), ids_of(store)
    assert len(ids) >= 2
    assert found.of([]) == []
    for asked in (ids[:1], ids, ids[::-1]):
        check(found, store, asked)
    assert [one.passage.id for one in found.of(["nowhere", *ids])] == ids
    assert [one.id for one in found.outlines(["nowhere", *ids])] == ids


def test_what_was_removed_is_not_found_and_what_was_added_is(store: Store) -> None:
    found, ids = Materials(store), ids_of(store)
    check(found, store, ids)
    assert found.languages() == ("zh", "en")
    before = found.mean_state("zh")
    assert before is not None
    store.delete(["library"])
    left = ids_of(store)
    assert len(left) < len(ids)
    assert [one.passage.id for one in found.of(ids) if one.passage.id in left] == [i for i in ids if i in left]
    assert {one.passage.document_id for one in found.of(ids)} == {"city"}
    assert {one.id for one in found.outlines(ids)} == set(left)
    assert found.languages() == ("zh",)
    build_index([Document(id="new", page_content="福州的智慧城市。")], store, TellingEmbedder())
    assert len(ids_of(store)) == len(left) + 1
    check(found, store, ids_of(store))
    assert not np.array_equal(found.mean_state("zh"), before)


def test_what_does_not_fit_is_read_each_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge.material, "KEPT_BYTES", 10)
    found = Materials(store)
    check(found, store, ids_of(store))
    check(found, store, ids_of(store))


def test_how_common_a_word_is_follows_the_collection(store: Store) -> None:
    found, words = Materials(store), ["城市", "试点", "library", "nowhere"]
    for _ in range(2):
        assert found.document_frequency(words) == store.document_frequency(words)
    before = found.document_frequency(words)
    build_index([Document(id="new", page_content="又一个试点城市。")], store, TellingEmbedder())
    assert found.document_frequency(words) == store.document_frequency(words)
    assert found.document_frequency(words)["试点"] == before["试点"] + 1
    assert found.passage_count == store.passage_count
