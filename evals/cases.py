"""Suites: cases read from JSONL files, and some of them selected.

A suite is a file with one JSON object a line; empty lines and lines that begin with ``#`` are skipped. Suites that ship
lie in ``evals/cases/``; any other ``.jsonl`` file can be named by its path. Every mistake in a file is reported with
the file and the line.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError

from evals.case import ANSWERABLE, KINDS, LANGUAGES, WORDINGS, BadCases, Case, HistoryMessage, Kind
from knowledge.types import Language

__all__ = [
    "ANSWERABLE",
    "CASES_FOLDER",
    "KINDS",
    "LANGUAGES",
    "WORDINGS",
    "BadCases",
    "Case",
    "Half",
    "HistoryMessage",
    "Kind",
    "Suite",
    "half_of",
    "load_suite",
    "select",
    "spread",
    "suite_names",
]

Item = TypeVar("Item")
Half = Literal["tuning", "test"]

CASES_FOLDER = Path(__file__).parent / "cases"
_FILES = {"heldout": "facts_heldout"}
_ENDINGS = (".wenju.jsonl", ".jsonl")


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of one file, or some of them.

    Attributes:
        name: E.g. ``"facts"``.
        path: The file.
        sha256: Checksum of the whole file, in hexadecimal.
        cases: In the order of the file.
        whole: False once `select` left cases out, other than those nobody has reviewed.
        broken: What is wrong with the lines that hold no case, a sentence with file and line each.
    """

    name: str
    path: Path
    sha256: str
    cases: tuple[Case, ...]
    whole: bool = True
    broken: tuple[str, ...] = ()


def suite_names(folder: Path = CASES_FOLDER) -> list[str]:
    """Return the names of the suites that ship."""
    by_stem = {stem: name for name, stem in _FILES.items()}
    return sorted(by_stem.get(path.stem, path.stem) for path in folder.glob("*.jsonl"))


def load_suite(name: str, folder: Path = CASES_FOLDER, *, tolerant: bool = False) -> Suite:
    """Read a suite.

    Args:
        name: The name of a suite that ships, or the path of a ``.jsonl`` file.
        folder: Where the suites that ship lie.
        tolerant: Put what is wrong into `Suite.broken` and go on with the other lines, if there is a case at all.

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
    cases, mistakes = _parse(content, path)
    if mistakes and not (tolerant and cases):
        raise mistakes[0]
    if not cases:
        raise BadCases(f"{path} holds no case.", hint="Put one JSON object a line into it.")
    broken = tuple(mistake.message for mistake in mistakes)
    return Suite(_name(name), path, hashlib.sha256(content).hexdigest(), cases, broken=broken)


def _name(name: str) -> str:
    """Return the name of a suite: of the file ``my.wenju.jsonl`` it is ``my``."""
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), "")
    return Path(name).name.removesuffix(ending) if ending else name


def _parse(content: bytes, path: Path) -> tuple[tuple[Case, ...], list[BadCases]]:
    """Return the cases of a file, and what is wrong with the lines that hold none."""
    cases: dict[str, tuple[int, Case]] = {}
    mistakes = []
    # Split the bytes at line feeds alone: str.splitlines also cuts at U+2028 and the like, which JSON strings may hold.
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip() or line.lstrip().startswith(b"#"):
            continue
        try:
            case = Case.model_validate_json(line)
        except ValidationError as error:
            mistakes.append(_mistake(f"{path}:{number}", error))
            continue
        if case.id in cases:
            said = f"{path}:{number}: the id {case.id!r} stands in line {cases[case.id][0]} already."
            mistakes.append(BadCases(said, hint="Give each case an id of its own."))
            continue
        cases[case.id] = (number, case)
    mistakes += _unfit_families(path, cases.values())
    return tuple(case for _, case in cases.values()), mistakes


def _mistake(place: str, error: ValidationError) -> BadCases:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    detail = f"{field}: {first['msg']}" if field else first["msg"]
    return BadCases(f"{place}: {detail}.", hint="Correct this line; the schema stands in docs/evals.md.")


def _unfit_families(path: Path, cases: Iterable[tuple[int, Case]]) -> list[BadCases]:
    """Return what is wrong with families whose cases only measure something together."""
    families: dict[str, list[tuple[int, Case]]] = defaultdict(list)
    for number, case in cases:
        if case.kind in ("cross_language", "consistency"):
            families[case.family].append((number, case))
    wrong = []
    for family, members in families.items():
        number, first = members[0]
        asked = [case.language for _, case in members]
        if first.kind == "cross_language" and set(asked) != set(LANGUAGES):
            said = f"{path}:{number}: the family {family!r} of kind cross_language is asked in one language only."
            wrong.append(BadCases(said, hint="Add the same question in the other language."))
        if first.kind == "consistency" and any(asked.count(language) < WORDINGS for language in set(asked)):
            said = f"{path}:{number}: the family {family!r} of kind consistency has fewer than {WORDINGS} wordings."
            wrong.append(BadCases(said, hint="Add the same question in other words, in each of its languages."))
    return wrong


def select(
    suite: Suite,
    *,
    language: Language | None = None,
    must_pass: bool = False,
    ids: Sequence[str] = (),
    limit: int | None = None,
    unreviewed: bool = False,
    half: Half | None = None,
) -> Suite:
    """Keep some cases of a suite, in its order.

    Args:
        suite: The suite.
        language: Keep the questions asked in this language.
        must_pass: Keep what any release must get right.
        ids: Keep the cases with these ids, or of these families.
        limit: Keep so many, spread evenly over what is left, so that a short run still meets every kind.
        unreviewed: Keep drafted cases that nobody has reviewed as well.
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
    reviewed = [case for case in suite.cases if case.reviewed or unreviewed]
    if not reviewed:
        raise BadCases(
            f"Nobody has reviewed a case of {suite.path} yet.",
            hint='Read them, take out "reviewed": false, or ask them as they are with --unreviewed.',
        )
    kept = [
        case
        for case in reviewed
        if (language is None or case.language == language)
        and (case.must_pass or not must_pass)
        and (not ids or case.id in ids or case.family in ids)
        and half in (None, half_of(case.family))
    ]
    kept = _with_earlier_turns(suite.cases, spread(kept, limit))
    if not kept:
        raise BadCases(f"No case of {suite.path} is left to ask.", hint="Ask for fewer conditions or a higher --limit.")
    return replace(suite, cases=tuple(kept), whole=suite.whole and len(kept) == len(reviewed))


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
