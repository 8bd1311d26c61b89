"""How fast this machine could embed and write at best: arithmetic for the embedding model, memory for the chat model.

Embedding is bound by its matrix products; what they take at the rate of the machine's own library, for the model's
shapes and without padding, is a limit that no program on the same arithmetic can pass. Writing a word reads every
weight of the chat model once, so the file's size over the rate of reading memory is the limit of that.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

TRIES = 50
"""A rate is the best of so many short tries: whatever else the machine does only slows it down."""

ROWS = 1024
"""Tokens of the products that are timed; more are not faster."""


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
    """Return how many 10^9 operations a second torch does here in float32 products with weights of the model's shapes.

    One thread is timed, and so many of them are taken to be so many times as fast: where threads share a core that is
    too much, so the limit stays a limit. The products of attention are small and slower; they count at the same rate.
    """
    import torch

    h, f = shape.hidden, shape.feed_forward
    flops = seconds = 0.0
    with using(1), torch.inference_mode():
        for times, wide, long in ((4, h, h), (1, h, f), (1, f, h)):
            rows, weights = torch.randn(ROWS, wide), torch.randn(long, wide)
            flops += times * 2 * ROWS * wide * long
            seconds += times * _best(partial(torch.nn.functional.linear, rows, weights))
    return threads * flops / seconds / 1e9


def reading_rate(threads: int, size: int = 1 << 28) -> float:
    """Return how many bytes a second are read from memory, by one thread or by all of them, whichever is more.

    Args:
        threads: How many there are.
        size: Bytes of the block that is read, more than caches hold.
    """
    import torch

    block = torch.ones(size // 4, dtype=torch.float32)
    rates = []
    for count in (1, threads):
        with using(count):
            rates.append(size / _best(block.sum))
    return max(rates)


@contextmanager
def using(threads: int) -> Iterator[None]:
    """Let torch use so many threads within the block."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
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
