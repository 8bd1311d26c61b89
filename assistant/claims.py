"""A draft cut into claims: one for each sentence or list item, in the answer's language."""

from __future__ import annotations

import re

from assistant.cedict import cedict
from assistant.read import with_renderings
from knowledge.language import HAN
from knowledge.segmenter import cut
from knowledge.split import sentence_spans
from knowledge.types import Language

OFF_LANGUAGE = 0.3
"""Share of letters of the other language above which a claim is not in the answer's language."""

LATIN_RUN = 5
"""So many Latin words without one Han character are not Chinese."""

_MARKER = re.compile(r"\s*[\[【]\s*\d+(?:\s*[,，、]\s*\d+)*\s*[\]】]")
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}(?:[、)）]|\.(?!\d))|[（(]\d{1,2}[)）])\s*")
_EMPHASIS = re.compile(r"\*\*|__|`")
_LETTERS = re.compile(f"[{HAN}]|[A-Za-z]+")


def claims_of(draft: str, language: Language) -> list[str]:
    """Cut a draft into claims: one for each sentence or list item, without markers and bullets.

    Names that the model left in the other language are written in the answer's.
    """
    claims = []
    for span in sentence_spans(draft):
        claim = _EMPHASIS.sub("", _BULLET.sub("", _MARKER.sub("", span.of(draft)))).strip()
        if language == "en" and re.search(f"[{HAN}]", claim):
            claim = with_renderings(claim, language)
            # A word or two are glossed; a claim that is mostly Chinese is for quoting.
            if off_language(claim, language) <= OFF_LANGUAGE:
                claim = re.sub(f"[{HAN}]+", lambda run: f" {_glossed(run.group())} ", claim)
            claim = re.sub(r"\s*、\s*", ", ", claim)
            claim = re.sub(r"\s+(?=[,.;:!?)])|(?<=\() +|(?<= ) +", "", claim).strip()
        if re.search(r"\w", claim):
            claims.append(claim)
    return claims


def _glossed(run: str) -> str:
    """Translate what a model left in Chinese word by word; as it stands if the dictionary lacks a word."""
    glosses = [cedict().gloss(word) for word in cut(run)]
    return " ".join(glosses) if all(glosses) else run


def off_language(claim: str, language: Language) -> float:
    """Return the share of a claim's letters that are of the other language; Latin terms in Chinese are no fault."""
    letters = _LETTERS.findall(claim)
    han = sum(1 for letter in letters if not letter.isascii())
    if not letters:
        return 0.0
    # "IBM" or an e-mail address is a whole answer in Chinese too; a run of English words is not.
    return han / len(letters) if language == "en" else float(han == 0 and len(letters) >= LATIN_RUN)
