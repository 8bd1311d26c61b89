"""Named collections: apart and together, from the command line, from Python and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import Assistant, Settings
from assistant.cli import main
from assistant.collections import DEFAULT_COLLECTION, checked, names_in, path_of
from assistant.errors import BadSettings, CollectionUnknown
from knowledge.errors import DocumentUnknown
from tests.conftest import Home, check_answer
from tests.service import served

TOWER = "# 水塔\n\n青石镇的水塔高37米，建于1956年。水塔由镇供水所管理。\n"
BRIDGE = "# Bridge\n\nThe bridge of Qingshi is 212 metres long and was opened in 1987. It carries two lanes.\n"
TALL = "青石镇的水塔高多少米？"
LONG = "How long is the bridge of Qingshi?"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "水塔.md").write_text(TOWER, encoding="utf-8")
    (tmp_path / "bridge.md").write_text(BRIDGE, encoding="utf-8")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("name", ["default", "work", "工作", "2024.report", "a-b_c", "x" * 64, "字" * 64, "e\u0301"])
def test_names_that_can_be_used(name: str, tmp_path: Path) -> None:
    assert len(checked(name)) <= 64
    assert path_of(tmp_path, checked(name)).is_relative_to(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "a/b", "a\\b", "../up", "a b", "a,b", "a:b", "x" * 65, "字" * 65, "a\n", "a\0", "-a",
     "a.", "nul", "CON.x", "*", "\u202eabc"],
)  # fmt: skip
def test_names_that_cannot_be_used(name: str) -> None:
    with pytest.raises(BadSettings, match="cannot be named"):
        Settings(collections=(name,))


def test_the_default_collection_stays_where_it_was(tmp_path: Path) -> None:
    assert path_of(tmp_path, DEFAULT_COLLECTION) == tmp_path / "index" / "documents.db"
    assert Settings().collections == (DEFAULT_COLLECTION,)
    assert Settings(collections=("a", "a", "b")).collections == ("a", "b")


def test_no_collection_is_one_error() -> None:
    with pytest.raises(BadSettings, match="No collection"):
        Settings(collections=())


@pytest.mark.weights
def test_collections_on_the_command_line(use_own_home: Home, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tower, bridge = str(files / "水塔.md"), str(files / "bridge.md")
    assert run(capsys, "add", "--collection", "水", tower)[0] == 0
    assert run(capsys, "add", "--collection", "roads", bridge)[0] == 0
    there = json.loads(run(capsys, "collections", "--json")[1])["collections"]
    assert [row["name"] for row in there] == ["default", "roads", "水"]
    for name, title in (("水", "水塔"), ("roads", "Bridge")):
        (row,) = json.loads(run(capsys, "list", "--collection", name, "--json")[1])["documents"]
        assert row["title"] == title
        assert run(capsys, "show", "--collection", name, row["id"])[0] == 0
        assert run(capsys, "show", row["id"])[0] == 2
    titles = [row["title"] for row in json.loads(run(capsys, "list", "--json")[1])["documents"]]
    assert len(titles) == 1
    assert not {"水塔", "Bridge"} & set(titles)

    apart = json.loads(run(capsys, "ask", "--collection", "roads", TALL, "--json", "--llm", "none")[1])
    assert apart["refused"] or all(one["title"] == "Bridge" for one in apart["citations"])
    assert all("水塔" not in passage["text"] for passage in apart["passages"])
    both = ("--collection", "roads", "--collection", "水")
    for question, title, said in ((TALL, "水塔", "37"), (LONG, "Bridge", "212")):
        together = json.loads(run(capsys, "ask", *both, question, "--json", "--llm", "none")[1])
        assert not together["refused"]
        assert said in together["text"]
        assert {citation["title"] for citation in together["citations"]} == {title}
    hits = json.loads(run(capsys, "search", *both, TALL, "--json")[1])["hits"]
    assert len({hit["document_id"] for hit in hits}) == 2
    assert [hit["rank"] for hit in hits] == list(range(1, len(hits) + 1))

    archive = str(files / "水.zip")
    assert run(capsys, "export", "--collection", "水", archive)[0] == 0
    assert run(capsys, "import", "--collection", "copy", archive)[0] == 0
    assert run(capsys, "reindex", "--collection", "copy")[0] == 0
    assert run(capsys, "remove", "--collection", "copy", tower)[0] == 0
    assert json.loads(run(capsys, "list", "--collection", "copy", "--json")[1])["documents"] == []
    assert len(json.loads(run(capsys, "list", "--collection", "水", "--json")[1])["documents"]) == 1


@pytest.mark.weights
@pytest.mark.parametrize(
    "command",
    [["list"], ["show", "x"], ["remove", "x"], ["export", "x.zip"], ["reindex"], ["ask", "水塔？"], ["search", "塔"]],
)
def test_an_unknown_collection_is_one_sentence(
    command: list[str], use_own_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *command, "--collection", "没有")
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == "wenju: There is no collection 没有."
    assert "default" in err.splitlines()[1]
    assert len(err.splitlines()) == 2
    assert names_in(use_own_home.settings.home) == [DEFAULT_COLLECTION]


def test_a_name_that_cannot_be_is_one_sentence(use_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "list", "--collection", "../x")
    assert (code, out) == (2, "")
    assert "cannot be named" in err
    assert len(err.splitlines()) == 2


def test_several_collections_are_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Settings.from_environment({"WENJU_COLLECTIONS": "a, 工作"}).collections == ("a", "工作")
    file = tmp_path / "config.toml"
    file.write_text('collections = ["default", "b"]\n')
    assert Settings.from_environment({"WENJU_CONFIG": str(file)}).collections == ("default", "b")
    for wrong in ('collections = "a"', "collections = [1]", 'collections = ["../a"]'):
        file.write_text(wrong)
        with pytest.raises(BadSettings, match="line 1"):
            Settings.from_environment({"WENJU_CONFIG": str(file)})


@pytest.fixture
def both(own_home: Home, files: Path) -> Iterator[Assistant]:
    """An assistant that asks two collections together, with a document that both hold."""
    for name, file in (("水", "水塔.md"), ("roads", "bridge.md")):
        with Assistant(replace(own_home.settings, collections=(name,))) as one:
            one.add(files / file)
            one.add(files / "水塔.md")
    with Assistant(replace(own_home.settings, collections=("水", "roads"))) as opened:
        yield opened


@pytest.mark.weights
def test_collections_from_python(both: Assistant, own_home: Home) -> None:
    texts = {record.id: record.text for record in both.documents()}
    assert len(both.documents()) == 3
    assert len(texts) == 2
    for question, said in ((TALL, "37"), (LONG, "212")):
        answer = both.ask(question)
        check_answer(answer, texts)
        assert said in answer.text
        assert len({passage.id for passage in answer.passages}) == len(answer.passages)
    for id_, text in texts.items():
        assert both.document(id_).text == text
    with pytest.raises(DocumentUnknown):
        both.document("0" * 16)
    (tower,) = [id_ for id_, text in texts.items() if "水塔" in text]
    both.remove(tower)
    assert [record.id for record in both.documents()] == [id_ for id_ in texts if id_ != tower]
    with pytest.raises(DocumentUnknown):
        both.remove(tower)


@pytest.mark.weights
def test_together_is_as_in_one(both: Assistant, own_home: Home, files: Path) -> None:
    with Assistant(replace(own_home.settings, collections=("one",))) as one:
        one.add([files / "水塔.md", files / "bridge.md"])
        for question in (TALL, LONG, "桥是哪一年开通的？"):
            ours, theirs = both.search(question), one.search(question)
            assert [hit.passage.id for hit in ours] == [hit.passage.id for hit in theirs]
            # How rare words are is counted in both alike, but for the document that is there twice.
            assert [hit.score for hit in ours] == pytest.approx([hit.score for hit in theirs], abs=0.1)


@pytest.mark.weights
def test_one_assistant_opens_the_others(both: Assistant) -> None:
    roads = both.in_collection("roads")
    assert roads is both.in_collection("roads")
    assert roads.embedder is both.embedder
    assert {record.title for record in roads.documents()} == {"Bridge", "水塔"}
    with pytest.raises(CollectionUnknown):
        both.in_collection("nothing")
    with pytest.raises(BadSettings):
        both.in_collection("../roads")


@pytest.mark.weights
def test_collections_over_http(own_home: Home, files: Path, tmp_path: Path) -> None:
    with Assistant(replace(own_home.settings, collections=("secrets",))) as one:
        one.add(files / "bridge.md")
    (tmp_path / "service").mkdir()
    with Assistant(own_home.settings) as opened, served(opened, tmp_path / "service") as service:
        with service.client("elsewhere") as client:
            (row,) = client.get("/v1/documents?collection=secrets").json()["documents"]
            assert row["title"] == "Bridge"
            answer = client.post("/v1/ask", json={"question": LONG, "collection": "secrets"}).json()
            assert "212" in answer["text"]
            assert client.get(f"/v1/documents/{row['id']}").status_code == 403
            sent = {"file": ("水塔.md", TOWER.encode())}
            assert client.post("/v1/documents?collection=secrets", files=sent).status_code == 201
            assert len(client.get("/v1/documents?collection=secrets").json()["documents"]) == 2
        with service.client("writer") as client:
            assert client.get(f"/v1/documents/{row['id']}").status_code == 404
            assert len(client.get("/v1/documents").json()["documents"]) == 1
            unknown = client.get("/v1/documents?collection=nothing")
            assert unknown.status_code == 404
            assert unknown.json()["hint"] == "There are: default, secrets."
