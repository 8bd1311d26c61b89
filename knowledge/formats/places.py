"""Where in the original file a span of the extracted text stands: its page, slide, cells, rows.

Places are kept as JSON in the metadata of a document (`PLACES`), so they follow it through rebuilding and copying. A
document without places has headings, and the heading of a passage says where it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Literal

from knowledge.types import Language, Span

PLACES = "places"
"""Key of `DocumentRecord.metadata` that holds the places of a document."""

Kind = Literal["page", "slide", "cells", "rows"]


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a document's text and where it stands in the file.

    Attributes:
        kind: What `label` and `row` count.
        start: First code point of the span.
        end: One past its last code point.
        label: The number of the page or slide, or the name of the sheet; "" for rows.
        row: For cells and rows, the number of the row that the span's first line holds; each next line is the next row.
        columns: For cells, the first and the last column, e.g. ``("A", "C")``.
    """

    kind: Kind
    start: int
    end: int
    label: str
    row: int = 0
    columns: tuple[str, str] = ("", "")

    def moved(self, by: int) -> Place:
        """Return the place of the same words in a text with `by` code points put in front."""
        return Place(self.kind, self.start + by, self.end + by, self.label, self.row, self.columns)


def dump(places: Iterable[Place]) -> str:
    """Return places as JSON."""
    return json.dumps([astuple(place) for place in places], ensure_ascii=False, separators=(",", ":"))


def load(metadata: Mapping[str, str]) -> list[Place]:
    """Return the places in a document's metadata, in order; none if it has none."""
    rows = json.loads(metadata.get(PLACES) or "[]")
    return [Place(kind, start, end, label, row, (first, last)) for kind, start, end, label, row, (first, last) in rows]


def place_of(text: str, metadata: Mapping[str, str], span: Span, heading: str, language: Language) -> str:
    """Say where in its file a span of a document stands.

    Args:
        text: The document's text.
        metadata: The document's metadata.
        span: The words.
        heading: The heading that they stand under.
        language: The language to say it in.

    Returns:
        E.g. "page 3", "第 2 张幻灯片", "sheet 表1, A1:C9", "row 12"; for a document without places, its heading.
    """
    met = [place for place in load(metadata) if place.start < span.end and span.start < place.end]
    if not met:
        return heading
    first, last = met[0], met[-1]
    chinese = language == "zh"
    if first.kind in ("page", "slide"):
        numbers = first.label if first.label == last.label else f"{first.label}–{last.label}"
        if first.kind == "page":
            return f"第 {numbers} 页" if chinese else f"page{'s' * (first != last)} {numbers}"
        return f"第 {numbers} 张幻灯片" if chinese else f"slide{'s' * (first != last)} {numbers}"
    top = _row(text, first, max(span.start, first.start))
    bottom = _row(text, last, max(span.end - 1, last.start))
    if first.kind == "rows":
        numbers = str(top) if top == bottom else f"{top}–{bottom}"
        return f"第 {numbers} 行" if chinese else f"row{'s' * (top != bottom)} {numbers}"
    last_row = bottom if last.label == first.label else _row(text, first, first.end - 1)
    cells = f"{first.columns[0]}{top}:{first.columns[1]}{last_row}"
    return f"工作表 {first.label}，{cells}" if chinese else f"sheet {first.label}, {cells}"


def _row(text: str, place: Place, at: int) -> int:
    return place.row + text.count("\n", place.start, at)
