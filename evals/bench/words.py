"""How fast the local chat model writes, beside what reading its weights from memory takes.

The model writes in a process of its own, as in the product: where torch is loaded first, which measures the memory,
llama.cpp gets torch's threads with their way of waiting, and writes a quarter less.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant import Settings
    from assistant.local_model import LocalChatModel
    from knowledge.weights import Weights

PROMPT = "Write about the history of cities in China, in many sentences."
WRITTEN = 160
"""Tokens that are written."""

TRIES = 3
"""The best counts, as for the rate of memory: whatever else the machine does only slows it down."""


@dataclass(frozen=True, slots=True)
class Words:
    """What was measured.

    Attributes:
        model: Name of the chat model.
        file_bytes: Its size; each token reads it once.
        bytes_per_second: What this machine reads from memory.
        tokens_per_second: What the model writes, from its first token to its last.
    """

    model: str
    file_bytes: int
    bytes_per_second: float
    tokens_per_second: float

    @property
    def limit(self) -> float:
        """Tokens a second at best."""
        return self.bytes_per_second / self.file_bytes

    @property
    def ratio(self) -> float:
        """How many times as long as at best a token takes."""
        return self.limit / self.tokens_per_second


def measure_words(settings: Settings, weights: Weights, bytes_per_second: float) -> Words:
    """Let the local model write.

    Args:
        settings: Its threads.
        weights: Where its file is; it is fetched if it is not there.
        bytes_per_second: What `evals.bench.arithmetic.reading_rate` measured.
    """
    from assistant.models import LOCAL_MODEL

    path = weights.path(LOCAL_MODEL) if settings.offline else weights.pull(LOCAL_MODEL)
    threads = [] if settings.threads is None else ["--threads", str(settings.threads)]
    command = [sys.executable, "-m", "evals.bench.words", str(path), *threads]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Words(LOCAL_MODEL, path.stat().st_size, bytes_per_second, float(done.stdout.split()[-1]))


def main() -> None:
    """Print how many tokens a second the model on the command line writes."""
    from assistant.local_model import LocalChatModel

    parser = argparse.ArgumentParser(description=(main.__doc__ or "").strip())
    parser.add_argument("path", type=Path)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    model = LocalChatModel(path=options.path, threads=options.threads, max_tokens=WRITTEN)
    model.invoke(PROMPT, max_tokens=8)
    print(max(_written(model) for _ in range(TRIES)))


def _written(model: LocalChatModel) -> float:
    first = last = 0.0
    written = 0
    for piece in model.stream(PROMPT):
        if piece.text:
            last = time.perf_counter()
            first = first or last
        if piece.usage_metadata:
            written = piece.usage_metadata["output_tokens"]
    return (written - 1) / (last - first)


if __name__ == "__main__":
    main()
