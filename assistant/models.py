"""Which chat model reads: from a short name to a langchain chat model, and from its failures to one clear sentence."""

from __future__ import annotations

import contextlib
import importlib
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urldefrag, urlsplit

from assistant.errors import AssistantError, BadSettings, ExtraMissing, ModelUnreachable
from assistant.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

LOCAL_MODEL = "qwen2.5-coder-1.5b-instruct-q4_k_m"
"""Name of the chat model that ``"local"`` means."""

EXTRACTIVE = "extractive"
"""Name of reading without a chat model: the evidence sentences themselves."""

_ALLOWED = 'Use "auto", "none", "local", "openai:MODEL", "ollama:MODEL" or "http://host:port/v1#MODEL".'
_RETRIES = 1
_CLIENTS = ("openai", "langchain_openai", "ollama", "langchain_ollama")


class ModelFiles(Protocol):
    """Where model files are: what this module needs of ``knowledge.weights.Weights``."""

    def path(self, name: str) -> Path:
        """Return the file of a model."""

    def available(self, name: str) -> bool:
        """Return whether the file is there."""


def open_chat_model(spec: str, settings: Settings, weights: ModelFiles) -> BaseChatModel | None:
    """Return the chat model a specification names, without loading or calling it.

    Args:
        spec: ``"none"``; ``"local"``; ``"auto"``, which is ``local`` if its weights are there and else ``none``;
            ``"openai:MODEL"``; ``"ollama:MODEL"``; or ``"http://host:port/v1#MODEL"``, any server that speaks the
            OpenAI protocol, with the key from ``OPENAI_API_KEY`` if there is one.
        settings: Threads of the local model, timeout of the others.
        weights: Where model files are.

    Returns:
        A model with temperature 0, or None if none shall be used.

    Raises:
        BadSettings: The specification is none of these, or the key of a hosted model is not set.
        ExtraMissing: The package for this kind of model is not installed.
        knowledge.errors.WeightsError: The file of the local model is missing or damaged.
    """
    kind, name = _parse(spec)
    if kind == "auto":
        kind = "local" if weights.available(LOCAL_MODEL) else "none"
    if kind == "none":
        return None
    if kind == "local":
        return _local(settings, weights)
    if kind == "ollama":
        return _ollama(name, settings)
    if kind == "openai":
        return _openai(name, None, settings)
    return _openai(name, kind, settings)


def model_name(spec: str, weights: ModelFiles) -> str:
    """Return the name that an answer carries for a specification, e.g. ``"extractive"`` or ``"gpt-5-mini"``.

    Raises:
        BadSettings: The specification cannot be understood.
    """
    kind, name = _parse(spec)
    if kind == "auto":
        kind = "local" if weights.available(LOCAL_MODEL) else "none"
    return {"none": EXTRACTIVE, "local": LOCAL_MODEL}.get(kind, name)


