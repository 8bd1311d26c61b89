"""How Wenju is configured: one frozen dataclass, and the only place that takes the environment and the settings file.

An option goes before the environment, the environment before the file (TOML, the names of `Settings` as keys), the file
before the default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path, user_config_path, user_data_path

from assistant.collections import DEFAULT_COLLECTION, checked
from assistant.configuration import Fields, Group, Setting, in_force, written_in
from assistant.errors import BadSettings
from knowledge.milvus.address import parse_address

FIELDS: Fields = {
    "home": ("path", ("WENJU_HOME",)),
    "collections": ("names", ("WENJU_COLLECTIONS",)),
    "store": ("text", ("WENJU_STORE",)),
    "models": ("path", ("WENJU_MODELS",)),
    "cache": ("path", ("WENJU_CACHE",)),
    "hub": ("text", ("HF_ENDPOINT",)),
    "offline": ("switch", ("HF_HUB_OFFLINE", "WENJU_OFFLINE")),
    "allow_urls": ("switch", ("WENJU_ALLOW_URLS",)),
    "embedding_model": ("text", ("WENJU_EMBEDDING_MODEL",)),
    "llm": ("text", ("WENJU_LLM",)),
    "passages": ("count", ("WENJU_PASSAGES",)),
    "sentences": ("count", ("WENJU_SENTENCES",)),
    "threshold": ("number", ("WENJU_THRESHOLD",)),
    "threads": ("count", ("WENJU_THREADS",)),
    "timeout": ("number", ("WENJU_TIMEOUT",)),
    "answer_cache": ("count", ("WENJU_ANSWER_CACHE",)),
}
"""What can be configured from outside: of which kind it is, and which variables say it."""

TABLES = frozenset({"serve"})
"""Tables of the settings file that hold something else: the limits of the service (`ServiceOptions`)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured.

    Attributes:
        home: Folder of what the user owns: the index (``WENJU_HOME``).
        collections: Which collections are asked, together (``WENJU_COLLECTIONS``, with commas between them); documents
            are added to the first.
        store: Address of a Milvus cluster that keeps the index instead of a file in `home`,
            ``milvus+http://HOST:PORT`` (``WENJU_STORE``), or None.
        models: Folder that model files are taken from first (``WENJU_MODELS``), or None.
        cache: Folder that model files are put into otherwise (the platform's cache folder).
        hub: Address of a Hugging Face hub or mirror (``HF_ENDPOINT``), or None for none.
        offline: Fetch nothing (``HF_HUB_OFFLINE`` or ``WENJU_OFFLINE``).
        allow_urls: Fetch documents from public web addresses when asked to add them (``WENJU_ALLOW_URLS``).
        embedding_model: Name of the shipped model, of a sentence-transformers folder, or of a hub model
            (``WENJU_EMBEDDING_MODEL``).
        llm: Which chat model reads: ``"none"``, ``"local"``, ``"openai:MODEL"``, ``"ollama:MODEL"``, or a base URL
            ``"http://host:port/v1#MODEL"`` (``WENJU_LLM``). ``"auto"`` is ``local`` when its weights are there, else
            ``none``.
        passages: How many passages are retrieved for a question.
        sentences: How many evidence sentences are read at most.
        threshold: How sure we must be that the evidence holds the answer, 0 to 1. Raising it refuses more.
        threads: CPU threads for the local model, or None for all cores.
        timeout: Seconds to wait for a chat model on another server.
        answer_cache: How many answers are kept in memory, for the same question once more (`assistant.answer_cache`);
            0 for none.
        reproducible: Every answer is made anew, and the local model forgets the last prompt before each question, so
            that an answer depends on nothing but its question. A little slower; evals use it.
    """

    home: Path = field(default_factory=lambda: user_data_path("wenju", appauthor=False))
    collections: tuple[str, ...] = (DEFAULT_COLLECTION,)
    store: str | None = None
    models: Path | None = None
    cache: Path = field(default_factory=lambda: user_cache_path("wenju", appauthor=False))
    hub: str | None = None
    offline: bool = False
    allow_urls: bool = False
    embedding_model: str = "multilingual-e5-small"
    llm: str = "auto"
    passages: int = 8
    sentences: int = 8
    threshold: float = 0.5
    threads: int | None = None
    timeout: float = 60.0
    answer_cache: int = 512
    reproducible: bool = False

    def __post_init__(self) -> None:
        """Refuse values that cannot work.

        Raises:
            BadSettings: A number is out of its range, or nothing can be called like one of the collections.
        """
        names = tuple(dict.fromkeys(map(checked, self.collections)))
        if not names:
            raise BadSettings("No collection is named.", hint=f"Leave collections out, or name {DEFAULT_COLLECTION}.")
        object.__setattr__(self, "collections", names)
        if not 0.0 <= self.threshold <= 1.0:
            raise BadSettings(f"threshold is {self.threshold}, not between 0 and 1.", hint="Use e.g. 0.5.")
        if self.passages < 1 or self.sentences < 1:
            raise BadSettings("passages and sentences must be at least 1.", hint="Use e.g. 6 passages, 3 sentences.")
        if self.threads is not None and self.threads < 1:
            raise BadSettings(f"threads is {self.threads}, not at least 1.", hint="Leave it out to use all cores.")
        if self.answer_cache < 0:
            raise BadSettings(f"answer_cache is {self.answer_cache}, below 0.", hint="Use 0 to keep no answers.")
        if self.store is not None:
            try:
                parse_address(self.store)
            except ValueError as error:
                raise BadSettings(str(error), hint="Use e.g. WENJU_STORE=milvus+http://localhost:19530") from None
        if not self.timeout > 0:
            raise BadSettings(f"timeout is {self.timeout}, not above 0.", hint="Use a number of seconds, e.g. 60.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **changes: Any) -> Settings:
        """Read the settings from environment variables and the settings file.

        Args:
            environment: As for `config_file`.
            **changes: Fields that take precedence over both; None is ignored.

        Raises:
            BadSettings: A value cannot be understood.
        """
        given = {name: value for name, value in changes.items() if value is not None}
        return replace(cls(), **({one.name: one.value for one in effective(environment, **given)} | given))


def config_file(environment: Mapping[str, str] | None = None) -> Path | None:
    """Return the settings file: the one that ``WENJU_CONFIG`` names, or else the user's.

    Args:
        environment: The variables; ``os.environ`` by default. Given ones can only name a file: the user's own is then
            left out.
    """
    env = os.environ if environment is None else environment
    if env.get("WENJU_CONFIG"):
        return Path(env["WENJU_CONFIG"]).expanduser().resolve()
    return user_config_path("wenju", appauthor=False) / "config.toml" if environment is None else None


def effective(environment: Mapping[str, str] | None = None, **options: Any) -> list[Setting]:
    """Return every setting of `FIELDS` with where its value comes from.

    Args:
        environment: As for `config_file`.
        **options: Fields that take precedence; None is ignored.

    Raises:
        BadSettings: A value cannot be understood, or the file cannot be read.
    """
    return effective_of(Group("", FIELDS, Settings()), environment, **options)


def effective_of(group: Group, environment: Mapping[str, str] | None = None, **options: Any) -> list[Setting]:
    """Return every setting of a group, as `effective` does."""
    env = os.environ if environment is None else environment
    file = config_file(environment)
    written = {} if file is None else written_in(file, group, TABLES, needed=bool(env.get("WENJU_CONFIG")))
    return in_force(group, written, env, options)
