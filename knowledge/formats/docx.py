"""DOCX: headings, paragraphs, lists and tables in the order in which they stand."""

from __future__ import annotations

import io
import re
from typing import Any

from knowledge.formats import archive
from knowledge.formats.extracted import Extracted, TextBuilder, clean

_HEADING = re.compile(r"(?:heading|标题|見出し)\s*([1-9])", re.I)
_GENERATED_TITLE = re.compile(r"^$|word document|untitled|^文档\s*[0-9]*$|\.docx?$|未命名", re.I)


def extract(data: bytes) -> Extracted:
    """Read a DOCX file.

    Raises:
        LoadError: It is damaged or protected, or holds no text.
    """
    import docx
    from docx.table import Table

    archive.opened(data, "DOCX", needs="word/document.xml").close()

    document = docx.Document(io.BytesIO(data))
    builder = TextBuilder()
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            builder.table(_cells(block), header=True if _is_headed(block) else None)
        else:
            _add_paragraph(block, builder)
    extracted = builder.build()
    stated = clean(document.core_properties.title or "")
    # What a document opens with names it; what its properties say is often left from the file it was made from.
    own = extracted.text.startswith("# ") or _GENERATED_TITLE.search(stated)
    return Extracted(extracted.text, title=extracted.title if own else stated)


def _add_paragraph(paragraph: Any, builder: TextBuilder) -> None:
    level = _level(paragraph)
    if level:
        builder.heading(level, paragraph.text)
    elif _is_item(paragraph):
        builder.item(paragraph.text)
    else:
        builder.paragraph(paragraph.text)


def _level(paragraph: Any) -> int:
    """Return the level of a heading, 0 for other paragraphs: by its style, what that is based on, its outline."""
    style = paragraph.style
    for _ in range(10):
        if style is None:
            break
        if style.name == "Title":
            return 1
        found = _HEADING.match(style.name or "")
        if found:
            return int(found[1])
        style = style.base_style
    outline = paragraph._p.find(".//{*}pPr/{*}outlineLvl")
    value = "" if outline is None else next(iter(outline.attrib.values()), "")
    return int(value) + 1 if value.isdigit() and int(value) < 9 else 0


def _is_item(paragraph: Any) -> bool:
    style = paragraph.style.name if paragraph.style is not None else ""
    return (style or "").startswith(("List Bullet", "List Number")) or paragraph._p.find(
        ".//{*}pPr/{*}numPr"
    ) is not None


def _cells(table: Any) -> list[list[str]]:
    """Return the cells of a table; one that spans columns stands once."""
    rows = []
    for row in table.rows:
        cells: list[str] = []
        before = None
        for cell in row.cells:
            if cell._tc is not before:
                cells.append(cell.text)
            before = cell._tc
        rows.append(cells)
    return rows


def _is_headed(table: Any) -> bool:
    first = next(iter(table.rows), None)
    return len(table.rows) > 1 and first is not None and first._tr.find("{*}trPr/{*}tblHeader") is not None
