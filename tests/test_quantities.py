"""Quantities: what is found, what equals what, what an evidence supports, and how each is written."""

from __future__ import annotations

import datetime
import subprocess
import sys
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.quantities import (
    DateParts,
    Quantity,
    constraints,
    equivalent,
    find_quantities,
    render,
    renderings,
    unsupported_quantities,
)
from assistant.quantity_numerals import fold, parse_chinese

PAIRS = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "quantities.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def only(text: str) -> Quantity:
    found = find_quantities(text)
    assert len(found) == 1, [quantity.text for quantity in found]
    return found[0]


def texts(text: str) -> list[str]:
    return [quantity.text for quantity in find_quantities(text)]


# Pairs checked by hand.


def test_there_are_enough_pairs_of_both_verdicts() -> None:
    assert sum(verdict == "=" for verdict, _, _ in PAIRS) >= 150
    assert sum(verdict == "!=" for verdict, _, _ in PAIRS) >= 50


@pytest.mark.parametrize(("verdict", "chinese", "english"), PAIRS)
def test_pair(verdict: str, chinese: str, english: str) -> None:
    a, b = only(chinese), only(english)
    assert equivalent(a, b) == (verdict == "=")
    assert equivalent(b, a) == (verdict == "=")


@pytest.mark.parametrize("text", sorted({text for _, *sides in PAIRS for text in sides}))
def test_what_is_rendered_reads_back_the_same(text: str) -> None:
    quantity = only(text)
    for language in ("zh", "en"):
        again = only(render(quantity, language))
        assert equivalent(again, quantity)
        assert again.comparator == quantity.comparator


# What is found.


@pytest.mark.parametrize(
    "text",
    [
        "一方面，统一规划；另一方面，进一步推进一体化，一定程度上影响步伐。",
        "一网通办、一网统管、一带一路、珠三角与长三角。",
        "百花齐放，千方百计，万物互联，十分重要，五湖四海，成千上万。",
        "第三方、唯一、一些、一种、一个城市、主要因素之一、不可或缺的一部分。",
        "在前几十年，数百万人、上千家企业、几十个、十几个、好多个主体。",
        "四川、三亚、九江、五台山、六安、两岸、两者、二者、三维。",
        "可行的方案是多元化、单元测试、日元化以外的。",
        "This is one of the main factors, and one must not forget the other one.",
        "Dozens of cities, hundreds of firms and tens of thousands of people, a city, a few.",
        "At first we may march; someone first proposed it.",
        "它提出了“智慧地球” [1]，并推动试点 [2, 3]。",
        "NB-IoT, RFID, LTE, ICT, GIS",
        "",
    ],
)
def test_words_that_are_no_quantities(text: str) -> None:
    assert texts(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("近三年增长超过3倍，最近5年", ["三年", "增长超过3倍", "5年"]),
        ("2021中国城市百强榜", ["2021", "百"]),
        ("占全国近一半的比重", ["近一半"]),
        ("约 30 亿元人民币左右", ["约 30 亿元人民币左右"]),
        ("2021年中国的水平", ["2021年"]),
        ("党的二十大报告提出，十大措施", ["二十大", "十"]),
        ("between 3 and 5 million yuan", ["between 3 and 5 million yuan"]),
        ("from 44% to 55% in 2020", ["44% to 55%", "2020"]),
        ("24–10, then 5 of 7", ["24", "10", "5", "7"]),
        ("a five-year-old, 27-nation, top-10 list", ["five-year-old", "27", "10"]),
        ("Boeing-747, F-16, B2B, e5, 3D", ["Boeing-747", "F-16", "B2B", "e5", "3D"]),
        ("4K, v2.0, 10.0.0.1, 13800138000", ["4K", "v2.0", "10.0.0.1", "13800138000"]),
        ("see https://example.org/a1?b=2 or a1@b2.org", ["https://example.org/a1?b=2", "a1@b2.org"]),
        ("统一天下，赔款四百万两，二三十个，三五万人，同一年", ["四百万"]),
        ("中共八大，十八届三中全会，三届", ["八大", "十八", "三", "三"]),
        ("公元前三千年", ["公元前三千年"]),
        ("World War II, Part 3, No. 1", ["II", "3", "1"]),
        ("第１４个", ["第１４"]),
        ("超過３６９６．１億元", ["超過３６９６．１億元"]),
    ],
)
def test_spans(text: str, found: list[str]) -> None:
    assert texts(text) == found


