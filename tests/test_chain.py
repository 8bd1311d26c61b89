"""The five steps in order: what is yielded when, what every answer promises, and one Answer however it is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.runnables import Runnable, RunnableLambda

from assistant.assistant import Assistant
from assistant.carry import says_more
from assistant.chain import WIDE, AnswerChain
from assistant.condense import condense
from assistant.errors import BadQuestion
from assistant.events import Event, EvidenceFound, Finished, NearestFound, Token
from assistant.types import Answer, Message, Turn
from knowledge.fuse import fuse
from prompts import render
from tests.conftest import ScriptedChatModel, check_answer

pytestmark = pytest.mark.weights

SIZE_ZH = "2021年中国智慧城市产业规模有多大？增速多少？"
SIZE_EN = "How large was China's smart city industry in 2021, and how fast did it grow?"
RIGHT_ZH = "2021年中国智慧城市产业规模达到3696.1亿元，增速达到24.7%。"
QUESTIONS = [
    SIZE_ZH,
    SIZE_EN,
    "2015年底启动了哪三个新型智慧城市试点？",
    "這篇文章的作者是誰？",
    "Who wrote this article?",
    "联系电话是多少？",
    "数字城市建设面临哪些问题？",
    "深圳的市长是谁？",
    "What is the capital of France?",
    "2017年启动了哪些试点？",
    "5G",
    "ＮＢ－ＩｏＴ是什么？",
]


@pytest.fixture(scope="module")
def texts(assistant: Assistant) -> dict[str, str]:
    return {record.id: record.text for record in assistant.documents()}


def untimed(answer: Answer) -> dict[str, object]:
    return answer.to_dict() | {"timings": None}


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_answer_keeps_its_promises(
    assistant: Assistant, scripted: Callable[..., AnswerChain], texts: dict[str, str], question: str
) -> None:
    check_answer(assistant.ask(question), texts)
    for draft in (RIGHT_ZH, "Everything is fine in Atlantis since 1812 [7].", ""):
        check_answer(scripted(draft).invoke(Turn(question)), texts)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.text(max_size=40), history=st.lists(st.text(max_size=30), max_size=2))
def test_no_question_breaks_the_promises(
    assistant: Assistant, texts: dict[str, str], question: str, history: list[str]
) -> None:
    turn = Turn(question, tuple(Message("user", text) for text in history))
    if not re.search(r"[^\W_]", question):
        with pytest.raises(BadQuestion):
            assistant.chain.invoke(turn)
        return
    answer = assistant.chain.invoke(turn)
    check_answer(answer, texts)
    assert answer.question == question.strip()


def test_the_evidence_comes_before_the_words_and_those_before_the_answer(scripted: Callable[..., AnswerChain]) -> None:
    nearest, *events = scripted(RIGHT_ZH).events(Turn(SIZE_ZH))
    assert isinstance(nearest, NearestFound)
    assert isinstance(events[0], EvidenceFound)
    assert isinstance(events[-1], Finished)
    assert all(isinstance(event, Token) for event in events[1:-1])
    assert "".join(event.text for event in events if isinstance(event, Token)) == RIGHT_ZH
    found, answer = events[0], events[-1].answer
    assert (found.standalone_question, found.language) == (answer.standalone_question, answer.language)
    assert found.passages == answer.passages
    assert [quote.marker for quote in found.quotes] == list(range(1, len(found.quotes) + 1))
    assert {citation.quote for citation in answer.citations} <= {quote.quote for quote in found.quotes}
    assert answer.timings["tokens_in"] == 7
    assert answer.timings["tokens_out"] == len(RIGHT_ZH)
    steps = {"look", "quotes", "condense", "retrieve", "select", "evidence", "read", "verify", "first_word", "total"}
    assert steps <= set(answer.timings)
    assert answer.timings["quotes"] < answer.timings["evidence"]


@pytest.mark.parametrize(
    ("question", "history"),
    [
        (SIZE_ZH, ()),
        (SIZE_EN, ()),  # would be translated
        ("增速呢？", (Message("user", "2021年中国智慧城市产业规模有多大？"),)),  # would be reworded
    ],
)
def test_what_would_be_quoted_without_a_model_is_there_before_it_is_asked_anything(
    assistant: Assistant, scripted: Callable[..., AnswerChain], question: str, history: tuple[Message, ...]
) -> None:
    model = ScriptedChatModel(draft=RIGHT_ZH)
    with closing(scripted(model=model).events(Turn(question, history))) as events:
        nearest = next(events)
        assert not model.heard
    unaided = next(assistant.chain.events(Turn(question, history)))
    assert isinstance(nearest, NearestFound)
    assert isinstance(unaided, EvidenceFound)
    assert (nearest.quotes, nearest.passages) == (unaided.quotes, unaided.passages)
    assert (nearest.standalone_question, nearest.language) == (unaided.standalone_question, unaided.language)
    assert any("24.7%" in quote.quote for quote in nearest.quotes)


def test_the_evidence_is_there_before_the_model_writes(scripted: Callable[..., AnswerChain]) -> None:
    model = ScriptedChatModel(draft=RIGHT_ZH)
    events = scripted(model=model).events(Turn(SIZE_ZH))
    assert [type(next(events)), type(next(events))] == [NearestFound, EvidenceFound]
    assert not any(str(heard[-1].content).endswith(render("zh", "answer").strip()) for heard in model.heard)
    events.close()
    assert not any(str(heard[-1].content).endswith(render("zh", "answer").strip()) for heard in model.heard)


def test_a_refusal_shows_its_passages_and_no_quotes(scripted: Callable[..., AnswerChain]) -> None:
    _, found, finished = scripted(RIGHT_ZH).events(Turn("2017年启动了哪三个新型智慧城市试点？"))
    assert isinstance(found, EvidenceFound)
    assert isinstance(finished, Finished)
    assert found.quotes == ()
    assert found.passages == finished.answer.passages != ()
    assert finished.answer.refused


def test_of_two_parts_the_one_that_is_there_is_answered_and_the_other_named(
    assistant: Assistant, texts: dict[str, str]
) -> None:
    answer = assistant.ask("Who wrote this article, and who is the mayor of Shenzhen?")
    check_answer(answer, texts)
    assert answer.standalone_question == answer.question
    assert "王晓宁" in answer.text
    assert "who is the mayor of Shenzhen" in answer.text.splitlines()[0]
    answer = assistant.ask("深圳的市长是谁，以及这篇文章的作者是谁？")
    check_answer(answer, texts)
    assert "深圳的市长是谁" in answer.text.splitlines()[0]
    assert "王晓宁" in answer.text


@pytest.mark.parametrize(
    ("question", "held", "missing"),
    [
        ("2015年底启动了哪三个新型智慧城市试点，各得到多少拨款？", "嘉兴", "各得到多少拨款"),
        ("Who wrote this article, and how many children has he?", "王晓宁", "how many children has he"),
    ],
)
def test_a_second_part_that_leans_on_the_first_is_understood_with_it(
    assistant: Assistant, texts: dict[str, str], question: str, held: str, missing: str
) -> None:
    answer = assistant.ask(question)
    check_answer(answer, texts)
    assert missing in answer.text.splitlines()[0]
    assert held in answer.text


def test_two_parts_that_one_sentence_answers_are_answered_whole(assistant: Assistant, texts: dict[str, str]) -> None:
    answer = assistant.ask(SIZE_ZH)
    check_answer(answer, texts)
    assert {"3696.1亿元", "24.7%"} <= set(re.findall(r"3696.1亿元|24.7%", answer.text))
    assert "没有" not in answer.text


def test_what_is_put_otherwise_is_quoted_whatever_a_model_would_write(scripted: Callable[..., AnswerChain]) -> None:
    endorsed = "四省拿下了八成的百强城市，因为它们经济发达。"
    answer = scripted(endorsed).invoke(Turn("山东、江苏、广东、浙江凭什么拿下了八成的百强城市？"))
    assert {claim.support for claim in answer.claims} == {"quoted"}
    assert "44.0%" in answer.text
    assert answer.text.startswith(render("zh", "otherwise").strip())


def test_a_reader_that_finds_no_answer_leads_to_a_refusal(scripted: Callable[..., AnswerChain]) -> None:
    question = Turn("今天天气怎么样？")
    sure = ScriptedChatModel(draft="今天天气很好。", finds_it=False)
    assert scripted(model=sure, threshold=0.999).invoke(question).refused


def test_the_stream_ends_with_the_answer_of_invoke(scripted: Callable[..., AnswerChain], assistant: Assistant) -> None:
    chain = scripted(RIGHT_ZH)
    *_, last = chain.events(Turn(SIZE_ZH))
    assert isinstance(last, Finished)
    assert untimed(last.answer) == untimed(chain.invoke(Turn(SIZE_ZH)))
    *_, last = assistant.stream(SIZE_EN)
    assert isinstance(last, Finished)
    assert untimed(last.answer) == untimed(assistant.ask(SIZE_EN))


async def test_it_is_a_langchain_runnable(scripted: Callable[..., AnswerChain]) -> None:
    chain: Runnable[Turn, Answer] = scripted(RIGHT_ZH)
    expected = untimed(chain.invoke(Turn(SIZE_ZH)))
    assert [untimed(answer) for answer in chain.batch([Turn(SIZE_ZH), Turn(SIZE_ZH)])] == [expected, expected]
    assert untimed(await chain.ainvoke(Turn(SIZE_ZH))) == expected
    composed = RunnableLambda(lambda text: Turn(text)) | chain | RunnableLambda(lambda answer: answer.text)
    assert composed.invoke(SIZE_ZH) == expected["text"]


def translated(model: ScriptedChatModel) -> int:
    prompts = {render(language, "translate").strip() for language in ("zh", "en")}
    return sum(heard[0].content in prompts for heard in model.heard)


def test_documents_in_the_other_language_are_searched_with_a_translation_too(
    scripted: Callable[..., AnswerChain], texts: dict[str, str]
) -> None:
    model = ScriptedChatModel(translation="2021年中国智慧城市产业规模有多大？增长多快？")
    _, found, *_, finished = scripted(model=model).events(Turn(SIZE_EN))
    assert translated(model) == 1
    assert isinstance(found, EvidenceFound)
    assert any("3696.1亿元" in quote.quote for quote in found.quotes)
    assert isinstance(finished, Finished)
    check_answer(finished.answer, texts)
    assert finished.answer.language == "en"
    assert finished.answer.standalone_question == SIZE_EN


@pytest.mark.parametrize(
    "translation",
    [
        "",
        SIZE_EN,
        "2019年中国智慧城市产业规模有多大？增长多快？",
        "中国智慧城市产业规模达到5000亿元。",
        "好" * 3000,
    ],
    ids=["none", "untranslated", "another year", "an answer", "endless"],
)
def test_a_translation_that_is_none_changes_nothing(scripted: Callable[..., AnswerChain], translation: str) -> None:
    model = ScriptedChatModel(translation=translation)
    expected = scripted(model=ScriptedChatModel()).invoke(Turn(SIZE_EN))
    assert untimed(scripted(model=model).invoke(Turn(SIZE_EN))) == untimed(expected)
    assert translated(model) == 1


def test_a_question_in_the_documents_language_is_not_translated(scripted: Callable[..., AnswerChain]) -> None:
    model = ScriptedChatModel(draft=RIGHT_ZH, translation="nonsense")
    scripted(model=model).invoke(Turn(SIZE_ZH))
    assert translated(model) == 0


def test_a_follow_up_is_searched_with_what_it_leans_on(assistant: Assistant, texts: dict[str, str]) -> None:
    history = (Message("user", SIZE_ZH), Message("assistant", RIGHT_ZH))
    follow_up = assistant.ask("用英文回答", history)
    check_answer(follow_up, texts)
    assert (follow_up.question, follow_up.standalone_question, follow_up.language) == ("用英文回答", SIZE_ZH, "en")
    assert any("3696.1亿元" in citation.quote for citation in follow_up.citations)


def test_a_bad_question_fails_before_anything_is_yielded(assistant: Assistant) -> None:
    events = assistant.stream("？！")
    with pytest.raises(BadQuestion):
        next(events)


@pytest.mark.parametrize("sentences", [1, 2])
def test_no_more_sentences_are_read_than_the_settings_allow(
    scripted: Callable[..., AnswerChain], sentences: int
) -> None:
    nearest, found, *_ = scripted("", sentences=sentences).events(Turn("数字城市建设面临哪些问题？"))
    assert isinstance(nearest, NearestFound)
    assert isinstance(found, EvidenceFound)
    assert 1 <= len(nearest.quotes) <= sentences
    assert 1 <= len(found.quotes) <= sentences


@pytest.mark.parametrize("passages", [1, 5])
def test_as_many_passages_as_the_settings_say(scripted: Callable[..., AnswerChain], passages: int) -> None:
    assert len(scripted(RIGHT_ZH, passages=passages).invoke(Turn(SIZE_ZH)).passages) == passages


def test_every_event_has_a_kind(assistant: Assistant) -> None:
    kinds: set[type[Event]] = {type(event) for event in assistant.stream(SIZE_ZH)}
    assert kinds == {EvidenceFound, Finished}


@pytest.mark.parametrize(
    ("follow_up", "weight"),
    [
        ("那增速呢？", 0.2),  # says less than what it leans on
        ("它为什么说数字政府、数字经济、数字社会和智慧城市的建设难以满足市民和企业的需求？", None),  # says more
    ],
)
def test_the_more_a_follow_up_says_the_more_its_own_words_count(
    assistant: Assistant, follow_up: str, weight: float | None
) -> None:
    before = "文章的作者是谁？"
    question = condense(Turn(follow_up, (Message("user", before), Message("assistant", "甲。"))))
    assert question.before == before
    more = says_more(before, follow_up)
    assert (more > 1) == (weight is None)
    searcher = assistant.searcher
    asked, made = (searcher.search(text, WIDE) for text in (question.asked, question.standalone))
    found = assistant.chain.retrieve(question)
    expected = fuse(made, asked, weight or more).best(len(found.hits))
    assert [hit.passage.id for hit in found.hits] == [hit.passage.id for hit in expected.hits]
    assert [hit.score for hit in found.hits] == pytest.approx([hit.score for hit in expected.hits])
