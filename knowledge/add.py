"""Files into an index: each is added, replaces its earlier version, moves, stays, or is skipped with the reason.

Files are read one after the other and stored in groups, each group in one transaction, so that memory stays the same
however many there are, an interruption loses only the group in work, and nobody sees half a document. A file that was
read before and has the same bytes is not read again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from knowledge.build import TEXTS_AT_ONCE, BuildReport, PassageEmbedder, Progress, make_entries, require_spec, to_record
from knowledge.catalog import Catalog, Placed, is_as_read
from knowledge.current import Current
from knowledge.errors import LoadError
from knowledge.formats.sandbox import Sandbox
from knowledge.load import FILE_DIGEST, NOTES, file_digest, read_file, require_readable, unreadable
from knowledge.passage_store import PassageStore
from knowledge.scan import Found, scan
from knowledge.types import DocumentEntry, DocumentRecord
from knowledge.web import download, is_address

Status = Literal["added", "replaced", "moved", "unchanged", "skipped"]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What happened to a file.

    Attributes:
        path: The file, or what it is a copy of.
        status: ``replaced``: an earlier version of it gave way. ``moved``: it was there under a name that is gone.
        reason: Why it was skipped, or what of it was left out; "" if there is nothing to say.
        hint: What to do about it.
        document_id: Id of its document, "" if it was skipped.
        passages: How many passages were stored.
    """

    path: str
    status: Status
    reason: str = ""
    hint: str = ""
    document_id: str = ""
    passages: int = 0


@dataclass(frozen=True, slots=True)
class AddReport:
    """What adding files did.

    Attributes:
        files: What happened to each file, in order.
        documents_added: Documents that were not in the index before.
        documents_unchanged: Documents that were.
        documents_replaced: Earlier versions that were deleted.
        passages: Passages added.
        sentences: Sentences added.
        seconds: How long it took.
    """

    files: tuple[FileOutcome, ...]
    documents_added: int
    documents_unchanged: int
    documents_replaced: int
    passages: int
    sentences: int
    seconds: float

    def with_documents(self, built: BuildReport) -> AddReport:
        """Return the report with what adding documents that are no files did."""
        return AddReport(
            files=self.files,
            documents_added=self.documents_added + built.documents_added,
            documents_unchanged=self.documents_unchanged + built.documents_unchanged,
            documents_replaced=self.documents_replaced + built.documents_replaced,
            passages=self.passages + built.passages,
            sentences=self.sentences + built.sentences,
            seconds=self.seconds + built.seconds,
        )

    def having(self, *statuses: Status) -> tuple[FileOutcome, ...]:
        """Return the files to which one of these happened."""
        return tuple(file for file in self.files if file.status in statuses)


