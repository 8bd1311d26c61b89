"""A date may be stated part by part."""

from __future__ import annotations

import pytest

from assistant.dates_apart import leave_the_year_open, stated_apart
from assistant.quantities import DateParts, find_quantities

HALF = DateParts(year=2022, part="H1")


@pytest.mark.parametrize(
    ("date", "text", "stated"),
    [
        (HALF, "2022年半年度财报显示，上半年营收42.21亿元。", True),
        (HALF, "2022年的1月至6月份营业收入为42.21亿元。", True),
        (HALF, "2021年上半年营收41.98亿元，2022年全年未公布。", False),
        (HALF, "2022年下半年营收42.21亿元。", False),
        (HALF, "上半年营收42.21亿元。", False),
        (DateParts(year=2022, part="Q3"), "2022年7月至9月营收20亿元。", True),
        (DateParts(year=2022, month=1, day=5), "2022年通报：1月5日新增病例189例。", True),
        (DateParts(year=2022, month=1, day=5), "2022年通报：1月6日新增病例189例。", False),
        (DateParts(month=10, day=29), "10月31日，官员表示，29日的爆炸造成119人死亡。", True),
        (DateParts(month=10, day=29), "9月29日的爆炸，10月31日公布。", False),
        (DateParts(year=2022), "2022年。", False),
    ],
)
def test_a_date_in_pieces(date: DateParts, text: str, stated: bool) -> None:
    assert stated_apart(date, text) is stated


@pytest.mark.parametrize(
    ("date", "texts", "left_open"),
    [
        (DateParts(year=2022), ["新赛季6月3日开赛。"], True),
        (DateParts(year=2022), ["新赛季开赛。", "揭幕战在海口进行。"], True),
        (DateParts(year=2022), ["新赛季开赛。", "上赛季是2021年。"], False),
        (DateParts(year=2022), ["20世纪的新赛季。"], False),
        (DateParts(year=2022, month=1, day=5), ["1月5日新增189例。"], True),
        (DateParts(year=2022, month=1, day=5), ["1月6日新增189例。"], False),
        (DateParts(month=1, day=5), ["1月5日新增189例。"], False),
    ],
)
def test_texts_that_leave_the_year_open(date: DateParts, texts: list[str], left_open: bool) -> None:
    assert leave_the_year_open(date, texts) is left_open


@pytest.mark.parametrize(
    ("text", "month", "day"), [("10·29爆炸案", 10, 29), ("9•11事件", 9, 11), ("“3・15”晚会", 3, 15)]
)
def test_an_event_is_named_by_its_date(text: str, month: int, day: int) -> None:
    assert [one.value for one in find_quantities(text)] == [DateParts(month=month, day=day)]


@pytest.mark.parametrize(("text", "stated"), [("2022年半年度报告", "2022年"), ("两年半", "两年半")])
def test_half_a_year_is_not_counted_onto_a_date(text: str, stated: str) -> None:
    assert find_quantities(text)[0].text == stated
