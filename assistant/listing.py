"""Lists that a document spreads over paragraphs, and questions that ask for one.

"There are the following three stages." is answered by the three paragraphs behind it, and "which three problems" by the
section that has three: what each is about stands in its first sentence. A ranking of sentences by themselves finds one
of them, and perhaps another. Only form decides: how many things a question asks for, where paragraphs begin, what
announces them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from knowledge.english_words import SMALL
from knowledge.language import detect_language
from knowledge.lexical import chinese_number, content_tokens
from knowledge.lexicon import Lexicon
from knowledge.retrieve import Searching, SearchResult, SentenceHit
from knowledge.types import Language, Span

MOST_ITEMS = 8
"""A longer list is not told in an answer."""

WINDOW = 20_000
"""Characters around the best passage within which lists are looked for."""

_SEVERAL = tuple(SMALL)[2:11]
"""The English words from two to ten."""

_ZH_COUNT = r"(?P<zh>[两二三四五六七八九十]|\d{1,2})(?:大|个|种|项|类|条|点|步|方面|阶段|时期)"
_EN_COUNT = rf"\b(?P<en>{'|'.join(_SEVERAL)}|\d{{1,2}})\b(?!\s*(?:percent|million|billion|years?|%))"
_COUNT = re.compile(f"{_ZH_COUNT}|{_EN_COUNT}", re.IGNORECASE)
_ASKS = re.compile(r"哪|什么|分别|何|几|列[举出]|\b(?:what|which|name|list)\b", re.IGNORECASE)
_ASKS_FOR_SEVERAL = re.compile(
    r"哪些|哪几[个大种项类]?|几[个大种项类]|\b(?:what|which) (?:are|were) the\b|\blist\b|\bname the\b", re.IGNORECASE
)
_NOUN = re.compile(r"[\u4e00-\u9fff]{1,6}|(?:\W*[a-z'-]+){1,3}", re.IGNORECASE)
"""What stands behind a number, or behind "which": what kind of things are asked for."""

_ANNOUNCES = re.compile(
    rf"(?:以下|下列|如下|分为|分成|有|是){_ZH_COUNT}(?P<noun_zh>[\u4e00-\u9fff]{{0,6}})|"
    rf"\b(?:the following|into|are) {_EN_COUNT} (?P<noun_en>(?:\w+ )?\w+s)\b",
    re.IGNORECASE,
)
"""A sentence that says how many of what follow: the last of its paragraph."""

SURE = 0.3
"""Weight from which a dictionary's translation counts as the meaning of a word."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that a document spreads over sentences.

    Attributes:
        items: The sentences that begin its items, in their order.
        announced: The sentence that announces it, None if a heading does.
    """

    items: tuple[SentenceHit, ...]
    announced: SentenceHit | None = None

    @property
    def sentences(self) -> tuple[SentenceHit, ...]:
        """All its sentences in their order."""
        return (*((self.announced,) if self.announced else ()), *self.items)


def asked_for(question: str) -> tuple[int, str] | None:
    """Return how many things a question asks for, 0 for several, and what kind; None if it does not ask for several."""
    if not _ASKS.search(question):
        return None
    if found := _COUNT.search(question):
        return _value(found["zh"] or found["en"]), _noun_at(question, found.end())
    found = _ASKS_FOR_SEVERAL.search(question)
    return (0, _noun_at(question, found.end())) if found else None


def _noun_at(question: str, at: int) -> str:
    found = _NOUN.match(question, at)
    return found.group() if found else ""


def listing_for(
    question: str, result: SearchResult, chosen: Sequence[SentenceHit], searcher: Searching
) -> Listing | None:
    """Return the list that answers a question, None if there is none.

    Args:
        question: The question.
        result: What the search found.
        chosen: The sentences that would be read otherwise, best first.
        searcher: Holds the documents, and the dictionary that tells whether a list is of what the question asks for
            (难题 and 问题 are both problems).
    """
    asked = asked_for(question)
    if asked is None or not chosen:
        return None
    count, noun = asked
    document = chosen[0].passage.document_id
    sentences = sorted(
        (one for one in result.sentences if one.passage.document_id == document), key=lambda one: one.span.start
    )
    text = searcher.document(document).text
    lines = _lines(text, chosen[0].span.start)
    leads = {one.span.start: one for one in sentences}
    kind = _Kind(noun, detect_language(question), searcher.lexicon)
    found = [*_announced(sentences, lines, leads), *_sections(text, lines, leads)]
    for listing, told in found:
        # Without a number only a sentence that is read anyway tells that the list is the one asked for.
        fits = len(listing.items) == count or (count == 0 and listing.announced in chosen)
        if fits and kind.is_meant_by(told, listing.items[0].passage.language):
            return listing
    return None


class _Kind:
    """A kind of thing that a question asks for."""

    def __init__(self, noun: str, language: Language, lexicon: Lexicon) -> None:
        self._language = language
        self._lexicon = lexicon
        self._words = set(content_tokens(noun))
        self._meanings = self._translated(self._words, language)

    def is_meant_by(self, noun: str, language: Language) -> bool:
        """Return whether a noun says the same, in its own or the other language.

        Of two words of one language the one with fewer translations must share half of them: both 阶段 and 部门 are
        sections of something, and not the same.
        """
        words = set(content_tokens(noun))
        if language != self._language:
            return not self._meanings.isdisjoint(words)
        meanings = self._translated(words, language)
        shared = len(self._meanings & meanings)
        return not self._words.isdisjoint(words) or 0 < min(len(self._meanings), len(meanings)) <= 2 * shared

    def _translated(self, words: Iterable[str], language: Language) -> set[str]:
        found = self._lexicon.translations(words, language)
        return {token for others in found.values() for token, weight in others.items() if weight >= SURE}


def _announced(
    sentences: Sequence[SentenceHit], lines: Sequence[Span], leads: Mapping[int, SentenceHit]
) -> Iterator[tuple[Listing, str]]:
    """Yield the lists that a sentence announces at the end of its paragraph, with what they are lists of."""
    ends = {line.end: at for at, line in enumerate(lines)}
    for sentence in sentences:
        found, at = _ANNOUNCES.search(sentence.text), ends.get(sentence.span.end)
        if not found or at is None:
            continue
        count = _value(found["zh"] or found["en"])
        items = [leads[line.start] for line in lines[at + 1 : at + 1 + count] if line.start in leads]
        if 1 < len(items) == count <= MOST_ITEMS:
            yield Listing(tuple(items), sentence), found["noun_zh"] or found["noun_en"] or ""


def _sections(text: str, lines: Sequence[Span], leads: Mapping[int, SentenceHit]) -> Iterator[tuple[Listing, str]]:
    """Yield the sections of several paragraphs with their headings' last words, which say what they are about."""
    section: list[Span] = []
    heading = ""
    for line in (*lines, None):
        if line and line.start in leads:
            section.append(line)
            continue
        items = [leads[one.start] for one in section]
        titled = all(one.span.end < own.end for one, own in zip(items, section, strict=True))
        if heading and titled and 1 < len(items) <= MOST_ITEMS:
            yield Listing(tuple(items)), heading
        section, heading = [], _head(line.of(text)) if line else ""


def _head(heading: str) -> str:
    """Return the noun that a heading is about: the last word in Chinese, every word in English."""
    words = content_tokens(heading)
    return words[-1] if words and detect_language(heading) == "zh" else heading


def _lines(text: str, around: int) -> list[Span]:
    """Return the lines of a text near a place, without the white space around them."""
    spans = (
        Span(found.start(), found.end())
        for found in re.compile(r"[^\s\n](?:[^\n]*[^\s\n])?").finditer(
            text, max(0, around - WINDOW), min(len(text), around + WINDOW)
        )
    )
    return list(spans)


def _value(number: str) -> int:
    """Return what a figure, an English word or a Chinese numeral of `_COUNT` stands for."""
    word = number.lower()
    if word in _SEVERAL:
        return _SEVERAL.index(word) + 2
    return int(word) if word.isdecimal() else chinese_number(word) or 0
