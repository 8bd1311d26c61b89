"""Enumerations in a sentence: where they stand and what their items are.

Where the first item begins and the last one ends is not written down ("推动深圳、福州和嘉兴三地进行试点"): a name there
is taken whole, otherwise so many words as make it about as long as the items between.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.names import find_names
from knowledge.segmenter import cut
from knowledge.types import Language

_PART = r"[^，。；：、,;:“”\"（）()！？\s和及与]{1,16}"
_CHINESE = re.compile(rf"({_PART})((?:、{_PART})+)(?:(?:、?以及|和|及|与)({_PART}))?")
_WORDS = r"[A-Za-z][\w'-]*(?: [A-Za-z][\w'-]*){0,5}"
_ENGLISH = re.compile(rf"({_WORDS})((?:, {_WORDS}?)+),? (?:and|or) ({_WORDS})")
_MORE = re.compile(r"等.*$")


@dataclass(frozen=True, slots=True)
class Enumeration:
    """Items named one after the other.

    Attributes:
        items: At least three.
        start: First code point of the first item in the sentence.
        end: One past the last code point of the last item.
    """

    items: tuple[str, ...]
    start: int
    end: int


def enumerations(sentence: str, language: Language) -> list[Enumeration]:
    """Return the enumerations of at least three items in a sentence."""
    pattern = _CHINESE if language == "zh" else _ENGLISH
    found = (_enumeration(sentence, match, language) for match in pattern.finditer(sentence))
    return [one for one in found if one is not None]


def _enumeration(sentence: str, match: re.Match[str], language: Language) -> Enumeration | None:
    mark = "、" if language == "zh" else ", "
    between = [part for part in match[2].split(mark) if part]
    last, last_start = match[3], match.start(3)
    if last is None:
        last = between.pop()
        last_start = match.end() - len(last)
    if not between:
        return None
    words_long = sum(len(_words(item, language)) for item in between) / len(between)
    size = sum(map(len, between)) / len(between) if language == "zh" else words_long
    first = _end_of(match[1], size, language)
    last = _start_of(_MORE.sub("", last) if language == "zh" else last, size, language)
    items = (first, *(item.strip() for item in between), last)
    if not all(items):
        return None
    start = match.start(1) + match[1].rindex(first)
    end = last_start + sentence[last_start:].index(last) + len(last)
    return Enumeration(items, start, end)


def _words(text: str, language: Language) -> list[str]:
    return list(cut(text)) if language == "zh" else text.split()


def _end_of(text: str, size: float, language: Language) -> str:
    """Return the end of the words before the first mark that is its first item."""
    for name in find_names(text, language):
        if name.end == len(text):
            return name.text
    return _joined(_closest(list(reversed(_words(text, language))), size, language)[::-1], language)


def _start_of(text: str, size: float, language: Language) -> str:
    """Return the start of the words after the last mark that is its last item."""
    for name in find_names(text, language):
        if name.start == 0:
            return name.text
    return _joined(_closest(_words(text, language), size, language), language)


def _closest(words: Sequence[str], size: float, language: Language) -> list[str]:
    """Return so many of the words, from the first on, as come closest to a size in characters, or in words."""
    best, kept, length = abs(size), 0, 0
    for number, word in enumerate(words, start=1):
        length += len(word) if language == "zh" else 1
        if abs(length - size) < best or kept == 0:
            best, kept = abs(length - size), number
    return list(words[:kept])


def _joined(words: Sequence[str], language: Language) -> str:
    return ("" if language == "zh" else " ").join(words).strip()
