"""``wenju eval peers [SUITE…]``: the same cases asked of Wenju and of LangChain's quickstart with the same models."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant import Assistant
    from evals.cases import Suite
    from evals.peers.quickstart import Quickstart
    from evals.report.model import Report
    from evals.results import RunResult
    from evals.runner import AnsweringAssistant


def peers(args: argparse.Namespace) -> int:
    """Ask both, print them side by side, and return 1 if Wenju is worse, 3 if some case could not be scored."""
    from evals.cases import BadCases
    from evals.commands.run import chosen, open_assistant
    from evals.injection.attacked import attacked_copy

    for option in ("resume", "cache", "bless", "baseline", "judge"):
        if getattr(args, option):
            raise BadCases(f"`wenju eval peers` has no --{option}.", hint="Leave it out; both are asked anew.")
    suites = chosen(argparse.Namespace(**{**vars(args), "suite": args.suite[1:]}))
    with contextlib.ExitStack() as stack:
        assistant, configuration, _ = open_assistant(args.llm, stack)
        planted = [case for suite in suites for case in suite.cases if case.planted]
        attacked = stack.enter_context(attacked_copy(assistant, planted)) if planted else None
        peer, peer_attacked = open_peer(assistant, attacked)
        ours, theirs = both(args, suites, configuration, (assistant, attacked), (peer, peer_attacked))
    return report_both(args, ours, theirs)


def open_peer(assistant: Assistant, attacked: AnsweringAssistant | None) -> tuple[Quickstart, Quickstart | None]:
    """Return the quickstart over an assistant's documents with its models, and over the copies with planted words."""
    from assistant.models import open_chat_model
    from evals.peers.quickstart import Quickstart

    spec = assistant.settings.llm
    model = open_chat_model(spec, assistant.settings, assistant.weights)
    over = [None if one is None else one.documents() for one in (assistant, attacked)]
    made = [
        None if documents is None else Quickstart(documents, assistant.embedder, model, assistant.model_name, spec)
        for documents in over
    ]
    assert made[0] is not None
    return made[0], made[1]


def both(
    args: argparse.Namespace,
    suites: Sequence[Suite],
    configuration: Mapping[str, Any],
    ours: tuple[AnsweringAssistant, AnsweringAssistant | None],
    theirs: tuple[AnsweringAssistant, AnsweringAssistant | None],
) -> tuple[Report, Report]:
    """Run the suites with both and return their reports, the first one compared with the second.

    Args:
        args: What `evals.cli.command` parsed.
        suites: The cases to ask.
        configuration: The settings that change answers.
        ours: Who answers, and who answers cases that plant words.
        theirs: The same of the peer.
    """
    from evals.commands.compare import compared_report
    from evals.gates import exit_code as judged_code
    from evals.gates import gates, worst
    from evals.peers.quickstart import NAME
    from evals.provenance import code_version
    from evals.report.build import suite_report, whole_report
    from evals.runner import run
    from evals.scorers import SCORERS

    # Its words passed no check, since it makes none: that all of them are its own is no merit.
    unchecked = tuple(scorer for scorer in SCORERS if scorer.name != "own_words")
    reports = []
    for (assistant, attacked), name, scorers in ((ours, "", SCORERS), (theirs, NAME, unchecked)):
        results: list[RunResult] = []
        for suite in suites:
            result = run(suite, assistant, scorers=scorers, repeat=args.repeat, jobs=args.jobs, attacked=attacked)
            results.append(replace(result, model=f"{name}, {result.model}") if name else result)
        made = [suite_report(result, gates(result), judged_code(result, gates(result), None)) for result in results]
        code = worst(one.exit_code for one in made)
        reports.append(
            whole_report(results, made, code, repeat=args.repeat, settings=configuration, version=code_version())
        )
    return compared_report(reports[0], reports[1], NAME), reports[1]


def report_both(args: argparse.Namespace, ours: Report, theirs: Report) -> int:
    """Write and print what was found and return the exit code."""
    import json

    from evals.commands.output import write, write_files
    from evals.gates import ExitCode
    from evals.peers.quickstart import NAME
    from evals.peers.table import print_beside

    write_files(ours, args, theirs, NAME)
    if args.out:
        write(args.out.with_name(f"{args.out.name}.peer"), theirs.to_json() + "\n")
    if args.json:
        print(json.dumps({"wenju": json.loads(ours.to_json()), "peer": json.loads(theirs.to_json())}, indent=1))
    else:
        from rich.console import Console

        print_beside(ours, theirs, Console())
    incomplete = any(case.unscored for case in theirs.cases())
    return int(ExitCode.INCOMPLETE if incomplete else ours.exit_code)
