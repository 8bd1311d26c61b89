"""Shares, means and intervals over the cases of a run."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable

from evals.cases import KINDS, LANGUAGES
from evals.report.parts import FamilyMeasure, Group, Metric
from evals.results import CaseResult, RunResult, score_values
from evals.stats import wilson


def groups(result: RunResult) -> list[Group]:
    """Return the groups that have cases, in a fixed order."""
    found = []
    for kind in KINDS:
        for language in LANGUAGES:
            members = [r for r in result.results if (r.case.kind, r.case.language) == (kind, language)]
            if not members:
                continue
            verdicts = [r.passed for r in members]
            passed, n = sum(verdict is True for verdict in verdicts), sum(v is not None for v in verdicts)
            seconds = score_values(members, "latency_total")
            found.append(
                Group(
                    kind=kind,
                    language=language,
                    n=n,
                    passed=passed,
                    unscored=len(verdicts) - n,
                    share=wilson(passed, n) if n else None,
                    median_seconds=statistics.median(seconds) if seconds else None,
                )
            )
    return found


def metrics(result: RunResult) -> list[Metric]:
    """Return every scorer that applied to some answer."""
    found = []
    for scorer in result.scorers:
        every = [a.scores[scorer.name] for r in result.results for a in r.attempts if scorer.name in a.scores]
        if not every:
            continue
        known = [float(score.value) for score in every if score.value is not None]
        value = high = None
        if known and scorer.unit == "seconds":
            value, high = statistics.median(known), percentile(known, 95)
        elif known:
            value = sum(known) if scorer.unit == "count" else statistics.fmean(known)
        found.append(
            Metric(
                name=scorer.name,
                better=scorer.better,
                unit=scorer.unit,
                n=len(known),
                unscored=len(every) - len(known),
                value=value,
                high=high,
            )
        )
    return found


def percentile(known: list[float], share: int) -> float:
    """Return the smallest value that so many percent of the values do not exceed (nearest rank)."""
    return sorted(known)[max(0, -(-share * len(known) // 100) - 1)]


def family_measures(result: RunResult) -> list[FamilyMeasure]:
    """Return the measures over families that arise in a run.

    ``bilingual_parity``: of the families asked in both languages that pass in one of them, the share that passes in
    both. ``consistency``: of the families of kind ``consistency``, in each of their languages, that pass in one
    wording, the share that passes in all. A family that passes nowhere has neither: failing alike is no merit.
    ``balanced_refusal``: the mean of the share of unanswerable questions that are refused and the share of answerable
    ones that are not.
    """
    by_family: dict[str, list[CaseResult]] = defaultdict(list)
    for one in result.results:
        by_family[one.case.family].append(one)
    pairs = {
        family: [all(r.passed for r in members if r.case.language == language) for language in LANGUAGES]
        for family, members in by_family.items()
        if _scored(members) and {r.case.language for r in members} == set(LANGUAGES)
    }
    wordings = {
        f"{family} ({language})": [bool(r.passed) for r in members if r.case.language == language]
        for family, members in by_family.items()
        if members[0].case.kind == "consistency" and _scored(members)
        for language in dict.fromkeys(r.case.language for r in members)
    }
    found = [_all_or_none("bilingual_parity", pairs), _all_or_none("consistency", wordings), _balanced(result)]
    return [measure for measure in found if measure is not None]


def _scored(members: Iterable[CaseResult]) -> bool:
    return all(member.passed is not None for member in members)


def _all_or_none(name: str, members: dict[str, list[bool]]) -> FamilyMeasure | None:
    """Return the share of families that pass as a whole among those that pass in part."""
    somewhere = {family: passed for family, passed in members.items() if any(passed)}
    if not somewhere:
        return None
    failed = [family for family, passed in somewhere.items() if not all(passed)]
    share = wilson(len(somewhere) - len(failed), len(somewhere))
    return FamilyMeasure(name=name, n=len(somewhere), value=share.estimate, interval=share, failed=failed)


def _balanced(result: RunResult) -> FamilyMeasure | None:
    refused = [
        float(attempt.answer.refused)
        for r in result.results
        if r.case.kind == "unanswerable"
        for attempt in r.attempts
        if attempt.answer is not None
    ]
    false = score_values(result.results, "false_refusal")
    if not refused or not false:
        return None
    value = (statistics.fmean(refused) + 1 - statistics.fmean(false)) / 2
    return FamilyMeasure(name="balanced_refusal", n=len(refused) + len(false), value=value, interval=None)
