"""Whether the sentence that holds the answer is ranked first within its passage, in and across the languages.

The set is ``citation_NAME.jsonl`` (see `evals.retrieval.data.CitationRow`). The passage is searched alone, so only the
ranking of its sentences is measured. Our splitter may cut it elsewhere than the set does; a sentence of ours counts as
the one it overlaps most.
"""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

from evals.retrieval.data import CitationRow, PassageRow, rows
from evals.retrieval.measure import Scores, score
from evals.retrieval.systems import pool
from knowledge.embed import Embedder
from knowledge.lexicon import Lexicon
from knowledge.retrieve import Searcher
from knowledge.types import Language, Span


def measure_citations(
    folder: Path, name: str, embedder: Embedder, lexicon: Lexicon, scratch: Path
) -> dict[str, tuple[Scores, float]]:
    """Rank the sentences of every passage for its question in each language.

    Args:
        folder: Where the file is.
        name: E.g. ``"xquadr"``.
        embedder: The embedding model.
        lexicon: The dictionary.
        scratch: A folder for the index.

    Returns:
        By direction (``"zh→en"``: Chinese question, English passage) the scores, and the share among the first two.
    """
    cases = {case.id: case for case in rows(folder / f"citation_{name}.jsonl", CitationRow)}
    passages = [PassageRow(id=case.id, lang=case.lang, text=_text(case)) for case in cases.values()]
    ranks: dict[str, list[int | None]] = {}
    with pool(scratch / f"citation-{name}.db", passages, embedder) as store:
        searcher = Searcher(store, embedder, lexicon)
        for case in cases.values():
            for held in ("zh", "en"):
                passage = cases.get(f"{case.id.rsplit('.', 1)[0]}.{held}")
                if passage is not None:
                    ranks.setdefault(f"{case.lang}→{held}", []).append(_rank(searcher, case.question, passage))
    return {
        direction: (score(of), sum(rank is not None and rank <= 2 for rank in of) / len(of))
        for direction, of in ranks.items()
    }


def _text(case: CitationRow) -> str:
    return _between(case.lang).join(case.sentences)


def _between(language: Language) -> str:
    return " " if language == "en" else ""


def _rank(searcher: Searcher, question: str, passage: CitationRow) -> int | None:
    """Return the rank of the gold sentence among the sentences of its passage."""
    found = searcher.search(question, 1, document_ids=[passage.id]).sentences
    gap = len(_between(passage.lang))
    ends = list(accumulate(len(sentence) + gap for sentence in passage.sentences))
    spans = [Span(end - gap - len(text), end - gap) for end, text in zip(ends, passage.sentences, strict=True)]
    ranking = dict.fromkeys(_most_overlapped(hit.span, spans) for hit in found)
    return list(ranking).index(passage.gold_sentence) + 1 if passage.gold_sentence in ranking else None


def _most_overlapped(span: Span, among: list[Span]) -> int:
    overlaps = [min(span.end, one.end) - max(span.start, one.start) for one in among]
    return overlaps.index(max(overlaps))
