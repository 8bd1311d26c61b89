"""Where sentences end, in Chinese, in English and in text that mixes both and their punctuation.

Everything here returns offsets into the text it was given; nothing is ever searched for again. All of it is linear in
the length of the text. The rules:

- A line break ends a sentence.
- 。！？ end one, with the closing quotes and brackets behind them, unless a comma or a word like 的 goes on.
- ``!`` and ``?`` do so unless a letter follows at once (``Yahoo!``, ``/search?q=``) or the text goes on in lower case.
- An ellipsis ends one unless the text goes on in lower case or with a comma.
- ``.`` ends one only before a space, a Han character or the end, and never in decimals, versions, addresses, list
  numbers, initials and abbreviations (``Dr.``, ``e.g.``, ``No. 5``); ``U.S.`` and its like end one before a word that
  typically opens a sentence.
- Nothing inside 《 》 ends one.
- ；and ``;`` separate only in a sentence longer than `LONG_SENTENCE`, and not inside brackets or quotes.
"""

from __future__ import annotations

import re

from knowledge.language import HAN
from knowledge.types import Span

LONG_SENTENCE = 120
"""From this size on (see `text_size`) a semicolon separates."""

_SHORT_CLAUSE = 12
_TITLE_REACH = 60  # a 《 that is not closed within this many characters is a stray one

