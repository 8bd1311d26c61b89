"""Amounts: a currency, a number and a unit, "3696.1亿元", "RMB 369.61 billion", "24.7%", "三公里", "six aspects"."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from assistant.quantity_numerals import CHINESE, Numeral, read_arabic, read_chinese
from assistant.quantity_numerals_english import read_english
from assistant.quantity_types import Quantity
from assistant.quantity_units import (
    COUNTERS,
    MONEY_CHINESE,
    MONEY_ENGLISH,
    MONEY_PREFIX,
    chinese_unit_pattern,
    english_unit_pattern,
    inside_fixed_word,
    money_patterns,
    unit_of,
)

_FORMAL = "壹贰叁肆伍陆柒捌玖拾"
_PERCENT = re.compile(r"[ ]?(?:%|percent(?![a-z])|per cent(?![a-z])|pct(?![a-z]))|-percent(?![a-z])")
_POINTS = re.compile(r"[ ]?个?百分点|[ -]?(?:percentage|percent|%)[ -]points?(?![a-z])|[ ]pp(?![a-z])")
_TIMES = re.compile(r"[ ]?倍(?![增频速率])")
_ENGLISH_TIMES = re.compile(r"[ ]?(times|-fold|fold|x)(?![a-z0-9])")
_COUNTER = re.compile(rf"[ ]?[多余来]?大?(?:{'|'.join(COUNTERS)})")
_MORE_MONEY = re.compile(r"[多余](?=[元美欧英日港])")
_MORE_UNITS = re.compile(r"[多余]?(?=个?[年月天小周星])")
_MORE_COUNTED = re.compile(r"[多余来](?=[个家名人种类项次座条件所位地国万只台辆套部篇])")
_LEADS_RANGE = re.compile(rf"[ ]?[至到~–-][ ]?[{CHINESE}0-9]")
_SCALES = "十百千万亿"
_VAGUE = ("数", "几", "上", "成", "好", "多少")
_APPROXIMATE = re.compile("(?:一两|一二|两三|二三|三四|三五|四五|五六|六七|七八|八九)[十百千万亿]")
_BIG_CHINESE = "百千万亿"
# Units that 半 and 多 may follow: 两年半, 三年多.
_TIME_UNITS = ("year", "month", "day", "hour", "century", "week")
# After a Chinese numeral these read as other words (三度, 四周), so they are units only after digits.
_DIGITS_ONLY = frozenset("度 ° 克 升 周 码 桶 瓦 伏 斤 w g".split())
# A unit and what follows it are one word: 年代, 周边, 天津, 升级.
_NOT_UNITS = frozenset("年代 年级 年轻 周边 周围 周刊 天津 天然 天空 升级 米兰 度假 岁月 分钟".split())
_NOT_MONEY = "化论素性制次结件"


def amount(folded: str, text: str, start: int) -> Quantity | None:
    """Read the amount that begins at `start`.

    Args:
        folded: The folded text.
        text: The text itself; the case of letters tells 5M from 5 m.
        start: Where its currency or its number begins.
    """
    before, after_english, after_chinese = money_patterns()
    prefix = before.match(folded, start)
    minus = folded.startswith("minus ", start)
    at = prefix.end() if prefix else start + len("minus ") * minus
    numeral = _numeral(folded, at, money=prefix is not None)
    if numeral is None:
        return None
    sign_at = start if minus else _sign(folded, text, start)
    whole = Quantity(
        "number",
        numeral.value if sign_at is None else -numeral.value,
        "",
        start if sign_at is None else sign_at,
        numeral.end,
        comparator="over" if numeral.over else None,
        spelled=numeral.spelled,
        scale=numeral.scale,
    )
    end = numeral.end
    if more := _MORE_MONEY.match(folded, end):
        whole, end = replace(whole, comparator="over"), more.end()
    english, chinese = after_english.match(folded, end), after_chinese.match(folded, end)
    in_chinese = folded[at] in CHINESE or folded[at] in _FORMAL
    if prefix:
        tail = english or chinese
        return replace(whole, kind="money", unit=MONEY_PREFIX[prefix[1]], end=tail.end() if tail else end)
    if points := _POINTS.match(folded, end):
        return replace(whole, kind="points", unit="pp", end=points.end())
    if percent := _PERCENT.match(folded, end):
        return replace(whole, kind="percent", unit="%", end=percent.end())
    if chinese and not (in_chinese and folded[chinese.end() : chinese.end() + 1] in tuple(_NOT_MONEY)):
        return replace(whole, kind="money", unit=MONEY_CHINESE[chinese[1]], end=chinese.end())
    if english and not (english[1] == "won" and numeral.scale == 1):
        unit = "pound" if english[1] in ("pound", "pounds") else MONEY_ENGLISH[english[1]]
        return replace(whole, kind="measure" if unit == "pound" else "money", unit=unit, end=english.end())
    if times := _TIMES.match(folded, end) or _ENGLISH_TIMES.match(folded, end):
        unit = "times" if times[0].strip() == "times" else "fold"
        return replace(whole, kind="multiple", unit=unit, end=times.end())
    return _measured(folded, text, numeral, whole) or _counted(folded, numeral, in_chinese, whole)


def _numeral(folded: str, at: int, *, money: bool) -> Numeral | None:
    first = folded[at : at + 1]
    if first.isascii():
        if first.isdigit():
            return read_arabic(folded, at, money=money)
        return read_english(folded, at) if first.isalpha() else None
    if first not in CHINESE and first not in _FORMAL:
        return None
    # 数百, 几十 and 上千 are vague: they state no number. Nor do 十几 and 多少万亿, which asks for one.
    if first in _SCALES and folded[max(0, at - 6) : at].rstrip(_SCALES + " ").endswith(_VAGUE):
        return None
    # 二三十 and 三五个 are approximate as well.
    if any(_APPROXIMATE.match(folded, place) for place in range(max(0, at - 2), at + 1)):
        return None
    numeral = read_chinese(folded, at)
    return None if numeral and folded[numeral.end : numeral.end + 1] == "几" else numeral


def _sign(folded: str, text: str, start: int) -> int | None:
    """Return where the sign before an amount stands, None if there is none."""
    before = folded[start - 1 : start] if start else ""
    if before == "-" and text[start - 1] in "-−－" and (start == 1 or folded[start - 2] in " (:,\n约"):
        return start - 1
    if before == "负":
        return start - 1
    return start - 2 if folded[max(0, start - 2) : start] == "零下" else None


def _measured(folded: str, text: str, numeral: Numeral, whole: Quantity) -> Quantity | None:
    gap = _MORE_UNITS.match(folded, numeral.end)
    match = chinese_unit_pattern().match(folded, gap.end() if gap else numeral.end)
    fixed = match and numeral.spelled and inside_fixed_word(folded, whole.start, match.end())
    if match and not fixed and _is_unit(folded, match, spelled=numeral.spelled):
        unit, end = unit_of(match[1]), match.end()
        value = whole.value
        # 2022年半年度报告 is of half of 2022, not of two thousand years and a half.
        half = folded.startswith("半", end) and not folded.startswith("半年", end)
        if unit in _TIME_UNITS and half and isinstance(value, Decimal):
            value, end = value + Decimal("0.5"), end + 1
        more = unit in _TIME_UNITS and folded.startswith(("多", "余"), end)
        over = more or bool(gap and gap[0]) or "多" in match[1]
        return replace(
            whole,
            kind="measure",
            unit=unit,
            end=end + more,
            value=value,
            comparator="over" if over else whole.comparator,
            # "aged 16" is 16岁: an age may go without its unit.
            bare="岁" in match[1],
        )
    match = english_unit_pattern().match(folded, numeral.end)
    if not match:
        return None
    form, gap_text = match[1], folded[numeral.end : match.start(1)]
    letter = len(form) == 1 and form.isalpha()
    if letter and (
        numeral.spelled or text[match.start(1)].isupper() or gap_text == "-" or (form == "g" and not gap_text)
    ):
        return None
    if form in ("min", "mi", "ha", "sec") and numeral.spelled:
        return None
    return replace(whole, kind="measure", unit=unit_of(form), end=match.end())


def _is_unit(folded: str, match: re.Match[str], *, spelled: bool) -> bool:
    form, following = match[1], folded[match.end() : match.end() + 1]
    if form[-1].isascii() and form[-1].isalpha() and following.isascii() and following.isalnum():
        return False
    if spelled and (form in _DIGITS_ONLY or _is_big_alone(folded, match)):
        return False
    return form[-1] + following not in _NOT_UNITS


def _is_big_alone(folded: str, match: re.Match[str]) -> bool:
    """Tell 千年 and 百年, which are words, from 两千年."""
    return folded[match.start() - 1] in _BIG_CHINESE and (match.start() < 2 or folded[match.start() - 2] not in CHINESE)


def _counted(folded: str, numeral: Numeral, in_chinese: bool, whole: Quantity) -> Quantity | None:
    end, start = numeral.end, whole.start
    if more := _MORE_COUNTED.match(folded, end):
        return replace(whole, end=more.end(), comparator="about" if more[0] == "来" else "over", role="count")
    counter = _COUNTER.match(folded, end)
    if not in_chinese:
        small = numeral.spelled or bool(counter) or (numeral.plain and numeral.value <= 20)
        return replace(whole, bare=numeral.plain and not counter, role="count" if small else "value")
    run = folded[start:end]
    if run in ("十", "百", "千") and folded.startswith(("强", "佳"), end):
        return replace(whole, role="count")
    opens_big = run[0] in _BIG_CHINESE
    if counter or _LEADS_RANGE.match(folded, end):
        fixed = inside_fixed_word(folded, start, counter.end() if counter else end)
        return None if fixed or (opens_big and (len(run) == 1 or not counter)) else replace(whole, role="count")
    if len(run) < 2 or inside_fixed_word(folded, start, end):
        return None
    # 百万, 千亿 are amounts only where something weighs them: 超千亿.
    return replace(whole, bare=True) if not opens_big or (start and folded[start - 1] in "超逾破近过") else None
