"""A question of two parts is taken apart only where both ask something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.parts import parts_of
from knowledge.types import Language


@pytest.mark.parametrize(
    ("language", "question", "parts"),
    [
        ("zh", "智慧城市产业规模有多大，以及深圳市长是谁？", ("智慧城市产业规模有多大", "深圳市长是谁？")),
        ("zh", "深圳的市长是谁，以及这篇文章的作者是谁？", ("深圳的市长是谁", "这篇文章的作者是谁？")),
        ("en", "Who wrote it, and who is the mayor of Bonn?", ("Who wrote it", "who is the mayor of Bonn?")),
        ("en", "How large is it and in which year did Bo win?", ("How large is it", "in which year did Bo win?")),
        ("zh", "谁提出了智慧地球，以及它影响了什么？", ("谁提出了智慧地球", "它影响了什么？")),
        ("zh", "图书馆在哪条街上，各层有多少本书？", ("图书馆在哪条街上", "各层有多少本书？")),
        ("en", "Who proposed it, and when was it taken up?", ("Who proposed it", "when was it taken up?")),
    ],
)  # fmt: skip
def test_two_parts(language: Language, question: str, parts: tuple[str, ...]) -> None:
    assert parts_of(question, language) == parts


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("zh", "深圳和福州是哪一年的试点？"),
        ("zh", "中央网信办和国家互联网信息办提出了什么？"),
        ("zh", "前几十年里，哪些单位最重要？"),
        ("zh", "2021年，产业规模有多大？"),
        ("en", "Which cities and provinces lead?"),
        ("en", "What are Shenzhen and Fuzhou?"),
    ],
)
def test_one_question_stays_whole(language: Language, question: str) -> None:
    assert parts_of(question, language) == (question,)


@given(st.text(max_size=60), st.sampled_from(["zh", "en"]))
def test_parts_are_words_of_the_question(question: str, language: Language) -> None:
    assert all(part in question for part in parts_of(question, language))
