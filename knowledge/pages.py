"""Rows of an SQLite file read from its pages alone: no header, no schema and no tree of pages has to be whole.

Only what salvaging needs of the file format (https://www.sqlite.org/fileformat2.html): leaf pages of tables and of
indexes, the pages that long rows go on in, and the pages that the journal holds instead of those of the file.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE_SIZE = 4096
"""Size of pages where nothing says another one."""

_TABLE_LEAF, _INDEX_LEAF = 0x0D, 0x0A
_MAGIC = b"SQLite format 3\0"
_JOURNAL_HEADER, _FRAME_HEADER = 32, 24
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of an integer by its serial type."""

Value = None | int | str | bytes
Bytes = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Row:
    """A row.

    Attributes:
        rowid: Its number; None in an index.
        values: Its columns; a text that is no UTF-8 is bytes.
    """

    rowid: int | None
    values: tuple[Value, ...]


class Pages:
    """The pages of a file and its journal, as far as they are there. Use as a context manager.

    Args:
        path: The file; it is only read.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        size = path.stat().st_size
        self._bytes = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if size else None
        self.size = self._page_size()
        journal = path.with_name(f"{path.name}-wal")
        self._newer = _committed(journal.read_bytes(), self.size) if journal.is_file() else {}
        self._count = max(size // self.size, *self._newer, 0) if self._newer else size // self.size

    def __enter__(self) -> Pages:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bytes is not None:
            self._bytes.close()
        self._file.close()

    def _page_size(self) -> int:
        head = b"" if self._bytes is None else self._bytes[:18]
        said = int.from_bytes(head[16:18], "big")
        said = 65536 if said == 1 else said
        return said if head.startswith(_MAGIC) and said >= 512 and said & (said - 1) == 0 else PAGE_SIZE

    def page(self, number: int) -> bytes | None:
        """Return a page, None if it is not there; the first is number 1."""
        if number in self._newer:
            return self._newer[number]
        start = (number - 1) * self.size
        found = b"" if self._bytes is None or number < 1 else self._bytes[start : start + self.size]
        return found if len(found) == self.size else None

    def rows(self, columns: int, *, index: bool = False) -> Iterator[Row]:
        """Yield the rows of so many columns, of whatever table or index; those that cannot be read are passed over.

        Args:
            columns: How many columns.
            index: Whether rows of indexes are wanted instead of rows of tables.
        """
        kind = _INDEX_LEAF if index else _TABLE_LEAF
        for number in range(2, self._count + 1):  # the first page is the schema's
            page = self.page(number)
            if page is None or page[0] != kind:
                continue
            cells = int.from_bytes(page[3:5], "big")
            for at in range(8, min(8 + 2 * cells, self.size - 1), 2):
                row = self._row(page, int.from_bytes(page[at : at + 2], "big"), columns, index)
                if row is not None:
                    yield row

    def _row(self, page: bytes, at: int, columns: int, index: bool) -> Row | None:
        try:
            length, at = _varint(page, at)
            rowid, at = (None, at) if index else _varint(page, at)
            local = self._local(length, index)
            head, values = _header(page[at : at + local])
            if len(values) != columns:
                return None
            return Row(rowid, _values(self._payload(page, at, length, local)[head:], values))
        except (IndexError, struct.error, ValueError):
            return None

    def _local(self, length: int, index: bool) -> int:
        """Return how many bytes of a row stand in its leaf page."""
        most = (self.size - 12) * 64 // 255 - 23 if index else self.size - 35
        least = (self.size - 12) * 32 // 255 - 23
        if length <= most:
            return length
        local = least + (length - least) % (self.size - 4)
        return local if local <= most else least

    def _payload(self, page: bytes, at: int, length: int, local: int) -> bytes:
        parts, there = [page[at : at + local]], local
        follows = page[at + local : at + local + 4]
        while there < length:
            next_page = self.page(int.from_bytes(follows, "big"))
            if next_page is None or len(parts) > self._count:
                raise ValueError("a page is missing")
            parts.append(next_page[4 : 4 + length - there])
            there += len(parts[-1])
            follows = next_page[:4]
        return b"".join(parts)


def _committed(journal: bytes, size: int) -> dict[int, bytes]:
    """Return the pages that a journal holds, by number, up to its last transaction that was completed."""
    salt, pages, pending = journal[16:24], dict[int, bytes](), dict[int, bytes]()
    step = _FRAME_HEADER + size
    for at in range(_JOURNAL_HEADER, len(journal) - step + 1, step):
        number, commits = struct.unpack(">II", journal[at : at + 8])
        if journal[at + 8 : at + 16] != salt:
            break
        pending[number] = journal[at + _FRAME_HEADER : at + step]
        if commits:
            pages |= pending
            pending = {}
    return pages


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a number of one to nine bytes; return it and where what follows begins."""
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | data[at + 8], at + 9


def _header(data: bytes) -> tuple[int, list[int]]:
    """Read the header of a row; return where its values begin, and their types."""
    end, at = _varint(data, 0)
    types = []
    while at < end:
        serial, at = _varint(data, at)
        types.append(serial)
    return end, types


def _values(data: bytes, types: Sequence[int]) -> tuple[Value, ...]:
    values: list[Value] = []
    at = 0
    for serial in types:
        if serial in (0, 8, 9):
            values.append(None if serial == 0 else serial - 8)
            continue
        if serial in (7, 10, 11):
            raise ValueError("no column of ours is of this type")
        size = _INTEGERS.get(serial) or (serial - 12) // 2
        part = data[at : at + size]
        if len(part) != size:
            raise ValueError("a value is cut off")
        at += size
        if serial in _INTEGERS:
            values.append(int.from_bytes(part, "big", signed=True))
        else:
            values.append(part if serial % 2 == 0 else _text(part))
    return tuple(values)


def _text(part: bytes) -> str | bytes:
    try:
        return part.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return part
