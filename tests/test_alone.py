"""Sentences in the order of a reader that judges each of them alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.alone import BEHIND, MOST, best_alone
from assistant.assistant import Assistant
from assistant.condense import condense
from assistant.few_sentences import likelihoods
from assistant.read import ExtractiveReader
from assistant.select import select
from assistant.types import Turn
from knowledge.retrieve import SearchResult, SentenceHit
from knowledge.types import Language

pytestmark = pytest.mark.weights

SIZE = "中国智慧城市产业规模有多大？"
SIZE_IN_2021 = "2021年中国智慧城市产业规模有多大？增速多少？"
FAVOURITE, BEFORE, STEP = 2.5, 1.0, 0.9
"""Judgement of the sentence that a reader is told, of the first of the others, and how much lower each next one's is.
"""


class OneByOne(ExtractiveReader):
    """A reader that is surest of the sentence that it is told; None cannot tell of any."""

    def __init__(self, favourite: str | None) -> None:
        self.favourite = favourite
        self.alone: list[str] = []

    def judge(self, question: str, language: Language, sentences: Sequence[SentenceHit]) -> float | None:
        (sentence,) = sentences
        self.alone.append(sentence.text)
        if self.favourite is None:
            return None
        return FAVOURITE if sentence.text == self.favourite else BEFORE - STEP * len(self.alone)


class Doubting(OneByOne):
    """The same, unsure of the few sentences that it is shown first and of the more that it is shown then."""

    most_sentences = 8
    budget = 120.0
    enough = 0.0

    def __init__(self, favourite: str) -> None:
        super().__init__(favourite)
        self.shown: list[int] = []

    def judge(self, question: str, language: Language, sentences: Sequence[SentenceHit]) -> float | None:
        self.shown.append(len(sentences))
        return 1.0 if len(self.shown) <= 2 else super().judge(question, language, sentences)


def searched(assistant: Assistant) -> SearchResult:
    return assistant.searcher.search(SIZE, 8)


def test_the_sentence_that_is_judged_highest_comes_first_and_those_far_behind_are_left_out(
    assistant: Assistant,
) -> None:
    result = searched(assistant)
    sentences = result.sentences[:6]
    reader = OneByOne(sentences[4].text)
    found, few = best_alone(condense(Turn(SIZE)), result, reader, sentences)
    assert reader.alone == [one.text for one in sentences]
    assert few[0].text == sentences[4].text == found.sentences[0].text
    assert sentences[0].text not in [one.text for one in few]
    assert 1 <= len(few) <= MOST
    assert all(one.score >= few[0].score - BEHIND for one in few)
    scores = {one.text: one.score for one in found.sentences}
    assert scores[sentences[4].text] - scores[sentences[0].text] == pytest.approx(FAVOURITE - BEFORE + STEP)
    # Nothing is lost, and what was not judged is no better than what was.
    assert {(one.passage.id, one.span) for one in found.sentences} == {
        (one.passage.id, one.span) for one in result.sentences
    }
    judged = {one.text for one in sentences}
    assert max(one.score for one in found.sentences if one.text not in judged) <= min(scores[text] for text in judged)
    likely = likelihoods(found)
    assert likely[few[0].passage.id, few[0].span.start] == max(likely.values())


def test_a_reader_that_cannot_tell_leaves_the_order_as_it_is(assistant: Assistant) -> None:
    result = searched(assistant)
    sentences = result.sentences[:6]
    assert best_alone(condense(Turn(SIZE)), result, OneByOne(None), sentences) == (result, sentences)


def test_a_reader_that_was_unsure_is_asked_of_each_sentence_before_it_writes(assistant: Assistant) -> None:
    asked, result = condense(Turn(SIZE)), searched(assistant)
    reader = Doubting("")
    select(asked, result, reader, limit=8, threshold=0.0)
    assert reader.shown[0] == 1 < reader.shown[1]
    assert reader.shown[2:] == [1] * reader.shown[1]
    favourite = reader.alone[-1]
    chosen = select(asked, result, Doubting(favourite), limit=8, threshold=0.0)
    assert chosen.sentences[0].text == favourite == chosen.result.sentences[0].text
    refused = Doubting("")
    assert select(asked, result, refused, limit=8, threshold=1.0).refusal
    assert len(refused.shown) == 2


def test_what_a_question_insists_on_is_not_lost_by_another_order(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, result = condense(Turn(SIZE_IN_2021)), assistant.searcher.search(SIZE_IN_2021, 8)
    lacking = next(one for one in result.sentences if "2021" not in f"{one.passage.heading}{one.passage.text}")
    monkeypatch.setattr("assistant.select.best_alone", lambda *_: (result, (lacking,)))
    kept = select(asked, result, Doubting(""), limit=8, threshold=0.0).sentences
    assert lacking not in kept
    assert "2021" in "".join(one.passage.text for one in kept)