def test_congress_is_an_ordinal_and_ten_measures_are_a_count() -> None:
    congress, measures = find_quantities("党的二十大报告提出十大措施")
    assert (congress.kind, congress.value, congress.unit) == ("ordinal", 20, "congress")
    assert (measures.kind, measures.value, measures.role) == ("number", 10, "count")


def test_values_are_exact() -> None:
    assert only("3696.1亿元").value == Decimal("369610000000")
    assert only("0.1亿元").value == Decimal(10_000_000)
    assert only("三分之一").value == Fraction(1, 3)
    assert only("44.0%").value == 44
    assert only("2015年底").value == DateParts(year=2015, part="end")


def test_comparators_are_kept() -> None:
    wanted = {
        "超过7000亿元": "over", "7000亿元以上": "over", "不到三成": "under", "近一半": "nearly", "约30%": "about",
        "30%左右": "about", "至少5家": "at_least", "no more than 5%": "at_most", "up to 20 km": "at_most", "10%": None,
        "30多个": "over", "more than half": "over", "中超2022": None,
    }  # fmt: skip
    assert {text: only(text).comparator for text in wanted} == wanted


def test_growth_is_told_from_multiples() -> None:
    wanted = {"增长两倍": 3, "增长到两倍": 2, "两倍": 2, "翻一番": 2, "tripled": 3, "twice": 2}
    assert {text: only(text).value for text in wanted} == wanted


def test_a_range_lends_its_unit_and_scale() -> None:
    low, high = only("$3-5 million").ends or pytest.fail("no range")
    assert (low.value, low.unit, high.value) == (3_000_000, "USD", 5_000_000)
    low, high = only("500至5000万元").ends or pytest.fail("no range")
    assert (low.value, high.value) == (5_000_000, 50_000_000)


def test_list_numbers_are_enumerators() -> None:
    for text in ("第一，梳理", "一是把握", "First, we", "1. Shandong", "2、江苏", "（3）广东"):
        assert [quantity.role for quantity in find_quantities(text)] == ["enumerator"], text


# What evidence supports.

EVIDENCE = (
    "2021年，产业规模达到3696.1亿元，增速达到24.7%。预计到2024年，规模将超过7000亿元。",
    "2015 年底，网信办提出概念，并推动深圳、福州和嘉兴三地进行试点；推动5G等技术。时间：2022-09-27 09:53",
)


@pytest.mark.parametrize(
    "claim",
    [
        "In 2021 the industry reached RMB 369.61 billion, up 24.7% [1].",
        "It is expected to exceed 700 billion yuan by 2024 [2].",
        "At the end of 2015, three cities were chosen.",
        "In 2015 the concept was proposed; 5g helped.",
        "It was published in September 2022, at 9:53 a.m.",
        "2021年规模为369610000000元。",
        "1. Shenzhen\n2. Fuzhou\n3. Jiaxing",
        "First, the concept; second, the pilots. One of them is Shenzhen.",
        "",
    ],
)
def test_supported(claim: str) -> None:
    assert unsupported_quantities(claim, EVIDENCE) == []


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        ("It reached 3696.1 billion yuan.", ["3696.1 billion yuan"]),
        ("It reached RMB 369.61 million.", ["RMB 369.61 million"]),
        ("It reached US$369.61 billion.", ["US$369.61 billion"]),
        ("In 2022, up 27.4%.", ["27.4%"]),
        ("up 24.7 percentage points", ["24.7 percentage points"]),
        ("less than 700 billion yuan", ["less than 700 billion yuan"]),
        ("in early 2015", ["early 2015"]),
        ("the end of 2021", ["the end of 2021"]),
        ("four cities", ["four"]),
        ("6G", ["6G"]),
        ("on September 28, 2022", ["September 28, 2022"]),
        ("五大城市，2025年", ["五", "2025年"]),
    ],
)
def test_unsupported(claim: str, wrong: list[str]) -> None:
    assert [quantity.text for quantity in unsupported_quantities(claim, EVIDENCE)] == wrong


def test_a_day_does_not_follow_from_its_month() -> None:
    assert unsupported_quantities("September 27, 2022", ["2022年9月"])
    assert not unsupported_quantities("September 2022", ["2022年9月27日"])


def test_a_range_rests_on_its_two_ends() -> None:
    assert not unsupported_quantities("grew from 44% to 55%", ["从44%增长到55%"])
    assert unsupported_quantities("grew from 44% to 56%", ["从44%增长到55%"])
    assert not unsupported_quantities("since 2006", ["版权所有 2006-2016"])


