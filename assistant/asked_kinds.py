"""Kinds of thing that a question asks for: a share, a count, a day, a cause, the most of something.

A kind (`assistant.kind_table`) is a pattern of questions and a test of evidence, in both languages. Kinds that *decide*
have a form that any answer must have: without a number nothing says how many. The others are said in many ways ("the
pilots began in 2015" says which came first), so that they only count (`assistant.confidence`); but of those too most
must stand in what an answer cites in the end, where nothing else can hold them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.kind_table import KINDS, Kind
from assistant.name_text import fold_characters

_SEVERAL = re.compile(r"[各都][自是有为占达]|分别|\brespectively\b")


def asks_for_figure(question: str) -> bool:
    """Return whether a question asks for one number: a count, an amount, a share, a size, a length of time.

    Of several ("规模和人数各是多少？") one may be there and the other not.
    """
    asked = fold_characters(question)
    return not _SEVERAL.search(asked) and any(kind.figure and kind.asked.search(asked) for kind in KINDS)


def missing_from_cited(question: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return what a question asks for and none of the sentences holds that an answer cites; as `missing_kinds`."""
    return tuple(_missing(question, texts, [kind for kind in KINDS if kind.cited]))


def missing_of_sought(question: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return what a question asks for and a further sentence is read for, if none of some holds it."""
    return tuple(_missing(question, texts, [kind for kind in KINDS if kind.sought]))


def missing_kinds(question: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return what a question asks for that any answer must hold and none of some texts holds.

    Args:
        question: The question.
        texts: The evidence sentences.

    Returns:
        For each missing kind the words that ask for it and what they ask for: ``"多少人 (a count)"``.
    """
    return tuple(_missing(question, texts, [kind for kind in KINDS if kind.decides]))


def missing_counted(question: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return what makes an answer less likely where none of some texts holds it; as `missing_kinds`."""
    return tuple(_missing(question, texts, [kind for kind in KINDS if kind.counts]))


def _missing(question: str, texts: Sequence[str], kinds: Sequence[Kind]) -> Iterator[str]:
    asked = fold_characters(question)
    folded: list[str] = []
    for kind in kinds:
        found = kind.asked.search(asked)
        if not found:
            continue
        folded = folded or [fold_characters(text) for text in texts]
        if not any(kind.held(asked, text) for text in folded):
            yield f"{found.group()} ({kind.name})"
