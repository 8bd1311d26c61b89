"""Documents whose every sentence says in which version of which file it stands, so that a mixed answer shows itself.

A writer has a town of its own, with files that it always stores together: whoever reads sees all of them in one
version, or none. One file belongs to all writers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assistant.types import Answer
from knowledge.types import DocumentRecord

FILES = 3
"""Files of a town."""

LINES = 14
"""Lines of a file; more than one passage."""

SHARED = "共有"
"""The town of the file that every writer changes."""

FACT_FILE, FACT = "水塔.txt", "青石镇的水塔高37米，建于1956年，至今仍在供水。"
FACT_QUESTION, FACT_SAYS = "青石镇的水塔高多少米？", "37"
"""A document that is there all the time, and its question, which is therefore always answered alike."""

_TOWNS = ("白沙", "红河", "金桥", "南浦", "龙泉", "云台", "石门", "长乐")
_SAID = re.compile(r"(\w{2,3})市第(\d)号报告第(\d+)条（版本v(\d+)）")


@dataclass(frozen=True, slots=True)
class Line:
    """Which line of which version of which file a sentence says that it is."""

    town: str
    file: int
    version: int


def town_of(writer: int) -> str:
    """Return the town of a writer."""
    return _TOWNS[writer % len(_TOWNS)] + ("" if writer < len(_TOWNS) else chr(ord("甲") + writer // len(_TOWNS)))


def name_of(town: str, file: int) -> str:
    """Return the name of a file."""
    return f"{town}市 报告{file}.txt"


def text_of(town: str, file: int, version: int) -> str:
    """Return the text of a version of a file."""
    return "\n\n".join(
        f"{town}市第{file}号报告第{line}条（版本v{version}）："
        f"道路投资为{(version * 31 + line * 7 + file) % 9973}亿元，桥梁投资为{(version + line) % 89 + 1}亿元。"
        for line in range(1, LINES + 1)
    )


def question_of(town: str, file: int) -> str:
    """Return a question about a file."""
    return f"{town}市第{file}号报告第{LINES // 2}条的道路投资是多少？"


def mixed(said: Iterable[Line]) -> list[str]:
    """Return a sentence for each town whose files, and each file of all writers whose lines, are of two versions."""
    versions: dict[tuple[str, int], set[int]] = {}
    for line in said:
        key = (line.town, line.file if line.town == SHARED else 0)
        versions.setdefault(key, set()).add(line.version)
    return [f"{town} is there in the versions {sorted(seen)}." for (town, _), seen in versions.items() if len(seen) > 1]


def problems_of_answer(answer: Answer) -> tuple[list[Line], list[str]]:
    """Return what the passages of an answer say that they are, and what is wrong with them and with its citations."""
    lines: dict[str, list[Line]] = {}
    problems = []
    for passage in answer.passages:
        lines[passage.document_id] = said = _lines(passage.text)
        if said and _text(said[0])[passage.start : passage.end] != passage.text:
            problems.append(f"A passage of {said[0]} is not of its text.")
    for citation in answer.citations:
        said = lines.get(citation.document_id, [])
        if said and _text(said[0])[citation.start : citation.end] != citation.quote:
            problems.append(f"A citation of {said[0]} is not of its text.")
        if citation.document_id not in lines:
            problems.append(f"A citation is of {citation.document_id}, of which there is no passage.")
    every = [line for said in lines.values() for line in said]
    return every, problems + mixed(every)


def problems_of_documents(records: Iterable[DocumentRecord]) -> tuple[Mapping[tuple[str, int], int], list[str]]:
    """Return the version of each file that is stored, and what is wrong: half a document or town, or two versions."""
    versions: dict[tuple[str, int], int] = {}
    problems, every = [], []
    for record in records:
        said = _lines(record.text)
        if not said:
            continue
        first = said[0]
        every.append(first)
        if (first.town, first.file) in versions:
            problems.append(f"There are two versions of {name_of(first.town, first.file)}.")
        versions[first.town, first.file] = first.version
        if record.text != _text(first) or not record.passages:
            problems.append(f"{first} is half there.")
    for town in {town for town, _ in versions} - {SHARED}:
        if len([file for own, file in versions if own == town]) != FILES:
            problems.append(f"Of {town} only some files are there.")
    return versions, problems + mixed(every)


def _text(line: Line) -> str:
    """Return the text of the version that a line stands in."""
    return text_of(line.town, line.file, line.version)


def _lines(text: str) -> list[Line]:
    return [Line(town, int(file), int(version)) for town, file, _, version in _SAID.findall(text)]
