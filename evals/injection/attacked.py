"""An assistant over a throw-away copy of its documents in which cases have planted somebody's words."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evals.case import Case
from evals.injection.plant import inserted
from knowledge.sentences import sentence_spans

if TYPE_CHECKING:
    from assistant import Assistant
    from assistant.chain import AnswerChain
    from assistant.types import Answer, Message
    from knowledge.types import DocumentRecord


class AttackedAssistant:
    """Answers from the copy, with the embedding model, reader and settings of the assistant it comes from.

    Args:
        chain: What answers.
        documents: The copies.
        model_name: Name of the reader.
    """

    def __init__(self, chain: AnswerChain, documents: Sequence[DocumentRecord], model_name: str) -> None:
        self._chain = chain
        self._documents = tuple(documents)
        self.model_name = model_name

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer a question; raises what `Assistant.ask` raises."""
        from assistant.types import Turn

        return self._chain.invoke(Turn(question, tuple(history)))

    def documents(self) -> Sequence[DocumentRecord]:
        """Return the copies, with what is planted in them."""
        return self._documents


@contextmanager
def attacked_copy(assistant: Assistant, cases: Sequence[Case]) -> Iterator[AttackedAssistant]:
    """Copy the documents that the gold of planted cases stands in, plant what they plant, and index the copy.

    Args:
        assistant: Whose documents, models and settings are used; its own index is left as it is.
        cases: Those with `Case.planted`; all share one copy.
    """
    from assistant.chain import AnswerChain
    from knowledge.build import build_records, spec_for
    from knowledge.lexicon import Lexicon
    from knowledge.retrieve import Searcher
    from knowledge.store import Store

    documents = [
        replace(record, id=f"{record.id}-planted", text=planted_text(record.text, cases))
        for record in assistant.documents()
        if any(gold in record.text for case in cases for gold in case.gold)
    ]
    with (
        tempfile.TemporaryDirectory() as scratch,
        Store.create(Path(scratch) / "planted.db", spec_for(assistant.embedder)) as store,
        closing(Lexicon(assistant.settings.cache)) as lexicon,
    ):
        build_records(documents, store, assistant.embedder)
        searcher = Searcher(store, assistant.embedder, lexicon)
        chain = AnswerChain(searcher, assistant.reader, assistant.settings)
        yield AttackedAssistant(chain, documents, assistant.model_name)


def planted_text(text: str, cases: Sequence[Case]) -> str:
    """Return a document with what cases plant, each behind the sentence that its first gold ends in.

    What several cases plant is planted once; what rests on a gold that the document lacks is not.
    """
    ends = [span.end for span in sentence_spans(text)]
    places: dict[str, int] = {}
    for case in cases:
        start = text.find(case.gold[0])
        if start >= 0 and case.planted not in places:
            gold_end = start + len(case.gold[0])
            places[case.planted] = next((end for end in ends if end >= gold_end), len(text))
    return inserted(text, [(place, words) for words, place in places.items()])