def test_one_and_two_rest_on_articles_and_both() -> None:
    assert not unsupported_quantities("用了一年", ["It took a year."])
    assert not unsupported_quantities("两国签署", ["Both countries signed."])
    assert unsupported_quantities("用了三年", ["It took a year."])


def test_a_numeral_inside_a_word_supports_nothing() -> None:
    assert unsupported_quantities("three areas", ["珠三角与长三角"])
    assert unsupported_quantities("five plans", ["第十四个五年规划"])


def test_an_opaque_string_is_matched_whole() -> None:
    assert unsupported_quantities("5G", ["15G 的流量"])
    assert not unsupported_quantities("Covid-19", ["COVID 19"])


# How quantities are written.


def test_renderings() -> None:
    text = (
        "2021年规模达到3696.1亿元，增速24.7%，到2024年超过7000亿元；"
        "2015年底三地试点，占近一半；2022-09-27，5G，第一，概述"
    )
    assert renderings(text, "en") == [
        ("3696.1亿元", "RMB 369.61 billion"),
        ("超过7000亿元", "more than RMB 700 billion"),
        ("2015年底", "the end of 2015"),
        ("近一半", "nearly half"),
        ("2022-09-27", "September 27, 2022"),
    ]
    assert renderings("It grew to RMB 369.61 billion in 2021, up 24.7%, by the end of 2015.", "zh") == [
        ("RMB 369.61 billion", "3696.1亿元"),
        ("the end of 2015", "2015年底"),
    ]


def test_renderings_leave_out_what_is_in_the_language_already() -> None:
    assert renderings("3696.1亿元，2015年底", "zh") == []
    assert renderings("RMB 369.61 billion", "en") == []


def test_every_digit_is_rendered() -> None:
    assert render(only("369610000001元"), "en") == "RMB 369,610,000,001"
    assert render(only("44.0%"), "en") == "44.0%"
    assert render(only("三地"), "en") == "three"


def test_constraints_leave_out_counts_and_positions() -> None:
    def kept(question: str) -> list[str]:
        return [quantity.text for quantity in constraints(question)]

    assert kept("2024年中国智慧城市产业规模预计超过7000亿元吗？") == ["2024年", "超过7000亿元"]
    assert kept("Which three cities were chosen at the end of 2015?") == ["the end of 2015"]
    assert kept("哪四个省？第二阶段是什么？") == []
    assert kept("5G 和十四五规划") == ["5G", "十四五"]
    assert kept("2021年产业规模是多少亿元？") == ["2021年"]
    assert kept("规模超过7000亿元，是多少万亿元？") == ["超过7000亿元"]
    assert kept("全国有多少5G基站？") == ["5G"]


# Properties.

amounts = st.one_of(
    st.integers(1, 10**13).map(Decimal),
    st.decimals(min_value="0.01", max_value=99999, places=2, allow_nan=False, allow_infinity=False),
)
scales = st.sampled_from(["", "万", "亿", "万亿"])
money_units = st.sampled_from(["元", "美元", "欧元", "港元", "日元", "英镑", "元人民币"])
other_units = st.sampled_from(
    ["%", "个百分点", "倍", "公里", "平方公里", "公斤", "吨", "个月", "天", "小时", "个", "人", ""]
)


@st.composite
def chinese_amounts(draw: st.DrawFn) -> str:
    unit = draw(st.one_of(money_units, other_units))
    scale = "" if unit in ("%", "个百分点") else draw(scales)
    weight = draw(st.sampled_from(["", "超过", "约", "不到", "至少"]))
    return f"{weight}{draw(amounts):f}{scale}{unit}"


@given(chinese_amounts(), st.sampled_from(["zh", "en"]))
@example("1500人", "en")
@example("2015", "zh")
@example("超过1000个", "zh")
@settings(max_examples=300, deadline=None)
def test_amounts_survive_rendering(text: str, language: str) -> None:
    quantity = only(text)
    again = only(render(quantity, "zh" if language == "zh" else "en"))
    assert equivalent(again, quantity)
    assert again.comparator == quantity.comparator


@given(
    st.dates(datetime.date(1000, 1, 1), datetime.date(2099, 12, 31)), st.integers(0, 2), st.sampled_from(["zh", "en"])
)
@settings(max_examples=150, deadline=None)
def test_dates_survive_rendering(day: datetime.date, parts: int, language: str) -> None:
    text = [f"{day.year}年", f"{day.year}年{day.month}月", f"{day.year}年{day.month}月{day.day}日"][parts]
    quantity = only(text)
    assert quantity.text == text
    assert equivalent(only(render(quantity, "zh" if language == "zh" else "en")), quantity)


