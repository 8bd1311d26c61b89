"""From how well a passage fits a question to the probability that the passage holds the answer.

The fit (`knowledge.ranking`) orders the passages of one search; it says nothing by itself, and the fits of a passage in
the question's language and of one in the other are not comparable. A logistic curve for each of the two (Platt, 1999)
turns them into probabilities that are. The curves come from `evals.retrieval.fit`; they are stored in an index
when it is made, with the data they were fitted on, because they belong to its embedding model.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from knowledge.shipped import shipped_for
from knowledge.types import Language

Crossing = Literal["same", "across"]


@dataclass(frozen=True, slots=True)
class Curve:
    """Log-odds = slope · fit + intercept; the slope is positive, so that a better fit never means less."""

    slope: float
    intercept: float

    def log_odds(self, fit: float) -> float:
        """Return the log-odds that a passage of this fit holds the answer."""
        return self.slope * fit + self.intercept


@dataclass(frozen=True, slots=True)
class Calibration:
    """The curves of an embedding model.

    Attributes:
        model: The embedding model.
        data: What the curves were fitted on.
        date: When, ISO 8601.
        curves: By whether question and passage are in one language.
    """

    model: str
    data: str
    date: str
    curves: dict[Crossing, Curve]

    def log_odds(self, question: Language, passage: Language, fit: float) -> float:
        """Return the log-odds that a passage holds the answer to a question that it fits so well."""
        return self.curves["same" if question == passage else "across"].log_odds(fit)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Read what `to_json` wrote.

        Raises:
            ValueError: It is something else.
        """
        try:
            stored = json.loads(text)
            curves: dict[Crossing, Curve] = {
                crossing: Curve(**stored["curves"][crossing]) for crossing in ("same", "across")
            }
            return cls(stored["model"], stored["data"], stored["date"], curves)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"no calibration: {error}") from error

    def to_json(self) -> str:
        """Return it as an index keeps it."""
        curves = {
            crossing: {"slope": curve.slope, "intercept": curve.intercept} for crossing, curve in self.curves.items()
        }
        stored = {"model": self.model, "data": self.data, "date": self.date, "curves": curves}
        return json.dumps(stored, ensure_ascii=False)


def calibration_of(model: str) -> Calibration:
    """Return the calibration that ships for an embedding model.

    For a model that was not measured it is that of the shipped one, whose name and data it keeps: the order of hits
    stays right, the probabilities are a guess.
    """
    own = shipped_for(model, "calibrations", ".json")
    chosen = own or files("knowledge").joinpath("calibrations", "multilingual-e5-small.json")
    return Calibration.from_json(chosen.read_text(encoding="utf-8"))


def probability(log_odds: float) -> float:
    """Return the probability of log-odds, 0 to 1."""
    return 1.0 / (1.0 + math.exp(-max(-500.0, min(500.0, log_odds))))


def log_odds(probability: float) -> float:
    """Return the log-odds of a probability, finite for 0 and 1 as well."""
    held = min(max(probability, 1e-12), 1 - 1e-12)
    return math.log(held / (1 - held))
