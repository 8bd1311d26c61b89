"""A document with one place marked, and where in a document a place is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from assistant.web.markup import NOTHING, Markup, element
from assistant.web.texts import text
from knowledge.errors import DocumentUnknown
from knowledge.types import DocumentRecord, Language

CONTEXT = 8000
"""Characters of a document shown on each side of a marked sentence; a long document is shown in part."""

TAGS: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
"""What the ``lang`` attribute says, by which browsers choose the shapes of Han characters."""

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


@dataclass(slots=True)
class Documents:
    """Looks up documents for one reply, each once.

    Args:
        find: Returns a document by its id, or raises `DocumentUnknown`.
    """

    find: Callable[[str], DocumentRecord]
    _found: dict[str, DocumentRecord | None] = field(default_factory=dict)

    def get(self, document_id: str) -> DocumentRecord | None:
        """Return a document, None if it was deleted meanwhile."""
        if document_id not in self._found:
            try:
                self._found[document_id] = self.find(document_id)
            except DocumentUnknown:
                self._found[document_id] = None
        return self._found[document_id]


def source(record: DocumentRecord, start: int, end: int, language: Language) -> Markup:
    """Return a document with one place marked.

    Args:
        record: The document.
        start: First code point of the place.
        end: One past its last code point.
        language: Language of the frame.
    """
    first = 0 if start <= CONTEXT else record.text.rfind("\n", 0, start - CONTEXT) + 1
    first = max(first, start - 2 * CONTEXT)
    last = record.text.find("\n", end + CONTEXT)
    last = len(record.text) if last < 0 else last
    last = min(last, end + 2 * CONTEXT)
    return element(
        "article",
        element("h3", record.title or text("untitled", language), class_="wj-title", lang=TAGS[record.language]),
        element(
            "p",
            _origin(record.source),
            " · " if record.source else "",
            text("paragraph", language, number=paragraph(record.text, start)),
            class_="wj-origin",
        ),
        element(
            "div",
            _omitted(first, language),
            record.text[first:start],
            element("mark", record.text[start:end]),
            record.text[end:last],
            _omitted(len(record.text) - last, language),
            class_="wj-text",
            lang=TAGS[record.language],
            tabindex=0,
        ),
        class_="wj-document",
    )


def paragraph(words: str, at: int) -> int:
    """Return which paragraph of a text a position is in, from 1.

    Paragraphs are parted by blank lines, or by line ends in a text without blank lines.
    """
    before = words[:at]
    blocks = _BLANK_LINE.split(before) if _BLANK_LINE.search(words.strip()) else before.split("\n")
    return sum(1 for block in blocks[:-1] if block.strip()) + 1


def _origin(address: str) -> Markup:
    """Return where a document comes from, as a link if it is a web address."""
    try:
        web = urlsplit(address).scheme in {"http", "https"}
    except ValueError:
        web = False
    if not web:
        return element("span", address)
    return element("a", address, href=address, target="_blank", rel="noopener noreferrer nofollow")


def _omitted(count: int, language: Language) -> Markup:
    return element("p", text("omitted", language, count=count), class_="wj-omitted") if count > 0 else NOTHING
