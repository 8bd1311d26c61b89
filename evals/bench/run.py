"""A whole bench: the systems in turns, larger corpora, and what the machine could do at best."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from assistant import Settings
from evals.bench.arithmetic import Shape, embedding_limit, matrix_rate, reading_rate
from evals.bench.corpus import Corpus, grown, read_corpora
from evals.bench.environments import versions
from evals.bench.measure import Setup, measure
from evals.bench.processes import SYSTEMS
from evals.bench.report import Bench, Limits
from evals.bench.words import measure_words
from evals.provenance import machine
from knowledge.build import embedded_texts
from knowledge.language import detect_language
from knowledge.types import DocumentRecord
from knowledge.weights import Weights

MODEL = "multilingual-e5-small"
GROWTH_QUESTIONS = 100


def run(options: argparse.Namespace, tell: Callable[[str], None]) -> Iterator[Bench]:
    """Measure what the options ask for; yields what is known after each part, the last time everything.

    Args:
        options: What `evals.bench.__main__.arguments` parsed.
        tell: Is told of every step.

    Raises:
        BadData: The benchmark set cannot be read.
        KnowledgeError: A model is missing or damaged.
    """
    settings = Settings.from_environment(llm="none", embedding_model=MODEL, threads=options.threads)
    weights = Weights(settings.cache, local=settings.models, hub=settings.hub, offline=settings.offline)
    model = weights.path(MODEL) if settings.offline else weights.pull(MODEL)
    setup = Setup(model, MODEL, options.threads, settings.cache)
    corpora = read_corpora(options.data, options.limit)
    systems = [one for one in SYSTEMS if options.systems is None or one.name in options.systems]
    limits = _limits(corpora, setup)
    measured, missing = measure(systems, corpora, setup, options.repeat, tell)
    bench = Bench(
        setup={
            **machine(),
            "threads": options.threads,
            "rounds": options.repeat,
            "embedding_model": MODEL,
            "documents": {one.name: len(one.documents) for one in corpora},
            "questions": sum(len(one.questions) for one in corpora),
        },
        systems=measured,
        missing=missing,
        growth={},
        limits=limits,
        versions={
            name or "wenju": versions(name, settings.cache)
            for name in dict.fromkeys(one.environment for one in systems)
        },
    )
    yield bench
    there = [one for one in systems if one.name not in missing]
    a_document = sum(one.index_seconds for one in measured) / sum(len(one.documents) for one in corpora)
    for size in options.sizes:
        tell(f"{size:,} passages: indexing takes all systems about {size * a_document / 60:.0f} minutes")
        found, failed = measure(there, [grown(corpora, size, GROWTH_QUESTIONS)], setup, 1, tell)
        reasons = {f"{name} with {size:,} passages": reason for name, reason in failed.items()}
        bench = replace(bench, growth={**bench.growth, size: found}, missing={**bench.missing, **reasons})
        yield bench
    if options.llm == "local":
        # Last, since the model stays in memory.
        words = measure_words(settings, weights, reading_rate(options.threads))
        yield replace(bench, words=words)


def _limits(corpora: Sequence[Corpus], setup: Setup) -> Limits:
    rate = matrix_rate(Shape.of(setup.model), setup.threads)
    documents = [one for corpus in corpora for one in corpus.documents]
    records = [DocumentRecord(one.id, one.id, one.id, detect_language(one.text), one.text) for one in documents]
    return Limits(
        embedding_limit(embedded_texts(records), setup.model, rate),
        embedding_limit([one.text for one in documents], setup.model, rate),
    )
