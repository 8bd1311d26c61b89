"""Every variable is read, a wrong value is one clear sentence, and the caller's word goes before the environment's."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import BadSettings
from assistant.settings import Settings


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
