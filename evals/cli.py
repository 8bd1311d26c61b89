"""``wenju eval``: what it takes. What each form does is in `evals.commands`.

Exit codes: 0 good, 1 below a threshold or worse than before, 2 configuration, 3 incomplete.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from evals.commands import benchmarks

if TYPE_CHECKING:
    from evals.retrieval.data import Pool

EPILOG = """\
forms:
  wenju eval [SUITE ...]           ask suites that ship (facts, heldout ...) or .jsonl files; default: facts
  wenju eval compare A.json B.json compare two reports; exit code 1 if B is worse
  wenju eval peers [SUITE ...]     the same cases with LangChain's quickstart and the same models beside Wenju
  wenju eval init FOLDER           write a starter suite for documents of your own
  wenju eval draft --from FILE     propose cases from a document, for a person to review
  wenju eval draft --from-feedback the same from answers that users of the page rated
  wenju eval retrieval | evidence  how well passages, and the sentences in them, are found
  wenju eval scale                 what a large collection costs
  wenju eval crashes               what is left when processes are killed, or the disk is full
  wenju eval crowd                 whether many processes can add and ask at once
  wenju eval rewriting             how follow-ups are understood
  wenju eval injection             whether orders planted in passages are followed
  wenju eval faithfulness          how well supported claims are told from others
  wenju eval guard                 whether corrupted claims are noticed
  wenju eval rgb                   answers and refusals among passages that do not help
"""


def command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of ``wenju eval`` (entry point group ``wenju.commands``)."""
    parser = subparsers.add_parser(
        "eval",
        help="ask questions whose answers are known and say what got worse",
        description="Ask the questions of a suite and score the answers. Exit code: 0 good enough, 1 below a "
        "threshold or worse than the baseline, 2 configuration, 3 some case could not be scored.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("suite", nargs="*", metavar="SUITE", help="see the forms below")
    _cases(parser.add_argument_group("which cases"))
    _running(parser.add_argument_group("how they are asked"))
    _reports(parser.add_argument_group("what is written"))
    _benchmarks(
        parser.add_argument_group(
            "for what measures no suite (from retrieval on); most take --json, --llm and --limit too"
        )
    )
    drafts = parser.add_argument_group("for draft, which also takes --limit and --out")
    drafts.add_argument("--from", dest="document", type=Path, metavar="FILE", help="the document to read")
    drafts.add_argument("--from-feedback", action="store_true", help="the answers rated on the page, in WENJU_HOME")
    parser.set_defaults(run=run_command)


def _cases(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--limit", type=_positive, metavar="N", help="ask N cases, spread evenly over the suite")
    group.add_argument("--case", action="append", default=[], metavar="ID", help="ask this case or family; repeatable")
    group.add_argument("--language", choices=["zh", "en"], help="ask the questions in this language")
    group.add_argument("--half", choices=["tuning", "test"], help="ask the families of one half, split by their hash")
    group.add_argument("--must-pass", action="store_true", help="ask what any release must get right")
    group.add_argument("--unreviewed", action="store_true", help="ask drafted cases that nobody has reviewed as well")


def _running(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--llm", metavar="SPEC", help="who reads: none, local, or any chat model (default: settings)")
    group.add_argument("--judge", metavar="SPEC", help="another chat model that judges the claims as well")
    group.add_argument(
        "--repeat", type=_positive, default=1, metavar="N", help="ask each case N times; it passes if every answer does"
    )
    group.add_argument("--jobs", type=_positive, default=1, metavar="N", help="ask N questions at the same time")
    group.add_argument("--fail-fast", action="store_true", help="stop at the first case that does not pass")
    group.add_argument("--resume", action="store_true", help="take the answers that the --out file's .answers holds")
    group.add_argument(
        "--cache", action="store_true", help="take answers of earlier runs with the same model, prompts and code"
    )


def _reports(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--baseline", metavar="FILE|last|none", help="compare with this baseline or report (default: the shipped one)"
    )
    group.add_argument("--bless", action="store_true", help="accept this run as the baseline")
    group.add_argument("--json", action="store_true", help="print the JSON report instead of tables")
    group.add_argument("--out", type=Path, metavar="FILE", help="write the JSON report; answers go to FILE.answers")
    group.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    group.add_argument("--markdown", type=Path, metavar="FILE", help="write a summary for a pull request")
    group.add_argument("--html", type=Path, metavar="FILE", help="write one page with every answer, plots and filters")


def _benchmarks(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER|PREFIX",
        help="where the benchmark sets are (default: a small sample that ships)",
    )
    group.add_argument("--set", action="append", default=[], metavar="NAME", help="only this set; repeatable")
    group.add_argument("--questions", choices=["zh", "en"], help="only questions in this language")
    group.add_argument(
        "--passages",
        type=_pool,
        metavar="zh|en|both|N",
        help=f"only this pool of passages; for scale how many (default: {benchmarks.SCALE})",
    )
    group.add_argument("--kills", type=_positive, default=200, metavar="N", help="for crashes: kills (default: 200)")
    group.add_argument("--seconds", type=_positive, default=60, metavar="N", help="for crowd: how long (default: 60)")
    group.add_argument("--seed", type=int, default=1, metavar="N", help="for crashes: gives changes and moments")


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
    from evals.gates import ExitCode
    from knowledge.errors import KnowledgeError

    try:
        return _form(args)(args)
    except (AssistantError, KnowledgeError) as error:
        print(f"{error.message} {error.hint}", file=sys.stderr)
        return int(ExitCode.CONFIGURATION)


def _form(args: argparse.Namespace) -> Callable[[argparse.Namespace], int]:
    """Return what the first word asks for; a suite is asked unless it is the name of another form."""
    from evals.commands import claims, compare, peers, run, write

    forms: dict[str, Callable[[argparse.Namespace], int]] = {
        "scale": benchmarks.scale,
        "crashes": benchmarks.crashes,
        "crowd": benchmarks.crowd,
        "retrieval": benchmarks.retrieval,
        "evidence": benchmarks.evidence,
        "rewriting": benchmarks.rewriting,
        "injection": benchmarks.injection,
        "faithfulness": claims.faithfulness,
        "rgb": claims.rgb,
        "guard": claims.guard,
        "compare": compare.compare_reports,
        "peers": peers.peers,
        "init": write.init,
        "draft": write.draft,
    }
    return forms.get(args.suite[0] if args.suite else "", run.run_suites)
