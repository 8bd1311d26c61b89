"""How fast documents go in, beside how fast the embedding model alone would be: storing should cost next to nothing.

The same texts are given to the model alone and to `knowledge.build`, which splits documents, embeds, takes tokens and
stores, group by group and in turns, so that whatever else the machine does slows both down alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from langchain_core.utils.iter import batch_iterate

from knowledge.build import build_records, embedded_texts, spec_for
from knowledge.embed import Embedder
from knowledge.store import Store
from knowledge.types import DocumentRecord

AT_ONCE = 15
"""Documents of a group."""

PROMISED = 0.9
"""Share of the model's own speed that embedding and storing has to reach."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """What was measured.

    Attributes:
        passages: How many passages were embedded and stored.
        texts: How many texts that were: the passages, their sentences, and the clauses of long ones.
        stored_per_second: Passages a second, embedded and stored.
        model_per_second: Passages a second if the model embeds the same texts and nothing is stored.
    """

    passages: int
    texts: int
    stored_per_second: float
    model_per_second: float

    @property
    def ratio(self) -> float:
        """The share of the model's own speed."""
        return self.stored_per_second / self.model_per_second


def measure_throughput(
    records: Sequence[DocumentRecord], embedder: Embedder, folder: Path, progress: Callable[[int, int], None]
) -> Throughput:
    """Embed documents alone, and embed and store them, in turns.

    Args:
        records: The documents.
        embedder: The model.
        folder: Where an index is made.
        progress: Is told how many documents are done.
    """
    embedder.encode_passages([record.text for record in records[:20]])  # loads the model
    alone = stored = 0.0
    passages = texts = done = 0
    with Store.create(folder / "throughput.db", spec_for(embedder)) as store:
        for turn, group in enumerate(batch_iterate(AT_ONCE, records)):
            embedded = embedded_texts(group)
            for step in ("model", "store") if turn % 2 else ("store", "model"):
                started = time.perf_counter()
                if step == "model":
                    embedder.encode_passage_tokens(embedded)
                    alone += time.perf_counter() - started
                else:
                    passages += build_records(group, store, embedder).passages
                    stored += time.perf_counter() - started
            texts += len(embedded)
            done += len(group)
            progress(done, len(records))
    return Throughput(passages, texts, passages / stored, passages / alone)
