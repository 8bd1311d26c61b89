"""The embedding model as it lies on the disk: its sizes and its weights, for both ways of running it.

Weights stay on the disk: the layers are mapped into memory, the table of tokens, four fifths of the file, is read row
by row. Source of the architecture: Devlin et al., *BERT*, 2019.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.errors import WeightsCorrupt
from knowledge.tensors_file import StoredRows, map_safetensors

WORDS = "embeddings.word_embeddings.weight"


@dataclass(frozen=True, slots=True)
class Bert:
    """A ``BertModel`` in float32 with exact GELU.

    Attributes:
        folder: Where it is, with its tokenizer.
        dimension: Length of a token's state.
        max_tokens: Longer texts are cut to so many tokens.
        heads: Of attention.
        layers: How many.
        epsilon: What keeps a division by the standard deviation from one by zero.
        weights: By name.
        token_rows: The table of tokens.
    """

    folder: Path
    dimension: int
    max_tokens: int
    heads: int
    layers: int
    epsilon: float
    weights: Mapping[str, np.ndarray]
    token_rows: StoredRows

    @classmethod
    def read(cls, folder: Path, corrections: Mapping[str, np.ndarray] | None = None) -> Bert:
        """Open a folder that `knowledge.e5.convert` wrote.

        Args:
            folder: A sentence-transformers folder: mean pooling over all tokens, then normalisation.
            corrections: What is added to weights of it, by name (`knowledge.adapter`).

        Raises:
            WeightsCorrupt: It holds another kind of model, or its weights cannot be read.
        """
        try:
            config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            if config["model_type"] != "bert" or config["hidden_act"] != "gelu":
                raise ValueError("it is not a BertModel with exact GELU")
            weights = map_safetensors(folder / "model.safetensors")
            if WORDS in (corrections or {}):
                raise ValueError("its table of tokens cannot be corrected")
            for name, correction in (corrections or {}).items():
                weights[name] = weights[name] + correction
            return cls(
                folder=folder,
                dimension=int(config["hidden_size"]),
                max_tokens=int(config["max_position_embeddings"]),
                heads=int(config["num_attention_heads"]),
                layers=int(config["num_hidden_layers"]),
                epsilon=float(config["layer_norm_eps"]),
                weights=weights,
                token_rows=StoredRows(folder / "model.safetensors", WORDS),
            )
        except (OSError, ValueError, KeyError, struct.error) as error:
            raise unreadable(folder, error) from error


def unreadable(folder: Path, error: Exception) -> WeightsCorrupt:
    """Return the error for a model's folder that cannot be read."""
    return WeightsCorrupt(
        f"The embedding model in {folder} cannot be read: {error}.", hint="Run: wenju models pull multilingual-e5-small"
    )
