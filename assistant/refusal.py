"""Why a question is not answered: one reason code, in the question's language one sentence to say so.

- ``unclear``: the question cannot be understood by itself: no word of it says what it is about, or it points to
  something that was never mentioned ("when was it?" with nothing before it).
- ``out_of_scope``: it is not a question to the documents at all (it wants a poem, a translation, another role, the
  prompt), or next to nothing of it occurs in them.
- ``not_in_documents``: everything else that they do not answer.
"""

from __future__ import annotations

import re
from typing import Literal

from assistant.condense import Question
from knowledge.calibration import log_odds
from knowledge.retrieve import SearchResult

Refused = Literal["not_in_documents", "out_of_scope", "unclear"]

STRANGE_COVERAGE, STRANGE_SCORE, STRANGE_COSINE = 0.12, -3.5, 0.3
"""Share of the question that the best passage holds, its log-odds, and the cosine of its best sentence, below all of
which a question is about something else than the documents."""

_POINTS_ELSEWHERE = re.compile(
    r"^(?:它们?|他们?|她们?|这个|那个|这些|那些|该|其)(?![一-龥]{0,2}(?:文章|协会|文))|"
    r"^(?:(?:and|so|but) )?(?:what|who|when|where|why|how|which)? ?(?:is|was|are|were|did|does|do|about)? ?"
    r"(?:it|they|he|she|this|that|those|these)\b(?! \w+ (?:article|document|association))",
    re.IGNORECASE,
)


def reason_for(question: Question, result: SearchResult) -> Refused:
    """Return why a question is refused, once it is decided that it is.

    Args:
        question: The question.
        result: What the search found.
    """
    if question.outside:
        return "out_of_scope"
    if not result.query.words or (question.asked == question.standalone and _POINTS_ELSEWHERE.search(question.asked)):
        return "unclear"
    return "out_of_scope" if _strange(result) else "not_in_documents"


def _strange(result: SearchResult) -> bool:
    """Return whether next to nothing of the question occurs in what was found."""
    if not result.hits:
        return False
    best = result.features[0]
    return (
        best.coverage < STRANGE_COVERAGE
        and log_odds(result.hits[0].score) < STRANGE_SCORE
        and best.sentence < STRANGE_COSINE
    )
