"""``wenju eval rgb``: whose passages a question gets, what counts as right, and what cannot be scored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.cli import main
from evals.rgb import NOISE, Asked, RgbRow, passages_of, summarised
from tests.conftest import Home


def row(**changes: object) -> RgbRow:
    plain = {
        "id": "1",
        "lang": "en",
        "subset": "refine",
        "query": "Where is the lighthouse of Marn?",
        "answers_all_of": [["on Gull Rock"]],
        "positive": [f"positive {at}" for at in range(7)],
        "negative": [f"negative {at}" for at in range(7)],
    }
    return RgbRow.model_validate({**plain, **changes})


@pytest.mark.parametrize(
    ("noise", "positive", "negative"), [(0.0, 5, 0), (0.2, 4, 1), (0.6, 2, 3), (0.8, 1, 4), (1.0, 0, 5)]
)
def test_the_given_share_of_five_passages_is_negative(noise: float, positive: int, negative: int) -> None:
    chosen = passages_of(row(), noise)
    assert chosen is not None
    assert (len(chosen[0]), len(chosen[1])) == (positive, negative)


def test_parts_of_an_answer_get_passages_in_turn() -> None:
    chosen = passages_of(row(subset="integration", positive_groups=[5, 2]), 0.6)
    assert chosen is not None
    assert chosen[0] == ["positive 0", "positive 5"]


def test_where_negative_passages_lack_there_are_fewer_positive_ones() -> None:
    assert passages_of(row(negative=["one", "two"]), 0.8) == (["positive 0"], ["one", "two"])
    assert passages_of(row(negative=["one", "two"]), 0.4) == (
        ["positive 0", "positive 1", "positive 2"],
        ["one", "two"],
    )
    assert passages_of(row(negative=["one"]), 0.4) == (["positive 0", "positive 1"], ["one"])


def test_no_passage_of_a_kind_cannot_be_scored() -> None:
    assert passages_of(row(negative=[]), 0.6) is None
    assert passages_of(row(positive=[]), 0.0) is None
    assert passages_of(row(positive=[]), 1.0) is not None


def test_shares_by_hand() -> None:
    first, second = row(), row(id="2", subset="integration")
    asked = [
        Asked(one, noise, right, not right)
        for noise in NOISE
        for one, right in ((first, noise < 1), (second, noise < 0.5))
    ]
    asked[0] = Asked(first, 0.0, None, None, "too few passages")
    found = {(one.subset, one.noise): one for one in summarised("zh", asked)}
    assert {subset for subset, _ in found} == {"refine", "integration", "all"}
    assert (found["refine", 0.0].n, found["refine", 0.0].unscored) == (0, 1)
    assert found["all", 0.8].strict.estimate == 0.5
    assert found["all", 1.0].refused.estimate == 1
    assert found["integration", 0.4].refused.estimate == 0


def test_the_command_answers_refuses_and_says_what_it_could_not_score(
    use_home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = row(
        positive=["The lighthouse of Marn stands on Gull Rock, a mile from the harbour."],
        negative=[f"The ferry to Tessel leaves at {hour} o'clock and takes two hours." for hour in range(5, 10)],
    )
    lacking = row(id="2", negative=[])
    file = tmp_path / "rgb_own.jsonl"
    file.write_text("\n".join(one.model_dump_json() for one in (where, lacking)), encoding="utf-8")
    assert main(["eval", "rgb", "--data", str(tmp_path), "--llm", "none", "--json"]) == 3
    said = capsys.readouterr()
    found = {one["noise"]: one for one in json.loads(said.out)}
    assert found[0.8]["n"] == 1
    assert found[0.8]["unscored"] == 1
    assert found[0.8]["strict"]["value"] == 1
    assert found[1.0]["strict"]["value"] == 0
    assert "could not be scored" in said.err


def test_the_set_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "rgb"]) == 2
    assert "may not ship" in capsys.readouterr().err
