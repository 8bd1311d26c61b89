"""Who imports whom, where the heavy packages and the environment are, and that starting is instant."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import assistant

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("prompts", "knowledge", "assistant", "evals")
MAY_IMPORT = {
    "prompts": {"prompts"},
    "knowledge": {"knowledge"},
    "assistant": {"assistant", "knowledge", "prompts"},
    "evals": {"evals", "assistant", "knowledge", "prompts"},
}
HEAVY = ("torch", "gradio", "faiss", "langchain", "langchain_core", "sentence_transformers", "transformers", "numpy")
READERS_OF_THE_ENVIRONMENT = {
    "assistant/settings.py",
    "assistant/models.py",  # keys and addresses that belong to providers: OPENAI_API_KEY, OLLAMA_HOST
    "assistant/local_engine.py",  # GOMP_SPINCOUNT, set while the runtime is loaded
    "assistant/stores.py",  # the password of a Milvus cluster: MILVUS_TOKEN
    "assistant/web/page.py",  # tells gradio to send nothing home
    "assistant/web/server.py",  # keeps a proxy from standing before loopback
    "evals/bench/processes.py",  # hands the environment on to what is measured, with the number of threads
    "knowledge/fetch.py",  # hands the environment on to pip
}


def sources() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def imported(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            yield str(node.module)


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_one_way(room: str) -> None:
    wrong = [
        f"{names(path)}: {module}"
        for path in sources()
        if names(path).split("/")[0] == room
        for module in imported(path)
        if module.split(".")[0] in {*ROOMS, "tests"} - MAY_IMPORT[room]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("package", "file"),
    [
        ("gradio", "assistant/web/page.py"),
        ("faiss", "knowledge/ann.py"),
        ("sentence_transformers", "knowledge/embed.py"),
        ("xllamacpp", "assistant/local_engine.py"),
        ("mcp", "assistant/service/mcp_server.py"),
        ("pymilvus", "knowledge/milvus/client.py"),
        ("ray", "knowledge/ray_embedding.py"),
    ],
)
def test_a_heavy_package_is_imported_in_one_file(package: str, file: str) -> None:
    users = {names(path) for path in sources() for module in imported(path) if module.split(".")[0] == package}
    # What Wenju is compared with is built of the same parts, but not with Wenju's.
    assert users - {"evals/peers/quickstart.py"} == {file}


def test_the_environment_is_read_where_it_is_documented() -> None:
    reads = re.compile(r"\bos\.(?:environb?|getenvb?|putenv)\b")
    readers = {names(path) for path in sources() if reads.search(path.read_text(encoding="utf-8"))}
    assert readers == READERS_OF_THE_ENVIRONMENT
    assert not any(
        node.module == "os" and {"environ", "getenv"} & {alias.name for alias in node.names}
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    )


def test_no_source_holds_a_path_of_the_machine_it_was_written_on() -> None:
    places = re.compile(r"(?<![\w.])/(?:work|home|root|Users)/\w")
    assert [names(path) for path in sources() if places.search(path.read_text(encoding="utf-8"))] == []


def test_what_the_package_exports() -> None:
    assert assistant.__all__ == ["Answer", "Assistant", "Citation", "Claim", "Message", "Settings", "ask"]
    for name in assistant.__all__:
        assert getattr(assistant, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'answer'"):
        _ = assistant.answer


def modules_after(code: str) -> set[str]:
    """Return the top-level packages that a fresh interpreter holds after some code."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}


@pytest.mark.parametrize(
    "code",
    [
        "import assistant",
        "import knowledge, prompts, evals",
        "from assistant.cli import main\ntry: main(['--help'])\nexcept SystemExit as end: assert end.code == 0",
        "from assistant.cli import main\ntry: main(['ask', '--help'])\nexcept SystemExit as end: assert end.code == 0",
    ],
)
def test_starting_imports_nothing_heavy(code: str) -> None:
    loaded = modules_after(code)
    assert "argparse" in loaded or "assistant" in loaded or "knowledge" in loaded
    assert loaded & set(HEAVY) == set()


def test_help_is_instant() -> None:
    took = []
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "assistant.cli", "--help"], cwd=ROOT, capture_output=True, text=True
        )
        took.append(time.perf_counter() - start)
        assert done.returncode == 0
        assert {
            "chat",
            "ask",
            "search",
            "add",
            "remove",
            "export",
            "import",
            "reindex",
            "index",
            "list",
            "show",
            "models",
            "doctor",
            "eval",
        } <= set(re.findall(r"(?m)^    (\w+)", done.stdout))
    assert min(took) < 0.5
