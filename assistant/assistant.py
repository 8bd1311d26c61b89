"""The assistant: models, index and chain put together, each opened when it is first needed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from assistant.answer_cache import AnswerCache
from assistant.collections import DEFAULT_COLLECTION, path_of
from assistant.errors import CollectionUnknown
from assistant.events import Event, answer_in
from assistant.settings import Settings
from assistant.types import Answer, Choices, Message, Turn
from knowledge.closing import Closing
from knowledge.types import DocumentEntry, DocumentRecord, Hit

if TYPE_CHECKING:
    from langchain_core.documents import Document
    from langchain_core.runnables import Runnable

    from assistant.chain import AnswerChain
    from assistant.read import Reader
    from knowledge.add import AddReport
    from knowledge.build import BuildReport, PassageEmbedder
    from knowledge.embed import Embedder
    from knowledge.passage_store import PassageStore
    from knowledge.retrieve import Searching, SearchResult
    from knowledge.weights import Weights

    Items = str | Path | Document | Sequence[str | Path | Document]

_WARMING = (
    "2015年底，深圳市有哪些平台，规模有多大？",
    "Which platforms did Shenzhen and Qinghe Wutong have at the end of 2015, and how large were they?",
)
"""Questions that need every dictionary: names, dates, amounts and lists, in both languages."""

Progress = Callable[[int, int], None]
Part = TypeVar("Part")


class _opened_once(Generic[Part]):
    """A property that is computed once, under its assistant's own lock.

    ``functools.cached_property`` has a lock of its own before Python 3.12, which deadlocks with ours when two threads
    open parts that need each other, and none after it, which opens a part twice.
    """

    def __init__(self, make: Callable[[Assistant], Part]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, assistant: Assistant, _: type[Assistant] | None = None) -> Part:
        with assistant._lock:
            name = self._make.__name__
            if name not in assistant.__dict__:
                assistant.__dict__[name] = self._make(assistant)
            part: Part = assistant.__dict__[name]
            return part


class Assistant(Closing):
    """Answers questions from the documents of one home folder.

    It asks the collections that the settings name, together; what is added, imported or made anew is of the first.
    Nothing is opened before it is needed; `warm_up` opens everything. Safe to use from several threads: the local model
    writes one answer at a time, searches run side by side.

    Args:
        settings: How it is configured; from the environment by default.
        embedder: The embedding model, if it is open already; otherwise the one that the settings name.

    Examples:
        >>> with Assistant() as assistant:  # doctest: +SKIP
        ...     answer = assistant.ask("Who wrote this article?")
    """

    def __init__(self, settings: Settings | None = None, *, embedder: Embedder | None = None) -> None:
        self.settings = Settings.from_environment() if settings is None else settings
        if embedder is not None:
            self.__dict__["embedder"] = embedder
        self._lock = threading.RLock()
        self._readers: dict[str, Reader] = {}
        self._others: dict[str, Assistant] = {}
        self._given = AnswerCache(0 if self.settings.reproducible else self.settings.answer_cache)

    @property
    def index_path(self) -> Path:
        """Where the index of the first collection is."""
        return path_of(self.settings.home, self.settings.collections[0])

    def in_collection(self, name: str) -> Assistant:
        """Return an assistant of one collection that shares the models with this one, which closes it.

        Raises:
            BadSettings: Nothing can be called so.
            CollectionUnknown: There is no such collection.
        """
        from assistant.stores import is_there

        wanted = replace(self.settings, collections=(name,))
        if wanted == self.settings:
            return self
        (name,) = wanted.collections
        with self._lock:
            if name not in self._others:
                if name != DEFAULT_COLLECTION and not is_there(wanted, name):
                    raise self._unknown(name)
                other = self._others[name] = Assistant(wanted, embedder=self.embedder)
                other.__dict__ |= {"weights": self.weights, "reader": self.reader}
                other._readers, other._given = self._readers, self._given
            return self._others[name]

    @property
    def model_name(self) -> str:
        """What `Answer.model` says."""
        return self.reader.name

    @property
    def readers(self) -> dict[str, str]:
        """What a user may let read: ``quotes``, ``local``, ``configured``, each with its specification for `Choices`.

        Whoever started the assistant without a chat model does not want one loaded; another server's model is offered
        only if it was named.
        """
        from assistant.models import LOCAL_MODEL

        llm = self.settings.llm
        offered = {"quotes": "none"}
        if llm == "local" or (llm != "none" and self.weights.available(LOCAL_MODEL)):
            offered["local"] = "auto" if llm == "auto" else "local"
        if llm not in {"none", "local", "auto"}:
            offered["configured"] = llm
        return offered

    @_opened_once
    def weights(self) -> Weights:
        """The model files of this machine."""
        from knowledge.weights import Weights

        return Weights(
            self.settings.cache, local=self.settings.models, hub=self.settings.hub, offline=self.settings.offline
        )

    @_opened_once
    def embedder(self) -> Embedder:
        """The embedding model; the shipped one is fetched if it is not there."""
        from knowledge.embed import open_embedder

        name = self.settings.embedding_model
        if name in self.weights.names() and not self.settings.offline:
            self.weights.pull(name)
        return open_embedder(name, self.weights, threads=self.settings.threads)

    @property
    def store(self) -> PassageStore:
        """The index of the first collection; the default one is made from the shipped documents if there is none yet.

        Raises:
            CollectionUnknown: There is no such collection.
        """
        return self.stores[0]

    @_opened_once
    def stores(self) -> tuple[PassageStore, ...]:
        """The indexes of all collections."""
        return tuple(map(self._open_store, self.settings.collections))

    def _open_store(self, name: str) -> PassageStore:
        from assistant.stores import open_store
        from knowledge.build import spec_for
        from knowledge.errors import IndexBusy, IndexMissing

        spec = spec_for(self.embedder)
        try:
            return open_store(self.settings, name, spec, on_busy=_say_busy)
        except IndexMissing as error:
            if name != DEFAULT_COLLECTION:
                raise self._unknown(name) from error
            print("There is no index yet; making it from the shipped collection …", file=sys.stderr, flush=True)
            with suppress(IndexBusy):  # another process has made it meanwhile
                self._fill_default()
            return open_store(self.settings, name, spec, on_busy=_say_busy)

    def _fill_default(self, progress: Progress | None = None) -> BuildReport:
        """Make the default collection from the shipped documents."""
        from assistant.stores import create_store
        from knowledge.build import build_index, rebuild, spec_for
        from knowledge.load import load_shipped

        if self.settings.store is None:
            path = path_of(self.settings.home, DEFAULT_COLLECTION)
            return rebuild(path, self.embedder, load_shipped(), progress=progress)
        with closing(create_store(self.settings, DEFAULT_COLLECTION, spec_for(self.embedder))) as store:
            return build_index(load_shipped(), store, self.embedder, progress=progress)

    def _unknown(self, name: str) -> CollectionUnknown:
        from assistant.stores import names

        there = ", ".join(names(self.settings)) or "none"
        return CollectionUnknown(
            f"There is no collection {name}.",
            hint=f"`wenju add --collection {name} PATH` makes it; there are: {there}.",
        )

    def make_collection(self) -> None:
        """Make the first collection if it is not there yet: the default one as `store` says, a named one empty."""
        from assistant.stores import create_store, is_there
        from knowledge.build import spec_for

        name = self.settings.collections[0]
        if name != DEFAULT_COLLECTION and "stores" not in self.__dict__ and not is_there(self.settings, name):
            create_store(self.settings, name, spec_for(self.embedder)).close()
        _ = self.store

    @_opened_once
    def searcher(self) -> Searching:
        """Finds passages in the collections."""
        from knowledge.lexicon import Lexicon
        from knowledge.retrieve import Searcher
        from knowledge.together import Together

        lexicon = Lexicon(self.settings.cache)
        searchers = [Searcher(store, self.embedder, lexicon) for store in self.stores]
        return searchers[0] if len(searchers) == 1 else Together(searchers)

    @_opened_once
    def chain(self) -> AnswerChain:
        """The five steps as one langchain Runnable from a `Turn` to an `Answer`."""
        from assistant.chain import AnswerChain

        return AnswerChain(self.searcher, self.reader, self.settings)

    @property
    def runnable(self) -> Runnable[Turn, Answer]:
        """The same chain, typed as langchain knows it."""
        return self.chain

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer a question; one that was answered before, from memory (`Settings.answer_cache`).

        Args:
            question: Chinese or English.
            history: Earlier messages of the conversation, oldest first.

        Raises:
            BadQuestion: It is empty or too long.
            BadSettings: ``llm`` names no model.
            ModelUnreachable: The chat model did not answer.
            KnowledgeError: A model file or the index is missing or damaged.
        """
        return answer_in(self.stream(question, history))

    def stream(
        self, question: str, history: Sequence[Message] = (), choices: Choices | None = None
    ) -> Generator[Event, None, None]:
        """Answer a question, yielding the evidence, then the words, then the checked answer.

        Raises the same as `ask`. Closing the iterator stops the model.

        Args:
            question: Chinese or English.
            history: Earlier messages of the conversation, oldest first.
            choices: What the user wants otherwise than the settings say, for this question.
        """
        chosen = choices or Choices()
        turn = Turn(question, tuple(history), chosen.language, chosen.document_ids)
        chain = self._chain_for(chosen)
        if not chain.reader.repeats:
            yield from chain.events(turn)
            return
        own = chain.settings
        what = chain.reader.name, own.passages, own.sentences, own.threshold
        yield from self._given.events(turn, what, own.collections, self._state, chain.events(turn))

    def _state(self) -> tuple[int, ...]:
        """Return which state the documents are in; it is another one after each change."""
        return tuple(store.generation for store in self.stores)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Forget the answers after a change of the documents, even one that failed half-way."""
        try:
            yield
        finally:
            self._given.clear()

    def _chain_for(self, choices: Choices) -> AnswerChain:
        """Return the chain, or one like it that follows what a user chose."""
        from assistant.chain import AnswerChain

        wanted = {"threshold": choices.threshold, "passages": choices.passages}
        changes: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
        if not changes and choices.reader is None:
            return self.chain
        reader = self.reader if choices.reader is None else self.reader_of(choices.reader)
        return AnswerChain(self.searcher, reader, replace(self.settings, **changes))

    def reader_of(self, spec: str) -> Reader:
        """Return what reads with a chat model, opened once for each.

        Args:
            spec: As in `Settings.llm`.

        Raises:
            BadSettings: It names no model.
        """
        if spec == self.settings.llm:
            return self.reader
        with self._lock:
            if spec not in self._readers:
                self._readers[spec] = self._open_reader(spec)
            return self._readers[spec]

    def search(self, question: str, k: int | None = None, *, threshold: float = 0.0) -> list[Hit]:
        """Find passages without answering.

        Args:
            question: What to look for.
            k: How many passages at most.
            threshold: Only passages that hold the answer with at least this probability, 0 to 1.

        Raises:
            BadQuestion: It is empty or too long.
        """
        return list(self.look_up(question, k, threshold=threshold).hits)

    def look_up(self, question: str, k: int | None = None, *, threshold: float = 0.0) -> SearchResult:
        """Find passages and rank their sentences, with the features they were ranked by."""
        from assistant.condense import condense

        asked = condense(Turn(question)).standalone
        k = self.settings.passages if k is None else k
        return self.searcher.search(asked, k, threshold=threshold)

    def documents(self) -> list[DocumentRecord]:
        """Return every document of the collections."""
        return [record for store in self.stores for record in store.documents()]

    def catalog(self) -> list[DocumentEntry]:
        """Return what is known of every document without its text."""
        return [entry for store in self.stores for entry in store.catalog()]

    def document(self, document_id: str) -> DocumentRecord:
        """Return one document.

        Raises:
            DocumentUnknown: There is none with this id.
        """
        from knowledge.passage_store import document_in

        return document_in(self.stores, document_id)

    def add(
        self,
        items: Items,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        source: Callable[[Path], str] | None = None,
        ray: str | None = None,
        progress: Progress | None = None,
    ) -> AddReport:
        """Add files, folders with all that is below them, web addresses if settings allow, or langchain documents.

        What is there already costs nothing; an edited file or document replaces its earlier version, a renamed file
        moves. A file that cannot be read is skipped, and the report says why; the rest goes in.

        Args:
            items: Paths or documents, one or several.
            include: Patterns of the files in folders to take, e.g. ``*.pdf``.
            exclude: Patterns of files and folders in folders to leave out.
            source: Returns where a file's document comes from, e.g. its name for an upload; its path by default.
            ray: Address of a Ray cluster to embed on (`knowledge.ray_embedding.on_ray`), e.g. ``local``.
            progress: Is told how many bytes of the files are done, of how many; for documents, how many texts.

        Raises:
            IndexBusy: Another process wrote for too long.
            RayUnreachable: There is no such cluster.
        """
        from langchain_core.documents import Document

        from knowledge.add import add_files
        from knowledge.build import build_index

        self.make_collection()
        given = [items] if isinstance(items, str | Path | Document) else list(items)
        paths = [one for one in given if isinstance(one, str | Path)]
        documents = [one for one in given if not isinstance(one, str | Path)]
        with self._changing(), self._embedding(ray) as embedder:
            report = add_files(
                paths,
                self.store,
                embedder,
                include=include,
                exclude=exclude,
                source=source,
                allow_urls=self.settings.allow_urls,
                progress=progress if paths else None,
            )
            if documents:
                built = build_index(documents, self.store, embedder, replace_sources=True, progress=progress)
                report = report.with_documents(built)
        return report

    @contextmanager
    def _embedding(self, ray: str | None) -> Iterator[PassageEmbedder]:
        """Give what embeds: the model here, or the same one on a Ray cluster."""
        if ray is None:
            yield self.embedder
            return
        from assistant.models import require

        require("ray", "ray")
        from knowledge.ray_embedding import on_ray, open_there

        own = self.settings
        opener = partial(open_there, own.embedding_model, own.cache, own.models, own.hub, own.offline)
        with on_ray(ray, self.embedder, opener) as embedder:
            yield embedder

    def remove(self, names: str | Path | Sequence[str | Path]) -> list[str]:
        """Remove documents; their words, vectors and tokens are gone from the index file as well.

        Args:
            names: Ids, sources or paths, one or several; a folder stands for what was added from it.

        Returns:
            The ids of what was removed.

        Raises:
            DocumentUnknown: A name stands for no document; then nothing is removed.
        """
        from knowledge.catalog import named

        given = [names] if isinstance(names, str | Path) else list(names)
        entries = self.catalog()
        ids = dict.fromkeys(id_ for name in given for id_ in named(entries, str(name)))
        with self._changing():
            for store in self.stores:
                store.delete(list(ids))
        return list(ids)

    def export(self, path: str | Path) -> int:
        """Write the first collection into one archive (`knowledge.exchange`); return how many documents it holds."""
        from knowledge.exchange import export_collection

        return export_collection(self.store, Path(path).expanduser())

    def import_archive(self, path: str | Path, *, progress: Progress | None = None) -> BuildReport:
        """Add the documents of an archive that `export` wrote.

        Raises:
            LoadError: It is none, or damaged.
        """
        from knowledge.exchange import import_collection

        self.make_collection()
        with self._changing():
            return import_collection(Path(path).expanduser(), self.store, self.embedder, progress=progress)

    def refresh_shipped(self) -> AddReport:
        """Bring the shipped documents that are in the index to the words that this version ships.

        One that is not in the index, because somebody removed it, stays out.
        """
        from knowledge.load import load_shipped

        sources = {record.source for record in self.documents()}
        return self.add([document for document in load_shipped() if document.metadata["source"] in sources])

    def rebuild_index(self, *, progress: Progress | None = None) -> BuildReport:
        """Make the index anew with the embedding model in use, from the documents in it or else the shipped ones.

        Of a damaged index what can be read is taken; it is put aside beside the new one, never deleted.
        """
        from assistant.rescue import rescue
        from assistant.stores import is_there, not_in_place
        from knowledge.build import rebuild
        from knowledge.errors import IndexDamaged

        name = self.settings.collections[0]
        with self._lock, self._changing():
            for part in ("stores", "searcher", "chain"):
                self.__dict__.pop(part, None)
            if not is_there(self.settings, name):
                if name != DEFAULT_COLLECTION:
                    raise self._unknown(name)
                return self._fill_default(progress)
            if self.settings.store is not None:
                raise not_in_place(self.settings, name)
            try:
                return rebuild(self.index_path, self.embedder, None, progress=progress)
            except IndexDamaged:
                rescued = rescue(name, self.index_path, self.embedder, progress)
                print(*rescued.sentences(), sep="\n", file=sys.stderr, flush=True)
                return rescued.built

    def warm_up(self) -> None:
        """Open the index and the models, so that the first question is as fast as the next."""
        for question in _WARMING:
            self._chain_for(Choices(reader="none")).invoke(Turn(question))
        from assistant.local_model import LocalChatModel

        model = getattr(self.reader, "model", None)
        if isinstance(model, LocalChatModel):
            model.load()

    def close(self) -> None:
        """Close the index; models go with the process."""
        with self._lock:
            stores, searcher = self.__dict__.pop("stores", ()), self.__dict__.pop("searcher", None)
            self.__dict__.pop("chain", None)
            self._given.clear()
            if searcher is not None:
                searcher.lexicon.close()
            for one in (*stores, *self._others.values()):
                one.close()
            self._others.clear()

    @_opened_once
    def reader(self) -> Reader:
        """What writes the drafts."""
        return self._open_reader(self.settings.llm)

    def _open_reader(self, spec: str) -> Reader:
        from assistant.models import model_name, open_chat_model
        from assistant.read import ChatReader, ExtractiveReader

        model = open_chat_model(spec, self.settings, self.weights)
        if model is None:
            return ExtractiveReader()
        return ChatReader(model, model_name(spec, self.weights), spec, reproducible=self.settings.reproducible)


_shared: dict[Settings, Assistant] = {}
_shared_lock = threading.Lock()


def ask(question: str, history: Sequence[Message] = (), *, settings: Settings | None = None) -> Answer:
    """Answer a question from the documents, with nothing configured.

    The assistant is kept for the next call with the same settings.

    Args:
        question: Chinese or English.
        history: Earlier messages of the conversation, oldest first.
        settings: How to answer; from the environment by default.

    Raises:
        AssistantError: The question, a setting or the chat model is at fault.
        KnowledgeError: A model file or the index is missing or damaged.
    """
    wanted = Settings.from_environment() if settings is None else settings
    with _shared_lock:
        assistant = _shared.setdefault(wanted, Assistant(wanted))
    return assistant.ask(question, history)


def _say_busy() -> None:
    print("Another process is writing to the index: busy, retrying …", file=sys.stderr, flush=True)
