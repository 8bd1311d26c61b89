"""What the store holds and what a search brings back.

A *document* is a whole text (langchain's ``Document``: ``page_content`` plus metadata). A *passage* is a span of a
document; a *sentence* is a span within a passage. All offsets count Unicode code points of the document's text, end
exclusive, so ``document.page_content[passage.start:passage.end] == passage.text`` always holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range ``[start, end)`` of code points in a document's text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the words this span covers in `text`."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a document, cut at paragraph or sentence ends.

    Attributes:
        id: Content hash of (document_id, start, end, text); stable across rebuilds.
        document_id: Id of the document it is a span of.
        start: First code point in the document.
        end: One past the last code point.
        text: Exactly ``document[start:end]``.
        heading: The section heading it stands under, "" before the first one.
        language: Language most of its text is in.
        sentences: Spans of its sentences, in document offsets, in order.
    """

    id: str
    document_id: str
    start: int
    end: int
    text: str
    heading: str = ""
    language: Language = "zh"
    sentences: tuple[Span, ...] = ()

    def sentence_texts(self) -> list[str]:
        """Return the words of its sentences, in order."""
        return [self.text[span.start - self.start : span.end - self.start] for span in self.sentences]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found.

    Attributes:
        passage: The passage.
        score: Probability that it holds the answer, 0 to 1, calibrated for the index's embedding model
            (`knowledge.calibration`); a vector store's own search gives the cosine instead.
        rank: 1 for the best.
        found_by: Names of the legs that found it, e.g. ``("dense", "lexical")``.
    """

    passage: Passage
    score: float
    rank: int
    found_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """What an index was built with. An index is only opened with an equal specification.

    Attributes:
        embedding_model: Name of the embedding model, e.g. ``"multilingual-e5-small"``.
        dimension: Length of its vectors.
        splitter_version: Changes when the splitter cuts differently.
        passage_chars: Target length of a passage in characters.
    """

    embedding_model: str
    dimension: int
    splitter_version: int
    passage_chars: int = 400


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A stored document as a list shows it.

    Attributes:
        id: Content hash of its source and text.
        title: Its title, or the file's name.
        source: Where it comes from (path or address).
        language: Language most of its text is in.
        text: The whole text.
        metadata: Everything else known of it (author, date, publisher, phone …), strings only.
        added_at: ISO 8601 time in UTC at which it was stored.
        passages: How many passages it was cut into.
    """

    id: str
    title: str
    source: str
    language: Language
    text: str
    metadata: dict[str, str] = field(default_factory=dict)
    added_at: str = ""
    passages: int = 0


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """What is known of a stored document without reading its text; the attributes are those of `DocumentRecord`."""

    id: str
    title: str
    source: str
    metadata: dict[str, str] = field(default_factory=dict)
