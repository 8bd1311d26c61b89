"""Rows of a table as lines of text that can be found and quoted one by one.

A figure alone says nothing, so each row names its columns: ``地区：华东；产值：120亿元``. Sentences end where lines end
(`knowledge.sentences`), so a row is what an answer cites.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.language import HAN

_HAN = re.compile(f"[{HAN}]")
_FIGURE = re.compile(r"[-+−(（]?[$¥￥€£]?\s*[0-9][0-9,.:/\- ]*\s*(?:[%‰％年月日元万亿]{1,3})?[)）]?")
_HEADER_AMONG = 5  # a header stands in the first rows, below a title at most


def table_lines(rows: Sequence[Sequence[str]], *, header: bool | None = None) -> list[str]:
    """Return a line for each row, "" for an empty one.

    Args:
        rows: The cells, cleaned.
        header: Whether the first full row names the columns; None finds out. In a table of two columns it does only if
            figures stand below, since such a table is more often a list of names and values.
    """
    at = _header_row(rows) if header is None else _first_full(rows) if header else None
    if at is None:
        return [_without_header(row) for row in rows]
    names = rows[at]
    separator, stop = ("：", "；") if _HAN.search("".join(names)) else (": ", "; ")
    lines = [_joined(row) for row in rows[: at + 1]]
    for row in rows[at + 1 :]:
        parts = []
        for column, cell in enumerate(row):
            name = names[column] if column < len(names) else ""
            if cell:
                parts.append(f"{name}{separator}{cell}" if name else cell)
        lines.append(stop.join(parts))
    return lines


def is_figure(cell: str) -> bool:
    """Tell whether a cell is a number, a date, a share, an amount."""
    return _FIGURE.fullmatch(cell) is not None


def _first_full(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the first of the top rows with at least two cells and no figures, if rows follow it."""
    for at, row in enumerate(rows[:_HEADER_AMONG]):
        cells = [cell for cell in row if cell]
        if len(cells) >= 2:
            worded = not any(is_figure(cell) for cell in cells[:1]) and sum(map(is_figure, cells)) * 2 < len(cells)
            return at if worded and at + 1 < len(rows) else None
    return None


def _header_row(rows: Sequence[Sequence[str]]) -> int | None:
    at = _first_full(rows)
    if at is None or len(set(filter(None, rows[at]))) < sum(1 for cell in rows[at] if cell):
        return None
    width = max(len([cell for cell in row if cell]) for row in rows)
    if width > 2:
        return at
    below = [row[1] for row in rows[at + 1 :] if len(row) > 1 and row[1]]
    return at if below and sum(map(is_figure, below)) * 2 > len(below) else None


def _without_header(row: Sequence[str]) -> str:
    cells = [cell for cell in row if cell]
    if len(cells) != 2:
        return _joined(row)
    name, value = cells[0].rstrip("：:"), cells[1]
    return f"{name}：{value}" if _HAN.search(name) else f"{name}: {value}"


def _joined(row: Sequence[str]) -> str:
    return " | ".join(cell for cell in row if cell)
