"""What a run is compared with: an accepted baseline, the last run, or any report."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evals.commands.compare import Inputs, inputs_of

if TYPE_CHECKING:
    from evals.cases import Suite
    from evals.comparison import Verdict
    from evals.report.model import Report


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one suite is compared with.

    Attributes:
        name: What it is called in reports.
        verdicts: By case id.
        inputs: What its answers depend on, as far as that was kept.
        report: The whole run, where that was kept.
    """

    name: str
    verdicts: dict[str, Verdict]
    inputs: Inputs
    report: Report | None


class References:
    """Finds what to compare with, and keeps the last run.

    Args:
        choice: What ``--baseline`` says, None if nothing.
        model: Name of the reader.
        llm: The setting that chose it.
        folder: Where last runs are kept, None to keep none.
    """

    def __init__(self, choice: str | None, model: str, llm: str, folder: Path | None) -> None:
        self._choice, self._folder = choice, folder
        self._reader = re.sub(r"[^\w.-]+", "-", f"{model}-{llm}" if llm not in ("auto", "none", "local") else model)
        self.baseline = self._baseline(model, llm)

    def _baseline(self, model: str, llm: str) -> Path | None:
        """Return the baseline file this run belongs to; only ``none`` and ``local`` have one that ships."""
        from evals.baseline import BASELINES_FOLDER

        if self._choice in ("none", "last"):
            return None
        if self._choice is not None:
            return Path(self._choice)
        if model == "extractive":
            return BASELINES_FOLDER / "none.json"
        return BASELINES_FOLDER / "local.json" if llm in ("auto", "local") else None

    def find(self, suite: Suite, *, blessing: bool = False) -> Accepted | None:
        """Return what a suite is compared with, None if there is nothing.

        Args:
            suite: The suite.
            blessing: A baseline that was named may be missing, since it is about to be written.

        Raises:
            BadCases: What was named cannot be read, or there was no last run.
        """
        from evals.baseline import load_baseline
        from evals.cases import BadCases
        from evals.report.model import load_report

        if self._choice == "last":
            path = self._last(suite.name)
            if path is None or not path.exists():
                raise BadCases(
                    f"There is no last run of {suite.name} with this model.",
                    hint="Run the whole suite once without --baseline last; it is kept then.",
                )
            return _from_report(load_report(path), suite, "the last run")
        if self.baseline is None or not (self.baseline.exists() or (self._choice is not None and not blessing)):
            return None
        if _is_report(self.baseline):
            return _from_report(load_report(self.baseline), suite, str(self.baseline))
        accepted = load_baseline(self.baseline).suites.get(suite.name)
        if accepted is None:
            return None
        inputs = Inputs(accepted.model, None, accepted.prompts, None)
        return Accepted(f"baseline {self.baseline.name}", accepted.verdicts(), inputs, None)

    def keep(self, report: Report) -> None:
        """Keep each suite of a run as its last run, if it is whole and complete.

        With ``--baseline last`` a run that is worse is not kept, so that the next one is compared with the good one.
        """
        for suite in report.suites:
            path = self._last(suite.name)
            incomplete = suite.broken or any(case.unscored for case in suite.cases)
            if path is None or incomplete or not suite.whole or (self._choice == "last" and suite.worse):
                continue
            alone = report.model_copy(update={"suites": [suite], "exit_code": suite.exit_code})
            part = path.with_suffix(".part")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                part.write_text(alone.to_json(), encoding="utf-8", errors="backslashreplace")
                part.replace(path)
            except OSError:
                # A cache that cannot be written costs the next comparison, not this run.
                part.unlink(missing_ok=True)

    def _last(self, suite: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{suite}.{self._reader}.json"


def _is_report(path: Path) -> bool:
    try:
        return b'"schema_version"' in path.read_bytes()[:200]
    except OSError:
        return False


def _from_report(report: Report, suite: Suite, name: str) -> Accepted | None:
    found = report.suite(suite.name)
    return None if found is None else Accepted(name, found.verdicts(), inputs_of(report), report)


def baseline_to_write(args: argparse.Namespace, references: References) -> Path:
    """Return the file that ``--bless`` writes.

    Raises:
        BadCases: There is none.
    """
    from evals.cases import BadCases

    if references.baseline is None:
        raise BadCases("There is no baseline to accept this run into.", hint="Name one with --baseline FILE.")
    if _is_report(references.baseline):
        raise BadCases(
            f"{references.baseline} is a report, not a baseline.", hint="Name another file with --baseline FILE."
        )
    return references.baseline
