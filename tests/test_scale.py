"""``wenju eval scale`` stores what it says and holds it to what is promised."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.cli import main
from evals.retrieval.scale import PASSAGE_SIZE, PASSAGES_IN_DOCUMENT, Piece, Scale, _documents
from evals.retrieval.throughput import Throughput
from knowledge.rows import validate
from knowledge.sentences import text_size
from tests.conftest import Home

GOOD = Scale(100_000, 300.0, 9000.0, 1.0, 40.0, 80.0, 15.0, 900.0, 20.0, 18.0, Throughput(300, 4000, 2.9, 3.0))


def test_the_collection_that_is_made_holds_together() -> None:
    pieces = {
        language: [Piece(f"{word}{at}.", np.eye(8, dtype=np.float32)[at], (word, str(at)), b"") for at in range(8)]
        for language, word in (("zh", "城市政府"), ("en", "city government"))
    }
    entries = list(_documents(pieces, 12, random.Random(0)))
    assert {entry.document.language for entry in entries} == {"zh", "en"}
    assert len({entry.document.id for entry in entries}) == 12
    for entry in entries:
        validate(entry, 8)
        assert len(entry.passages) == PASSAGES_IN_DOCUMENT
        for passage, tokens in zip(entry.passages, entry.tokens, strict=True):
            assert text_size(passage.text) >= PASSAGE_SIZE
            for span in passage.sentences:
                assert span.of(entry.document.text) in {piece.text for group in pieces.values() for piece in group}
            assert len(tokens) == 2 * len(passage.sentences)


@pytest.mark.parametrize(
    ("measured", "failures"),
    [
        (GOOD, 0),
        (replace(GOOD, search_p95=121), 1),
        (replace(GOOD, memory_megabytes=1200), 1),
        (replace(GOOD, add_milliseconds=37), 1),
        (replace(GOOD, throughput=Throughput(300, 4000, 2.6, 3.0)), 1),
        (replace(GOOD, dense_recall=0.97), 1),
        (replace(GOOD, search_p95=500, memory_megabytes=5000, add_milliseconds=900), 3),
    ],
)
def test_what_is_not_as_promised_is_said(measured: Scale, failures: int) -> None:
    assert len(measured.failures) == failures


@pytest.mark.weights
def test_the_command_measures_a_small_collection(use_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["eval", "scale", "--passages", "40", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == int(bool(found["failures"]))
    assert found["passages"] == 40
    assert found["search_p95"] >= found["search_p50"] > found["embedding_p50"] > 0
    # The searching process has neither torch nor the tokens and passages it does not look at.
    assert 50 < found["memory_megabytes"] < 500
    assert found["throughput"]["passages"] >= 30
    assert found["throughput"]["texts"] > 2 * found["throughput"]["passages"]
    # How fast is for the command to say; a busy machine must not fail a test.
    assert 0.5 < found["throughput"]["ratio"] < 1.5
    assert found["dense_recall"] == 1.0
    assert found["add_milliseconds"] > 0
    assert found["add_to_empty_milliseconds"] > 0


@pytest.mark.parametrize("asked", [["scale", "--passages", "zh"], ["retrieval", "--passages", "5"]])
def test_a_number_is_for_scale_and_a_language_for_the_others(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", *asked]) == 2
    assert "--passages" in capsys.readouterr().err


def test_a_wrong_place_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "scale", "--passages", "10", "--data", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
