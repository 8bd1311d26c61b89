"""From documents to an index: split, embed, take tokens, store."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from knowledge.clauses import clauses
from knowledge.current import Current
from knowledge.draft import draft_of
from knowledge.errors import DiskFull, IndexBusy, IndexMismatch
from knowledge.index_file import read_documents, replace_contents
from knowledge.language import detect_language
from knowledge.late import pack
from knowledge.lexical import index_tokens
from knowledge.passage_store import PassageStore
from knowledge.rows import Entry
from knowledge.schema import publish
from knowledge.split import SPLITTER_VERSION, sentence_spans, split_passages
from knowledge.store import Store
from knowledge.types import DocumentRecord, IndexSpec, Language, Passage

if TYPE_CHECKING:
    # Importing langchain takes a while, and only the type's name is needed.
    from langchain_core.documents import Document

Progress = Callable[[int, int], None]
"""Called with the number of texts embedded and the number known so far."""

TEXTS_AT_ONCE = 2048
"""Passages and sentences embedded in one call; then they are stored, so that an interruption loses only these."""

WHOLE = "whole_passage"
"""Key of `DocumentRecord.metadata` that says that the document is one passage, which has the document's id."""


class PassageEmbedder(Protocol):
    """What building an index needs of an embedding model; see `TokenEmbedder` for what it can use besides."""

    @property
    def name(self) -> str:
        """Name of the model, kept in the index."""

    @property
    def dimension(self) -> int:
        """Length of its vectors."""

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> npt.NDArray[np.float32]:
        """Return the vectors of texts, shape (texts, dimension)."""


@runtime_checkable
class TokenEmbedder(Protocol):
    """An embedding model that tells the states of tokens as well, for late interaction (`knowledge.late`)."""

    def encode_passage_tokens(
        self, texts: Sequence[str], *, progress: Progress | None = None
    ) -> tuple[npt.NDArray[np.float32], list[npt.NDArray[np.float32]]]:
        """Return vectors, shape (texts, dimension), and the token states of each text, (tokens, dimension)."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What building did.

    Attributes:
        documents_added: Documents that were not in the index before.
        documents_unchanged: Documents that were.
        documents_replaced: Earlier versions, of the same source, that were deleted.
        passages: Passages added.
        sentences: Sentences added.
        seconds: How long it took.
    """

    documents_added: int
    documents_unchanged: int
    documents_replaced: int
    passages: int
    sentences: int
    seconds: float


def spec_for(embedder: PassageEmbedder, *, target: int = 400) -> IndexSpec:
    """Return what an index built with this embedder and this splitter is.

    Args:
        embedder: The embedding model.
        target: Length that passages should have, in characters.
    """
    return IndexSpec(embedder.name, embedder.dimension, SPLITTER_VERSION, target)


def require_spec(store: PassageStore, embedder: PassageEmbedder, target: int) -> None:
    """Refuse a store that was built with another model, splitter or target.

    Raises:
        IndexMismatch: It was.
    """
    spec = spec_for(embedder, target=target)
    if store.spec != spec:
        raise IndexMismatch(
            f"The index {store.where} was built with {store.spec}, not with {spec}.",
            hint="Run `wenju index --rebuild`.",
        )


