"""Float32 tensors of a safetensors file, as they lie on the disk.

Source of the format: https://github.com/huggingface/safetensors, "Format".
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np


def map_safetensors(path: Path) -> dict[str, np.ndarray]:
    """Return the float32 tensors of a safetensors file as read-only views of the file.

    Raises:
        ValueError: The file is cut short or holds something other than float32.
    """
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        tensors = _tensors(file, len(data))
    return {
        name: np.frombuffer(data, np.float32, math.prod(shape), start).reshape(shape)
        for name, (start, shape) in tensors.items()
    }


class StoredRows:
    """A float32 matrix of a safetensors file whose rows are read when they are asked for.

    Were it mapped into memory, each row would count as the process's memory with whatever the system maps around it, up
    to 2 MB: after 80 questions that was a quarter of a gigabyte for less than a megabyte of rows.

    Args:
        path: The file.
        name: The matrix.

    Raises:
        KeyError: There is none of this name.
        ValueError: It is no float32 matrix, or cut off.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._file = path.open("rb", buffering=0)
        self._seeking = threading.Lock()
        weakref.finalize(self, self._file.close)
        self._start, shape = _tensors(self._file, path.stat().st_size)[name]
        self._count, self._width = shape

    def read(self, rows: Sequence[int]) -> np.ndarray:
        """Return rows, shape (rows, width).

        Raises:
            IndexError: There is no such row.
        """
        found = np.empty((len(rows), self._width), np.float32)
        for at, row in enumerate(rows):
            if not 0 <= row < self._count:
                raise IndexError(f"there is no row {row}")
            found[at] = np.frombuffer(self._bytes(self._start + row * found.strides[0], found.strides[0]), np.float32)
        return found

    def _bytes(self, start: int, length: int) -> bytes:
        if hasattr(os, "pread"):  # it leaves the position alone, which a process that was forked shares
            return os.pread(self._file.fileno(), length, start)
        with self._seeking:
            self._file.seek(start)
            return self._file.read(length)


def _tensors(file: BinaryIO, size: int) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Return where in a safetensors file of so many bytes each tensor begins, and its shape.

    Raises:
        ValueError: The file is cut short or holds something other than float32.
    """
    (length,) = struct.unpack("<Q", file.read(8))
    header: dict[str, Any] = json.loads(file.read(length))
    header.pop("__metadata__", None)
    tensors: dict[str, tuple[int, tuple[int, ...]]] = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        if entry["dtype"] != "F32" or 8 + length + end > size or end - start != 4 * math.prod(entry["shape"]):
            raise ValueError(f"the tensor {name} is not float32 or cut off")
        tensors[name] = (8 + length + start, tuple(entry["shape"]))
    return tensors
