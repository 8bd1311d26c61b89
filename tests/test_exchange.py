"""A collection as an archive: all of it comes back, and what is no archive changes nothing."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from knowledge.add import add_files
from knowledge.build import spec_for
from knowledge.errors import LoadError
from knowledge.exchange import export_collection, import_collection
from knowledge.store import Store
from tests.corpus import make_csv, make_markdown
from tests.hashing_embedder import HashingEmbedder


def filled(path: Path, folder: Path) -> Store:
    store = Store.create(path, spec_for(HashingEmbedder()))
    folder.mkdir(exist_ok=True)
    for made in (make_markdown("zh", 0), make_csv("en", 1)):
        (folder / made.name).write_bytes(made.data)
    add_files([folder], store, HashingEmbedder())
    return store


def test_a_collection_comes_back_whole_also_with_another_model(tmp_path: Path) -> None:
    archive = tmp_path / "集合 1.zip"
    with filled(tmp_path / "a.db", tmp_path / "docs") as store:
        assert export_collection(store, archive) == 2
        before = store.documents()
    other = HashingEmbedder("other", 32)
    with Store.create(tmp_path / "b.db", spec_for(other)) as store:
        report = import_collection(archive, store, other)
        assert (report.documents_added, store.documents()) == (2, before)
        again = import_collection(archive, store, other)
        assert (again.documents_added, again.documents_unchanged) == (0, 2)
        assert store.check() == []
    assert sorted(file.name for file in tmp_path.iterdir() if "zip" in file.name) == ["集合 1.zip"]


ABOUT = '{"format": 1, "documents": 1}'
DOCUMENT = {"id": "a", "title": "", "source": "", "language": "en", "text": "words"}


@pytest.mark.parametrize(
    "members",
    [
        None,
        {},
        {"wenju.json": "{}"},
        {"wenju.json": '{"format": 99}', "documents.jsonl": ""},
        {"wenju.json": ABOUT},
        {"wenju.json": ABOUT, "documents.jsonl": "no json\n"},
        {"wenju.json": ABOUT, "documents.jsonl": '{"id": 1}\n'},
        {"wenju.json": ABOUT, "documents.jsonl": json.dumps(DOCUMENT | {"text": " "})},
        {"wenju.json": ABOUT, "documents.jsonl": json.dumps(DOCUMENT | {"language": "fr"})},
        {"wenju.json": ABOUT, "documents.jsonl": json.dumps(DOCUMENT | {"metadata": {"places": "[1]"}})},
    ],
)
def test_what_is_no_archive_changes_nothing(tmp_path: Path, members: dict[str, str] | None) -> None:
    archive = tmp_path / "a.zip"
    if members is None:
        archive.write_bytes(b"PK no")
    else:
        with zipfile.ZipFile(archive, "w") as made:
            for name, content in members.items():
                made.writestr(name, content)
    with Store.create(tmp_path / "a.db", spec_for(HashingEmbedder())) as store:
        with pytest.raises(LoadError, match=r"a\.zip") as caught:
            import_collection(archive, store, HashingEmbedder())
        assert caught.value.hint
        assert store.documents() == []
        with pytest.raises(LoadError, match="gone"):
            import_collection(tmp_path / "gone.zip", store, HashingEmbedder())
        with pytest.raises(LoadError, match="cannot be written"):
            export_collection(store, tmp_path / "no folder" / "a.zip")