_LINE = re.compile(r"[^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_MARK = re.compile(r"[.．](?: [.．]){2,}|[。！？｡…!?.．]+|[\"《》]")
_WORD = re.compile(r"[^\W_]")
_NEXT = re.compile(r"\s*")
_HAN = re.compile(f"[{HAN}]")
_CLOSERS = frozenset("”’」』）)]】〕》〉}＂＇")
_CONTINUES = frozenset("，,、；;：:）)")
_CONTINUES_QUOTE = frozenset("的等之与和及")
_NUMBERING = re.compile(r"[（(]?(?:[0-9]{1,3}|[A-Za-z]|[ivxIVX]{1,4}|[一二三四五六七八九十]{1,3})")
_ABBREVIATION = re.compile(r"(?:[A-Za-z]+[.．])*[A-Za-z]+$")
_OPENING = re.compile(r"\s*([A-Za-z]*)")
_SEMICOLON = re.compile(r"[；;（）()“”「」『』]")

_BEFORE_NAMES = frozenset(
    "mr mrs ms dr prof gen col lt sgt capt sen rep gov hon rev st mt vs e.g i.e cf viz approx ca messrs".split()
)
_BEFORE_NUMBERS = frozenset("c no nos fig figs vol vols p pp ch chap sec sect art eq ref refs par para app tab".split())
_MAY_END = frozenset(
    "etc inc ltd co corp jr sr al est dept univ ed eds bros assn u.s u.k u.n e.u u.s.a d.c a.m p.m ph.d m.d b.a "
    "m.a b.sc m.sc jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun".split()
)
_OPENS_SENTENCE = frozenset(
    "the this that these those it its he she they we i you in on at a an but and or however if when while as for after "
    "before since there then so his her their our my by with from to what who where why how no not yes".split()
)


def text_size(text: str) -> float:
    """Return the length of `text` in Han characters: an ASCII character counts a third, any other one counts one."""
    ascii_characters = len(text.encode("ascii", "ignore"))
    return len(text) - ascii_characters + ascii_characters / 3


def sentence_spans(text: str) -> list[Span]:
    """Return where the sentences of `text` are.

    Args:
        text: Any text; line breaks end sentences.

    Returns:
        Spans in order, not overlapping, trimmed of whitespace; together they cover every character that is not space.
    """
    return [span for line in line_spans(text) for span in line_sentences(text, line)]


def line_spans(text: str) -> list[Span]:
    """Return where the lines of `text` are that hold something, trimmed of whitespace."""
    spans = (_trimmed(text, match.start(), match.end()) for match in _LINE.finditer(text))
    return [span for span in spans if span is not None]


def line_sentences(text: str, line: Span) -> list[Span]:
    """Return where the sentences of one line are (offsets into `text`)."""
    return [part for sentence in _Line(text, line).sentences() for part in _at_semicolons(text, sentence)]


def _trimmed(text: str, start: int, end: int) -> Span | None:
    """Return the span without whitespace at its ends, or None if nothing is left."""
    words = text[start:end]
    left = len(words) - len(words.lstrip())
    span = Span(start + left, start + len(words.rstrip()))
    return span if span.start < span.end else None


class _Line:
    """One walk through a line, from mark to mark."""

    def __init__(self, text: str, line: Span) -> None:
        self.text = text
        self.line_end = line.end
        self.start = line.start
        self.quotes = 0  # straight double quotes since the sentence began
        self.in_title = False

    def sentences(self) -> list[Span]:
        found: list[Span] = []
        first_word = self._first_word()
        position = self.start
        while mark := _MARK.search(self.text, position, self.line_end):
            position = mark.end()
            if mark[0] == '"':
                self.quotes += 1
            elif mark[0] in "《》":
                self.in_title = mark[0] == "《"
            elif first_word < mark.start() and not self._title_goes_on(position):
                end = self._past_closers(position)
                if self._is_end(mark, end):
                    found.append(Span(self.start, end))
                    space = _NEXT.match(self.text, end, self.line_end)
                    self.start = position = space.end() if space else end
                    self.quotes, self.in_title = 0, False
                    first_word = self._first_word()
        if self.start < self.line_end:
            if found and first_word == self.line_end:  # only marks are left: they belong to the sentence before
                found[-1] = Span(found[-1].start, self.line_end)
            else:
                found.append(Span(self.start, self.line_end))
        return found

    def _first_word(self) -> int:
        word = _WORD.search(self.text, self.start, self.line_end)
        return word.start() if word else self.line_end

    def _title_goes_on(self, position: int) -> bool:
        return self.in_title and self.text.find("》", position, min(position + _TITLE_REACH, self.line_end)) >= 0

    def _past_closers(self, position: int) -> int:
        """Return where the closing quotes and brackets behind a mark end."""
        open_quotes = self.quotes % 2
        while position < self.line_end:
            character = self.text[position]
            before_word = self.text[position + 1 : position + 2].isalnum()
            if character == '"' and (open_quotes or not before_word):
                open_quotes = 0
            elif character == "'" and not before_word:
                pass
            elif character not in _CLOSERS:
                break
            position += 1
        return position

    def _is_end(self, mark: re.Match[str], end: int) -> bool:
        """Return whether the sentence ends with this run of marks, whose closers reach to `end`."""
        if end >= self.line_end:
            return True
        before, after = self.text[mark.start() - 1], self.text[end]
        space = _NEXT.match(self.text, end, self.line_end)
        following = self.text[space.end()] if space else after
        closed = end > mark.end()
        if following in _CONTINUES or (closed and after in _CONTINUES_QUOTE):
            return False
        marks = mark[0]
        if any(character in "。！？｡" for character in marks):
            return True
        if following.islower():
            return False
        if not after.isspace() and not _HAN.match(after) and not _HAN.match(before) and after not in "“「『《（【":
            return False
        if len(marks) > 1 or marks in "!?…":
            return True
        return self._is_full_stop(mark.start(), following)

    def _is_full_stop(self, dot: int, following: str) -> bool:
        """Return whether a single dot that is followed by space or Han ends the sentence."""
        if dot - self.start <= 6 and _NUMBERING.fullmatch(self.text, self.start, dot):
            return False
        word = _ABBREVIATION.search(self.text[max(self.start, dot - 12) : dot])
        if word is None:
            return True
        name = word[0].lower().replace("．", ".")
        if name in _BEFORE_NAMES:
            return False
        if name in _BEFORE_NUMBERS:
            return not following.isdecimal()
        initial = len(name) == 1 and word[0].isupper()
        if initial or name in _MAY_END or ("." in name and all(len(part) == 1 for part in name.split("."))):
            opening = _OPENING.match(self.text, dot + 1, self.line_end)
            return opening is not None and opening[1].lower() in _OPENS_SENTENCE
        return True


def _at_semicolons(text: str, sentence: Span) -> list[Span]:
    """Cut a long sentence at the semicolons that stand outside brackets and quotes."""
    if sentence.end - sentence.start <= LONG_SENTENCE or text_size(sentence.of(text)) <= LONG_SENTENCE:
        return [sentence]
    parts: list[Span] = []
    start, depth = sentence.start, 0
    for mark in _SEMICOLON.finditer(text, sentence.start, sentence.end):
        if mark[0] in "（(“「『":
            depth += 1
        elif mark[0] in "）)”」』":
            depth = max(0, depth - 1)
        elif depth == 0 and mark.end() < sentence.end:
            following = text[mark.end()]
            separates = mark[0] == "；" or following.isspace() or _HAN.match(following)
            part = _trimmed(text, start, mark.end())
            if separates and part and text_size(part.of(text)) >= _SHORT_CLAUSE:
                parts.append(part)
                start = mark.end()
    rest = _trimmed(text, start, sentence.end)
    return [*parts, rest] if rest else parts
