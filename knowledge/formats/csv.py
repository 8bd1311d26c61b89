"""CSV and TSV: a line a row."""

from __future__ import annotations

import csv
import io

from knowledge.encoding import decode
from knowledge.errors import LoadError
from knowledge.formats.extracted import MOST_CHARACTERS, Extracted, TextBuilder, clean
from knowledge.formats.tables import table_lines

_DELIMITERS = ",;\t|"
_SAMPLE = 64 * 1024


def extract(data: bytes) -> Extracted:
    """Read a table of values with delimiters.

    Raises:
        LoadError: It is no text, in no encoding that can be told, or broken.
    """
    text = decode(data)
    csv.field_size_limit(MOST_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text[:_SAMPLE]))
    try:
        rows = [[clean(cell) for cell in row] for row in reader]
    except csv.Error as error:
        raise LoadError(
            f"It is broken ({error}).", hint="Open it in a spreadsheet and save it as CSV again."
        ) from error
    full = [(number, row) for number, row in enumerate(rows, start=1) if any(row)]
    lines = table_lines([row for _, row in full])
    builder = TextBuilder()
    builder.rows("rows", "", [(number, line) for (number, _), line in zip(full, lines, strict=True)], ("", ""))
    return builder.build()


def _delimiter(sample: str) -> str:
    """Return the delimiter that cuts the first lines into the same number of cells, the most of them."""
    lines = [line for line in sample.splitlines()[:20] if line.strip()]

    def judged(delimiter: str) -> tuple[int, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        most = max(set(counts), key=counts.count) if counts else 1
        return (counts.count(most) if most > 1 else 0, most)

    try:
        return max(_DELIMITERS, key=judged)
    except csv.Error:
        return ","
