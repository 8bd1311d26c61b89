"""The runner and its conditions, with an assistant that answers from a script."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import BadSettings, ModelUnreachable
from assistant.types import Answer, Message
from evals.answers import answer_from_dict
from evals.cache import AnswerCache
from evals.cases import BadCases, Case
from evals.gates import ExitCode, exit_code, gates
from evals.provenance import code_version, identity, prompt_hashes
from evals.recording import Recording
from evals.results import RunResult
from evals.runner import run
from evals.score import Score
from evals.scorers import SCORERS, Scorer
from knowledge.errors import IndexMissing
from tests.eval_answers import (
    CASES,
    MAYOR_ZH,
    PILOTS,
    PILOTS_EN,
    SHRINK_EN,
    SIZE,
    SIZE_EN,
    SIZE_ZH,
    answer,
    refusal,
    right_answers,
)
from tests.eval_scripts import Scripted, ScriptedAssistant, by_id, clones, go, halves, script, suite_of


def test_right_answers_pass() -> None:
    result = go()
    assert by_id(result) == {case.id: True for case in CASES}
    assert not result.incomplete
    assert exit_code(result, gates(result), None) == ExitCode.PASSED
    assert result.reader == "chat"
    assert result.prompts == prompt_hashes()
    assert "cpus" in result.machine


def test_history_is_handed_on() -> None:
    case = SIZE_ZH.model_copy(update={"history": ({"role": "user", "text": "你好"},)})
    case = Case.model_validate(case.model_dump(warnings=False))
    assistant = ScriptedAssistant(script())
    go(assistant, case)
    assert assistant.asked == [(SIZE_ZH.question, (Message("user", "你好"),))]


def test_one_failing_question_does_not_stop_the_run() -> None:
    result = go(ScriptedAssistant(script(size_en=RuntimeError("boom"))))
    broken = {r.case.id: r for r in result.results}["size.en"]
    assert by_id(result) == {case.id: None if case.id == "size.en" else True for case in CASES}
    assert broken.unscored == "RuntimeError: boom"
    assert exit_code(result, gates(result), None) == ExitCode.INCOMPLETE


def test_a_model_that_goes_away_in_the_middle_is_recorded() -> None:
    gone = ModelUnreachable("No reply.", hint="Start it.")
    assert by_id(go(ScriptedAssistant(script(size_en=gone))))["size.en"] is None


@pytest.mark.parametrize(
    "error",
    [
        ModelUnreachable("No reply.", hint="Start it."),
        BadSettings("No such model.", hint="Name another."),
        IndexMissing("No index.", hint="Build it."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_wrong_for_every_question_is_raised(error: Exception) -> None:
    with pytest.raises(type(error)):
        go(ScriptedAssistant({case.question: error for case in CASES}))


def test_a_scorer_that_breaks_is_no_verdict() -> None:
    def breaks(case: Case, given: Answer, documents: Mapping[str, str]) -> Score:
        raise ZeroDivisionError("of course")

    result = go(None, SIZE_ZH, scorers=(*SCORERS, Scorer("breaks", breaks)))
    assert result.results[0].scores["breaks"] == Score(None, "ZeroDivisionError: of course")
    assert result.results[0].passed is True
    assert exit_code(result, gates(result), None) == ExitCode.INCOMPLETE


def test_a_verdict_scorer_left_out_is_incomplete_not_failed() -> None:
    result = go(None, SIZE_ZH, scorers=[s for s in SCORERS if s.name != "strict"])
    assert result.results[0].passed is None
    assert result.incomplete


def test_citing_an_unknown_document_fails_instead_of_raising() -> None:
    right = right_answers()["size.zh"]
    lost = replace(right, citations=(replace(right.citations[0], document_id="gone"),))
    result = go(ScriptedAssistant(script(size_zh=lost)), SIZE_ZH)
    assert result.results[0].scores["citation_exact"].value is False
    assert not result.incomplete


def test_fail_fast_stops_at_the_first_failure() -> None:
    assistant = ScriptedAssistant(script(size_en=refusal(SIZE_EN)))
    result = go(assistant, fail_fast=True)
    assert [r.case.id for r in result.results] == ["size.zh", "size.en"]
    assert result.stopped
    assert exit_code(result, [], None) == ExitCode.FAILED


def test_extractive_reader_is_judged_by_its_quotes() -> None:
    quoted = answer(SIZE_EN, [(SIZE, SIZE)], support="quoted")
    result = go(ScriptedAssistant(script(size_en=quoted), "extractive"))
    assert result.reader == "extractive"
    assert result.results[1].verdict == "facts_in_quotes"
    assert result.results[1].passed


def test_progress_tells_what_is_left() -> None:
    stream = io.StringIO()
    run(suite_of(*CASES), ScriptedAssistant(script()), progress=stream)
    lines = stream.getvalue().splitlines()
    assert len(lines) == len(CASES)
    assert lines[0].startswith("[1/5] size.zh passed")
    assert lines[0].endswith("s left")
    assert "left" not in lines[-1]


# Conditions


def gate(result: RunResult, name: str) -> Any:
    return {found.name: found for found in gates(result)}[name]


@pytest.mark.parametrize(("count", "right", "passed"), [(10, 9, True), (10, 8, False), (9, 0, None), (20, 18, True)])
def test_rates_are_judged_from_ten_cases_on(count: int, right: int, passed: bool | None) -> None:
    result = halves(count, right)
    found = gate(result, "facts zh")
    assert found.passed is passed
    assert found.measured == pytest.approx(right / count)
    expected = ExitCode.FAILED if passed is False else ExitCode.PASSED
    assert exit_code(result, gates(result), None) == expected


def test_one_wrong_number_is_too_many() -> None:
    wrong = answer(PILOTS_EN, [("Shenzhen, Fuzhou and Jiaxing spent 12 billion yuan.", PILOTS)])
    result = go(ScriptedAssistant(script(pilots_en=wrong)))
    assert by_id(result)["pilots.en"] is True
    assert gate(result, "wrong numbers").passed is False
    assert exit_code(result, gates(result), None) == ExitCode.FAILED


def test_one_inexact_citation_is_too_many() -> None:
    right = right_answers()["pilots.en"]
    wrong = replace(right, citations=(replace(right.citations[0], quote="推动杭州进行试点"),))
    result = go(ScriptedAssistant(script(pilots_en=wrong)))
    assert gate(result, "citations exact").passed is False


def test_a_must_pass_case_must_pass() -> None:
    result = go(ScriptedAssistant(script(mayor_zh=answer(MAYOR_ZH, [("是某人。", PILOTS)]))))
    assert gate(result, "must pass").passed is False
    assert exit_code(result, gates(result), None) == ExitCode.FAILED


def test_without_a_model_english_need_not_pass() -> None:
    english = SIZE_EN.model_copy(update={"must_pass": True})
    assistant = ScriptedAssistant(script(size_en=refusal(SIZE_EN)), "extractive")
    assert gate(go(assistant, SIZE_ZH, english), "must pass").passed is True
    assistant = ScriptedAssistant(script(size_en=refusal(SIZE_EN)))
    assert gate(go(assistant, SIZE_ZH, english), "must pass").passed is False


def test_conditions_without_cases_are_not_judged() -> None:
    result = go(None, MAYOR_ZH.model_copy(update={"must_pass": False}))
    assert {found.passed for found in gates(result)} == {None}


# Recording


def test_an_answer_survives_its_dictionary() -> None:
    for right in right_answers().values():
        assert answer_from_dict(json.loads(right.to_json())) == right


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "run.answers"
    go(None, *CASES[:3], stores=[Recording(path, {"model": "m"})])
    path.write_text(path.read_text(encoding="utf-8") + '{"id": "mayor.zh", "digest', encoding="utf-8")
    recording = Recording(path, {"model": "m"}, resume=True)
    assert len(recording) == 3
    assistant = ScriptedAssistant(script())
    result = go(assistant, stores=[recording])
    assert by_id(result) == {case.id: True for case in CASES}
    assert [question for question, _ in assistant.asked] == [MAYOR_ZH.question, SHRINK_EN.question]
    assert len(Recording(path, {"model": "m"}, resume=True)) == 5


def test_answers_of_another_run_are_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "run.answers"
    go(None, SIZE_ZH, stores=[Recording(path, {"model": "m"})])
    with pytest.raises(BadCases, match="another model"):
        Recording(path, {"model": "n"}, resume=True)
    assert len(Recording(path, {"model": "m"}, resume=True)) == 1
    assert len(Recording(path, {"model": "m"})) == 0


def test_a_damaged_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.answers"
    go(None, *CASES[:2], stores=[Recording(path, {})])
    lines = path.read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join([lines[0], "{}", *lines[2:]]), encoding="utf-8")
    with pytest.raises(BadCases, match=r"run\.answers:2 is no recorded answer"):
        Recording(path, {}, resume=True)


def test_a_changed_case_is_asked_again(tmp_path: Path) -> None:
    go(None, SIZE_ZH, stores=[Recording(tmp_path / "a", {})])
    assistant = ScriptedAssistant(script())
    changed = SIZE_ZH.model_copy(update={"forbidden": ()})
    go(assistant, changed, stores=[Recording(tmp_path / "a", {}, resume=True)])
    assert len(assistant.asked) == 1


# Repeats, several at a time, cache


class Moody(ScriptedAssistant):
    """Answers each question in turn from a list; safe to be asked by several threads."""

    def __init__(self, turns: Mapping[str, list[Scripted]]) -> None:
        super().__init__({})
        self.turns, self.lock = turns, threading.Lock()

    def ask(self, question: str, history: Any = ()) -> Answer:
        with self.lock:
            found = self.turns[question].pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def test_a_repeated_case_passes_only_if_every_answer_does() -> None:
    right = right_answers()
    moody = Moody(
        {
            SIZE_ZH.question: [right["size.zh"], refusal(SIZE_ZH), right["size.zh"]],
            SIZE_EN.question: [right["size.en"]] * 3,
            PILOTS_EN.question: [right["pilots.en"], RuntimeError("boom"), right["pilots.en"]],
        }
    )
    result = go(moody, SIZE_ZH, SIZE_EN, PILOTS_EN, repeat=3)
    assert by_id(result) == {"size.zh": False, "size.en": True, "pilots.en": None}
    assert result.results[0].reason == "refused (1 of 3 times)"
    assert result.results[0].answer == refusal(SIZE_ZH)
    assert result.results[2].unscored == "RuntimeError: boom"
    assert exit_code(result, gates(result), None) == ExitCode.INCOMPLETE


def test_one_inexact_citation_in_any_repeat_is_too_many() -> None:
    right = right_answers()["size.zh"]
    wrong = replace(right, citations=(replace(right.citations[0], start=0),))
    result = go(Moody({SIZE_ZH.question: [right, wrong]}), SIZE_ZH, repeat=2)
    assert by_id(result) == {"size.zh": True}
    assert gate(result, "citations exact").passed is False


def test_several_at_a_time_give_the_same_results_in_the_same_order() -> None:
    cases = [case.model_copy(update={"question": f"q{n}"}) for n, case in enumerate(clones(SIZE_ZH, 40))]
    answers: dict[str, Scripted] = {
        case.question: right_answers()["size.zh"] if n % 3 else refusal(case) for n, case in enumerate(cases)
    }
    one, four = (go(ScriptedAssistant(answers), *cases, jobs=jobs) for jobs in (1, 4))
    assert [(r.case, r.answer, r.scores) for r in one.results] == [(r.case, r.answer, r.scores) for r in four.results]
    stopped = go(ScriptedAssistant(answers), *cases, jobs=4, fail_fast=True)
    assert [r.case.id for r in stopped.results] == [cases[0].id]


def test_a_first_case_that_times_out_does_not_stop_the_others() -> None:
    gone = ModelUnreachable("No reply within 60 s.", hint="Wait.")
    result = go(ScriptedAssistant(script(size_zh=gone)))
    assert by_id(result) == {case.id: None if case.id == "size.zh" else True for case in CASES}
    assert "No reply within 60 s" in result.results[0].unscored
    assert exit_code(result, gates(result), None) == ExitCode.INCOMPLETE


def test_a_missing_gold_span_makes_the_case_incomplete_and_is_named() -> None:
    stale = SIZE_ZH.model_copy(update={"gold": (SIZE, "不在文中的话")})
    result = go(None, stale, PILOTS_EN)
    assert by_id(result)["pilots.en"] is True
    assert "'不在文中的话' is in no document at hand" in result.results[0].unscored
    assert exit_code(result, gates(result), None) == ExitCode.INCOMPLETE


def cache(folder: Path, **what: Any) -> AnswerCache:
    return AnswerCache(folder, {"model": "m", **what})


def test_a_cached_answer_is_not_asked_for_again(tmp_path: Path) -> None:
    go(None, stores=[cache(tmp_path)])
    assistant, kept = ScriptedAssistant({}), cache(tmp_path)
    result = go(assistant, stores=[kept])
    assert by_id(result) == {case.id: True for case in CASES}
    assert assistant.asked == []
    assert kept.summary() == "5 answers were taken from the cache."


def test_a_corrected_case_is_scored_anew_from_the_cache(tmp_path: Path) -> None:
    go(None, SIZE_ZH, stores=[cache(tmp_path)])
    corrected = SIZE_ZH.model_copy(update={"facts": (("8000亿",),)})
    assert by_id(go(ScriptedAssistant({}), corrected, stores=[cache(tmp_path)])) == {"size.zh": False}


@pytest.mark.parametrize("changed", [{"code": "2"}, {"prompts": {"zh/system.txt": "x"}}, {"weights": {"m": "1"}}])
def test_a_cache_of_another_version_is_not_used_and_says_so(tmp_path: Path, changed: dict[str, Any]) -> None:
    go(None, stores=[cache(tmp_path)])
    other, assistant = cache(tmp_path, **changed), ScriptedAssistant(script())
    assert by_id(go(assistant, stores=[other])) == {case.id: True for case in CASES}
    assert len(assistant.asked) == len(CASES)
    assert other.summary().startswith("The cached answers are of another version")


def test_damaged_cache_files_are_asked_again(tmp_path: Path) -> None:
    go(None, stores=[cache(tmp_path)])
    first, second, *_ = sorted(tmp_path.rglob("*.json"))
    first.write_text("{", encoding="utf-8")
    second.write_text(second.read_text(encoding="utf-8").replace('"version": 1', '"version": 0'), encoding="utf-8")
    kept, assistant = cache(tmp_path), ScriptedAssistant(script())
    assert by_id(go(assistant, stores=[kept])) == {case.id: True for case in CASES}
    assert len(assistant.asked) == 2
    assert kept.summary().startswith("2 cached answers are damaged or of another version")
    assert cache(tmp_path).find(CASES[0]) is not None


def test_only_the_newest_identities_are_kept(tmp_path: Path) -> None:
    for number in range(12):
        cache(tmp_path, code=str(number))
    assert len(list(tmp_path.iterdir())) == 8


def test_repeats_are_cached_one_by_one(tmp_path: Path) -> None:
    right = right_answers()["size.zh"]
    go(Moody({SIZE_ZH.question: [right, refusal(SIZE_ZH)]}), SIZE_ZH, repeat=2, stores=[cache(tmp_path)])
    again = go(ScriptedAssistant({}), SIZE_ZH, repeat=2, stores=[cache(tmp_path)])
    assert [attempt.passed for attempt in again.results[0].attempts] == [True, False]


def test_the_identity_of_a_run_names_the_weights_by_their_hashes() -> None:
    configuration = {"llm": "local", "embedding_model": "multilingual-e5-small"}
    found = identity("qwen2.5-coder-1.5b-instruct-q4_k_m", configuration, ["b", "a"], {})
    assert found["weights"]["qwen2.5-coder-1.5b-instruct-q4_k_m"].startswith("cc324af0")
    assert found["documents"] == ["a", "b"]
    assert found["code"] == code_version()
    assert json.dumps(found)


# Dialogues


def test_turns_are_asked_after_the_answers_given_before_and_in_their_order() -> None:
    first = SIZE_ZH.model_copy(update={"dialogue": "d"})
    other = PILOTS_EN
    second = SIZE_EN.model_copy(update={"dialogue": "d"})
    assistant = ScriptedAssistant(script())
    result = go(assistant, first, other, second)
    assert [r.case.id for r in result.results] == ["size.zh", "pilots.en", "size.en"]
    said = (Message("user", first.question), Message("assistant", right_answers()["size.zh"].text))
    assert dict(assistant.asked) == {first.question: (), other.question: (), second.question: said}


def test_a_cached_turn_is_found_only_after_the_same_answers(tmp_path: Path) -> None:
    first, second = (case.model_copy(update={"dialogue": "d"}) for case in (SIZE_ZH, SIZE_EN))
    go(None, first, second, stores=[cache(tmp_path)])
    assistant = ScriptedAssistant(script())
    go(assistant, first, second, stores=[cache(tmp_path)])
    assert assistant.asked == []
    go(assistant, second, stores=[cache(tmp_path)])
    assert [question for question, _ in assistant.asked] == [second.question]
