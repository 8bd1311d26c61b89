"""``wenju eval SUITE…``: run suites, report what they found, and exit 0 only if it is good enough."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant import Assistant
    from evals.answers import AnswerStore
    from evals.cache import AnswerCache
    from evals.cases import Suite
    from evals.commands.accepted import Accepted
    from evals.model_judge import ModelJudge
    from evals.report.model import Report, SuiteReport
    from evals.results import RunResult
    from evals.runner import AnsweringAssistant
    from evals.scorers import Scorer


def run_suites(args: argparse.Namespace) -> int:
    """Run the suites that were named and return the exit code."""
    from evals.injection.attacked import attacked_copy
    from evals.model_judge import open_judge

    suites = chosen(args)
    with contextlib.ExitStack() as stack:
        assistant, configuration, cache = open_assistant(args.llm, stack)
        planted = [case for suite in suites for case in suite.cases if case.planted]
        attacked = stack.enter_context(attacked_copy(assistant, planted)) if planted else None
        judge = open_judge(args.judge, assistant) if args.judge else None
        return evaluate(args, suites, assistant, configuration, cache / "eval", attacked, judge)


def chosen(args: argparse.Namespace) -> list[Suite]:
    """Return the suites that were named, or ``facts``, with the cases that were asked for.

    Raises:
        BadCases: A suite cannot be read, or no case is left.
    """
    from evals.cases import BadCases, load_suite, select
    from evals.commands.output import check_writable

    if args.resume and not args.out:
        raise BadCases("--resume needs --out.", hint="Name the --out file of the run that was cut off.")
    check_writable(args)
    names = args.suite or ["facts"]
    suites = [load_suite(name, tolerant=True) for name in names]
    if len({suite.name for suite in suites}) < len(suites):
        raise BadCases("Two of the suites have the same name.", hint="Run them one after the other.")
    for suite in suites:
        for mistake in suite.broken:
            print(f"{mistake} The other cases are asked.", file=sys.stderr)
    return [
        select(
            suite,
            language=args.language,
            must_pass=args.must_pass,
            ids=args.case,
            limit=args.limit,
            unreviewed=args.unreviewed,
            half=args.half,
        )
        for suite in suites
    ]


def open_assistant(llm: str | None, stack: contextlib.ExitStack) -> tuple[Assistant, dict[str, Any], Path]:
    """Return the assistant, with its models loaded, those of its settings that change answers, and the cache folder."""
    from assistant import Assistant, Settings

    settings = Settings.from_environment(llm=llm, reproducible=True)
    names = ("llm", "embedding_model", "passages", "sentences", "threshold")
    assistant = stack.enter_context(Assistant(settings))
    # Timings are of answers, not of loading; and what is missing is said before the first question.
    assistant.warm_up()
    return assistant, {name: getattr(settings, name) for name in names}, settings.cache


def evaluate(
    args: argparse.Namespace,
    suites: Sequence[Suite],
    assistant: AnsweringAssistant,
    configuration: Mapping[str, Any],
    folder: Path | None = None,
    attacked: AnsweringAssistant | None = None,
    judge: ModelJudge | None = None,
) -> int:
    """Run suites against an assistant, report as the arguments ask, and return the exit code.

    Args:
        args: What `evals.cli.command` parsed.
        suites: The cases to ask.
        assistant: Who answers.
        configuration: The settings that change answers, ``"llm"`` among them.
        folder: Where last runs and cached answers are kept, None to keep none.
        attacked: Who answers cases that plant words in the documents.
        judge: One more scorer, measured itself before the run.

    Raises:
        AssistantError, KnowledgeError: The configuration is wrong.
    """
    from evals.commands.accepted import References, baseline_to_write
    from evals.commands.output import write_report
    from evals.gates import ExitCode, exit_code, gates, worst
    from evals.provenance import code_version
    from evals.report.build import whole_report
    from evals.scorers import SCORERS

    _check_jobs(args, str(configuration["llm"]), assistant.model_name)
    last = folder / "last" if folder else None
    references = References(args.baseline, assistant.model_name, str(configuration["llm"]), last)
    blessed = baseline_to_write(args, references) if args.bless else None
    # Read before the run: a wrong file should not cost the minutes a run takes.
    accepted = [references.find(suite, blessing=args.bless) for suite in suites]
    stores, cache = _stores(args, assistant, configuration, folder)
    # Before the run as well: a judge that cannot be asked is known at once.
    accuracy = judge.measured() if judge else []
    scorers = (*SCORERS, judge.scorer) if judge else SCORERS
    results = _run(args, suites, assistant, stores, attacked, scorers)
    reports = [_reported(result, found, configuration) for result, found in zip(results, accepted, strict=False)]
    code = worst(report.exit_code for report in reports)
    report = whole_report(
        results, reports, code, repeat=args.repeat, settings=configuration, version=code_version(), judge=accuracy
    )
    write_report(report, args, _earlier(accepted))
    if cache is not None and cache.summary():
        print(cache.summary(), file=sys.stderr)
    references.keep(report)
    if blessed is not None:
        _bless(results, blessed)
        # What somebody has just accepted is not worse than what was accepted before; thresholds still count.
        code = worst(exit_code(result, gates(result), None) for result in results)
    if code is ExitCode.INCOMPLETE:
        print(_incomplete(results), file=sys.stderr)
    return int(code)


def _check_jobs(args: argparse.Namespace, llm: str, model: str) -> None:
    from evals.cases import BadCases

    if args.jobs > 1 and model != "extractive" and llm in ("auto", "local"):
        raise BadCases(
            "The local model writes one answer at a time.",
            hint="Leave --jobs out; it is for --llm none and for models on a server.",
        )


def _run(
    args: argparse.Namespace,
    suites: Sequence[Suite],
    assistant: AnsweringAssistant,
    stores: Sequence[AnswerStore],
    attacked: AnsweringAssistant | None,
    scorers: Sequence[Scorer],
) -> list[RunResult]:
    from evals.runner import run

    results = []
    for suite in suites:
        results.append(
            run(
                suite,
                assistant,
                scorers=scorers,
                stores=stores,
                fail_fast=args.fail_fast,
                repeat=args.repeat,
                jobs=args.jobs,
                attacked=attacked,
            )
        )
        if args.fail_fast and not all(one.passed for one in results[-1].results):
            break
    return results


def _reported(result: RunResult, accepted: Accepted | None, configuration: Mapping[str, Any]) -> SuiteReport:
    from evals.commands.compare import Inputs, changed_inputs
    from evals.comparison import compare
    from evals.gates import exit_code, gates
    from evals.provenance import code_version
    from evals.report.build import suite_report, verdicts

    judged = gates(result)
    if accepted is None:
        return suite_report(result, judged, exit_code(result, judged, None))
    comparison = compare(verdicts(result), accepted.verdicts)
    return suite_report(
        result,
        judged,
        exit_code(result, judged, comparison),
        comparison=comparison,
        compared_with=accepted.name,
        changed=changed_inputs(
            Inputs(result.model, dict(configuration), result.prompts, code_version()), accepted.inputs
        ),
    )


def _earlier(accepted: Sequence[Accepted | None]) -> Report | None:
    """Return the earlier runs as one report, for the page that shows both."""
    kept = [found.report for found in accepted if found is not None and found.report is not None]
    if not kept:
        return None
    return kept[0].model_copy(update={"suites": [suite for report in kept for suite in report.suites]})


def _bless(results: Sequence[RunResult], path: Path) -> None:
    from evals.baseline import bless

    for result in results:
        for line in bless(result, path):
            print(line, file=sys.stderr)


def _incomplete(results: Sequence[RunResult]) -> str:
    cases = sum(len(result.incomplete) for result in results)
    lines = sum(len(result.suite.broken) for result in results)
    said = [f"{cases} cases could not be scored"] if cases else []
    said += [f"{lines} lines hold no case"] if lines else []
    return f"{' and '.join(said)}: the run is incomplete."


def _stores(
    args: argparse.Namespace, assistant: AnsweringAssistant, configuration: Mapping[str, Any], folder: Path | None
) -> tuple[list[AnswerStore], AnswerCache | None]:
    """Return where answers are looked for and kept: the file of ``--resume`` first, then the cache."""
    from evals.cache import AnswerCache
    from evals.provenance import identity, prompt_hashes
    from evals.recording import Recording

    if not (args.out or args.cache):
        return [], None
    documents = (record.id for record in assistant.documents())
    what = identity(assistant.model_name, configuration, documents, prompt_hashes())
    stores: list[AnswerStore] = []
    if args.out:
        stores.append(Recording(args.out.with_name(args.out.name + ".answers"), what, resume=args.resume))
    cache = AnswerCache(folder / "answers", what) if args.cache and folder is not None else None
    return stores + ([cache] if cache is not None else []), cache
