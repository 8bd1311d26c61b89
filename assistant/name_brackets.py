"""The equivalents that a document states in brackets, such as 信息通信技术（ICT） or "smart city (智慧城市)"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.name_text import HAN, HAN_RUN, segment

_BRACKETS = re.compile(r"[(（]([^()（）\n]{2,60})[)）]")
_SHORT_FOR = re.compile(
    r"^(?:以下|下文|下称|以下统)?(?:简称|下称|称)[为:：]?\s*[“\"「《]?([^”\"」》]{2,20}?)[”\"」》]?$"
)
_LATIN_NAME = re.compile(r"^[A-Za-z\u00c0-\u024f][A-Za-z0-9\u00c0-\u024f .&/+'’-]*$")
_LATIN_BEFORE = re.compile(r"[A-Za-z\u00c0-\u024f][A-Za-z0-9\u00c0-\u024f &/+'’-]*$")
_QUOTED_BEFORE = re.compile(r"[“\"「《]([^“”\"「」《》]{2,20})[”\"」》]$")
# A Chinese phrase in front of a bracket begins after these.
_CUT = re.compile(r"[的和与及或在以将把被是了等为从由用对向到并且使让]")
_VERBS = frozenset(
    "推动 利用 借助 采用 发展 推进 建设 通过 引入 使用 包括 例如 提出 称为 加快 如 应用 基于 运用 结合 依托 有关 关于 "
    "根据 按照 其中 成立 隶属 属于".split()
)
_SMALL_WORDS = frozenset(
    "a an the of for and or in on by to with from is are was were as at that this which its called".split()
)


def _initials(phrase: str, short: str) -> bool:
    words = [word for word in re.split(r"[\s-]+", phrase) if word]
    letters = [word[0].lower() for word in words]
    full = [word[0].lower() for word in words if word.lower() not in _SMALL_WORDS]
    return "".join(letters) == short.lower() or "".join(full) == short.lower().rstrip("s")


def _chinese_before(before: str) -> str:
    """Return the Chinese term that a text ends with, "" if there is none to be told."""
    if quoted := _QUOTED_BEFORE.search(before):
        return quoted.group(1) if HAN.search(quoted.group(1)) else ""
    runs = list(HAN_RUN.finditer(before[-30:].rstrip()))
    if not runs or runs[-1].end() != len(before[-30:].rstrip()):
        return ""
    words = segment(runs[-1].group())
    kept: list[str] = []
    for word in reversed(words):
        if word in _VERBS or (len(word) == 1 and _CUT.match(word)) or sum(map(len, kept)) + len(word) > 16:
            break
        kept.insert(0, word)
    return "".join(kept)


def _latin_before(before: str, inside: str) -> str:
    """Return the English term that a text ends with: its capitalised words, or words whose initials `inside` is."""
    found = _LATIN_BEFORE.search(before.rstrip())
    words = found.group().split() if found else []
    if not words:
        return ""
    for count in range(1, min(len(words), 8) + 1):
        if not HAN.search(inside) and _initials(" ".join(words[-count:]), inside):
            return " ".join(words[-count:])
    if not HAN.search(inside):
        return ""
    kept: list[str] = []
    capital = words[-1][0].isupper()
    for word in reversed(words):
        joins = capital and kept and word in ("of", "and", "for", "the")
        if (capital and not word[0].isupper() and not joins) or (
            not capital and (word in _SMALL_WORDS or len(kept) == 3)
        ):
            break
        kept.insert(0, word)
    while kept and kept[0].lower() in _SMALL_WORDS:
        kept.pop(0)
    return " ".join(kept)


def stated_equivalents(text: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield the Chinese forms and the Latin forms that each bracket of a text states to be the same."""
    for found in _BRACKETS.finditer(text):
        before, inside = text[max(0, found.start() - 80) : found.start()], found.group(1).strip()
        if short := _SHORT_FOR.match(inside):
            if chinese := _chinese_before(before):
                yield (chinese, short.group(1)), ()
        elif _LATIN_NAME.match(inside):
            short_form = inside.isupper() or " " not in inside
            if (chinese := _chinese_before(before)) and len(chinese) > 1:
                yield (chinese,), (inside,)
            elif short_form and (english := _latin_before(before, inside)):
                yield (), (english, inside)
        elif HAN_RUN.fullmatch(inside) and (english := _latin_before(before, inside)):
            yield (inside,), (english,)
