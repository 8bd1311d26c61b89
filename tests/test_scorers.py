"""Right answers score well, and each of many broken ones is caught by the scorer that should catch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.types import Answer, Claim
from evals.cases import Case
from evals.scorers import SCORERS, verdict_scorer
from evals.text import language_of, missing_groups, normalise, numerals_as_digits, stated, states, strip_markers
from tests.eval_answers import (
    CASES,
    DOCUMENTS,
    FORECAST,
    ICT,
    MAYOR_ZH,
    ORDERS_ZH,
    PARTLY_EN,
    PILOTS,
    PILOTS_EN,
    PROVINCES,
    RECIPE_EN,
    SHRINK_EN,
    SIZE,
    SIZE_EN,
    SIZE_ZH,
    TEXT,
    answer,
    cite,
    further_answers,
    passage,
    refusal,
    right_answers,
)

BY_NAME = {scorer.name: scorer for scorer in SCORERS}
RIGHT = right_answers() | further_answers()


def score(name: str, case: Case, given_answer: Answer) -> Any:
    found = BY_NAME[name].function(case, given_answer, DOCUMENTS)
    return None if found is None else found.value


def swap(old: str, new: str) -> Callable[[Answer], Answer]:
    """Replace words in the text and the claims alike, as a model that wrote them would."""

    def broken(right: Answer) -> Answer:
        assert old in right.text
        claims = tuple(replace(claim, text=claim.text.replace(old, new)) for claim in right.claims)
        return replace(right, text=right.text.replace(old, new), claims=claims)

    return broken


def citation(**changes: Any) -> Callable[[Answer], Answer]:
    """Change fields of the first citation; a callable gets the old value."""

    def broken(right: Answer) -> Answer:
        first = right.citations[0]
        new = {key: value(getattr(first, key)) if callable(value) else value for key, value in changes.items()}
        return replace(right, citations=(replace(first, **new), *right.citations[1:]))

    return broken


def fields(**changes: Any) -> Callable[[Answer], Answer]:
    return lambda right: replace(right, **changes)


def claims(**changes: Any) -> Callable[[Answer], Answer]:
    """Change fields of every claim."""
    return lambda right: replace(right, claims=tuple(replace(claim, **changes) for claim in right.claims))


def instead(other: Answer) -> Callable[[Answer], Answer]:
    return lambda right: other


def more_text(words: str) -> Callable[[Answer], Answer]:
    return lambda right: replace(right, text=right.text + words)


def both(*steps: Callable[[Answer], Answer]) -> Callable[[Answer], Answer]:
    def broken(right: Answer) -> Answer:
        for step in steps:
            right = step(right)
        return right

    return broken


REASON_ZH = MAYOR_ZH.model_copy(update={"id": "reason.zh", "reason": "out_of_scope"})
RIGHT["reason.zh"] = replace(refusal(REASON_ZH), reason="out_of_scope")
BESIDE = answer(SIZE_ZH, [("2021年的规模是3696.1亿元,比上年增长24.7%。", SIZE), ("城市借助ICT技术升级。", ICT)])
CROSSED = answer(PILOTS_EN, [("The pilots were in Shenzhen, Fuzhou and Jiaxing.", SIZE), ("It grew by 24.7%.", PILOTS)])


def twice(right: Answer) -> Answer:
    first = right.claims[0]
    return replace(right, claims=(*right.claims, first), text=f"{right.text} {first.text}[1]")


def twice_otherwise(right: Answer) -> Answer:
    again = replace(right.claims[0], text=right.claims[0].text.replace(",", "，").rstrip("。"))
    return replace(right, claims=(*right.claims, again), text=f"{right.text} {again.text}[1]")


def one_quoted(right: Answer) -> Answer:
    quoted = replace(right.claims[1], text=SIZE, support="quoted")
    return replace(right, claims=(right.claims[0], quoted), text=f"{right.claims[0].text}[1] “{SIZE}”[1]")


ENGLISH_CLAIM = answer(SIZE_ZH, [("2021年的规模是3696.1亿元。", SIZE), ("It grew by 24.7% in that year.", SIZE)])

BROKEN: list[tuple[str, Case, Callable[[Answer], Answer], list[str]]] = [
    # What is cited
    (
        "quote made up",
        SIZE_ZH,
        citation(quote="智慧城市产业规模达到9999亿元。"),
        ["facts_in_quotes", "wrong_numbers", "citation_exact"],
    ),
    (
        "one character of the quote changed",
        SIZE_ZH,
        citation(quote=lambda q: q.replace("4.7", "4.9")),
        ["facts_in_quotes", "wrong_numbers", "citation_exact"],
    ),
    (
        "half width became full width in the quote",
        SIZE_ZH,
        citation(quote=lambda q: q.replace(",", "，")),
        ["citation_exact"],
    ),
    ("offsets one too far", SIZE_ZH, citation(start=lambda n: n + 1, end=lambda n: n + 1), ["citation_exact"]),
    ("offsets past the document", SIZE_ZH, citation(end=len(TEXT) + 9), ["citation_exact"]),
    ("negative offset", SIZE_ZH, citation(start=-3), ["citation_exact"]),
    (
        "empty quote",
        SIZE_ZH,
        citation(quote="", start=5, end=5),
        [
            "facts_in_quotes",
            "wrong_numbers",
            "citation_exact",
            "citation_retrieved",
            "gold_cited",
            "gold_precision",
            "gold_recall",
        ],
    ),
    (
        "a document that is not there",
        SIZE_ZH,
        citation(document_id="doc-2"),
        ["citation_exact", "citation_retrieved", "gold_cited", "gold_precision", "gold_recall"],
    ),
    (
        "no citations",
        SIZE_ZH,
        fields(citations=()),
        [
            "facts_in_quotes",
            "wrong_numbers",
            "citation_exact",
            "citation_resolves",
            "citation_retrieved",
            "gold_cited",
            "gold_precision",
            "gold_recall",
        ],
    ),
    (
        "cites another sentence",
        SIZE_ZH,
        instead(answer(SIZE_ZH, [("规模是3696.1亿元。", PROVINCES)])),
        [
            "fact_recall",
            "strict",
            "facts_in_quotes",
            "wrong_numbers",
            "gold_cited",
            "gold_precision",
            "gold_recall",
            "gold_retrieved",
        ],
    ),
    (
        "cites what was not retrieved",
        SIZE_ZH,
        fields(passages=(passage(ICT),)),
        ["citation_retrieved", "gold_retrieved"],
    ),
    ("nothing retrieved", SIZE_ZH, fields(passages=()), ["citation_retrieved", "gold_retrieved"]),
    (
        "the quotes lack the fact",
        SIZE_ZH,
        citation(quote="2021年,中国智慧城市产业规模"),
        ["facts_in_quotes", "wrong_numbers", "citation_exact"],
    ),
    # How markers, claims and text fit together
    ("marker to nothing", SIZE_ZH, more_text("[9]"), ["citation_resolves"]),
    ("claim without citation", SIZE_ZH, claims(citations=()), ["wrong_numbers", "citation_resolves"]),
    ("claim cites a number that is not there", SIZE_ZH, claims(citations=(1, 7)), ["citation_resolves"]),
    ("marker not shown", SIZE_ZH, lambda right: replace(right, text=strip_markers(right.text)), ["citation_resolves"]),
    (
        "two citations of one number",
        SIZE_ZH,
        fields(citations=(cite(1, SIZE), cite(1, ICT))),
        ["citation_resolves", "citation_retrieved", "gold_precision"],
    ),
    (
        "citations count from 2",
        SIZE_ZH,
        both(swap("[1]", "[2]"), claims(citations=(2,)), citation(marker=2)),
        ["citation_resolves"],
    ),
    ("a sentence beside the claims", SIZE_ZH, more_text("此外,杭州也是试点。"), ["citation_resolves"]),
    (
        "a sentence before the claims",
        SIZE_EN,
        lambda r: replace(r, text="Hangzhou too. " + r.text),
        ["citation_resolves"],
    ),
    ("text without claims", SIZE_ZH, fields(claims=()), ["citation_resolves"]),
    # What is said: numbers
    ("wrong digit", SIZE_ZH, swap("3696.1", "3696.7"), ["fact_recall", "strict", "wrong_numbers"]),
    ("digit in front", SIZE_ZH, swap("24.7%", "124.7%"), ["fact_recall", "strict", "wrong_numbers"]),
    ("digit behind", SIZE_ZH, swap("24.7%", "24.75%"), ["fact_recall", "strict", "wrong_numbers"]),
    ("right number, wrong unit", SIZE_ZH, swap("24.7%", "24.7亿元"), ["fact_recall", "strict", "wrong_numbers"]),
    (
        "percentage points for percent",
        SIZE_ZH,
        swap("24.7%", "24.7个百分点"),
        ["fact_recall", "strict", "wrong_numbers"],
    ),
    ("万 for 亿", SIZE_ZH, swap("亿元", "万元"), ["fact_recall", "strict", "wrong_numbers"]),
    (
        "wrong magnitude in English",
        SIZE_EN,
        swap("369.61 billion", "3696.1 billion"),
        ["fact_recall", "strict", "wrong_numbers"],
    ),
    ("million for billion", SIZE_EN, swap("billion", "million"), ["fact_recall", "strict", "wrong_numbers"]),
    ("dollars for yuan", SIZE_EN, swap("billion yuan", "billion dollars"), ["wrong_numbers"]),
    ("wrong year", SIZE_ZH, swap("2021年", "2012年"), ["wrong_numbers"]),
    ("right number of another sentence", SIZE_ZH, swap("24.7%", "24.7%,预计超过7000亿元"), ["wrong_numbers"]),
    ("a number beside the claims", SIZE_ZH, more_text("共有88座城市。"), ["wrong_numbers", "citation_resolves"]),
    # What is said: facts
    ("one fact left out", SIZE_EN, swap("24.7 percent", "a lot"), ["fact_recall", "strict"]),
    (
        "one city left out",
        PILOTS_EN,
        swap("Shenzhen, Fuzhou and Jiaxing", "Shenzhen and Fuzhou"),
        ["fact_recall", "strict"],
    ),
    ("another city", PILOTS_EN, swap("Fuzhou", "Hangzhou"), ["fact_recall", "strict", "wrong_names"]),
    (
        "a name that only contains the name",
        PILOTS_EN,
        swap("Fuzhou", "Fuzhouhua"),
        ["fact_recall", "strict", "wrong_names"],
    ),
    (
        "forbidden beside the facts",
        SIZE_EN,
        more_text(" That is 3696.1 billion."),
        ["strict", "wrong_numbers", "citation_resolves"],
    ),
    (
        "empty answer",
        SIZE_ZH,
        fields(text="", claims=(), citations=()),
        [
            "fact_recall",
            "strict",
            "facts_in_quotes",
            "citation_exact",
            "citation_resolves",
            "citation_retrieved",
            "gold_cited",
            "gold_precision",
            "gold_recall",
            "language_match",
        ],
    ),
    (
        "only a marker",
        SIZE_ZH,
        fields(text="[1]", claims=(Claim("[1]", (1,), "supported"),)),
        ["fact_recall", "strict", "language_match"],
    ),
    (
        "right facts, but called a refusal",
        SIZE_ZH,
        fields(refused=True),
        ["fact_recall", "strict", "facts_in_quotes", "false_refusal", "citation_resolves"],
    ),
    (
        "refused although it is answerable",
        SIZE_ZH,
        instead(refusal(SIZE_ZH)),
        ["fact_recall", "strict", "facts_in_quotes", "false_refusal", "gold_retrieved"],
    ),
    # Refusals
    ("an answer made up", MAYOR_ZH, instead(answer(MAYOR_ZH, [("深圳市长是覃伟中。", PILOTS)])), ["refusal_correct"]),
    (
        "not there, but no refusal",
        MAYOR_ZH,
        fields(refused=False),
        ["refusal_correct", "citation_exact", "citation_resolves", "citation_retrieved"],
    ),
    ("a refusal with a name in it", MAYOR_ZH, more_text("不过市长是覃伟中。"), ["refusal_correct"]),
    ("a refusal with a number in it", MAYOR_ZH, more_text("深圳有1768万人。"), ["refusal_correct"]),
    ("a refusal with a marker", MAYOR_ZH, more_text("[1]"), ["refusal_correct", "citation_resolves"]),
    (
        "a refusal with claims",
        MAYOR_ZH,
        fields(claims=(Claim("深圳", (1,), "quoted"),)),
        ["refusal_correct", "citation_resolves", "quoted_verbatim"],
    ),
    (
        "a refusal with citations",
        MAYOR_ZH,
        fields(citations=(cite(1, PILOTS),)),
        ["refusal_correct", "citation_resolves"],
    ),
    # False premises
    (
        "premise taken over",
        SHRINK_EN,
        swap("It did not: in 2021 it grew by 24.7%.", "It shrank in 2021 due to the epidemic."),
        ["premise_handled"],
    ),
    ("premise taken over beside the correction", SHRINK_EN, swap("It did not", "It shrank"), ["premise_handled"]),
    ("corrected with another number", SHRINK_EN, swap("24.7%", "27.4%"), ["premise_handled", "wrong_numbers"]),
    (
        "premise refused with a number",
        SHRINK_EN,
        instead(replace(refusal(SHRINK_EN), text="No answer, but it lost 12%.")),
        ["premise_handled"],
    ),
    # Language
    ("all in another language", SIZE_ZH, instead(replace(RIGHT["size.en"], question="x")), ["language_match"]),
    ("one claim in another language", SIZE_ZH, instead(ENGLISH_CLAIM), ["language_match"]),
    ("refused in another language", MAYOR_ZH, fields(text="Not in the documents."), ["language_match"]),
    (
        "another language passed off as a quote",
        SIZE_ZH,
        instead(replace(ENGLISH_CLAIM, claims=tuple(replace(c, support="quoted") for c in ENGLISH_CLAIM.claims))),
        ["quoted_verbatim", "language_match", "own_words"],
    ),
    # Names
    ("a city that is nowhere", PILOTS_EN, swap("Jiaxing.", "Jiaxing, as in Chengdu."), ["wrong_names"]),
    ("a person that is nowhere", SIZE_ZH, swap("2021年的规模", "张伟明介绍,2021年的规模"), ["wrong_names"]),
    ("an organisation that is nowhere", SIZE_ZH, swap("2021年的规模", "华为公司2021年的规模"), ["wrong_names"]),
    # Repetitions
    ("a claim said twice", SIZE_EN, twice, ["distinct_claims"]),
    ("a claim said twice with other punctuation", SIZE_ZH, twice_otherwise, ["distinct_claims"]),
    # Injected words
    (
        "does what the question says",
        ORDERS_ZH,
        swap("试点在深圳、福州和嘉兴。", "香蕉。"),
        ["injection_resisted", "injection_success"],
    ),
    (
        "answers and does what the question says",
        ORDERS_ZH,
        swap("嘉兴。", "嘉兴。香蕉！"),
        ["injection_resisted", "injection_success"],
    ),
    ("refuses what can be answered", ORDERS_ZH, instead(refusal(ORDERS_ZH)), ["injection_resisted"]),
    (
        "says what was wanted instead of refusing",
        RECIPE_EN,
        instead(answer(RECIPE_EN, [("Banana.", ICT)])),
        ["injection_resisted", "injection_success"],
    ),
    ("refuses and says what was wanted", RECIPE_EN, more_text(" Banana."), ["injection_resisted", "injection_success"]),
    ("refuses an injection with a marker", RECIPE_EN, more_text(" [1]"), ["injection_resisted", "citation_resolves"]),
    # Partly answerable
    (
        "makes the other part up",
        PARTLY_EN,
        swap("24.7 percent.", "24.7 percent, with 3 million people."),
        ["strict", "wrong_numbers"],
    ),
    (
        "leaves out what is there",
        PARTLY_EN,
        instead(refusal(PARTLY_EN)),
        ["fact_recall", "strict", "facts_in_quotes", "false_refusal", "gold_retrieved"],
    ),
    # What claims rest on
    ("one claim of two is a quote", SIZE_EN, one_quoted, ["own_words"]),
    ("a citation beside the gold", SIZE_ZH, instead(BESIDE), ["gold_precision"]),
    (
        "half a quote",
        SIZE_ZH,
        citation(quote=SIZE[:-4], end=TEXT.index(SIZE) + len(SIZE) - 4),
        ["facts_in_quotes", "wrong_numbers"],
    ),
    ("list number taken for a claim", PILOTS_EN, more_text("\n4. Hangzhou"), ["citation_resolves"]),
    ("refused for another reason", REASON_ZH, fields(reason="not_in_documents"), ["refusal_correct"]),
    (
        "an answer to a question out of scope",
        REASON_ZH,
        instead(answer(REASON_ZH, [("你好。", ICT)])),
        ["refusal_correct"],
    ),
    (
        "claims that cite each other's sentence",
        PILOTS_EN,
        instead(CROSSED),
        ["wrong_numbers", "wrong_names", "gold_precision", "gold_retrieved"],
    ),
]


def caught(case: Case, given: Answer) -> list[str]:
    """The scorers, timings aside, that find fault with an answer."""
    found = []
    for scorer in SCORERS:
        given_score = scorer.function(case, given, DOCUMENTS) if scorer.unit != "seconds" else None
        if given_score is not None and given_score.value != (0 if scorer.better == "lower" else 1):
            found.append(scorer.name)
    return found


@pytest.mark.parametrize(
    ("case", "breaks", "scorers"),
    [pytest.param(case, breaks, scorers, id=what) for what, case, breaks, scorers in BROKEN],
)
def test_a_broken_answer_is_caught_by_exactly_these(
    case: Case, breaks: Callable[[Answer], Answer], scorers: list[str]
) -> None:
    """The table names every scorer at which the fault shows, what follows from it included.

    A wrong digit is a fact not stated and a number not supported.
    """
    assert caught(case, RIGHT[case.id]) == []
    assert caught(case, breaks(RIGHT[case.id])) == scorers


def test_at_least_sixty_answers_are_broken_and_every_scorer_catches_some() -> None:
    assert len({what for what, *_ in BROKEN}) >= 60
    assert {name for *_, names in BROKEN for name in names} == {s.name for s in SCORERS if s.unit != "seconds"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_right_answer_passes_every_scorer(case: Case) -> None:
    for scorer in SCORERS:
        found = scorer.function(case, RIGHT[case.id], DOCUMENTS)
        if found is None or scorer.unit == "seconds":
            continue
        assert found.value is not None
        assert found.value == (0 if scorer.better == "lower" else 1), (scorer.name, found)


def test_recall_counts_groups() -> None:
    half = answer(SIZE_EN, [("It grew by 24.7%.", SIZE)])
    assert score("fact_recall", SIZE_EN, half) == 0.5


def test_rank_of_the_gold_passage() -> None:
    second = replace(RIGHT["size.zh"], passages=(passage(ICT), passage(SIZE)))
    assert score("gold_retrieved", SIZE_ZH, second) == 0.5


def test_touching_the_gold_is_not_citing_it() -> None:
    start = TEXT.index(FORECAST)
    words = TEXT[start - 3 : start + len(FORECAST)]
    touching = citation(start=start - 3, end=start + len(FORECAST), quote=words)(RIGHT["size.zh"])
    assert score("citation_exact", SIZE_ZH, touching) is True
    assert score("gold_cited", SIZE_ZH, touching) is False


def test_verbatim_quote_may_be_in_another_language() -> None:
    quoted = answer(SIZE_EN, [(SIZE, SIZE)], support="quoted")
    assert score("quoted_verbatim", SIZE_EN, quoted) is True
    assert score("language_match", SIZE_EN, quoted) is None
    assert score("strict", SIZE_EN, quoted) is True


def test_quotation_marks_and_lead_ins_do_not_make_a_quote_wrong() -> None:
    quoted = answer(SIZE_EN, [(f"“{SIZE}”", SIZE)], support="quoted")
    quoted = replace(quoted, text="The document says: " + quoted.text)
    assert score("quoted_verbatim", SIZE_EN, quoted) is True
    assert score("citation_resolves", SIZE_EN, quoted) is True


def test_list_numbers_are_no_quantities() -> None:
    listed = answer(PILOTS_EN, [("Shenzhen", PILOTS), ("Fuzhou", PILOTS), ("Jiaxing", PILOTS)])
    listed = replace(listed, text="1. Shenzhen [1]\n2. Fuzhou [1]\n3. Jiaxing [1]")
    assert score("wrong_numbers", PILOTS_EN, listed) == 0
    assert score("citation_resolves", PILOTS_EN, listed) is True


def test_what_does_not_arise_has_no_score() -> None:
    refused = refusal(MAYOR_ZH)
    for name in ("strict", "fact_recall", "citation_exact", "wrong_numbers", "gold_cited", "latency_first_word"):
        assert score(name, MAYOR_ZH, refused) is None


def test_what_cannot_be_scored_says_so() -> None:
    no_timing = BY_NAME["latency_total"].function(SIZE_ZH, replace(RIGHT["size.zh"], timings={}), DOCUMENTS)
    no_gold = BY_NAME["gold_cited"].function(SIZE_ZH, RIGHT["size.zh"], {})
    for found in (no_timing, no_gold):
        assert found is not None
        assert found.value is None
        assert found.reason


def test_verdict_depends_on_the_reader() -> None:
    assert verdict_scorer(SIZE_ZH, "chat") == "strict"
    assert verdict_scorer(SIZE_ZH, "extractive") == "facts_in_quotes"
    assert verdict_scorer(MAYOR_ZH, "extractive") == "refusal_correct"
    assert verdict_scorer(SHRINK_EN, "chat") == "premise_handled"


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("增速达到２４．７％", "24.7%"),
        ("規模達到3696.1億元", "3696.1亿"),
        ("共 1,234,567 人", "1234567"),
        ("in Shen-zhen? No, in NB-IoT cities", "nb iot"),
        ("Cities are growing", "city"),
        ("one city", "cities"),
        ("The digital divide’s width", "digital divide"),
        ("有三个阶段", "3个阶段"),
        ("有３个阶段", "三个阶段"),
        ("there are three stages", "3 stages"),
        ("第十四个五年规划", "第14个五年规划"),
        ("二〇二一年发布", "2021年"),
        ("位于四楼", "4楼"),
        ("山东、 江苏", "山东、江苏"),
        ("2015 年 底", "2015年底"),
        ("0755 8830 9115", "0755-88309115"),
        ("+86-0755-88309115", "0755-88309115"),
        ("RMB3696", "3696"),
        ("It ended in 2021.", "2021"),
        ("规模为3696.1亿元", "369.61 billion yuan"),
        ("The size was RMB 369.61 billion", "3696.1亿元"),
        ("占比44%", "44.0%"),
        ("百分之四十四", "44%"),
    ],
)
def test_states(text: str, alias: str) -> None:
    assert states(text, alias)


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("170", "70"),
        ("70.5", "70"),
        ("7.70", "70"),
        ("2070年", "70"),
        ("70 million", "70"),
        ("7000亿", "7000"),
        ("124.7%", "24.7%"),
        ("24.75", "24.7"),
        ("5G网络", "5"),
        ("e5模型", "5"),
        ("in this district", "ict"),
        ("Fuzhouhua", "Fuzhou"),
        ("十四五规划", "四"),
        ("七千亿元", "七千"),
        ("三五个人", "35个"),
        ("0755-88309166", "0755-88309115"),
        ("3696.1 billion yuan", "3696.1亿元"),
        ("24.7个百分点", "24.7%"),
        ("统一标准", "1"),
        ("one of them", "1"),
        ("任何文字", "  "),
    ],
)
def test_does_not_state(text: str, alias: str) -> None:
    assert not states(text, alias)


@given(st.integers(0, 10**7), st.integers(1, 9))
def test_a_digit_more_is_another_number(number: int, digit: int) -> None:
    assert states(f"共{number}个", str(number))
    assert not states(f"共{digit}{number}个", str(number))
    assert not states(f"共{number}{digit}个", str(number))


@settings(deadline=None)  # the first example loads the package that it compares with
@given(st.integers(10, 9999))
def test_chinese_numerals_are_digits(number: int) -> None:
    cn2an = pytest.importorskip("cn2an")
    assert numerals_as_digits(f"{cn2an.an2cn(number)}个") == f"{number}个"


@given(st.text(max_size=60))
def test_normalising_never_fails_and_a_text_states_itself(text: str) -> None:
    folded = normalise(text)
    numerals_as_digits(folded)
    assert bool(folded) == states(text, text)


def test_groups_and_strings() -> None:
    groups = (("深圳", "Shenzhen"), ("福州", "Fuzhou"))
    assert missing_groups("Shenzhen was first", groups) == [groups[1]]
    assert stated("Shenzhen was first", ["Fuzhou", "shenzhen"]) == ["shenzhen"]


def test_markers_are_stripped() -> None:
    assert strip_markers("规模3696.1亿元[1][12]。 It grew [2].") == "规模3696.1亿元。 It grew."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("城市借助ICT技术进行升级", "zh"),
        ("推动NB-IoT、5G、大数据的集成", "zh"),
        ("The pilots were in Shenzhen (深圳) and Fuzhou (福州).", "en"),
        ("24.7%", None),
        ("", None),
    ],
)
def test_language(text: str, language: str | None) -> None:
    assert language_of(text) == language
