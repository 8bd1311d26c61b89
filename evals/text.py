"""When a text *states* a fact: the normalisation and the matching that all scorers share.

Both sides are folded the same way: NFKC (full width to half width), lower case, traditional to simplified characters,
one form of quotation marks and dashes, no thousands separators, no spaces beside Chinese characters, English plurals
to singulars. Chinese numerals and English number words count as digits where they plainly are numbers. An alias then
has to stand in the text between boundaries: ``70`` is not in ``170`` or ``70.5`` or ``70 million``, ``ict`` not in
``district``, ``四`` not in ``十四五``. An alias that is one quantity as a whole is also stated by any equivalent
quantity (``3696.1亿元`` by ``369.61 billion yuan``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from assistant.quantities import Quantity, equivalent, find_quantities

if TYPE_CHECKING:
    from knowledge.types import Language

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_ZH = _HAN + "\u3000-\u303f"
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = "".join(_DIGITS) + "".join(_UNITS)
_MAGNITUDE = "百千万亿"
_WORDS = dict(
    zip("zero two three four five six seven eight nine ten eleven twelve".split(), (0, *range(2, 13)), strict=True)
)

LETTERS = re.compile(r"[^\W_]")
"""Letters and digits: what is left of a text without spaces and punctuation."""

LIST_NUMBER = re.compile(r"^\s*\d{1,2}[.)、]\s*(?!\d)", re.MULTILINE)
"""The number of a list item at the start of a line, which states no quantity."""

_MARKER = re.compile(r"\s*\[\d+\]")
_SAME = str.maketrans({"“": '"', "”": '"', "「": '"', "」": '"', "『": '"', "』": '"', "‘": "'", "’": "'", "–": "-",
                       "—": "-", "‐": "-", "‑": "-", "−": "-", "·": " ", "\u200b": ""})  # fmt: skip
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_SPACE_BESIDE_ZH = re.compile(rf"\s+(?=[{_ZH}%])|(?<=[{_ZH}])\s+")
_HYPHEN = re.compile(r"(?<=[a-z])-(?=[a-z])")
_POSSESSIVE = re.compile(r"(?<=[a-z])'s\b")
_WORD = re.compile(r"[a-z]{4,}")
# A run of numerals is a number before one of these: measure words, units, and nouns that are counted without one.
_MEASURE = (
    "个|名|位|人|家|座|项|种|类|条|款|点|步|次|届|期|代|批|篇|部|本|份|张|层|楼|号|级|省|市|县|区|镇|城|国|地|州|大|方面|阶段|领域|维度|"
    "年|月|日|天|周|季度|小时|分钟|秒|岁|元|块|角|倍|成|公里|千米|米|吨|公斤|克|度|万|亿|%"
)
_NUMERALS = re.compile(rf"(?<=第)[{_NUMERAL}]+|[{_NUMERAL}]+(?={_MEASURE})")
_NUMBER_WORDS = re.compile(rf"\b({'|'.join(_WORDS)})\b")
_PHONE = re.compile(r"\+?\(?\d[\d\s()\-]{5,}\d")
_ENGLISH_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’-][A-Za-zÀ-ɏ]+)*")
_ADDRESS = re.compile(r"https?://[!-~]+|www\.[!-~]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HAN_CHARACTER = re.compile(f"[{_HAN}]")


def strip_markers(text: str) -> str:
    """Return `text` without its markers ``[n]`` and the spaces before them."""
    return _MARKER.sub("", text)


@lru_cache(maxsize=1)
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """Return the form of `text` in which strings are compared (see the module docstring; numerals stay)."""
    folded = unicodedata.normalize("NFKC", text).lower().translate(_SAME)
    folded = str(_converter().convert(folded))
    folded = _THOUSANDS.sub("", folded)
    folded = _SPACE_BESIDE_ZH.sub("", re.sub(r"\s+", " ", folded)).strip()
    folded = _POSSESSIVE.sub("", _HYPHEN.sub(" ", folded))
    return _WORD.sub(lambda match: _singular(match[0]), folded)


def _singular(word: str) -> str:
    """Take an English plural ending off; both sides are treated alike, so only consistency matters."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _value(numeral: str) -> str:
    """Return the digits of a Chinese numeral below ten thousand, or the numeral itself if it is not a regular one."""
    if all(character in _DIGITS for character in numeral):
        if len(numeral) == 2 and not set(numeral) & set("零〇"):
            return numeral  # 三五个 is three to five, not 35
        return "".join(str(_DIGITS[character]) for character in numeral)
    total, digit, last = 0, None, 10_000
    for character in numeral:
        if character in _UNITS:
            unit = _UNITS[character]
            if unit >= last:
                return numeral
            total, digit, last = total + (1 if digit is None else digit) * unit, None, unit
        elif character in "零〇":
            digit = None
        elif digit is None:
            digit = _DIGITS[character]
        else:
            return numeral
    return str(total + (digit or 0))


