"""The plain ways of telling whether a text supports a claim, that a checker has to beat. Higher is more supported."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from assistant.ground import Ground, squeezed
from evals.faithfulness.data import Item
from knowledge.coverage import rarity
from knowledge.lexical import content_tokens, index_tokens, query_tokens

if TYPE_CHECKING:
    from knowledge.embed import Embedder

SATURATION, LENGTH = 1.2, 0.75
"""BM25's k1 and b (Robertson and Zaragoza, 2009)."""


def word_overlap(item: Item, ground: Ground, embedder: Embedder) -> float:
    """Return the share of the claim's words that the text holds."""
    words = content_tokens(item.claim)
    held = frozenset().union(*ground.tokens)
    return sum(word in held for word in words) / len(words) if words else 0.0


def lexical_ranking(item: Item, ground: Ground, embedder: Embedder) -> float:
    """Rank the sentences by BM25 against the question; return how far the first that holds the answer is behind.

    Without a question the claim itself is searched: the best sentence's score, as a share of the highest there could
    be.
    """
    words = query_tokens(item.question or item.claim)
    scores = bm25(words, ground)
    if not item.question:
        found = sum(rarity(sum(word in own for own in ground.tokens), len(scores)) for word in words)
        return max(scores) / found if found else 0.0
    wanted = squeezed(item.claim)
    held = [score for score, sentence in zip(scores, ground.squeezed, strict=True) if wanted in sentence]
    return max(held, default=0.0) - max(scores)


def sentence_cosine(item: Item, ground: Ground, embedder: Embedder) -> float:
    """Return the best cosine of a sentence with the claim, with its question before it, as the model gives them."""
    text = f"{item.question} {item.claim}".strip()
    return float((ground.plain_vectors @ embedder.encode_query(text)).max())


BASELINES = {"word overlap": word_overlap, "lexical ranking": lexical_ranking, "sentence cosine": sentence_cosine}


def bm25(words: list[str], ground: Ground) -> list[float]:
    """Return the score of every sentence for some words; the sentences are the collection."""
    counts = [Counter(index_tokens(sentence)) for sentence in ground.sentences]
    lengths = [sum(own.values()) for own in counts]
    mean = max(1.0, math.fsum(lengths) / len(lengths))
    rare = {word: rarity(sum(word in own for own in counts), len(counts)) for word in words}
    return [
        math.fsum(
            rare[word] * own[word] * (SATURATION + 1) / (own[word] + SATURATION * (1 - LENGTH + LENGTH * length / mean))
            for word in words
        )
        for own, length in zip(counts, lengths, strict=True)
    ]
