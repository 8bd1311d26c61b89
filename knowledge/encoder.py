"""A BERT forward pass in numpy, for questions.

Importing sentence-transformers takes five seconds, more than a whole answer may take; this opens in a fraction of one
and gives the same vectors. Weights stay on the disk: the layers are mapped into memory, the table of tokens, four
fifths of the file, is read row by row.
Source of the architecture: Devlin et al., *BERT*, 2019; of the error function: the rational approximation of Eigen
and XLA in single precision (within 4e-7).
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
import weakref
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from knowledge.batching import Batching
from knowledge.errors import WeightsCorrupt
from knowledge.unigram import UnigramTokenizer

_ERF_NUMERATOR = (
    -2.72614225801306e-10,
    2.77068142495902e-08,
    -2.10102402082508e-06,
    -5.69250639462346e-05,
    -7.34990630326855e-04,
    -2.95459980854025e-03,
    -1.60960333262415e-02,
)
_ERF_DENOMINATOR = (
    -1.45660718464996e-05,
    -2.13374055278905e-04,
    -1.68282697438203e-03,
    -7.37332916720468e-03,
    -1.42647390514189e-02,
)


WORDS = "embeddings.word_embeddings.weight"

TOGETHER = 8
"""How many questions that wait at the same time are run in one go."""


class NumpyEncoder:
    """Unit vectors of short texts, without torch.

    Args:
        folder: A sentence-transformers folder that `knowledge.e5.convert` wrote: a ``BertModel`` in float32 with exact
            GELU, mean pooling over all tokens, then normalisation.
        corrections: What is added to weights of it, by name (`knowledge.adapter`).

    Raises:
        WeightsCorrupt: The folder holds another kind of model, or its weights cannot be read.

    Attributes:
        dimension: Length of a vector.
        max_tokens: Longer texts are cut to so many tokens.
    """

    def __init__(self, folder: Path, corrections: Mapping[str, np.ndarray] | None = None) -> None:
        _one_thread_for_products()
        self._together = Batching(self.states, TOGETHER)
        try:
            config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            if config["model_type"] != "bert" or config["hidden_act"] != "gelu":
                raise ValueError("it is not a BertModel with exact GELU")
            self.dimension = int(config["hidden_size"])
            self.max_tokens = int(config["max_position_embeddings"])
            self._heads = int(config["num_attention_heads"])
            self._layers = int(config["num_hidden_layers"])
            self._epsilon = float(config["layer_norm_eps"])
            self._weights = map_safetensors(folder / "model.safetensors")
            self._token_rows = StoredRows(folder / "model.safetensors", WORDS)
            if WORDS in (corrections or {}):
                raise ValueError("its table of tokens cannot be corrected")
            for name, correction in (corrections or {}).items():
                self._weights[name] = self._weights[name] + correction
            self._tokenizer = UnigramTokenizer(folder)
        except (OSError, ValueError, KeyError, struct.error) as error:
            raise WeightsCorrupt(
                f"The embedding model in {folder} cannot be read: {error}.",
                hint="Run: wenju models pull multilingual-e5-small",
            ) from error

    def encode(self, texts: Sequence[str], prompt: str = "") -> np.ndarray:
        """Return unit vectors.

        Args:
            texts: The texts; each is run on its own, so many long texts belong to sentence-transformers.
            prompt: What is put before each of them, e.g. ``"query: "``.

        Returns:
            float32 of shape (len(texts), dimension).
        """
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self.encode_tokens(text, prompt)[0]
        return vectors

    def encode_tokens(self, text: str, prompt: str = "") -> tuple[np.ndarray, np.ndarray]:
        """Return a text's unit vector and the hidden states of its tokens.

        Args:
            text: The text.
            prompt: What is put before it.

        Returns:
            float32 of shape (dimension,), and float32 of shape (tokens, dimension) without the prompt's tokens and the
            two that frame the text.
        """
        states = self._together(self.tokens(prompt + text))
        mean = states.mean(axis=0)
        framed = len(self._tokenizer.encode(prompt, self.max_tokens)) - 1 if prompt else 1
        return mean / np.linalg.norm(mean), states[framed:-1]

    def tokens(self, text: str) -> list[int]:
        """Return a text's tokens, as many as the model reads."""
        return self._tokenizer.encode(text, self.max_tokens)

    def states(self, batch: Sequence[list[int]]) -> list[np.ndarray]:
        """Return the last hidden states of texts, (tokens, dimension) each. One thread at a time.

        They are run one behind the other as rows: nothing is padded, and only attention has to know where each is.
        """
        w = self._weights
        ends = list(accumulate(map(len, batch)))
        places = [slice(end - len(ids), end) for end, ids in zip(ends, batch, strict=True)]
        x = self._token_rows.read([id_ for ids in batch for id_ in ids])
        for ids, at in zip(batch, places, strict=True):
            x[at] += w["embeddings.position_embeddings.weight"][: len(ids)]
        x += w["embeddings.token_type_embeddings.weight"][0]
        x = self._layer_norm(x, "embeddings.LayerNorm")
        for layer in range(self._layers):
            at_layer = f"encoder.layer.{layer}."
            mixed = self._attention(x, places, at_layer + "attention.self.")
            attended = self._linear(mixed, at_layer + "attention.output.dense")
            x = self._layer_norm(attended + x, at_layer + "attention.output.LayerNorm")
            inner = gelu(self._linear(x, at_layer + "intermediate.dense"))
            x = self._layer_norm(self._linear(inner, at_layer + "output.dense") + x, at_layer + "output.LayerNorm")
        return [x[at] for at in places]

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        y: np.ndarray = x @ self._weights[name + ".weight"].T
        y += self._weights[name + ".bias"]
        return y

    def _layer_norm(self, x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(axis=-1, keepdims=True)
        x /= np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(self._epsilon))
        x *= self._weights[name + ".weight"]
        x += self._weights[name + ".bias"]
        return x

    def _attention(self, x: np.ndarray, places: Sequence[slice], at: str) -> np.ndarray:
        query, key, value = (self._linear(x, at + part) for part in ("query", "key", "value"))
        return np.concatenate([self._attended(query[one], key[one], value[one]) for one in places])

    def _attended(self, query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Return what the tokens of one text make of each other, (tokens, dimension)."""
        tokens, width = len(query), self.dimension // self._heads
        query, key, value = (
            part.reshape(tokens, self._heads, width).transpose(1, 0, 2) for part in (query, key, value)
        )
        scores = query @ key.transpose(0, 2, 1)
        scores *= np.float32(width**-0.5)
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed: np.ndarray = (scores @ value).transpose(1, 0, 2).reshape(tokens, self.dimension)
        return mixed


def _one_thread_for_products() -> None:
    """Let numpy multiply matrices on one thread, in all of this process.

    OpenBLAS lets its threads wait in a busy loop between products, of which a question has hundreds, all small: with
    two threads it takes twice the processor time, and setting and restoring their number around each question as much.
    Torch and FAISS have threads of their own.
    """
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it ships no types

    ThreadpoolController().select(internal_api="openblas").limit(limits=1)


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
        weakref.finalize(self, self._file.close)
        self._start, shape = _tensors(self._file, path.stat().st_size)[name]
        self._count, self._width = shape

    def read(self, rows: Sequence[int]) -> np.ndarray:
        """Return rows, shape (rows, width). One thread at a time.

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


def gelu(x: np.ndarray) -> np.ndarray:
    """Return ``x * (1 + erf(x / sqrt(2))) / 2``, the exact GELU."""
    z = x * np.float32(0.5**0.5)
    y = erf(z)
    y += np.float32(1.0)
    y *= x
    y *= np.float32(0.5)
    return y


def erf(x: np.ndarray) -> np.ndarray:
    """Return the error function of a float32 array, within 4e-7."""
    x = np.clip(x, np.float32(-4.0), np.float32(4.0))
    square = x * x
    x *= _polynomial(square, _ERF_NUMERATOR)
    x /= _polynomial(square, _ERF_DENOMINATOR)
    return x


def _polynomial(x: np.ndarray, coefficients: Sequence[float]) -> np.ndarray:
    y = x * np.float32(coefficients[0])
    for coefficient in coefficients[1:-1]:
        y += np.float32(coefficient)
        y *= x
    y += np.float32(coefficients[-1])
    return y
