"""The embedding model with a low-rank correction that can be trained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from knowledge.adapter import DOWN, UP

RANK = 8
FIRST_LAYER = 6
"""The first layer that is corrected; those below stay as they are, which halves the time a step takes."""

SCALE = 2.0
TEXTS_AT_ONCE = 48
LONGEST = 511
"""Tokens of a text."""


class LowRank(nn.Module):
    """A linear layer with ``SCALE · up · down`` added to its weight; nothing is added at first."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear
        self.down = nn.Parameter(torch.randn(RANK, linear.in_features) / math.sqrt(linear.in_features))
        self.up = nn.Parameter(torch.zeros(linear.out_features, RANK))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer."""
        corrected: Tensor = self.linear(x) + SCALE * ((x @ self.down.T) @ self.up.T)
        return corrected


class AdaptedModel(nn.Module):
    """The embedding model, its upper layers' matrices corrected.

    Args:
        folder: The sentence-transformers folder of the model as its makers published it.
        first_layer: The first layer that is corrected.
    """

    def __init__(self, folder: Path, first_layer: int = FIRST_LAYER) -> None:
        from transformers import BertModel

        super().__init__()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        bert: Any = BertModel.from_pretrained(str(folder), add_pooling_layer=False)
        bert.eval()
        bert.requires_grad_(False)
        for layer in bert.encoder.layer[first_layer:]:
            attention = layer.attention.self
            for name in ("query", "key", "value"):
                setattr(attention, name, LowRank(getattr(attention, name)))
            for part in (layer.attention.output, layer.intermediate, layer.output):
                part.dense = LowRank(part.dense)
        self.bert = bert
        self._first_layer = first_layer

    def corrected(self) -> Iterator[tuple[str, LowRank]]:
        """Yield the corrected layers under the names that ``BertModel`` gives their weights."""
        for name, module in self.bert.named_modules():
            if isinstance(module, LowRank):
                yield f"{name}.weight", module

    def factors(self, share: float = 1.0) -> dict[str, np.ndarray]:
        """Return a share of the correction as `knowledge.adapter` reads it, float16."""
        stored: dict[str, np.ndarray] = {}
        for name, layer in self.corrected():
            stored[name + DOWN] = layer.down.detach().numpy().astype(np.float16)
            stored[name + UP] = (share * SCALE * layer.up.detach()).numpy().astype(np.float16)
        return stored

    def encode(self, texts: Sequence[str], prompt: str) -> list[tuple[Tensor, Tensor]]:
        """Return for each text its unit vector and the states of its tokens, as `knowledge.encoder` does."""
        framed = len(self._tokenizer.encode(prompt).ids) - 1
        ids = [self._tokenizer.encode(prompt + text).ids[:LONGEST] for text in texts]
        order = sorted(range(len(texts)), key=lambda at: len(ids[at]))
        found: dict[int, tuple[Tensor, Tensor]] = {}
        for start in range(0, len(order), TEXTS_AT_ONCE):
            chosen = order[start : start + TEXTS_AT_ONCE]
            states, mask = self._forward([ids[at] for at in chosen])
            means = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
            for row, at in enumerate(chosen):
                found[at] = (unit(means[row]), states[row, framed : len(ids[at]) - 1])
        return [found[at] for at in range(len(texts))]

    def _forward(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        longest = max(map(len, rows))
        ids = torch.ones(len(rows), longest, dtype=torch.long)
        mask = torch.zeros(len(rows), longest)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = torch.tensor(row)
            mask[at, : len(row)] = 1
        hidden = torch.where(mask[:, None, None, :] > 0, 0.0, -1e9).expand(len(rows), 1, longest, longest)
        bert: Any = self.bert
        with torch.no_grad():
            states = bert.embeddings(input_ids=ids)
            for layer in bert.encoder.layer[: self._first_layer]:
                states = _first(layer(states, hidden))
        for layer in bert.encoder.layer[self._first_layer :]:
            states = _first(layer(states, hidden))
        return states, mask


def unit(vectors: Tensor) -> Tensor:
    """Scale to unit length along the last dimension."""
    scaled: Tensor = vectors / vectors.norm(dim=-1, keepdim=True).clamp_min(1e-9)
    return scaled


def _first(output: Any) -> Tensor:
    states: Tensor = output[0] if isinstance(output, tuple) else output
    return states
