"""How probably evidence supports a claim, 0 to 1: without a chat model, and with its judgement where there is one.

    ground = Ground(sentences, embedder)
    assess("1954年", ground, question="他哪年出生？").probability()

Logistic regression on the features of `assistant.support_features`, one curve for each kind of claim, with an intercept
for each language. Supported and other claims weigh alike in the fit, so 0.5 is the threshold, and the probability is
that of a claim of which nothing else is known. ``support.json`` holds the curves; `evals.faithfulness.fit` makes it and
says in it from what.

With a chat model, a second curve adds up these log-odds and the model's own (`Assessed.probability`): a small model's
"yes" is far too generous to be taken as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from assistant.ground import Ground, squeezed
from assistant.support_features import answer_features, phrase_features, statement_features, values
from knowledge.calibration import log_odds, probability
from knowledge.language import detect_language
from knowledge.types import Language

Kind = Literal["answer", "phrase", "statement"]

JUDGED = "-judged"
"""Behind the kind in the name of the curve that takes a chat model's judgement as well."""


@dataclass(frozen=True, slots=True)
class SupportCurve:
    """Log-odds = weights · features + the language's intercept.

    A language that was not measured has the intercept of the other.
    """

    weights: tuple[float, ...]
    intercepts: Mapping[Language, float]

    def log_odds(self, features: tuple[float, ...], language: Language) -> float:
        """Return the log-odds that a claim with these features is supported."""
        intercept = self.intercepts.get(language, next(iter(self.intercepts.values())))
        return intercept + sum(weight * value for weight, value in zip(self.weights, features, strict=True))


Curves = Mapping[str, SupportCurve]
"""By kind, with `JUDGED` behind it for those that take a judgement."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """A claim compared with its evidence.

    Attributes:
        kind: What it was taken for.
        language: Of its evidence; of an answer that of its question.
        features: In the order of the kind's class in `assistant.support_features`.
        stated: Of an answer that the evidence does not hold word by word the features as a phrase, else ().
    """

    kind: Kind
    language: Language
    features: tuple[float, ...]
    stated: tuple[float, ...] = ()

    def probability(self, curves: Curves | None = None, judged: float | None = None) -> float:
        """Return the probability that the evidence supports the claim.

        An answer has to stand in the right place and to be said at all; the probability of both is their product.

        Args:
            curves: Other curves than those that ship.
            judged: A chat model's log-odds of "yes" (`assistant.support_judge`), None without one; left out of account
                where no curve takes it.
        """
        curves = shipped_curves() if curves is None else curves
        own = curves[self.kind].log_odds(self.features, self.language)
        if self.stated:
            said = probability(curves["phrase"].log_odds(self.stated, self.language))
            own = log_odds(probability(own) * said)
        together = curves.get(f"{self.kind}{JUDGED}")
        if judged is not None and together is not None:
            own = together.log_odds((own, judged), self.language)
        return probability(own)


def assess(claim: str, ground: Ground, *, question: str = "", kind: Kind | None = None) -> Assessed:
    """Compare a claim with its evidence.

    Args:
        claim: An answer in some words, a phrase, or whole sentences.
        ground: The evidence.
        question: What is answered; needed for an answer, and left out of account otherwise.
        kind: What the claim is; by default an answer if there is a question, else a statement.

    Raises:
        ValueError: The claim has no words, or it is an answer without a question.
    """
    if not any(character.isalnum() for character in claim):
        raise ValueError("the claim has no words")
    kind = kind or ("answer" if question else "statement")
    if kind == "phrase":
        return Assessed(kind, ground.language, values(phrase_features(claim, ground)))
    if kind == "statement":
        return Assessed(kind, ground.language, values(statement_features(claim, ground)))
    if not question.strip():
        raise ValueError("an answer needs a question")
    asked_in = detect_language(question)
    features = values(answer_features(question, claim, ground, asked_in))
    verbatim = squeezed(claim) in ground.whole
    return Assessed(kind, asked_in, features, () if verbatim else values(phrase_features(claim, ground)))


def read_curves(stored: Mapping[str, Any]) -> Curves:
    """Return the curves of a file that `evals.faithfulness.fit` wrote."""
    return {
        name: SupportCurve(tuple(curve["weights"]), dict(curve["intercepts"]))
        for name, curve in stored["curves"].items()
    }


@cache
def shipped_curves() -> Curves:
    """Return the curves that ship."""
    return read_curves(json.loads(files("assistant").joinpath("support.json").read_text(encoding="utf-8")))
