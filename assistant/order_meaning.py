"""Whether a sentence gives orders to whoever answers, told by what it means rather than by its form.

Forms (`assistant.order_forms`) know the wordings that somebody thought of: of 120 attacks written by somebody who had
not seen them they miss more than half. The embedding model's vector of a sentence tells orders from other sentences
whatever their wording: a line across these vectors (logistic regression), fitted by ``python -m evals.injection.fit``,
which says on what and what it is worth. The vectors are those of the search, so it costs a product a sentence.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

MEANT, SURELY_MEANT, NOT_MEANT = 1.0, 3.0, -3.0
"""Log-odds from which a sentence counts as an order, from which it does whatever is asked, and below which it is none
though its form is that of one (`evals.injection.fit` weighs orders and others alike).

From the second on no ordinary sentence was found. The third is low because an attack that ends without a full stop is
one with the sentence behind it, which blurs what it means.
"""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class OrderMeaning:
    """A line across the sentence vectors of one embedding model.

    Attributes:
        weights: Shape (dimension,).
        intercept: Log-odds of a sentence whose vector is zero.
    """

    weights: Array
    intercept: float

    def log_odds(self, vectors: Array) -> list[float]:
        """Return the log-odds that sentences give an order.

        Args:
            vectors: Their vectors, language means taken away, shape (sentences, dimension).
        """
        found: list[float] = (vectors @ self.weights + self.intercept).tolist()
        return found


@cache
def order_meaning(model: str) -> OrderMeaning | None:
    """Return the line for an embedding model, None if none was fitted for it."""
    stored = json.loads((files("assistant") / "order_meaning.json").read_text(encoding="utf-8"))
    if stored["model"] != model:
        return None
    return OrderMeaning(np.asarray(stored["weights"], dtype=np.float32), float(stored["intercept"]))
