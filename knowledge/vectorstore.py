"""The store as a langchain ``VectorStore``.

Every langchain document added here is a document with one passage of its own, both under the langchain document's id.
Documents that `knowledge.build` cut into passages are found as well: each of their passages is a langchain document
whose metadata say which document and which span of it it is.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from knowledge.build import WHOLE, Progress, make_entries, spec_for
from knowledge.errors import DocumentUnknown, LoadError
from knowledge.language import detect_language
from knowledge.store import Store
from knowledge.types import DocumentRecord, Passage


class WenjuVectorStore(VectorStore):
    """A langchain view of a `Store`.

    Scores are cosines: higher is better. ``document_ids=[...]`` restricts a search to these documents.

    Args:
        store: The store; the caller closes it.
        embedding: The embedding model that the store was built with.
    """

    def __init__(self, store: Store, embedding: Embeddings) -> None:
        self.store = store
        self._embedding = embedding

    @property
    def embeddings(self) -> Embeddings:
        """The embedding model."""
        return self._embedding

    @classmethod
    def open(cls, path: Path, embedding: Embeddings) -> WenjuVectorStore:
        """Open the index file, or make it.

        Raises:
            IndexMismatch: It was built with another model.
        """
        return cls(Store.create(path, spec_for(_Encoder(embedding))), embedding)

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        path: Path | None = None,
        **kwargs: Any,
    ) -> WenjuVectorStore:
        """Make a vector store of texts.

        Args:
            texts: The texts.
            embedding: The embedding model.
            metadatas: One dictionary for each text, of what JSON can hold.
            ids: One id for each text.
            path: The index file; by default a temporary one that lives as long as the vector store.
            **kwargs: None are known.
        """
        _refuse(kwargs)
        if path is not None:
            made = cls.open(path, embedding)
        else:
            folder = tempfile.TemporaryDirectory(prefix="wenju-")
            made = cls.open(Path(folder.name) / "index.db", embedding)
            weakref.finalize(made, _discard, made.store, folder)
        made.add_texts(texts, metadatas, ids=ids)
        return made

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts in one transaction; one whose id is there takes its place.

        Args:
            texts: The texts.
            metadatas: One dictionary for each text, of what JSON can hold.
            ids: One id for each text; a hash of the text and its metadata where it is None.
            **kwargs: None are known.

        Returns:
            The ids.

        Raises:
            LoadError: Metadata cannot be kept as JSON.
            ValueError: The lists differ in length, or an id is that of a passage of another document.
        """
        _refuse(kwargs)
        texts = list(texts)
        metadatas = [{} for _ in texts] if metadatas is None else metadatas
        given = [None for _ in texts] if ids is None else ids
        records = [_record(*parts) for parts in zip(texts, metadatas, given, strict=True)]
        changed = {record.id: record for record in records if not self._holds(record)}
        entries = make_entries(list(changed.values()), _Encoder(self._embedding, self.store.spec.dimension))
        if entries:
            self.store.put_all(entries, replacing=list(changed))
        return [record.id for record in records]

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Delete documents by id; ids that are not there are ignored.

        Args:
            ids: Document ids, or None for all.
            **kwargs: None are known.

        Returns:
            True.

        Raises:
            DocumentUnknown: An id is that of one passage of a longer document; nothing was deleted.
        """
        _refuse(kwargs)
        if ids is None:
            ids = [document.id for document in self.store.documents()]
        part = next((passage for passage in self.store.passages(ids) if passage.id != passage.document_id), None)
        if part is not None:
            raise DocumentUnknown(
                f"{part.id} is a passage of document {part.document_id}, not a document.",
                hint=f"Delete the whole document, {part.document_id}.",
            )
        self.store.delete(ids)
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return documents by id, in the order of `ids`; ids that are not there are left out."""
        return self._documents(self.store.passages(ids))

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the `k` documents nearest to the query, best first."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(self, query: str, k: int = 4, **kwargs: Any) -> list[tuple[Document, float]]:
        """Return the `k` documents nearest to the query and their cosines, best first."""
        return self.similarity_search_with_score_by_vector(self._embedding.embed_query(query), k, **kwargs)

    def similarity_search_by_vector(self, embedding: list[float], k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the `k` documents nearest to a vector, best first."""
        return [document for document, _ in self.similarity_search_with_score_by_vector(embedding, k, **kwargs)]

    def similarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, *, document_ids: Collection[str] | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return the `k` documents nearest to a vector and their cosines, best first."""
        _refuse(kwargs)
        scores = dict(self.store.dense(np.array(embedding), k, document_ids))
        documents = self._documents(self.store.passages(list(scores)))
        return [(document, scores[document.id or ""]) for document in documents]

    def max_marginal_relevance_search(
        self, query: str, k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """Return documents near to the query and unlike each other (maximal marginal relevance)."""
        vector = self._embedding.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, **kwargs)

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Return documents near to a vector and unlike each other (maximal marginal relevance)."""
        near = self.similarity_search_by_vector(embedding, fetch_k, **kwargs)
        vectors = self.store.vectors([document.id or "" for document in near])
        chosen = maximal_marginal_relevance(np.array(embedding), list(vectors), lambda_mult, k)
        return [near[number] for number in chosen]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda cosine: (1.0 + cosine) / 2.0

    def _holds(self, record: DocumentRecord) -> bool:
        if not self.store.known([record.id]):
            return False
        kept = self.store.document(record.id)
        return (kept.text, kept.metadata) == (record.text, record.metadata)

    def _documents(self, passages: Sequence[Passage]) -> list[Document]:
        records = {passage.document_id: self.store.document(passage.document_id) for passage in passages}
        return [_document(passage, records[passage.document_id]) for passage in passages]


class _Encoder:
    """Any langchain embedding model as what `knowledge.build` asks for."""

    def __init__(self, embedding: Embeddings, dimension: int | None = None) -> None:
        self._embedding = embedding
        names = (getattr(embedding, name, None) for name in ("name", "model_name", "model"))
        self.name = next((name for name in names if isinstance(name, str) and name), type(embedding).__name__)
        known = dimension or getattr(embedding, "dimension", None)
        self.dimension = int(known) if known else len(embedding.embed_query("?"))

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> npt.NDArray[np.float32]:
        """Return the vectors of texts, shape (texts, dimension)."""
        return np.array(self._embedding.embed_documents(list(texts)), dtype=np.float32)


def _record(text: str, metadata: dict[str, Any], given: str | None) -> DocumentRecord:
    try:
        kept = json.dumps(metadata, ensure_ascii=False, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LoadError(f"Metadata cannot be kept as JSON: {error}.", hint="Use strings, numbers and lists.") from error
    document_id = given or hashlib.sha256(f"{kept}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return DocumentRecord(
        id=document_id,
        title=str(metadata.get("title") or document_id),
        source=str(metadata.get("source") or ""),
        language=detect_language(text),
        text=text,
        metadata={WHOLE: kept},
    )


def _document(passage: Passage, record: DocumentRecord) -> Document:
    kept = record.metadata.get(WHOLE)
    if kept is not None:
        return Document(id=passage.id, page_content=passage.text, metadata=json.loads(kept))
    metadata = {
        **record.metadata,
        "title": record.title,
        "source": record.source,
        "language": passage.language,
        "heading": passage.heading,
        "document_id": record.id,
        "start": passage.start,
        "end": passage.end,
    }
    return Document(id=passage.id, page_content=passage.text, metadata=metadata)


def _refuse(kwargs: dict[str, Any]) -> None:
    """An option that is ignored would give wrong results quietly, a filter above all."""
    if kwargs:
        raise TypeError(f"unknown options: {', '.join(kwargs)}")


def _discard(store: Store, folder: tempfile.TemporaryDirectory[str]) -> None:
    store.close()
    folder.cleanup()
