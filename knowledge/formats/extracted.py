"""What a reader makes of a file, and how it puts the text together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from knowledge.errors import LoadError
from knowledge.formats.places import Kind, Place
from knowledge.formats.tables import table_lines

MOST_CHARACTERS = 20_000_000
"""A file with more text than this (some 40 books) is refused."""

_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff\u200b\u2060\ufeff\xad\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a file.

    Attributes:
        text: The text; paragraphs are parted by blank lines.
        places: Where its spans stand in the file, in order, never overlapping.
        title: What the file calls itself, "" if it does not.
        card: What the file says of itself that may be asked for, by the keys of `knowledge.load.CARD_LABELS`.
        notes: One sentence for each thing that was left out.
    """

    text: str
    places: tuple[Place, ...] = ()
    title: str = ""
    card: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain lists and dictionaries."""
        places = [(p.kind, p.start, p.end, p.label, p.row, p.columns) for p in self.places]
        return {"text": self.text, "places": places, "title": self.title, "card": self.card, "notes": self.notes}

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Extracted:
        """Make it of what `to_json` gave."""
        places = tuple(
            Place(kind, start, end, label, row, (first, last))
            for kind, start, end, label, row, (first, last) in given["places"]
        )
        return cls(given["text"], places, given["title"], given["card"], tuple(given["notes"]))


class TextBuilder:
    """Puts the text of a file together, block by block, and notes the places."""

    def __init__(self) -> None:
        self.title = ""
        self.notes: list[str] = []
        self._parts: list[str] = []
        self._length = 0
        self._places: list[Place] = []
        self._open: tuple[Kind, str] | None = None
        self._opened_at = 0

    @property
    def empty(self) -> bool:
        """Whether nothing was put in yet."""
        return not self._parts

    def place(self, kind: Kind, label: str) -> None:
        """Say that what follows stands on a page or slide."""
        self._close()
        self._open, self._opened_at = (kind, label), self._length

    def heading(self, level: int, words: str) -> None:
        """Add a heading; the first one is the title, unless there is one."""
        words = clean(words)
        if words:
            self.title = self.title or words
            self._add(f"{'#' * min(max(level, 1), 6)} {words}", "\n\n")

    def paragraph(self, words: str) -> None:
        """Add a paragraph, which may hold line breaks."""
        lines = [line for line in map(clean, words.split("\n")) if line]
        if lines:
            self._add("\n".join(lines), "\n\n")

    def item(self, words: str) -> None:
        """Add a list item."""
        words = clean(words)
        if words:
            self._add(f"- {words}", "\n" if self._parts and self._parts[-1].startswith("- ") else "\n\n")

    def table(self, rows: Iterable[Sequence[str]], *, header: bool | None = None) -> None:
        """Add a table, a line a row; see `table_lines`."""
        cleaned = [[clean(cell) for cell in row] for row in rows]
        for number, line in enumerate(line for line in table_lines(cleaned, header=header) if line):
            self._add(line, "\n" if number else "\n\n")

    def rows(self, kind: Kind, label: str, lines: Sequence[tuple[int, str]], columns: tuple[str, str]) -> None:
        """Add the rows of a sheet, each with its number; rows in sequence become one place."""
        self._close()
        previous = None
        for row, line in lines:
            goes_on = previous is not None and row == previous + 1
            start = self._add(line, "\n" if previous is not None else "\n\n")
            if goes_on:
                last = self._places[-1]
                self._places[-1] = Place(kind, last.start, self._length, label, last.row, columns)
            else:
                self._places.append(Place(kind, start, self._length, label, row, columns))
            previous = row

    def build(self, *, card: dict[str, str] | None = None) -> Extracted:
        """Return the whole.

        Raises:
            LoadError: There is no text.
        """
        self._close()
        if not self._parts:
            raise LoadError("It holds no text.", hint="Leave it out, or check that it was saved.")
        return Extracted("".join(self._parts) + "\n", tuple(self._places), self.title, card or {}, tuple(self.notes))

    def _add(self, block: str, gap: str) -> int:
        """Add a block and return where it starts."""
        if self._parts:
            self._parts.append(gap)
            self._length += len(gap)
        start = self._length
        self._parts.append(block)
        self._length += len(block)
        if self._length > MOST_CHARACTERS:
            raise LoadError(
                f"It holds more than {MOST_CHARACTERS:,} characters of text.", hint="Split it into smaller files."
            )
        return start

    def _close(self) -> None:
        if self._open and self._length > self._opened_at:
            self._places.append(Place(self._open[0], self._opened_at, self._length, self._open[1]))
        self._open = None


def clean(words: str) -> str:
    """Return words on one line, with single spaces and without characters that nobody sees."""
    return " ".join(_UNSEEN.sub("", words).split())
