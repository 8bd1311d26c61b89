"""Where a run comes from: prompts, code, models, settings and machine, as far as answers or timings depend on them."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOMS = ("assistant", "knowledge", "prompts")
"""The packages that answers come from."""

PACKAGES = ("jieba", "opencc-python-reimplemented", "torch", "transformers", "sentence-transformers", "xllamacpp")
"""Packages of others whose version can change an answer."""


def prompt_hashes() -> dict[str, str]:
    """Return the first 12 hexadecimal digits of each prompt file's SHA-256, by its path below ``prompts/``."""
    root = _folder("prompts")
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix not in {".py", ".pyc"})
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files}


@cache
def code_version() -> str:
    """Return 12 hexadecimal digits that change with any file that answers come from, other than prompts' texts."""
    digest = hashlib.sha256()
    for room in ROOMS:
        root = _folder(room)
        for path in sorted(root.rglob("*")):
            # What is beside the code decides answers as well: gazetteers, calibrations, means.
            if path.is_file() and "__pycache__" not in path.parts and "web" not in path.relative_to(root).parts:
                digest.update(f"{room}/{path.relative_to(root).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _folder(package: str) -> Path:
    import importlib

    return Path(importlib.import_module(package).__file__ or "").parent


def weights_hashes(names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each of these models' files; one that the manifest does not know is left out."""
    from knowledge.manifest import manifest

    known = {spec.name: spec.sha256 for spec in manifest()}
    return {name: known[name] for name in names if name in known}


def identity(
    model: str, configuration: Mapping[str, Any], documents: Iterable[str], prompts: Mapping[str, str]
) -> dict[str, Any]:
    """Return everything, besides the question, that an answer depends on; plain data for JSON.

    Args:
        model: Name of the reader.
        configuration: The settings that change answers: ``llm``, ``embedding_model`` and the rest.
        documents: Ids of the documents that answers come from, which are hashes of their contents.
        prompts: What `prompt_hashes` gave.
    """
    return {
        "model": model,
        "weights": weights_hashes(dict.fromkeys((model, str(configuration.get("embedding_model", ""))))),
        "settings": dict(configuration),
        "prompts": dict(prompts),
        "code": code_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "documents": sorted(documents),
    }


def machine() -> dict[str, str]:
    """Return what this runs on, as far as it explains timings; nothing that names the machine or its user."""
    return {
        "system": platform.platform(terse=True),
        "processor": platform.machine(),
        "cpus": str(os.cpu_count() or ""),
        "python": platform.python_version(),
        "wenju": _version("wenju"),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
