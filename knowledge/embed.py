"""Vectors of questions and passages: langchain ``Embeddings`` over a sentence-transformers model.

The shipped model takes a shorter way: questions in numpy (`knowledge.encoder`), because importing torch takes longer
than a whole answer may, and many passages without padding (`knowledge.bulk_encoder`); the vectors are the same. No
other module imports sentence_transformers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings

from knowledge.adapter import corrections
from knowledge.bulk_encoder import BulkEncoder
from knowledge.encoder import NumpyEncoder
from knowledge.encoding import well_formed
from knowledge.errors import WeightsCorrupt, WeightsMissing
from knowledge.weights import Weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH = 32
# So many passages take numpy less time than importing torch does.
_FEW = 16


class Embedder(Embeddings):
    """A sentence-transformers model, loaded when it is first needed.

    Args:
        source: The model's folder, or its name on a hub.
        name: What an index calls it.
        threads: CPU threads for torch (a setting of the whole process), or None for torch's own choice.
        quick: The same model in numpy, for questions and for few passages; then many take `BulkEncoder`.
        local_only: Fetch nothing.

    Attributes:
        name: What an index calls it.
    """

    def __init__(
        self,
        source: str,
        *,
        name: str,
        threads: int | None = None,
        quick: NumpyEncoder | None = None,
        local_only: bool = True,
    ) -> None:
        self.name = name
        self._source = source
        self._threads = threads
        self._quick = quick
        self._quick_prompts = _folder_prompts(Path(source)) if quick is not None else {}
        self._local_only = local_only
        self._model: SentenceTransformer | None = None
        self._bulk: BulkEncoder | None = None
        self._loading = threading.Lock()

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        if self._quick is not None:
            return self._quick.dimension
        return int(self._load().get_embedding_dimension() or 0)

    @property
    def max_tokens(self) -> int | None:
        """Longer texts are cut to so many tokens, the prompt among them; None if the model sets no limit."""
        if self._quick is not None:
            return self._quick.max_tokens
        return self._load().max_seq_length

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the unit vector of each passage."""
        rows: list[list[float]] = self.encode_passages(texts).tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question."""
        row: list[float] = self.encode_query(text).tolist()
        return row

    def encode_query(self, text: str) -> np.ndarray:
        """Return the unit vector of a question, float32 of shape (dimension,).

        Raises:
            WeightsMissing: The model is not there and cannot be fetched.
            WeightsCorrupt: The model cannot be read.
        """
        return self.encode_query_tokens(text)[0]

    def encode_query_tokens(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a question's unit vector, shape (dimension,), and its token states, (tokens, dimension)."""
        if self._quick is not None:
            return self._quick.encode_tokens(well_formed(text), _prompt(self._quick_prompts, "query"))
        model = self._load()
        vectors, tokens = self._encode(model, [well_formed(text)], _prompt(model.prompts, "query"))
        return vectors[0], tokens[0]

    def encode_passages(
        self, texts: Sequence[str], *, progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        """Return the unit vectors of passages, float32 of shape (len(texts), dimension), in the order of `texts`.

        Args:
            texts: The passages. They are run in batches of like length.
            progress: Called with (done, len(texts)) after each batch.

        Raises:
            WeightsMissing: The model is not there and cannot be fetched.
            WeightsCorrupt: The model cannot be read.
        """
        return self.encode_passage_tokens(texts, progress=progress)[0]

    def encode_passage_tokens(
        self, texts: Sequence[str], *, progress: Callable[[int, int], None] | None = None
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return what `encode_passages` does, and for each text the states of its tokens, (tokens, dimension)."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        tokens: list[np.ndarray] = [np.empty((0, self.dimension), np.float32)] * len(texts)
        done = 0
        for rows, found, states in self._found([well_formed(text) for text in texts]):
            vectors[rows] = found
            for row, own in zip(rows, states, strict=True):
                tokens[row] = own
            done += len(rows)
            if progress is not None:
                progress(done, len(texts))
        return vectors, tokens

    def _found(self, texts: list[str]) -> Iterator[tuple[list[int], np.ndarray, list[np.ndarray]]]:
        """Yield which passages some are, their vectors and their token states."""
        if self._quick is not None:
            prompt = _prompt(self._quick_prompts, "document", "passage")
            if self._bulk is None and len(texts) <= _FEW:
                for at, text in enumerate(texts):
                    vector, states = self._quick.encode_tokens(text, prompt)
                    yield [at], vector[None], [states]
                return
            yield from self._load_bulk(self._quick).encode_tokens(texts, prompt)
            return
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]), reverse=True)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            model = self._load()
            prompt = _prompt(model.prompts, "document", "passage")
            yield rows, *self._encode(model, [texts[at] for at in rows], prompt)

    def _encode(self, model: SentenceTransformer, texts: list[str], prompt: str) -> tuple[np.ndarray, list[np.ndarray]]:
        # prompt="" keeps the model from putting its default prompt there.
        # With output_value=None it returns a list of dictionaries, which its type does not say.
        rows: Any = model.encode(
            texts,
            prompt=prompt,
            batch_size=BATCH,
            normalize_embeddings=True,
            show_progress_bar=False,
            output_value=None,
        )
        vectors = np.stack([row["sentence_embedding"].cpu().numpy() for row in rows]).astype(np.float32)
        tokens = []
        for row in rows:
            length = int(row["attention_mask"].sum())
            tokens.append(row["token_embeddings"][int(row.get("prompt_length") or 1) : length - 1].cpu().numpy())
        return vectors, tokens

    def _load(self) -> SentenceTransformer:
        with self._loading:
            if self._model is None:
                self._model = _open_model(self._source, self._local_only, self._threads)
            return self._model

    def _load_bulk(self, quick: NumpyEncoder) -> BulkEncoder:
        with self._loading:
            if self._bulk is None:
                self._bulk = BulkEncoder(quick.bert, self._threads)
            return self._bulk


