"""The forms of ``wenju eval`` that measure what is no suite: ``retrieval``, ``scale``, ``crashes`` and the like."""

from __future__ import annotations

import argparse
from typing import Any

SCALE = 100_000
"""How many passages ``wenju eval scale`` stores unless it is told otherwise."""


def scale(args: argparse.Namespace) -> int:
    """Measure what a large collection costs."""
    from assistant.console import progress
    from evals.cases import BadCases
    from evals.gates import ExitCode
    from evals.retrieval.scale import measure_scale, print_scale

    passages = SCALE if args.passages is None else args.passages
    if not isinstance(passages, int):
        raise BadCases("`wenju eval scale` needs a number of passages.", hint="Say, e.g., --passages 100000.")
    with progress("Passages") as update:
        measured = measure_scale(passages, args.data, update)
    print_scale(measured, as_json=args.json)
    return int(ExitCode.FAILED if measured.failures else ExitCode.PASSED)


def crashes(args: argparse.Namespace) -> int:
    """Kill processes that change a collection, let others run out of room, and look at what is left."""
    import os

    from assistant.console import progress
    from evals.cases import BadCases
    from evals.crashes.report import measure_crashes, print_crashes
    from evals.gates import ExitCode

    if os.name != "posix":
        raise BadCases("`wenju eval crashes` needs fork and SIGKILL.", hint="Run it on Linux or macOS.")
    with progress("Crashing") as update:
        measured = measure_crashes(args.kills, -(-args.kills // 5), args.seed, update)
    print_crashes(measured, as_json=args.json)
    return int(ExitCode.FAILED if measured.failures else ExitCode.PASSED)


def crowd(args: argparse.Namespace) -> int:
    """Let processes add and ask at once, and look whether every answer is of one state."""
    from assistant.console import progress
    from evals.crowd.measure import measure_crowd, print_crowd
    from evals.gates import ExitCode

    with progress("Processes ended") as update:
        measured = measure_crowd(args.seconds, tell=update)
    print_crowd(measured, as_json=args.json)
    return int(ExitCode.FAILED if measured.failures else ExitCode.PASSED)


def retrieval(args: argparse.Namespace) -> int:
    """Measure how well passages are found."""
    from evals.retrieval.passages import measure_passages
    from evals.retrieval.report import print_measured

    measured = measure_passages(args.data, args.llm or "none", limit=args.limit, **_which(args))
    print_measured(measured, as_json=args.json)
    return 0


def evidence(args: argparse.Namespace) -> int:
    """Measure how well the sentences in passages are found."""
    from evals.retrieval.report import print_measured
    from evals.retrieval.sentences import measure_sentences

    print_measured(measure_sentences(args.data, **_which(args)), as_json=args.json)
    return 0


def _which(args: argparse.Namespace) -> dict[str, Any]:
    from evals.cases import BadCases

    if isinstance(args.passages, int):
        raise BadCases("--passages takes a number for scale only.", hint="Say --passages zh, en or both.")
    return {"names": args.set, "questions": args.questions, "passages": args.passages}


def rewriting(args: argparse.Namespace) -> int:
    """Measure how follow-ups are understood."""
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


def injection(args: argparse.Namespace) -> int:
    """Plant orders in passages and see whether they are followed."""
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
