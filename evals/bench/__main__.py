"""``python -m evals.bench`` (`make bench`): Wenju beside LangChain, txtai and LlamaIndex on the same machine.

Each system indexes the same documents with the same embedding model and answers the same questions in a process of its
own; peers run in environments of their own, which are made at the first run. Exit code 2 if something is wrong with
the arguments or the model, 3 if a system could not be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.bench.report import Bench


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    from evals.bench.processes import SYSTEMS

    parser = argparse.ArgumentParser(prog="python -m evals.bench", description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--data", type=Path, metavar="FOLDER|PREFIX", help="a benchmark set (default: the small sample that ships)")
    add("--limit", type=_positive, metavar="N", help="ask at most N questions a direction")
    add("--repeat", type=_positive, default=3, metavar="N", help="rounds; medians are printed (default: 3)")
    add("--sizes", type=_positive, nargs="*", default=[1000], metavar="N", help="larger corpora, once (default: 1000)")
    add("--systems", nargs="+", choices=[one.name for one in SYSTEMS], metavar="NAME", help="only these")
    add("--threads", type=_positive, default=_cores(), metavar="N", help="threads of arithmetic (default: all cores)")
    add("--llm", choices=["none", "local"], default="none", help="local: how fast the local chat model writes, too")
    add("--out", type=Path, metavar="FILE", help="write the results as JSON")
    add("--plot", type=Path, metavar="FILE", help="write them as bars (SVG)")
    return parser.parse_args(given)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main(given: Sequence[str] | None = None) -> int:
    """Measure, print, write; return the exit code."""
    from rich.console import Console

    from assistant.errors import AssistantError
    from evals.bench.report import print_bench
    from evals.bench.run import run
    from evals.cases import BadCases
    from knowledge.errors import KnowledgeError

    options = arguments(given)
    try:
        for path in (options.out, options.plot):
            if path is not None and (path.is_dir() or not path.parent.is_dir()):
                raise BadCases(f"{path} cannot be written.", hint="Name a file in a folder that exists.")
        bench = None
        for bench in run(options, _tell):
            # After each part, so that a run that is stopped has left what was measured.
            _write(bench, options)
    except (AssistantError, KnowledgeError) as error:
        print(f"{error.message} {error.hint}", file=sys.stderr)
        return 2
    assert bench is not None
    print_bench(bench, Console(width=None if sys.stdout.isatty() else 180))
    return 3 if bench.missing else 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _write(bench: Bench, options: argparse.Namespace) -> None:
    from evals.bench.plot import plot

    if options.out:
        options.out.write_text(json.dumps(bench.as_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        options.plot.write_text(plot(bench) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