@given(
    st.integers(1, 9999), st.integers(0, 99), st.sampled_from(["万", "亿"]), st.sampled_from(["元", "美元"]), st.data()
)
@settings(max_examples=200, deadline=None)
def test_another_digit_unit_or_magnitude_is_another_quantity(
    whole: int, cents: int, scale: str, unit: str, data: st.DataObject
) -> None:
    number = f"{whole}.{cents:02d}"
    quantity = only(f"{number}{scale}{unit}")
    place = data.draw(st.sampled_from([at for at, character in enumerate(number) if character.isdigit()]))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))
    changed = number[:place] + digit + number[place + 1 :]
    if not changed.startswith("0"):
        assert not equivalent(only(f"{changed}{scale}{unit}"), quantity)
    assert not equivalent(only(f"{number}{'亿' if scale == '万' else '万'}{unit}"), quantity)
    assert not equivalent(only(f"{number}{scale}{'美元' if unit == '元' else '元'}"), quantity)
    english = render(quantity, "en")
    for word, other in (("billion", "million"), ("million", "billion"), ("trillion", "billion")):
        if word in english:
            assert not equivalent(only(english.replace(word, other)), quantity)
            break


@given(st.integers(0, 10**16 - 1))
@settings(max_examples=200, deadline=None)
def test_chinese_numerals_are_read(value: int) -> None:
    from cn2an import an2cn

    assert parse_chinese(an2cn(value, "low")) == value


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("三百零一亿八千九百二十四", 30_100_008_924), ("一万五", 15_000), ("两千三", 2_300), ("一百零三", 103),
        ("千亿", 10**11), ("二十五万亿", 25 * 10**12), ("廿三", 23), ("壹佰贰拾叁", 123), ("三点一四", Decimal("3.14")),
        ("三四", None), ("一〇一", None), ("十十五", None), ("一万二千万", None), ("百百", None), ("亿亿", None),
    ],
)  # fmt: skip
def test_chinese_numeral(numeral: str, value: int | None) -> None:
    assert parse_chinese(numeral) == value


LIVELY = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "0123456789０９，,.．%％年月日个第一二两三十百千万亿元¥$€ -—–~至到分之倍成半世纪大是"
            "Hhe thousandbillionXIV[]()@:/'½廿壹拾"
        ),
        st.characters(),
    ),
    max_size=60,
)


@given(LIVELY)
@example("第第十十五")
@example("½元")
@example("$0A")
@example("１，２３４")
@example("İ2015年")
@settings(max_examples=600, deadline=None)
def test_any_text_gives_exact_ordered_spans_and_no_error(text: str) -> None:
    end = 0
    for quantity in find_quantities(text):
        assert end <= quantity.start < quantity.end
        assert text[quantity.start : quantity.end] == quantity.text
        assert equivalent(quantity, quantity)
        for language in ("zh", "en"):
            assert render(quantity, language)
        end = quantity.end
    assert unsupported_quantities(text, [text]) == []
    constraints(text)
    renderings(text, "en")
    renderings(text, "zh")


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)


# Time.


def seconds(text: str) -> float:
    """The best of three: what a busy machine adds is not the code's."""

    def once() -> float:
        start = time.process_time()
        find_quantities(text)
        return time.process_time() - start

    return min(once() for _ in range(3))


def test_a_hundred_thousand_characters_take_less_than_a_second() -> None:
    text = "2021年，智慧城市产业规模达到3696.1亿元，增速达到24.7%，在社会服务方面稳步推进数字医疗与交通建设。" * 1900
    assert len(text) > 100_000
    assert seconds(text) < 1


@pytest.mark.parametrize(
    "piece", ["一", "1", "1,", "1-", "a1", "a@", "第", "[", " ", "百分之", "one ", "hundred and ", "3万"]
)
def test_time_is_linear(piece: str) -> None:
    seconds(piece)
    assert seconds(piece * (80_000 // len(piece))) < 8 * max(seconds(piece * (20_000 // len(piece))), 0.02)


def test_importing_is_instant() -> None:
    code = (
        "import sys, assistant.quantities; "
        "print([name for name in ('cn2an', 'jieba', 'pydantic', 'torch', 'langchain_core') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
