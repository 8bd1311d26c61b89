"""A small correction of the shipped embedding model, so that it tells apart what stands in one document.

The model as its makers published it was trained to find the right document among millions; which sentence of a passage
holds the answer it tells less well. A low-rank correction of its upper layers (LoRA; Hu et al., 2021), trained by
`evals.adapter` on public questions whose answers are marked in their passages, adds ``B·A`` to a weight matrix. The
model's own file stays as it was published; the correction, some hundred kilobytes, ships with the code and is added
when the model is loaded. What it gives is in docs/retrieval.md.
"""

from __future__ import annotations

from importlib.resources import as_file

import numpy as np
import numpy.typing as npt

from knowledge.shipped import shipped_for

DOWN, UP = ".A", ".B"
"""Endings of the two factors' names: shapes (rank, inputs) and (outputs, rank)."""


def corrections(model: str) -> dict[str, npt.NDArray[np.float32]]:
    """Return what is to be added to the weights of an embedding model.

    Args:
        model: Name of a model that ships.

    Returns:
        By the weight's name in ``BertModel`` a float32 matrix of its shape, (outputs, inputs); none for a model that
        has no correction.
    """
    resource = shipped_for(model, "adapters", ".safetensors")
    if resource is None:
        return {}
    from safetensors.numpy import load_file

    with as_file(resource) as path:
        factors = {name: factor.astype(np.float32) for name, factor in load_file(path).items()}
    return {
        name.removesuffix(DOWN): factors[name.removesuffix(DOWN) + UP] @ factor
        for name, factor in factors.items()
        if name.endswith(DOWN)
    }
