"""Ordinals, labels and list numbers: 第十四, 14th, Henry IV, chapter 3, 一是, "1."."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from assistant.quantity_numerals import ARABIC, CHINESE, read_either
from assistant.quantity_numerals_english import read_english_ordinal
from assistant.quantity_types import Quantity
from knowledge.english_words import SMALL, TENS

LABELS = frozenset("no number chapter section phase stage part article volume figure table grade level tier".split())
_ORDINAL_CHINESE = re.compile(
    rf"第([0-9]{{1,9}}|[{CHINESE}]{{1,10}})(个五年(?:规划|计划))?(?!方(?!面)|产业|者|时间|手)"
)
_FIVE_YEAR = re.compile(r"十([一二三四五六七八九])五(?![十百千万亿年月日个元点]|[0-9])")
_CONGRESS = re.compile(
    r"(十[一二三四五六七八九]|二十[一二]?)大(?=以来|报告|精神|召开|提出|会议|后|前|之|[,。;、》”]|胜利|是|和|代表|明确|指出|强调|开幕|$)"
)
_PARTY_CONGRESS = re.compile(r"(十[一二三四五六七八九]?|二十[一二]?|[一二三四五六七八九])大")
_TERM = re.compile(rf"([{CHINESE}]{{1,4}})届(?=.中全会|中央)")
_SESSION = re.compile(
    r"([一二三四五六七八九十])(?:中全会|世(?![纪界代人间俗事外博]))|([二三四五六七八九])是(?!否)|(?<![^,。;:、\s）)“])(一)是(?!否)"
)
_DIGIT_ORDINAL = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:st|nd|rd|th)(?![a-z])")
_PLAN = re.compile(r"[ -]five-year plan(?![a-z])|[ -]5-year plan(?![a-z])")
_LABEL = re.compile(r"([a-z]+)\.?[ ]([0-9]{1,4})(?![0-9a-z%:]|[,.][0-9]|-[0-9])")
_ROMAN = re.compile(
    r"(?:(?<=[a-z] )(?=[IVXL]{2})|(?<=War )|(?<=[Tt]ype )|(?<=[Pp]art )|(?<=[Pp]hase )|(?<=[Cc]lass )|(?<=[Gg]rade ))"
    r"(?=[IVXL])(X{0,3}|XL|LX{0,3})(IX|IV|V?I{0,3})(?![A-Za-z0-9])"
)
_COUNTS_FIRST = re.compile(rf" (?:[0-9]|(?:{'|'.join([*SMALL, *TENS])})(?![a-z]))")
_DETERMINED = re.compile(
    r"(?:\b(?:the|a|its|his|her|their|our|my|your|this|that|ranked|ranks?|came|is|was|and|or)|'s|s') $"
)
_CLAUSE_START = re.compile(r"(?:^|[\n.;:!?。；：！？,、(]|[-*] )[ ]*$")


def chinese_ordinal(folded: str, _text: str, start: int) -> Quantity | None:
    """Read 第十四, 十四五, 十八大, 首次 or the 二 of 二是 at `start`."""
    plan = _FIVE_YEAR.match(folded, start)
    if plan and (start == 0 or folded[start - 1] not in CHINESE + "第"):
        return Quantity("ordinal", Decimal(10 + (read_either(plan[1]) or 0)), "five-year plan", start, plan.end())
    party = folded[max(0, start - 2) : start] in ("中共", "党的")
    congress = (_PARTY_CONGRESS if party else _CONGRESS).match(folded, start)
    if congress:
        return Quantity("ordinal", read_either(congress[1]) or Decimal(0), "congress", start, congress.end())
    term = _TERM.match(folded, start)
    if term and (value := read_either(term[1])) is not None:
        return Quantity("ordinal", value, "", start, term.end(1))
    session = _SESSION.match(folded, start)
    if session and folded[max(0, start - 1) : start] not in tuple(CHINESE):
        digit = read_either(session[1] or session[2] or session[3])
        stop = session.start() + 1
        return Quantity("ordinal", digit or Decimal(0), "", start, stop, role="value" if session[1] else "enumerator")
    if folded.startswith("首", start) and re.compile(r"首(?:次|个|届|位|家|批|款|座|例|创|先)").match(folded, start):
        return Quantity("ordinal", Decimal(1), "", start, start + 2, spelled=True)
    match = _ORDINAL_CHINESE.match(folded, start)
    value = read_either(match[1]) if match else None
    if not match or value is None:
        return None
    opens = _CLAUSE_START.search(folded[max(0, start - 4) : start]) and folded.startswith((",", "、", ":"), match.end())
    return Quantity(
        "ordinal",
        value,
        "five-year plan" if match[2] else "",
        start,
        match.end(),
        spelled=not match[1][0].isascii(),
        role="enumerator" if opens else "value",
    )


def english_ordinal(folded: str, _text: str, start: int) -> Quantity | None:
    """Read "14th", "twenty-first" or "first" at `start`."""
    digits = _DIGIT_ORDINAL.match(folded, start)
    word = None if digits else read_english_ordinal(folded, start)
    if digits:
        value, end, spelled = Decimal(digits[1].replace(",", "")), digits.end(), False
    elif word:
        value, end, spelled = Decimal(word[0]), word[1], True
    else:
        return None
    plan = _PLAN.match(folded, end)
    if plan:
        return Quantity("ordinal", value, "five-year plan", start, plan.end())
    if digits and (congress := re.compile(r" national (?:party )?congress(?![a-z])").match(folded, end)):
        return Quantity("ordinal", value, "congress", start, congress.end())
    opens = bool(_CLAUSE_START.search(folded[max(0, start - 4) : start]))
    enumerates = opens and folded[end : end + 1] in (",", ":")
    if value == 1 and spelled and _COUNTS_FIRST.match(folded, end):
        return None
    determined = opens or _DETERMINED.search(folded[max(0, start - 8) : start])
    if spelled and value <= 2 and not determined:
        # "first proposed" and "five seconds later" order nothing; "the first" and "its second" do.
        return None
    return Quantity("ordinal", value, "", start, end, spelled=spelled, role="enumerator" if enumerates else "value")


def label(folded: str, _text: str, start: int) -> Quantity | None:
    """Read the number of "chapter 3" or "No. 1", whose first word stands at `start`, as an ordinal."""
    match = _LABEL.match(folded, start)
    if not match or match[1] not in LABELS:
        return None
    return Quantity("ordinal", Decimal(match[2]), "", match.start(2), match.end())


def enumerated(folded: str, _text: str, start: int) -> Quantity | None:
    """Find "1." at the start of a line and "(1)" anywhere."""
    digits = ARABIC.match(folded, start)
    if not digits or len(digits[0]) > 2:
        return None
    line = folded[max(0, start - 6) : start]
    follows = folded[digits.end() : digits.end() + 2]
    numbered = (
        re.search(r"(?:^|\n)[ (]*$", line) and re.match(r"[.、)](?![0-9])", follows) and (start < 6 or "\n" in line)
    )
    bracketed = line.endswith("(") and follows[:1] == ")" and int(digits[0]) <= 20
    if numbered or bracketed:
        return Quantity("ordinal", Decimal(digits[0]), "", start, digits.end(), role="enumerator")
    return None


def find_roman(text: str) -> Iterator[Quantity]:
    """Yield the Roman ordinals of names ("Henry IV", "Super Bowl XLVII") in the unfolded `text`."""
    worth = {"I": 1, "V": 5, "X": 10, "L": 50}
    for match in _ROMAN.finditer(text):
        digits = [worth[letter] for letter in match[0]]
        value = sum(-d if d < max(digits[i:]) else d for i, d in enumerate(digits))
        yield Quantity("ordinal", Decimal(value), "", match.start(), match.end())
