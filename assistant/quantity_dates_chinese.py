"""Dates and times of day in Chinese, found at a place of folded text."""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.quantity_numerals import parse_chinese
from assistant.quantity_types import DateParts, Quantity, stated

_DIGIT_WORD = "〇零一二三四五六七八九"
_CHINESE_NUMBER = "[零〇一二两三四五六七八九十百千]"
_CHINESE_YEAR = re.compile(
    rf"(公元前|前|公元|西元|)[ ]?([0-9]{{1,4}}|[{_DIGIT_WORD}]{{4}}|{_CHINESE_NUMBER}{{1,8}})[ ]?年(?:度(?![过假]))?"
)
_AFTER_YEAR = re.compile(
    r"[ ]?(底|末|终|初|中(?![国央心东西美文华科共间等型小外部日韩俄英学])|上半年|下半年|第?[一二三四1-4]季度)"
)
_CHINESE_MONTH = re.compile(
    r"[ ]?(1[0-2]|0?[1-9]|十[一二]?|[正一二三四五六七八九])[ ]?月(?!球|亮|光|饼)(?:份)?"
    r"(?:[ ]?(3[01]|[12][0-9]|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])[ ]?[日号]"
    r"|[ ]?(上旬|中旬|下旬|初|底|末))?"
)
_DATE_NAME = re.compile(r"(1[0-2]|[1-9])[·・•‧](3[01]|[12][0-9]|[1-9])(?![0-9.·・•‧])")
"""How an event is named by its date: 9·11, 10·29."""
_CHINESE_DAY = re.compile(r"(3[01]|[12][0-9]|0?[1-9]|三十一?|二?十[一二三四五六七八九]?)日(?![本元])")
_CHINESE_CENTURY = re.compile(
    rf"(公元前|前|)[ ]?([0-9]{{1,2}}|{_CHINESE_NUMBER}{{1,3}})[ ]?世纪"
    r"(?:[ ]?([1-9]0|[一二三四五六七八九]十)[ ]?年代)?"
    r"(?:[ ]?(初期?|早期|上半叶|前半叶|前期|中叶|中期|末期?|晚期|后期|下半叶|后半叶))?"
)
_CHINESE_DECADE = re.compile(
    r"((?:1[0-9]|20)[0-9]0|[1-9]0|[一二三四五六七八九]十)[ ]?年代(?:[ ]?(初期?|早期|前期|中期|末期?|晚期|后期))?"
)
_HALF_YEAR = re.compile(r"(上|下)半年|第([一二三四1-4])季度")
_PART = {
    "底": "end", "末": "end", "终": "end", "晚": "end", "后": "end", "下半叶": "H2", "后半叶": "H2", "下旬": "end",
    "初": "start", "早": "start", "前": "start", "上半叶": "H1", "前半叶": "H1", "上旬": "start", "中": "mid",
    "上半年": "H1", "下半年": "H2",
}  # fmt: skip
_QUARTER = {"一": "Q1", "二": "Q2", "三": "Q3", "四": "Q4", "1": "Q1", "2": "Q2", "3": "Q3", "4": "Q4"}
_CHINESE_CLOCK = re.compile(
    r"(上午|下午|早上|晚上|凌晨|中午|清晨|傍晚|)[ ]?"
    r"(2[0-4]|1[0-9]|0?[0-9]|二十[一二三四]?|十[一二三四五六七八九]?|[一二两三四五六七八九])[ ]?[点时]"
    r"(?:(半)|(整)|(钟)|([0-5]?[0-9]|[二三四五]?十[一二三四五六七八九]?|[一二三四五六七八九])(?:分(?!之)|(?<=[0-9]{2})))?"
)


def _whole(numeral: str) -> int | None:
    if numeral.isdigit() and numeral.isascii():
        return int(numeral)
    if len(numeral) == 4 and all(character in _DIGIT_WORD for character in numeral):
        return int("".join(str(_DIGIT_WORD.index(c) - 1 if c != "〇" else 0) for c in numeral))
    value = parse_chinese(numeral.replace("正", "一"))
    return None if value is None or value != int(value) else int(value)


def _part(words: str | None) -> str:
    if not words:
        return ""
    if words.endswith("季度"):
        return _QUARTER[words[-3]]
    return _PART.get(words) or _PART.get(words[0], "")


