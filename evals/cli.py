"""``wenju eval``: run a suite, print what it found, and exit 0 only if it is good enough.

Exit codes: 0 good, 1 below a threshold or worse than the baseline, 2 configuration, 3 incomplete.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evals.baseline import SuiteBaseline
    from evals.cases import Suite
    from evals.recording import Recording
    from evals.retrieval.data import Pool
    from evals.runner import AnsweringAssistant


SCALE = 100_000
"""How many passages ``wenju eval scale`` stores unless it is told otherwise."""


def command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of ``wenju eval`` (entry point group ``wenju.commands``)."""
    parser = subparsers.add_parser(
        "eval",
        help="ask questions whose answers are known and say what got worse",
        description="Ask the questions of a suite and score the answers. Exit code: 0 good enough, 1 below a "
        "threshold or worse than the baseline, 2 configuration, 3 some case could not be scored.",
    )
    parser.add_argument(
        "suite",
        help="name of a suite (facts, heldout …) or path of a .jsonl file; or retrieval or evidence, which measure how "
        "well passages and the sentences in them are found on benchmark sets; faithfulness, how well supported claims "
        "are told from others; rgb, answers and refusals among passages that do not help; rewriting, how follow-ups "
        "are understood; injection, which plants orders in passages; or scale, what a large collection costs",
    )
    parser.add_argument("--llm", metavar="SPEC", help="who reads: none, local, or any chat model (default: settings)")
    parser.add_argument("--limit", type=_positive, metavar="N", help="ask N cases, spread evenly over the suite")
    parser.add_argument("--case", action="append", default=[], metavar="ID", help="ask this case or family; repeatable")
    parser.add_argument("--language", choices=["zh", "en"], help="ask the questions in this language")
    parser.add_argument("--half", choices=["tuning", "test"], help="ask the families of one half, split by their hash")
    parser.add_argument("--must-pass", action="store_true", help="ask what any release must get right")
    parser.add_argument("--json", action="store_true", help="print the JSON report instead of tables")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the JSON report; answers go to FILE.answers")
    parser.add_argument("--resume", action="store_true", help="take the answers FILE.answers holds already")
    parser.add_argument("--baseline", metavar="FILE|none", help="compare with this baseline (default: the shipped one)")
    parser.add_argument("--bless", action="store_true", help="accept this run as the baseline")
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first case that does not pass")
    benchmarks = parser.add_argument_group(
        "for retrieval, evidence, faithfulness, rgb and scale, which also take --json; --llm and --limit not evidence "
        "and scale"
    )
    benchmarks.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER|PREFIX",
        help="where the benchmark sets are (default: a small sample that ships)",
    )
    benchmarks.add_argument("--set", action="append", default=[], metavar="NAME", help="only this set; repeatable")
    benchmarks.add_argument("--questions", choices=["zh", "en"], help="only questions in this language")
    benchmarks.add_argument(
        "--passages",
        type=_pool,
        metavar="zh|en|both|N",
        help=f"only this pool of passages; for scale how many (default: {SCALE})",
    )
    parser.set_defaults(run=run_command)


