"""An assistant that answers from a script, and runs of it over `tests.eval_answers.CASES`."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.types import Answer, Message
from evals.cases import Case, Suite
from evals.gates import exit_code, gates
from evals.report.build import suite_report, whole_report
from evals.report.model import Report
from evals.results import RunResult
from evals.runner import run
from knowledge.types import DocumentRecord
from tests.eval_answers import CASES, DOCUMENT, SIZE_ZH, TEXT, refusal, right_answers

Scripted = Answer | Exception


class ScriptedAssistant:
    """Gives the answer the script holds for a question, or raises it; remembers what it was asked."""

    def __init__(self, script: Mapping[str, Scripted], model_name: str = "scripted") -> None:
        self.script, self.model_name = script, model_name
        self.asked: list[tuple[str, tuple[Message, ...]]] = []

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        self.asked.append((question, tuple(history)))
        found = self.script[question]
        if isinstance(found, Exception):
            raise found
        return found

    def documents(self) -> list[DocumentRecord]:
        return [DocumentRecord(DOCUMENT, "标题", "page", "zh", TEXT)]


def suite_of(*cases: Case, whole: bool = True) -> Suite:
    return Suite("mine", Path("mine.jsonl"), "0" * 64, cases, whole)


def script(**changes: Scripted) -> dict[str, Scripted]:
    """Right answers by question; a keyword (id with _ for .) replaces one."""
    answers: dict[str, Scripted] = {**right_answers()}
    answers |= {case_id.replace("_", "."): found for case_id, found in changes.items()}
    return {case.question: answers[case.id] for case in CASES}


def go(assistant: ScriptedAssistant | None = None, *cases: Case, **options: Any) -> RunResult:
    chosen = assistant or ScriptedAssistant(script())
    return run(suite_of(*(cases or CASES)), chosen, progress=io.StringIO(), **options)


def by_id(result: RunResult) -> dict[str, bool | None]:
    return {r.case.id: r.passed for r in result.results}


def clones(case: Case, count: int, **changes: Any) -> list[Case]:
    return [
        case.model_copy(update={"id": f"{case.id}{n}", "family": f"{case.family}{n}", "must_pass": False, **changes})
        for n in range(count)
    ]


def halves(count: int, right: int) -> RunResult:
    """A run of `count` cases of which `right` pass."""
    cases = [case.model_copy(update={"question": f"q{n}"}) for n, case in enumerate(clones(SIZE_ZH, count))]
    answers: dict[str, Scripted] = {
        case.question: right_answers()["size.zh"] if n < right else refusal(case) for n, case in enumerate(cases)
    }
    return go(ScriptedAssistant(answers), *cases)


def report_of(*results: RunResult) -> Report:
    """The report of runs that are compared with nothing."""
    suites = [suite_report(result, gates(result), exit_code(result, gates(result), None)) for result in results]
    return whole_report(results, suites, max(suite.exit_code for suite in suites), settings={"llm": "none"})
