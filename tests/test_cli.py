"""The command line: what each command prints, what it exits with, and one sentence for whatever goes wrong."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.models import LOCAL_MODEL
from tests.conftest import CONTRACT, E5, Home
from tests.corpus import make_pdf

pytestmark = pytest.mark.weights

PILOTS_ZH = "2015年底启动了哪三个新型智慧城市试点？"
SIZE_EN = "How large was China's smart city industry in 2021, and how fast did it grow?"

Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *arguments: str) -> tuple[int, str, str]:
    """Run a command in this process; return exit code, standard output, standard error."""
    capsys.readouterr()
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def complaint(err: str) -> tuple[str, str]:
    """Return message and hint of an error, and hold it to being one sentence and what to do."""
    assert "Traceback" not in err
    notices = ("There is no index yet", f"{LOCAL_MODEL}: 0 of ")
    lines = [line for line in err.splitlines() if not line.startswith(notices)]
    assert len(lines) == 2, err
    assert lines[0].startswith("wenju: ")
    assert lines[0].endswith(".")
    assert lines[1].startswith("       ")
    return lines[0].removeprefix("wenju: "), lines[1].strip()


def untimed(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"timings": None}


def started(*arguments: str, home: Home, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own, as a shell does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= home.environment | more.pop("environment", {})
    return subprocess.run([sys.executable, "-m", "assistant.cli", *arguments], env=environment, timeout=120, **more)


# What the commands print


def test_the_first_command_makes_the_index_and_says_so(home: Home) -> None:
    assert home.err.splitlines() == ["There is no index yet; making it from the shipped collection …"]
    (row,) = json.loads(home.out)["documents"]
    assert row["passages"] > 10


def test_ask_prints_the_answer_of_the_library(use_home: Home, assistant: Assistant, capsys: Capture) -> None:
    for question in (PILOTS_ZH, SIZE_EN, "深圳的市长是谁？"):
        code, out, err = run(capsys, "ask", question, "--json", "--llm", "none")
        assert (code, err) == (0, "")
        answer = json.loads(out)
        assert out.count("\n") == 1
        assert tuple(answer) == CONTRACT
        assert untimed(answer) == untimed(json.loads(assistant.ask(question).to_json()))


def test_ask_prints_quotes_with_their_places(use_home: Home, article: str, capsys: Capture) -> None:
    code, out, err = run(capsys, "ask", PILOTS_ZH)
    assert (code, err) == (0, "")
    assert "深圳、福州和嘉兴" in out
    assert "[1] 「" in out
    start, end = out.split("\n    ")[1].splitlines()[0].rsplit(" ", 1)[1].split("–")
    assert article[int(start) : int(end)] in out


def test_a_refusal_is_an_answer(use_home: Home, capsys: Capture) -> None:
    code, out, err = run(capsys, "ask", "Who is the mayor of Chengdu?")
    assert (code, err) == (0, "")
    assert "answer from them alone" in out
    assert "  · " in out


def test_a_question_may_come_from_standard_input(
    use_home: Home, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"\n{PILOTS_ZH}\n"))
    code, out, _ = run(capsys, "ask", "-", "--json")
    assert (code, json.loads(out)["question"]) == (0, PILOTS_ZH)


def test_search_prints_places_of_the_document(use_home: Home, article: str, capsys: Capture) -> None:
    code, out, err = run(capsys, "search", PILOTS_ZH, "--json", "-k", "3")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["question"] == PILOTS_ZH
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]
    assert all(article[hit["start"] : hit["end"]] == hit["text"] for hit in found["hits"])
    assert "深圳、福州和嘉兴" in found["hits"][0]["text"]
    code, out, _ = run(capsys, "search", PILOTS_ZH)
    assert code == 0
    assert found["hits"][0]["text"].strip() in out
    best, *others = (hit["score"] for hit in found["hits"])
    code, out, _ = run(capsys, "search", PILOTS_ZH, "--json", "--min-score", str((best + max(others)) / 2))
    assert [hit["score"] for hit in json.loads(out)["hits"]] == [best]


def test_show_prints_the_text_that_citations_slice(use_home: Home, assistant: Assistant, capsys: Capture) -> None:
    answer = assistant.ask(PILOTS_ZH)
    code, out, err = run(capsys, "show", answer.citations[0].document_id, "--json")
    assert (code, err) == (0, "")
    shown = json.loads(out)
    for citation in answer.citations:
        assert shown["text"][citation.start : citation.end] == citation.quote
    assert set(shown) == {"id", "title", "text", "source", "language", "metadata", "passages", "added_at", "places"}
    assert shown["metadata"]["author"] == "王晓宁"
    assert run(capsys, "show", shown["id"])[1] == shown["text"] + "\n"


def test_list_prints_every_document(use_home: Home, assistant: Assistant, capsys: Capture) -> None:
    (record,) = assistant.documents()
    code, out, err = run(capsys, "list", "--json")
    assert (code, err) == (0, "")
    (row,) = json.loads(out)["documents"]
    assert set(row) == {"id", "title", "source", "language", "passages", "bytes", "added_at"}
    assert (row["id"], row["language"], row["bytes"]) == (record.id, "zh", len(record.text.encode()))
    assert record.title in run(capsys, "list")[1]


def test_files_are_added_to_the_index(use_own_home: Home, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "图书馆.md"
    file.write_text("# 图书馆\n\n橡树镇图书馆每年借出12000本书。", encoding="utf-8")
    code, out, err = run(capsys, "index", str(file), "--json")
    assert (code, err) == (0, "")
    done = json.loads(out)
    assert (done["action"], done["documents_added"], done["documents"]) == ("added", 1, 2)
    again = json.loads(run(capsys, "index", str(file), "--json")[1])
    assert (again["documents_added"], again["documents_unchanged"], again["documents"]) == (0, 1, 2)
    ready = json.loads(run(capsys, "index", "--json")[1])
    assert (ready["action"], ready["documents"]) == ("ready", 2)
    assert "12000本" in run(capsys, "ask", "橡树镇图书馆每年借出多少本书？")[1]


def test_a_folder_is_added_asked_and_removed(use_own_home: Home, tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "我的 文件"
    folder.mkdir()
    pdf = make_pdf("en", 0)
    (folder / "a b.pdf").write_bytes(pdf.data)
    (folder / "坏.docx").write_bytes(b"PK")
    code, out, err = run(capsys, "add", str(folder), "--json")
    assert (code, err) == (1, "")
    done = json.loads(out)
    assert (done["action"], done["documents_added"], done["documents"]) == ("added", 1, 2)
    assert {Path(file["path"]).name: file["status"] for file in done["files"]} == {
        "a b.pdf": "added",
        "坏.docx": "skipped",
    }
    code, out, err = run(capsys, "add", str(folder))
    assert (code, err) == (1, "")
    assert [line.split()[0] for line in out.splitlines()[:2]] == ["unchanged", "skipped"]
    assert "damaged" in out
    assert "2 files: 1 unchanged, 1 skipped." in out
    assert run(capsys, "add", str(folder / "坏.docx"))[0] == 2
    assert run(capsys, "add", str(folder), "--exclude", "*.docx", "--include", "*.pdf")[0] == 0

    town = pdf.facts[0].words.split(" opened")[0].removeprefix("The waterworks of ")
    code, out, _ = run(capsys, "ask", f"When did the waterworks of {town} open?", "--json")
    citations = [one for one in json.loads(out)["citations"] if one["source"].endswith("a b.pdf")]
    assert citations[0]["place"] == "page 1"
    assert "  page 1  " in run(capsys, "ask", f"When did the waterworks of {town} open?")[1]
    shown = json.loads(run(capsys, "show", citations[0]["document_id"], "--json")[1])
    assert [place["label"] for place in shown["places"]] == ["1", "2", "3", "4"]
    assert shown["text"][citations[0]["start"] : citations[0]["end"]] == citations[0]["quote"]

    assert json.loads(run(capsys, "reindex", "--json")[1])["documents"] == 2
    code, out, err = run(capsys, "remove", str(folder), "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["removed"] == [citations[0]["document_id"]]
    code, _, err = run(capsys, "remove", str(folder))
    assert code == 2
    assert str(folder) in complaint(err)[0]
    assert len(json.loads(run(capsys, "list", "--json")[1])["documents"]) == 1


def test_models_are_listed_with_what_is_there(use_home: Home, capsys: Capture) -> None:
    code, out, err = run(capsys, "models", "list", "--json")
    assert (code, err) == (0, "")
    rows = {row["name"]: row for row in json.loads(out)}
    assert set(rows) == {E5, LOCAL_MODEL}
    assert rows[E5]["state"] in {"ok", "unverified"}
    assert (rows[LOCAL_MODEL]["state"], rows[LOCAL_MODEL]["path"]) == ("missing", None)
    assert all(row["bytes"] > 1e6 and row["licence"] and row["origin"] for row in rows.values())
    assert run(capsys, "models", "list", E5)[1].startswith(E5)
    assert run(capsys, "models", "verify", LOCAL_MODEL)[:2] == (
        1,
        f"{LOCAL_MODEL}: missing (The model {LOCAL_MODEL} is not on this machine.)\n",
    )


def test_the_doctor_is_content_with_a_sound_home(use_home: Home, capsys: Capture) -> None:
    code, out, err = run(capsys, "doctor", "--json")
    assert (code, err) == (0, "")
    assert {row["what"]: row["state"] for row in json.loads(out)}["index"] == "ok"
    code, out, _ = run(capsys, "doctor", "--llm", "gpt")
    assert code == 1
    assert "✗ reader" in out


# Files of questions


def test_a_file_of_questions_keeps_ids_and_order_and_goes_on(use_home: Home, tmp_path: Path, capsys: Capture) -> None:
    lines = [
        {"id": "b", "question": PILOTS_ZH},
        {"id": 2, "question": "？"},
        {"id": "a", "question": "问" * 3000},
        {"id": None, "question": "用英文回答", "history": [{"role": "user", "text": PILOTS_ZH}]},
        {"id": "h", "question": "那呢？", "history": [{"role": "robot", "text": "x"}]},
        {"id": "z", "question": "深圳的\u2028市长是谁？", "history": []},
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("\ufeff" + "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    code, out, err = run(capsys, "ask", "--file", str(file))
    assert (code, err) == (1, "")
    said = [json.loads(line) for line in out.split("\n") if line]
    assert [line["id"] for line in said] == [line["id"] for line in lines]
    assert ["error" in line for line in said] == [False, True, True, False, True, False]
    assert all(set(line["error"]) == {"message", "hint"} for line in said if "error" in line)
    assert tuple(said[0]) == ("id", *CONTRACT)
    assert (said[3]["standalone_question"], said[3]["language"]) == (PILOTS_ZH, "en")
    assert said[5]["refused"]


@pytest.mark.parametrize(
    "line",
    [
        '{"id": 1, "question": ',
        "[]",
        '{"question": "no id"}',
        '{"id": 1}',
        '{"id": 1, "question": 5}',
        '{"id": 1, "question": "a", "history": "b"}',
        '{"id": 1, "question": "a", "history": ["b"]}',
        '{"id": 1, "question": "a", "history": {"role": "user"}}',
        '{"id": 1, "question": "a", "history": 7}',
    ],
)
def test_a_line_that_is_no_question_is_named(use_home: Home, tmp_path: Path, capsys: Capture, line: str) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(f'{{"id": 0, "question": "5G"}}\n\n{line}\n', encoding="utf-8")
    code, out, err = run(capsys, "ask", "--file", str(file))
    assert code == 2
    assert json.loads(out)["id"] == 0
    message, hint = complaint(err)
    assert f"{file}, line 3" in message
    assert "{" in hint


def test_a_file_that_cannot_be_read_is_named(use_home: Home, tmp_path: Path, capsys: Capture) -> None:
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes(b"\xff\xfe\xfa")
    for file in (tmp_path / "none.jsonl", tmp_path, latin):
        code, out, err = run(capsys, "ask", "--file", str(file))
        assert (code, out) == (2, "")
        assert str(file) in complaint(err)[0]


# What cannot be done


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["ask", ""], 2, "empty"),
        (["ask", " ？！\u3000"], 2, "empty"),
        (["ask", "问" * 100_000], 2, "100,000"),
        (["ask"], 2, "question"),
        (["ask", "5G", "--file", "x.jsonl"], 2, "question"),
        (["ask", "5G", "--llm", "gpt"], 2, "'gpt'"),
        (["ask", "5G", "--llm", "openai:gpt"], 2, "key"),
        (["ask", "5G", "--llm", "local"], 1, LOCAL_MODEL),
        (["ask", PILOTS_ZH, "--llm", "http://127.0.0.1:1/v1#x"], 1, "cannot be reached"),
        (["ask", "5G", "-k", "0"], 2, "at least 1"),
        (["search", ""], 2, "empty"),
        (["show", "no-such-id"], 2, "no-such-id"),
        (["show", "' OR 1=1 --"], 2, "OR 1=1"),
        (["index", "no-such-file.md"], 2, "no-such-file.md"),
        (["index", "picture.png"], 2, "format"),
        (["models", "verify", "gpt"], 2, "gpt"),
        (["models", "pull", LOCAL_MODEL], 1, "fetching is off"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_what_to_do(
    use_home: Home, capsys: Capture, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    exited, out, err = run(capsys, *arguments)
    assert (exited, out) == (code, "")
    message, hint = complaint(err)
    assert said in message
    assert hint


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        [],
        ["ask", "--no-such-option"],
        ["search"],
        ["ask", "5G", "-k", "x"],
        ["search", "5G", "--min-score", "2"],
    ],
)
def test_what_is_no_command_exits_with_2(capsys: Capture, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: wenju" in capsys.readouterr().err


def test_a_setting_that_is_no_number_is_named(use_home: Home, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENJU_THRESHOLD", "half")
    code, _, err = run(capsys, "list")
    assert code == 2
    assert "WENJU_THRESHOLD" in complaint(err)[0]


def test_the_option_goes_before_the_environment(
    use_home: Home, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENJU_LLM", "gpt")
    assert run(capsys, "ask", PILOTS_ZH, "--llm", "none")[0] == 0
    assert run(capsys, "ask", PILOTS_ZH)[0] == 2


def test_a_home_that_cannot_be_written_is_one_sentence(
    use_home: Home, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WENJU_HOME", str(tmp_path / "file" / "home"))
    code, out, err = run(capsys, "list")
    assert (code, out) == (1, "")
    assert str(tmp_path / "file") in complaint(err)[0]


# An index or weights that are not what they should be


def change(home: Home, statement: str) -> Path:
    path = home.settings.home / "index" / "documents.db"
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement)
    connection.close()
    return path


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE manifest SET embedding_model = 'another-model'", "another-model"),
        ("UPDATE manifest SET splitter_version = 999", "999"),
        ("UPDATE manifest SET schema_version = 999", "999"),
    ],
)
def test_an_index_of_another_model_or_version_names_the_command_that_mends_it(
    use_own_home: Home, capsys: Capture, statement: str, said: str
) -> None:
    change(use_own_home, statement)
    for arguments in (["ask", PILOTS_ZH], ["list"], ["search", "5G"]):
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (1, "")
        message, hint = complaint(err)
        assert said in message
        assert "wenju index --rebuild" in hint


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE sentences DROP COLUMN states", "UPDATE manifest SET schema_version = 1"],
        ["UPDATE manifest SET splitter_version = 0"],
    ],
)
def test_an_index_of_an_older_version_is_made_anew_by_index(
    use_own_home: Home, capsys: Capture, statements: list[str]
) -> None:
    _, listed, _ = run(capsys, "list")
    for statement in statements:
        change(use_own_home, statement)
    code, out, err = run(capsys, "ask", PILOTS_ZH)
    assert (code, out) == (1, "")
    message, hint = complaint(err)
    assert "older version" in message
    assert "wenju index" in hint
    code, out, err = run(capsys, "index")
    assert code == 0
    assert "older version" in err
    assert listed.split()[0] in run(capsys, "list")[1]
    assert "嘉兴" in run(capsys, "ask", PILOTS_ZH)[1]


def test_index_brings_the_shipped_article_up_to_date(use_own_home: Home, capsys: Capture) -> None:
    _, listed, _ = run(capsys, "list")
    for table, column in (("documents", "id"), ("passages", "document_id")):
        change(use_own_home, f"UPDATE {table} SET {column} = 'as-shipped-before'")
    code, out, _ = run(capsys, "index", "--json")
    assert (code, json.loads(out)["action"]) == (0, "refreshed")
    assert run(capsys, "list")[1].split()[0] == listed.split()[0]
    assert json.loads(run(capsys, "index", "--json")[1])["action"] == "ready"


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite(path: Path) -> None:
    path.write_bytes(b"this was a database once" * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [truncate, overwrite, empty])
def test_a_damaged_index_is_one_sentence(use_own_home: Home, capsys: Capture, damage: Callable[[Path], None]) -> None:
    path = use_own_home.settings.home / "index" / "documents.db"
    damage(path)
    code, out, err = run(capsys, "ask", PILOTS_ZH)
    assert (code, out) == (1, "")
    message, hint = complaint(err)
    assert "damaged" in message
    assert str(path) in message
    assert "wenju doctor --rebuild" in hint


def test_a_damaged_index_is_put_aside_and_made_anew(
    use_own_home: Home, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A collection that is quickly embedded.
    shipped = Document(page_content="橡树镇图书馆每年借出12000本书。", metadata={"source": "图书馆.md"})
    monkeypatch.setattr("knowledge.load.load_shipped", lambda: [shipped])
    path = use_own_home.settings.home / "index" / "documents.db"
    overwrite(path)
    code, out, err = run(capsys, "index", "--rebuild", "--json")
    assert code == 0
    aside = path.with_name("documents.db.damaged-1")
    assert str(aside) in err
    assert aside.read_bytes().startswith(b"this was a database once")
    done = json.loads(out)
    assert (done["action"], done["documents"], done["documents_added"]) == ("rebuilt", 1, 1)
    assert "12000本" in run(capsys, "ask", "橡树镇图书馆每年借出多少本书？")[1]


@pytest.fixture
def corrupt_cache(cache: Path, tmp_path: Path) -> Path:
    """A cache whose embedding model is the machine's, but for one changed byte."""
    place = tmp_path / "cache" / "models" / E5
    place.mkdir(parents=True)
    for file in (cache / "models" / E5).rglob("*"):
        if file.is_file():
            link = place / file.relative_to(cache / "models" / E5)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file.resolve())
    whole = (place / "config.json").read_bytes()
    (place / "config.json").unlink()
    (place / "config.json").write_bytes(whole.replace(b"12", b"13", 1))
    assert (place / "config.json").read_bytes() != whole
    return tmp_path / "cache"


