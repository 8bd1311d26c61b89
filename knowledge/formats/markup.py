"""HTML and XHTML elements as blocks of text, for web pages and e-books."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from knowledge.formats.extracted import TextBuilder

SILENT = frozenset(
    "script style template noscript svg canvas iframe object embed audio video head title link meta button select "
    "input textarea option".split()
)
"""Elements whose words are not for readers."""

_BLOCKS = frozenset(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer "
    "form header hr html legend li main menu nav ol p pre section summary ul table caption h1 h2 h3 h4 h5 h6".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_DEEPEST = 200


def name_of(element: Any) -> str:
    """Return an element's name without its namespace; "" for comments and the like."""
    return element.tag.rsplit("}", 1)[-1].lower() if isinstance(element.tag, str) else ""


def add_blocks(element: Any, builder: TextBuilder, *, leave_out: frozenset[str] = frozenset()) -> None:
    """Add the text of an lxml element and what is in it.

    Args:
        element: The element.
        builder: Where the blocks go.
        leave_out: Names of further elements to leave out.
    """
    _Walk(builder, SILENT | leave_out).run(element)


class _Walk:
    """One walk through a tree; words between blocks are collected in `words`."""

    def __init__(self, builder: TextBuilder, silent: frozenset[str]) -> None:
        self._builder = builder
        self._silent = silent
        self._words: list[str] = []
        self._item = False
        self._lines = False  # whether line breaks mean something here

    def run(self, element: Any) -> None:
        self._visit(element, 0)
        self._flush()

    def _visit(self, element: Any, depth: int) -> None:
        name = name_of(element)
        if not name or name in self._silent or depth > _DEEPEST or _hidden(element):
            return
        if name in _HEADINGS:
            self._flush()
            self._builder.heading(_HEADINGS[name], self._inline(element))
        elif name == "table" and _holds_data(element):
            self._flush()
            self._table(element)
        elif name in _BLOCKS:
            self._flush()
            item, lines = self._item, self._lines
            self._item, self._lines = name == "li" or item, name == "pre" or lines
            self._children(element, depth)
            self._flush()
            self._item, self._lines = item and name != "li", lines
        elif name == "br":
            self._words.append("\n")
        elif name == "rt" or name == "rp":
            return
        else:
            self._children(element, depth)

    def _children(self, element: Any, depth: int) -> None:
        self._say(element.text)
        for child in element:
            self._visit(child, depth + 1)
            self._say(child.tail)

    def _say(self, words: str | None) -> None:
        if words:
            self._words.append(words if self._lines else words.replace("\r", " ").replace("\n", " "))

    def _flush(self) -> None:
        words = "".join(self._words)
        self._words.clear()
        if self._item:
            self._builder.item(words)
        else:
            self._builder.paragraph(words)

    def _table(self, table: Any) -> None:
        rows = [row for row in table.iter() if name_of(row) == "tr"]
        cells = [[cell for cell in row if name_of(cell) in ("td", "th")] for row in rows]
        headed = bool(cells) and len(cells) > 1 and bool(cells[0]) and all(name_of(cell) == "th" for cell in cells[0])
        for caption in (child for child in table if name_of(child) == "caption"):
            self._builder.paragraph(self._inline(caption))
        self._builder.table([[self._inline(cell) for cell in row] for row in cells], header=True if headed else None)

    def _inline(self, element: Any) -> str:
        return " ".join("".join(_words(element, self._silent)).split())


def _words(element: Any, silent: frozenset[str]) -> Iterator[str]:
    """Yield the words of an element in order, silent elements left out."""
    stack: list[Any] = [element]
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            yield top
            continue
        name = name_of(top)
        if top is not element:
            stack.append(top.tail or "")
        if not name or name in silent or name in ("rt", "rp"):
            continue
        apart = " " if name in _BLOCKS or name in ("br", "td", "th", "tr") else ""
        stack += [apart, *reversed(list(top)), (apart + (top.text or ""))]


def _holds_data(table: Any) -> bool:
    """Tell whether a table is one, not a frame for the layout of a page."""
    if any(
        name_of(inner) in ("table", "h1", "h2", "h3", "p", "div", "form")
        for inner in table.iter()
        if inner is not table
    ):
        return sum(1 for inner in table.iter() if name_of(inner) == "th") > 0
    return True


def _hidden(element: Any) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or element.get("hidden") is not None or element.get("aria-hidden") == "true"
