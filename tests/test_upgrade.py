"""Collections that earlier versions of Wenju stored, as they wrote them: refused with the command that makes them anew,
and made anew with every word.

Each file of ``tests/data/collections`` was written by the last commit with that format, from the two documents below.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from knowledge.build import rebuild, spec_for
from knowledge.errors import IndexOutdated
from knowledge.lexical import query_tokens
from knowledge.schema import SCHEMA_VERSION
from knowledge.store import Store
from tests.hashing_embedder import HashingEmbedder

STORED = Path(__file__).parent / "data" / "collections"
TEXTS = {
    "青禾镇《志》.md": "# 青禾镇地方志\n\n## 供水\n\n青禾镇的自来水厂建于1958年，每天供水7300吨。水源是镇北的水库。\n\n"
    "## 学校\n\n青禾镇的第一所中学在1921年开学，当年招收学生46人。\n",
    "ashmere.md": "# Records of Ashmere\n\nThe waterworks of Ashmere opened in 1904. "
    "They deliver 2,150 tonnes of water a day.\n",
}


def test_every_earlier_format_is_stored() -> None:
    assert sorted(file.name for file in STORED.iterdir()) == [
        f"format-{number}.db.gz" for number in range(1, SCHEMA_VERSION)
    ]


@pytest.mark.parametrize("number", range(1, SCHEMA_VERSION))
def test_an_old_collection_is_refused_and_made_anew_with_every_word(number: int, tmp_path: Path) -> None:
    path, embedder = tmp_path / "documents.db", HashingEmbedder()
    before = gzip.decompress((STORED / f"format-{number}.db.gz").read_bytes())
    path.write_bytes(before)
    with pytest.raises(IndexOutdated, match="older version") as caught:
        Store.open(path, spec_for(embedder))
    assert "wenju index" in caught.value.hint
    assert path.read_bytes() == before  # to look at it changes nothing
    rebuild(path, embedder)
    with Store.open(path, spec_for(embedder)) as store:
        assert {record.source: record.text for record in store.documents()} == TEXTS
        assert store.check() == []
        (best, *_) = store.passages([store.lexical(query_tokens("青禾镇的自来水厂建于哪一年？"), 1)[0][0]])
        assert "1958年" in best.text
