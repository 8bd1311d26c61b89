"""How sure we are that evidence holds the answer: features of a search, and the curves that make a probability of them.

The curves are logistic regressions whose weights are never negative: more evidence never makes us less sure. There is
one for each language of questions and direction, with and without a reader that judges. `evals.fit_confidence` fits
them and writes beside them what they were fitted on and how refusals trade against false refusals.
"""

from __future__ import annotations

import json
import math
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

ONE_THING_DENIED: Mapping[str, float] = {"zh-same": 0.0}
"""The same for a question that asks for one particular thing, by language and direction, before a draft is written."""

UNDATED_DENIED: Mapping[str, float] = {"zh-same": 0.75}
"""The same where the documents leave open of which year they tell; elsewhere such a question is refused."""

SURE: Mapping[str, float] = {"zh-same": 1.7}
"""Log-odds from which a judgement is sure: with the answer before it, a small model mostly judges above, else below."""

DRAFTED_DENIED: Mapping[str, float] = {"zh-same": 0.1}
"""The same once a draft is written: the sum of the judgement and the log-probability of the draft's least sure token.

A small model reads out the number or the person of another sentence where the right one is missing. It is less sure
then which one to write (`assistant.read.least_sure`); the judgement alone would have to be 0.75 to refuse as many.
"""

REJECTED_DENIED: Mapping[str, float] = {"zh-same": 0.9}
"""The same sum once the check has found no support for anything that the reader wrote, unless its judgement is sure.

What is quoted then is what a small model made nothing of.
"""

INVENTED_DENIED: Mapping[str, float] = {"zh-same": 1.5}
"""The same where the evidence does not even hold the words of what the reader wrote.

A model that finds an answer copies it; one that finds none makes one up.
"""

INVENTED_WORDS_DENIED: Mapping[str, float] = {"zh-same": 2.0}
"""The same where no one thing is asked for, for the judgement alone: a long draft has an unsure token somewhere."""

UNTOLD, LEAST = -0.5, -2.0
"""Log-probability of a least sure token that is not told, and the one below which lower ones count no more."""


def confidence(
    result: SearchResult,
    sentences: Sequence[SentenceHit],
    judged: float | None,
    *,
    one_thing: bool = False,
    undated: bool = False,
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
        undated: Whether the documents leave open of which year they tell (`assistant.undated`).
    """
    way = way_of(result.query.language, result)
    if undated and (judged is None or judged < UNDATED_DENIED.get(way, math.inf)):
        return 0.0
    if judged is not None and judged < (ONE_THING_DENIED.get(way, DENIED) if one_thing else DENIED):
        return 0.0
    features = evidence_features(result, sentences)
    reader = "judged" if judged is not None else "alone"
    curve = _curves()[f"{way}-{reader}"]
    if judged is not None:
        features.append(judged)
    total = curve["intercept"][0] + sum(w * x for w, x in zip(curve["weights"], features, strict=True))
    return probability(total)


Found = Literal["supported", "rejected", "invented"]
"""What the check has found of a draft: support for some of it, for none, or not even its words."""


def doubted(
    result: SearchResult, judged: float | None, least: float | None, *, one_thing: bool, found: Found = "supported"
) -> bool:
    """Return whether judgement and draft together are too unsure to say anything, or to quote where nothing stands.

    Args:
        result: What the search found; not empty.
        judged: The reader's log-odds, or None if it does not judge.
        least: Log-probability of the draft's least sure token, or None if the reader does not tell.
        one_thing: Whether one particular thing is asked for.
        found: What the check has found of the draft.
    """
    if judged is None:
        return False
    way = way_of(result.query.language, result)
    if not one_thing:
        return judged < (INVENTED_WORDS_DENIED.get(way, DENIED) if found == "invented" else DENIED)
    if found == "rejected" and judged >= SURE.get(way, math.inf):
        return False
    by_found = {"supported": DRAFTED_DENIED, "rejected": REJECTED_DENIED, "invented": INVENTED_DENIED}
    limit = by_found[found].get(way)
    return limit is not None and judged + max(UNTOLD if least is None else least, LEAST) < limit


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
