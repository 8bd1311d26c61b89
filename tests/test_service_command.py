"""`wenju key` and `wenju serve` as a user runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from assistant.cli import main
from tests.conftest import Home


def test_the_service_starts_and_ends_cleanly(home: Home, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "me", "--json"]) == 0
    made = json.loads(capfd.readouterr().out)
    keys = tmp_path / "keys.txt"
    keys.write_text(made["line"])
    command = [sys.executable, "-m", "assistant.cli", "serve", "--llm", "none", "--port", "0"]
    environment = os.environ | home.environment | {"WENJU_SERVE_KEYS": str(keys), "WENJU_SERVE_PAGE": "0"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as running:
        assert running.stdout is not None
        address = re.search(r"http://[\d.:]+", running.stdout.readline())
        assert address is not None
        with httpx.Client(
            base_url=address[0],
            headers={"Authorization": f"Bearer {made['key']}"},
            trust_env=False,
            timeout=60,
            transport=httpx.HTTPTransport(retries=5),
        ) as client:
            assert client.post("/v1/ask", json={"question": "Who wrote this article?"}).json()["citations"]
        running.send_signal(signal.SIGTERM)
        _, logged = running.communicate(timeout=30)
    rows = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    assert [(row["route"], row["status"], row["key"]) for row in rows] == [("/v1/ask", 200, "me")]
    assert "Traceback" not in logged
    assert running.returncode == 0


def test_wrong_options_are_one_sentence(use_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--keys", "no-such-file"]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["serve", "--host", "0.0.0.0"]) == 2
    assert "without keys" in capsys.readouterr().err
    assert main(["key", "a b"]) == 2
