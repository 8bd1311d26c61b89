"""The BERT forward pass in torch, for the many texts of documents.

Texts are run one behind the other as rows, so nothing is padded: only attention has to know where each is, and it runs
the neighbours of one length together. That is a quarter faster than padded batches (docs/performance.md). The vectors
are those of `knowledge.encoder`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from knowledge.bert import WORDS, Bert, unreadable

if TYPE_CHECKING:
    from torch import Tensor

ROWS = 2048
"""Tokens that are run in one go, about; more are not faster."""


class BulkEncoder:
    """Vectors and token states of many texts.

    Args:
        bert: The model.
        threads: CPU threads for torch (a setting of the whole process), or None for torch's own choice.

    Raises:
        WeightsCorrupt: Its tokenizer cannot be read.
    """

    def __init__(self, bert: Bert, threads: int | None = None) -> None:
        import torch
        from tokenizers import Tokenizer

        if threads is not None:
            torch.set_num_threads(threads)
        self._bert = bert
        path = bert.folder / "tokenizer.json"
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # it raises this very class
            raise unreadable(bert.folder, error) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(bert.max_tokens)
        self._weights = {
            name: torch.from_numpy(np.array(weight)) for name, weight in bert.weights.items() if name != WORDS
        }
        for at in range(bert.layers):  # the three products of attention with the same rows are one
            for kind in ("weight", "bias"):
                parts = [self._weights.pop(f"{_own(at)}self.{part}.{kind}") for part in ("query", "key", "value")]
                self._weights[f"{_own(at)}self.{kind}"] = torch.cat(parts)

    def encode_tokens(
        self, texts: Sequence[str], prompt: str = ""
    ) -> Iterator[tuple[list[int], np.ndarray, list[np.ndarray]]]:
        """Yield what was found of some of the texts at a time, longest first.

        Args:
            texts: The texts.
            prompt: What is put before each of them.

        Yields:
            Which texts; their unit vectors, float32 of shape (of them, dimension); and of each the states of its
            tokens, (tokens, dimension), without the prompt's tokens and the two that frame the text.
        """
        framed = len(self._tokenizer.encode(prompt).ids) - 1 if prompt else 1
        tokens = [
            np.array(one.ids, np.int64) for one in self._tokenizer.encode_batch([prompt + text for text in texts])
        ]
        order = sorted(range(len(texts)), key=lambda at: len(tokens[at]), reverse=True)
        for rows in _batches(order, [len(own) for own in tokens]):
            states = self._states([tokens[at] for at in rows])
            means = np.stack([own.mean(axis=0) for own in states])
            means /= np.linalg.norm(means, axis=1, keepdims=True)
            yield rows, means, [own[framed:-1] for own in states]

    def _states(self, batch: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the last hidden states of texts, (tokens, dimension) each."""
        import torch

        lengths = [len(ids) for ids in batch]
        with torch.inference_mode():
            x = self._embedded(batch)
            for at in range(self._bert.layers):
                mixed = self._linear(self._attended(x, lengths, at), f"{_own(at)}output.dense")
                x = self._normed(mixed + x, f"{_own(at)}output.LayerNorm")
                inner = torch.nn.functional.gelu(self._linear(x, f"encoder.layer.{at}.intermediate.dense"))
                mixed = self._linear(inner, f"encoder.layer.{at}.output.dense")
                x = self._normed(mixed + x, f"encoder.layer.{at}.output.LayerNorm")
            return np.split(x.numpy(), np.cumsum(lengths)[:-1])

    def _embedded(self, batch: Sequence[np.ndarray]) -> Tensor:
        import torch

        own, place = np.unique(np.concatenate(batch), return_inverse=True)  # a token is read once
        x = torch.from_numpy(self._bert.token_rows.read(own.tolist())[place])
        x += self._weights["embeddings.position_embeddings.weight"][np.concatenate([np.arange(len(b)) for b in batch])]
        x += self._weights["embeddings.token_type_embeddings.weight"][0]
        return self._normed(x, "embeddings.LayerNorm")

    def _attended(self, x: Tensor, lengths: Sequence[int], layer: int) -> Tensor:
        """Return what the tokens of each text make of each other, (rows, dimension)."""
        import torch

        products = self._linear(x, f"{_own(layer)}self")
        mixed = torch.empty_like(x)
        start = 0
        for length, alike in groupby(lengths):
            texts = len(list(alike))
            end = start + texts * length
            # Rows of (query, key, value) by head, to (three, texts, heads, tokens, width).
            parts = products[start:end].view(texts, length, 3, self._bert.heads, -1).permute(2, 0, 3, 1, 4)
            own = torch.nn.functional.scaled_dot_product_attention(*parts)
            mixed[start:end] = own.transpose(1, 2).reshape(texts * length, -1)
            start = end
        return mixed

    def _linear(self, x: Tensor, name: str) -> Tensor:
        import torch

        return torch.nn.functional.linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _normed(self, x: Tensor, name: str) -> Tensor:
        import torch

        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return torch.nn.functional.layer_norm(x, (self._bert.dimension,), weight, bias, self._bert.epsilon)


def _own(layer: int) -> str:
    return f"encoder.layer.{layer}.attention."


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    batch: list[int] = []
    rows = 0
    for at in order:
        batch.append(at)
        rows += lengths[at]
        if rows >= ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch
