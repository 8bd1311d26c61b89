"""How Wenju is configured: one frozen dataclass, and the only place that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path, user_data_path

from assistant.errors import BadSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured.

    Attributes:
        home: Folder of what the user owns: the index (``WENJU_HOME``).
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
        reproducible: The local model forgets the last prompt before each question, so that an answer depends on nothing
            but its question. A little slower; evals use it.
    """

    home: Path = field(default_factory=lambda: user_data_path("wenju", appauthor=False))
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
    reproducible: bool = False

    def __post_init__(self) -> None:
        """Refuse values that cannot work.

        Raises:
            BadSettings: A number is out of its range.
        """
        if not 0.0 <= self.threshold <= 1.0:
            raise BadSettings(f"threshold is {self.threshold}, not between 0 and 1.", hint="Use e.g. 0.5.")
        if self.passages < 1 or self.sentences < 1:
            raise BadSettings("passages and sentences must be at least 1.", hint="Use e.g. 6 passages, 3 sentences.")
        if self.threads is not None and self.threads < 1:
            raise BadSettings(f"threads is {self.threads}, not at least 1.", hint="Leave it out to use all cores.")
        if not self.timeout > 0:
            raise BadSettings(f"timeout is {self.timeout}, not above 0.", hint="Use a number of seconds, e.g. 60.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **changes: Any) -> Settings:
        """Read the settings from environment variables.

        Args:
            environment: The variables; ``os.environ`` by default.
            **changes: Fields that take precedence over the environment; None is ignored.

        Raises:
            BadSettings: A value cannot be understood.
        """
        env = os.environ if environment is None else environment
        found: dict[str, Any] = {}
        for name, key in (("home", "WENJU_HOME"), ("models", "WENJU_MODELS"), ("cache", "WENJU_CACHE")):
            if env.get(key):
                found[name] = Path(env[key]).expanduser().resolve()
        for name, key in (("llm", "WENJU_LLM"), ("embedding_model", "WENJU_EMBEDDING_MODEL"), ("hub", "HF_ENDPOINT")):
            if env.get(key):
                found[name] = env[key]
        for name, key, kind in (
            ("threshold", "WENJU_THRESHOLD", float),
            ("passages", "WENJU_PASSAGES", int),
            ("sentences", "WENJU_SENTENCES", int),
            ("threads", "WENJU_THREADS", int),
            ("timeout", "WENJU_TIMEOUT", float),
        ):
            if env.get(key):
                try:
                    found[name] = kind(env[key])
                except ValueError:
                    raise BadSettings(f"{key}={env[key]!r} is not a number.", hint=f"Set {key} to a number.") from None
        for name, keys in (("offline", ("HF_HUB_OFFLINE", "WENJU_OFFLINE")), ("allow_urls", ("WENJU_ALLOW_URLS",))):
            found[name] = any(env.get(key, "").lower() in {"1", "true", "yes", "on"} for key in keys)
        return replace(cls(), **(found | {name: value for name, value in changes.items() if value is not None}))
