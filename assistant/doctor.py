"""What is installed, which models and which index there are, what is wrong and how to mend it. Changes nothing."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from assistant.assistant import Assistant
from assistant.collections import DEFAULT_COLLECTION
from assistant.errors import AssistantError
from assistant.settings import Settings
from knowledge.errors import IndexMissing, KnowledgeError

PACKAGES = ("langchain", "langchain-core", "sentence-transformers", "torch", "faiss-cpu", "gradio", "xllamacpp")
LOW_DISK = 2_000_000_000
"""Bytes; the chat model and its parts need about this much while it is fetched."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: The thing.
        state: ``"ok"``, ``"note"`` (works without) or ``"wrong"``.
        detail: What was found.
        hint: What to do, "" if nothing.
    """

    what: str
    state: Literal["ok", "note", "wrong"]
    detail: str
    hint: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything a question needs."""
    assistant = Assistant(settings)
    return [*_packages(), *_disk(settings), *_models(assistant), *_indexes(settings), *_reader(assistant)]


def _packages() -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in PACKAGES:
        try:
            yield Finding(package, "ok", version(package))
        except PackageNotFoundError:
            yield Finding(package, "wrong", "not installed", f"Run `pip install {package}`.")


def _disk(settings: Settings) -> Iterator[Finding]:
    for what, folder in (("home", settings.home), ("cache", settings.cache)):
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        free = shutil.disk_usage(there).free
        low = free < LOW_DISK
        yield Finding(
            f"{what} folder", "note" if low else "ok", f"{folder}, {free / 1e9:.1f} GB free",
            "Free some disk space before fetching models." if low else "",
        )  # fmt: skip


def _models(assistant: Assistant) -> Iterator[Finding]:
    for row in assistant.weights.rows():
        status = assistant.weights.verify(row.name)
        if status.state == "ok":
            yield Finding(row.name, "ok", f"{status.path}, checksum right")
        else:
            needed = row.name == assistant.settings.embedding_model or status.state == "corrupt"
            yield Finding(
                row.name, "wrong" if needed else "note", status.detail or status.state,
                f"Run `wenju models pull {row.name}`.",
            )  # fmt: skip


def _indexes(settings: Settings) -> Iterator[Finding]:
    from assistant.stores import names

    try:
        there = names(settings)
    except (AssistantError, KnowledgeError) as error:
        yield Finding("index", "wrong", error.message, error.hint)
        return
    for name in dict.fromkeys((*settings.collections, *there)):
        yield _index(settings, name)


def _index(settings: Settings, name: str) -> Finding:
    """Look at one collection."""
    from assistant.stores import ELSEWHERE, open_store

    default, in_file = name == DEFAULT_COLLECTION, settings.store is None
    what, option = ("index", "") if default else (f"collection {name}", f" --collection {name}")
    try:
        with closing(open_store(settings, name, None, readonly=True)) as store:
            problems = store.check()
            found = f"{store.where}: {len(store.catalog())} documents, {store.passage_count} passages"
            model = store.spec.embedding_model
    except (AssistantError, KnowledgeError) as error:
        return Finding(what, "note" if isinstance(error, IndexMissing) else "wrong", error.message, error.hint)
    if model != settings.embedding_model:
        said = f"{found}, built with {model}, but {settings.embedding_model} is in use"
        return Finding(what, "wrong", said, f"Run `wenju index --rebuild{option}`." if in_file else ELSEWHERE)
    if problems:
        return Finding(
            what, "wrong", "; ".join(problems[:3]), "Run `wenju doctor --rebuild`." if in_file else ELSEWHERE
        )
    return Finding(what, "ok", found)


def _reader(assistant: Assistant) -> Iterator[Finding]:
    try:
        yield Finding("reader", "ok", assistant.model_name)
    except (AssistantError, KnowledgeError) as error:
        yield Finding("reader", "wrong", error.message, error.hint)