def open_embedder(model: str, weights: Weights, *, threads: int | None = None) -> Embedder:
    """Return the embedding model of this name; torch is not imported before it is needed.

    Args:
        model: A shipped model's name, a sentence-transformers folder, or, unless offline, a hub's model.
        weights: Where the shipped models are.
        threads: CPU threads, or None for all.

    Raises:
        WeightsMissing: It is not there.
        WeightsCorrupt: It is there, and damaged.
    """
    if any(row.name == model and row.kind == "embedding" for row in weights.rows()):
        folder = weights.path(model)
        quick = NumpyEncoder(folder, corrections(model))
        return Embedder(str(folder), name=model, threads=threads, quick=quick)
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "modules.json").is_file() and not (folder / "config.json").is_file():
            raise WeightsMissing(
                f"{folder} holds no sentence-transformers model.", hint="Name a folder with a modules.json in it."
            )
        # By its full path, so that two models in folders of one name are not taken for each other.
        return Embedder(str(folder), name=folder.resolve().as_posix(), threads=threads)
    return Embedder(model, name=model, threads=threads, local_only=weights.offline)


def _open_model(source: str, local_only: bool, threads: int | None) -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging  # its functions have no types
    if threads is not None:
        torch.set_num_threads(threads)
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        return SentenceTransformer(source, local_files_only=local_only)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
        if Path(source).is_dir():
            raise WeightsCorrupt(
                f"The embedding model in {source} cannot be read: {reason}.",
                hint="Name another folder, or unset WENJU_EMBEDDING_MODEL to use the shipped model.",
            ) from error
        raise WeightsMissing(
            f"The embedding model {source} could not be had from the hub: {reason}.",
            hint="Check WENJU_EMBEDDING_MODEL and HF_ENDPOINT, or unset the former to use the shipped model.",
        ) from error
    finally:
        if bars:
            logging.enable_progress_bar()


def _folder_prompts(folder: Path) -> dict[str, str]:
    content: dict[str, Any] = json.loads((folder / "config_sentence_transformers.json").read_text(encoding="utf-8"))
    prompts: dict[str, str] = content.get("prompts") or {}
    return prompts


def _prompt(prompts: Mapping[str, str | None], *names: str) -> str:
    return next((prompt for name in names if (prompt := prompts.get(name))), "")