def test_a_corrupt_model_is_named_with_the_command_that_mends_it(
    use_home: Home, corrupt_cache: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENJU_CACHE", str(corrupt_cache))
    code, out, err = run(capsys, "ask", PILOTS_ZH)
    assert (code, out) == (1, "")
    message, hint = complaint(err)
    assert "config.json" in message
    assert "checksum" in message
    assert hint == f"Run: wenju models pull {E5}"
    code, out, _ = run(capsys, "models", "verify", E5, "--json")
    assert code == 1
    assert json.loads(out)[0]["state"] == "corrupt"


def test_a_model_that_is_not_there_is_one_sentence_when_offline(
    use_home: Home, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENJU_CACHE", str(tmp_path / "nothing"))
    code, out, err = run(capsys, "list")
    assert (code, out) == (1, "")
    message, hint = complaint(err)
    assert E5 in message
    assert "wenju models pull" in hint


# Interrupts, pipes and terminals


def test_an_interrupt_exits_with_130(use_home: Home, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient(io.StringIO):
        def read(self, *_: object) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Impatient())
    assert run(capsys, "ask", "-") == (130, "", "Interrupted.\n")


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["ask", PILOTS_ZH, "--json"]])
def test_a_reader_that_went_away_is_no_error(home: Home, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = started(*arguments, home=home, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_without_chinese_shows_numbers_and_no_traceback(home: Home) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    done = started("list", "--json", home=home, capture_output=True, environment=ascii_only)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) == json.loads(home.out)


def test_words_that_are_no_unicode_are_no_traceback(home: Home) -> None:
    done = started(b"ask", "深圳".encode() + b"\xff\xfe?", b"--json", home=home, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["question"].startswith("深圳")
    done = started("ask", "-", home=home, capture_output=True, input=b"\xff\xfe\n")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_version(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("wenju ")


def test_the_command_is_installed(home: Home) -> None:
    command = shutil.which("wenju", path=str(Path(sys.executable).parent))
    assert command
    done = subprocess.run([command, "list"], env=os.environ | home.environment, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
