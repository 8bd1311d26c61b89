"""A question about one year, or one member of a series, is not answered from a sentence about another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.another import About, without_others
from assistant.condense import condense
from assistant.few_sentences import choose
from assistant.read import ExtractiveReader
from assistant.select import Evidence, select
from assistant.series import asked_member, is_of_another_member
from assistant.types import Turn
from assistant.verify import verify
from assistant.years import is_of_another_year, year_of
from knowledge.retrieve import Searcher
from knowledge.types import DocumentRecord
from tests.conftest import Searching


@pytest.mark.parametrize(
    ("question", "year"),
    [
        ("2022年中国电影的总票房收入", 2022),
        ("２０２２年的票房是多少？", 2022),
        ("二〇二二年的票房是多少？", 2022),
        ("2022年11月上映了什么？", 2022),
        ("How much did the cinemas take in 2022?", 2022),
        ("票房是多少？", None),
        ("2019年和2022年的票房各是多少？", None),
        ("2019年至2022年票房如何变化？", None),
        ("2019—2022年票房如何变化？", None),
        ("2019年以后开了哪些影院？", None),
        ("2019年之前有几家影院？", None),
        ("2019年前有几家影院？", None),
        ("自2019年以来开了哪些影院？", None),
        ("Which cinemas have opened since 2019?", None),
        ("Who ran it before 2019?", None),
        ("What happened from 2019 to 2022?", None),
        ("What was built in the 1990s?", None),
    ],
)
def test_the_year_that_a_question_is_about(question: str, year: int | None) -> None:
    assert year_of(question) == year


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("2021年总票房为472.58亿元。", True),
        ("The cinemas took 47 billion in 2021.", True),
        ("2021年为472.58亿元，2022年为300.67亿元。", False),
        ("总票房为300.67亿元。", False),
        ("12月的总票房为30亿元。", False),
        ("2019年至2023年总票房下降。", False),
        ("2019—2023年总票房下降。", False),
        ("From 2019 to 2023 it fell.", False),
        ("全国棉花总产量597.7万吨，比2021年增加24.6万吨。", False),
        ("总票房为472.58亿元，比2019年少，2021年影院关闭一个月。", True),
        ("It took 30 billion, less than in 2021.", False),
        ("21世纪20年代，2019年的水平未再出现。", False),
        ("与2021年相比，总票房减少。", False),
        ("票房300.67亿元，恢复至2019年同期的47%。", False),
        ("2021年同期票房为472.58亿元。", False),
        ("总票房由2021年的472.58亿元降至300.67亿元。", False),
        ("2003年龄段的球员入选。", False),
        ("他1990年出生，任主教练。", False),
        ("他生于1990年。", False),
        ("The coach, born in 1990, won.", False),
        ("1999年生产了三辆。", True),
    ],
)
def test_a_sentence_of_another_year(text: str, other: bool) -> None:
    assert is_of_another_year(text, 2022) is other


@pytest.mark.parametrize(
    ("question", "series", "number"),
    [
        ("神舟十三号飞船的成员有哪些", "神舟号", "13"),
        ("神舟13号何时发射？", "神舟号", "13"),
        ("U14组男单冠军是谁", "u", "14"),
        ("KF-21战斗机由谁研发？", "kf", "21"),
        ("第二十八届白玉兰奖何时颁奖？", "第届", "28"),
        ("第3季度的收入是多少？", "第季度", "3"),
        ("谁是火炬传递的第一棒？", "第棒", "1"),
        ("第三艘航母叫什么？", "第艘", "3"),
    ],
)
def test_the_member_of_a_series_that_a_question_names(question: str, series: str, number: str) -> None:
    member = asked_member(question)
    assert member is not None
    assert (member.series, member.number) == (series, number)


@pytest.mark.parametrize(
    "question", ["谁飞了神舟十二号和神舟十三号？", "谁号召大家？", "2022年的票房", "3号楼在哪？", "Top100 cities"]
)
def test_a_question_that_names_no_one_member(question: str) -> None:
    assert asked_member(question) is None


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("聂海胜乘神舟十二号升空。", True),
        ("聂海胜乘神舟12号升空。", True),
        ("翟志刚乘神舟13号升空。", False),
        ("神舟十二号返回后，神舟十三号发射。", False),
        ("翟志刚与神舟十二号乘组通话。", False),
        ("长征五号已发射。", False),
        ("翟志刚升空。", False),
    ],
)
def test_a_sentence_of_another_member(text: str, other: bool) -> None:
    member = asked_member("神舟十三号的成员有哪些？")
    assert member is not None
    assert is_of_another_member(text, member) is other


def test_what_a_sentence_misses_is_said_in_the_words_of_the_question() -> None:
    about = About.of("２０２２年第２届杯赛的冠军是谁？")
    assert about.missed_by("2021年冠军是甲队。") == "2022"
    assert about.missed_by("第一届冠军是甲队。") == "第２届"
    assert about.missed_by("2022年第二届冠军是乙队。") == ""


TAKINGS = {2020: "2020年，全市影院总票房为203亿元。", 2021: "2021年，全市影院总票房为472亿元。"}


@pytest.fixture
def cinemas(searching: Searching) -> Searcher:
    """Search a document that names 2022 as well, but says nothing of what was taken then."""
    text = f"全市影院\n\n{TAKINGS[2020]}{TAKINGS[2021]}2022年新开了九家影院。"
    return searching([DocumentRecord("cinemas", "1", "全市影院", "zh", text, {})])


@pytest.mark.weights
@pytest.mark.parametrize("year", TAKINGS)
def test_evidence_is_of_the_year_that_is_asked_about(cinemas: Searcher, year: int) -> None:
    chosen = [one.text for one in choose(without_others(cinemas.search(f"{year}年全市影院总票房是多少？", 8)), 3)]
    assert TAKINGS[year] in chosen
    assert not {text for other, text in TAKINGS.items() if other != year} & set(chosen)


@pytest.mark.weights
def test_a_question_is_refused_where_all_evidence_is_of_other_years(cinemas: Searcher) -> None:
    asked = condense(Turn("2022年全市影院总票房是多少？"))
    result = cinemas.search(asked.standalone, 8)
    takings = replace(result, sentences=tuple(one for one in result.sentences if one.text in TAKINGS.values()))
    assert len(takings.sentences) == len(TAKINGS)
    found = select(asked, takings, ExtractiveReader(), limit=3, threshold=0.0)
    assert found.refusal
    assert found.unmet == ("2022",)


BOTH = "2021年全市影院总票房为472亿元，2022年全市影院总票房为300亿元。"


@pytest.fixture
def both(searching: Searching) -> tuple[Searcher, Evidence]:
    """Find a sentence that tells of two years."""
    searcher = searching([DocumentRecord("both", "1", "全市影院", "zh", BOTH, {})])
    asked = condense(Turn("2022年全市影院总票房是多少？"))
    return searcher, select(asked, searcher.search(asked.standalone, 8), ExtractiveReader(), limit=3, threshold=0.0)


@pytest.mark.weights
@pytest.mark.parametrize(("draft", "support"), [("300亿元。", "supported"), ("472亿元。", "quoted")])
def test_a_claim_is_not_drawn_from_what_one_sentence_says_of_another_year(
    both: tuple[Searcher, Evidence], draft: str, support: str
) -> None:
    searcher, evidence = both
    assert [one.support for one in verify(draft, evidence, searcher)] == [support]


@pytest.mark.weights
@pytest.mark.parametrize(("judged", "refused"), [(1.5, True), (3.0, False), (None, False)])
def test_a_doubting_reader_that_read_off_another_year_is_not_quoted_for(
    both: tuple[Searcher, Evidence], judged: float | None, refused: bool
) -> None:
    searcher, evidence = both
    assert (verify("472亿元。", replace(evidence, judged=judged), searcher) == ()) is refused
