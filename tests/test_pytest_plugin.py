"""Suites collected by pytest, asked of the real assistant without a chat model."""

from __future__ import annotations

import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from evals.cases import Case, load_suite
from tests.conftest import Home

pytest_plugins = ["pytester"]

INSTALLED = any(entry.name == "wenju" for entry in entry_points(group="pytest11"))
PLUGIN = ("-p", "wenju" if INSTALLED else "evals.pytest_plugin", "-p", "no:asyncio")


def right() -> Case:
    """A case that the extractive reader passes."""
    return next(case for case in load_suite("facts").cases if case.must_pass and case.language == "zh")


def wrong(**changes: object) -> Case:
    return right().model_copy(update={"id": "wrong.zh", "facts": (("从来没有的话",),), **changes})


def lines(*cases: Case | str) -> str:
    return "\n".join(case if isinstance(case, str) else case.model_dump_json() for case in cases)


def test_the_entry_point_is_declared_and_there() -> None:
    with (Path(__file__).parent.parent / "pyproject.toml").open("rb") as file:
        declared = tomllib.load(file)["project"]["entry-points"]["pytest11"]
    assert declared == {"wenju": "evals.pytest_plugin"}


def test_cases_are_tests(pytester: pytest.Pytester, use_home: Home) -> None:
    drafted = right().model_copy(update={"id": "drafted.zh", "reviewed": False})
    stale = right().model_copy(update={"id": "stale.zh", "gold": ("文中没有的话",)})
    suite = lines("# ours", right(), wrong(), drafted, stale, "{broken")
    (pytester.path / "mine.wenju.jsonl").write_text(suite, encoding="utf-8")
    result = pytester.runpytest_inprocess(*PLUGIN, "--wenju-llm", "none", "-v", "--junitxml=out.xml")
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(
        [
            f"*mine.wenju.jsonl::{right().id.replace('.', '::')} PASSED*",  # as pytest shows a dot of a name
            "*mine.wenju.jsonl:6: Invalid JSON*",
            "wrong.zh facts_in_quotes: not in the quotes: '从来没有的话'",
            f"  Q {right().question}",
            "stale.zh could not be scored: *文中没有的话*",
        ],
        consecutive=False,
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    xml = (pytester.path / "out.xml").read_text(encoding="utf-8")
    assert 'name="citation_exact" value="True"' in xml


def test_configured_suites_are_collected(pytester: pytest.Pytester, use_home: Home) -> None:
    pytester.makeini("[pytest]\nwenju_suites = evals/cases.jsonl\n")
    (pytester.path / "evals").mkdir()
    (pytester.path / "evals" / "cases.jsonl").write_text(lines(right()), encoding="utf-8")
    (pytester.path / "other.jsonl").write_text("{}", encoding="utf-8")
    pytester.runpytest_inprocess(*PLUGIN, "--wenju-llm", "none").assert_outcomes(passed=1)


def test_what_cannot_be_run_is_one_sentence(pytester: pytest.Pytester, use_home: Home) -> None:
    (pytester.path / "mine.wenju.jsonl").write_text(lines(right()), encoding="utf-8")
    (pytester.path / "empty.wenju.jsonl").write_text("# nothing\n", encoding="utf-8")
    result = pytester.runpytest_inprocess(*PLUGIN, "--wenju-llm", "nonsense", "--continue-on-collection-errors")
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(["*holds no case*", "*nonsense*"], consecutive=False)
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_project_without_suites_imports_nothing_of_ours(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    pytester.makepyfile("def test_it():\n    import sys\n    assert 'assistant' not in sys.modules")
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)
