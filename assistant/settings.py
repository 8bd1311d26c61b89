"""How Wenju is configured: one frozen dataclass, and the only place that reads the environment and the settings file.

An option goes before the environment, the environment before the file (TOML, the names of `Settings` as keys), the file
before the default.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_cache_path, user_config_path, user_data_path

from assistant.collections import DEFAULT_COLLECTION, checked
from assistant.errors import BadSettings
from knowledge.milvus.address import parse_address

Kind = Literal["path", "text", "names", "number", "count", "switch"]

FIELDS: dict[str, tuple[Kind, tuple[str, ...]]] = {
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
}
"""What can be configured from outside: of which kind it is, and which variables say it."""

_WANTED: dict[Kind, tuple[tuple[type, ...], str]] = {
    "path": ((str,), 'a path in quotation marks, e.g. "/srv/wenju"'),
    "text": ((str,), "text in quotation marks"),
    "names": ((list,), 'a list of names, e.g. ["default", "work"]'),
    "number": ((int, float), "a number, e.g. 0.5"),
    "count": ((int,), "a whole number, e.g. 8"),
    "switch": ((bool,), "true or false"),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting with where its value comes from.

    Attributes:
        name: As in `Settings`.
        value: What is in force.
        source: Who said it.
        where: The variable, or file and line; "" for the others.
    """

    name: str
    value: Any
    source: Literal["default", "file", "environment", "option"]
    where: str = ""


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
        reproducible: The local model forgets the last prompt before each question, so that an answer depends on nothing
            but its question. A little slower; evals use it.
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
    env = os.environ if environment is None else environment
    file = config_file(environment)
    written = {} if file is None else _written(file, needed=bool(env.get("WENJU_CONFIG")))
    defaults, found = Settings(), []
    for name, (kind, variables) in FIELDS.items():
        said = [variable for variable in variables if env.get(variable)]
        if options.get(name) is not None:
            found.append(Setting(name, options[name], "option"))
        elif said:
            found.append(Setting(name, _understood(kind, said, env), "environment", ", ".join(said)))
        else:
            found.append(written.get(name) or Setting(name, getattr(defaults, name), "default"))
    return found


def _understood(kind: Kind, variables: Sequence[str], env: Mapping[str, str]) -> Any:
    """Return the value that variables say; several are switches of which one is enough."""
    key, value = variables[0], env[variables[0]]
    if kind == "switch":
        return any(env[variable].lower() in {"1", "true", "yes", "on"} for variable in variables)
    if kind == "path":
        return Path(value).expanduser().resolve()
    if kind == "text":
        return value
    if kind == "names":
        return tuple(name.strip() for name in value.split(",") if name.strip())
    try:
        return float(value) if kind == "number" else int(value)
    except ValueError:
        raise BadSettings(f"{key}={value!r} is not a number.", hint=f"Set {key} to a number.") from None


def _written(file: Path, *, needed: bool) -> dict[str, Setting]:
    """Return what a settings file says; nothing if there is no such file and none is needed.

    Raises:
        BadSettings: It cannot be read, or a key or value of it cannot be understood; file, line and key are named.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        table = tomllib.loads(text)
    except FileNotFoundError:
        if not needed:
            return {}
        raise BadSettings(
            f"There is no file {file}.", hint="Set WENJU_CONFIG to a settings file, or unset it."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{file} cannot be read: {error}.", hint="Make it a UTF-8 file that you can read.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{file} is not TOML: {error}.", hint='Write lines like llm = "none".') from error
    return {key: _said(file, text, key, value) for key, value in table.items()}


def _said(file: Path, text: str, key: str, value: Any) -> Setting:
    """Return one key of a settings file as a setting; folders are beside the file unless they are absolute."""
    place = re.search(rf"""(?m)^[ \t]*\[*[ \t]*["']?{re.escape(key)}["']?[ \t]*[].=]""", text)
    where = str(file) if place is None else f"{file}, line {text.count(chr(10), 0, place.start()) + 1}"
    if key not in FIELDS:
        raise BadSettings(f"{where}: there is no setting {key}.", hint=f"There are: {', '.join(FIELDS)}.")
    kind = FIELDS[key][0]
    types, wanted = _WANTED[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind != "switch") or value == "":
        raise BadSettings(f"{where}: {key} is {value!r}.", hint=f"Make it {wanted}.")
    if isinstance(value, list):
        if not all(isinstance(name, str) for name in value):
            raise BadSettings(f"{where}: {key} is {value!r}.", hint=f"Make it {wanted}.")
        value = tuple(value)
    if kind == "path":
        value = (file.parent / Path(str(value)).expanduser()).resolve()
    try:
        replace(Settings(), **{key: value})
    except BadSettings as error:
        raise BadSettings(f"{where}: {error.message}", hint=error.hint) from error
    return Setting(key, value, "file", where)
