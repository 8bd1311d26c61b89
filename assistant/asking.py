"""Sentences that only say what a question asks, and answer nothing.

Pages made for search engines repeat what people type: “小米MIX4的处理器是什么就介绍到这里，希望能帮到大家”. Nothing
else fits the question as closely. Of the 5,751 sentences that hold the answer of a Chinese question of XQuAD, CMRC 2018
or DRCD one is taken for such a sentence. Chinese only: an English clause that begins with "who" or "when" more often
tells than asks.
"""

from __future__ import annotations

import re

from knowledge.lexical import query_tokens
from knowledge.types import Language

_CLAUSE = re.compile(r"[^，,；;。！!？?\n]+[，,；;。！!？?\n]*")
_ASKED = re.compile(r"[?？][”’」』\"')）]*\s*$")
_INTERROGATIVE = re.compile(r"什[么麼]|怎[么麼样樣]|如何|[为為]何|哪[个個些里裡儿兒年位家]|[谁誰]|多少")

SAYS_BACK = 0.6
"""Share of the question's words from which a clause with the question's interrogative asks it."""


def only_asks(text: str, question: str, language: Language) -> bool:
    """Return whether a sentence asks, as a heading does, or says back a Chinese question and nothing else about it.

    Args:
        text: The sentence.
        question: The question.
        language: The question's.
    """
    if _ASKED.search(text):
        return True
    interrogatives = set(_INTERROGATIVE.findall(question))
    if language != "zh" or not any(one in text for one in interrogatives):
        return False
    words = {word for word in query_tokens(question) if not _INTERROGATIVE.fullmatch(word)}
    asking: list[str] = []
    rest: list[str] = []
    for clause in _CLAUSE.findall(text):
        asks = any(one in clause for one in interrogatives) and not _ASKED.search(clause)
        held = len(words & set(query_tokens(clause)))
        (asking if asks and held >= SAYS_BACK * len(words) else rest).append(clause)
    return bool(asking) and not words & set(query_tokens("".join(rest)))
