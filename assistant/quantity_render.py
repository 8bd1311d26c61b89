"""Write a quantity the usual way in Chinese or English, digit for digit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from assistant.quantity_types import DateParts, Quantity
from assistant.quantity_units import MONEY_CHINESE_NAME, MONEY_ENGLISH_PREFIX, UNITS
from knowledge.english_words import MONTHS, ORDINALS, SMALL
from knowledge.types import Language

_ENGLISH_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))
_CHINESE_SCALES = ((10**12, "万亿"), (10**8, "亿"), (10**4, "万"))
_ENGLISH_WEIGHT = {
    "over": "more than ", "under": "less than ", "about": "about ", "nearly": "nearly ", "at_least": "at least ",
    "at_most": "at most ",
}  # fmt: skip
_CHINESE_WEIGHT = {
    "over": "超过",
    "under": "不到",
    "about": "约",
    "nearly": "将近",
    "at_least": "至少",
    "at_most": "最多",
}
_NUMBER_WORDS = {value: word for word, value in SMALL.items()}
_ORDINAL_WORDS = {value: word for word, value in ORDINALS.items()}
_CHINESE_DIGITS = "零一二三四五六七八九十"
_ENGLISH_FACTORS = {
    2: "half",
    3: "third",
    4: "quarter",
    5: "fifth",
    6: "sixth",
    7: "seventh",
    8: "eighth",
    9: "ninth",
    10: "tenth",
}


def render(quantity: Quantity, language: Language) -> str:
    """Return the usual form of `quantity` in `language`.

    "3696.1亿元" is "RMB 369.61 billion", "超过7000亿元" is "more than RMB 700 billion", "2015年底" is "the end of
    2015". Reading the result gives an equivalent quantity back. An opaque string stays as it stands.
    """
    plain = _english(quantity) if language == "en" else _chinese(quantity)
    if quantity.comparator is None or quantity.kind == "opaque":
        return plain
    return (_ENGLISH_WEIGHT if language == "en" else _CHINESE_WEIGHT)[quantity.comparator] + plain


def digits(value: Decimal | Fraction, *, grouped: bool = True) -> str:
    """Return a number in Arabic digits without an exponent, every digit kept; thousands grouped from 10,000 on."""
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return f"{value:,f}" if grouped and abs(value) >= 10000 else f"{value:f}"


def _shortened(value: Decimal | Fraction, scales: tuple[tuple[int, str], ...], gap: str) -> str:
    """Return the number with the largest scale that leaves it readable (369.61 billion), else all its digits."""
    if isinstance(value, Decimal):
        for scale, name in scales:
            if abs(value) < scale:
                continue
            quotient = (value / scale).normalize()
            exponent = quotient.as_tuple().exponent
            # 28 digits are what Decimal keeps: a quotient that lost some is not written.
            if quotient * scale == value and isinstance(exponent, int) and exponent >= -4:
                return f"{digits(quotient)}{gap}{name}"
    return digits(value)


def _whole(value: Decimal | Fraction) -> int | None:
    return int(value) if value == int(value) else None


def _english(quantity: Quantity) -> str:
    value = quantity.value
    if isinstance(value, str):
        return quantity.text or value
    if isinstance(value, tuple):
        return f"{render(_spelled_like(value[0], value[1]), 'en')} to {render(value[1], 'en')}"
    if isinstance(value, DateParts):
        return _clock(value) if quantity.kind == "time" else _english_date(value)
    whole = _whole(value)
    if quantity.kind == "money":
        amount = _shortened(value, _ENGLISH_SCALES, " ")
        prefix = MONEY_ENGLISH_PREFIX.get(quantity.unit)
        return f"{prefix}{amount}" if prefix and value >= 0 else f"{amount} {_money_word(quantity.unit)}"
    if quantity.kind == "percent":
        return f"{digits(value)}%"
    if quantity.kind == "points":
        return f"{digits(value)} percentage points"
    if quantity.kind == "multiple":
        return f"{_shortened(value, _ENGLISH_SCALES, ' ')} times"
    if quantity.kind == "fraction":
        return _english_fraction(Fraction(value))
    if quantity.kind == "ordinal":
        return _english_ordinal(quantity, whole or 0)
    small = quantity.spelled and whole is not None and 0 <= whole <= 10
    amount = _NUMBER_WORDS[whole] if small and whole is not None else _shortened(value, _ENGLISH_SCALES, " ")
    if quantity.kind == "measure":
        unit = UNITS[quantity.unit]
        return f"{amount} {unit.english[0] if value == 1 else unit.english[1]}"
    return amount


def _money_word(code: str) -> str:
    names = {
        "CNY": "yuan", "USD": "US dollars", "HKD": "Hong Kong dollars", "EUR": "euros", "GBP": "pounds sterling",
        "KRW": "won", "RUB": "rubles", "CHF": "Swiss francs", "TWD": "New Taiwan dollars", "JPY": "yen",
        "AUD": "Australian dollars", "CAD": "Canadian dollars", "SGD": "Singapore dollars", "INR": "rupees",
    }  # fmt: skip
    return names[code]


def _english_fraction(value: Fraction) -> str:
    above, below = value.numerator, value.denominator
    if (above, below) == (1, 2):
        return "half"
    if 1 <= above < 10 and 3 <= below <= 10:
        return f"{_NUMBER_WORDS[above]} {_ENGLISH_FACTORS[below]}{'s' if above > 1 else ''}"
    return f"{above}/{below}"


def _english_ordinal(quantity: Quantity, value: int) -> str:
    if quantity.unit == "five-year plan":
        return f"{_numbered(value)} Five-Year Plan"
    if quantity.unit == "congress":
        return f"{_numbered(value)} National Congress"
    return _ORDINAL_WORDS[value] if value <= 10 and value in _ORDINAL_WORDS else _numbered(value)


def _numbered(value: int) -> str:
    ending = "th" if 10 <= value % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def _clock(parts: DateParts) -> str:
    return f"{parts.hour or 0:02d}:{parts.minute or 0:02d}"


def _english_date(parts: DateParts) -> str:
    if parts.century is not None:
        named = f"{_numbered(abs(parts.century))} century" + (" BC" if parts.century < 0 else "")
    elif parts.decade is not None:
        named = f"{parts.decade}s"
    elif parts.month is not None:
        month = MONTHS[parts.month - 1].capitalize()
        day = f" {parts.day}" if parts.day is not None else ""
        comma = "," if day and parts.year is not None else ""
        named = f"{month}{day}{comma}" + (f" {_english_year(parts.year)}" if parts.year is not None else "")
    elif parts.year is not None:
        named = _english_year(parts.year)
    elif parts.day is not None:
        return f"the {_numbered(parts.day)}"
    else:
        return _english_part(parts.part, "the year")
    if (parts.century is not None or parts.decade is not None) and parts.part not in ("start", "mid", "end"):
        named = f"the {named}"
    if not parts.part:
        return named
    if parts.century is not None or parts.decade is not None:
        if parts.part in ("start", "mid", "end"):
            return f"the { {'start': 'early', 'mid': 'mid', 'end': 'late'}[parts.part] }".replace("  ", " ").strip() + (
                f"-{named}" if parts.part == "mid" else f" {named}"
            )
    return _english_part(parts.part, named)


def _english_part(part: str, named: str) -> str:
    if part == "mid":
        return f"the middle of {named}"
    words = {"start": "beginning", "end": "end", "H1": "first half", "H2": "second half", "Q1": "first quarter",
             "Q2": "second quarter", "Q3": "third quarter", "Q4": "fourth quarter"}  # fmt: skip
    return f"the {words[part]} of {named}"


def _english_year(year: int) -> str:
    if year < 0:
        return f"{-year} BC"
    return str(year) if year >= 1000 else f"AD {year}"


def _spelled_like(low: Quantity, high: Quantity) -> Quantity:
    return replace(low, spelled=high.spelled, scale=high.scale)


def _chinese(quantity: Quantity) -> str:
    value = quantity.value
    if isinstance(value, str):
        return quantity.text or value
    if isinstance(value, tuple):
        return f"{render(value[0], 'zh')}至{render(value[1], 'zh')}"
    if isinstance(value, DateParts):
        return _clock(value) if quantity.kind == "time" else _chinese_date(value)
    whole = _whole(value)
    amount = _shortened(value, _CHINESE_SCALES, "")
    if quantity.kind == "money":
        return f"{amount}{MONEY_CHINESE_NAME[quantity.unit]}"
    if quantity.kind == "percent":
        return f"{digits(value)}%"
    if quantity.kind == "points":
        return f"{digits(value)}个百分点"
    if quantity.kind == "multiple":
        return f"{amount}倍"
    if quantity.kind == "fraction":
        return _chinese_fraction(Fraction(value))
    if quantity.kind == "ordinal":
        return _chinese_ordinal(quantity, whole or 0)
    if quantity.kind == "measure":
        unit = UNITS[quantity.unit]
        if unit.name == "year" and whole is not None and whole >= 100:
            # "2015年" would be read as the year.
            return f"{amount if whole >= 10000 else f'{whole:,}'}年时间"
        return f"{amount}{unit.chinese[0]}"
    return amount


def _chinese_fraction(value: Fraction) -> str:
    above, below = value.numerator, value.denominator
    if (above, below) == (1, 2):
        return "一半"
    if 0 < above <= 10 and 2 < below <= 10:
        return f"{_CHINESE_DIGITS[below]}分之{_CHINESE_DIGITS[above]}"
    return f"{below}分之{above}"


def _chinese_ordinal(quantity: Quantity, value: int) -> str:
    if quantity.unit == "congress":
        tens, ones = divmod(value, 10)
        return f"{_CHINESE_DIGITS[tens] if tens > 1 else ''}十{_CHINESE_DIGITS[ones] if ones else ''}大"
    named = f"第{_CHINESE_DIGITS[value]}" if 0 < value <= 10 else f"第{value}"
    if quantity.unit == "five-year plan":
        return f"{named}个五年规划"
    return named


def _chinese_date(parts: DateParts) -> str:
    named = ""
    if parts.century is not None:
        named = f"{'公元前' if parts.century < 0 else ''}{abs(parts.century)}世纪"
    elif parts.decade is not None:
        named = (
            f"{parts.decade // 100 + 1}世纪{parts.decade % 100}年代" if parts.decade >= 100 else f"{parts.decade}年代"
        )
    if parts.century is not None or parts.decade is not None:
        return named + {"start": "初", "mid": "中期", "end": "末", "H1": "上半叶", "H2": "下半叶"}.get(parts.part, "")
    if parts.year is not None:
        named = (
            f"公元前{-parts.year}年"
            if parts.year < 0
            else f"{parts.year}年"
            if parts.year >= 1000
            else f"公元{parts.year}年"
        )
    if parts.month is not None:
        named += f"{parts.month}月"
    if parts.day is not None:
        return f"{named}{parts.day}日"
    if parts.month is not None:
        return named + {"start": "初", "mid": "中旬", "end": "底"}.get(parts.part, "")
    ends = {"start": "初", "mid": "中", "end": "底", "H1": "上半年", "H2": "下半年", "Q1": "第一季度", "Q2": "第二季度",
            "Q3": "第三季度", "Q4": "第四季度"}  # fmt: skip
    return named + ends.get(parts.part, "")
