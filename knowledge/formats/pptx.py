"""PPTX: slides, each with its title as heading, its text, tables and notes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from knowledge.formats import archive
from knowledge.formats.extracted import Extracted, TextBuilder, clean

_DEEPEST = 20


def extract(data: bytes) -> Extracted:
    """Read a presentation.

    Raises:
        LoadError: It is damaged or protected, or holds no text.
    """
    import pptx

    archive.opened(data, "PPTX", needs="ppt/presentation.xml").close()
    presentation = pptx.Presentation(io.BytesIO(data))
    builder = TextBuilder()
    for number, slide in enumerate(presentation.slides, start=1):
        builder.place("slide", str(number))
        title = slide.shapes.title
        if title is not None and title.has_text_frame:
            builder.heading(1 if number == 1 else 2, title.text_frame.text)
        for shape in _shapes(slide.shapes, 0):
            if title is None or shape.shape_id != title.shape_id:
                _add_shape(shape, builder)
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            builder.paragraph(slide.notes_slide.notes_text_frame.text)
    return builder.build()


def _shapes(shapes: Any, depth: int) -> Iterator[Any]:
    """Yield shapes from top to bottom, those within groups too."""
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if hasattr(shape, "shapes") and depth < _DEEPEST:
            yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape


def _add_shape(shape: Any, builder: TextBuilder) -> None:
    if getattr(shape, "has_table", False):
        builder.table([[cell.text_frame.text for cell in row.cells if not cell.is_spanned] for row in shape.table.rows])
    elif getattr(shape, "has_chart", False):
        _add_chart(shape.chart, builder)
    elif shape.has_text_frame:
        lines = [line for line in (clean(paragraph.text) for paragraph in shape.text_frame.paragraphs) if line]
        if len(lines) == 1:
            builder.paragraph(lines[0])
        for line in lines if len(lines) > 1 else ():
            builder.item(line)


def _add_chart(chart: Any, builder: TextBuilder) -> None:
    """Add what a chart shows as a table: a row for each category, a column for each series."""
    plot = next(iter(chart.plots), None)
    if plot is None:
        return
    if chart.has_title and chart.chart_title.has_text_frame:
        builder.paragraph(chart.chart_title.text_frame.text)
    series = list(plot.series)
    rows = [["", *(one.name or "" for one in series)]]
    for at, category in enumerate(plot.categories):
        values = [one.values[at] if at < len(one.values) else None for one in series]
        rows.append([str(category), *("" if value is None else f"{value:g}" for value in values)])
    builder.table(rows, header=len(rows) > 1)
