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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evals.bench.corpus import Corpus
    from evals.bench.measure import Measured, Setup
    from evals.bench.processes import System
    from evals.bench.report import Bench, Limits

MODEL = "multilingual-e5-small"
GROWTH_QUESTIONS = 100


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
    from assistant.errors import AssistantError
    from evals.cases import BadCases
    from knowledge.errors import KnowledgeError

    options = arguments(given)
    try:
        for path in (options.out, options.plot):
            if path is not None and (path.is_dir() or not path.parent.is_dir()):
                raise BadCases(f"{path} cannot be written.", hint="Name a file in a folder that exists.")
        bench = run(options)
    except (AssistantError, KnowledgeError) as error:
        print(f"{error.message} {error.hint}", file=sys.stderr)
        return 2
    _show(bench, options)
    return 3 if bench.missing else 0


def run(options: argparse.Namespace) -> Bench:
    """Measure what the options ask for.

    Raises:
        BadData: The benchmark set cannot be read.
        KnowledgeError: The embedding model is missing or damaged.
    """
    from assistant import Settings
    from evals.bench.corpus import read_corpora
    from evals.bench.environments import versions
    from evals.bench.measure import Setup, measure
    from evals.bench.processes import SYSTEMS
    from evals.bench.report import Bench
    from evals.provenance import machine
    from knowledge.weights import Weights

    settings = Settings.from_environment(llm="none", embedding_model=MODEL, threads=options.threads)
    weights = Weights(settings.cache, local=settings.models, hub=settings.hub, offline=settings.offline)
    model = weights.path(MODEL) if settings.offline else weights.pull(MODEL)
    setup = Setup(model, MODEL, options.threads, settings.cache)
    corpora = read_corpora(options.data, options.limit)
    systems = [one for one in SYSTEMS if options.systems is None or one.name in options.systems]
    limits = _limits(corpora, setup)
    measured, missing = measure(systems, corpora, setup, options.repeat, _tell)
    growth = _growth(options.sizes, systems, corpora, setup, measured)
    words = None
    if options.llm == "local":
        from evals.bench.arithmetic import reading_rate
        from evals.bench.words import measure_words

        # Last, since the model stays in memory.
        words = measure_words(settings, weights, reading_rate(options.threads))
    documents = {one.name: len(one.documents) for one in corpora}
    return Bench(
        setup={
            **machine(),
            "threads": options.threads,
            "rounds": options.repeat,
            "embedding_model": MODEL,
            "documents": documents,
            "questions": sum(len(one.questions) for one in corpora),
        },
        systems=measured,
        missing=missing,
        growth=growth,
        limits=limits,
        words=words,
        versions={
            name or "wenju": versions(name, settings.cache)
            for name in dict.fromkeys(one.environment for one in systems)
        },
    )


def _limits(corpora: Sequence[Corpus], setup: Setup) -> Limits:
    from evals.bench.arithmetic import Shape, embedding_limit, matrix_rate
    from evals.bench.report import Limits
    from knowledge.build import embedded_texts
    from knowledge.language import detect_language
    from knowledge.types import DocumentRecord

    rate = matrix_rate(Shape.of(setup.model), setup.threads)
    documents = [one for corpus in corpora for one in corpus.documents]
    records = [DocumentRecord(one.id, one.id, one.id, detect_language(one.text), one.text) for one in documents]
    return Limits(
        embedding_limit(embedded_texts(records), setup.model, rate),
        embedding_limit([one.text for one in documents], setup.model, rate),
    )


def _growth(
    sizes: Sequence[int], systems: Sequence[System], corpora: Sequence[Corpus], setup: Setup, known: Sequence[Measured]
) -> dict[int, Sequence[Measured]]:
    from evals.bench.corpus import grown
    from evals.bench.measure import measure

    left = [system for system in systems if system.name in {one.system for one in known}]
    a_document = sum(one.index_seconds for one in known) / sum(len(one.documents) for one in corpora)
    found: dict[int, Sequence[Measured]] = {}
    for size in sizes:
        _tell(f"{size:,} passages: indexing takes all systems about {size * a_document / 60:.0f} minutes")
        found[size], _ = measure(left, [grown(corpora, size, GROWTH_QUESTIONS)], setup, 1, _tell)
    return found


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _show(bench: Bench, options: Any) -> None:
    from rich.console import Console

    from evals.bench.plot import plot
    from evals.bench.report import print_bench

    print_bench(bench, Console(width=None if sys.stdout.isatty() else 160))
    if options.out:
        options.out.write_text(json.dumps(bench.as_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        options.plot.write_text(plot(bench) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
