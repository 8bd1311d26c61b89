"""What the README shows is what the command prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.cli import main
from tests.conftest import Home

ROOT = Path(__file__).parents[1]


@pytest.mark.weights
@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_first_example_is_true(name: str, use_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pattern = r'<!-- example:zh -->\n```console\n\$ wenju ask --llm none "(?P<question>[^"\n]+)"\n(?P<output>.+?)\n```'
    shown = re.search(pattern, text, re.DOTALL)
    assert shown is not None
    assert main(["ask", "--llm", "none", shown["question"]]) == 0
    assert capsys.readouterr().out.strip() == shown["output"].strip()
