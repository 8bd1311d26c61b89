"""What is compared: ours, and the plain ways of searching that everybody starts with, on the same vectors and words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from evals.retrieval.data import PassageRow
from evals.retrieval.measure import DEPTH
from knowledge.build import WHOLE, make_entries, spec_for
from knowledge.embed import Embedder
from knowledge.retrieve import Query, Searcher
from knowledge.store import Store
from knowledge.types import DocumentRecord

RRF = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009)."""

POOLED = 50
"""How many each leg hands to the fusion."""

System = Callable[[Searcher, Query], list[str]]
"""From a prepared question to passage ids, best first, at most `DEPTH` and one."""


def dense(searcher: Searcher, query: Query) -> list[str]:
    """Rank by the cosine of the model's vectors as they are."""
    return [passage_id for passage_id, _ in searcher.store.dense(query.vector, DEPTH + 1)]


def lexical(searcher: Searcher, query: Query) -> list[str]:
    """Rank by BM25 over the question's own words."""
    return [passage_id for passage_id, _ in _lexical(searcher, query, DEPTH + 1)]


def plain_fusion(searcher: Searcher, query: Query) -> list[str]:
    """Fuse both by reciprocal ranks, as most libraries do."""
    legs = (searcher.store.dense(query.vector, POOLED), _lexical(searcher, query, POOLED))
    return fused([[passage_id for passage_id, _ in leg] for leg in legs])[: DEPTH + 1]


def ours(searcher: Searcher, query: Query) -> list[str]:
    """Rank as the assistant does."""
    return [hit.passage.id for hit in searcher.search(query, DEPTH + 1).hits]


SYSTEMS: dict[str, System] = {"dense": dense, "lexical": lexical, "plain RRF": plain_fusion, "wenju": ours}


def fused(legs: Iterable[Sequence[str]]) -> list[str]:
    """Fuse rankings by reciprocal ranks: the sum of 1 / (`RRF` + rank), rank from 1."""
    points: dict[str, float] = defaultdict(float)
    for leg in legs:
        for rank, passage_id in enumerate(leg, start=1):
            points[passage_id] += 1 / (RRF + rank)
    return sorted(points, key=lambda passage_id: (-points[passage_id], passage_id))


def _lexical(searcher: Searcher, query: Query, k: int) -> list[tuple[str, float]]:
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
