"""Whether a sentence that says how many things there are also names as many: "the two concerns are A and B"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from assistant.quantities import Quantity, equivalent

_LIST_BEGINS = re.compile(
    r"[.。!！?？:：]|\b(?:is|are|was|were|include[sd]?|including|namely|such as|between|of|as)\b|是|为|有|包括|分别|即",
    re.IGNORECASE,
)
_COMMAS = "、,，;；"
_ADVERBIAL = re.compile(r"^\s*(?:(?:in|by|at|on|since|during|according)\b[^,，]*|在[^,，]*)[,，]", re.IGNORECASE)
_BETWEEN = re.compile(
    rf"\s*[{_COMMAS}]\s*(?:(?:and|or)\b|以及|和|与|及|或)?\s*|\s+(?:and|or|&|as well as)\s+|以及|和|与|及|或",
    re.IGNORECASE,
)


def borne_out(count: Quantity, claim: str) -> bool:
    """Return whether a claim lists as many things as it says there are, so that its reader can check the number.

    Args:
        count: A count that stands in the claim.
        claim: The claim.
    """
    return count.role == "count" and any(count.value == number for number in _listed(claim))


def said_back(count: Quantity, claim: str, asked: Sequence[Quantity]) -> bool:
    """Return whether a count stands in the question already and the claim bears it out: no evidence need state it.

    Args:
        count: A count that stands in the claim.
        claim: The claim.
        asked: The quantities of the question.
    """
    return borne_out(count, claim) and any(equivalent(count, other) for other in asked)


def _listed(claim: str) -> set[int]:
    """Return the lengths of all lists in a text: items with commas between them and a last one after "and" or a comma.

    A text can be read as several lists (``A和B的X、Y和Z`` holds A and B as well as B的X, Y and Z); each counts.
    """
    begins = [0, *(found.end() for found in _LIST_BEGINS.finditer(claim)), len(claim)]
    lengths = set()
    for start, end in pairwise(begins):
        stretch = _ADVERBIAL.sub("", claim[start:end])
        commas = [found.group().strip()[:1] in _COMMAS for found in _BETWEEN.finditer(stretch)]
        items = _BETWEEN.split(stretch)
        for first in range(len(commas)):
            if first and commas[first - 1]:
                continue
            last = next((at for at in range(first, len(commas)) if not commas[at]), len(commas) - 1)
            if all(item.strip() for item in items[first : last + 2]):
                lengths.add(last - first + 2)
    return lengths
