"""The benchmark of rewriting is read whole or refused with the line, and compares what is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from evals.retrieval.data import BadData, rows
from evals.rewriting import CONTEXTS, TURNS, RewritingRow, measure_rewriting, print_rewriting

TURN: dict[str, Any] = {
    "id": "rw-1<::>2",
    "source": "made_up",
    "history": [{"role": "user", "text": "Where do otters live in Scotland?"}],
    "question": "What do they eat?",
    "rewritten": "What do otters in Scotland eat?",
    "changed": True,
}
OTHER = TURN | {
    "id": "rw-2<::>2",
    "question": "Which river is the longest in Wales?",
    "rewritten": "Which river is the longest in Wales?",
    "changed": False,
}
PASSAGES = [
    "Otters in Scotland eat mostly fish, and sometimes crabs and frogs.",
    "Badgers eat earthworms; what they eat depends on the season.",
    "The River Towy is the longest river that is wholly in Wales.",
]


@pytest.fixture
def benchmark_folder(tmp_path: Path) -> Path:
    contexts = [
        {"question": "what do they  eat?", "context": PASSAGES[:1]},
        {"question": "Anything else?", "context": PASSAGES[1:]},
    ]
    for name, written in ((TURNS, [TURN, OTHER]), (CONTEXTS, contexts)):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in written), encoding="utf-8")
    return tmp_path


def test_a_follow_up_finds_more_with_what_it_leans_on(
    assistant: Assistant, benchmark_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = {one.subset: one for one in measure_rewriting(benchmark_folder, assistant, lambda _done, _total: None)}
    assert set(measured) == {"all", "made_up", "unchanged"}
    every, unchanged = measured["all"], measured["unchanged"]
    assert (every.n, every.rewritten, every.searched) == (2, 1, 1)
    assert every.mrr[1] == every.mrr[2] == 1.0
    assert every.recall[1] > every.recall[0]
    assert every.cosine[1] > every.cosine[0]
    assert (unchanged.rewritten, unchanged.searched, unchanged.difference) == (0, 0, None)
    assert unchanged.cosine == pytest.approx((1.0, 1.0, 1.0), abs=1e-5)
    print_rewriting(list(measured.values()), as_json=True)
    assert json.loads(capsys.readouterr().out)[0]["searched"] == 1
    print_rewriting(list(measured.values()), as_json=False)
    assert "MRR@10" in capsys.readouterr().out


def test_a_wrong_line_or_a_missing_file_is_named(benchmark_folder: Path) -> None:
    path = benchmark_folder / TURNS
    path.write_text(json.dumps(TURN) + "\n{}\n", encoding="utf-8")
    with pytest.raises(BadData, match=f"{TURNS}:2"):
        rows(path, RewritingRow)
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(BadData, match="holds nothing"):
        rows(path, RewritingRow)
    path.unlink()
    with pytest.raises(BadData, match="cannot be read"):
        rows(path, RewritingRow)
