"""Whether evidence supports a claim: what each feature sees, and the probability that they add up to."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.assistant import Assistant
from assistant.ground import Ground, squeezed
from assistant.support import Assessed, Kind, SupportCurve, assess, read_curves, shipped_curves
from assistant.support_features import (
    AnswerFeatures,
    PhraseFeatures,
    StatementFeatures,
    answer_features,
    phrase_features,
)
from knowledge.embed import Embedder

EN = (
    "Ada Merrit was born in Oakville in 1902.",
    "She studied mathematics in Leeds and left in 1925.",
    "Her first book, on the theory of knots, was printed by a small press in York.",
    "She died in Bath in 1981.",
)
ZH = (
    "梅里特一九〇二年生于橡树镇。",
    "她在利兹学习数学，1925年毕业。",
    "她的第一本书讲的是纽结理论，由约克的一家小出版社印行。",
    "1981年，她在巴斯去世。",
)


@pytest.fixture(scope="module")
def embedder(assistant: Assistant) -> Embedder:
    return assistant.embedder


@pytest.fixture(scope="module")
def english(embedder: Embedder) -> Ground:
    return Ground(EN, embedder)


@pytest.fixture(scope="module")
def chinese(embedder: Embedder) -> Ground:
    return Ground(ZH, embedder)


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("Where did she die?", "Bath", "York"),
        ("Where was her first book printed?", "York", "Bath"),
        ("In which year was Ada Merrit born?", "1902", "1981"),
    ],
)
def test_an_answer_in_its_place_is_likelier_than_another_answer_of_the_passage(
    english: Ground, question: str, right: str, wrong: str
) -> None:
    assert (
        assess(right, english, question=question).probability()
        > assess(wrong, english, question=question).probability()
    )


@pytest.mark.parametrize(
    ("question", "right", "wrong"), [("她在哪里去世？", "巴斯", "约克"), ("她在哪里学习数学？", "利兹", "巴斯")]
)
def test_the_same_in_chinese(chinese: Ground, question: str, right: str, wrong: str) -> None:
    assert (
        assess(right, chinese, question=question).probability()
        > assess(wrong, chinese, question=question).probability()
    )


def test_an_answer_that_the_evidence_does_not_say_is_unlikely_wherever_it_would_stand(chinese: Ground) -> None:
    said = assess("巴斯", chinese, question="她在哪里去世？")
    invented = assess("伯明翰", chinese, question="她在哪里去世？")
    assert said.stated == ()
    assert len(invented.stated) == len(PhraseFeatures.__dataclass_fields__)
    assert invented.probability() < 0.5
    assert invented.probability() < said.probability()


def test_a_phrase_that_stands_there_is_likelier_than_one_with_another_number(chinese: Ground) -> None:
    assert (
        assess("1925年", chinese, kind="phrase").probability() > assess("1926年", chinese, kind="phrase").probability()
    )


def test_a_statement_that_says_what_the_evidence_says_is_likelier_than_one_that_does_not(english: Ground) -> None:
    said = assess("She died in Bath in 1981.", english)
    other = assess("The harbour was rebuilt with granite from Norway.", english)
    assert said.kind == other.kind == "statement"
    assert said.probability() > other.probability()


def test_a_verbatim_phrase_has_full_marks(english: Ground) -> None:
    features = phrase_features("the theory of  KNOTS", english)
    assert (features.verbatim, features.run, features.pairs, features.words) == (1, 1, 1, 1)
    assert phrase_features("Norway", english).verbatim == 0


def test_the_relevance_of_an_answer_is_that_of_its_own_sentence_against_the_others(english: Ground) -> None:
    near = answer_features("Where did she die?", "Bath", english, "en")
    far = answer_features("Where did she die?", "York", english, "en")
    # Each is the other's best competitor or behind it, so one is ahead by what the other is behind or less.
    assert near.relevance > 0 > far.relevance
    assert near.nearness > far.nearness


def test_one_sentence_has_no_other_to_be_compared_with(embedder: Embedder) -> None:
    assert answer_features("Where?", "Bath", Ground(EN[3:], embedder), "en").relevance == 0


def test_what_the_question_says_itself_counts_as_repeated(english: Ground) -> None:
    assert answer_features("Did she die in Bath?", "Bath", english, "en").repeated == -1
    assert answer_features("Where did she die?", "Bath", english, "en").repeated == 0


def test_tokens_stand_where_their_sentences_do(chinese: Ground) -> None:
    ends = [float(places.max()) for places in chinese.places]
    assert ends == sorted(ends)
    assert [len(places) for places in chinese.places] == [len(states) for states in chinese.states]
    held, spans = chinese.spans("利兹")
    assert held == [1]
    start, end = spans[0]
    assert len(ZH[0]) <= start < end <= len(ZH[0]) + len(ZH[1])
    assert end - start == 2


@pytest.mark.parametrize("claim", ["", " ", "？！", "…"])
def test_a_claim_without_words_is_an_error(english: Ground, claim: str) -> None:
    with pytest.raises(ValueError, match="no words"):
        assess(claim, english)


def test_an_answer_without_its_question_is_an_error(english: Ground) -> None:
    with pytest.raises(ValueError, match="needs a question"):
        assess("Bath", english, kind="answer")


def test_no_evidence_is_an_error(embedder: Embedder) -> None:
    with pytest.raises(ValueError, match="no evidence"):
        Ground((), embedder)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    claim=st.text(min_size=1, max_size=30).filter(lambda text: any(map(str.isalnum, text))),
    question=st.sampled_from(["", "Where did she die?", "她在哪里去世？"]),
    kind=st.sampled_from([None, "phrase", "statement"]),
)
def test_any_claim_has_a_probability_and_always_the_same(
    english: Ground, embedder: Embedder, claim: str, question: str, kind: Kind | None
) -> None:
    assessed = assess(claim, english, question=question, kind=kind)
    assert 0 <= assessed.probability() <= 1
    assert assess(claim, english, question=question, kind=kind) == assessed
    assert 0 <= assessed.probability(judged=-1e9) <= assessed.probability(judged=1e9) <= 1


def test_a_judgement_is_weighed_with_the_features() -> None:
    curves = {
        "answer": SupportCurve((1.0,), {"en": 0.0}),
        "answer-judged": SupportCurve((1.0, 0.5), {"en": -1.0}),
    }
    assessed = Assessed("answer", "en", (1.0,))
    assert assessed.probability(curves, judged=0.0) == pytest.approx(0.5)
    assert assessed.probability(curves, judged=4.0) == pytest.approx(0.8808, abs=1e-4)
    assert assessed.probability(curves) == pytest.approx(0.7311, abs=1e-4)
    assert Assessed("answer", "zh", (1.0,)).probability(curves) == assessed.probability(curves)


def test_the_curves_that_ship_fit_the_features() -> None:
    curves = shipped_curves()
    for kind, of in (("answer", AnswerFeatures), ("phrase", PhraseFeatures), ("statement", StatementFeatures)):
        assert len(curves[kind].weights) == len(of.__dataclass_fields__)
    assert read_curves({"curves": {"x": {"weights": [1], "intercepts": {"zh": 2}}}})["x"].log_odds((3,), "zh") == 5


def test_squeezing_folds_width_script_and_spaces() -> None:
    assert squeezed("１９２５ 年\n數學") == "1925年数学"
