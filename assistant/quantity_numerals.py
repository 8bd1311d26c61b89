"""Numerals of both languages, and the folding under which they are compared.

Chinese numerals are read here and not by ``cn2an`` (0.5), which fails on 三百零一亿八千九百二十四 with a `KeyError`,
reads 三四 (three or four) as 34, gives binary floats for 三点五 and rejects 3,000万 and 千亿.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_TRADITIONAL = str.maketrans(
    "萬億兩個點約過餘餘倍圓幣歲種項國縣門間條張隻場層樓號週鐘時頁級屆輛臺噸後來從東開戰數幾達負臺進將絕對於這裡還長兒務區處萬嚴專鎮鄉雙單個"
    "階領項維員環線島黨剛僅紀內單無為與增約",
    "万亿两个点约过余余倍元币岁种项国县门间条张只场层楼号周钟时页级届辆台吨后来从东开战数几达负台进将绝对于这里还长儿务区处万严专镇乡双单个"
    "阶领项维员环线岛党刚仅纪内单无为与增约",
)
_FOLD: dict[int, int | str] = {
    **dict(_TRADITIONAL),
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **{code: code - 0xFEE0 + 32 for code in range(0xFF21, 0xFF3B)},
    **{code: code + 32 for code in range(ord("A"), ord("Z") + 1)},
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000\t"), " "),
    **dict.fromkeys(map(ord, "‐‑"), "-"),
    **dict.fromkeys(map(ord, "‒—―"), "–"),
    **dict.fromkeys(map(ord, "～〜∼"), "~"),
    **dict.fromkeys(map(ord, "’‘＇"), "'"),
    ord("−"): "-",
    ord("￥"): "¥",
    ord("￡"): "£",
    ord("﹪"): "%",
}


def fold(text: str) -> str:
    """Return `text` in half width, lower case and simplified numerals, each character in its place.

    The length never changes, so an offset in the folded text is an offset in the text.
    """
    return text.translate(_FOLD)


@dataclass(frozen=True, slots=True)
class Numeral:
    """A numeral read from a text: its value is ``mantissa * scale``."""

    mantissa: Decimal
    scale: Decimal
    end: int
    spelled: bool
    over: bool = False
    plain: bool = False

    @property
    def value(self) -> Decimal:
        """The number it states."""
        return self.mantissa * self.scale if self.scale != 1 else self.mantissa


DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
CHINESE = "零〇一二两三四五六七八九十百千万亿廿卅"
ARABIC = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]{1,40})(?:\.[0-9]{1,40})?")
# In 四百万两 the 两 is a weight of silver: as a digit it never ends a numeral.
CHINESE_RUN = re.compile(
    rf"(?:(?<![十百千万亿])两|两(?=[百千万亿])|[{CHINESE.replace('两', '')}])+(?:点[零〇一二三四五六七八九]+)?"
)
_FORMAL_RUN = re.compile(r"[壹贰叁肆伍陆柒捌玖拾佰仟万亿零]{2,40}")
# 千瓦, 千米 and 千克 are units, so the 千 of 万千瓦 is no scale.
_CHINESE_SCALE = re.compile(
    r"[ ]?([多余]?)((?:[十百]|千(?![瓦克米赫字卡]))?万亿|(?:[十百]|千(?![瓦克米赫字卡]))?[万亿]|万万"
    r"|千(?![瓦克米赫字卡])|百|十)([多余]?)"
)
_DIGIT = "[一二两三四五六七八九]"
_SECTION = re.compile(rf"(?:({_DIGIT})千)?[零〇]?(?:({_DIGIT})百)?[零〇]?(({_DIGIT})?十)?[零〇]?({_DIGIT})?")
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_POWER = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
ENGLISH_SCALE = re.compile(
    r"[ \n-]?(hundred|thousand|million|billion|trillion|dozen)(?![a-z])"
    r"|[ ]?(bn|mn|mln|tn|trn)(?![a-z])|(k)(?![a-z0-9])"
)
_SHORT_SCALE = re.compile(r"[ ]?([mb])(?![a-z0-9])")
ENGLISH_SCALES = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12,
    "bn": 10**9, "mn": 10**6, "mln": 10**6, "tn": 10**12, "trn": 10**12, "k": 10**3, "m": 10**6, "b": 10**9,
}  # fmt: skip


def power(scale: str) -> int:
    """Return what a run of 十百千万亿 multiplies by: 10^12 for 万亿."""
    product = 1
    for character in scale:
        product *= _POWER[character]
    return product


def parse_chinese(numeral: str) -> Decimal | None:
    """Return the value of a Chinese numeral, None if it is not one number ("三四", "一〇一")."""
    if len(numeral) > 40:
        return None
    whole, point, decimals = numeral.partition("点")
    if len(whole) == 1 and whole in DIGITS:
        value = Decimal(DIGITS[whole])
    else:
        value_or_none = _whole_chinese(whole)
        if value_or_none is None:
            return None
        value = value_or_none
    if point:
        value += Decimal("0." + "".join(str(DIGITS[digit]) for digit in decimals))
    return value


def _whole_chinese(numeral: str) -> Decimal | None:
    if not any(character in "十百千万亿廿卅拾佰仟" for character in numeral):
        return None
    plain = numeral.translate(_FORMAL).replace("廿", "二十").replace("卅", "三十")
    value = _sections("一" + plain if plain[0] in "百千万亿" else plain)
    return None if value is None else Decimal(value)


def _sections(numeral: str) -> int | None:
    """Split a numeral at its last 亿, then at its 万."""
    for sign, size in (("亿", 10**8), ("万", 10**4)):
        head, found, tail = numeral.rpartition(sign)
        if not found:
            continue
        high = None if sign in head else _sections(head)
        if len(tail) == 1 and tail in DIGITS:
            # Spoken: 一万五 is 15,000.
            low: int | None = DIGITS[tail] * size // 10
        else:
            low = _sections(tail.lstrip("零〇")) if tail else 0
        return None if high is None or low is None or low >= size else high * size + low
    return _below_ten_thousand(numeral)


def _below_ten_thousand(numeral: str) -> int | None:
    match = _SECTION.fullmatch(numeral)
    if not match or not numeral:
        return None
    thousands, hundreds, ten, tens, ones = match.groups()
    value = (
        1000 * DIGITS[thousands or "零"] + 100 * DIGITS[hundreds or "零"] + (10 * DIGITS[tens or "一"] if ten else 0)
    )
    last = DIGITS[ones or "零"]
    if last and not ten and (thousands or hundreds) and numeral[-2] not in "零〇":
        # Spoken: 两千三 is 2,300.
        last *= 10 if hundreds else 100
    return value + last


def read_chinese(text: str, start: int) -> Numeral | None:
    """Read a Chinese numeral of folded text at `start`, with 多 or 余 inside it ("二十多万")."""
    formal = _FORMAL_RUN.match(text, start)
    if formal and any(character in "拾佰仟" for character in formal[0]):
        value = _whole_chinese(formal[0])
        return None if value is None else Numeral(value, Decimal(1), formal.end(), spelled=True)
    run = CHINESE_RUN.match(text, start)
    if not run:
        return None
    value = parse_chinese(run[0])
    if value is None:
        return None
    scale, digits = Decimal(1), run[0].rstrip("十百千万亿")
    if digits and (tail := run[0][len(digits) :]) and (mantissa := parse_chinese(digits)) is not None:
        scale = Decimal(power(tail))
        if mantissa * scale != value:
            scale = Decimal(1)
    end, over = run.end(), False
    more = _CHINESE_SCALE.match(text, end)
    if more and more[1]:
        scale *= power(more[2])
        value *= power(more[2])
        end, over = more.end(), True
    return Numeral(value / scale, scale, end, spelled=True, over=over)


def read_arabic(text: str, start: int, *, money: bool = False) -> Numeral | None:
    """Read digits of folded text at `start` with the scales of either language after them.

    Args:
        text: Folded text.
        start: Where the first digit stands.
        money: Whether a currency stands before it, so that "m" and "b" are million and billion.
    """
    match = ARABIC.match(text, start)
    if not match or (text[match.end() : match.end() + 1].isdigit() and text[match.end()].isascii()):
        return None
    mantissa, end = Decimal(match[0].replace(",", "")), match.end()
    scale_match = _CHINESE_SCALE.match(text, end)
    # "2021百强" ranks a hundred; only small numbers stand before a lone 十, 百 or 千 (3千, 5百万).
    if scale_match and (scale_match[2][0] in "万亿" or mantissa < 10):
        return _chinese_scaled(text, mantissa, scale_match)
    english = ENGLISH_SCALE.match(text, end) or (_SHORT_SCALE.match(text, end) if money else None)
    if english:
        word = next(group for group in english.groups() if group)
        return Numeral(mantissa, Decimal(ENGLISH_SCALES[word]), english.end(), spelled=False)
    plain = "," not in match[0] and "." not in match[0]
    return Numeral(mantissa, Decimal(1), end, spelled=False, plain=plain)


def _chinese_scaled(text: str, mantissa: Decimal, first: re.Match[str]) -> Numeral:
    scale, end, over = power(first[2]), first.end(), bool(first[1] or first[3])
    total, last = mantissa * scale, scale
    while not over and (digits := ARABIC.match(text, end)) is not None:
        part = Decimal(digits[0].replace(",", ""))
        smaller = _CHINESE_SCALE.match(text, digits.end())
        step = power(smaller[2]) if smaller and smaller.start(2) == digits.end() else 1
        if part * step >= last or (step == 1 and len(digits[0]) < 2):
            break
        total += part * step
        last, end = step, smaller.end() if smaller and step > 1 else digits.end()
        over = bool(step > 1 and smaller and smaller[3])
        if step == 1:
            break
    return Numeral(total / scale, Decimal(scale), end, spelled=False, over=over)


def read_either(numeral: str) -> Decimal | None:
    """Return the value of a numeral in Arabic digits or in Chinese, None if it is not one number."""
    return Decimal(numeral) if numeral[0].isascii() else parse_chinese(numeral)
