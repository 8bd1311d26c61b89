"""Which words of a claim a sentence says, in either language, through the dictionary.

A Chinese word is said if it stands in the sentence. An English word is said by a Chinese one if either is the other's
translation, or if a translation begins as it does ("construction", to construct). Chinese words that share a whole
translation say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache

from assistant.quantities import find_quantities
from assistant.read import rendered
from knowledge.language import HAN
from knowledge.lexical import content_tokens, fold, index_tokens, stem
from knowledge.lexicon import Lexicon
from knowledge.segmenter import cut
from knowledge.types import Language

GENERIC: dict[Language, frozenset[str]] = {
    "zh": frozenset(
        "作者 文章 本文 文中 该文 材料 资料 文档 原文 提到 提及 认为 指出 表示 包括 包含 分别 属于 其中 主要 例如 即 "
        "比如 以下 如下 这些 那些 之一 问题 方面 情况 内容 方式 相关 有关 进行 具体 一种 一个 一些 一项 通过 利用 来自 "
        "作为 成为 分为 称为 叫做 叫作 比作 比喻 可以 能够 需要 应该 应当 因为 由于 所以 因此 从而 以及 并且 同时 起来 "
        "出来 用于 为了 自己 当时 随后 之后 之前 此外 另外 根据 依据 处于 位于 实际 实际上 换句话说 总之".split()
    ),
    "en": frozenset(
        stem(word)
        for word in "one other another still also further make take get give include including following based base "
        "material document source author article text passage say state mention describe call name according due "
        "because through via within among between over under across such thing way part kind type sort various "
        "several many much more most both each every all come go bring put set lead help become be have do use used "
        "need must may might able order regard respect respectively example instance case aspect issue problem result "
        "addition additionally moreover therefore thus however while first second third new well during after before "
        "since until together towards toward upon onto out up down off away again back really very quite so "
        "using etc not never cannot hardly barely scarcely unable without particular particularly especially specific "
        "specifically actually overall general generally term "
        "about as whole level number process field area today now then play role carry involve mean refer work consist "
        "comprise concept idea initiative effort made key main major lot like two three four five six seven eight "
        "nine ten".split()
    ),
}
"""Words that tell of an answer, or join its parts, and state nothing about the world that could be checked."""

_IRREGULAR = dict(
    pair.split("=")
    for pair in "began=begin begun=begin grew=grow grown=grow drove=drive driven=drive took=take taken=take "
    "built=build wrote=write written=write went=go gone=go led=lead gave=give given=give held=hold kept=keep "
    "rose=rise risen=rise fell=fall fallen=fall brought=bring sought=seek chose=choose chosen=choose became=become "
    "came=come spent=spend sent=send met=meet left=leave found=find lost=lose won=win paid=pay said=say shown=show "
    "showed=show known=know knew=know meant=mean drew=draw drawn=draw ran=run saw=see seen=see shrank=shrink "
    "shrunk=shrink sold=sell bought=buy taught=teach thought=think told=tell fought=fight broke=break broken=break "
    "spoke=speak sank=sink better=good best=good higher=high highest=high lower=low lowest=low added=add "
    "adding=add".split()
)
_COMMON_BEGINNING = 5
_SHORTEST_GLOSS = 3


def words_of(text: str, language: Language) -> list[str]:
    """Return the words of a text that a sentence has to say, in order, each once: content words but for generic ones.

    English quantities are left to `assistant.quantities`, for their words are others (billion, 亿); Chinese ones stay.
    """
    if language == "en":
        for quantity in reversed(find_quantities(text)):
            text = f"{text[: quantity.start]} {text[quantity.end :]}"
    regular = re.sub("[A-Za-z]+", lambda part: _IRREGULAR.get(part[0].lower(), part[0]), text)
    words = [word for word in content_tokens(regular) if word not in GENERIC[language]]
    if language == "zh":
        return words
    # Of a compound ("new-type") the parts are enough.
    whole = regular.lower()
    return [
        word
        for word in words
        if not word[0].isdigit() and len(word) > 1 and word[: max(3, min(5, len(word) - 1))] in whole
    ]


class Wording:
    """The words of one sentence, ready to be asked for.

    Args:
        text: The sentence.
        language: Language of the claims; the sentence may be in either.
        lexicon: The dictionary.
    """

    def __init__(self, text: str, language: Language, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._language = language
        self.folded = fold(text)
        self.tokens = {*index_tokens(text), *content_tokens(rendered(text, language)), *cut(self.folded)}
        translated = lexicon.translations([word for word in self.tokens if not word.isascii()], "zh")
        self._glosses = {
            gloss
            for glosses in translated.values()
            for gloss, weight in glosses.items()
            if language == "en" or weight == 1
        }
        self._english = [word for word in self.tokens if word.isascii() and len(word) >= _COMMON_BEGINNING - 1]
        self._beginnings = [*self._english, *(gloss for gloss in self._glosses if len(gloss) >= _COMMON_BEGINNING - 1)]

    def said(self, words: Iterable[str]) -> set[str]:
        """Return those of the words that the sentence says."""
        words = list(words)
        found = {word for word in words if self._stands(word)}
        rest = [word for word in words if word not in found]
        translations = self._lexicon.translations(rest, self._language)
        found |= {word for word in rest if self._means(word, translations.get(word, {}))}
        return found

    def akin(self, words: Iterable[str]) -> set[str]:
        """Return those of some English words that mean nearly what a Chinese word of the sentence means.

        Both have a translation in common that is the whole of a definition: "location" and 地方 through "place".
        """
        translations = self._lexicon.translations(list(words), "en")
        return {word for word, chinese in translations.items() if self._whole & self._meanings(_sole(chinese))}

    def _meanings(self, chinese: Iterable[str]) -> set[str]:
        glosses = self._lexicon.translations(list(chinese), "zh").values()
        return {gloss for one in glosses for gloss in _sole(one) if len(gloss) > _SHORTEST_GLOSS}

    @cached_property
    def _whole(self) -> set[str]:
        """English words that are the whole of a definition of one of its Chinese words."""
        return self._meanings(word for word in self.tokens if not word.isascii())

    def _stands(self, word: str) -> bool:
        if word in self.tokens or (not word.isascii() and word in self.folded):
            return True
        # A longer word may be shortened (指标体系 of 指标评估体系) or made of what stands there.
        return not word.isascii() and len(word) > 2 and _shortened(word).search(self.folded) is not None

    def _means(self, word: str, translations: dict[str, float]) -> bool:
        if self._language == "zh":
            mine = {gloss for gloss in _sole(translations) if len(gloss) > _SHORTEST_GLOSS}
            # The sentence may be Chinese or English.
            if mine & self._glosses or translations.keys() & self.tokens:
                return True
            return any(_begin_alike(gloss, word) for gloss in mine for word in self._english)
        if any(other in self.tokens or (len(other) > 1 and other in self.folded) for other in translations):
            return True
        return word in self._glosses or any(_begin_alike(word, gloss) for gloss in self._beginnings)


def _sole(translations: dict[str, float]) -> list[str]:
    """Return the translations that are the whole of a definition."""
    return [word for word, weight in translations.items() if weight == 1]


@lru_cache(maxsize=1024)
def _shortened(word: str) -> re.Pattern[str]:
    """Return what finds the characters of a word in order, with at most three of others before each."""
    return re.compile(f"[{HAN}]{{0,3}}".join(map(re.escape, word)))


def _begin_alike(a: str, b: str) -> bool:
    """Return whether two English stems are of one family: construct and construction, grow and growth."""
    shared = next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if shared == min(len(a), len(b)) and shared >= _COMMON_BEGINNING - 1:
        return True
    return shared >= max(_COMMON_BEGINNING, 0.7 * min(len(a), len(b)))


@lru_cache(maxsize=2048)
def wording(text: str, language: Language, lexicon: Lexicon) -> Wording:
    """Return the words of a sentence, or of a part of one, kept for the texts used last."""
    return Wording(text, language, lexicon)


_BETWEEN_ITEMS: dict[Language, re.Pattern[str]] = {
    "zh": re.compile("[、和与及]|以及"),
    "en": re.compile(r",\s*(?:and|or)\s+|,\s*|\s+(?:and|or|as well as)\s+"),
}
_BETWEEN_PARTS: dict[Language, re.Pattern[str]] = {"zh": re.compile("[、，,；;]"), "en": _BETWEEN_ITEMS["en"]}
_LONGEST_ITEM: dict[Language, int] = {"zh": 14, "en": 4}
"""Characters in Chinese, words in English, that an item of a list has at most; what is longer is a clause."""


def parts_of(clause: str, language: Language) -> list[str]:
    """Cut a clause where an item of a list, or another clause, may end."""
    return [part for part in _BETWEEN_PARTS[language].split(clause) if re.search(r"\w", part)]


def items_of(clause: str, language: Language) -> list[list[str]]:
    """Return the words of each item of the list in a clause; [] without a list.

    The first is left out, for what stands before the list cannot be told from it.

    Args:
        clause: A clause; lists are told by their separators.
        language: Its language.
    """
    parts = _BETWEEN_ITEMS[language].split(clause)
    if len(parts) < 2:
        return []
    inner = [part for part in parts[1:] if len(part if language == "zh" else part.split()) <= _LONGEST_ITEM[language]]
    return [words for part in inner if (words := words_of(part, language))]
