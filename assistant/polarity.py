"""Whether a claim turns what the evidence says into its opposite: denials, and words of direction and degree.

Denials are compared by their parity in the clauses that say the same: 难以满足 is one, "cannot meet" is one, "is not
difficult" is two, that is none. Words of direction come in pairs (``opposites.tsv``), Chinese and English together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.language import HAN
from knowledge.segmenter import cut

_DENYING = frozenset(
    "不 没 没有 没能 未 未能 未曾 尚未 并未 并不 并非 并没有 不能 不会 不是 不必 不要 不得 不可 不易 无法 无须 无需 "
    "难以 难度 难于 很难 困难 难点 缺乏 缺少 绝不 从不 毫无 不再".split()
)
"""Chinese words that deny. What is denied within a longer word (不平等, 无线, 不断) is no denial of the sentence."""

_CHINESE = re.compile(f"[{HAN}]")
_NO_DENIAL = re.compile(r"not only|no doubt|no longer than|not just|not least|nothing but|no\. ?\d", re.IGNORECASE)
_ENGLISH_DENIAL = re.compile(
    r"\b(?:not|cannot|can't|never|no|none|neither|nor|without|hardly|scarcely|barely|difficult\w*|hard to|"
    r"fail(?:s|ed)? to|lack(?:s|ed|ing)?|unable|insufficient|rather than|"
    r"un(?:clear|coordinat|able|obvious|apparent|likely|important|related|suitable)\w*)\b|\w+n['’]t\b",
    re.IGNORECASE,
)
_LEVELS = re.compile(
    "(?P<zh_where>[东西南北])(?P<zh_level>[高低强弱快慢])|"
    r"\b(?P<en_level>high|low|strong|weak)(?:er)?\b[^,.;]{0,24}?\b(?P<en_where>east|west|south|north)",
    re.IGNORECASE,
)
_SAME_LEVEL = {
    "东": "east", "西": "west", "南": "south", "北": "north", "高": "high", "低": "low", "强": "strong", "弱": "weak",
    "快": "fast", "慢": "slow",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opposition:
    """A pair of directions: what says one, and what says the other."""

    one: re.Pattern[str]
    other: re.Pattern[str]


@cache
def oppositions() -> tuple[Opposition, ...]:
    """Read the pairs of ``opposites.tsv``."""
    lines = Path(__file__).with_name("opposites.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return tuple(Opposition(_forms(zh, en), _forms(zh_other, en_other)) for zh, zh_other, en, en_other in rows)


def _forms(chinese: str, english: str) -> re.Pattern[str]:
    words = [
        rf"\b{form[:-1]}\b" if form.endswith("$") else rf"\b{form}\w*" for form in english.split("|")
    ]  # fmt: skip
    return re.compile("|".join([*chinese.split("|"), *words]), re.IGNORECASE)


def denials(text: str) -> int:
    """Return how many denials a text has; fixed words such as 不断 and "not only" are none."""
    chinese = sum(word in _DENYING for word in cut(text)) if _CHINESE.search(text) else 0
    return chinese + len(_ENGLISH_DENIAL.findall(_NO_DENIAL.sub("_", text)))


def parity(text: str) -> int:
    """Return 1 if a text denies, 0 if it states or denies twice."""
    return denials(text) % 2


def turned_words(part: str, near: Sequence[str], whole: str) -> list[str]:
    """Return the words of direction that the evidence has the other way round.

    Args:
        part: A part of the claim.
        near: The clauses of the evidence that say most of it.
        whole: The sentence they are from.
    """
    close = " ".join(near)
    found = []
    for pair in oppositions():
        for mine, theirs in ((pair.one, pair.other), (pair.other, pair.one)):
            said = mine.search(part)
            if not said:
                continue
            if theirs.search(part):
                # English words of direction are many, and the list has few of them: lacking one proves little.
                if _CHINESE.search(part) and theirs.search(whole) and not mine.search(whole):
                    found.append(said[0])
                elif mine is pair.one and _order(pair, close) not in (None, _order(pair, part)):
                    found.append(said[0])
            elif theirs.search(close) and not mine.search(close):
                found.append(said[0])
    if (there := levels(whole)) and levels(part) - there:
        found.append("level")
    return found


def lessening(part: str) -> dict[str, list[re.Pattern[str]]]:
    """Return the words in a part of a claim for less, worse, against or apart, each with what says the same.

    Evidence that has no such word at all supports no claim that has one; more, better and together, a writer adds
    easily without a change of sense.
    """
    found: dict[str, list[re.Pattern[str]]] = {}
    for pair in oppositions():
        for match in pair.other.finditer(part):
            found.setdefault(match[0], []).append(pair.other)
    return found


def _order(pair: Opposition, text: str) -> bool | None:
    """Return whether the one direction comes before the other; None if a text lacks one of them."""
    one, other = pair.one.search(text), pair.other.search(text)
    return one.start() < other.start() if one and other else None


def without_levels(text: str) -> str:
    """Return a text without what `levels` finds in it."""
    return _LEVELS.sub(" ", text)


def levels(text: str) -> set[tuple[str, str]]:
    """Return what a text says is high or low where: (east, high) for 东高 and "high in the east"."""
    found = set()
    for match in _LEVELS.finditer(text):
        where = match["zh_where"] or match["en_where"].lower()
        level = match["zh_level"] or match["en_level"].lower()
        found.add((_SAME_LEVEL.get(where, where), _SAME_LEVEL.get(level, level)))
    return found
