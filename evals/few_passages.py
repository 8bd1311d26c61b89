"""A throw-away collection of a few passages, each a document of its own, asked as any other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.types import Language

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.chain import AnswerChain
    from knowledge.lexicon import Lexicon
    from knowledge.rows import Entry


def embedded(name: str, language: Language, texts: set[str], assistant: Assistant) -> dict[str, Entry]:
    """Embed every passage once, as a document of its own.

    Args:
        name: What the documents' ids begin with.
        language: Of the passages.
        texts: The passages.
        assistant: Whose embedding model to use.

    Returns:
        What a store keeps of each passage, by its text.
    """
    from knowledge.build import make_entries
    from knowledge.types import DocumentRecord

    ordered = sorted(texts)
    records = [
        DocumentRecord(f"{name}-{at}", f"{at}", f"{name}-{at}", language, text, {}) for at, text in enumerate(ordered)
    ]
    return dict(zip(ordered, make_entries(records, assistant.embedder), strict=True))


@contextmanager
def chain_over(entries: Sequence[Entry], assistant: Assistant, lexicon: Lexicon) -> Iterator[AnswerChain]:
    """Open what answers from these passages alone; they are gone when the block is left."""
    from assistant.chain import AnswerChain
    from knowledge.build import spec_for
    from knowledge.retrieve import Searcher
    from knowledge.store import Store

    with tempfile.TemporaryDirectory() as folder:
        with Store.create(Path(folder) / "passages.db", spec_for(assistant.embedder)) as store:
            store.put_all(entries)
            yield AnswerChain(Searcher(store, assistant.embedder, lexicon), assistant.reader, assistant.settings)
