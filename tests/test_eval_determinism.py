"""Two runs with the real local model give identical answers and scores, in whatever order the cases are asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.settings import Settings
from evals.cases import load_suite
from evals.results import CaseResult
from evals.runner import CaseRunner
from tests.conftest import Home

CASES = ("fact-058.zh", "premise-001.en")


def run(settings: Settings, weights: Path, ids: tuple[str, ...]) -> dict[str, CaseResult]:
    """One run with an assistant of its own."""
    known = {case.id: case for case in load_suite("facts").cases}
    with Assistant(replace(settings, llm="local", reproducible=True, models=weights.parent)) as assistant:
        assistant.warm_up()
        ask = CaseRunner(assistant, {record.id: record.text for record in assistant.documents()})
        return {id_: ask(known[id_]) for id_ in ids}


@pytest.mark.model
def test_two_runs_give_identical_answers_and_scores(home: Home, real: Path) -> None:
    first = run(home.settings, real, CASES)
    # The other way round: an answer must not depend on what was asked before it.
    second = run(home.settings, real, CASES[::-1])
    for id_ in CASES:
        one, other = first[id_], second[id_]
        assert one.answer is not None
        assert other.answer is not None
        assert replace(one.answer, timings={}) == replace(other.answer, timings={})
        assert one.answer.model != "extractive"
        assert {name: score for name, score in one.scores.items() if not name.startswith("latency")} == {
            name: score for name, score in other.scores.items() if not name.startswith("latency")
        }
        assert not one.unscored
