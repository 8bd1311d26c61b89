"""Which of many sentences hold the answer, by a reader that judges each of them alone.

Where a reader is unsure of what the search is sure of, more sentences are read (`assistant.few_sentences`), and the
search's order of them is worth little: of 24 questions on web pages for which one of the sentences held the answer it
was the search's first for 8. The one that a small model judges highest when it sees no other was it for 19.
"""

from __future__ import annotations

import math
from dataclasses import replace

from assistant.condense import Question
from assistant.few_sentences import choose, with_asked_kind
from assistant.read import Reader
from knowledge.retrieve import SearchResult, SentenceHit

MOST, BEHIND = 3, 2.0
"""How many of them an answer is written from, and how far in log-odds they may be behind the best.

The sentence that holds the answer was among the best three for 22 of those 24 questions.
"""


def best_alone(
    question: Question, result: SearchResult, reader: Reader, sentences: tuple[SentenceHit, ...]
) -> tuple[SearchResult, tuple[SentenceHit, ...]]:
    """Return the search in the reader's order, and the few sentences to write an answer from, best first.

    Their scores are then as far apart as the judgements.

    Args:
        question: The question.
        result: What the search found.
        reader: Whose judgements; a call for each sentence.
        sentences: Those to judge; all are returned as they are if the reader cannot tell of one.
    """
    told: dict[SentenceHit, float] = {}
    for sentence in sentences:
        judged = reader.judge(question.standalone, question.language, (sentence,))
        if judged is None:
            return result, sentences
        told[sentence] = judged
    best, most = max(sentence.score for sentence in sentences), max(told.values())
    lowest = best + min(told.values()) - most
    scored = [
        replace(one, score=best + told[one] - most if one in told else min(one.score, lowest))
        for one in result.sentences
    ]
    found = replace(result, sentences=tuple(sorted(scored, key=lambda one: -one.score)))
    few = choose(found, MOST, reader.budget, math.inf, within=BEHIND)
    return found, with_asked_kind(question.insists, few, found)
