"""How many ordinary sentences are taken for orders to the assistant, on the passages of benchmark sets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from assistant.orders import Order, orders
from evals.retrieval.data import RETRIEVAL, PassageRow, find_sets, rows
from knowledge.split import sentence_spans


def false_alarms(data: Path) -> tuple[Counter[Order], int]:
    """Count the sentences of ordinary passages by the order that is seen in them.

    Args:
        data: Where the benchmark sets are (see `find_sets`).

    Returns:
        How many sentences give which order, and how many there are.

    Raises:
        BadData: A file is missing or wrong.
    """
    seen: Counter[Order] = Counter()
    for start in find_sets(data, RETRIEVAL).values():
        for passage in rows(start.with_name(f"{start.name}.passages.jsonl"), PassageRow):
            seen.update(orders([span.of(passage.text) for span in sentence_spans(passage.text)]))
    return seen, sum(seen.values())
