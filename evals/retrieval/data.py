"""Benchmark sets of passages and questions, and the directions in which they are asked.

A set is two JSONL files, ``retrieval_NAME.passages.jsonl`` and ``retrieval_NAME.questions.jsonl``. They do not ship:
XQuAD-R, CMRC 2018 and DRCD are CC BY-SA and some megabytes; whoever measures names the folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.errors import AssistantError
from knowledge.types import Language

Written = Literal["zh", "zh-Hant", "en"]


class BadData(AssistantError):
    """A benchmark set cannot be read."""


class PassageRow(BaseModel):
    """One passage.

    Attributes:
        parallel_id: The same for a passage and its translation.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    lang: Written
    text: str
    parallel_id: str = ""

    @property
    def language(self) -> Language:
        """The language, whatever the characters it is written in."""
        return "en" if self.lang == "en" else "zh"


class QuestionRow(BaseModel):
    """One question and the passage that answers it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    lang: Written
    text: str
    passage_id: str
    parallel_passage_id: str = ""


class CitationRow(BaseModel):
    """One question with the sentences of its passage.

    Attributes:
        id: Ends in ``.`` and the language; what stands before is the same for the translation.
        gold_sentence: Position of the sentence that holds the answer.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    lang: Literal["zh", "en"]
    question: str
    sentences: tuple[str, ...]
    gold_sentence: int


Row = TypeVar("Row", PassageRow, QuestionRow, CitationRow)


@dataclass(frozen=True, slots=True)
class Direction:
    """Questions asked of a pool of passages.

    Attributes:
        name: E.g. ``"xquad en→zh"``.
        passages: The pool.
        questions: Pairs of a question and the id of its gold passage in the pool.
        absent: For each question a passage that counts as not there, "" for none.
    """

    name: str
    passages: tuple[PassageRow, ...]
    questions: tuple[tuple[QuestionRow, str], ...]
    absent: tuple[str, ...] = ()


def directions(folder: Path, name: str) -> list[Direction]:
    """Read a set and say in which directions it is asked.

    A set in one language is asked in it. A parallel one is asked within and across its languages, and with both in one
    pool: once for the passage in the question's language, once with that one taken away for its translation.

    Raises:
        BadData: A file is missing, or a line of it is wrong.
    """
    passages = rows(folder / f"retrieval_{name}.passages.jsonl", PassageRow)
    questions = rows(folder / f"retrieval_{name}.questions.jsonl", QuestionRow)
    written = list(dict.fromkeys(passage.lang for passage in passages))
    if len(written) == 1:
        asked = tuple((question, question.passage_id) for question in questions)
        return [Direction(f"{name} {written[0]}→{written[0]}", passages, asked)]
    found = [
        Direction(
            f"{name} {asked_in}→{held_in}",
            tuple(passage for passage in passages if passage.lang == held_in),
            tuple((q, f"{q.parallel_passage_id}.{held_in}") for q in questions if q.lang == asked_in),
        )
        for asked_in in written
        for held_in in written
    ]
    own = tuple((question, question.passage_id) for question in questions)
    other = {"zh": "en", "en": "zh"}
    across = tuple((q, f"{q.parallel_passage_id}.{other[q.lang]}") for q in questions)
    return [
        *found,
        Direction(f"{name} both, own language", passages, own),
        Direction(f"{name} both, other language", passages, across, tuple(q.passage_id for q in questions)),
    ]


def rows(path: Path, kind: type[Row]) -> tuple[Row, ...]:
    """Read a file of one object a line.

    Raises:
        BadData: The file is missing, or a line of it is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise BadData(
            f"{path} cannot be read: {error.strerror or error}.",
            hint="Name the folder of the benchmark files with --data; docs/evals.md says what they hold.",
        ) from error
    read = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                read.append(kind.model_validate_json(line))
            except ValidationError as error:
                raise BadData(f"{path}:{number}: {error.errors()[0]['msg']}.", hint="Correct this line.") from error
    if not read:
        raise BadData(f"{path} holds nothing.", hint="Fetch the file again.")
    return tuple(read)
