"""A text as names are looked for in it: folded code point by code point, so that every offset stays the original's.

Latin words are compared by the letters and digits of consecutive words run together, without accents, hyphens, spaces
and
case: ``NB-IoT``, ``NB IoT`` and ``nbiot`` are one key. Chinese is compared in simplified characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_WORD = re.compile(r"[A-Za-z0-9\u00c0-\u024f\u1e00-\u1eff]+")
_GAP = re.compile(r"[ \t\r\n\u00a0]?[-\u2010-\u2015'\u2018\u2019./&+]?[ \t\r\n\u00a0]?")
_PREFIXES = ("", *"新老大小全驻原赴抵在到")
_SUFFIXES = re.compile(
    "[人市省县区州镇乡村国式籍裔军队方语文话菜站港湾路街城派系族语报岛市梦]|大学|人民|政府|自治区|自治州|自治县|特别"
    "行政区|地区|共和国|银行|日报|时报|集团|公司|机场|大桥|大道"
)
_ABBREVIATIONS = frozenset("st mr mrs ms dr mt jr".split())
_LONGEST = 10
"""No Latin form has more words than this."""

# Short forms that, in lower case, are words of a European language: "us", "it", "who", "most" (the ministry).
_WORDS_AS_ACRONYMS = frozenset(
    "us it who most safe aids sap sac mit cas la is as or am ma me do an in un ge mee the".split()
)


@lru_cache(maxsize=20_000)
def _fold_character(character: str) -> str:
    """Fold one code point to one code point: full-width to half-width, traditional to simplified."""
    folded = unicodedata.normalize("NFKC", character)
    if len(folded) != 1:
        return character
    if HAN.match(folded):
        try:
            folded.encode("gb2312")  # holds the simplified characters, so most texts never load the converter
        except UnicodeEncodeError:
            from knowledge.lexical import fold

            simplified = fold(folded)
            return simplified if len(simplified) == 1 else folded
    return folded


def fold_characters(text: str) -> str:
    """Fold width and script, keeping case and length: ``len(fold_characters(t)) == len(t)``."""
    return text if text.isascii() else "".join(map(_fold_character, text))


def _plain(word: str) -> str:
    """Lower case without accents."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)).lower()


def singular(word: str) -> str:
    """Take an English plural ending off a lower-case word: cities → city, services → service."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@dataclass(frozen=True, slots=True)
class Word:
    """A Latin word: `key` is lower case without accents, `raw` as written (width folded), offsets of the original."""

    key: str
    raw: str
    start: int
    end: int


def latin_words(text: str) -> list[Word]:
    """Return the Latin words of a text that `fold_characters` has folded."""
    return [Word(_plain(m.group()), m.group(), m.start(), m.end()) for m in _WORD.finditer(text)]


def latin_key(form: str) -> str:
    """Return the key of a Latin form: "Xi'an" → "xian", "Smart Cities" → "smartcity"."""
    words = [word.key for word in latin_words(fold_characters(form))]
    return "".join(words[:-1]) + singular(words[-1]) if words else ""


def squeezed(form: str) -> str:
    """Return the letters and digits of a Latin form in lower case, its plural ending kept."""
    return "".join(word.key for word in latin_words(fold_characters(form)))


def is_acronym(form: str) -> bool:
    """Say whether a form is written in capitals only, such as IBM, U.S. or 3GPP."""
    letters = [c for c in form if c.isalpha()]
    several = len(letters) > 1 or (bool(letters) and any(c.isdigit() for c in form))
    return several and all("A" <= c <= "Z" for c in letters)


def case_fits(form: str, raw: str) -> bool:
    """Say whether `raw` may stand for `form` by its case: "us" is not US, "most" is not MOST, "ibm" is IBM."""
    if not is_acronym(form):
        return True
    letters = "".join(c for c in raw if c.isalpha())
    return letters.isupper() or (len(letters) > 2 and letters.lower() not in _WORDS_AS_ACRONYMS)


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive Latin words ``words[first:last]`` and their `key`."""

    key: str
    first: int
    last: int


class TextView:
    """A text prepared for looking names up; get one with `view`.

    Attributes:
        text: The original.
        folded: The same length, width and script folded, case kept.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = fold_characters(text)

    @cached_property
    def words(self) -> list[Word]:
        """Its Latin words."""
        return latin_words(self.folded)

    @cached_property
    def joins(self) -> list[bool]:
        """Whether word i+1 follows word i closely enough to be in one name."""
        joined = []
        for before, after in zip(self.words, self.words[1:], strict=False):
            gap = self.folded[before.end : after.start]
            full_stop = "." in gap and gap[-1].isspace() and len(before.raw) > 1 and before.key not in _ABBREVIATIONS
            joined.append(bool(_GAP.fullmatch(gap)) and not full_stop)
        return joined

    def runs_from(self, first: int) -> Iterator[Run]:
        """Yield the runs that start at a word, shortest first; the last word in the singular too."""
        key = ""
        for last in range(first, min(first + _LONGEST, len(self.words))):
            if last > first and not self.joins[last - 1]:
                return
            word = self.words[last].key
            one = singular(word)
            if one != word:
                yield Run(key + one, first, last + 1)
            key += word
            yield Run(key, first, last + 1)

    @cached_property
    def runs(self) -> dict[str, list[Run]]:
        """All runs by key."""
        found: dict[str, list[Run]] = {}
        for first in range(len(self.words)):
            for run in self.runs_from(first):
                found.setdefault(run.key, []).append(run)
        return found

    def raw(self, run: Run) -> str:
        """Return the words of a run as written."""
        return self.folded[self.words[run.first].start : self.words[run.last - 1].end]

    @cached_property
    def segments(self) -> list[tuple[int, int]]:
        """Spans of jieba's words (dictionary only, no guessed words)."""
        spans, at = [], 0
        for word in segment(self.folded):
            spans.append((at, at + len(word)))
            at += len(word)
        return spans

    @cached_property
    def _segment_at(self) -> list[int]:
        return [number for number, (start, end) in enumerate(self.segments) for _ in range(start, end)]

    def crosses_words(self, start: int, end: int) -> bool:
        """Say whether a Chinese span cuts through the words around it: 大连 in 大|连接, 中国 in 发展中国家.

        In one longer word, only a prefix such as 新, 老, 全 (新中国) or a suffix such as 人, 市, 大学 (美国人) is no
        cut; 大理 in 大理石
        is one.
        """
        first = self.segments[self._segment_at[start]]
        last = self.segments[self._segment_at[end - 1]]
        before, after = self.folded[first[0] : start], self.folded[end : last[1]]
        return before not in _PREFIXES or bool(after and not _SUFFIXES.fullmatch(after))


@lru_cache(maxsize=512)
def view(text: str) -> TextView:
    """Return the prepared text, kept for the texts used last."""
    return TextView(text)


def segment(text: str) -> list[str]:
    """Cut a text into jieba's dictionary words; joined they give the text back."""
    words: list[str] = _jieba().lcut(text, HMM=False)
    return words


def in_dictionary(word: str) -> bool:
    """Say whether jieba's dictionary has a word."""
    return bool(_jieba().FREQ.get(word))


@lru_cache(maxsize=1)
def _jieba() -> Any:
    import jieba

    jieba.setLogLevel(60)  # it reports its loading on standard error otherwise
    jieba.initialize()
    return jieba.dt