def require(module: str, extra: str) -> ModuleType:
    """Import a module of an optional package.

    Args:
        module: What to import.
        extra: The extra of ``wenju`` that brings it.

    Raises:
        ExtraMissing: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ExtraMissing(
            f"The package for {extra!r} is not installed ({error.name}).",
            hint=f"Run: pip install 'wenju[{extra}]'",
        ) from error


@contextlib.contextmanager
def explain_errors(spec: str) -> Iterator[None]:
    """Turn what the network and the server do wrong into `ModelUnreachable`; a context manager and a decorator.

    Errors that are not the model's, such as a mistake in our own code, pass unchanged.

    Args:
        spec: The specification the model was opened with; its server is named in the message.

    Raises:
        ModelUnreachable: The server cannot be reached, took too long, refused the key or failed.
    """
    try:
        yield
    except AssistantError:
        raise
    except Exception as error:
        found = _explain(error, spec)
        if found is None:
            raise
        raise found from error


def _parse(spec: str) -> tuple[str, str]:
    """Return (kind or base URL, model)."""
    text = spec.strip()
    if text in {"auto", "none", "local"}:
        return text, ""
    if text.startswith(("http://", "https://")):
        address, model = urldefrag(text)
        if urlsplit(address).hostname and model:
            return address.rstrip("/"), model
    kind, _, model = text.partition(":")
    if kind in {"openai", "ollama"} and model:
        return kind, model
    raise BadSettings(f"There is no chat model {spec!r}.", hint=_ALLOWED)


def _local(settings: Settings, weights: ModelFiles) -> BaseChatModel:
    from assistant.local_model import LocalChatModel

    return LocalChatModel(path=weights.path(LOCAL_MODEL), threads=settings.threads)


def _openai(name: str, address: str | None, settings: Settings) -> BaseChatModel:
    # On a server of the user's own a key is rare, and the client insists on one.
    key = os.environ.get("OPENAI_API_KEY") or (None if address is None else "none")
    if key is None:
        raise BadSettings(f"openai:{name} needs a key.", hint="Set the environment variable OPENAI_API_KEY.")
    chat: type[BaseChatModel] = require("langchain_openai", "openai").ChatOpenAI
    http = require("openai", "openai")
    # Clients of our own: langchain's may ignore a proxy that is set, and a proxy leads nowhere from loopback.
    transport = {"timeout": settings.timeout, "trust_env": not _is_loopback(address or "")}
    options: dict[str, Any] = {
        "model": name,
        "api_key": key,
        "temperature": 0,
        "timeout": settings.timeout,
        "max_retries": _RETRIES,
        "stream_usage": True,
        "http_client": http.DefaultHttpxClient(**transport),
        "http_async_client": http.DefaultAsyncHttpxClient(**transport),
    }
    if address is not None:
        options |= {"base_url": address, "use_responses_api": False}
    return chat(**options)


def _ollama(name: str, settings: Settings) -> BaseChatModel:
    chat: type[BaseChatModel] = require("langchain_ollama", "ollama").ChatOllama
    server = os.environ.get("OLLAMA_HOST") or "127.0.0.1"
    transport = {"timeout": settings.timeout, "trust_env": not _is_loopback(server)}
    options: dict[str, Any] = {"model": name, "temperature": 0, "client_kwargs": transport}
    return chat(**options)


def _is_loopback(address: str) -> bool:
    """Return whether an address, with or without a scheme, is of this machine."""
    host = urlsplit(address if "://" in address else f"//{address}").hostname
    return host in {"localhost", "127.0.0.1", "::1"}


def _explain(error: BaseException, spec: str) -> ModelUnreachable | None:
    """Return what happened in words, or None if it was not the model's doing.

    The clients of the providers share no classes (they are optional, too), but they share names and ``status_code``.
    """
    kind, name = _parse(spec)
    where = f"{kind}:{name}" if kind in {"openai", "ollama"} else (kind if name else LOCAL_MODEL)
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for cause in chain:
        status = getattr(cause, "status_code", None)
        if isinstance(status, int) and status >= 400:
            return _explain_status(status, where, kind, name)
    names = {each.__name__ for cause in chain for each in type(cause).__mro__}
    if any("Timeout" in each for each in names):
        return ModelUnreachable(
            f"{where} did not answer in time.", hint="Try again, or allow more time with WENJU_TIMEOUT (seconds)."
        )
    if names & {"APIConnectionError", "TransportError", "ConnectionError", "gaierror"}:
        start = "Start it with: ollama serve." if kind == "ollama" else "Check the address and that the server runs."
        return ModelUnreachable(f"{where} cannot be reached.", hint=f"{start} Without a chat model, use --llm none.")
    if names & {"APIError", "ModelError", "ResponseError"} or _unreadable(error):
        return ModelUnreachable(f"{where} sent an answer that cannot be read.", hint="Try again, or use --llm none.")
    return None


def _unreadable(error: BaseException) -> bool:
    """Return whether a provider's client stumbled over what the server sent (HTML of another service, say)."""
    if not isinstance(error, ValueError | TypeError | AttributeError | KeyError):
        return False
    modules = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__))
    return "No generation chunks" in str(error) or any(module.split(".")[0] in _CLIENTS for module in modules)


def _explain_status(status: int, where: str, kind: str, name: str) -> ModelUnreachable:
    if status in {401, 403}:
        return ModelUnreachable(
            f"{where} refused the key (HTTP {status}).",
            hint="Set the environment variable OPENAI_API_KEY to a valid key.",
        )
    if status == 404:
        hint = f"Run: ollama pull {name}" if kind == "ollama" else "Check the address and the name of the model."
        return ModelUnreachable(f"{where} has no model {name!r} (HTTP 404).", hint=hint)
    if status == 429:
        return ModelUnreachable(
            f"{where} takes no more requests now (HTTP 429).", hint="Wait and try again, or check the account's quota."
        )
    if status >= 500:
        return ModelUnreachable(f"{where} failed (HTTP {status}).", hint="Try again later, or use --llm none.")
    return ModelUnreachable(
        f"{where} refused the request (HTTP {status}).",
        hint="Check that the model is a chat model and its context size.",
    )
