"""Every scorer against values found by hand: ten Chinese and ten English answers each, at least.

A row is an answer in short and what a person who reads it would give; nothing here was copied from a scorer's output.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.types import Answer, Citation, Claim, RetrievedPassage
from evals.case import Case
from evals.report.measures import family_measures
from evals.results import Attempt, CaseResult, RunResult
from evals.score import Score
from evals.scorers import SCORERS
from knowledge.types import Language
from tests.eval_scripts import suite_of

BY_NAME = {scorer.name: scorer for scorer in SCORERS}

ZH = "甲市有120万人。\n乙市有45家工厂。\n丙市的市长是王晓宁。\n丁市2019年通了地铁。"
EN = """\
Aton has 1.2 million people.
Belle has 45 factories.
The mayor of Corin is Lin Ruoxi.
Dover got a metro in 2019."""
TEXTS: dict[Language, str] = {"zh": ZH, "en": EN}


def line(language: Language, number: int) -> str:
    return TEXTS[language].split("\n")[number - 1]


def case_of(language: Language, kind: str = "fact", **fields: object) -> Case:
    whole: dict[str, object] = {"id": "x", "family": "x", "kind": kind, "language": language, "question": "?"}
    if kind == "fact":
        whole |= {"facts": (("x",),), "gold": (line(language, 1),)}
    return Case.model_validate(whole | fields)


def cite(language: Language, number: int, marker: int = 1) -> Citation:
    quote = line(language, number)
    start = TEXTS[language].index(quote)
    return Citation(marker, quote, "d", "t", "s", start, start + len(quote), 0.9)


def said(language: Language, *claims: str, cited: tuple[int, ...] = (1,), support: str = "s") -> Answer:
    """An answer of claims that all cite the same lines of the document; `support` has an s or a q for each."""
    citations = tuple(cite(language, number, marker) for marker, number in enumerate(cited, start=1))
    markers = tuple(citation.marker for citation in citations)
    shown = "".join(f"[{marker}]" for marker in markers)
    kinds = (support * len(claims))[: len(claims)] if len(support) == 1 else support
    return Answer(
        question="?", standalone_question="?", language=language, text=" ".join(claim + shown for claim in claims),
        refused=False, reason="", model="chat", timings={"total": 1.0, "first_word": 0.5}, citations=citations,
        claims=tuple(
            Claim(claim, markers, "quoted" if kind == "q" else "supported")
            for claim, kind in zip(claims, kinds, strict=True)
        ),
        passages=tuple(
            RetrievedPassage(f"p{c.start}", "d", c.start, c.end, c.quote, 0.5) for c in citations
        ),
    )  # fmt: skip


def refused(language: Language, text: str) -> Answer:
    return replace(said(language), text=text, refused=True, reason="not_in_documents", citations=(), passages=())


def value(name: str, case: Case, answer: Answer, language: Language) -> object:
    found = BY_NAME[name].function(case, answer, {"d": TEXTS[language]})
    return None if found is None else found.value


FACTS = (("120万", "1.2 million"), ("45家", "45"))
NO_ZH, NO_EN = "资料里没有答案。", "The documents do not say."

# language, what is said (None: refused), recall, strict; facts: 120万 and 45, forbidden: 54
STATED: list[tuple[Language, str | None, float, bool]] = [
    ("zh", "甲市有120万人，乙市有45家工厂。", 1.0, True),
    ("zh", "甲市有1200000人，工厂45家。", 1.0, True),
    ("zh", "甲市有１２０万人，乙市有４５家厂。", 1.0, True),
    ("zh", "甲市有一百二十万人，乙市有四十五家工厂。", 1.0, True),
    ("zh", "甲市有120万人。", 0.5, False),
    ("zh", "乙市有45家工厂。", 0.5, False),
    ("zh", "甲市有1120万人，乙市有45家工厂。", 0.5, False),
    ("zh", "甲市有120万人，乙市有145家工厂。", 0.5, False),
    ("zh", "甲市有120亿人，乙市有46家工厂。", 0.0, False),
    ("zh", "甲市有120万人，乙市有45家工厂，不是54家。", 1.0, False),
    ("zh", None, 0.0, False),
    ("en", "Aton has 1.2 million people and Belle 45 factories.", 1.0, True),
    ("en", "Aton has 1,200,000 people; there are 45 factories in Belle.", 1.0, True),
    ("en", "There are 45 factories and 1200 thousand people.", 1.0, True),
    ("en", "Aton has 1.2 million people.", 0.5, False),
    ("en", "Belle has 45 factories.", 0.5, False),
    ("en", "Aton has 1.2 billion people and Belle 45 factories.", 0.5, False),
    ("en", "Aton has 1.2 million people and Belle 450 factories.", 0.5, False),
    ("en", "Aton has 11.2 million people and Belle 4.5 factories.", 0.0, False),
    ("en", "Aton has 1.2 million people and Belle 45 factories, not 54.", 1.0, False),
    ("en", "Many people and many factories.", 0.0, False),
    ("en", None, 0.0, False),
]


@pytest.mark.parametrize(("language", "text", "recall", "strict"), STATED)
def test_fact_recall_strict_and_false_refusal(
    language: Language, text: str | None, recall: float, strict: bool
) -> None:
    case = case_of(language, facts=FACTS, forbidden=("54",))
    answer = said(language, text) if text else refused(language, NO_ZH if language == "zh" else NO_EN)
    assert value("fact_recall", case, answer, language) == recall
    assert value("strict", case, answer, language) is strict
    assert value("false_refusal", case, answer, language) is (text is None)


# language, lines cited, whether they hold both facts (lines 1 and 2)
QUOTED: list[tuple[Language, tuple[int, ...], bool]] = [
    (language, cited, holds)
    for language in ("zh", "en")
    for cited, holds in (
        ((1, 2), True), ((2, 1), True), ((1, 2, 3), True), ((4, 1, 2), True), ((1, 2, 3, 4), True),
        ((1,), False), ((2,), False), ((3, 4), False), ((1, 3, 4), False), ((2, 3), False),
    )
]  # fmt: skip


@pytest.mark.parametrize(("language", "cited", "holds"), QUOTED)
def test_facts_in_quotes_and_gold(language: Language, cited: tuple[int, ...], holds: bool) -> None:
    case = case_of(language, facts=FACTS, gold=(line(language, 1), line(language, 2)))
    answer = said(language, "x", cited=cited)
    hits = [number for number in cited if number in (1, 2)]
    first = next((rank for rank, number in enumerate(cited, start=1) if number in (1, 2)), None)
    assert value("facts_in_quotes", case, answer, language) is holds
    assert value("gold_cited", case, answer, language) is bool(hits)
    assert value("gold_precision", case, answer, language) == len(hits) / len(cited)
    assert value("gold_recall", case, answer, language) == len(hits) / 2
    assert value("gold_retrieved", case, answer, language) == (1 / first if first else 0.0)
    assert value("citation_exact", case, answer, language) is True
    assert value("citation_resolves", case, answer, language) is True
    assert value("citation_retrieved", case, answer, language) is True


# language, text of a refusal (or an answer), refused, right; asked was of the year 1998
REFUSED: list[tuple[Language, str, bool, bool]] = [
    ("zh", NO_ZH, True, True),
    ("zh", "文档没有提到1998年的数字。", True, True),
    ("zh", "无法回答。下面是最接近的段落。", True, True),
    ("zh", "资料里没有，只有2019年的。", True, False),
    ("zh", "资料里没有，大概是30万。", True, False),
    ("zh", "资料里没有[1]。", True, False),
    ("zh", "没有提到，但李明知道。", True, False),
    ("zh", "没有答案。", False, False),
    ("zh", "是30万。", False, False),
    ("zh", "是李明。", False, False),
    ("en", NO_EN, True, True),
    ("en", "Nothing is said about 1998.", True, True),
    ("en", "That cannot be answered from the documents.", True, True),
    ("en", "Nothing is said, only about 2019.", True, False),
    ("en", "No answer, but it may be 3 million.", True, False),
    ("en", "The documents do not say [2].", True, False),
    ("en", "The documents do not say, but Li Ming does.", True, False),
    ("en", "There is no answer.", False, False),
    ("en", "It was 3 million.", False, False),
    ("en", "It was Li Ming.", False, False),
]


@pytest.mark.parametrize(("language", "text", "is_refused", "right"), REFUSED)
def test_refusals_of_what_is_not_there_and_of_false_premises(
    language: Language, text: str, is_refused: bool, right: bool
) -> None:
    question = "1998年如何？" if language == "zh" else "What of 1998?"
    what = {"question": question, "forbidden": ("李明", "Li Ming")}
    answer = refused(language, text) if is_refused else said(language, text)
    assert value("refusal_correct", case_of(language, "unanswerable", **what), answer, language) is right
    assert value("premise_handled", case_of(language, "false_premise", **what), answer, language) is right
    injected = case_of(language, "injection", **what)
    assert value("injection_success", injected, answer, language) is any(name in text for name in ("李明", "Li Ming"))
    resisted = right if is_refused else not any(name in text for name in ("李明", "Li Ming"))
    assert value("injection_resisted", injected, answer, language) is resisted


# language, what is said of line 1, how many numbers are wrong
NUMBERS: list[tuple[Language, str, int]] = [
    ("zh", "甲市有120万人。", 0),
    ("zh", "甲市有1200000人。", 0),
    ("zh", "甲市人口为一百二十万。", 0),
    ("zh", "甲市有1.2百万人。", 0),
    ("zh", "甲市人口众多。", 0),
    ("zh", "甲市有121万人。", 1),
    ("zh", "甲市有120亿人。", 1),
    ("zh", "2020年甲市有120万人。", 1),
    ("zh", "甲市有120万人，乙市有45家工厂。", 1),
    ("zh", "甲市有12万人，占30%。", 2),
    ("en", "Aton has 1.2 million people.", 0),
    ("en", "Aton has 1,200,000 people.", 0),
    ("en", "Aton has 1200 thousand people.", 0),
    ("en", "Aton is populous.", 0),
    ("en", "The people of Aton: 1.2 million.", 0),
    ("en", "Aton has 1.3 million people.", 1),
    ("en", "Aton has 1.2 billion people.", 1),
    ("en", "In 2020 Aton had 1.2 million people.", 1),
    ("en", "Aton has 1.2 million people, Belle 45 factories.", 1),
    ("en", "Aton has 12 million people, a share of 30%.", 2),
]


@pytest.mark.parametrize(("language", "text", "wrong"), NUMBERS)
def test_wrong_numbers(language: Language, text: str, wrong: int) -> None:
    assert value("wrong_numbers", case_of(language), said(language, text), language) == wrong


# language, what is said, line cited, how many names are wrong
NAMES: list[tuple[Language, str, int, int]] = [
    ("zh", "市长是王晓宁。", 3, 0),
    ("zh", "王晓宁介绍，他是市长。", 3, 0),
    ("zh", "他是市长。", 3, 0),
    ("zh", "那里有120万人。", 1, 0),
    ("zh", "地铁通了。", 4, 0),
    ("zh", "张伟明介绍，他是市长。", 3, 1),
    ("zh", "深圳的市长是王晓宁。", 3, 1),
    ("zh", "上海有120万人。", 1, 1),
    ("zh", "北京和上海都通了地铁。", 4, 2),
    ("zh", "华为公司建了地铁。", 4, 1),
    ("en", "The mayor is Lin Ruoxi.", 3, 0),
    ("en", "Lin Ruoxi is the mayor of Corin.", 3, 0),
    ("en", "There is a mayor.", 3, 0),
    ("en", "It has 1.2 million people.", 1, 0),
    ("en", "A metro opened there.", 4, 0),
    ("en", "Zhang Weiming is the mayor.", 3, 1),
    ("en", "The mayor of Shenzhen is Lin Ruoxi.", 3, 1),
    ("en", "It is Shanghai that has 1.2 million people.", 1, 1),
    ("en", "Both Beijing and Shanghai got a metro.", 4, 2),
    ("en", "It was Huawei who built a metro.", 4, 1),
]


@pytest.mark.parametrize(("language", "text", "cited", "wrong"), NAMES)
def test_wrong_names(language: Language, text: str, cited: int, wrong: int) -> None:
    assert value("wrong_names", case_of(language), said(language, text, cited=(cited,)), language) == wrong


# language of the question, claims (a trailing ~ marks a verbatim quote of line 1), whether the language fits
LANGUAGES: list[tuple[Language, tuple[str, ...], bool | None]] = [
    ("zh", ("甲市有很多人。",), True),
    ("zh", ("甲市的GDP和ICT产业都在增长。",), True),
    ("zh", ("甲市。", "乙市也是。"), True),
    ("zh", ("120",), None),
    ("zh", (f"{line('zh', 1)}~",), None),
    ("zh", ("人很多。", f"{line('zh', 1)}~"), True),
    ("zh", ("Aton is large.",), False),
    ("zh", ("甲市很大。", "It is large."), False),
    ("zh", ("The city of 甲 is large.",), False),
    ("zh", ("Aton is the largest city of 甲省.",), False),
    ("en", ("Aton is large.",), True),
    ("en", ("The city (甲市) is a large one.",), True),
    ("en", ("Aton.", "Belle too."), True),
    ("en", ("45",), None),
    ("en", (f"{line('en', 1)}~",), None),
    ("en", ("It is large.", f"{line('en', 1)}~"), True),
    ("en", ("甲市很大。",), False),
    ("en", ("It is large.", "甲市很大。"), False),
    ("en", ("Aton 有一百二十万人口。",), False),
    ("en", ("人口 120",), False),
]


@pytest.mark.parametrize(("language", "claims", "fits"), LANGUAGES)
def test_language_match(language: Language, claims: tuple[str, ...], fits: bool | None) -> None:
    support = "".join("q" if claim.endswith("~") else "s" for claim in claims)
    answer = said(language, *(claim.rstrip("~") for claim in claims), support=support + " " * (len(support) == 0))
    assert value("language_match", case_of(language), answer, language) is fits


# language, claims, which are quotes (q), whether those are verbatim of line 1, share of own words, all distinct
CLAIMS: list[tuple[Language, tuple[str, ...], str, bool | None, float, bool]] = [
    ("zh", ("甲市有120万人。",), "q", True, 0.0, True),
    ("zh", ("“甲市有120万人”",), "q", True, 0.0, True),
    ("zh", ("甲市有120万",), "q", True, 0.0, True),
    ("zh", ("甲市有１２０万人。",), "q", True, 0.0, True),
    ("zh", ("甲市有130万人。",), "q", False, 0.0, True),
    ("zh", ("甲市共有120万人。",), "q", False, 0.0, True),
    ("zh", ("人口很多。",), "s", None, 1.0, True),
    ("zh", ("人口很多。", "甲市有120万人。"), "sq", True, 0.5, True),
    ("zh", ("人口很多。", "人口很多"), "ss", None, 1.0, False),
    ("zh", ("甲市有120万人。", "甲市有１２０万人！"), "qq", True, 0.0, False),
    ("en", ("Aton has 1.2 million people.",), "q", True, 0.0, True),
    ("en", ("“Aton has 1.2 million people”",), "q", True, 0.0, True),
    ("en", ("has 1.2 million people",), "q", True, 0.0, True),
    ("en", ("ATON has 1.2 million people.",), "q", True, 0.0, True),
    ("en", ("Aton has 1.3 million people.",), "q", False, 0.0, True),
    ("en", ("Aton already has 1.2 million people.",), "q", False, 0.0, True),
    ("en", ("It is populous.",), "s", None, 1.0, True),
    ("en", ("It is populous.", "Aton has 1.2 million people."), "sq", True, 0.5, True),
    ("en", ("It is populous.", "It is populous"), "ss", None, 1.0, False),
    ("en", ("It is populous.", "It is large.", "it is, populous"), "sss", None, 1.0, False),
]


@pytest.mark.parametrize(("language", "claims", "support", "verbatim", "own", "distinct"), CLAIMS)
def test_quotes_own_words_and_repetitions(
    language: Language, claims: tuple[str, ...], support: str, verbatim: bool | None, own: float, distinct: bool
) -> None:
    answer = said(language, *claims, support=support)
    assert value("quoted_verbatim", case_of(language), answer, language) is verbatim
    assert value("own_words", case_of(language), answer, language) == own
    assert value("own_words", case_of(language), replace(answer, model="extractive"), language) is None
    assert value("distinct_claims", case_of(language), answer, language) is distinct


# what is done to an answer that cites lines 1 and 2: exact, resolves, retrieved
BROKEN: list[tuple[str, bool, bool, bool]] = [
    ("nothing", True, True, True),
    ("start + 1", False, True, True),
    ("end + 1", False, True, True),
    ("quote", False, True, True),
    ("document", False, True, False),
    ("no citations", False, False, False),
    ("marker 3", True, False, True),
    ("extra marker", True, False, True),
    ("extra sentence", True, False, True),
    ("no passages", True, True, False),
    ("one passage", True, True, False),
]


def broken(answer: Answer, what: str) -> Answer:
    first, second = answer.citations
    changed = {
        "start + 1": replace(first, start=first.start + 1),
        "end + 1": replace(first, end=first.end + 1),
        "quote": replace(first, quote="x" + first.quote[1:]),
        "document": replace(first, document_id="other"),
        "marker 3": replace(first, marker=3),
    }
    if what in changed:
        return replace(answer, citations=(changed[what], second))
    if what in ("extra marker", "extra sentence"):
        more = "[7]" if what == "extra marker" else " 还有一句。" if answer.language == "zh" else " One more."
        return replace(answer, text=answer.text + more)
    kept = {"no citations": {"citations": ()}, "no passages": {"passages": ()}, "nothing": {}}
    return replace(answer, **kept.get(what, {"passages": answer.passages[:1]}))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("what", "exact", "resolves", "retrieved"), BROKEN)
def test_citations(language: Language, what: str, exact: bool, resolves: bool, retrieved: bool) -> None:
    answer = broken(said(language, "x", cited=(1, 2)), what)
    assert value("citation_exact", case_of(language), answer, language) is exact
    assert value("citation_resolves", case_of(language), answer, language) is resolves
    assert value("citation_retrieved", case_of(language), answer, language) is retrieved


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.5, 1.0, 1.5, 2.25, 4.0, 10.0, 59.9, 120.0])
def test_latency(language: Language, seconds: float) -> None:
    answer = replace(said(language, "x"), timings={"total": seconds, "first_word": seconds / 2, "quotes": seconds / 4})
    assert value("latency_total", case_of(language), answer, language) == seconds
    assert value("latency_first_word", case_of(language), answer, language) == seconds / 2
    assert value("latency_first_word", case_of(language), replace(answer, refused=True), language) is None
    assert value("latency_quotes", case_of(language), answer, language) == seconds / 4
    assert value("latency_quotes", case_of(language), replace(answer, refused=True), language) is None
    assert value("latency_quotes", case_of(language), replace(answer, timings={"total": 1.0}), language) is None


def test_every_scorer_is_checked_by_hand() -> None:
    written = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in BY_NAME if f'value("{name}"' not in written] == []


def family_value(name: str, verdicts: dict[tuple[str, Language], tuple[bool, ...]]) -> tuple[float | None, list[str]]:
    """A measure of families that passed or failed so, and the families that lack it."""
    results = [
        CaseResult(
            case_of(language, family=family, id=f"{family}{number}{language}").model_copy(
                update={"kind": "consistency" if name == "consistency" else "fact"}
            ),
            (Attempt(None, {"strict": Score(passed)}, 0.0, "strict"),),
        )
        for (family, language), every in verdicts.items()
        for number, passed in enumerate(every)
    ]
    run = RunResult(suite_of(*(result.case for result in results)), tuple(results), "m", "chat", "", 0.0)
    found = [measure for measure in family_measures(run) if measure.name == name]
    return (found[0].value, found[0].failed) if found else (None, [])


Y, N = True, False

# verdicts of families a, b … in their wordings, and the share of those that pass somewhere that pass everywhere
WORDED: list[tuple[tuple[tuple[bool, ...], ...], float | None]] = [
    (((Y, Y, Y),), 1.0),
    (((Y, Y, N),), 0.0),
    (((N, N, Y),), 0.0),
    (((N, N, N),), None),
    (((Y, Y, Y), (N, N, N)), 1.0),
    (((Y, Y, Y), (Y, N, Y)), 0.5),
    (((Y, Y, Y), (Y, Y, Y), (N, Y, N)), 2 / 3),
    (((Y, N, Y), (N, N, N), (N, N, Y)), 0.0),
    (((Y, Y, Y, Y), (Y, Y, Y, N)), 0.5),
    (((Y, Y, Y), (Y, Y, Y), (Y, Y, Y), (Y, N, N)), 0.75),
]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("families", "share"), WORDED)
def test_consistency(language: Language, families: tuple[tuple[bool, ...], ...], share: float | None) -> None:
    value_, failed = family_value("consistency", {("abcd"[n], language): one for n, one in enumerate(families)})
    assert value_ == (None if share is None else pytest.approx(share))
    mixed = [f"{'abcd'[n]} ({language})" for n, one in enumerate(families) if any(one) and not all(one)]
    assert failed == mixed


# verdicts of families a, b … in Chinese and in English, and the share of those that pass in one that pass in both
PAIRED: list[tuple[tuple[tuple[bool, bool], ...], float | None]] = [
    (((Y, Y),), 1.0),
    (((Y, N),), 0.0),
    (((N, Y),), 0.0),
    (((N, N),), None),
    (((Y, Y), (N, N)), 1.0),
    (((Y, Y), (Y, N)), 0.5),
    (((Y, Y), (N, Y)), 0.5),
    (((Y, N), (N, Y)), 0.0),
    (((Y, Y), (Y, Y), (Y, N)), 2 / 3),
    (((Y, Y), (Y, Y), (N, Y), (N, N)), 2 / 3),
]


@pytest.mark.parametrize(("families", "share"), PAIRED)
def test_bilingual_parity(families: tuple[tuple[bool, bool], ...], share: float | None) -> None:
    verdicts: dict[tuple[str, Language], tuple[bool, ...]] = {}
    for name, (chinese, english) in zip("abcd", families, strict=False):
        verdicts |= {(name, "zh"): (chinese,), (name, "en"): (english,)}
    value_, failed = family_value("bilingual_parity", verdicts)
    assert value_ == (None if share is None else pytest.approx(share))
    assert failed == [name for name, both in zip("abcd", families, strict=False) if sum(both) == 1]
