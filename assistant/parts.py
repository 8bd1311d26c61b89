"""A question of two parts, "… and who …?", taken apart, so that each part is decided by itself.

Only where both sides of the joint ask something: "深圳和福州是哪一年的试点" and "in which year and by whom" stay whole.
"""

from __future__ import annotations

import re

from knowledge.types import Language

_ASKS = {
    "zh": re.compile(r"什么|谁|哪|多少|多大|多久|几|何|怎么|怎样|如何|吗"),
    "en": re.compile(r"\b(?:who|whose|what|when|where|which|why|how)\b", re.IGNORECASE),
}
_JOINT = {
    "zh": re.compile(r"[，,；;？?]?\s*(?:以及|并且|而且|还有|同时|另外|和|且)"),
    "en": re.compile(
        r"[,;?]?\s+and\s+(?:also\s+)?"
        r"(?=(?:(?:in|at|on|by|from|for|of|to) )?(?:who|whose|what|when|where|which|why|how)\b)",
        re.IGNORECASE,
    ),
}
_LEANS = re.compile(
    r"它|他|她|其(?!他)|这(?!篇)|那|该|\b(?:it|its|they|their|them|he|his|she|her|this|that|these|those)\b", re.I
)
_SHORTEST: dict[Language, int] = {"zh": 5, "en": 12}
"""Characters of a part; less does not stand by itself."""


def parts_of(question: str, language: Language) -> tuple[str, ...]:
    """Return the parts of a question that can be answered by themselves, in order.

    Args:
        question: The question.
        language: Its language.

    Returns:
        Two parts, each asking something and none pointing back to the other; otherwise the whole question alone.
    """
    for joint in _JOINT[language].finditer(question):
        parts = question[: joint.start()].strip(), question[joint.end() :].strip()
        if all(_stands(part, language) for part in parts) and not _LEANS.search(parts[1]):
            return parts
    return (question,)


def _stands(part: str, language: Language) -> bool:
    return len(part) >= _SHORTEST[language] and bool(_ASKS[language].search(part))
