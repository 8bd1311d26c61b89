"""A sentence that opens with a pronoun is about what the one before it names."""

from __future__ import annotations

import pytest

from knowledge.anaphora import opens_with_pronoun
from knowledge.language import detect_language
from knowledge.ranking import SENTENCE
from knowledge.retrieve import Searcher
from knowledge.types import DocumentRecord
from tests.conftest import Searching


@pytest.mark.parametrize(
    ("sentence", "opens"),
    [
        ("It is the county seat of Duval County.", True),
        ("“They won,” she said.", True),
        ("Its mayor resigned.", True),
        ("Italy won.", False),
        ("The mayor said it was late.", False),
        ("它是该县的县城。", True),
        ("他们于1987年获胜。", True),
        ("該市人口眾多。", True),
        ("其面积为四平方公里。", True),
        ("其中三座建于1990年。", False),
        ("其他城市也是如此。", False),
        ("他国游客也来此参观。", False),
        ("城市建设其实很难。", False),
    ],
)
def test_how_a_sentence_opens(sentence: str, opens: bool) -> None:
    assert opens_with_pronoun(sentence) is opens


TEXTS = {
    "en": ("Jacksonville lies on the coast.", "It is the county seat.", "Jacksonville is the county seat."),
    "zh": ("数字城市位于海边。", "它是该县的县城。", "数字城市是该县的县城。"),
}


@pytest.fixture
def searcher(searching: Searching) -> Searcher:
    """Search two documents of three sentences."""
    return searching(
        DocumentRecord(name, "1", name, detect_language(text[0]), " ".join(text), {}) for name, text in TEXTS.items()
    )


@pytest.mark.weights
@pytest.mark.parametrize(
    ("question", "document", "put_forward"),
    [
        ("Which city is the county seat?", "en", True),
        ("哪座城市是县城？", "en", True),
        ("Which city is the county seat?", "zh", True),
        ("哪座城市是县城？", "zh", False),
    ],
)
def test_such_a_sentence_is_put_forward_but_for_a_chinese_question_on_chinese(
    searcher: Searcher, question: str, document: str, put_forward: bool
) -> None:
    found = searcher.search(question, 2, document_ids=[document])
    sentences = sorted(found.sentences, key=lambda one: one.span.start)
    held = [one.coverage for one in sentences]
    rest = [
        one.score - SENTENCE.score(one.cosine, one.late, one.coverage, max(held[max(0, at - 1) : at + 2]), 0.0)
        for at, one in enumerate(sentences)
    ]
    first, said, last = rest
    assert first == pytest.approx(last)
    assert said - first == pytest.approx(SENTENCE.pronoun if put_forward else 0.0)
