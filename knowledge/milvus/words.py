"""BM25 as an inner product of sparse vectors: what the passages hold of it, and what a question brings.

A passage's vector holds for each of its tokens how much it says of the passage (term frequency, saturated, against the
passage's length), a question's vector how rare each of its tokens is. Their inner product is the BM25 score of
Robertson and Zaragoza, *The Probabilistic Relevance Framework*, 2009, with the mean length of a passage held fixed: it
is written into the vectors, which do not change when passages are added. The tokens are those of `knowledge.lexical`,
so a cluster finds the Chinese and English words that the SQLite store finds.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence

K1, B = 1.2, 0.75
"""As in FTS5."""

MEAN_TOKENS = 200.0
"""The fixed mean length of a passage, in tokens."""

_NOTHING = {0: 1e-6}
"""The vector of a passage without tokens: no question has dimension 0, and Milvus wants at least one."""


def passage_weights(tokens: Sequence[str]) -> dict[int, float]:
    """Return the sparse vector of a passage."""
    norm = K1 * (1 - B + B * len(tokens) / MEAN_TOKENS)
    weights: dict[int, float] = {}
    for token, held in Counter(tokens).items():
        at = _dimension(token)
        weights[at] = weights.get(at, 0.0) + held * (K1 + 1) / (held + norm)
    return weights or _NOTHING


def question_weights(frequency: Mapping[str, int], passages: int) -> dict[int, float]:
    """Return the sparse vector of a question.

    Args:
        frequency: How many passages hold each of its tokens; what none holds is left out.
        passages: How many passages there are.
    """
    return {
        _dimension(token): math.log(1 + (max(passages, held) - held + 0.5) / (held + 0.5))
        for token, held in frequency.items()
        if held
    }


def _dimension(token: str) -> int:
    """Return a token's dimension, 1 to 2^32 - 3; two tokens share one about once in four billion pairs."""
    value = int.from_bytes(hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
    return 1 + value % (2**32 - 3)
