"""Embedding on the machines of a Ray cluster: the texts go there, the vectors come back in order, and are stored here.

Texts are handed out in the batches in which `knowledge.embed.Embedder` would run them here, so that the vectors are the
same.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from knowledge.build import PassageEmbedder, Progress, TokenEmbedder
from knowledge.embed import BATCH
from knowledge.errors import IndexMismatch, KnowledgeError, RayUnreachable

HANDED_OUT = 8 * BATCH
"""Texts of one task at most; fewer where there are many workers."""

FEW = 16
"""So few texts are not handed out by themselves: a worker might take another way with them (`knowledge.embed`)."""

CONNECTING_SECONDS = 5.0
"""How long a cluster may take to open."""

Encoded = tuple[npt.NDArray[np.float32], list[npt.NDArray[np.float32]] | None]


class RayEmbedder:
    """An embedding model that runs on the workers of a Ray cluster. Use `on_ray`.

    Args:
        own: The same model here; it says the name and the dimension.
        workers: Handles of `_Worker`.
    """

    def __init__(self, own: PassageEmbedder, workers: Sequence[Any]) -> None:
        self._own = own
        self._workers = workers

    @property
    def name(self) -> str:
        """Name of the model, kept in the index."""
        return self._own.name

    @property
    def dimension(self) -> int:
        """Length of its vectors."""
        return self._own.dimension

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> npt.NDArray[np.float32]:
        """Return the vectors of texts, shape (texts, dimension)."""
        return self._encoded(texts, progress)[0]

    def _encoded(self, texts: Sequence[str], progress: Progress | None) -> tuple[npt.NDArray[np.float32], list[Any]]:
        from ray.exceptions import RayError
        from ray.util import ActorPool

        vectors = np.empty((len(texts), self.dimension), np.float32)
        states: list[Any] = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]), reverse=True)
        tasks = [[texts[at] for at in order[start:end]] for start, end in shares(len(order), len(self._workers))]
        done = 0
        try:
            for found, own in ActorPool(self._workers).map(lambda worker, task: worker.encode.remote(task), tasks):
                rows = order[done : done + len(found)]
                vectors[rows] = found
                for row, state in zip(rows, own or [], strict=False):
                    states[row] = state
                done += len(found)
                if progress is not None:
                    progress(done, len(texts))
        except RayError as error:
            raise KnowledgeError(
                f"A Ray worker failed: {_line(error)}.",
                hint="Every machine of the cluster needs this version of wenju and the embedding model.",
            ) from error
        return vectors, states


class RayTokenEmbedder(RayEmbedder):
    """The same for a model that tells the states of tokens."""

    def encode_passage_tokens(
        self, texts: Sequence[str], *, progress: Progress | None = None
    ) -> tuple[npt.NDArray[np.float32], list[npt.NDArray[np.float32]]]:
        """Return vectors, shape (texts, dimension), and the token states of each text, (tokens, dimension)."""
        return self._encoded(texts, progress)


@contextmanager
def on_ray(address: str, own: PassageEmbedder, open_there: Callable[[], PassageEmbedder]) -> Iterator[RayEmbedder]:
    """Connect to a Ray cluster and open the embedding model on its workers, one for each CPU.

    Args:
        address: ``local`` for a Ray of this machine's own, which ends with the context; else as Ray takes it, e.g.
            ``ray://HOST:10001``, ``HOST:6379`` or ``auto``.
        own: The embedding model of this process.
        open_there: Opens the same model on a worker; Ray sends it there.

    Raises:
        RayUnreachable: There is no such cluster.
        IndexMismatch: The workers open another model.
        KnowledgeError: A worker fails.
    """
    import ray
    from ray.exceptions import RayError

    started = not ray.is_initialized()
    if started:
        _connect(address)
    workers: list[Any] = []
    try:
        worker = ray.remote(num_cpus=1)(_Worker)
        count = max(1, int(ray.cluster_resources().get("CPU", 1)))
        workers = [worker.remote(open_there) for _ in range(count)]
        try:
            opened = set(ray.get([one.opened.remote() for one in workers]))
        except RayError as error:
            raise KnowledgeError(
                f"A Ray worker could not open the embedding model: {_line(error)}.",
                hint="Every machine of the cluster needs this version of wenju and the embedding model.",
            ) from error
        other = next((found for found in opened if found != (own.name, own.dimension)), None)
        if other is not None:
            raise IndexMismatch(
                f"The Ray workers embed with {other[0]}, but {own.name} is in use here.",
                hint="Give every machine of the cluster the same model.",
            )
        yield (RayTokenEmbedder if isinstance(own, TokenEmbedder) else RayEmbedder)(own, workers)
    finally:
        for one in workers:
            ray.kill(one)
        if started:
            ray.shutdown()


def open_there(model: str, cache: Path, local: Path | None, hub: str | None, offline: bool) -> PassageEmbedder:
    """Open an embedding model on a worker; it keeps to one thread, as there is a worker for each CPU."""
    from knowledge.embed import open_embedder
    from knowledge.weights import Weights

    weights = Weights(cache, local=local, hub=hub, offline=offline)
    if model in weights.names() and not offline:
        weights.pull(model)
    return open_embedder(model, weights, threads=1)


def shares(texts: int, workers: int) -> list[tuple[int, int]]:
    """Return which texts go into one task, as many batches as keep every worker busy."""
    wanted = -(-texts // max(1, workers))
    size = min(HANDED_OUT, BATCH * max(1, -(-wanted // BATCH)))
    starts = list(range(0, texts, size))
    if len(starts) > 1 and texts - starts[-1] <= FEW:
        starts.pop()
    return list(pairwise([*starts, texts]))


class _Worker:
    """The embedding model on a worker."""

    def __init__(self, opener: Callable[[], PassageEmbedder]) -> None:
        self._embedder = opener()

    def opened(self) -> tuple[str, int]:
        """Return the name and dimension of the model."""
        return self._embedder.name, self._embedder.dimension

    def encode(self, texts: list[str]) -> Encoded:
        """Return vectors of shape (texts, dimension), and token states if the model tells them."""
        if isinstance(self._embedder, TokenEmbedder):
            return self._embedder.encode_passage_tokens(texts)
        return self._embedder.encode_passages(texts), None


def _connect(address: str) -> None:
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        options["include_dashboard"] = False
    try:
        _reach(address)
        ray.init(address=address, **options)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise RayUnreachable(
            f"There is no Ray cluster at {address}: {_line(error)}.",
            hint="Use --ray local, or the address of a running cluster, e.g. ray://HOST:10001.",
        ) from error


def _reach(address: str) -> None:
    """Knock at a cluster's address: Ray itself would wait for minutes.

    Raises:
        OSError: Nobody opens.
        ValueError: It has no port.
    """
    if address not in ("local", "auto"):
        parts = urlsplit(address if "://" in address else f"//{address}")
        if not parts.hostname or parts.port is None:
            raise ValueError("the address has no host and port")
        socket.create_connection((parts.hostname, parts.port), timeout=CONNECTING_SECONDS).close()


def _line(error: Exception) -> str:
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    # Ray puts the worker's traceback first and what was raised last.
    return said[-1].rstrip(".") if said else type(error).__name__
