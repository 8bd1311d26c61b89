"""``wenju eval retrieval``: how well passages are found, on benchmark sets, in all directions of the two languages."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from evals.cases import spread
from evals.retrieval.data import RETRIEVAL, SAMPLE, Direction, Pool, directions, find_sets
from evals.retrieval.measure import DEPTH, rank_of, score
from evals.retrieval.report import Measured, milliseconds
from evals.retrieval.systems import BASELINES, OURS, TRANSLATED, Found, found_by, pool

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.chain import AnswerChain
    from assistant.condense import Question
    from knowledge.retrieve import Searcher
    from knowledge.types import Language


def measure_passages(
    data: Path | None,
    llm: str,
    *,
    names: Sequence[str] = (),
    questions: Language | None = None,
    passages: Pool | None = None,
    limit: int | None = None,
) -> Iterator[Measured]:
    """Measure every system in every direction of some sets.

    Args:
        data: Where the sets are (see `find_sets`); None for the sample that ships.
        llm: A chat model to search with its translations as well, or ``"none"``.
        names: Only these sets.
        questions: Only questions of this language.
        passages: Only this pool.
        limit: At most so many questions a direction, spread evenly.

    Raises:
        BadData: A file is missing or wrong.
        KnowledgeError: The embedding model is missing or damaged.
    """
    from assistant import Assistant, Settings

    chosen = [
        direction
        for name, start in find_sets(data or SAMPLE, RETRIEVAL, names).items()
        for direction in directions(name, start, questions=questions, passages=passages)
    ]
    with ExitStack() as stack:
        assistant = stack.enter_context(Assistant(Settings.from_environment(llm=llm, reproducible=True)))
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for direction in chosen:
            yield from _measure(direction, assistant, scratch, limit)


def _measure(direction: Direction, assistant: Assistant, scratch: Path, limit: int | None) -> Iterator[Measured]:
    from assistant.chain import AnswerChain
    from assistant.condense import Question
    from assistant.console import progress
    from knowledge.lexicon import Lexicon
    from knowledge.retrieve import Searcher
    from knowledge.store import Store

    # Directions with the same pool share its index; a set's passages have ids of their own.
    path = scratch / f"{hash(tuple(passage.id for passage in direction.passages)):x}.db"
    with progress(f"Embedding for {direction.name}") as update:
        store = Store.open(path) if path.exists() else pool(path, direction.passages, assistant.embedder, update)
    asked = spread(list(zip(direction.questions, direction.absent, strict=True)), limit)
    ranks: dict[str, list[int | None]] = {}
    seconds: dict[str, list[float]] = {}
    with store, closing(Lexicon(assistant.settings.cache)) as lexicon:
        searcher = Searcher(store, assistant.embedder, lexicon)
        chain = AnswerChain(searcher, assistant.reader, replace(assistant.settings, passages=DEPTH + 1))
        translating = assistant.settings.llm != "none" and direction.passages_in != direction.questions_in
        with progress(f"Asking {direction.name}") as update:
            for at, ((question, gold), gone) in enumerate(asked, start=1):
                text = question.text
                started = time.perf_counter()
                searcher.embedder.encode_query_tokens(text)
                seconds.setdefault("embedding", []).append(time.perf_counter() - started)
                query = searcher.prepare(text)
                ways: dict[str, Callable[[], Found]] = {
                    name: partial(system, searcher, query) for name, system in BASELINES.items()
                }
                # Timed from the words, the embedding included; the baselines are given it.
                ways[OURS] = partial(_searched, searcher, text)
                if translating:
                    put = Question(text, text, direction.questions_in)
                    ways[TRANSLATED] = partial(_translated, chain, put)
                for name, way in ways.items():
                    started = time.perf_counter()
                    ranking = way()
                    seconds.setdefault(name, []).append(time.perf_counter() - started)
                    ranks.setdefault(name, []).append(rank_of(gold, ranking, gone))
                update(at, len(asked))
    for name, of_system in ranks.items():
        yield Measured(
            set=direction.set,
            questions=direction.questions_in,
            passages=direction.passages_in,
            gold=direction.gold_in,
            pool=len(direction.passages),
            system=name,
            scores=score(of_system),
            milliseconds=milliseconds(seconds[name], seconds["embedding"]),
        )


def _searched(searcher: Searcher, text: str) -> Found:
    return found_by(searcher.search(text, DEPTH + 1))


def _translated(chain: AnswerChain, question: Question) -> Found:
    return found_by(chain.retrieve(question))
