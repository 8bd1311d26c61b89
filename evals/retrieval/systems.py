"""What is compared: ours, and the plain ways of searching that everybody starts with, on the same vectors and words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from evals.retrieval.data import PassageRow
from evals.retrieval.measure import DEPTH
from knowledge.build import WHOLE, make_entries, spec_for
from knowledge.embed import Embedder
from knowledge.question import Query
from knowledge.retrieve import Searcher, SearchResult
from knowledge.store import Store
from knowledge.types import DocumentRecord

RRF = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009)."""

POOLED = 50
"""How many each leg hands to the fusion."""

Found = list[tuple[str, float]]
"""Passage ids with their scores, best first, at most `DEPTH` and one."""

System = Callable[[Searcher, Query], Found]
"""A way of searching, from a prepared question."""


def dense(searcher: Searcher, query: Query) -> Found:
    """Rank by the cosine of the model's vectors as they are."""
    return searcher.store.dense(query.vector, DEPTH + 1)


def lexical(searcher: Searcher, query: Query) -> Found:
    """Rank by BM25 over the question's own words."""
    return _lexical(searcher, query, DEPTH + 1)


def plain_fusion(searcher: Searcher, query: Query) -> Found:
    """Fuse both by reciprocal ranks, as most libraries do."""
    legs = (searcher.store.dense(query.vector, POOLED), _lexical(searcher, query, POOLED))
    return fused([[passage_id for passage_id, _ in leg] for leg in legs])[: DEPTH + 1]


def found_by(result: SearchResult) -> Found:
    """Return what a search of the assistant's found."""
    return [(hit.passage.id, hit.score) for hit in result.hits]


BASELINES: dict[str, System] = {"dense": dense, "lexical": lexical, "plain RRF": plain_fusion}
OURS, TRANSLATED = "wenju", "wenju + model"
"""What the rows of the assistant's own search are called: by the question alone, with a chat model's translation."""


def fused(legs: Iterable[Sequence[str]]) -> Found:
    """Fuse rankings by reciprocal ranks: the sum of 1 / (`RRF` + rank), rank from 1."""
    points: dict[str, float] = defaultdict(float)
    for leg in legs:
        for rank, passage_id in enumerate(leg, start=1):
            points[passage_id] += 1 / (RRF + rank)
    return sorted(points.items(), key=lambda pair: (-pair[1], pair[0]))


def _lexical(searcher: Searcher, query: Query, k: int) -> Found:
    return searcher.store.lexical([term.word for term in query.terms], k)


def pool(
    path: Path,
    passages: Sequence[PassageRow],
    embedder: Embedder,
    progress: Callable[[int, int], None] | None = None,
) -> Store:
    """Build a store in which every benchmark passage is one passage.

    Args:
        path: Where its file goes.
        passages: The passages; their ids become the passages' ids.
        embedder: The embedding model.
        progress: Is told how far it is.
    """
    records = [
        DocumentRecord(
            id=passage.id,
            title=passage.id,
            source=passage.id,
            language=passage.language,
            text=passage.text,
            metadata={WHOLE: "1"},
        )
        for passage in passages
    ]
    store = Store.create(path, spec_for(embedder))
    store.put_all(make_entries(records, embedder, progress=progress))
    return store
