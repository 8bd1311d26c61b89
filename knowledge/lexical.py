"""From words to tokens that match: what the full-text index stores and what a question asks it.

Only for matching: nothing here keeps offsets, so nothing here can be quoted. Documents and questions go through the
same steps, so that 數字政府 finds 数字政府, ＮＢ－ＩｏＴ finds NB-IoT and "smart cities" finds "smart city":

- `fold`: full width → half width, traditional → simplified, lower case.
- A run of Han characters gives its words (jieba), the shorter dictionary words in the long ones, and all its pairs of
  characters, each once; a single character only where the run is just one. A numeral among them gives its figures too,
  a year like 二〇一五年 only its figures.
- A word of an alphabet gives its stem. A compound gives its parts and, if it has letters, itself without hyphens.
- A number gives its plain figures: ``3,696.1`` → ``3696.1``, ``44.0%`` → ``44``, ``09`` → ``9``.
- Stop words are removed from questions only; there they also separate the runs, so that no pair spans one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from knowledge.language import HAN, to_simplified
from knowledge.segmenter import cut, is_word

__all__ = [
    "EN_STOP_WORDS",
    "ZH_STOP_WORDS",
    "chinese_number",
    "content_tokens",
    "fold",
    "index_tokens",
    "query_tokens",
    "stem",
]

ZH_STOP_WORDS = frozenset(
    "的 了 和 与 及 以及 是 在 有 为 对 等 把 被 由 从 到 向 于 以 也 都 而 且 或 或者 个 这 那 其 之 所 中 里 上 "
    "下 吗 呢 吧 啊 么 着 过 地 得 就 还 又 很 更 将 会 能 要 可以 能否 是否 有没有 是不是 什么 是什么 为什么 "
    "怎么 怎么样 怎样 如何 为何 何 何时 哪 哪些 哪个 哪里 哪儿 哪几 哪年 哪一年 哪一个 哪种 哪位 几 几个 多少 "
    "多大 多久 谁 请 请问 一下 告诉 说 说说 我 你 您 他 她 它 我们 你们 他们 它们 这个 那个 这些 那些 这样 那样 "
    "一个 关于 根据 按照 来说 的话 有关 有些 有何 是何 属于 这是 那是 就是 都是".split()
)
"""Words of a Chinese question that say nothing of its subject, simplified."""

EN_STOP_WORDS = frozenset(
    "a an and any are as at be been being but by can could did do does doing for from had has have having he her "
    "hers him his how i if in into is it its me my of on or our ours please shall she should so some such than "
    "that the their them then there these they this those to us was we were what when where which who whom whose "
    "why will with would you your about according also am tell s t".split()
)
"""Words of an English question that say nothing of its subject, lower case, before stemming."""

_LONGEST_TOKEN = 64
_SAME = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("‘’", "'"),
        **dict.fromkeys("“”", '"'),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\ufeff"),
    }
)
_CHUNK = re.compile(rf"(?P<han>[{HAN}]+)|[^\W_{HAN}]+(?:[-'.,][^\W_{HAN}]+)*")
_NUMBER = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)*")
_ACRONYM = re.compile(r"[a-z](?:\.[a-z])+")
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_YEAR = re.compile(r"[一二][零〇一二三四五六七八九]{3}(?=年)")
_NUMERAL = re.compile(r"第?[零〇一二两三四五六七八九十百千万亿]+")


def fold(text: str) -> str:
    """Return `text` with differences of writing removed: width (NFKC), script (to simplified), case, kinds of dash.

    Chinese numerals stay as they are. The length can change. Folding twice changes nothing more.
    """
    return _unified(_unified(text).lower())


def index_tokens(text: str) -> list[str]:
    """Return the tokens of a passage, repeated as often as they occur, stop words included."""
    return list(_tokens(text, question=False))


def query_tokens(text: str) -> list[str]:
    """Return the tokens of a question, each once, without stop words; empty if it has nothing else."""
    return list(dict.fromkeys(_tokens(text, question=True)))


def content_tokens(text: str) -> list[str]:
    """Return the words that carry what `text` says, each once: no stop words and no pairs of characters.

    For measuring how much of a question some words cover; use `query_tokens` to search.
    """
    return list(dict.fromkeys(_tokens(text, question=True, pairs=False)))


def stem(word: str) -> str:
    """Return an English word without its plural, -ing or -ed ending.

    A few rules in the manner of Harman's S-stemmer (1991) and the first step of Porter's (1980): ``cities`` → ``city``,
    ``boxes`` → ``box``, ``planned`` and ``planning`` → ``plan``, ``makes`` and ``making`` → ``mak``. The same rules
    run on both sides, so a stem need not be a word.

    Args:
        word: A word in lower case; what has other characters than a-z is returned as it is.
    """
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return word
    if word.endswith(("ies", "ied")) and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and not word.endswith("eed") and len(root) >= 3 and re.search("[aeiouy]", root):
            doubled = root[-1] == root[-2] and root[-1] not in "aeioulsz"
            word = root[:-1] if doubled else root
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def chinese_number(numeral: str) -> int | None:
    """Return the value of a simple Chinese numeral, or None if it is none.

    ``十二`` → 12, ``三百零五`` → 305, ``二〇一五`` → 2015 (digit by digit: three or more, or with a zero).
    A closing 万 or 亿 is left to the unit that follows a number (``七千亿`` → 7000, like ``7000亿``); within a numeral
    it counts (``一万二千`` → 12000). A last digit may lack its unit (``一百二`` → 120).
    """
    numeral = numeral.rstrip("万亿")
    if not numeral:
        return None
    if all(character in _DIGITS for character in numeral):
        if len(numeral) == 1 or len(numeral) >= 3 or "〇" in numeral or "零" in numeral:
            return int("".join(str(_DIGITS[character]) for character in numeral[:20]))
        return None
    total = section = 0
    digit: int | None = None
    limit = 10_000
    for character in numeral:
        if character in _DIGITS:
            if digit:  # two digits in a row (十四五) name something, they do not count
                return None
            digit = _DIGITS[character]
        elif character in _UNITS:
            if _UNITS[character] >= limit or (digit is None and character != "十"):
                return None
            limit = _UNITS[character]
            section += (1 if digit is None else digit) * limit
            digit = None
        else:
            total = (total + section + (digit or 0)) * (10_000 if character == "万" else 100_000_000)
            section, digit, limit = 0, None, 10_000
    if digit and numeral[-2:-1] in ("百", "千", "万"):
        digit *= {"百": 10, "千": 100, "万": 1000}[numeral[-2]]
    return total + section + (digit or 0)


def _unified(text: str) -> str:
    if text.isascii():
        return text
    return to_simplified(unicodedata.normalize("NFKC", text).translate(_SAME))


def _tokens(text: str, *, question: bool, pairs: bool = True) -> Iterator[str]:
    unified = _YEAR.sub(lambda year: str(chinese_number(year[0])), _unified(text))
    capitals_mean = not unified.isupper() or re.search(f"[{HAN}]", unified) is not None
    for chunk in _CHUNK.finditer(unified):
        if chunk["han"]:
            yield from _han_tokens(chunk[0], question=question, pairs=pairs)
            continue
        name = capitals_mean and len(chunk[0]) > 1 and chunk[0].isupper()  # IT and US are not "it" and "us"
        if question and not name and chunk[0].lower() in EN_STOP_WORDS:
            continue
        for token, original in _word_tokens(chunk[0].lower()):
            if not (question and not name and original in EN_STOP_WORDS):
                yield token[:_LONGEST_TOKEN]


def _word_tokens(chunk: str) -> Iterator[tuple[str, str]]:
    """Yield the tokens of alphabet words and numbers that joiners hold together, each with what it stood as."""
    if _NUMBER.fullmatch(chunk):
        number = _plain_number(chunk)
        yield number, number
        return
    for piece in chunk.split(","):
        if _NUMBER.fullmatch(piece):
            yield _plain_number(piece), piece
            continue
        piece = piece.removesuffix("'s").replace("'", "")
        if _ACRONYM.fullmatch(piece):
            yield piece.replace(".", ""), piece
            continue
        for compound in piece.split("."):
            parts = compound.split("-")
            for part in parts:
                yield (_plain_number(part) if _NUMBER.fullmatch(part) else stem(_without_accents(part))), part
            if len(parts) > 1 and not "".join(parts).isdecimal():
                yield stem(_without_accents("".join(parts))), compound


def _plain_number(number: str) -> str:
    number = number.replace(",", "")
    if number.count(".") == 1:
        return re.sub(r"\.0+$", "", number)
    return number.lstrip("0") or "0" if len(number) <= 2 else number


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    bare = "".join(
        character for character in unicodedata.normalize("NFD", word) if not unicodedata.combining(character)
    )
    return bare if bare.isascii() else word


def _han_tokens(run: str, *, question: bool, pairs: bool) -> Iterator[str]:
    """Yield the tokens of a run of Han characters: numerals' figures, words, words in words, pairs of characters."""
    for numeral in _NUMERAL.finditer(run):
        if numeral[0] != "一":  # alone it hardly ever counts: 一方面, 进一步, 统一
            value = chinese_number(numeral[0].removeprefix("第"))
            if value is not None:
                yield str(value)
    words = cut(run)
    if not question:
        yield from _stretch_tokens(words, pairs=True)
        return
    stretch: list[str] = []
    for word in words:
        if word in ZH_STOP_WORDS:
            yield from _stretch_tokens(stretch, pairs=pairs)
            stretch = []
        else:
            stretch.append(word)
    yield from _stretch_tokens(stretch, pairs=pairs)


def _stretch_tokens(words: list[str], *, pairs: bool) -> Iterator[str]:
    """Yield the tokens of consecutive words; a pair that is itself a word at the same place counts once."""
    start = 0
    whole_pairs = set()
    for word in words:
        if len(word) >= 2:
            yield word
        if len(word) == 2:
            whole_pairs.add(start)
        if len(word) > 3 and pairs:
            yield from (part for part in map("".join, zip(word, word[1:], word[2:], strict=False)) if is_word(part))
        start += len(word)
    run = "".join(words)
    if len(run) == 1:
        yield run
    elif pairs:
        yield from (run[place : place + 2] for place in range(len(run) - 1) if place not in whole_pairs)