def add_files(
    paths: Sequence[str | Path],
    store: PassageStore,
    embedder: PassageEmbedder,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    source: Callable[[Path], str] | None = None,
    allow_urls: bool = False,
    target: int = 400,
    progress: Progress | None = None,
) -> AddReport:
    """Add files, folders and web addresses to an index.

    Args:
        paths: Files and folders, see `knowledge.scan.scan`; addresses, see `knowledge.web.fetch`.
        store: Where they go.
        embedder: The model that the store was built with.
        include: Patterns of the files in folders to take.
        exclude: Patterns of files and folders to leave out.
        source: Returns where a file's document comes from, e.g. its name for an upload; its path by default.
        allow_urls: Whether the web may be asked; otherwise addresses are skipped.
        target: Length that passages should have, in characters.
        progress: Is told how many bytes of the files are done, of how many.

    Raises:
        IndexMismatch: The store was built with another model, splitter or target.
        IndexBusy: Another process wrote for longer than the store waits; what was stored before stays.
    """
    require_spec(store, embedder, target)
    addresses = [str(one) for one in paths if is_address(str(one))]
    found = scan([one for one in paths if not is_address(str(one))], include=include, exclude=exclude)
    if source is not None:
        found = [replace(one, source=source(one.path)) for one in found]
    with Sandbox() as sandbox, TemporaryDirectory(prefix="wenju-") as folder:
        found += download(addresses, Path(folder), allowed=allow_urls)
        adding = _Adding(store, embedder, sandbox, target, progress, found)
        return adding.run()


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that was read and waits for its group.

    Attributes:
        number: Which file it is.
        record: What it holds.
        placed: What it changes.
    """

    number: int
    record: DocumentRecord
    placed: Placed


class _Adding:
    """One run of `add_files`."""

    def __init__(
        self,
        store: PassageStore,
        embedder: PassageEmbedder,
        sandbox: Sandbox,
        target: int,
        progress: Progress | None,
        found: Sequence[Found],
    ) -> None:
        self._store, self._embedder, self._sandbox, self._target = store, embedder, sandbox, target
        self._found = found
        self._sizes = [_size(one) for one in found]
        self._bytes = _Bytes(progress, sum(self._sizes))
        self._outcomes: dict[int, FileOutcome] = {}
        self._group: list[_Read] = []
        # The generation first: what is stored in between is then looked at again.
        self._generation = store.generation
        self._catalog = Catalog(store.catalog())
        self._added = self._replaced = self._sentences = 0

    def run(self) -> AddReport:
        started = time.perf_counter()
        for number, one in enumerate(self._found):
            self._take(number, one)
            if sum(len(read.record.text) // 30 + 1 for read in self._group) >= TEXTS_AT_ONCE:
                self._store_group()
        self._store_group()
        files = tuple(self._outcomes[number] for number in range(len(self._found)))
        return AddReport(
            files=files,
            documents_added=self._added,
            documents_unchanged=sum(file.status == "unchanged" for file in files),
            documents_replaced=self._replaced,
            passages=sum(file.passages for file in files),
            sentences=self._sentences,
            seconds=time.perf_counter() - started,
        )

    def _take(self, number: int, found: Found) -> None:
        """Read a file into the group, or note what happened to it instead."""
        path = found.shown
        try:
            if found.problem is not None:
                raise found.problem
            stored = self._stored(found)
            if stored is not None:
                self._outcomes[number] = FileOutcome(path, "unchanged", document_id=stored.id)
            else:
                record = to_record(read_file(found.path, self._sandbox, source=found.source or None))
                self._group.append(_Read(number, record, self._catalog.place(record)))
                return
        except LoadError as error:
            self._outcomes[number] = FileOutcome(path, "skipped", error.message, error.hint)
        self._bytes.skip(self._sizes[number])

    def _stored(self, found: Found) -> DocumentEntry | None:
        """Return the document of a file if it was read from the very same bytes.

        Raises:
            LoadError: The file cannot be read.
        """
        earlier = [] if found.source else self._catalog.of_file(found.path)
        try:
            require_readable(found.path)
            digest = file_digest(found.path) if earlier else ""
        except OSError as error:
            raise unreadable(error) from error
        return next((entry for entry in earlier if entry.metadata.get(FILE_DIGEST) == digest), None)

    def _store_group(self) -> None:
        """Embed the group and store it in one transaction."""
        group, self._group = self._group, []
        new = {read.record.id: read for read in group if read.placed.change != "unchanged"}
        size = sum(self._sizes[read.number] for read in group)
        if new:
            self._store_new(new, lambda done, total: self._bytes.tell(size, done, total))
        for read in group:
            self._outcomes.setdefault(read.number, self._outcome(read, "unchanged", 0))
        self._bytes.skip(size)

    def _store_new(self, new: dict[str, _Read], tell: Progress) -> None:
        records = [read.record for read in new.values()]
        entries = make_entries(records, self._embedder, target=self._target, progress=tell)
        placed: dict[str, Placed] = {}

        def decide(current: Current) -> dict[str, tuple[str, ...]]:
            placed.update(self._placed(new, current))
            return {id_: one.replaces for id_, one in placed.items() if one.change != "unchanged"}

        stored = self._store.put_all(entries, replacing=decide)
        replaced = {id_ for one in placed.values() for id_ in one.replaces}
        for id_ in replaced:
            self._catalog.drop(id_)
        for entry in (entry for entry, kept in zip(entries, stored, strict=True) if kept):
            record, read = entry.document, new[entry.document.id]
            self._catalog.put(DocumentEntry(record.id, record.title, record.source, record.metadata))
            self._outcomes[read.number] = self._outcome(read, placed[record.id].change, len(entry.passages))
            self._sentences += sum(len(passage.sentences) for passage in entry.passages)
        self._generation += any(stored)
        self._added += sum(stored)
        self._replaced += len(replaced)

    def _placed(self, new: dict[str, _Read], current: Current) -> dict[str, Placed]:
        """Return what storing documents changes now; another process may have changed something since they were read.

        Of two versions of a file that two processes read, the one that the file still has stays.
        """
        generation = current.generation
        if generation == self._generation:
            return {id_: read.placed for id_, read in new.items()}
        self._catalog, self._generation = Catalog(current.catalog()), generation
        placed = {}
        for id_, read in new.items():
            now = self._catalog.place(read.record)
            newer = [other for other in now.replaces if other not in read.placed.replaces]
            if newer and not is_as_read(read.record):
                path, reason = self._found[read.number].shown, "Another process added a newer version of it meanwhile."
                self._outcomes[read.number] = FileOutcome(path, "unchanged", reason, document_id=newer[-1])
                now = Placed("unchanged")
            placed[id_] = now
        return placed

    def _outcome(self, read: _Read, status: Status, passages: int) -> FileOutcome:
        notes = read.record.metadata.get(NOTES, "")
        path = self._found[read.number].shown
        return FileOutcome(path, status, notes, document_id=read.record.id, passages=passages)


class _Bytes:
    """Tells how many bytes of the files are done, within a group by the share that is embedded."""

    def __init__(self, tell: Progress | None, total: int) -> None:
        self._tell = tell or (lambda done, total: None)
        self._done, self._total = 0, total

    def skip(self, size: int) -> None:
        """Say that files of so many bytes are done."""
        self._done += size
        self._tell(self._done, self._total)

    def tell(self, size: int, done: int, total: int) -> None:
        """Say how far a group of so many bytes is."""
        self._tell(self._done + size * done // max(total, 1), self._total)


def _size(found: Found) -> int:
    try:
        return found.path.stat().st_size if found.problem is None else 0
    except OSError:
        return 0
