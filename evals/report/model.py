"""The JSON report: its schema as pydantic models. ``schema.json`` beside this file is the same as JSON Schema.

Write it anew with ``python -m evals.report.model > evals/report/schema.json`` after a change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from evals.case import BadCases
from evals.comparison import Comparison, Verdict
from evals.gates import ExitCode, Gate
from evals.report.parts import CaseReport, FamilyMeasure, Group, JudgeAccuracy, Metric, Part
from evals.scorers import Reader

SCHEMA_VERSION: Final = 2
"""It changes when a field goes or changes its meaning, not when one is added."""


class SuiteReport(Part):
    """The run of one suite.

    Attributes:
        name: The suite.
        sha256: Checksum of its file.
        whole: False if cases were left out.
        broken: Lines that hold no case, a sentence each.
        exit_code: What this suite alone exits with.
        seconds: How long it took.
        groups: Cases by kind and language.
        metrics: Every scorer that applied.
        families: Measures over families.
        gates: The conditions.
        compared_with: What `comparison` compares with, e.g. ``"baseline none.json"``; "" without one.
        comparison: The run beside an earlier one, None without one.
        worse: Why it is worse than that, empty if it is not.
        changed: What besides the answers differs from the earlier run: prompts, model, settings.
        cases: In the order of the file.
    """

    name: str
    sha256: str
    whole: bool
    broken: list[str] = Field(default_factory=list)
    exit_code: ExitCode
    seconds: float
    groups: list[Group]
    metrics: list[Metric]
    families: list[FamilyMeasure]
    gates: list[Gate]
    compared_with: str = ""
    comparison: Comparison | None = None
    worse: list[str] = Field(default_factory=list)
    changed: list[str] = Field(default_factory=list)
    cases: list[CaseReport]

    def verdicts(self) -> dict[str, Verdict]:
        """Return what a comparison needs, by case id."""
        return {case.id: case.as_verdict() for case in self.cases}


class Report(Part):
    """A run over one or more suites.

    Attributes:
        schema_version: 2.
        exit_code: 0 good enough, 1 below a threshold or worse than before, 3 incomplete.
        model: Name of the reader.
        reader: Whether it copies or writes.
        started: ISO 8601 time in UTC.
        seconds: How long all of it took.
        repeat: How often each case was asked.
        settings: Those that change answers.
        code: Changes with the code and data that answers come from.
        prompts: Hash of each prompt file, by its path below ``prompts/``.
        machine: What it ran on.
        judge: The model judge's own balanced accuracy in each language, empty without a judge.
        suites: In the order they were named.
    """

    schema_version: Literal[2] = SCHEMA_VERSION
    exit_code: ExitCode
    model: str
    reader: Reader
    started: str
    seconds: float
    repeat: int = 1
    settings: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    code: str = ""
    prompts: dict[str, str] = Field(default_factory=dict)
    machine: dict[str, str] = Field(default_factory=dict)
    judge: list[JudgeAccuracy] = Field(default_factory=list)
    suites: list[SuiteReport]

    def suite(self, name: str) -> SuiteReport | None:
        """Return the suite of this name, or None."""
        return next((suite for suite in self.suites if suite.name == name), None)

    def cases(self) -> Iterator[CaseReport]:
        """Yield the cases of all suites."""
        for suite in self.suites:
            yield from suite.cases

    def to_json(self) -> str:
        """Return it as JSON, Chinese unescaped."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, allow_nan=False, indent=1)


def load_report(path: Path) -> Report:
    """Read a report.

    Raises:
        BadCases: The file cannot be read, is no report, or is one of another schema version.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadCases(
            f"The report {path} cannot be read: {error.strerror or error}.",
            hint="Write one with `wenju eval SUITE --out FILE`.",
        ) from error
    try:
        return Report.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        if place == "schema_version" and first["type"] == "literal_error":
            said = f"The report {path} has schema version {first['input']!r}; this Wenju reads {SCHEMA_VERSION}."
        else:
            said = f"The report {path} is wrong at {place or 'its start'}: {first['msg']}."
        raise BadCases(said, hint="Run the suite again with --out.") from error


if __name__ == "__main__":
    print(json.dumps(Report.model_json_schema(), ensure_ascii=False, indent=1))
