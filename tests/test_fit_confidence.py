"""The curves that decide whether to answer: what they are fitted on, and that they do what they are for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.confidence import FEATURES
from evals.fit_confidence import collect_benchmark, fit, set_aside
from evals.retrieval.data import SAMPLE, PassageRow, rows
from tests.conftest import Home, set_environment


def made(language: str, *, answerable: bool, fits: float, judged: float | None, at: int) -> dict[str, object]:
    features = [fits] * (len(FEATURES) - 1) + [0.0]
    return {
        "id": str(at),
        "family": f"family-{at}",
        "language": language,
        "direction": "same",
        "answerable": answerable,
        "features": features,
        "judged": judged,
    }


def test_each_language_has_a_curve_of_its_own() -> None:
    """A model that says yes more readily in one language is held to more there."""
    found = fit(
        [made("zh", answerable=at % 2 == 0, fits=0.5, judged=(2.0 if at % 2 == 0 else 1.0), at=at) for at in range(40)]
        + [made("en", answerable=at % 2 == 0, fits=0.5, judged=(0.5 if at % 2 == 0 else -1), at=at) for at in range(40)]
    )
    assert set(found) == {"zh-same-judged", "en-same-judged"}
    boundary = {
        name: -(curve["intercept"][0] + 0.5 * sum(curve["weights"][:-2])) / curve["weights"][-1]
        for name, curve in found.items()
    }
    assert 1.0 < boundary["zh-same-judged"] < 2.0
    assert -1.0 < boundary["en-same-judged"] < 0.5


def test_more_evidence_never_makes_less_sure() -> None:
    found = fit([made("zh", answerable=at % 3 == 0, fits=float(at % 5), judged=None, at=at) for at in range(60)])
    assert all(weight >= 0 for weight in found["zh-same-alone"]["weights"])


@pytest.mark.weights
def test_a_benchmark_question_is_asked_with_and_without_its_passage(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, home.environment)
    passages = {row.id: row for row in rows(SAMPLE / "retrieval_xquad-sample.passages.jsonl", PassageRow)}
    for aside in (False, True):
        out = tmp_path / f"{aside}.jsonl"
        collect_benchmark(SAMPLE, "none", 2, out, aside=aside)
        collected = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert all(set_aside(row["family"]) == aside for row in collected)
        assert {row["family"] for row in collected} <= {passage.doc for passage in passages.values()}
        for row in collected:
            assert len(row["features"]) == len(FEATURES)
            assert row["judged"] is None
        assert not collected or {row["direction"] for row in collected} == {"same", "across"}
        assert not collected or {row["answerable"] for row in collected} == {True, False}