def find_chinese_date(text: str, start: int) -> Quantity | None:
    """Find a Chinese date or time of day that begins at `start` of folded text, the longest there is."""
    candidates = (_century, _decade, _year_date, _month_date, _half_year, _chinese_clock)
    found = [quantity for find in candidates if (quantity := find(text, start)) is not None]
    return max(found, key=lambda quantity: quantity.end, default=None)


def _century(text: str, start: int) -> Quantity | None:
    match = _CHINESE_CENTURY.match(text, start)
    century = _whole(match[2]) if match else None
    if not match or not century or century > 30:
        return None
    part = _part(match[4])
    if match[3]:
        decade = _whole(match[3]) or 0
        return stated(DateParts(decade=(century - 1) * 100 + decade, part=part), start, match.end())
    return stated(DateParts(century=-century if "前" in match[1] else century, part=part), start, match.end())


def _decade(text: str, start: int) -> Quantity | None:
    match = _CHINESE_DECADE.match(text, start)
    if not match:
        return None
    return stated(DateParts(decade=_whole(match[1]), part=_part(match[2])), start, match.end())


def _year_date(text: str, start: int) -> Quantity | None:
    match = _CHINESE_YEAR.match(text, start)
    if not match:
        return None
    era, numeral = match[1], match[2]
    year = _whole(numeral)
    if year is None or year > (9999 if era else 2999) or not _is_year(text, era, numeral, year, match.end()):
        return None
    parts = DateParts(year=-year if "前" in era else year)
    month = _CHINESE_MONTH.match(text, match.end())
    if month:
        return _with_month(parts, month, start)
    part = _AFTER_YEAR.match(text, match.end())
    if part:
        return stated(replace(parts, part=_part(part[1])), start, part.end())
    return stated(parts, start, match.end())


def _is_year(text: str, era: str, numeral: str, year: int, end: int) -> bool:
    """Tell a year from a duration: 2015年 and 911年 are years; 三年, 15年 and 300年历史 are not."""
    if era in ("公元前", "公元", "西元"):
        return True
    if era == "前":
        # 前三年 is the first three years, 前221年 is 221 BC.
        return len(numeral) >= 3 and numeral.isdigit()
    if len(numeral) == 4 and year >= 1000:
        return True
    if len(numeral) == 2 and numeral[0] == "0":
        return False
    if _CHINESE_MONTH.match(text, end) and len(numeral) >= 3:
        return True
    after = text[end : end + 1]
    return (
        100 <= year < 1000 and numeral.isdigit() and after not in tuple("来间历后前内以的之多左时") and year % 50 != 0
    )


def _with_month(parts: DateParts, match: re.Match[str], start: int) -> Quantity:
    month = _whole(match[1])
    day = _whole(match[2]) if match[2] else None
    return stated(replace(parts, month=month, day=day, part=_part(match[3])), start, match.end())


def _month_date(text: str, start: int) -> Quantity | None:
    match = _CHINESE_MONTH.match(text, start)
    if match:
        return _with_month(DateParts(), match, start)
    name = _DATE_NAME.match(text, start)
    if name and text[start - 1 : start] not in tuple("0123456789.·・•‧"):
        return stated(DateParts(month=int(name[1]), day=int(name[2])), start, name.end())
    day = _CHINESE_DAY.match(text, start)
    return stated(DateParts(day=_whole(day[1])), start, day.end()) if day else None


def _half_year(text: str, start: int) -> Quantity | None:
    match = _HALF_YEAR.match(text, start)
    return stated(DateParts(part=_part(match[0])), start, match.end()) if match else None


def _chinese_clock(text: str, start: int) -> Quantity | None:
    match = _CHINESE_CLOCK.match(text, start)
    if not match:
        return None
    daytime, marked = match[1], any(match[group] for group in (3, 4, 5, 6))
    hour = _whole(match[2])
    # "三点" may be three points and "三点五" is a decimal: a time has 上午, 分, 半, 整 or 钟 beside it.
    if hour is None or not (daytime or marked):
        return None
    minute = 30 if match[3] else (_whole(match[6]) if match[6] else 0)
    if daytime in ("下午", "晚上", "傍晚") and hour < 12:
        hour += 12
    return stated(DateParts(hour=hour, minute=minute), start, match.end(), time=True)
