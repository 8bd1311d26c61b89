"""``wenju eval retrieval``: measure retrieval on benchmark sets."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.retrieval.data import Direction, directions
from evals.retrieval.measure import Scores, rank_of, score

if TYPE_CHECKING:
    from assistant.assistant import Assistant

SETS = ("xquad", "cmrc2018", "drcd", "citation_xquadr")
"""The sets of a whole run. ``citation_NAME`` ranks the sentences of a passage, any other set passages."""

CITATION = "citation_"


@dataclass(frozen=True, slots=True)
class Measured:
    """One system in one direction.

    Attributes:
        direction: As `Direction.name`.
        system: As in `evals.retrieval.systems.SYSTEMS`.
        scores: Its scores.
        milliseconds: Mean time of a search, the embedding of the question aside; None where it was not taken.
        recall_2: Share whose gold sentence is among the first two; None for passages.
    """

    direction: str
    system: str
    scores: Scores
    milliseconds: float | None
    recall_2: float | None = None


def measure(folder: Path, names: tuple[str, ...], *, limit: int | None = None) -> list[Measured]:
    """Measure every system in every direction of some sets.

    Args:
        folder: Where the benchmark files are.
        names: Names of sets.
        limit: At most so many questions a direction, spread evenly.

    Raises:
        BadData: A file is missing or wrong.
        KnowledgeError: The embedding model is missing or damaged.
    """
    from assistant import Assistant, Settings

    asked = [one for name in names if not name.startswith(CITATION) for one in directions(folder, name)]
    with Assistant(Settings.from_environment(llm="none")) as assistant, tempfile.TemporaryDirectory() as scratch:
        found = [one for direction in asked for one in _measure(direction, assistant, Path(scratch), limit)]
        for name in names:
            if name.startswith(CITATION):
                found += _citations(folder, name.removeprefix(CITATION), assistant, Path(scratch))
        return found


def _citations(folder: Path, name: str, assistant: Assistant, scratch: Path) -> Iterator[Measured]:
    from evals.retrieval.citations import measure_citations
    from knowledge.lexicon import Lexicon

    lexicon = Lexicon(assistant.settings.cache)
    measured = measure_citations(folder, name, assistant.embedder, lexicon, scratch)
    lexicon.close()
    for direction, (scores, second) in measured.items():
        yield Measured(f"{CITATION}{name} {direction}", "wenju", scores, None, second)


def _measure(direction: Direction, assistant: Assistant, scratch: Path, limit: int | None) -> Iterator[Measured]:
    from assistant.console import progress
    from evals.retrieval.systems import SYSTEMS, pool
    from knowledge.lexicon import Lexicon
    from knowledge.retrieve import Searcher

    # Directions with the same pool share its index; a set's passages have ids of their own.
    path = scratch / f"{hash(tuple(passage.id for passage in direction.passages)):x}.db"
    with progress(f"Embedding for {direction.name}") as update:
        store = pool(path, direction.passages, assistant.embedder, update) if not path.exists() else _open(path)
    with store:
        searcher = Searcher(store, assistant.embedder, Lexicon(assistant.settings.cache))
        absent = direction.absent or ("",) * len(direction.questions)
        chosen = list(zip(direction.questions, absent, strict=True))
        if limit is not None and limit < len(chosen):
            chosen = [chosen[i * len(chosen) // limit] for i in range(limit)]
        ranks: dict[str, list[int | None]] = {name: [] for name in SYSTEMS}
        seconds = dict.fromkeys(SYSTEMS, 0.0)
        with progress(f"Asking {direction.name}") as update:
            for at, ((question, gold), gone) in enumerate(chosen, start=1):
                query = searcher.prepare(question.text)
                for name, system in SYSTEMS.items():
                    started = time.perf_counter()
                    ranking = system(searcher, query)
                    seconds[name] += time.perf_counter() - started
                    ranks[name].append(rank_of(gold, ranking, gone))
                update(at, len(chosen))
        searcher.lexicon.close()
    for name in SYSTEMS:
        yield Measured(direction.name, name, score(ranks[name]), 1000 * seconds[name] / len(chosen))


def _open(path: Path) -> Any:
    from knowledge.store import Store

    return Store.open(path)


def run(folder: Path, names: tuple[str, ...], *, limit: int | None, as_json: bool) -> int:
    """Measure, print a table or JSON, and return the exit code."""
    measured = measure(folder, names, limit=limit)
    if as_json:
        print(json.dumps([asdict(one) for one in measured], ensure_ascii=False, indent=1))
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table("direction", "system", "n", "R@1", "95 %", "R@2", "R@5", "MRR@10", "nDCG@10", "ms")
    for one in measured:
        found = one.scores
        table.add_row(
            one.direction,
            one.system,
            str(found.n),
            f"{found.recall_1.estimate:.3f}",
            f"{found.recall_1.low:.3f} to {found.recall_1.high:.3f}",
            "" if one.recall_2 is None else f"{one.recall_2:.3f}",
            f"{found.recall_5.estimate:.3f}",
            f"{found.mrr:.3f}",
            f"{found.ndcg:.3f}",
            "" if one.milliseconds is None else f"{one.milliseconds:.0f}",
        )
    Console().print(table)
    return 0
