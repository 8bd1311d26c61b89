"""Documents and questions of a bench: a benchmark's passages, each a document, and larger corpora made of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.bench.job import JobDocument
from evals.cases import spread
from evals.retrieval.data import RETRIEVAL, SAMPLE, PassageRow, directions, find_sets
from evals.retrieval.scale import PASSAGE_SIZE
from knowledge.language import detect_language
from knowledge.sentences import sentence_spans, text_size


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the document that answers it.

    Attributes:
        direction: E.g. ``"zh→en"``: the question's language, the documents' language.
    """

    direction: str
    text: str
    gold: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents that are indexed together and what is asked of them."""

    name: str
    documents: tuple[JobDocument, ...]
    questions: tuple[Asked, ...]


def read_corpora(data: Path | None, limit: int | None) -> tuple[Corpus, ...]:
    """Read the first benchmark set that there is: a corpus for each language, asked in every language.

    Args:
        data: Where it is (`find_sets`); None for the sample that ships.
        limit: At most so many questions a direction, spread evenly.

    Raises:
        BadData: A file is missing or wrong.
    """
    name, start = next(iter(find_sets(data or SAMPLE, RETRIEVAL).items()))
    asked: dict[str, list[Asked]] = {}
    passages: dict[str, tuple[PassageRow, ...]] = {}
    for one in directions(name, start):
        if one.passages_in != "both":
            passages[one.passages_in] = one.passages
            asked.setdefault(one.passages_in, []).extend(
                Asked(f"{one.questions_in}→{one.passages_in}", question.text, gold)
                for question, gold in spread(list(one.questions), limit)
            )
    return tuple(
        Corpus(
            f"{name} {language}", tuple(JobDocument(id=row.id, text=row.text) for row in pool), tuple(asked[language])
        )
        for language, pool in passages.items()
    )


def grown(corpora: Sequence[Corpus], size: int, questions: int) -> Corpus:
    """Return one corpus of so many documents: those of all corpora in turns, then made ones.

    A made document is some random sentences of one corpus, so it has words of a gold passage and no answer of its own:
    what is found in a grown corpus says nothing, how long it takes does.

    Args:
        corpora: What it is made of, one for each language.
        size: How many documents.
        questions: How many questions, spread evenly.
    """
    chance = random.Random(size)
    real = [document for turn in zip(*(one.documents for one in corpora), strict=False) for document in turn]
    sentences = [
        [span.of(document.text) for document in one.documents for span in sentence_spans(document.text)]
        for one in corpora
    ]
    made = []
    for number in range(max(0, size - len(real))):
        made.append(JobDocument(id=f"made-{number}", text=_made(sentences[number % len(sentences)], chance)))
    asked = [question for one in corpora for question in one.questions]
    return Corpus(f"{size} passages", (*real[:size], *made), tuple(spread(asked, questions)))


def _made(sentences: Sequence[str], chance: random.Random) -> str:
    chosen: list[str] = []
    while sum(map(text_size, chosen)) < PASSAGE_SIZE:
        chosen.append(chance.choice(sentences))
    return ("" if detect_language(chosen[0]) == "zh" else " ").join(chosen)
