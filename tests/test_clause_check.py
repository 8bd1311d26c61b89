"""A clause says no more than one sentence does: numbers stay with their things, directions and denials as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.clause_check import ClauseCheck
from assistant.condense import condense
from assistant.polarity import denials, levels, parity, turned_words
from assistant.types import Turn
from assistant.wording import items_of, words_of
from evals.guard.claims import sentences_of
from knowledge.lexicon import Lexicon

FIRMS = "远航公司2020年营收为12.5亿元,同比增长8%。蓝天公司2021年营收为30亿元,同比下降3%,未能完成年度目标。"
FARMS = (
    "当地农场种植小麦、玉米和大豆,不使用化肥。合作社降低运输成本,提高粮食产量。旱灾使南方收成偏低,农民难以偿还贷款。"
)
MILL = (
    "The mill in Leeds employed 340 people in 1901 and never used steam. Its owner built schools, houses and a chapel."
)

Faults = Callable[[str, str, str], set[str]]


@pytest.fixture(scope="module")
def faults(cache: Path) -> Faults:
    """Return the kinds of faults that a claim has, given a text and a question."""
    lexicon = Lexicon(cache)

    def of(text: str, question: str, claim: str) -> set[str]:
        check = ClauseCheck(sentences_of(text), condense(Turn(question)), lexicon)
        return {fault.kind for fault in check.faults(claim)}

    return of


pytestmark = pytest.mark.weights


@pytest.mark.parametrize(
    ("text", "question", "claim"),
    [
        (FIRMS, "远航公司的营收是多少？", "远航公司2020年营收为12.5亿元，同比增长8%。"),
        (FIRMS, "蓝天公司完成目标了吗？", "蓝天公司未能完成年度目标。"),
        (FIRMS, "How did the company's revenue change in 2020?", "In 2020 the company's revenue grew by 8%."),
        (FARMS, "农场种什么？", "农场种植小麦、玉米和大豆。"),
        (FARMS, "What do the farms plant?", "The local farms plant wheat, corn and soybeans."),
        (FARMS, "What does the cooperative do?", "The cooperative reduces transport costs and increases grain output."),
        (FARMS, "How are the farmers?", "Farmers can hardly repay their loans."),
        (MILL, "How many people did the mill employ?", "The mill in Leeds employed 340 people in 1901."),
        (MILL, "What did the owner build?", "The owner built schools, houses and a chapel."),
    ],
)
def test_what_the_text_says_has_no_fault(faults: Faults, text: str, question: str, claim: str) -> None:
    assert faults(text, question, claim) == set()


@pytest.mark.parametrize(
    ("text", "question", "claim", "kind"),
    [
        pytest.param(FIRMS, "远航公司的营收是多少？", "远航公司营收为30亿元。", "wording", id="number of another"),
        pytest.param(FIRMS, "远航公司的营收是多少？", "远航公司2021年营收为12.5亿元。", "quantity", id="year"),
        pytest.param(FIRMS, "远航公司怎么样？", "远航公司2020年营收同比下降8%。", "direction", id="direction"),
        pytest.param(FIRMS, "蓝天公司完成目标了吗？", "蓝天公司完成了年度目标。", "denial", id="denial left out"),
        pytest.param(FIRMS, "How was 2020?", "In 2020 the company's revenue fell by 8%.", "direction", id="fell"),
        pytest.param(FARMS, "农场种什么？", "农场种植小麦、棉花、玉米和大豆。", "item", id="item"),
        pytest.param(FARMS, "What is planted?", "The farms plant wheat, cotton, corn and soybeans.", "item", id="en"),
        pytest.param(FARMS, "用化肥吗？", "当地农场使用化肥。", "denial", id="denial left out across a clause"),
        pytest.param(FARMS, "合作社做什么？", "合作社提高运输成本。", "direction", id="direction of a neighbour"),
        pytest.param(FARMS, "What is done?", "The cooperative raises transport costs.", "direction", id="raises"),
        pytest.param(FARMS, "How are they?", "Farmers can easily repay their loans.", "denial", id="easily"),
        pytest.param(MILL, "What was built?", "He built schools, banks, houses and a chapel.", "item", id="bank"),
        pytest.param(MILL, "Where is the mill?", "The mill in Bradford employed 340 people.", "name", id="place"),
    ],
)  # fmt: skip
def test_what_it_does_not_say_is_a_fault(faults: Faults, text: str, question: str, claim: str, kind: str) -> None:
    assert kind in faults(text, question, claim)


def test_a_premise_of_the_question_supports_no_direction(faults: Faults) -> None:
    question = "为什么远航公司2020年营收下降？"
    assert "direction" in faults(FIRMS, question, "远航公司2020年营收下降。")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("单个技术难以满足需求", 1),
        ("It is not difficult.", 2),
        ("数字化不断发展,成为不可或缺的一部分,形式不同", 0),
        ("not only cities but also towns", 0),
        ("It can't be done", 1),
        ("特别是在前期", 0),
    ],
)
def test_denials_are_counted(text: str, count: int) -> None:
    assert denials(text) == count
    assert parity(text) == count % 2


@pytest.mark.parametrize(
    ("part", "near", "turned"),
    [
        ("产量下降", "产量增长", True),
        ("output fell", "产量增长", True),
        ("output grew", "产量增长", False),
        ("from active to passive sharing", "从被动共享转向主动共享", True),
        ("from passive to active sharing", "从被动共享转向主动共享", False),
        ("西高东低", "东高西低", True),
        ("higher in the east and lower in the west", "东高西低", False),
        ("low in the east", "东高西低", True),
        ("Additionally, the address is new", "取消评估指标", False),
    ],
)
def test_directions_are_compared_across_languages(part: str, near: str, turned: bool) -> None:
    assert bool(turned_words(part, [near], near)) is turned


def test_levels_are_the_same_in_both_languages() -> None:
    assert levels("东高西低") == levels("high in the east and low in the west") == {("east", "high"), ("west", "low")}


def test_words_and_items() -> None:
    assert words_of("The new-type cities grew rapidly in 2021.", "en") == ["city", "grow", "rapidly"]
    assert items_of("试点是深圳、福州和嘉兴", "zh") == [["福州"], ["嘉兴"]]
    assert items_of("It grew.", "en") == []
