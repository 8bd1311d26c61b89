"""A follow-up is searched with what it leans on; a question that stands on its own is never touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.condense import LONGEST_QUESTION, condense
from assistant.errors import BadQuestion
from assistant.rewriting import reworded, usable
from assistant.types import Message, Turn
from prompts import render

FIRST_ZH = "某市2015年底启动了哪三个试点？"
FIRST_EN = "Which three pilots did the city start at the end of 2015?"


def after(first: str, question: str, reply: str = "A、B、C。") -> Turn:
    return Turn(question, (Message("user", first), Message("assistant", reply)))


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("那增速呢？", "某市2015年底启动了三个试点，增速呢？"),
        ("它们在哪里？", "它们（某市2015年底启动了三个试点）在哪里？"),
        ("还有哪些？", "某市2015年底启动了三个试点，还有哪些？"),
        ("其中哪个最大？", "其中（某市2015年底启动了三个试点）哪个最大？"),
        ("呢？", FIRST_ZH),
        ("为什么？", "某市2015年底启动了三个试点，为什么？"),
        ("上述试点由谁提出？", "上述（某市2015年底启动了三个试点）试点由谁提出？"),
        ("　那２０２４年底呢？", "某市２０２４年底启动了哪三个试点？"),
        ("谢谢！那2024年底呢？", "某市2024年底启动了哪三个试点？"),
        ("不，我是说2024年底", "某市2024年底启动了哪三个试点？"),
        ("再说一遍", FIRST_ZH),
    ],
)
def test_a_chinese_follow_up_is_made_to_stand_on_its_own(question: str, standalone: str) -> None:
    made = condense(after(FIRST_ZH, question))
    assert (made.asked, made.language, made.standalone) == (question.strip(), "zh", standalone)


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("And in 2024?", "Which three pilots did the city start in 2024?"),
        ("And at the end of 2024?", "Which three pilots did the city start at the end of 2024?"),
        ("What about growth?", "What about growth (three pilots did the city start at the end of 2015)?"),
        ("Who proposed them?", "Who proposed them (three pilots did the city start at the end of 2015)?"),
        ("What is new?", "What is new (three pilots did the city start at the end of 2015)?"),
        ("Who is responsible?", "Who is responsible (three pilots did the city start at the end of 2015)?"),
        ("Why?", "Why (three pilots did the city start at the end of 2015)?"),
        ("No, I meant the end of 2024.", "Which three pilots did the city start at the end of 2024?"),
        ("Could you repeat that?", FIRST_EN),
    ],
)
def test_an_english_follow_up_is_made_to_stand_on_its_own(question: str, standalone: str) -> None:
    made = condense(after(FIRST_EN, question))
    assert (made.language, made.standalone) == ("en", standalone)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("2021年的产业规模有多大？", "zh"),
        ("２０２１年中国智慧城市产业规模是多少？", "zh"),
        ("數字百強市主要分布在哪些省份？", "zh"),
        ("Which four provinces have the most top digital cities?", "en"),
        ("Who wrote this article about digital government?", "en"),
        ("What are ETFs?", "en"),
        ("What is a skyline?", "en"),
        ("What's GIS?", "en"),
        ("Who was Rollo?", "en"),
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
    assert (
        condense(Turn("它们在哪里？", tuple(history))).standalone == "它们（某市2015年底启动了三个试点，增速）在哪里？"
    )
    newer = Message("user", "数字鸿沟为什么难以弥合？")
    assert condense(Turn("它们在哪里？", (*history, newer))).standalone == "它们（数字鸿沟难以弥合）在哪里？"
    idle = (Message("user", "谢谢！"), Message("user", "给我讲个笑话"))
    assert condense(Turn("它们在哪里？", (*history, newer, *idle))).standalone == "它们（数字鸿沟难以弥合）在哪里？"


def test_a_follow_up_in_the_other_language_is_answered_in_its_own() -> None:
    made = condense(after(FIRST_ZH, "And who proposed them?"))
    assert (made.language, made.standalone) == ("en", "And who proposed them (某市2015年底启动了三个试点)?")
    assert made.before == FIRST_ZH
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


SIZE_ZH, SIZE_EN = "2021年成都的产业规模是多少？", "How large was Chengdu's industry in 2021?"


@pytest.mark.parametrize(
    ("first", "question"),
    [
        (SIZE_ZH, "这篇文章的作者是谁？"),
        (SIZE_ZH, "那数字鸿沟为什么难以弥合呢？"),
        (SIZE_ZH, "数字城市为什么需要长期投入，它有什么效应？"),
        (SIZE_ZH, "什么是新基建？"),
        (SIZE_ZH, "5G是什么？"),
        (SIZE_EN, "Who wrote this article?"),
        (SIZE_EN, "And which provinces hold the most top cities?"),
        (SIZE_EN, "How did the city fund its pilots?"),
        (SIZE_EN, "Is it true that the industry grew by a quarter in 2021?"),
        (SIZE_EN, "What are the effects of the investment that cities make?"),
    ],
)
def test_what_stands_on_its_own_in_mid_conversation_is_left_alone(first: str, question: str) -> None:
    made = condense(after(first, question))
    assert (made.standalone, made.before, made.insists) == (question, "", question)


@pytest.mark.parametrize(
    ("question", "core"),
    [
        ("谢谢，作者是谁呀？", "作者是谁呀？"),
        ("换个话题，数字鸿沟为什么难以弥合？", "数字鸿沟为什么难以弥合？"),
        ("By the way, who published the white paper?", "who published the white paper?"),
        ("Okay, thanks! Which provinces lead the ranking?", "Which provinces lead the ranking?"),
    ],
)
def test_only_what_is_said_around_a_question_is_taken_off(question: str, core: str) -> None:
    assert condense(after(SIZE_ZH, question)).standalone == core


@pytest.mark.parametrize(
    "question", ["谢谢", "好的，谢谢你！", "你好", "Thanks a lot!", "OK, great.", "hello there", "再见"]
)
def test_small_talk_is_no_question_about_the_documents(question: str) -> None:
    made = condense(after(SIZE_ZH, question))
    assert (made.standalone, made.outside) == (question, True)


def test_a_follow_up_insists_on_the_place_it_leans_on_where_nothing_was_answered() -> None:
    refusal = render("zh", "refusal").strip()
    assert "成都" in condense(after(SIZE_ZH, "那增速呢？", reply=refusal)).insists
    assert condense(after(SIZE_ZH, "那增速呢？")).insists == "那增速呢？"
    assert "成都" in condense(after(SIZE_ZH, "它的增速是多少？")).insists
    assert "2024年" in condense(after(SIZE_ZH, "那2024年呢？")).insists


def test_figures_alone_are_in_the_language_of_the_conversation() -> None:
    assert condense(after(SIZE_EN, "2024?")).language == "en"
    assert condense(after(SIZE_ZH, "2024?")).language == "zh"
    assert condense(after(SIZE_EN, "GDP?")).language == "en"


@pytest.mark.parametrize(
    ("first", "question", "rewriting", "good"),
    [
        (SIZE_ZH, "它的增速是多少？", "2021年成都的产业增速是多少？", True),
        (SIZE_ZH, "它的增速是多少？", "2020年成都的产业增速是多少？", False),
        (SIZE_ZH, "它的增速是多少？", "2021年重庆的产业增速是多少？", False),
        (SIZE_ZH, "它的增速是多少？", "产业的增速是多少？", False),
        (SIZE_ZH, "它的增速是多少？", "2021年成都的产业增速是24.7%。", False),
        (SIZE_ZH, "它的增速是多少？", "How fast did Chengdu's industry grow in 2021?", False),
        (SIZE_ZH, "它的增速是多少？", "2021年成都它的增速是多少？" * 9, False),
        (SIZE_ZH, "它的增速是多少？", "", False),
        (SIZE_EN, "And in 2024?", "How large will Chengdu's industry be in 2024?", True),
        (SIZE_EN, "And in 2024?", "How large will it be in 2024?", False),
        (SIZE_EN, "And in 2024?", "Chengdu's industry will be large in 2024.", False),
    ],
)
def test_a_models_rewriting_is_used_only_if_nothing_is_wrong_with_it(
    first: str, question: str, rewriting: str, good: bool
) -> None:
    made = condense(after(first, question))
    assert usable(made, rewriting) == good
    assert reworded(made, rewriting).standalone == (rewriting if good else made.standalone)
    assert reworded(made, rewriting).insists == made.insists or good


def test_a_question_that_leans_on_nothing_is_never_reworded() -> None:
    made = condense(after(SIZE_ZH, "数字鸿沟为什么难以弥合？"))
    assert reworded(made, "数字鸿沟为什么难以弥合，怎么办？") == made