def _pool(text: str) -> Pool | int:
    pools: tuple[Pool, ...] = ("zh", "en", "both")
    return next((pool for pool in pools if pool == text), None) or _positive(text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def run_command(args: argparse.Namespace) -> int:
    """Run ``wenju eval`` and return its exit code; errors of Wenju become one sentence and code 2."""
    from assistant.errors import AssistantError
    from evals.benchmarks_cli import BENCHMARKS
    from evals.gates import ExitCode
    from knowledge.errors import KnowledgeError

    try:
        if args.suite in BENCHMARKS:
            return BENCHMARKS[args.suite](args)
        if args.suite == "scale":
            return _scale(args)
        if args.suite in ("retrieval", "evidence"):
            return _benchmark(args)
        if args.suite == "rewriting":
            return _rewriting(args)
        if args.suite == "injection":
            return _injection(args)
        suite = _chosen(args)
        with contextlib.ExitStack() as stack:
            assistant, configuration = _assistant(args.llm, stack)
            return evaluate(args, suite, assistant, configuration)
    except (AssistantError, KnowledgeError) as error:
        print(f"{error.message} {error.hint}", file=sys.stderr)
        return int(ExitCode.CONFIGURATION)


def _scale(args: argparse.Namespace) -> int:
    from assistant.console import progress
    from evals.cases import BadCases
    from evals.gates import ExitCode
    from evals.retrieval.scale import measure_scale, print_scale

    passages = SCALE if args.passages is None else args.passages
    if not isinstance(passages, int):
        raise BadCases("`wenju eval scale` needs a number of passages.", hint="Say, e.g., --passages 100000.")
    with progress("Storing passages") as update:
        measured = measure_scale(passages, args.data, update)
    print_scale(measured, as_json=args.json)
    return int(ExitCode.FAILED if measured.failures else ExitCode.PASSED)


def _benchmark(args: argparse.Namespace) -> int:
    from evals.cases import BadCases
    from evals.retrieval.report import print_measured

    if isinstance(args.passages, int):
        raise BadCases("--passages takes a number for scale only.", hint="Say --passages zh, en or both.")
    which = {"names": args.set, "questions": args.questions, "passages": args.passages}
    if args.suite == "evidence":
        from evals.retrieval.sentences import measure_sentences

        measured = measure_sentences(args.data, **which)
    else:
        from evals.retrieval.passages import measure_passages

        measured = measure_passages(args.data, args.llm or "none", limit=args.limit, **which)
    print_measured(measured, as_json=args.json)
    return 0


def _rewriting(args: argparse.Namespace) -> int:
    from assistant import Assistant, Settings
    from assistant.console import progress
    from evals.cases import BadCases
    from evals.gates import ExitCode
    from evals.rewriting import measure_rewriting, print_rewriting

    if args.data is None:
        raise BadCases("`wenju eval rewriting` needs the benchmark.", hint="Name its folder with --data.")
    with Assistant(Settings.from_environment(llm="none")) as assistant, progress("Embedding") as update:
        measured = measure_rewriting(args.data, assistant, update)
    print_rewriting(measured, as_json=args.json)
    worse = any(one.difference is not None and one.difference.estimate < 0 for one in measured)
    return int(ExitCode.FAILED if worse else ExitCode.PASSED)


def _injection(args: argparse.Namespace) -> int:
    import json

    from assistant.console import progress
    from evals.gates import ExitCode
    from evals.injection.alarms import false_alarms
    from evals.injection.measure import measure_injection, print_injection

    if args.data is not None:
        seen, sentences = false_alarms(args.data)
        counted = {order.name.lower(): count for order, count in seen.items()}
        print(json.dumps(counted) if args.json else f"Orders seen in {sentences} ordinary sentences: {counted}.")
        return int(ExitCode.PASSED)
    with progress("Asking") as update:
        measured = measure_injection(args.llm, args.limit, update)
    print_injection(measured, as_json=args.json)
    return int(ExitCode.FAILED if measured.failures else ExitCode.PASSED)


def _chosen(args: argparse.Namespace) -> Suite:
    from evals.cases import BadCases, load_suite, select

    if args.resume and not args.out:
        raise BadCases("--resume needs --out.", hint="Name the --out file of the run that was cut off.")
    suite = load_suite(args.suite)
    return select(
        suite, language=args.language, must_pass=args.must_pass, ids=args.case, limit=args.limit, half=args.half
    )


def _assistant(llm: str | None, stack: contextlib.ExitStack) -> tuple[AnsweringAssistant, dict[str, Any]]:
    """Return the assistant, with its models loaded, and those of its settings that change answers."""
    from assistant import Assistant, Settings

    settings = Settings.from_environment(llm=llm, reproducible=True)
    names = ("llm", "embedding_model", "passages", "sentences", "threshold")
    assistant = stack.enter_context(Assistant(settings))
    # Timings are of answers, not of loading; and what is missing is said before the first question.
    assistant.warm_up()
    return assistant, {name: getattr(settings, name) for name in names}


def evaluate(
    args: argparse.Namespace, suite: Suite, assistant: AnsweringAssistant, configuration: Mapping[str, Any]
) -> int:
    """Run a suite against an assistant, report as the arguments ask, and return the exit code.

    Args:
        args: What `command` parsed.
        suite: The cases to ask.
        assistant: Who answers.
        configuration: The settings that change answers, ``"llm"`` among them.

    Raises:
        AssistantError, KnowledgeError: The configuration is wrong.
    """
    import json

    from rich.console import Console

    from evals.baseline import bless, compare
    from evals.gates import ExitCode, exit_code, gates
    from evals.report import print_report, to_dict, to_junit
    from evals.runner import run

    baseline = _baseline_path(args, assistant.model_name, str(configuration["llm"]))
    # Read before the run: a wrong file should not cost the minutes a run takes.
    accepted = _accepted(args, baseline, suite)
    recording = _recording(args, assistant.model_name, configuration)
    result = run(suite, assistant, recording=recording, fail_fast=args.fail_fast)
    judged = gates(result)
    comparison = compare(result, accepted) if accepted else None
    code = exit_code(result, judged, comparison)
    report = json.dumps(to_dict(result, judged, comparison, code), ensure_ascii=False, allow_nan=False, indent=1)
    if args.out:
        _write(args.out, report + "\n")
    if args.junit:
        _write(args.junit, to_junit(result))
    if args.json:
        print(report)
    else:
        print_report(result, judged, comparison, Console())
    if args.bless and baseline is not None:
        for line in bless(result, baseline):
            print(line, file=sys.stderr)
        # What somebody has just accepted is not worse than what was accepted before; thresholds still count.
        code = exit_code(result, judged, None)
    if code is ExitCode.INCOMPLETE:
        print(f"{len(result.incomplete)} cases could not be scored: the run is incomplete.", file=sys.stderr)
    return int(code)


def _baseline_path(args: argparse.Namespace, model: str, llm: str) -> Path | None:
    """Return the baseline file this run belongs to; only ``none`` and ``local`` have one that ships."""
    from evals.baseline import BASELINES_FOLDER
    from evals.cases import BadCases

    chosen: Path | None = None
    if args.baseline not in (None, "none"):
        chosen = Path(args.baseline)
    elif args.baseline is None and model == "extractive":
        chosen = BASELINES_FOLDER / "none.json"
    elif args.baseline is None and llm in ("auto", "local"):
        chosen = BASELINES_FOLDER / "local.json"
    if args.bless and chosen is None:
        raise BadCases("There is no baseline to accept this run into.", hint="Name one with --baseline FILE.")
    return chosen


def _accepted(args: argparse.Namespace, path: Path | None, suite: Suite) -> SuiteBaseline | None:
    from evals.baseline import load_baseline

    named = args.baseline is not None and not args.bless
    if path is None or not (path.exists() or named):
        return None
    return load_baseline(path).suites.get(suite.name)


def _recording(args: argparse.Namespace, model: str, configuration: Mapping[str, Any]) -> Recording | None:
    from evals.recording import Recording
    from evals.runner import prompt_hashes

    if not args.out:
        return None
    what = {"model": model, "prompts": prompt_hashes(), **configuration}
    return Recording(args.out.with_name(args.out.name + ".answers"), what, resume=args.resume)


def _write(path: Path, text: str) -> None:
    from evals.cases import BadCases

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadCases(
            f"{path} cannot be written: {error.strerror or error}.", hint="Name a file in a folder that exists."
        ) from error
