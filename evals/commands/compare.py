"""``wenju eval compare A.json B.json``: what changed from the first report to the second, and whether it is noise."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evals.report.model import Report


def compare_reports(args: argparse.Namespace) -> int:
    """Compare two reports; exit code 1 if the second is worse."""
    from evals.cases import BadCases
    from evals.commands.output import check_writable, write_report
    from evals.report.model import load_report

    if len(args.suite) != 3:
        raise BadCases(
            "`wenju eval compare` needs two reports.", hint="Say `wenju eval compare BEFORE.json AFTER.json`."
        )
    check_writable(args)
    then, now = (load_report(Path(name)) for name in args.suite[1:])
    compared = compared_report(now, then, args.suite[1])
    write_report(compared, args, then)
    return int(compared.exit_code)


def compared_report(now: Report, then: Report, name: str) -> Report:
    """Return a report with every suite compared with the same suite of an earlier one.

    Args:
        now: The report.
        then: The earlier one.
        name: What the earlier one is called.

    Raises:
        BadCases: They have no suite in common.
    """
    from evals.cases import BadCases
    from evals.comparison import compare
    from evals.gates import ExitCode, worst

    suites = []
    for suite in now.suites:
        before = then.suite(suite.name)
        if before is None:
            continue
        comparison = compare(list(suite.verdicts().values()), before.verdicts())
        incomplete = bool(suite.broken) or any(case.unscored for case in suite.cases)
        code = ExitCode.INCOMPLETE if incomplete else ExitCode.FAILED if comparison.worse else ExitCode.PASSED
        changes = {
            "comparison": comparison,
            "compared_with": name,
            "worse": comparison.reasons,
            "changed": changed_inputs(inputs_of(now), inputs_of(then)),
            "exit_code": code,
        }
        suites.append(suite.model_copy(update=changes))
    if not suites:
        raise BadCases("The two reports have no suite in common.", hint="Compare two runs of the same suite.")
    return now.model_copy(update={"suites": suites, "exit_code": worst(suite.exit_code for suite in suites)})


@dataclass(frozen=True, slots=True)
class Inputs:
    """What answers depend on besides questions and documents; None where it is not known.

    Attributes:
        model: Name of the reader.
        settings: Those that change answers.
        prompts: Hash of each prompt file.
        code: What `evals.provenance.code_version` gave.
    """

    model: str | None
    settings: Mapping[str, Any] | None
    prompts: Mapping[str, str] | None
    code: str | None


def inputs_of(report: Report) -> Inputs:
    """Return what a report's answers depend on."""
    return Inputs(report.model, report.settings, report.prompts, report.code)


def changed_inputs(now: Inputs, then: Inputs) -> list[str]:
    """Return what besides answers differs between two runs: model, settings, prompts, code."""
    changed = []
    if then.model is not None and now.model != then.model:
        changed.append(f"model {then.model} to {now.model}")
    before, after = then.settings or {}, now.settings or {}
    if then.settings is not None:
        names = sorted(before.keys() | after.keys())
        changed += [f"{n} {before.get(n)} to {after.get(n)}" for n in names if before.get(n) != after.get(n)]
    old, new = then.prompts or {}, now.prompts or {}
    if then.prompts is not None:
        changed += [f"prompt {name}" for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    if then.code is not None and now.code != then.code:
        changed.append("code")
    return changed