def build_index(
    documents: Iterable[Document],
    store: PassageStore,
    embedder: PassageEmbedder,
    *,
    target: int = 400,
    replace_sources: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Add documents to an index; one that is in it already costs nothing.

    Args:
        documents: langchain documents; ``title``, ``source`` and ``language`` are taken from their metadata.
        store: Where they go.
        embedder: The model that the store was built with.
        target: Length that passages should have, in characters.
        replace_sources: Delete what was stored of the same source with another text, e.g. a file that was edited. Leave
            it off where several documents share one source.
        progress: Is told how far it is.

    Raises:
        IndexMismatch: The store was built with another model, splitter or target.
    """
    records = (to_record(document) for document in documents)
    return build_records(records, store, embedder, target=target, replace_sources=replace_sources, progress=progress)


def build_records(
    records: Iterable[DocumentRecord],
    store: PassageStore,
    embedder: PassageEmbedder,
    *,
    target: int = 400,
    replace_sources: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Add documents that are records already; the rest is as for `build_index`."""
    started = time.perf_counter()
    require_spec(store, embedder, target)
    added = unchanged = replaced = passages = sentences = 0
    told = _Progress(progress)
    for group in _groups(records):
        known = store.known([record.id for record in group])
        new = [record for record in {record.id: record for record in group}.values() if record.id not in known]
        entries = make_entries(new, embedder, target=target, progress=told)
        told.close_group()
        deciding = _Outdated(new)
        stored = store.put_all(entries, replacing=deciding if replace_sources else ()) if entries else []
        replaced += len(deciding.ids)
        added += sum(stored)
        unchanged += len(group) - sum(stored)
        for entry in (entry for entry, kept in zip(entries, stored, strict=True) if kept):
            passages += len(entry.passages)
            sentences += sum(len(passage.sentences) for passage in entry.passages)
    return BuildReport(added, unchanged, replaced, passages, sentences, time.perf_counter() - started)


def rebuild(
    path: Path,
    embedder: PassageEmbedder,
    documents: Iterable[Document] | None = None,
    *,
    target: int = 400,
    progress: Progress | None = None,
) -> BuildReport:
    """Build an index anew, e.g. for another model or from one of an older format.

    The old one stays as it is until the new one is complete.

    Args:
        path: The index file; it may be missing, or damaged if `documents` are given.
        embedder: The new model.
        documents: What shall be in it, or None for the documents that are in it now.
        target: Length that passages should have, in characters.
        progress: Is told how far it is.

    Raises:
        IndexMissing: There is none to take the documents from.
        IndexDamaged: The documents cannot be read from it.
        IndexBusy: Another process wrote to it meanwhile, or made one where there was none; nothing was changed.
        DiskFull: There is no room for a second index beside the old one; nothing was changed.
    """
    generation = None
    if documents is None:
        generation, records = read_documents(path)
    else:
        records = [to_record(document) for document in documents]
    path.parent.mkdir(parents=True, exist_ok=True)
    absent, started = not path.exists(), time.time()
    with drafted(path, records, embedder, target=target, progress=progress) as (draft, report):
        if not absent:
            replace_contents(path, draft, expected_generation=generation)
        elif not publish(draft, path, started):
            raise IndexBusy(f"Another process has made the index {path} meanwhile.", hint="Run the rebuild again.")
    return report


@contextmanager
def drafted(
    path: Path,
    records: Iterable[DocumentRecord],
    embedder: PassageEmbedder,
    *,
    target: int = 400,
    progress: Progress | None = None,
) -> Iterator[tuple[Path, BuildReport]]:
    """Make an index of documents beside `path`, under another name, and give the file with what building it did.

    Raises:
        DiskFull: There is no room; nothing was changed.
    """
    with draft_of(path) as draft:
        try:
            with Store.create(draft, spec_for(embedder, target=target)) as store:
                report = build_records(records, store, embedder, target=target, progress=progress)
        except DiskFull as error:
            raise DiskFull(
                f"There is no room to make the index {path} anew; it is as it was.", hint="Free some space, try again."
            ) from error
        yield draft, report


def to_record(document: Document) -> DocumentRecord:
    """Turn a langchain document into what the store keeps of it; metadata become strings."""
    metadata = {str(key): str(value) for key, value in document.metadata.items() if value is not None and key != WHOLE}
    source, title, language = (metadata.pop(key, "") for key in ("source", "title", "language"))
    text = document.page_content
    document_id = document.id or hashlib.sha256(f"{source}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return DocumentRecord(
        id=document_id,
        title=title or Path(source).name or document_id,
        source=source,
        language=_language(language, text),
        text=text,
        metadata=metadata,
    )


def make_entries(
    records: Sequence[DocumentRecord],
    embedder: PassageEmbedder,
    *,
    target: int = 400,
    progress: Progress | None = None,
) -> list[Entry]:
    """Split documents and embed their passages, sentences and clauses in one call, a text that repeats only once.

    A passage is embedded with its heading in front, unless it holds it. The token states of a sentence are those of its
    clauses (`knowledge.clauses`), each embedded by itself.
    """
    passages = [_passages(record, target) for record in records]
    found = _encoded(_texts_of(passages), embedder, progress)
    entries = []
    for record, group in zip(records, passages, strict=True):
        own = [passage.sentence_texts() for passage in group]
        entries.append(
            Entry(
                document=record,
                passages=group,
                passage_vectors=np.array([found.vectors[_headed(passage)] for passage in group]),
                sentence_vectors=[np.array([found.vectors[sentence] for sentence in sentences]) for sentences in own],
                tokens=[index_tokens(f"{passage.heading}\n{passage.text}") for passage in group],
                states=[
                    [found.packed(clauses(sentence, passage.language)) for sentence in sentences]
                    for passage, sentences in zip(group, own, strict=True)
                ]
                if found.states
                else None,
            )
        )
    return entries


def embedded_texts(records: Sequence[DocumentRecord], *, target: int = 400) -> list[str]:
    """Return every text that `make_entries` embeds for documents, each once."""
    return _texts_of([_passages(record, target) for record in records])


def _texts_of(passages: Sequence[Sequence[Passage]]) -> list[str]:
    return sorted({text for group in passages for passage in group for text in _embedded_texts(passage)})


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Texts with their vectors, shape (dimension,), and, if the model tells them, token states, (tokens, dimension)."""

    vectors: dict[str, npt.NDArray[np.float32]]
    states: dict[str, npt.NDArray[np.float32]]

    def packed(self, pieces: Sequence[str]) -> bytes:
        """Return the token states of consecutive pieces of a text as they are stored."""
        return pack(np.concatenate([self.states[piece] for piece in pieces]))


def _encoded(texts: Sequence[str], embedder: PassageEmbedder, progress: Progress | None) -> _Encoded:
    options = {} if progress is None else {"progress": progress}
    if not texts:
        return _Encoded({}, {})
    if isinstance(embedder, TokenEmbedder):
        vectors, states = embedder.encode_passage_tokens(texts, **options)
        return _Encoded(dict(zip(texts, vectors, strict=True)), dict(zip(texts, states, strict=True)))
    return _Encoded(dict(zip(texts, embedder.encode_passages(texts, **options), strict=True)), {})


def _headed(passage: Passage) -> str:
    """Return a passage with its heading in front, unless it holds it."""
    headed = passage.heading and passage.heading not in passage.text
    return f"{passage.heading}\n{passage.text}" if headed else passage.text


def _embedded_texts(passage: Passage) -> Iterator[str]:
    """Yield every text that is embedded for a passage: it, its sentences, and the clauses of long ones."""
    yield _headed(passage)
    for sentence in passage.sentence_texts():
        yield sentence
        yield from clauses(sentence, passage.language)


def _groups(records: Iterable[DocumentRecord]) -> Iterator[list[DocumentRecord]]:
    """Give documents in groups of about `TEXTS_AT_ONCE` passages and sentences, at some 30 characters each."""
    group: list[DocumentRecord] = []
    size = 0
    for record in records:
        group.append(record)
        size += len(record.text) // 30 + 1
        if size >= TEXTS_AT_ONCE:
            yield group
            group, size = [], 0
    if group:
        yield group


class _Progress:
    """Adds up the progress of several calls to the embedding model."""

    def __init__(self, tell: Progress | None) -> None:
        self._tell = tell
        self._before = self._group = 0

    def __call__(self, done: int, total: int) -> None:
        """Pass on how far it is, earlier calls counted in."""
        self._group = total
        if self._tell is not None:
            self._tell(self._before + done, self._before + total)

    def close_group(self) -> None:
        """Say that the next call begins anew."""
        self._before += self._group
        self._group = 0


class _Outdated:
    """Decides that what is stored of the same sources with other texts gives way; `ids` are those documents' then."""

    def __init__(self, new: Sequence[DocumentRecord]) -> None:
        self.ids: set[str] = set()
        self._new = new

    def __call__(self, current: Current) -> dict[str, set[str]]:
        stored = current.of_sources({record.source for record in self._new if record.source})
        self.ids = set(stored) - {record.id for record in self._new}
        return {record.id: self.ids for record in self._new}


def _passages(record: DocumentRecord, target: int) -> list[Passage]:
    if record.metadata.get(WHOLE) is None:
        return split_passages(record.text, record.id, target=target)
    return [
        Passage(
            id=record.id,
            document_id=record.id,
            start=0,
            end=len(record.text),
            text=record.text,
            language=record.language,
            sentences=tuple(sentence_spans(record.text)),
        )
    ]


def _language(name: str, text: str) -> Language:
    if name == "zh":
        return "zh"
    return "en" if name == "en" else detect_language(text)
