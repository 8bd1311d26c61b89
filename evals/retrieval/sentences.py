"""``wenju eval evidence``: whether the sentence that holds the answer is ranked first within its passage.

The set is ``citation_NAME.jsonl`` (see `evals.retrieval.data.CitationRow`). The passage is searched alone, so only the
ranking of its sentences is measured. Our splitter may cut it elsewhere than the set does; a sentence of ours counts as
the one it overlaps most, or as the gold one if that stands in it whole: the set cuts names at their dots
(弗里德里希·拉采尔).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from evals.retrieval.data import CITATION, SAMPLE, BadData, CitationRow, PassageRow, Pool, find_sets, rows
from evals.retrieval.measure import rank_of, score
from evals.retrieval.report import Measured, milliseconds
from evals.retrieval.systems import OURS, pool
from knowledge.types import Language, Span

if TYPE_CHECKING:
    from knowledge.embed import Embedder
    from knowledge.lexicon import Lexicon
    from knowledge.retrieve import SentenceHit

SYSTEMS: dict[str, Callable[[SentenceHit], float]] = {
    "dense": lambda sentence: sentence.cosine,
    "lexical": lambda sentence: sentence.coverage,
    OURS: lambda sentence: sentence.score,
}
"""What sentences are ranked by: the cosine of their vectors (language means taken away), how much of the question they
cover, and as the assistant does."""


def measure_sentences(
    data: Path | None,
    *,
    names: Sequence[str] = (),
    questions: Language | None = None,
    passages: Pool | None = None,
) -> Iterator[Measured]:
    """Rank the sentences of every passage for its question, in and across the languages.

    Args:
        data: Where the sets are (see `find_sets`); None for the sample that ships.
        names: Only these sets.
        questions: Only questions of this language.
        passages: Only passages of this language.

    Raises:
        BadData: A file is missing or wrong, or nothing is left to ask.
        KnowledgeError: The embedding model is missing or damaged.
    """
    from assistant import Assistant, Settings
    from knowledge.lexicon import Lexicon

    if passages == "both":
        raise BadData("A question is asked of one passage here.", hint="Say --passages zh or --passages en.")
    starts = find_sets(data or SAMPLE, CITATION, names)
    with ExitStack() as stack:
        assistant = stack.enter_context(Assistant(Settings.from_environment(llm="none")))
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        lexicon = stack.enter_context(closing(Lexicon(assistant.settings.cache)))
        for name, start in starts.items():
            cases = rows(start.with_name(start.name + ".jsonl"), CitationRow)
            yield from _measure(name, cases, assistant.embedder, lexicon, scratch, questions, passages)


def _measure(
    name: str,
    cases: Sequence[CitationRow],
    embedder: Embedder,
    lexicon: Lexicon,
    scratch: Path,
    questions: Language | None,
    passages: Pool | None,
) -> Iterator[Measured]:
    from knowledge.retrieve import Searcher

    by_id = {case.id: case for case in cases}
    texts = [PassageRow(id=case.id, lang=case.lang, text=_between(case.lang).join(case.sentences)) for case in cases]
    ranks: dict[tuple[str, str, str], list[int | None]] = {}
    seconds: dict[tuple[str, str], list[float]] = {}
    embeddings: list[float] = []
    with pool(scratch / f"{name}.db", texts, embedder) as store:
        searcher = Searcher(store, embedder, lexicon)
        for case in cases:
            for held in ("zh", "en"):
                passage = by_id.get(f"{case.id.rsplit('.', 1)[0]}.{held}")
                if passage is None or questions not in (None, case.lang) or passages not in (None, held):
                    continue
                started = time.perf_counter()
                embedder.encode_query_tokens(case.question)
                embeddings.append(time.perf_counter() - started)
                started = time.perf_counter()
                found = searcher.search(case.question, 1, document_ids=[passage.id]).sentences
                seconds.setdefault((case.lang, held), []).append(time.perf_counter() - started)
                for system, of in SYSTEMS.items():
                    ranks.setdefault((case.lang, held, system), []).append(_rank(found, of, passage))
    if not ranks:
        raise BadData(f"{name} has no such questions and passages.", hint="Leave --questions or --passages out.")
    for (asked, held, system), of_system in ranks.items():
        times = milliseconds(seconds[asked, held], embeddings)
        yield Measured(name, asked, held, held, 0, system, score(of_system), times)


def _between(language: Language) -> str:
    return " " if language == "en" else ""


def _rank(found: Sequence[SentenceHit], of: Callable[[SentenceHit], float], passage: CitationRow) -> int | None:
    """Return the rank of the gold sentence; where two sentences of ours are one of the set's, the better counts."""
    gap = len(_between(passage.lang))
    ends = list(accumulate(len(sentence) + gap for sentence in passage.sentences))
    spans = [Span(end - gap - len(text), end - gap) for end, text in zip(ends, passage.sentences, strict=True)]
    gold = spans[passage.gold_sentence]
    scores: dict[int, float] = {}
    for hit in found:
        whole = hit.span.start <= gold.start and gold.end <= hit.span.end
        at = passage.gold_sentence if whole else _most_overlapped(hit.span, spans)
        scores[at] = max(of(hit), scores.get(at, of(hit)))
    return rank_of(
        str(passage.gold_sentence), sorted(((str(at), of_it) for at, of_it in scores.items()), key=lambda one: -one[1])
    )


def _most_overlapped(span: Span, among: Sequence[Span]) -> int:
    overlaps = [min(span.end, one.end) - max(span.start, one.start) for one in among]
    return overlaps.index(max(overlaps))
