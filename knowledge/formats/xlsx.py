"""XLSX: sheets, each with its name as heading, a line a row, as the cells are shown."""

from __future__ import annotations

import datetime
import io
import sys
from typing import Any

from knowledge.errors import LoadError
from knowledge.formats import archive
from knowledge.formats.extracted import Extracted, TextBuilder, clean
from knowledge.formats.tables import table_lines

MOST_CELLS = 2_000_000
"""A workbook with more cells that hold something is refused."""


def extract(data: bytes) -> Extracted:
    """Read a workbook: the values of formulas as they were when it was saved; hidden sheets are left out.

    Raises:
        LoadError: It is damaged or protected, too large, or holds no text.
    """
    archive.opened(data, "XLSX", needs="xl/workbook.xml").close()
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]  # openpyxl only asks for it to convert its numbers
    import openpyxl

    workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    builder = TextBuilder()
    left = MOST_CELLS
    for sheet in workbook.worksheets:
        if sheet.sheet_state != "visible":
            builder.notes.append(f"The hidden sheet {sheet.title} was left out.")
            continue
        rows, used = _rows(sheet, left)
        left -= used
        if rows:
            builder.heading(1, sheet.title)
            _add_sheet(sheet.title, rows, builder)
    builder.title = clean(workbook.properties.title or "")
    return builder.build()


def _rows(sheet: Any, most: int) -> tuple[list[tuple[int, dict[int, str]]], int]:
    """Return the rows that hold something, as row numbers and cells by column number, and how many cells."""
    sheet.reset_dimensions()  # what the file states of its own size need not be true
    rows = []
    used = 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = {cell.column: shown for cell in row if cell.value is not None and (shown := _shown(cell))}
        if cells:
            rows.append((number, cells))
            used += len(cells)
            if used > most:
                raise LoadError(f"It holds more than {MOST_CELLS:,} cells.", hint="Split it into smaller files.")
    return rows, used


def _add_sheet(name: str, rows: list[tuple[int, dict[int, str]]], builder: TextBuilder) -> None:
    from openpyxl.utils import get_column_letter

    columns = sorted({column for _, cells in rows for column in cells})
    lines = table_lines([[cells.get(column, "") for column in columns] for _, cells in rows])
    numbered = [(number, line) for (number, _), line in zip(rows, lines, strict=True)]
    builder.rows("cells", name, numbered, (get_column_letter(columns[0]), get_column_letter(columns[-1])))


def _shown(cell: Any) -> str:
    """Return a cell as a person sees it, as far as the meaning goes: shares in percent, dates without midnight."""
    value = cell.value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        shape = (cell.number_format or "").split(";")[0]
        if "%" in shape:
            digits = len(shape.split("%")[0].partition(".")[2].rstrip())
            return f"{value * 100:.{digits}f}%"
        return str(value) if isinstance(value, int) else f"{value:.12g}" if abs(value) < 1e15 else str(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat(" ", "minutes") if isinstance(value, datetime.datetime) else value.isoformat()
    return clean(str(value))
