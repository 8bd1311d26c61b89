"""Benchmark sets of claims beside the texts they should rest on, and the single claims that are scored.

A set is one file, ``faithfulness_NAME.jsonl``. What is in its rows decides what is scored: their keywords (kind
``phrase``) if they have any; their answers, against human votes (``statement``), if they were voted on; else their
answers against their labels (``answer`` where there is a question, else ``statement``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from assistant.support import Kind
from evals.cases import spread
from evals.retrieval.data import find_sets, rows
from knowledge.types import Language

KIND = "faithfulness_"
SAMPLE = Path(__file__).parent / "sample"
"""The set that ships: some rows of the swapped answers on XQuAD-R (CC BY-SA 4.0; see the README there)."""

FOLDS = 5


class Keyword(BaseModel):
    """Some words of a claim, and whether the text supports them."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    keyword: str
    supported: bool


class FaithfulnessRow(BaseModel):
    """One claim and the texts it should rest on."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    lang: Language
    question: str | None = None
    context: tuple[str, ...]
    claim_or_answer: str
    label: Literal["supported", "partial", "unsupported"]
    keywords: tuple[Keyword, ...] = ()
    faithfulness_mean: float | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One claim to score.

    Attributes:
        id: Of its row; with the number of the keyword behind it where keywords are scored.
        kind: What it is scored as.
        language: Its language.
        group: What it shares with the other claims on the same text.
        question: What it answers, "" if nothing.
        claim: The claim.
        context: The texts.
        supported: What the set says.
        votes: Mean of the human votes, None if the set has none.
    """

    id: str
    kind: Kind
    language: Language
    group: str
    question: str
    claim: str
    context: tuple[str, ...]
    supported: bool
    votes: float | None = None

    @property
    def fold(self) -> int:
        """Which of the `FOLDS` parts it belongs to; claims on the same text are in the same one."""
        return int(self.group, 16) % FOLDS


def read_items(
    data: Path | None, *, names: Sequence[str] = (), limit: int | None = None
) -> Iterator[tuple[str, list[Item]]]:
    """Yield the sets by name with what is to be scored.

    Args:
        data: A folder, the beginning of a set's path, or None for the sample that ships.
        names: Only these sets.
        limit: At most so many claims a set, spread evenly.

    Raises:
        BadData: A file is missing or wrong.
    """
    for name, start in find_sets(data or SAMPLE, KIND, names).items():
        read = rows(start.with_name(start.name + ".jsonl"), FaithfulnessRow)
        yield name, spread(list(items_of(read)), limit)


def items_of(read: Sequence[FaithfulnessRow]) -> Iterator[Item]:
    """Yield the claims of a set's rows."""
    by_keyword = any(row.keywords for row in read)
    by_votes = any(row.faithfulness_mean is not None for row in read)
    for row in read:
        group = hashlib.sha256("".join(row.context[:1]).encode()).hexdigest()[:16]
        question = row.question or ""
        if by_keyword:
            for at, one in enumerate(row.keywords):
                yield Item(f"{row.id}#{at}", "phrase", row.lang, group, "", one.keyword, row.context, one.supported)
            continue
        kind: Kind = "statement" if by_votes or not question.strip() else "answer"
        supported = row.label == "supported"
        yield Item(
            row.id, kind, row.lang, group, question, row.claim_or_answer, row.context, supported, row.faithfulness_mean
        )
