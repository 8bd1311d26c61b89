"""Everything that can go wrong on the way from a file to a search hit.

    KnowledgeError
    ├── WeightsError            a model file is not there or not what it should be
    │   ├── WeightsMissing      it was never fetched, and fetching is off or failed
    │   ├── WeightsCorrupt      its checksum is wrong
    │   └── DiskFull            there is no room for it
    ├── LoadError               a document could not be read
    ├── IndexMissing            there is no index yet
    ├── IndexMismatch           the index was built with another model or splitter
    │   └── IndexOutdated       an older version of Wenju made it; its documents can be read, so it can be made anew
    ├── IndexDamaged            the database file is damaged
    ├── IndexBusy               another process is writing
    ├── StoreUnreachable        the server that keeps the documents does not answer
    ├── RayUnreachable          there is no Ray cluster to embed on
    └── DocumentUnknown         no document has this id

Each carries a ``hint``: one sentence that says what to do next. Front ends print ``message`` and ``hint`` and no
traceback.
"""

from __future__ import annotations


class KnowledgeError(Exception):
    """Root of this package's errors.

    Args:
        message: One sentence that says what is wrong.
        hint: One sentence that says what to do.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WeightsError(KnowledgeError):
    """A model file is not there or not what it should be."""


class WeightsMissing(WeightsError):
    """A model file was never fetched, and fetching it is off or failed."""


class WeightsCorrupt(WeightsError):
    """A model file's checksum is not the manifest's."""


class DiskFull(WeightsError):
    """There is no room on the disk."""


class LoadError(KnowledgeError):
    """A document could not be read."""


class IndexMissing(KnowledgeError):
    """There is no index yet."""


class IndexMismatch(KnowledgeError):
    """The index was built with another embedding model, dimension or splitter."""


class IndexOutdated(IndexMismatch):
    """An older version of Wenju made the index; what is in it can be read and indexed anew."""


class IndexDamaged(KnowledgeError):
    """The database file is damaged."""


class IndexBusy(KnowledgeError):
    """Another process is writing to the index."""


class StoreUnreachable(KnowledgeError):
    """The server that keeps the documents does not answer."""


class RayUnreachable(KnowledgeError):
    """There is no Ray cluster to embed on."""


class DocumentUnknown(KnowledgeError):
    """No document has this id."""
