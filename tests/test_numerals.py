"""What a question's numbers, months and ordinals are in the other language, as the index would hold them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.lexical import index_tokens
from knowledge.numerals import written_across
from knowledge.types import Language


@pytest.mark.parametrize(
    ("question", "language", "text"),
    [
        ("Whose digital economy reached 369.61 billion yuan?", "en", "3696.1亿元"),
        ("Which plan costs 1.5 trillion?", "en", "15000亿元"),
        ("Which plan costs 1.5 trillion?", "en", "15,000亿元"),
        ("Where do 20,000 people live?", "en", "2万人"),
        ("Where do 12.5 million people live?", "en", "1250万人"),
        ("Which city has 3-million dollars?", "en", "300万美元"),
        ("What happened in March?", "en", "3月"),
        ("Who was third?", "en", "第3名"),
        ("Who lived in the 19th century?", "en", "19世纪"),
        ("Which three cities?", "en", "三个城市"),
        ("Which forty cities?", "en", "40个城市"),
        ("谁的规模达到3696.1亿元？", "zh", "RMB 369.61 billion"),
        ("哪里有１２５０万人？", "zh", "12.5 million people"),
        ("哪里有2万人？", "zh", "20,000 people"),
        ("三月发生了什么？", "zh", "in March"),
        ("3月发生了什么？", "zh", "in March"),
        ("第三名是谁？", "zh", "the third"),
        ("第19届", "zh", "the 19th"),
        ("哪三个城市？", "zh", "three cities"),
        ("哪里有五百万人？", "zh", "5 million people"),
    ],
)
def test_a_number_is_found_as_the_other_language_writes_it(question: str, language: Language, text: str) -> None:
    others = {token for found in written_across(question, language).values() for token in found}
    assert others & set(index_tokens(text))


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("What happened in 2015?", "en"),
        ("2015年怎么样？", "zh"),
        ("Which one is it?", "en"),
        ("", "en"),
        ("为什么", "zh"),
    ],
)
def test_what_both_write_alike_needs_nothing(question: str, language: Language) -> None:
    assert written_across(question, language) == {}


@given(
    st.text(max_size=40) | st.from_regex(r"[0-9,.]{1,30}( million| thousand|万|亿|月)?"), st.sampled_from(["zh", "en"])
)
def test_only_tokens_of_the_question_are_explained(question: str, language: Language) -> None:
    found = written_across(question, language)
    assert all(others and all(0 < weight <= 1 for weight in others.values()) for others in found.values())
    assert all(token not in others for token, others in found.items())
