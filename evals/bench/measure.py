"""All systems in turns, again and again in another order, and the medians of what they took."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from evals.bench.corpus import Corpus
from evals.bench.environments import NotMeasured
from evals.bench.job import Job, rank_of
from evals.bench.processes import System, index, search

CUTOFFS = (1, 5, 10)
Ranks = dict[str, list[int | None]]
"""By direction the rank of each question's document, None if it was not found."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What is the same for all systems.

    Attributes:
        model: Folder of the embedding model.
        embedding_model: What Wenju calls it.
        threads: Threads that arithmetic may use.
        cache: Wenju's cache folder, in which the peers' environments are.
    """

    model: Path
    embedding_model: str
    threads: int
    cache: Path


@dataclass(frozen=True, slots=True)
class Measured:
    """What a system took, medians over the rounds; the same of one round.

    Attributes:
        system: Its name.
        index_seconds: Cutting, embedding and storing all corpora, the model loaded.
        index_processor_seconds: The same in time of processors, all threads together.
        start_seconds: From the start of a process to its first answer over an index on the disk, files warm.
        query_p50: Milliseconds of a question, at the median.
        query_p95: The same at the 95th percentile.
        index_megabytes: The most memory that an indexing process had, in 10^6 bytes.
        search_megabytes: The most memory that a searching process had.
        ranks: The same in every round, or nearly: of the first.
    """

    system: str
    index_seconds: float
    index_processor_seconds: float
    start_seconds: float
    query_p50: float
    query_p95: float
    index_megabytes: float
    search_megabytes: float
    ranks: Ranks

    def hits(self) -> dict[str, dict[int, float]]:
        """Return by direction and cutoff the share of questions whose document is among so many first."""
        return {direction: {k: hit_at(k, ranks) for k in CUTOFFS} for direction, ranks in sorted(self.ranks.items())}


COSTS = (
    "index_seconds",
    "index_processor_seconds",
    "start_seconds",
    "query_p50",
    "query_p95",
    "index_megabytes",
    "search_megabytes",
)
"""The fields of `Measured` that are better when they are smaller."""


def hit_at(k: int, ranks: Sequence[int | None]) -> float:
    """Return the share of ranks that are at most `k`; there must be some."""
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks)


def in_turns(systems: Sequence[System], rounds: int) -> Iterator[tuple[int, System]]:
    """Yield the systems round by round, each round beginning with the next one."""
    for number in range(rounds):
        first = number % max(1, len(systems))
        for system in (*systems[first:], *systems[:first]):
            yield number, system


def measure(
    systems: Sequence[System], corpora: Sequence[Corpus], setup: Setup, rounds: int, tell: Callable[[str], None]
) -> tuple[list[Measured], dict[str, str]]:
    """Measure systems.

    Args:
        systems: Which.
        corpora: Each is an index of its own.
        setup: What is the same for all.
        rounds: How often.
        tell: Is told of every step.

    Returns:
        What was measured, in the order of `systems`, and by name why a system was not.
    """
    found: dict[str, list[Measured]] = {}
    missing: dict[str, str] = {}
    for number, system in in_turns(systems, rounds):
        if system.name in missing:
            continue
        try:
            one = _once(system, corpora, setup)
        except NotMeasured as error:
            missing[system.name] = str(error)
            tell(f"[{number + 1}/{rounds}] {system.name}: not measured: {error}")
            continue
        found.setdefault(system.name, []).append(one)
        tell(f"[{number + 1}/{rounds}] {system.name}: index {one.index_seconds:.1f} s, query {one.query_p50:.0f} ms")
    names = [system.name for system in systems if system.name in found and system.name not in missing]
    return [summed_up(found[name]) for name in names], missing


def summed_up(rounds: Sequence[Measured]) -> Measured:
    """Return the medians of the rounds of one system."""
    costs = {name: median(getattr(one, name) for one in rounds) for name in COSTS}
    return Measured(rounds[0].system, **costs, ranks=rounds[0].ranks)


def ratios(measured: Sequence[Measured], base: str) -> dict[str, dict[str, float]]:
    """Return by system and cost how many times that of one system it is; empty if that one was not measured."""
    own = next((one for one in measured if one.system == base), None)
    if own is None:
        return {}
    return {one.system: {name: getattr(one, name) / (getattr(own, name) or 1.0) for name in COSTS} for one in measured}


def _once(system: System, corpora: Sequence[Corpus], setup: Setup) -> Measured:
    index_seconds, processor_seconds, starts, index_memory, memory = 0.0, 0.0, [], 0, 0
    seconds: list[float] = []
    ranks: Ranks = {}
    for corpus in corpora:
        with tempfile.TemporaryDirectory(prefix="wenju-") as folder:
            job = Job(
                step="index",
                folder=folder,
                model=str(setup.model),
                embedding_model=setup.embedding_model,
                threads=setup.threads,
                documents=corpus.documents,
                options={"hybrid": True} if system.hybrid else {},
            )
            stored = index(system, job, setup.cache)
            asked = tuple(question.text for question in corpus.questions)
            start, answers = search(system, job.asking(asked), setup.cache)
        index_seconds += stored.seconds
        processor_seconds += stored.processor_seconds
        index_memory = max(index_memory, stored.memory)
        memory = max(memory, answers.memory)
        starts.append(start)
        seconds += answers.seconds
        for question, ids in zip(corpus.questions, answers.found, strict=True):
            ranks.setdefault(question.direction, []).append(rank_of(question.gold, ids))
    p50, p95 = 1000 * np.quantile(seconds, [0.5, 0.95])
    return Measured(
        system=system.name,
        index_seconds=index_seconds,
        index_processor_seconds=processor_seconds,
        start_seconds=median(starts),
        query_p50=float(p50),
        query_p95=float(p95),
        index_megabytes=index_memory / 1e6,
        search_megabytes=memory / 1e6,
        ranks=ranks,
    )
