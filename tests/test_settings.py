"""Every variable is read, a wrong value is one clear sentence, and the caller's word goes before the environment's."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.cli import main
from assistant.errors import BadSettings
from assistant.service.options import FIELDS as LIMITS
from assistant.service.options import ServiceOptions, effective_limits
from assistant.settings import FIELDS, Settings, config_file, effective


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("WENJU_LLM", "ollama:qwen3", "llm", "ollama:qwen3"),
        ("WENJU_EMBEDDING_MODEL", "BAAI/bge-m3", "embedding_model", "BAAI/bge-m3"),
        ("HF_ENDPOINT", "https://hub.example.org", "hub", "https://hub.example.org"),
        ("WENJU_THRESHOLD", "0.25", "threshold", 0.25),
        ("WENJU_PASSAGES", "3", "passages", 3),
        ("WENJU_SENTENCES", "2", "sentences", 2),
        ("WENJU_THREADS", "4", "threads", 4),
        ("WENJU_TIMEOUT", "2.5", "timeout", 2.5),
        ("HF_HUB_OFFLINE", "1", "offline", True),
        ("WENJU_OFFLINE", "TRUE", "offline", True),
        ("WENJU_OFFLINE", "0", "offline", False),
    ],
)
def test_a_variable_sets_its_field_and_no_other(variable: str, value: str, name: str, expected: object) -> None:
    found, untouched = Settings.from_environment({variable: value}), Settings.from_environment({})
    assert getattr(found, name) == expected
    for field in Settings.__dataclass_fields__:
        if field != name:
            assert getattr(found, field) == getattr(untouched, field)


@pytest.mark.parametrize(("variable", "name"), [("HOME", "home"), ("MODELS", "models"), ("CACHE", "cache")])
def test_folders_are_absolute_and_tildes_are_the_users_home(
    variable: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert getattr(Settings.from_environment({f"WENJU_{variable}": "here"}), name) == tmp_path / "here"
    assert getattr(Settings.from_environment({f"WENJU_{variable}": "~/书"}), name) == tmp_path / "书"


def test_an_empty_variable_is_no_variable() -> None:
    names = ("WENJU_HOME", "WENJU_LLM", "WENJU_THRESHOLD", "WENJU_OFFLINE", "HF_ENDPOINT", "WENJU_PASSAGES")
    assert Settings.from_environment(dict.fromkeys(names, "")) == Settings.from_environment({})


@pytest.mark.parametrize(
    "variable", ["WENJU_THRESHOLD", "WENJU_PASSAGES", "WENJU_SENTENCES", "WENJU_THREADS", "WENJU_TIMEOUT"]
)
@pytest.mark.parametrize("value", ["many", "1,5", "三", "--"])
def test_a_value_that_is_no_number_is_named(variable: str, value: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Settings.from_environment({variable: value})
    assert variable in caught.value.message
    assert value in caught.value.message
    assert variable in caught.value.hint


@pytest.mark.parametrize(
    "variables",
    [
        {"WENJU_THRESHOLD": "1.01"},
        {"WENJU_THRESHOLD": "-0.1"},
        {"WENJU_THRESHOLD": "nan"},
        {"WENJU_PASSAGES": "0"},
        {"WENJU_SENTENCES": "-1"},
        {"WENJU_TIMEOUT": "0"},
        {"WENJU_TIMEOUT": "nan"},
        {"WENJU_THREADS": "0"},
    ],
)
def test_a_number_that_cannot_work_is_refused(variables: dict[str, str]) -> None:
    with pytest.raises(BadSettings) as caught:
        Settings.from_environment(variables)
    assert caught.value.hint


@pytest.mark.parametrize("threshold", ["0", "1"])
def test_the_ends_of_the_threshold_are_allowed(threshold: str) -> None:
    assert Settings.from_environment({"WENJU_THRESHOLD": threshold}).threshold == float(threshold)


def test_the_callers_word_goes_before_the_environment_and_the_environment_before_the_default() -> None:
    environment = {"WENJU_LLM": "none", "WENJU_PASSAGES": "3", "WENJU_OFFLINE": "0"}
    found = Settings.from_environment(environment, llm="local", passages=None, offline=True)
    assert (found.llm, found.passages, found.offline) == ("local", 3, True)
    assert Settings.from_environment(environment).llm == "none"
    assert Settings.from_environment({}).llm == "auto"


def test_the_real_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENJU_LLM", "openai:some-model")
    assert Settings.from_environment().llm == "openai:some-model"


def test_settings_can_be_keys_and_cannot_be_changed() -> None:
    settings = Settings.from_environment({})
    assert hash(settings) == hash(Settings.from_environment({}))
    with pytest.raises(AttributeError):
        settings.llm = "none"  # type: ignore[misc]  # that it is refused is the point


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_option_goes_before_environment_before_file_before_default(file: Path) -> None:
    file.write_text('# mine\nllm = "none"\npassages = 3\n\nthreshold = 0.25\noffline = true\nhome = "data"\n')
    environment = {"WENJU_CONFIG": str(file), "WENJU_PASSAGES": "4", "WENJU_LLM": "local", "WENJU_OFFLINE": "0"}
    found = {one.name: one for one in effective(environment, llm="auto")}
    said = {name: (one.value, one.source, one.where) for name, one in found.items()}
    assert said["llm"] == ("auto", "option", "")
    assert said["passages"] == (4, "environment", "WENJU_PASSAGES")
    assert said["offline"] == (False, "environment", "WENJU_OFFLINE")
    assert said["threshold"] == (0.25, "file", f"{file}, line 5")
    assert said["home"] == (file.parent / "data", "file", f"{file}, line 7")
    assert said["sentences"] == (8, "default", "")
    settings = Settings.from_environment(environment, llm="auto", reproducible=True)
    assert {name: getattr(settings, name) for name in FIELDS} == {name: one.value for name, one in found.items()}
    assert settings.reproducible


def test_every_setting_but_one_for_evals_can_be_configured() -> None:
    assert set(Settings.__dataclass_fields__) - set(FIELDS) == {"reproducible"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('llm = "none"\ntreshold = 0.5\n', 2, "there is no setting treshold"),
        ("\n\npassages = 2.5\n", 3, "passages is 2.5"),
        ("passages = true\n", 1, "passages is True"),
        ("offline = 1\n", 1, "offline is 1"),
        ("threshold = 1.5\n", 1, "threshold is 1.5, not between 0 and 1"),
        ('"timeout" = -1\n', 1, "timeout is -1"),
        ('home = ""\n', 1, "home is ''"),
        ('llm = "none"\n[chat]\nport = 1\n', 2, "there is no setting chat"),
        ('llm = "none"\nserve = 1\n', 2, "there is no setting serve"),
        ('llm = "none"\nthreads = \n', 2, "not TOML"),
    ],
)
def test_a_wrong_file_is_one_sentence_with_its_line(file: Path, text: str, line: int, words: str) -> None:
    file.write_text(text)
    with pytest.raises(BadSettings) as caught:
        Settings.from_environment({"WENJU_CONFIG": str(file)})
    assert str(file) in caught.value.message
    assert f"line {line}" in caught.value.message
    assert words in caught.value.message
    assert caught.value.hint


def test_a_file_that_is_named_has_to_be_there_and_readable(file: Path) -> None:
    with pytest.raises(BadSettings, match=r"There is no file .*config\.toml"):
        Settings.from_environment({"WENJU_CONFIG": str(file)})
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSettings, match="cannot be read"):
        Settings.from_environment({"WENJU_CONFIG": str(file)})


def test_the_users_own_file_is_read_and_need_not_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WENJU_CONFIG", raising=False)
    monkeypatch.delenv("WENJU_SENTENCES", raising=False)
    monkeypatch.setattr("assistant.settings.user_config_path", lambda *_, **__: tmp_path)
    assert Settings.from_environment().sentences == 8
    (tmp_path / "config.toml").write_text("sentences = 5\n")
    assert config_file() == tmp_path / "config.toml"
    assert Settings.from_environment().sentences == 5


def test_config_prints_a_file_that_says_the_same(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _, variables in (FIELDS | LIMITS).values():
        for variable in variables:
            monkeypatch.delenv(variable, raising=False)
    file.write_text('home = "数据"\nthreads = 2\n\n[serve]\nkeys = "keys.txt"\nlog_questions = true\n')
    monkeypatch.setenv("WENJU_SERVE_QUEUE", "4")
    monkeypatch.setenv("WENJU_CONFIG", str(file))
    assert main(["config", "-k", "5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in told["settings"]}
    names = [*FIELDS, *(f"serve.{name}" for name in LIMITS)]
    assert (told["file"], told["exists"], list(rows)) == (str(file), True, names)
    assert (rows["passages"]["value"], rows["passages"]["source"]) == (5, "option")
    assert rows["threads"] == {"name": "threads", "value": 2, "source": "file", "where": f"{file}, line 2"}
    keys = {"name": "serve.keys", "value": str(file.parent / "keys.txt"), "source": "file", "where": f"{file}, line 5"}
    assert rows["serve.keys"] == keys
    assert (rows["serve.queue"]["value"], rows["serve.queue"]["where"]) == (4, "WENJU_SERVE_QUEUE")
    assert main(["config", "-k", "5"]) == 0
    printed = capsys.readouterr().out
    assert tomllib.loads(printed)["home"] == str(file.parent / "数据")
    again = file.with_name("again.toml")
    again.write_text(printed)
    assert Settings.from_environment({"WENJU_CONFIG": str(again)}) == Settings.from_environment(
        {"WENJU_CONFIG": str(file)}, passages=5
    )
    monkeypatch.setenv("WENJU_CONFIG", str(again))
    monkeypatch.delenv("WENJU_SERVE_QUEUE")
    limits = ServiceOptions(keys=file.parent / "keys.txt", queue=4, log_questions=True)
    assert ServiceOptions.from_environment() == limits
    monkeypatch.setenv("WENJU_CONFIG", str(file))
    for text, where in (("passages = 0\n", "line 1: passages"), ("\n[serve]\nrate = 0\n", "line 3: rate")):
        file.write_text(text)
        assert main(["config"]) == 2
        assert f"{file}, {where}" in capsys.readouterr().err


def test_an_empty_file_says_nothing() -> None:
    assert Settings.from_environment({"WENJU_CONFIG": os.devnull}) == Settings.from_environment({})


def test_every_limit_of_the_service_can_be_configured() -> None:
    assert set(ServiceOptions.__dataclass_fields__) == set(LIMITS)


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("RATE", "9", "rate", 9),
        ("WORKERS", "3", "workers", 3),
        ("QUEUE", "0", "queue", 0),
        ("MAX_BODY", "1000", "max_body", 1000),
        ("BODY_SECONDS", "0.5", "body_seconds", 0.5),
        ("REQUEST_SECONDS", "9.5", "request_seconds", 9.5),
        ("SHUTDOWN_SECONDS", "1", "shutdown_seconds", 1),
        ("LOG_QUESTIONS", "1", "log_questions", True),
        ("PAGE", "0", "page", False),
        ("KEYS", "/etc/keys", "keys", Path("/etc/keys")),
        ("AUTH", "/etc/users", "auth", Path("/etc/users")),
    ],
)
def test_a_variable_sets_its_limit_and_no_other(variable: str, value: str, name: str, expected: object) -> None:
    found = ServiceOptions.from_environment({f"WENJU_SERVE_{variable}": value})
    assert found == replace(ServiceOptions(), **{name: expected})
    assert found != ServiceOptions.from_environment({})


def test_limits_are_of_their_own_table(file: Path) -> None:
    file.write_text('threads = 4\nllm = "none"\n[serve]\n# mine\nrate = 5\nworkers = 6\n')
    environment = {"WENJU_CONFIG": str(file), "WENJU_SERVE_WORKERS": "7"}
    assert Settings.from_environment(environment).threads == 4
    found = {one.name: one for one in effective_limits(environment, queue=8)}
    said = {name: (one.value, one.source, one.where) for name, one in found.items()}
    assert said["rate"] == (5, "file", f"{file}, line 5")
    assert said["workers"] == (7, "environment", "WENJU_SERVE_WORKERS")
    assert said["queue"] == (8, "option", "")
    assert said["max_body"] == (10_000_000, "default", "")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("threads = 2\n\n[serve]\nthreads = 2\n", 4, "there is no setting serve.threads"),
        ('rate = 1\n[serve]\nrate = "many"\n', 3, "rate is 'many'"),
        ("serve.workers = 0\n", 1, "workers is 0"),
        ("\nserve = {page = 1}\n", 2, "page is 1"),
        ("[serve]\nqueue = -1\n", 2, "queue is -1"),
    ],
)
def test_a_wrong_limit_is_one_sentence_with_its_line(file: Path, text: str, line: int, words: str) -> None:
    file.write_text(text)
    with pytest.raises(BadSettings) as caught:
        ServiceOptions.from_environment({"WENJU_CONFIG": str(file)})
    assert f"{file}, line {line}: " in caught.value.message
    assert words in caught.value.message
    assert caught.value.hint
