"""What a question presumes and the evidence puts otherwise, so that the evidence is quoted and nothing written.

A chat model repeats what a question presumes ("because they hold less than a tenth"). Two kinds of questions are
therefore answered in the documents' own words alone: those with an amount or a share where the evidence has another
one, and those for a cause where the evidence gives none.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant import quantities
from assistant.asked_kinds import missing_counted
from assistant.quantities import Quantity

_SHARE = frozenset({"percent", "fraction", "points", "multiple"})


def put_otherwise(question: str, unmet: Sequence[Quantity], texts: Sequence[str]) -> bool:
    """Return whether all that is unmet of a question are amounts and shares of which the evidence states others.

    Args:
        question: The question.
        unmet: Its quantities that the evidence does not state.
        texts: The evidence sentences.
    """
    asked = quantities.find_quantities(question)
    stated = [one for text in texts for one in quantities.find_quantities(text)]
    new = [one for one in stated if not any(quantities.equivalent(one, said) for said in asked)]
    return bool(unmet) and all(any(_alike(one, other) for other in new) for one in unmet)


def presumes_a_cause(question: str, texts: Sequence[str]) -> bool:
    """Return whether a question asks why and no evidence sentence gives a cause."""
    return any("(a cause)" in missing for missing in missing_counted(question, texts))


def _alike(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities measure the same kind of thing: both shares, or both money of one currency."""
    if one.kind == "money" == other.kind:
        return one.unit == other.unit
    return one.kind in _SHARE and other.kind in _SHARE
