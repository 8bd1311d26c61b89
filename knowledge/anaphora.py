"""Sentences that say "it" of what the sentence before them names.

By itself such a sentence is less like a question than it is about it: "It is the county seat of Duval County" does not
say Jacksonville. So it is put forward by a little (`SentenceWeights.pronoun`).
"""

from __future__ import annotations

import re

_PRONOUN = re.compile(
    r"[\"“'(]?(?:It|They|He|She|Its|His|Her|Their)\b"
    r"|[“\"「『]?(?:[他她它牠][们們]?(?![国國乡鄉人])|[该該]|其(?![中他它实實余餘次]))"
)


def opens_with_pronoun(sentence: str) -> bool:
    """Return whether a Chinese or English sentence opens with a pronoun for what was named before it."""
    return _PRONOUN.match(sentence) is not None
