"""What a reader is given and what it gives back."""

from __future__ import annotations

import httpx
import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from assistant.errors import ModelUnreachable
from assistant.read import CHOICES, ChatReader, ExtractiveReader, least_sure, rendered
from knowledge.retrieve import SentenceHit
from knowledge.types import Passage, Span
from prompts import PROMPTS, render
from tests.conftest import ScriptedChatModel

SENTENCE = "2021年,某产业规模达到3696.1亿元,增速达到24.7%。"
PLACES = "山东、江苏、广东、浙江四省占比44.0%。"


def hits(*texts: str) -> list[SentenceHit]:
    whole = "".join(texts)
    passage = Passage("p", "d", 0, len(whole), whole)
    found = []
    for text in texts:
        start = whole.index(text)
        found.append(SentenceHit(passage, Span(start, start + len(text)), text, 1.0, 0.5, 0.5, 0.5))
    return found


def test_without_a_model_nothing_is_said_and_nothing_is_judged() -> None:
    reader = ExtractiveReader()
    assert list(reader.read("问", "zh", hits(SENTENCE))) == []
    assert reader.judge("问", "zh", hits(SENTENCE)) is None
    assert reader.most_sentences >= 1


def test_a_draft_comes_in_pieces_and_tells_its_tokens() -> None:
    reader = ChatReader(ScriptedChatModel(draft="规模是3696.1亿元。"), "fake", "local")
    chunks = list(reader.read("规模多大？", "zh", hits(SENTENCE)))
    assert "".join(chunk.text for chunk in chunks) == "规模是3696.1亿元。"
    assert len([chunk for chunk in chunks if chunk.text]) > 1
    counted = [(chunk.tokens_in, chunk.tokens_out) for chunk in chunks if chunk.tokens_in or chunk.tokens_out]
    assert counted == [(7, len("规模是3696.1亿元。"))]


@pytest.mark.parametrize(
    ("tokens", "least"),
    [
        ([("规模", -3.0), ("是", -0.1), ("369", -0.7), ("6", -0.2), ("亿", -0.4), ("。", -2.0)], -0.7),
        ([("规模", -3.0), ("。", -2.0)], None),
        ([("369", -0.7), ("×", -0.9), ("24", -2.5)], None),
        ([], None),
    ],
)
def test_how_sure_a_draft_is_of_what_it_adds_to_the_question(
    tokens: list[tuple[str, float]], least: float | None
) -> None:
    assert least_sure(tokens, "规模多大？") == least


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_prompt_holds_the_question_and_the_evidence_in_the_answers_language(language: str) -> None:
    model = ScriptedChatModel(draft="x")
    question = "规模多大？" if language == "zh" else "How large is it?"
    list(ChatReader(model, "fake", "local").read(question, language, hits(SENTENCE, PLACES)))
    (messages,) = model.heard
    assert [type(message) for message in messages] == [SystemMessage, HumanMessage]
    assert messages[0].content == render(language, "system").strip()
    instruction = render(language, "answer" if language == "zh" else "answer_across").strip()
    said = str(messages[-1].content)
    assert question in said
    assert said.endswith(instruction)
    for name in PROMPTS["evidence"]:
        assert f"${name}" not in said
    if language == "zh":
        assert SENTENCE in said
        assert PLACES in said
    else:
        assert "369.61 billion" in said
        assert "3696.1" not in said
        assert "Shandong" in said


def test_judgement_and_draft_share_their_prompt_up_to_the_last_line() -> None:
    model = ScriptedChatModel(draft="x")
    reader = ChatReader(model, "fake", "local")
    reader.judge("规模多大？", "zh", hits(SENTENCE))
    list(reader.read("规模多大？", "zh", hits(SENTENCE)))
    judged, read = (str(messages[-1].content) for messages in model.heard)
    assert judged.removesuffix(render("zh", "judge").strip()) == read.removesuffix(render("zh", "answer").strip())
    assert model.heard[0][:-1] == model.heard[1][:-1]


@pytest.mark.parametrize(
    ("language", "evidence", "across"),
    [("zh", SENTENCE, False), ("en", SENTENCE, True), ("en", "It opens at nine.", False), ("zh", "It opens.", True)],
)
def test_it_is_asked_to_translate_where_languages_differ(language: str, evidence: str, across: bool) -> None:
    model = ScriptedChatModel(draft="x")
    list(ChatReader(model, "fake", "local").read("为什么？ Why?", language, hits(evidence)))
    (messages,) = model.heard
    instruction = render(language, "answer_across" if across else "answer").strip()
    assert str(messages[-1].content).endswith(instruction)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("loud", [False, True])
def test_a_spoken_judgement_is_taken_at_its_word(language: str, loud: bool) -> None:
    yes, no = (word.upper() if loud else word for word in CHOICES[language])
    reader = ChatReader(FakeListChatModel(responses=[yes, f"{no}.", "", "…?"]), "fake", "local")
    told = [reader.judge("q", language, hits(SENTENCE)) for _ in range(4)]
    assert told[0] == pytest.approx(-told[1])
    assert told[0] > 0
    assert told[2:] == [None, None]


class Unreachable(FakeListChatModel):
    def _call(self, messages: list[BaseMessage], *rest: object, **more: object) -> str:
        raise httpx.ConnectError("refused")

    def _stream(self, messages: list[BaseMessage], *rest: object, **more: object) -> object:
        raise httpx.ConnectError("refused")


def test_a_model_that_cannot_be_reached_is_one_clear_sentence() -> None:
    reader = ChatReader(Unreachable(responses=[""]), "fake", "http://127.0.0.1:1/v1#fake")
    with pytest.raises(ModelUnreachable, match="cannot be reached"):
        list(reader.read("q", "en", hits(SENTENCE)))
    with pytest.raises(ModelUnreachable, match="cannot be reached"):
        reader.judge("q", "en", hits(SENTENCE))


def test_a_sentence_in_the_answers_language_stays_as_it_is() -> None:
    english = "In 2021 the industry of Shenzhen reached RMB 369.61 billion."
    assert rendered(SENTENCE, "zh") == SENTENCE
    assert rendered(english, "en") == english
    assert rendered("没有数字也没有名字。", "en") == "没有数字也没有名字。"


@pytest.mark.parametrize(
    ("chinese", "forms"),
    [
        (SENTENCE, ["369.61 billion", "24.7", "2021"]),
        (PLACES, ["Shandong", "Jiangsu", "Guangdong", "Zhejiang", "44.0"]),
        ("2015年底,深圳、福州和嘉兴三地进行试点。", ["2015", "Shenzhen", "Fuzhou", "Jiaxing"]),
    ],
)
def test_numbers_and_names_are_written_as_the_answer_will_write_them(chinese: str, forms: list[str]) -> None:
    written = rendered(chinese, "en")
    assert [form for form in forms if form not in written] == []
    assert "  " not in written


def test_a_sentence_is_restated_by_itself_with_its_amounts_in_the_other_form() -> None:
    model = ScriptedChatModel(draft="It reached RMB 369.61 billion.")
    said = "".join(chunk.text for chunk in ChatReader(model, "fake", "local").restate(SENTENCE, "en"))
    assert said == "It reached RMB 369.61 billion."
    (messages,) = model.heard
    assert [type(message) for message in messages] == [SystemMessage, HumanMessage]
    assert messages[0].content == render("en", "restate").strip()
    assert "369.61 billion" in str(messages[1].content)
    assert list(ExtractiveReader().restate(SENTENCE, "en")) == []
