"""A follow-up is searched with what it leans on; a question that stands on its own is never touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.condense import LONGEST_QUESTION, condense
from assistant.errors import BadQuestion
from assistant.types import Message, Turn

FIRST_ZH = "某市2015年底启动了哪三个试点？"
FIRST_EN = "Which three pilots did the city start at the end of 2015?"


def after(first: str, question: str, reply: str = "A、B、C。") -> Turn:
    return Turn(question, (Message("user", first), Message("assistant", reply)))


@pytest.mark.parametrize(
    "question",
    [
        "那增速呢？",
        "它们在哪里？",
        "还有哪些？",
        "其中哪个最大？",
        "呢？",
        "为什么？",
        "上述试点由谁提出？",
        "　那２０２４年呢？",
    ],
)
def test_a_chinese_follow_up_is_searched_with_what_it_leans_on(question: str) -> None:
    made = condense(after(FIRST_ZH, question))
    assert (made.asked, made.language) == (question.strip(), "zh")
    assert made.standalone == f"{FIRST_ZH} {question.strip()}"


@pytest.mark.parametrize(
    "question", ["And in 2024?", "What about growth?", "Who proposed them?", "Why?", "how about its size in 2021"]
)
def test_an_english_follow_up_is_searched_with_what_it_leans_on(question: str) -> None:
    made = condense(after(FIRST_EN, question))
    assert (made.standalone, made.language) == (f"{FIRST_EN} {question}", "en")


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("2021年的产业规模有多大？", "zh"),
        ("２０２１年中国智慧城市产业规模是多少？", "zh"),
        ("數字百強市主要分布在哪些省份？", "zh"),
        ("Which four provinces have the most top digital cities?", "en"),
        ("Who wrote this article about digital government?", "en"),
    ],
)
def test_a_question_that_stands_on_its_own_is_not_touched(question: str, language: str) -> None:
    for turn in (Turn(question), after(FIRST_ZH, question), after(FIRST_EN, question)):
        made = condense(turn)
        assert (made.asked, made.standalone, made.language) == (question, question, language)


@pytest.mark.parametrize("question", ["那增速呢？", "Why?", "in English, please", "它是什么？"])
def test_without_a_conversation_nothing_is_leant_on(question: str) -> None:
    assert condense(Turn(question)).standalone == question
    only_the_assistant = Turn(question, (Message("assistant", "你好"),))
    assert condense(only_the_assistant).standalone == question


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("In English, please.", "en"),
        ("用英文回答", "en"),
        ("请用英语再说一遍", "en"),
        ("中文", "zh"),
        ("请用中文回答", "zh"),
        ("in Chinese?", "zh"),
    ],
)
@pytest.mark.parametrize("first", [FIRST_ZH, FIRST_EN])
def test_asking_for_another_language_asks_the_same_again(question: str, language: str, first: str) -> None:
    made = condense(after(first, question))
    assert (made.asked, made.standalone, made.language) == (question, first, language)


def test_follow_ups_of_follow_ups_lean_on_the_question_that_stands() -> None:
    history = [Message("user", FIRST_ZH), Message("user", "那增速呢？"), Message("user", "用英文回答")]
    assert condense(Turn("它们在哪里？", tuple(history))).standalone == f"{FIRST_ZH} 它们在哪里？"
    newer = Message("user", "数字鸿沟为什么难以弥合？")
    assert condense(Turn("它们在哪里？", (*history, newer))).standalone == f"{newer.text} 它们在哪里？"


def test_a_follow_up_in_the_other_language_is_answered_in_its_own() -> None:
    made = condense(after(FIRST_ZH, "And who proposed them?"))
    assert (made.language, made.standalone) == ("en", f"{FIRST_ZH} And who proposed them?")
    assert condense(after(FIRST_EN, "那增速呢？")).language == "zh"


@pytest.mark.parametrize("question", ["", " ", "\n\t", "\u3000", "？！。", "?!...", "……", "“”", "___", "\u200b", "😀"])
def test_a_question_without_a_letter_or_digit_is_empty(question: str) -> None:
    with pytest.raises(BadQuestion) as caught:
        condense(after(FIRST_ZH, question))
    assert "empty" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("question", ["5G", "a", "？啊", "１"])
def test_one_letter_or_digit_is_a_question(question: str) -> None:
    assert condense(Turn(question)).standalone == question


def test_a_question_of_a_hundred_thousand_characters_is_too_long() -> None:
    with pytest.raises(BadQuestion) as caught:
        condense(Turn("问" * 100_000))
    assert "100,000" in caught.value.message
    assert f"{LONGEST_QUESTION:,}" in caught.value.message
    assert "wenju index" in caught.value.hint
    assert condense(Turn("问" * LONGEST_QUESTION)).standalone == "问" * LONGEST_QUESTION


def test_blanks_around_a_question_do_not_count() -> None:
    assert condense(Turn(f"{' ' * 5000}{FIRST_ZH}\n")).standalone == FIRST_ZH


@given(st.text(max_size=60), st.lists(st.text(max_size=LONGEST_QUESTION), max_size=3))
def test_no_conversation_breaks_it(question: str, said: list[str]) -> None:
    turn = Turn(question, tuple(Message("user", text) for text in said))
    if not any(character.isalnum() for character in question):
        return
    made = condense(turn)
    assert made.asked == question.strip()
    assert 0 < len(made.standalone) <= LONGEST_QUESTION
