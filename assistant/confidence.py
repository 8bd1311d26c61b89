"""How sure we are that evidence holds the answer: features of a search, and the curves that make a probability of them.

The curves are logistic regressions whose weights are never negative: more evidence never makes us less sure. There is
one for each language of questions and direction, with and without a reader that judges. `evals.fit_confidence` fits
them and writes beside them what they were fitted on and how refusals trade against false refusals.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

from assistant.asked_kinds import missing_counted
from knowledge.calibration import log_odds, probability
from knowledge.lexical import index_tokens
from knowledge.retrieve import SearchResult, SentenceHit
from knowledge.types import Language

FEATURES = ("cosine", "late", "coverage", "passage_score", "sentence", "dense", "kinds")
"""What `evidence_features` returns, in this order; `confidence` says what each is."""

DENIED = -0.5
"""Log-odds below which the reader's judgement is a plain no, whatever the features say.

Evidence that fits a question closely fits its false premise as closely ("why did the industry shrink?").
"""

ONE_THING_DENIED: Mapping[str, float] = {"zh-same": 0.75}
"""The same for a question that asks for one particular thing, by language and direction.

A sentence that tells it is judged surely there, and the number or the person of another sentence is what a small model
reads out.
"""

REJECTED_DENIED: Mapping[str, float] = {"zh-same": 1.2}
"""The same once the check has found no support for anything that the reader wrote, by language and direction.

What is quoted then is what a small model made nothing of. Of 6 such Chinese questions on web pages that were judged
below this one had its answer there, of 11 above 6.
"""

INVENTED_DENIED: Mapping[str, float] = {"zh-same": 2.0}
"""The same where the evidence does not even hold the words of what the reader wrote, whatever is asked for.

A model that finds an answer copies it; one that finds none makes one up.
"""


def confidence(
    result: SearchResult, sentences: Sequence[SentenceHit], judged: float | None, *, one_thing: bool = False
) -> float:
    """Return the calibrated probability that evidence holds the answer, 0 to 1.

    The features are

    - ``cosine`` and ``late``: of the best evidence sentence, a cosine and late interaction with the question;
    - ``coverage``: the share of the question that the sentences hold together;
    - ``passage_score``: log-odds of the best passage;
    - ``sentence`` and ``dense``: cosines of the best passage's best sentence and of that passage as a whole;
    - ``kinds``: minus how many things the question asks for that are said in many ways, and none is found
      (`assistant.asked_kinds`): a cause, the most of something;
    - the reader's log-odds, if it judges.

    Args:
        result: What the search found; not empty.
        sentences: The evidence.
        judged: The reader's log-odds, or None if it does not judge.
        one_thing: Whether one particular thing is asked for (`assistant.asked_kinds.asks_for_one_thing`).
    """
    way = way_of(result.query.language, result)
    if judged is not None and judged < (ONE_THING_DENIED.get(way, DENIED) if one_thing else DENIED):
        return 0.0
    features = evidence_features(result, sentences)
    reader = "judged" if judged is not None else "alone"
    curve = _curves()[f"{way}-{reader}"]
    if judged is not None:
        features.append(judged)
    total = curve["intercept"][0] + sum(w * x for w, x in zip(curve["weights"], features, strict=True))
    return probability(total)


def doubted(result: SearchResult, judged: float | None, *, one_thing: bool, invented: bool) -> bool:
    """Return whether a judgement is too unsure to quote anything where nothing stands that the reader wrote.

    Args:
        result: What the search found; not empty.
        judged: The reader's log-odds, or None if it does not judge.
        one_thing: Whether one particular thing is asked for.
        invented: Whether the evidence does not hold the words of what it wrote.
    """
    way = way_of(result.query.language, result)
    limit = max(
        INVENTED_DENIED.get(way, DENIED) if invented else DENIED,
        REJECTED_DENIED.get(way, DENIED) if one_thing else DENIED,
    )
    return judged is not None and judged < limit


def way_of(language: Language, result: SearchResult) -> str:
    """Return the language of a question and the direction of its search, as limits and curves are named: zh-same."""
    return f"{language}-{direction(result)}"


def direction(result: SearchResult) -> Literal["same", "across"]:
    """Return whether the best passage is in the question's language."""
    return "same" if result.hits[0].passage.language == result.query.language else "across"


def evidence_features(result: SearchResult, sentences: Sequence[SentenceHit]) -> list[float]:
    """Return `FEATURES`: what the confidence rests on besides the reader's judgement."""
    texts = [sentence.text for sentence in sentences]
    together = set().union(*(sentence.tokens or index_tokens(sentence.text) for sentence in sentences))
    passage = result.features[0]
    return [
        max(sentence.cosine for sentence in sentences),
        max(sentence.late for sentence in sentences),
        result.query.coverage(together, result.hits[0].passage.language),
        log_odds(result.hits[0].score),
        passage.sentence,
        passage.dense,
        -float(len(missing_counted(result.query.text, texts))),
    ]


@cache
def _curves() -> dict[str, dict[str, list[float]]]:
    """Load the calibration; `evals.fit_confidence` makes it and says in it from what."""
    stored = json.loads(files("assistant").joinpath("calibration.json").read_text(encoding="utf-8"))
    curves: dict[str, dict[str, list[float]]] = stored["curves"]
    return curves
