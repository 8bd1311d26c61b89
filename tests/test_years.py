"""A question about one year is not answered from a sentence about another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.condense import condense
from assistant.few_sentences import choose
from assistant.read import ExtractiveReader
from assistant.select import select
from assistant.types import Turn
from assistant.years import is_of_another_year, year_of
from knowledge.build import make_entries, spec_for
from knowledge.retrieve import Searcher
from knowledge.store import Store
from knowledge.types import DocumentRecord


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
    ],
)
def test_a_sentence_of_another_year(text: str, other: bool) -> None:
    assert is_of_another_year(text, 2022) is other


TAKINGS = {2020: "2020年，全市影院总票房为203亿元。", 2021: "2021年，全市影院总票房为472亿元。"}


@pytest.fixture
def cinemas(assistant: Assistant, tmp_path: Path) -> Iterator[Searcher]:
    """Search a document that names 2022 as well, but says nothing of what was taken then."""
    text = f"全市影院\n\n{TAKINGS[2020]}{TAKINGS[2021]}2022年新开了九家影院。"
    record = DocumentRecord("cinemas", "1", "全市影院", "zh", text, {})
    with Store.create(tmp_path / "passages.db", spec_for(assistant.embedder)) as store:
        store.put_all(make_entries([record], assistant.embedder))
        yield Searcher(store, assistant.embedder, assistant.searcher.lexicon)


@pytest.mark.weights
@pytest.mark.parametrize("year", TAKINGS)
def test_evidence_is_of_the_year_that_is_asked_about(cinemas: Searcher, year: int) -> None:
    chosen = [one.text for one in choose(cinemas.search(f"{year}年全市影院总票房是多少？", 8), 3)]
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
