"""The questions whose answers are known: their schema, and suites of them read from JSONL files.

A suite is a file with one JSON object a line. Suites that ship lie in ``evals/cases/``; any other ``.jsonl`` file can
be named by its path. Every mistake in a file is reported with the file and the line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from assistant.errors import AssistantError
from assistant.types import Message, Reason
from knowledge.types import Language

Item = TypeVar("Item")

Kind = Literal["fact", "unanswerable", "false_premise", "dialogue"]
"""What a case tests.

``fact``: the documents answer it. ``dialogue``: the same, and the question needs its history. ``unanswerable``: the
documents do not answer it. ``false_premise``: the question asserts something the documents contradict.
"""

Half = Literal["tuning", "test"]

KINDS: tuple[Kind, ...] = ("fact", "dialogue", "unanswerable", "false_premise")
LANGUAGES: tuple[Language, ...] = ("zh", "en")

CASES_FOLDER = Path(__file__).parent / "cases"
_FILES = {"heldout": "facts_heldout"}

NonEmpty = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]


class BadCases(AssistantError):
    """A file of cases cannot be read, or names cannot be found in it."""


class HistoryMessage(BaseModel):
    """One earlier turn of a case's conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["user", "assistant"]
    text: NonEmpty


class Case(BaseModel):
    """One question and what is known of its answer.

    Attributes:
        id: Unique in its suite, e.g. ``"fact-001.zh"``.
        family: The same question in other languages or words has the same family.
        kind: What it tests, see `Kind`.
        language: Language the question is asked in, so the language of the answer.
        question: The words of the user.
        facts: All of the groups must be stated, each by any of its aliases.
        forbidden: Strings that make the answer wrong.
        gold: Exact substrings of the document that hold the answer.
        must_pass: Any release must get it right.
        note: For people who read the file.
        history: Earlier messages of the conversation, oldest first.
        dialogue: Name of the conversation that it is a turn of; what was said before are the turns before it in the
            file and the answers given to them.
        reason: Why it has to be refused, "" if any reason will do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: NonEmpty
    family: NonEmpty
    kind: Kind
    language: Language
    question: NonEmpty
    facts: tuple[Annotated[tuple[NonEmpty, ...], Field(min_length=1)], ...] = ()
    forbidden: tuple[NonEmpty, ...] = ()
    gold: tuple[NonEmpty, ...] = ()
    must_pass: bool = False
    note: str = ""
    history: tuple[HistoryMessage, ...] = ()
    dialogue: str = ""
    reason: Reason = ""

    @model_validator(mode="after")
    def _kind_fits(self) -> Self:
        if self.kind in ("fact", "dialogue") and not (self.facts and self.gold):
            raise ValueError(f"a case of kind {self.kind} needs facts and gold")
        if self.kind == "dialogue" and not (self.history or self.dialogue):
            raise ValueError("a case of kind dialogue needs a history")
        if self.reason and self.kind != "unanswerable":
            raise ValueError("only a case of kind unanswerable has a reason")
        if self.kind == "unanswerable" and (self.facts or self.gold):
            raise ValueError("a case of kind unanswerable has neither facts nor gold")
        return self

    @property
    def answerable(self) -> bool:
        """Whether the documents hold the answer."""
        return self.kind in ("fact", "dialogue")

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that change when what the case asks or expects changes (not with its note)."""
        later = {name for name in ("dialogue", "reason") if not getattr(self, name)}
        asked = self.model_dump_json(exclude={"note", "must_pass", *later})
        return hashlib.sha256(asked.encode()).hexdigest()[:8]

    def messages(self) -> tuple[Message, ...]:
        """Return the history as the assistant takes it."""
        return tuple(Message(role=message.role, text=message.text) for message in self.history)


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of one file, or some of them.

    Attributes:
        name: E.g. ``"facts"``.
        path: The file.
        sha256: Checksum of the whole file, in hexadecimal.
        cases: In the order of the file.
        whole: False once `select` left cases out.
    """

    name: str
    path: Path
    sha256: str
    cases: tuple[Case, ...]
    whole: bool = True


def suite_names(folder: Path = CASES_FOLDER) -> list[str]:
    """Return the names of the suites that ship."""
    by_stem = {stem: name for name, stem in _FILES.items()}
    return sorted(by_stem.get(path.stem, path.stem) for path in folder.glob("*.jsonl"))


def load_suite(name: str, folder: Path = CASES_FOLDER) -> Suite:
    """Read a suite.

    Args:
        name: The name of a suite that ships, or the path of a ``.jsonl`` file.
        folder: Where the suites that ship lie.

    Raises:
        BadCases: There is no such file, or a line of it is wrong; the message names the file and the line.
    """
    path = Path(name) if name.endswith(".jsonl") else folder / f"{_FILES.get(name, name)}.jsonl"
    try:
        content = path.read_bytes()
    except OSError as error:
        known = ", ".join(suite_names(folder)) or "none"
        raise BadCases(
            f"The suite {name!r} cannot be read: {error.strerror or error}.",
            hint=f"Name one of these suites ({known}) or the path of a .jsonl file.",
        ) from error
    suite_name = path.stem if name.endswith(".jsonl") else name
    return Suite(suite_name, path, hashlib.sha256(content).hexdigest(), _parse(content, path))


def _parse(content: bytes, path: Path) -> tuple[Case, ...]:
    cases: dict[str, tuple[int, Case]] = {}
    # Split the bytes at line feeds alone: str.splitlines also cuts at U+2028 and the like, which JSON strings may hold.
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            case = Case.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            detail = f"{place}: {first['msg']}" if place else first["msg"]
            raise BadCases(
                f"{path}:{number}: {detail}.", hint="Correct this line; the schema stands in docs/evals.md."
            ) from error
        if case.id in cases:
            raise BadCases(
                f"{path}:{number}: the id {case.id!r} stands in line {cases[case.id][0]} already.",
                hint="Give each case an id of its own.",
            )
        cases[case.id] = (number, case)
    if not cases:
        raise BadCases(f"{path} holds no case.", hint="Put one JSON object a line into it.")
    return tuple(case for _, case in cases.values())


def select(
    suite: Suite,
    *,
    language: Language | None = None,
    must_pass: bool = False,
    ids: Sequence[str] = (),
    limit: int | None = None,
    half: Half | None = None,
) -> Suite:
    """Keep some cases of a suite, in its order.

    Args:
        suite: The suite.
        language: Keep the questions asked in this language.
        must_pass: Keep what any release must get right.
        ids: Keep the cases with these ids, or of these families.
        limit: Keep so many, spread evenly over what is left, so that a short run still meets every kind.
        half: Keep the families of this half.

    A turn of a dialogue brings the turns before it.

    Raises:
        BadCases: An id is not in the suite, or nothing is left.
    """
    for wanted in ids:
        if not any(wanted in (case.id, case.family) for case in suite.cases):
            raise BadCases(
                f"No case or family {wanted!r} is in {suite.path}.", hint="Look its id up in the file and try again."
            )
    kept = [
        case
        for case in suite.cases
        if (language is None or case.language == language)
        and (case.must_pass or not must_pass)
        and (not ids or case.id in ids or case.family in ids)
        and half in (None, half_of(case.family))
    ]
    kept = _with_earlier_turns(suite.cases, spread(kept, limit))
    if not kept:
        raise BadCases(f"No case of {suite.path} is left to ask.", hint="Ask for fewer conditions or a higher --limit.")
    return replace(suite, cases=tuple(kept), whole=suite.whole and len(kept) == len(suite.cases))


def half_of(family: str) -> Half:
    """Return the half of a suite that a family belongs to: one is for tuning, the other says what tuning is worth."""
    return "tuning" if hashlib.sha256(family.encode()).digest()[0] % 2 else "test"


def _with_earlier_turns(cases: Sequence[Case], kept: list[Case]) -> list[Case]:
    """Add the turns that stand before the kept ones in their dialogues."""
    last = {case.dialogue: case.id for case in kept if case.dialogue}
    wanted, open_dialogues = {case.id for case in kept}, set(last)
    for case in cases:
        if case.dialogue in open_dialogues:
            wanted.add(case.id)
        if last.get(case.dialogue) == case.id:
            open_dialogues.discard(case.dialogue)
    return [case for case in cases if case.id in wanted]


def spread(items: list[Item], limit: int | None) -> list[Item]:
    """Return at most so many of the items, spread evenly over them; None for all."""
    if limit is None or limit >= len(items):
        return items
    return [items[at * len(items) // limit] for at in range(max(limit, 0))]