@lru_cache(maxsize=4096)
def numerals_as_digits(normalised: str) -> str:
    """Return a normalised text with Chinese numerals and the words zero, two … twelve as digits.

    ``one`` and numerals that no measure word follows stay: there they are too often no number (统一, 一方面, one of).
    """
    if normalised and all(character in _NUMERAL for character in normalised):
        return _value(normalised)
    digits = _NUMERALS.sub(lambda match: _value(match[0]), normalised)
    return _NUMBER_WORDS.sub(lambda match: str(_WORDS[match[0]]), digits)


@lru_cache(maxsize=4096)
def _pattern(alias: str) -> re.Pattern[str]:
    before = after = ""
    if alias[0].isdigit():
        # Neither more digits before it, nor one letter that makes a name of it (E5); RMB369 is still a number.
        before = r"(?<!\d)(?<!\d\.)(?<!(?<![a-z])[a-z])"
    elif "a" <= alias[0] <= "z":
        before = r"(?<![a-z0-9])"
    elif alias[0] in _NUMERAL:
        before = f"(?<![{_NUMERAL}])"
    if alias[-1].isdigit():
        # Neither more digits, nor a magnitude, nor one letter that makes a name of it (5G).
        after = rf"(?!\d|\.\d|\s?[{_MAGNITUDE}]|\s?(?:hundred|thousand|million|billion|trillion)\b|[a-z](?![a-z]))"
    elif "a" <= alias[-1] <= "z":
        after = r"(?![a-z0-9])"
    elif alias[-1] in _NUMERAL:
        after = f"(?![{_NUMERAL}{_MAGNITUDE}])"
    return re.compile(before + re.escape(alias) + after)


@lru_cache(maxsize=1024)
def _quantities(text: str) -> tuple[Quantity, ...]:
    return tuple(find_quantities(text))


def _one_quantity(alias: str) -> Quantity | None:
    """Return the quantity that `alias` is as a whole, if it is one."""
    found = _quantities(alias)
    return found[0] if len(found) == 1 and found[0].text.strip() == alias.strip() else None


def _phone_forms(number: str) -> set[str]:
    """Return the digits of a telephone number with and without its country code, if a plus marks one."""
    return {re.sub(r"\D", "", form) for form in (number, re.sub(r"^\(?\+\d{1,3}[\s()\-]+", "", number))}


def states(text: str, alias: str) -> bool:
    """Say whether `text` states `alias`, in the sense of the module docstring.

    Args:
        text: An answer without its markers, or words of a document.
        alias: One way to state a fact; not empty.
    """
    whole, part = normalise(text), normalise(alias)
    if not part:
        return False
    if _pattern(part).search(whole):
        return True
    digits = numerals_as_digits(part)
    if _pattern(digits).search(numerals_as_digits(whole)):
        return True
    if _PHONE.fullmatch(part) and not part.isdigit():
        return any(_phone_forms(part) & _phone_forms(match[0]) for match in _PHONE.finditer(whole))
    quantity = _one_quantity(alias)
    return quantity is not None and any(equivalent(quantity, other) for other in _quantities(text))


def missing_groups(text: str, groups: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    """Return the groups of which `text` states no alias."""
    return [group for group in groups if not any(states(text, alias) for alias in group)]


def stated(text: str, strings: Iterable[str]) -> list[str]:
    """Return those of `strings` that `text` states."""
    return [string for string in strings if states(text, string)]


def language_of(text: str) -> Language | None:
    """Return the language most words of `text` are in, or None if it has no words.

    A Chinese word is taken to be 1.5 characters long, so "城市借助ICT技术" is Chinese and a sentence in English
    stays English if it says "Shenzhen (深圳)". A tie is Chinese. Addresses of mail and of the web are no words.
    """
    text = _ADDRESS.sub(" ", text)
    characters = len(_HAN_CHARACTER.findall(text))
    words = len(_ENGLISH_WORD.findall(text))
    if not characters and not words:
        return None
    return "zh" if characters / 1.5 >= words else "en"
