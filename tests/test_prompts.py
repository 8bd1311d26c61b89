"""Prompts are the same set in both languages, their variables are checked, and a change of any is seen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import prompts
from knowledge.language import detect_language
from prompts import PROMPTS, fingerprint, prompt, render


@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_language_has_exactly_these_prompts_in_its_own_words(language: str) -> None:
    folder = files("prompts").joinpath(language)
    assert {entry.name for entry in folder.iterdir()} == {f"{name}.txt" for name in PROMPTS}
    for name, variables in PROMPTS.items():
        template = prompt(language, name)
        assert template.is_valid()
        assert set(template.get_identifiers()) == variables
        # The example of a translation is in the language that is translated from.
        assert (detect_language(template.template) == language) == (name != "translate_example")


def test_a_refusal_is_one_line_that_fills_nothing_in() -> None:
    for language in ("zh", "en"):
        for name in ("refusal", "refusal_out_of_scope", "refusal_unclear"):
            assert render(language, name).strip().count("\n") == 0
            assert "$" not in render(language, name)


def test_what_is_filled_in_is_not_read_as_a_template() -> None:
    hostile = "$question ${evidence} $$ {0} %s"
    said = render("en", "evidence", evidence=hostile, question="why?")
    assert hostile in said
    assert said.count("why?") == 1


def test_a_missing_variable_and_an_unknown_prompt_are_errors() -> None:
    with pytest.raises(KeyError):
        render("zh", "evidence", evidence="只有资料")
    with pytest.raises(KeyError):
        prompt("zh", "poem")


def test_a_misspelt_variable_is_found_when_the_prompt_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROMPTS, "evidence", frozenset({"evidence", "question", "tone"}))
    with pytest.raises(ValueError, match=r"prompts/zh/evidence\.txt uses .*should use .*'tone'"):
        prompt.__wrapped__("zh", "evidence")


@pytest.mark.parametrize("changed", ["zh/answer.txt", "en/judge.txt"])
def test_the_fingerprint_changes_with_any_prompt(changed: str, tmp_path: Path) -> None:
    shutil.copytree(Path(prompts.__file__).parent, tmp_path / "prompts", ignore=shutil.ignore_patterns("__pycache__"))

    def elsewhere() -> str:
        command = [sys.executable, "-c", "import prompts; print(prompts.__file__); print(prompts.fingerprint())"]
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split("\n")
        assert said[0].startswith(str(tmp_path))
        return said[1]

    assert elsewhere() == fingerprint()
    assert len(fingerprint()) == 12
    with (tmp_path / "prompts" / changed).open("a", encoding="utf-8") as file:
        file.write("。")
    assert elsewhere() != fingerprint()
