"""A BERT forward pass in numpy, for questions.

Importing torch takes seconds, more than a whole answer may take; this opens in a fraction of one and gives the same
vectors. Source of the error function: the rational approximation of Eigen and XLA in single precision (within 4e-7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from knowledge.batching import Batching
from knowledge.bert import Bert, unreadable
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
        bert: The model.
        dimension: Length of a vector.
        max_tokens: Longer texts are cut to so many tokens.
    """

    def __init__(self, folder: Path, corrections: Mapping[str, np.ndarray] | None = None) -> None:
        _one_thread_for_products()
        self._together = Batching(self.states, TOGETHER)
        self.bert = Bert.read(folder, corrections)
        self.dimension = self.bert.dimension
        self.max_tokens = self.bert.max_tokens
        try:
            self._tokenizer = UnigramTokenizer(folder)
        except (OSError, ValueError, KeyError) as error:
            raise unreadable(folder, error) from error

    def encode(self, texts: Sequence[str], prompt: str = "") -> np.ndarray:
        """Return unit vectors.

        Args:
            texts: The texts; each is run on its own, so many long texts belong to `knowledge.bulk_encoder`.
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
        w = self.bert.weights
        ends = list(accumulate(map(len, batch)))
        places = [slice(end - len(ids), end) for end, ids in zip(ends, batch, strict=True)]
        x = self.bert.token_rows.read([id_ for ids in batch for id_ in ids])
        for ids, at in zip(batch, places, strict=True):
            x[at] += w["embeddings.position_embeddings.weight"][: len(ids)]
        x += w["embeddings.token_type_embeddings.weight"][0]
        x = self._layer_norm(x, "embeddings.LayerNorm")
        for layer in range(self.bert.layers):
            at_layer = f"encoder.layer.{layer}."
            mixed = self._attention(x, places, at_layer + "attention.self.")
            attended = self._linear(mixed, at_layer + "attention.output.dense")
            x = self._layer_norm(attended + x, at_layer + "attention.output.LayerNorm")
            inner = gelu(self._linear(x, at_layer + "intermediate.dense"))
            x = self._layer_norm(self._linear(inner, at_layer + "output.dense") + x, at_layer + "output.LayerNorm")
        return [x[at] for at in places]

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        y: np.ndarray = x @ self.bert.weights[name + ".weight"].T
        y += self.bert.weights[name + ".bias"]
        return y

    def _layer_norm(self, x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(axis=-1, keepdims=True)
        x /= np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(self.bert.epsilon))
        x *= self.bert.weights[name + ".weight"]
        x += self.bert.weights[name + ".bias"]
        return x

    def _attention(self, x: np.ndarray, places: Sequence[slice], at: str) -> np.ndarray:
        query, key, value = (self._linear(x, at + part) for part in ("query", "key", "value"))
        return np.concatenate([self._attended(query[one], key[one], value[one]) for one in places])

    def _attended(self, query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Return what the tokens of one text make of each other, (tokens, dimension)."""
        tokens, width = len(query), self.dimension // self.bert.heads
        query, key, value = (
            part.reshape(tokens, self.bert.heads, width).transpose(1, 0, 2) for part in (query, key, value)
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
