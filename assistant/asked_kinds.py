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

_SEVERAL = re.compile(r"[各都][自是有为占达]|分别|哪[些几两二三四五六七八九十\d]|\brespectively\b")
_OPEN = re.compile(
    r"什么|哪|谁|怎|如何|何[时地人处以种故为]|为何|几|多[少大长高久]|是[否不]|有没有|[吗么呢]|能[否不]"
    r"|请|说|谈|讲|列[出举]|介绍|解释|概[括述]|总结|描述|分析|比较|评价|告诉|给出|[a-zA-Z]{2,} [a-zA-Z]{2,}"
)
"""What a question is put with, or an order in its place."""


def asks_for_one_thing(question: str) -> bool:
    """Return whether a question asks for one particular thing.

    That is one number, person, company, place or time, or what a Chinese phrase names without asking
    ("2022年全国棉花产量", "金鹰奖最佳男主角"). Of several ("规模和人数各是多少？") one may be there and the other not.
    """
    asked = fold_characters(question)
    if _SEVERAL.search(asked):
        return False
    return not _OPEN.search(asked) or any(kind.particular and kind.asked.search(asked) for kind in KINDS)


def missing_from_cited(question: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return what a question asks for and none of the sentences holds that an answer cites; as `missing_kinds`."""
    return tuple(_missing(question, texts, [kind for kind in KINDS if kind.cited]))


def missing_from_said(question: str, claims: Sequence[str]) -> tuple[str, ...]:
    """Return what a Chinese question asks for and none of the claims of its answer says; as `missing_kinds`."""
    return tuple(_missing(question, claims, [kind for kind in KINDS if kind.said]))


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
