"""Questions whose answers are marked in their passages, from public sets, as the training takes them.

- SQuAD's form (Rajpurkar et al., 2016): DRCD's test set (Shao et al., 2018; traditional Chinese, CC BY-SA 3.0) and
  CMRC 2018's trial set (Cui et al., 2019; CC BY-SA 4.0).
- SelQA's answer sentence selection (Jurczyk et al., 2016; English, Apache-2.0): its test and development sets.

None of them overlaps with the sets that retrieval is measured on (XQuAD-R, CMRC's and DRCD's development sets).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from knowledge.language import to_simplified
from knowledge.split import sentence_spans
from knowledge.types import Language

SENTENCES = 6
"""How many sentences of a passage, the right one and its neighbours, a question is set against."""

LONGEST: dict[Language, int] = {"zh": 220, "en": 500}
"""Characters of a sentence that are looked at."""

SIMPLIFIED = 0.6
"""Share of the Chinese examples that are rewritten in simplified characters, which most users write."""


@dataclass(frozen=True, slots=True)
class Example:
    """One question.

    Attributes:
        language: Of the question and its passage.
        question: The question.
        sentences: The sentences of its passage.
        gold: Position of the sentence that holds the answer.
    """

    language: Language
    question: str
    sentences: tuple[str, ...]
    gold: int


def read_squad(path: Path) -> Iterator[Example]:
    """Yield the questions of a file in SQuAD's form, in Chinese, on passages of two and more sentences."""
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for passage in article["paragraphs"]:
            yield from _of_passage(passage)


def _of_passage(passage: dict[str, Any]) -> Iterator[Example]:
    text = passage["context"]
    spans = sentence_spans(text)
    for asked in passage["qas"] if len(spans) > 1 else ():
        start = asked["answers"][0]["answer_start"]
        gold = next((at for at, span in enumerate(spans) if span.start <= start < span.end), None)
        if gold is not None:
            yield Example("zh", asked["question"], tuple(span.of(text) for span in spans), gold)


def read_selqa(path: Path) -> Iterator[Example]:
    """Yield the questions of a SelQA file of answer sentence selection, in English."""
    for row in json.loads(path.read_text(encoding="utf-8")):
        if len(row["candidates"]) > 1 and row["answers"]:
            yield Example("en", row["question"], tuple(row["candidates"]), row["answers"][0])


def shortened(example: Example, chance: random.Random) -> Example:
    """Keep the right sentence with some neighbours, and Chinese mostly in simplified characters."""
    first = max(0, min(example.gold - chance.randrange(SENTENCES), len(example.sentences) - SENTENCES))
    longest = LONGEST[example.language]
    kept = tuple(sentence[:longest] for sentence in example.sentences[first : first + SENTENCES])
    short = replace(example, sentences=kept, gold=example.gold - first)
    if example.language != "zh" or chance.random() >= SIMPLIFIED:
        return short
    return replace(
        short, question=to_simplified(short.question), sentences=tuple(to_simplified(one) for one in short.sentences)
    )
