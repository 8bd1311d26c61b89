"""What ships for an embedding model beside its weights: means, calibration, correction; a file named after it."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def shipped_for(model: str, folder: str, ending: str) -> Traversable | None:
    """Return the file that ships for an embedding model.

    Args:
        model: Name of the model; a folder's path or a hub's name has none.
        folder: Folder within ``knowledge/``.
        ending: Ending of the file's name.

    Returns:
        None if there is none: the model was not measured.
    """
    resource = files("knowledge").joinpath(folder, f"{model}{ending}")
    return resource if "/" not in model and resource.is_file() else None
