"""Eval cases as tests: pytest collects suites, asks each case and fails the ones that do not pass.

Files named ``*.wenju.jsonl`` are collected wherever pytest looks, and those that ``wenju_suites`` in the configuration
names (paths, or names of suites that ship). Cases are asked of the assistant that the environment configures;
``--wenju-llm`` names another reader. Nothing of Wenju is imported before there is a suite to collect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from assistant import Assistant
    from evals.case import Case
    from evals.results import CaseResult
    from evals.runner import CaseRunner

ENDING = ".wenju.jsonl"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--wenju-llm`` and ``wenju_suites``."""
    group = parser.getgroup("wenju", "eval cases of Wenju")
    group.addoption("--wenju-llm", metavar="SPEC", help="who reads: none, local, or any chat model (default: settings)")
    parser.addini("wenju_suites", f"suites to collect besides *{ENDING}: paths, or names that ship", type="args")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a suite."""
    if file_path.name.endswith(ENDING) or file_path in _configured(parent.config):
        return SuiteFile.from_parent(parent, path=file_path)
    return None


def pytest_configure(config: pytest.Config) -> None:
    """Keep a place for the assistant, which is opened for the first case, and register the marker."""
    config.addinivalue_line("markers", "wenju: a case of an eval suite")
    config.stash[_ASKING] = None


def pytest_collection(session: pytest.Session) -> None:
    """Have configured suites collected when pytest was given no paths of its own."""
    config = session.config
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args += [str(path) for path in _configured(config) if not path.name.endswith(ENDING)]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the assistant."""
    asking = config.stash.get(_ASKING, None)
    if asking is not None:
        asking.assistant.close()


class Asking:
    """The assistant of a session and what asks it.

    Args:
        llm: What ``--wenju-llm`` says.
    """

    def __init__(self, llm: str | None) -> None:
        from assistant import Assistant, Settings
        from evals.runner import CaseRunner

        self.assistant: Assistant = Assistant(Settings.from_environment(llm=llm, reproducible=True))
        texts = {record.id: record.text for record in self.assistant.documents()}
        self.run: CaseRunner = CaseRunner(self.assistant, texts)

    def ask(self, turns: list[Case]) -> CaseResult:
        """Ask the turns of a dialogue, or one case, and return what the last one gave."""
        planted = [case for case in turns if case.planted]
        if not planted:
            return self.run.dialogue(turns)[-1]
        from evals.injection.attacked import attacked_copy

        with attacked_copy(self.assistant, planted) as attacked:
            return replace(self.run, attacked=attacked).dialogue(turns)[-1]


_ASKING = pytest.StashKey[Asking | None]()


def _configured(config: pytest.Config) -> list[Path]:
    """Return the files that the configuration names."""
    names = config.getini("wenju_suites")
    if not names:
        return []
    from evals.cases import load_suite

    root = config.inipath.parent if config.inipath else config.rootpath
    return [(root / name).resolve() if name.endswith(".jsonl") else load_suite(name).path for name in names]


class SuiteFile(pytest.File):
    """A suite; each reviewed case is a test, and so is each line that holds none."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each case.

        Raises:
            CollectError: The file holds no case at all.
        """
        from assistant.errors import AssistantError
        from evals.cases import load_suite

        try:
            suite = load_suite(str(self.path), tolerant=True)
        except AssistantError as error:
            raise self.CollectError(f"{error.message} {error.hint}") from error
        for number, mistake in enumerate(suite.broken, start=1):
            yield BrokenLine.from_parent(self, name=f"broken line {number}", mistake=mistake)
        for number, case in enumerate(suite.cases):
            if case.reviewed:
                before = [turn for turn in suite.cases[:number] if case.dialogue and turn.dialogue == case.dialogue]
                yield CaseItem.from_parent(self, name=case.id, turns=[*before, case])


class NotPassed(Exception):
    """A case that failed or could not be scored."""


class BrokenLine(pytest.Item):
    """A line of a suite that holds no case."""

    def __init__(self, *, mistake: str, **others: Any) -> None:
        super().__init__(**others)
        self.mistake = mistake

    def runtest(self) -> None:
        """Fail."""
        raise NotPassed(self.mistake)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any) -> str:
        """Return what is wrong, without a traceback."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return where the line stands."""
        return self.path, None, self.name


class CaseItem(pytest.Item):
    """A case as a test."""

    def __init__(self, *, turns: list[Case], **others: Any) -> None:
        super().__init__(**others)
        self.turns = turns  # of the dialogue up to this case, which is the last
        self.add_marker("wenju")

    def runtest(self) -> None:
        """Ask the case and score the answer.

        Raises:
            NotPassed: It failed, or could not be scored.
        """
        asking = self.config.stash[_ASKING]
        if asking is None:
            asking = self.config.stash[_ASKING] = Asking(self.config.getoption("--wenju-llm"))
        result = asking.ask(self.turns)
        for name, score in result.scores.items():
            self.user_properties.append((name, score.value))
        if result.unscored or not result.passed:
            raise NotPassed(_explained(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any) -> str:
        """Return why, without a traceback, for what a case or a setting can cause."""
        from assistant.errors import AssistantError
        from knowledge.errors import KnowledgeError

        error = excinfo.value
        if isinstance(error, AssistantError | KnowledgeError):
            return f"{error.message} {error.hint}"
        return str(error) if isinstance(error, NotPassed) else str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return where the case stands."""
        return self.path, None, self.turns[-1].id


def _explained(result: CaseResult) -> str:
    why = f"could not be scored: {result.unscored}" if result.unscored else f"{result.verdict}: {result.reason}"
    said = result.answer.text if result.answer else ""
    return f"{result.case.id} {why}\n  Q {result.case.question}\n  A {said}"
