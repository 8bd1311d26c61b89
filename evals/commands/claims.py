"""``wenju eval faithfulness``, ``rgb`` and ``guard``: claims and answers that the evidence does not support."""

from __future__ import annotations

import argparse
import sys


def faithfulness(args: argparse.Namespace) -> int:
    """``wenju eval faithfulness``: print how well the support score tells claims apart; 3 if some had no score."""
    from evals.faithfulness.report import measure_support, print_support

    found = measure_support(args.data, args.llm or "none", names=args.set, limit=args.limit)
    return _exit_code(print_support(found, as_json=args.json))


def rgb(args: argparse.Namespace) -> int:
    """``wenju eval rgb``: print answers and refusals by share of negative passages; 3 if some had no score."""
    from evals.rgb import measure_rgb
    from evals.rgb_report import print_rgb

    found = measure_rgb(args.data, args.llm or "none", names=args.set, limit=args.limit)
    return _exit_code(print_rgb(found, as_json=args.json))


def guard(args: argparse.Namespace) -> int:
    """``wenju eval guard``: corrupt correct claims and print which are noticed."""
    from assistant import Assistant, Settings
    from assistant.console import progress
    from evals.guard.command import measure_guard, report_guard

    # No model writes anything here: the claims are given.
    with Assistant(Settings.from_environment(llm="none", reproducible=True)) as assistant:
        assistant.warm_up()
        with progress("Checking claims") as update:
            verdicts = measure_guard(
                assistant.documents(), assistant.searcher, language=args.language, limit=args.limit, update=update
            )
    return report_guard(verdicts, as_json=args.json)


def _exit_code(unscored: int) -> int:
    from evals.gates import ExitCode

    if unscored:
        print(f"{unscored} items could not be scored: the run is incomplete.", file=sys.stderr)
    return int(ExitCode.INCOMPLETE if unscored else ExitCode.PASSED)
