"""From a document's text to the passages that are searched.

A passage is a run of whole sentences of one section, cut where a paragraph ends if that keeps at least half of what
fits, else where a sentence ends. A section begins with a heading; its heading lines belong to the text of the first
passage under them, so that they can be found, but not to its sentences, because a heading answers nothing. Every
character that is not space lies in exactly one passage, and every passage is a slice of the document.

Headings are Markdown ``#`` lines (outside code fences) and short lines of their own that end in no punctuation, such as
「数字城市建设面临的问题」: see `_plain_heading` and `_heading_lines`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from knowledge.language import HAN, detect_language
from knowledge.sentences import line_sentences, line_spans, sentence_spans, text_size
from knowledge.types import Passage, Span

__all__ = ["SPLITTER_VERSION", "sentence_spans", "split_passages", "text_size"]

SPLITTER_VERSION = 1
"""Changes whenever the same text would be cut differently; an index built with another version must be rebuilt."""

_LONGEST_HEADING = 30  # in Han characters, as `text_size` counts
_LONGEST_TIGHT_HEADING = 20  # without a blank line below, where it could be the first line of wrapped text
_MOST_HEADINGS_IN_A_ROW = 3  # more of them are a list or a poem

_MARKDOWN_HEADING = re.compile(r"#{1,6}[ \t]+(\S.*?)[ \t]*#*$")
_FENCE = re.compile(r"```|~~~")
_NUMBERING = re.compile(
    r"第[0-9一二三四五六七八九十百零〇]{1,5}[章节節篇部分编編回条條]*[：:、]?"
    r"|[（(]?[0-9一二三四五六七八九十]{1,3}[)）、.．]\s*|[0-9]{1,2}(?:\.[0-9]{1,2}){1,3}\s"
)
_NOT_HEADING = re.compile(r"[。！？!?；;：:…|\t]|://|  |^[-*+•·>\"“「]|[，,、.．”」』)）]$")
_DIGITS = re.compile(r"[0-9]+")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_LETTER = re.compile(r"[^\W\d_年月日]")
_HAN_FIRST = re.compile(f"[（(0-9]*[{HAN}]")
_SENTENCE_END = re.compile(r"[。！？!?.．…][”’」』）)\"']*$")
_CLAUSE_ENDS = "，,、；;：:"


@dataclass(slots=True)
class _Section:
    """A run of heading lines and the sentences under them."""

    heading: str = ""
    headings: list[Span] = field(default_factory=list)
    sentences: list[tuple[Span, bool]] = field(default_factory=list)
    """Each with whether its paragraph ends with it."""


def split_passages(text: str, document_id: str, *, target: int = 400) -> list[Passage]:
    """Cut a document into passages.

    Args:
        text: The document's whole text.
        document_id: Its id, which becomes part of each passage's id.
        target: How long a passage should be at most, in Chinese characters; English gets three times as many (see
            `text_size`). A last piece too short to stand alone may exceed it by half. A single sentence longer than
            twice the target is cut behind a comma, else at a space, else hard.

    Returns:
        Passages in order, never overlapping, each an exact slice of `text`.

    Raises:
        ValueError: The target is not positive.
    """
    if target < 1:
        raise ValueError(f"target is {target}; a passage needs at least one character.")
    return [passage for section in _sections(text, target) for passage in _passages(text, document_id, section, target)]


def _passages(text: str, document_id: str, section: _Section, target: int) -> Iterator[Passage]:
    first = section.headings[:1]
    for group in _pack(text, section.sentences, target) or [section.headings]:
        start = first.pop().start if first else group[0].start
        end = group[-1].end
        words = text[start:end]
        yield Passage(
            id=_content_id(document_id, start, end, words),
            document_id=document_id,
            start=start,
            end=end,
            text=words,
            heading=section.heading,
            language=detect_language(words),
            sentences=tuple(group),
        )


def _content_id(document_id: str, start: int, end: int, words: str) -> str:
    content = f"{document_id}\0{start}\0{end}\0{words}"
    return sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _sections(text: str, target: int) -> Iterator[_Section]:
    """Yield the sections, each with at least one heading or sentence."""
    lines = line_spans(text)
    headings = _heading_lines(text, lines)
    section = _Section()
    for index, line in enumerate(lines):
        if index in headings:
            if section.sentences:
                yield section
                section = _Section()
            section.heading = headings[index]
            section.headings.append(line)
            continue
        sentences = [part for span in line_sentences(text, line) for part in _at_clauses(text, span, target)]
        section.sentences.extend((sentence, sentence.end == line.end) for sentence in sentences)
    if section.sentences or section.headings:
        yield section


def _pack(text: str, sentences: list[tuple[Span, bool]], target: int) -> list[list[Span]]:
    """Group consecutive sentences into passages of at most `target` where sentences allow it."""
    groups: list[list[Span]] = []
    current: list[tuple[Span, bool, float]] = []
    filled = 0.0
    for sentence, ends_paragraph in sentences:
        size = text_size(sentence.of(text))
        if current and current[-1][0].end < sentence.start:
            size += 1 / 3  # the space between them
        while current and filled + size > target:
            count = _cut_after(current, filled)
            groups.append([span for span, _, _ in current[:count]])
            current = current[count:]
            filled = sum(weight for _, _, weight in current)
        current.append((sentence, ends_paragraph, size))
        filled += size
    rest = [span for span, _, _ in current]
    if groups and filled < target / 4 and _size(text, groups[-1]) + filled <= 1.5 * target:
        groups[-1].extend(rest)
    elif rest:
        groups.append(rest)
    return groups


def _cut_after(current: list[tuple[Span, bool, float]], filled: float) -> int:
    """Return how many sentences to close a passage with: up to the last paragraph end past half, else all."""
    left = filled
    for count in range(len(current), 0, -1):
        if left < filled / 2:
            break
        if current[count - 1][1]:
            return count
        left -= current[count - 1][2]
    return len(current)


def _size(text: str, group: list[Span]) -> float:
    return sum(text_size(span.of(text)) for span in group)


def _at_clauses(text: str, sentence: Span, target: int) -> list[Span]:
    """Cut a sentence longer than twice the target; return any other as it is."""
    length = sentence.end - sentence.start
    if length <= 2 * target or (size := text_size(sentence.of(text))) <= 2 * target:
        return [sentence]
    reach = max(1, int(target * length / size))  # characters of this sentence that fill the target
    parts: list[Span] = []
    start = sentence.start
    while sentence.end - start > reach:
        cut = _cut_at(text, start, start + reach)
        words = text[start:cut].rstrip()
        parts.append(Span(start, start + len(words)))
        start = cut
        while text[start].isspace():
            start += 1
    parts.append(Span(start, sentence.end))
    return parts


def _cut_at(text: str, start: int, limit: int) -> int:
    """Return where to cut before `limit`: behind a clause in the second half, else at a space, else hard."""
    half = start + (limit - start) // 2
    clause = max(text.rfind(mark, half, limit) for mark in _CLAUSE_ENDS) + 1
    if clause > half:
        return clause
    space = text.rfind(" ", half, limit)
    if space > half:
        return space
    while limit - 1 > half and (unicodedata.combining(text[limit]) or text[limit] in "\u200d\ufe0e\ufe0f"):
        limit -= 1
    return limit


def _heading_lines(text: str, lines: list[Span]) -> dict[int, str]:
    """Return the headings by the index of their line.

    A plain heading stands alone: what precedes it is a blank line or the end of a sentence, a blank line follows (a
    Chinese one may be tight if it is short and the line below twice as long), and a line of another kind comes after it
    and at most two others like it.
    """
    headings: dict[int, str] = {}
    run: list[int] = []
    fenced = False
    for index, line in enumerate(lines):
        words = line.of(text) if line.end - line.start <= 3 * _LONGEST_HEADING else ""
        if _FENCE.match(text, line.start):
            fenced = not fenced
        elif not fenced and (markdown := _MARKDOWN_HEADING.match(text, line.start, line.end)):
            headings[index] = markdown[1]
        elif (
            not fenced
            and words
            and _plain_heading(words)
            and _stands_alone(text, lines, index, after_heading=index - 1 in headings or index - 1 in run[-1:])
        ):
            run.append(index)
            continue
        if len(run) <= _MOST_HEADINGS_IN_A_ROW and index not in headings:
            headings.update((candidate, lines[candidate].of(text)) for candidate in run)
        run = []
    return headings


def _plain_heading(words: str) -> bool:
    """Return whether a line could be a heading by its words: short, no punctuation, no figures, not a list item."""
    numbering = _NUMBERING.match(words)
    rest = words[numbering.end() :] if numbering else words
    if text_size(words) > _LONGEST_HEADING or _NOT_HEADING.search(rest):
        return False
    figures = [figure for figure in _DIGITS.findall(rest) if not _YEAR.fullmatch(figure)]
    return not figures and len(_LETTER.findall(rest)) >= 2


def _stands_alone(text: str, lines: list[Span], index: int, *, after_heading: bool) -> bool:
    """Return whether the lines around a possible heading set it apart."""
    line = lines[index]
    if index + 1 == len(lines):
        return False
    if index and not after_heading and text.count("\n", lines[index - 1].end, line.start) < 2:
        previous = lines[index - 1]
        if not _SENTENCE_END.search(text[max(previous.end - 8, previous.start) : previous.end]):
            return False
    following = lines[index + 1]
    if text.count("\n", line.end, following.start) >= 2:
        return True
    tight = text_size(line.of(text)) <= _LONGEST_TIGHT_HEADING and _HAN_FIRST.match(line.of(text)) is not None
    return tight and following.end - following.start >= 2 * (line.end - line.start)
