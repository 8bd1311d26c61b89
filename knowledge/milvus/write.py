"""Documents into rows of a Milvus store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from knowledge.errors import KnowledgeError
from knowledge.lexical import index_tokens
from knowledge.milvus.packing import cut, key_of, pack_json, pack_states, pack_vectors
from knowledge.milvus.tables import CARD, LOTTERY, PASSAGE, SENTENCES, STATES, TEXT, TOKENS, UNUSED
from knowledge.milvus.words import passage_weights
from knowledge.rows import Entry, digest, unit
from knowledge.terms import to_term

Row = dict[str, Any]


class Rows:
    """The rows of one document.

    Args:
        entry: The document, validated.
        number: Its number.
        born: The generation that brings it.
        dimension: Length of the vectors.

    Attributes:
        passages: Rows of the table of passages.
        parts: Rows of the table of parts.
        tokens: How many tokens its passages have together.

    Raises:
        KnowledgeError: A passage has more different tokens than a Milvus list holds.
    """

    def __init__(self, entry: Entry, number: int, born: int, dimension: int) -> None:
        self._entry, self._number, self._born, self._dimension = entry, number, born, dimension
        self._document = key_of(entry.document.id)
        self._tokens = [[token for token in own if token] for own in entry.tokens]
        self.tokens = sum(map(len, self._tokens))
        self.passages = list(self._passages())
        self.parts = list(self._parts())

    def _passages(self) -> Iterator[Row]:
        vectors = unit(self._entry.passage_vectors, self._dimension)
        for ordinal, (passage, tokens) in enumerate(zip(self._entry.passages, self._tokens, strict=True)):
            terms = sorted({to_term(token) for token in tokens})
            if len(terms) > TOKENS:
                raise KnowledgeError(
                    f"A passage of {self._entry.document.title} has {len(terms)} different words; a Milvus store takes "
                    f"{TOKENS}.",
                    hint="Cut the document into shorter ones.",
                )
            owner = key_of(passage.id)
            yield {
                "key": f"{self._number}.{ordinal:06d}",
                "born": self._born,
                "number": self._number,
                "token_count": len(tokens),
                "lottery": int(owner[:8], 16) % LOTTERY,
                "id": passage.id,
                "owner": owner,
                "document": self._document,
                "language": passage.language,
                "tokens": terms,
                "vector": vectors[ordinal].tolist(),
                "words": passage_weights(tokens),
            }

    def _parts(self) -> Iterator[Row]:
        entry, text = self._entry, self._entry.document.text
        for ordinal, passage in enumerate(entry.passages):
            owner, at = key_of(passage.id), f"{ordinal:06d}"
            words = {
                "id": passage.id,
                "document_id": passage.document_id,
                "start": passage.start,
                "end": passage.end,
                "text": passage.text,
                "heading": passage.heading,
                "language": passage.language,
                "spans": [[span.start, span.end] for span in passage.sentences],
                "tokens": [sorted(set(index_tokens(span.of(text)))) for span in passage.sentences],
            }
            vectors = unit(entry.sentence_vectors[ordinal], self._dimension)
            states: Sequence[bytes | None] = [None] * len(vectors) if entry.states is None else entry.states[ordinal]
            yield from self._pieces(PASSAGE, owner, at, pack_json(words))
            yield from self._pieces(SENTENCES, owner, at, pack_vectors(vectors))
            yield from self._pieces(STATES, owner, at, pack_states(states))
        yield from self._pieces(TEXT, self._document, "", text.encode("utf-8", "surrogatepass"))
        yield from self._pieces(CARD, self._document, "", pack_json(self._card()))

    def _card(self) -> Row:
        document = self._entry.document
        return {
            "id": document.id,
            "number": self._number,
            "title": document.title,
            "source": document.source,
            "language": document.language,
            "metadata": document.metadata,
            "added_at": document.added_at or datetime.now(UTC).isoformat(timespec="seconds"),
            "digest": digest(document.text).hex(),
            "passages": len(self._entry.passages),
            "tokens": self.tokens,
        }

    def _pieces(self, kind: str, owner: str, at: str, body: bytes) -> Iterator[Row]:
        pieces = cut(body)
        source = key_of(self._entry.document.source) if kind == CARD else ""
        for number, piece in enumerate(pieces):
            yield {
                "key": f"{self._number}.{at}.{kind}.{number}",
                "born": self._born,
                "number": self._number,
                "piece": number,
                "pieces": len(pieces),
                "owner": owner,
                "kind": kind,
                "source": source,
                "body": piece,
                "unused": UNUSED,
            }
