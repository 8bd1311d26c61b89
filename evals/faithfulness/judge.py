"""A chat model's judgement of an answer, given the few sentences that an assistant would give it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evals.faithfulness.data import Item

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.ground import Ground
    from evals.faithfulness.score import Judge

SENTENCES = 3
"""How many sentences that fit the question best the model is given, besides those that hold the answer."""


def judge_of(assistant: Assistant) -> Judge | None:
    """Return how an assistant's chat model judges a claim; None without a chat model.

    Only answers are judged. What the model is asked is one short question about another, which long statements and
    single keywords do not have.
    """
    from assistant.read import ChatReader

    reader = assistant.reader
    if not isinstance(reader, ChatReader):
        return None

    def judge(item: Item, ground: Ground) -> float | None:
        if item.kind != "answer":
            return None
        return reader.supports(item.claim, item.question, item.language, evidence_for(item, ground))

    return judge


def evidence_for(item: Item, ground: Ground) -> list[str]:
    """Return the sentences that fit the question best and those that hold the answer, best first."""
    vector, _ = ground.asked(item.question, item.language)
    order = [int(at) for at in np.argsort(-(ground.vectors @ vector), kind="stable")]
    held, _ = ground.spans(item.claim)
    chosen = {*order[:SENTENCES], *held}
    return [ground.sentences[at] for at in order if at in chosen]
