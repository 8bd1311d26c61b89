"""What lies in deploy/ can be parsed, fits together, and starts `wenju serve` with options that it has."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest
import yaml

from assistant.cli import parser
from assistant.service.options import FIELDS as LIMITS
from assistant.settings import FIELDS

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
INSTRUCTIONS = {
    "FROM", "RUN", "ARG", "WORKDIR", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD",
}  # fmt: skip
VARIABLES = {variable for _, variables in (FIELDS | LIMITS).values() for variable in variables}


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with their arguments, continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def unit() -> RawConfigParser:
    read = RawConfigParser(delimiters=("=",), comment_prefixes=("#",))
    read.optionxform = str  # type: ignore[assignment,method-assign]  # as its documentation says
    read.read(DEPLOY / "wenju.service", encoding="utf-8")
    return read


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "wenju.service"])
def test_a_header_says_that_it_was_not_tried(name: str) -> None:
    lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
    header = " ".join(lines[: next(at for at, line in enumerate(lines) if not line.startswith("#"))])
    assert re.search(r"not (built|started) where it was written", header)


def test_the_dockerfile_copies_what_is_there_and_runs_what_exists() -> None:
    found = instructions()
    assert found[0][0] == "FROM"
    assert {word for word, _ in found} <= INSTRUCTIONS
    copied = [name for word, rest in found if word == "COPY" for name in rest.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert rooms <= set(copied)
    assert [rest for word, rest in found if word == "USER"] == ["wenju"]
    variables = [pair.split("=")[0] for word, rest in found if word == "ENV" for pair in rest.split()]
    assert set(variables) <= VARIABLES
    (command,) = (json.loads(rest) for word, rest in found if word == "CMD")
    assert command[0] == "wenju"
    options = parser(extensions=False).parse_args(command[1:])
    assert (options.host, f"{options.port}") == ("0.0.0.0", dict(found)["EXPOSE"])


def test_the_compose_file_fits_the_dockerfile() -> None:
    made = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    service = made["services"]["wenju"]
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    assert set(service["environment"]) <= VARIABLES
    (port,) = service["ports"]
    assert port == f"127.0.0.1:8080:{dict(instructions())['EXPOSE']}"
    assert [volume.split(":") for volume in service["volumes"]] == [["data", dict(instructions())["VOLUME"]]]
    assert "data" in made["volumes"]
    (secret,) = service["secrets"]
    assert secret in made["secrets"]
    assert f"/run/secrets/{secret}" in dict(instructions())["CMD"]


def test_the_unit_starts_the_service_with_options_that_it_has() -> None:
    service = unit()["Service"]
    path, *given = shlex.split(service["ExecStart"])
    assert Path(path).name == "wenju"
    options = parser(extensions=False).parse_args(given)
    credential = service["LoadCredential"].split(":")[0]
    assert options.keys == f"${{CREDENTIALS_DIRECTORY}}/{credential}"
    assert {pair.split("=")[0] for pair in service["Environment"].split()} - {"HOME"} <= VARIABLES
    assert int(service["TimeoutStopSec"]) > 20  # what open requests may take


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "wenju.service").read_text(encoding="utf-8")
    installed = unit()["Service"]["ExecStart"].split()[0]
    (tmp_path / "wenju.service").write_text(text.replace(f"={installed}", "=/bin/true"), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "wenju.service")], capture_output=True, text=True, timeout=60
    )
    assert [line for line in (done.stdout + done.stderr).splitlines() if "wenju.service" in line] == []
