"""How fast this machine could embed and write at best: arithmetic for the embedding model, memory for the chat model.

Embedding is bound by its matrix products; what they take at the rate of the machine's own library, for the model's
shapes and without padding, is a limit that no program on the same arithmetic can pass. Writing a word reads every
weight of the chat model once, so the file's size over the rate of reading memory is the limit of that.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

TRIES = 7
"""A rate is the best of so many: whatever else the machine does only slows it down."""

TEXTS, TOKENS = 32, 64
"""The batch whose products are timed."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a BERT encoder."""

    layers: int
    hidden: int
    feed_forward: int
    heads: int
    longest: int

    @classmethod
    def of(cls, folder: Path) -> Shape:
        """Read them from a model's folder."""
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(
            layers=int(config["num_hidden_layers"]),
            hidden=int(config["hidden_size"]),
            feed_forward=int(config["intermediate_size"]),
            heads=int(config["num_attention_heads"]),
            longest=int(config["max_position_embeddings"]),
        )

    def flops(self, tokens: int) -> int:
        """Return the operations of the matrix products of one text: two for each multiplication with its addition.

        Four products with hidden × hidden weights, two with hidden × feed_forward ones, and for attention every token
        with every other twice, in each layer.
        """
        weights = 4 * self.hidden * self.hidden + 2 * self.hidden * self.feed_forward
        return self.layers * (2 * tokens * weights + 4 * tokens * tokens * self.hidden)


@dataclass(frozen=True, slots=True)
class EmbeddingLimit:
    """What embedding a corpus takes at least.

    Attributes:
        texts: How many texts are embedded.
        tokens: Their tokens, the prompt's among them.
        flops: The operations of their matrix products.
        gflops_per_second: This machine's rate for products of these shapes, in 10^9 operations a second.
    """

    texts: int
    tokens: int
    flops: int
    gflops_per_second: float

    @property
    def seconds(self) -> float:
        """The limit."""
        return self.flops / self.gflops_per_second / 1e9


def embedding_limit(texts: Sequence[str], folder: Path, rate: float, prompt: str = "passage: ") -> EmbeddingLimit:
    """Return the least time in which texts can be embedded.

    Args:
        texts: The texts.
        folder: The model's folder.
        rate: What `matrix_rate` measured.
        prompt: What is put before each of them.
    """
    from tokenizers import Tokenizer

    shape = Shape.of(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    encoded = tokenizer.encode_batch([prompt + text for text in texts])
    lengths = [min(len(one.ids), shape.longest) for one in encoded]
    return EmbeddingLimit(len(texts), sum(lengths), sum(map(shape.flops, lengths)), rate)


def matrix_rate(shape: Shape, threads: int) -> float:
    """Return how many 10^9 operations a second this machine does in float32 products of the model's shapes."""
    import torch

    h, f, d = shape.hidden, shape.feed_forward, shape.hidden // shape.heads
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        rows = torch.randn(TEXTS * TOKENS, h)
        wide = torch.randn(TEXTS * TOKENS, f)
        square, up, down = torch.randn(h, h), torch.randn(f, h), torch.randn(h, f)
        heads = torch.randn(TEXTS * shape.heads, TOKENS, d)
        weights = torch.randn(TEXTS * shape.heads, TOKENS, TOKENS)

        def layers() -> None:
            with torch.inference_mode():
                for _ in range(shape.layers):
                    for _ in range(4):
                        torch.nn.functional.linear(rows, square)
                    torch.bmm(heads, heads.transpose(1, 2))
                    torch.bmm(weights, heads)
                    torch.nn.functional.linear(rows, up)
                    torch.nn.functional.linear(wide, down)

        return TEXTS * shape.flops(TOKENS) / _best(layers) / 1e9
    finally:
        torch.set_num_threads(before)


def reading_rate(threads: int, size: int = 1 << 30) -> float:
    """Return how many bytes a second are read from memory, with so many threads, from a block of so many bytes."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        block = torch.ones(size // 4, dtype=torch.float32)
        return size / _best(lambda: block.sum())
    finally:
        torch.set_num_threads(before)


def _best(action: Callable[[], object]) -> float:
    action()
    took = []
    for _ in range(TRIES):
        started = time.perf_counter()
        action()
        took.append(time.perf_counter() - started)
    return min(took)
