"""A virtual environment for each peer, so that none of their packages is needed, or seen, by Wenju."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"
"""A file ``NAME.txt`` for each environment, as pip reads it."""

OWN = ("faiss-cpu", "numpy", "sentence-transformers", "torch", "transformers")
"""What of Wenju's own packages a bench depends on."""

COMPLETE = "complete"
"""A file in an environment in which everything is installed."""

INSTALLING = 1800
"""Seconds after which an installation is given up."""


class NotMeasured(Exception):
    """A system cannot be measured here; the rest is. The message is the reason."""


def python_of(name: str, cache: Path) -> Path:
    """Return the Python of a peer's environment, which is made when it is first needed and kept.

    Args:
        name: Which of `REQUIREMENTS`.
        cache: Wenju's cache folder.

    Raises:
        NotMeasured: It cannot be installed.
    """
    folder, python = _places(name, cache)
    complete = folder / COMPLETE
    if not complete.exists():
        print(f"Installing {name} into {folder} (once) …", file=sys.stderr, flush=True)
        try:
            venv.create(folder, with_pip=True, clear=True)
            _install(python, REQUIREMENTS / f"{name}.txt")
            complete.touch()
        except (OSError, subprocess.CalledProcessError, NotMeasured) as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise NotMeasured(f"its packages could not be installed: {error}") from error
    return python


def _places(name: str, cache: Path) -> tuple[Path, Path]:
    """Return the folder of a peer's environment and its Python, there or not."""
    required = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    key = hashlib.sha256(f"{sys.version}\0{required}".encode()).hexdigest()[:12]
    folder = cache / "bench" / f"{name}-{key}"
    return folder, folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _install(python: Path, required: Path) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--progress-bar", "off", "--disable-pip-version-check"]
    try:
        done = subprocess.run(
            [*map(str, command), "-r", str(required)], capture_output=True, text=True, timeout=INSTALLING
        )
    except subprocess.TimeoutExpired as error:
        raise NotMeasured(f"pip was not done after {INSTALLING} s") from error
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotMeasured((errors or done.stderr.splitlines() or ["pip failed"])[-1])


def versions(name: str, cache: Path) -> dict[str, str]:
    """Return the versions of what a peer's requirements name, of Wenju's own packages for ""; installs nothing."""
    if not name:
        return {package: version(package) for package in OWN}
    folder, python = _places(name, cache)
    if not (folder / COMPLETE).exists():
        return {}
    lines = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    packages = [re.split(r"[<>=]", line)[0] for line in lines if line and not line.startswith("#")]
    code = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    done = subprocess.run([python, "-c", code, *packages], capture_output=True, text=True)
    found: dict[str, str] = json.loads(done.stdout) if done.returncode == 0 else {}
    return found
