"""A question of two parts, "… and who …?", taken apart, so that each part is decided by itself.

Only where both sides of the joint ask something: "深圳和福州是哪一年的试点" and "in which year and by whom" stay whole.
The second part may lean on the first ("and when was it founded?"); it is then understood as a follow-up to that.
"""

from __future__ import annotations

import re

from knowledge.types import Language

_ASKS = {
    "zh": re.compile(r"什么|谁|哪|多少|多大|多久|(?<![那这前后近])几(?![十百千万])|何|怎么|怎样|如何|吗"),
    "en": re.compile(r"\b(?:who|whose|what|when|where|which|why|how)\b", re.IGNORECASE),
}
_JOINT = {
    "zh": re.compile(
        r"[，,；;？?]\s*(?:以及|并且|而且|还有|同时|另外|和|且|又)?|(?:以及|并且|而且|还有|同时|另外|和|且)"
    ),
    "en": re.compile(
        r"[,;?]?\s+and\s+(?:also\s+)?"
        r"(?=(?:(?:in|at|on|by|from|for|of|to) )?(?:who|whose|what|when|where|which|why|how)\b)",
        re.IGNORECASE,
    ),
}
_SHORTEST: dict[Language, int] = {"zh": 5, "en": 12}
"""Characters of a part; less does not stand by itself."""


def parts_of(question: str, language: Language) -> tuple[str, ...]:
    """Return the parts of a question that ask something, in order.

    Args:
        question: The question.
        language: Its language.

    Returns:
        Two parts, each asking something; otherwise the whole question alone.
    """
    for joint in _JOINT[language].finditer(question):
        parts = question[: joint.start()].strip(), question[joint.end() :].strip()
        if all(_stands(part, language) for part in parts):
            return parts
    return (question,)


def _stands(part: str, language: Language) -> bool:
    return len(part) >= _SHORTEST[language] and bool(_ASKS[language].search(part))
