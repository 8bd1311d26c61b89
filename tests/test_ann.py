"""A large collection is searched by an inverted file, which finds nearly what comparing everything finds."""

from pathlib import Path

import numpy as np
import pytest

from knowledge import ann
from knowledge.index_file import replace_contents
from knowledge.store import Store
from tests.test_store import EMBEDDER, SPEC, entry_of, put

WORDS = [f"w{number}" for number in range(300)]


def text(number: int) -> str:
    chosen = np.random.default_rng(number).choice(WORDS, 12)
    return f"城市{number} {' '.join(chosen)}。"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A collection that was closed with more passages than are compared one by one."""
    monkeypatch.setattr(ann, "EXACT_UP_TO", 1500)
    monkeypatch.setattr(ann, "SAVE_FROM", 1)
    with Store.create(tmp_path / "index.db", SPEC) as store:
        store.put_all(
            [entry_of("\n".join(text(10 * at + line) for line in range(10)), name=f"d{at}") for at in range(200)]
        )
    return tmp_path / "index.db"


def exact(store: Store, query: np.ndarray, k: int) -> list[str]:
    ids = [f"{entry.id}:{place}" for entry in store.catalog() for place in starts(store.document(entry.id).text)]
    scores = store.vectors(ids) @ query / np.linalg.norm(query)
    return [ids[at] for at in np.argsort(-scores, kind="stable")[:k]]


def starts(whole: str) -> list[int]:
    return [0, *(at + 1 for at, character in enumerate(whole) if character == "\n")]


def test_nearly_everything_is_found(path: Path) -> None:
    with Store.open(path, SPEC) as store:
        queries = [EMBEDDER.encode_query(text(number + 5000)) for number in range(30)]
        found = [[id_ for id_, _ in store.dense(query, 10)] for query in queries]
        assert store._dense._trained == 2000
        assert 0.985 <= store.dense_recall <= 1.0
        assert store._dense._index.nprobe < store._dense._index.nlist
        shares = [len(set(own) & set(exact(store, query, 10))) / 10 for own, query in zip(found, queries, strict=True)]
        assert np.mean(shares) >= 0.95
        (best, cosine), *_ = store.dense(EMBEDDER.encode_query(text(77)), 3)
        assert best.startswith("d7:")
        assert cosine == pytest.approx(1.0, abs=1e-5)


def test_it_follows_what_is_added_and_removed(path: Path) -> None:
    with Store.open(path, SPEC) as store:
        query = EMBEDDER.encode_query("唯一的潜水艇。")
        put(store, entry_of("唯一的潜水艇。", name="extra"))
        assert store.dense(query, 1)[0] == ("extra:0", pytest.approx(1.0, abs=1e-5))
        store.delete(["extra", "d7"])
        assert store.dense(query, 1)[0][0] != "extra:0"
        assert not store.dense(EMBEDDER.encode_query(text(77)), 1)[0][0].startswith("d7:")
        vector = EMBEDDER.encode_passages([text(77)])[0].astype("<f4").tobytes()
    derived = path.with_name("index.db.dense")
    assert derived.exists()
    assert vector not in derived.read_bytes()
    with Store.open(path, SPEC) as store:
        assert len(store.dense(query, 1)) == 1
        assert store._dense._trained == 2000, "the file holds the inverted file"


def test_among_some_documents_every_passage_is_found(path: Path) -> None:
    with Store.open(path, SPEC) as store:
        query = EMBEDDER.encode_query(text(5000))
        found = store.dense(query, 30, ["d3", "d150"])
        assert len(found) == 20
        assert {id_.split(":")[0] for id_, _ in found} == {"d3", "d150"}
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_it_is_made_anew_when_the_collection_has_doubled(path: Path) -> None:
    with Store.open(path, SPEC) as store:
        more = ["\n".join(text(10 * at + line) for line in range(10)) for at in range(200, 420)]
        store.put_all([entry_of(one, name=f"d{at}") for at, one in enumerate(more, start=200)])
    with Store.open(path, SPEC) as store:
        store.dense(EMBEDDER.encode_query("x"), 1)
        assert store._dense._trained == 4200
        assert store.dense_recall >= 0.985


def test_a_small_collection_is_compared_whole(tmp_path: Path) -> None:
    with Store.create(tmp_path / "small.db", SPEC) as store:
        put(store, entry_of("城市一。"))
        store.dense(EMBEDDER.encode_query("x"), 1)
        assert store.dense_recall == 1.0
    with Store.open(tmp_path / "small.db", SPEC) as store:
        store.dense(EMBEDDER.encode_query("x"), 1)
        assert store._dense._trained == 0


def test_what_is_put_in_place_of_it_is_searched_as_what_it_is(path: Path) -> None:
    """Another process makes the index anew, small, while this one has it open with an inverted file."""
    draft = path.with_name("draft.db")
    with Store.create(draft, SPEC) as made:
        put(made, entry_of("唯一的潜水艇。", name="one"))
        put(made, entry_of("城市一。", name="two"))
    with Store.open(path, SPEC) as store:
        query = EMBEDDER.encode_query("唯一的潜水艇。")
        store.dense(query, 1)
        assert store._dense._trained == 2000
        replace_contents(path, draft, expected_generation=store.generation)
        assert store.dense(query, 5, ["one"]) == [("one:0", pytest.approx(1.0, abs=1e-5))]
        assert len(store.dense(query, 5)) == 2
        assert store.dense_recall == 1.0
