"""A document with one place marked, and where in a document a place is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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

UPLOADED = "upload:"
"""What the source of an uploaded document begins with."""

_DOT = element("span", " · ", aria_hidden="true")
_HEADING = re.compile(r"^#{1,6}[ \t]+(\S.*?)[ \t]*#*$", re.MULTILINE)
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


@dataclass(frozen=True, slots=True)
class Cited:
    """A cited sentence in a document: where it is, and its number in the answer."""

    start: int
    end: int
    marker: int


def source(record: DocumentRecord, start: int, end: int, language: Language, cited: Sequence[Cited] = ()) -> Markup:
    """Return a document with one place marked, and the other sentences that an answer cites marked less.

    Args:
        record: The document.
        start: First code point of the place.
        end: One past its last code point.
        language: Language of the frame.
        cited: The sentences that the answer cites, the place among them if it is one.
    """
    first = 0 if start <= CONTEXT else record.text.rfind("\n", 0, start - CONTEXT) + 1
    first = max(first, start - 2 * CONTEXT)
    last = record.text.find("\n", end + CONTEXT)
    last = len(record.text) if last < 0 else last
    last = min(last, end + 2 * CONTEXT)
    return element(
        "article",
        element("h3", record.title or text("untitled", language), class_="wj-title", lang=TAGS[record.language]),
        element("p", *_card(record, start, language), class_="wj-origin"),
        element(
            "div",
            _omitted(first, language),
            *_marked(record.text, first, last, (start, end), cited, language),
            _omitted(len(record.text) - last, language),
            class_="wj-text",
            lang=TAGS[record.language],
            tabindex=0,
            role="region",
            aria_label=record.title or text("untitled", language),
        ),
        class_="wj-document",
    )


def _marked(
    words: str, first: int, last: int, place: tuple[int, int], cited: Sequence[Cited], language: Language
) -> list[str | Markup]:
    """Return the words from `first` to `last` with the cited sentences as elements; one that overlaps is left out."""
    marker = next((one.marker for one in cited if (one.start, one.end) == place), 0)
    chosen = [Cited(*place, marker)]
    for one in cited:
        if all(one.end <= other.start or other.end <= one.start for other in chosen):
            chosen.append(one)
    parts: list[str | Markup] = []
    at = first
    for one in sorted(chosen, key=lambda one: one.start):
        if first <= one.start < one.end <= last:
            parts += [words[at : one.start], _mark(words[one.start : one.end], one, place, language)]
            at = one.end
    return [*parts, words[at:last]]


def _mark(words: str, one: Cited, place: tuple[int, int], language: Language) -> Markup:
    now = (one.start, one.end) == place
    if not one.marker:
        return element("mark", words, class_="wj-now" if now else None)
    back = element("a", words, class_="wj-back", href=f"#wj-back/{one.marker}", title=text("source_to_claim", language))
    return element("mark", back, class_="wj-now" if now else None, id=f"wj-cited-{one.marker}")


def paragraph(words: str, at: int) -> int:
    """Return which paragraph of a text a position is in, from 1.

    Paragraphs are parted by blank lines, or by line ends in a text without blank lines.
    """
    before = words[:at]
    blocks = _BLANK_LINE.split(before) if _BLANK_LINE.search(words.strip()) else before.split("\n")
    return sum(1 for block in blocks[:-1] if block.strip()) + 1


def place(record: DocumentRecord, at: int, language: Language) -> str:
    """Return where in a document a position is: the section it stands under and the paragraph."""
    heading = next(reversed(_HEADING.findall(record.text[:at])), "")
    return " · ".join([*([heading] if heading else []), text("paragraph", language, number=paragraph(record.text, at))])


def _card(record: DocumentRecord, at: int, language: Language) -> list[Markup]:
    """Return what a reader wants to know of a document before its words: origin, place, author, date."""
    facts = [record.metadata.get(key, "") for key in ("author", "date")]
    origin = re.sub(f"^{UPLOADED}[0-9a-f]{{8}}/", "", record.source)
    parts = [_origin(origin), *(element("span", fact) for fact in facts if fact)]
    parts.append(element("span", place(record, at, language)))
    return [piece for part in parts if part for piece in (part, _DOT)][:-1]


def _origin(address: str) -> Markup:
    """Return where a document comes from, as a link if it is a web address."""
    if not address:
        return NOTHING
    try:
        web = urlsplit(address).scheme in {"http", "https"}
    except ValueError:
        web = False
    if not web:
        return element("span", address)
    return element("a", address, href=address, target="_blank", rel="noopener noreferrer nofollow")


def _omitted(count: int, language: Language) -> Markup:
    return element("p", text("omitted", language, count=count), class_="wj-omitted") if count > 0 else NOTHING
