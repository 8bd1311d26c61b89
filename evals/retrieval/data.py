"""Benchmark sets of passages and questions, and the directions in which they are asked.

A set is two JSONL files, ``retrieval_NAME.passages.jsonl`` and ``retrieval_NAME.questions.jsonl``; a set of sentences
is one, ``citation_NAME.jsonl``. A small sample of XQuAD-R ships (`SAMPLE`); the whole sets are some megabytes, and
whoever measures on them names where they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.errors import AssistantError
from knowledge.types import Language

Written = Literal["zh", "zh-Hant", "en"]
Pool = Literal["zh", "en", "both"]

SAMPLE = Path(__file__).parent / "sample"
"""The sets that ship: a few articles of XQuAD-R (CC BY-SA 4.0; see the README there)."""

RETRIEVAL, CITATION = "retrieval_", "citation_"
_PASSAGES, _QUESTIONS = ".passages.jsonl", ".questions.jsonl"
_HINT = "Name a folder of benchmark files, or their common beginning, with --data; docs/evals.md says what they hold."


class BadData(AssistantError):
    """A benchmark set cannot be read."""


class PassageRow(BaseModel):
    """One passage.

    Attributes:
        parallel_id: The same for a passage and its translation.
        doc: The article that it is taken from, "" if the set does not say.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    lang: Written
    text: str
    parallel_id: str = ""
    doc: str = ""

    @property
    def language(self) -> Language:
        """The language, whatever the characters it is written in."""
        return _language(self.lang)


class QuestionRow(BaseModel):
    """One question and the passage that answers it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    lang: Written
    text: str
    passage_id: str
    parallel_passage_id: str = ""

    @property
    def language(self) -> Language:
        """The language, whatever the characters it is written in."""
        return _language(self.lang)


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


Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Direction:
    """Questions of one language asked of a pool of passages.

    Attributes:
        set: Name of the benchmark set.
        questions_in: Language of the questions.
        passages_in: Languages of the pool.
        gold_in: Language of the passage that counts as right; the other one than `questions_in` only where the passage
            in the question's own language counts as not there.
        passages: The pool.
        questions: Pairs of a question and the id of its gold passage in the pool.
        absent: For each question a passage that counts as not there, "" for none.
    """

    set: str
    questions_in: Language
    passages_in: Pool
    gold_in: Language
    passages: tuple[PassageRow, ...]
    questions: tuple[tuple[QuestionRow, str], ...]
    absent: tuple[str, ...]

    @property
    def name(self) -> str:
        """E.g. ``"xquad en→zh"``, or ``"xquad en→both (gold zh)"``."""
        gold = f" (gold {self.gold_in})" if self.passages_in == "both" else ""
        return f"{self.set} {self.questions_in}→{self.passages_in}{gold}"


def find_sets(data: Path, kind: str, names: Collection[str] = ()) -> dict[str, Path]:
    """Find the benchmark sets of one kind.

    Args:
        data: A folder, or the beginning that the paths of a set's files have in common.
        kind: `RETRIEVAL` or `CITATION`.
        names: Only these.

    Returns:
        By name the beginning of the set's paths.

    Raises:
        BadData: There is none.
    """
    ending = _PASSAGES if kind == RETRIEVAL else ".jsonl"
    if data.is_dir():
        paths = sorted(data.glob(f"{kind}*{ending}"))
    else:
        paths = [path for path in (data.with_name(data.name.removesuffix(ending) + ending),) if path.is_file()]
    starts = [path.with_name(path.name.removesuffix(ending)) for path in paths]
    found = {start.name.removeprefix(kind): start for start in starts}
    missing = next((name for name in names if name not in found), None)
    if missing is not None or not found:
        raise BadData(f"There is no file {kind}{missing or '*'}{ending} at {data}.", hint=_HINT)
    return {name: start for name, start in found.items() if not names or name in names}


def directions(
    name: str, start: Path, *, questions: Language | None = None, passages: Pool | None = None
) -> list[Direction]:
    """Read a set and say in which directions it is asked.

    A set in one language is asked in it. A parallel one is asked within and across its languages, and with both in one
    pool: once for the passage in the question's language, once with that one taken away for its translation.

    Args:
        name: What to call it.
        start: The beginning of its paths.
        questions: Only questions of this language.
        passages: Only this pool.

    Raises:
        BadData: A file is missing, or a line of it is wrong, or nothing is left to ask.
    """
    pool = rows(start.with_name(start.name + _PASSAGES), PassageRow)
    asked = rows(start.with_name(start.name + _QUESTIONS), QuestionRow)
    found = [
        one
        for one in _directions(name, pool, asked)
        if questions in (None, one.questions_in) and passages in (None, one.passages_in)
    ]
    if not found:
        raise BadData(f"{start} has no such questions and passages.", hint="Leave --questions or --passages out.")
    return found


def _directions(name: str, pool: tuple[PassageRow, ...], questions: tuple[QuestionRow, ...]) -> Iterator[Direction]:
    held: dict[Language, tuple[PassageRow, ...]] = {
        language: tuple(passage for passage in pool if passage.language == language)
        for language in dict.fromkeys(passage.language for passage in pool)
    }
    # A set may ask of passages in the other language only; then its questions' own passages are not in the pool.
    translated = {(passage.parallel_id, passage.language): passage.id for passage in pool if passage.parallel_id}
    ids = {passage.id: passage.language for passage in pool}
    for language in dict.fromkeys(question.language for question in questions):
        own = tuple(question for question in questions if question.language == language)
        for gold_in, passages in held.items():
            gold = {
                question.id: question.passage_id
                if ids.get(question.passage_id) == gold_in
                else translated.get((question.parallel_passage_id, gold_in), "")
                for question in own
            }
            pairs = tuple((question, gold[question.id]) for question in own if gold[question.id])
            if not pairs:
                continue
            nothing = ("",) * len(pairs)
            yield Direction(name, language, gold_in, gold_in, passages, pairs, nothing)
            if len(held) > 1:
                gone = nothing if gold_in == language else tuple(question.passage_id for question, _ in pairs)
                yield Direction(name, language, "both", gold_in, pool, pairs, gone)


def rows(path: Path, kind: type[Row], *, hint: str = _HINT) -> tuple[Row, ...]:
    """Read a file of one object a line.

    Args:
        path: The file.
        kind: What each line is.
        hint: What to do if it cannot be read.

    Raises:
        BadData: The file is missing, or a line of it is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadData(f"{path} cannot be read: {reason}.", hint=hint) from error
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


def _language(written: Written) -> Language:
    return "en" if written == "en" else "zh"
