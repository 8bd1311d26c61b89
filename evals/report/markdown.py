"""A report as Markdown: a summary that fits into a pull request."""

from __future__ import annotations

import re

from evals.gates import ExitCode
from evals.report.model import Report, SuiteReport
from evals.report.parts import CaseReport
from evals.report.table import comparison_cases, comparison_line, family_value, judge_lines, metric_value

MOST_CASES = 30
"""How many cases of a suite are listed; a comment of a pull request has its limits."""

VERDICTS = {
    ExitCode.PASSED: ("✅", "good enough"),
    ExitCode.FAILED: ("❌", "below a threshold or worse"),
    ExitCode.CONFIGURATION: ("⚠️", "configuration"),
    ExitCode.INCOMPLETE: ("⚠️", "incomplete: some case could not be scored"),
}
"""A sign and words for each exit code; not every font has the signs."""


def to_markdown(report: Report) -> str:
    """Return the summary."""
    lines = [f"### Wenju eval: {' '.join(VERDICTS[report.exit_code])}", ""]
    cases = sum(len(suite.cases) for suite in report.suites)
    repeated = f", {report.repeat} times each" if report.repeat > 1 else ""
    lines += [f"{cases} cases{repeated}, `{_code(report.model)}`, {report.started}", ""]
    lines += [f"{_plain(line)}\n" for line in judge_lines(report)]
    for suite in report.suites:
        lines += _suite(suite)
    return "\n".join(lines).rstrip() + "\n"


def _suite(suite: SuiteReport) -> list[str]:
    lines = [f"#### {_plain(suite.name)}", "", "| kind | language | passed | 95 % interval |", "|---|---|---|---|"]
    for group in suite.groups:
        share = f"{group.share.low:.0%} to {group.share.high:.0%}" if group.share else ""
        lines.append(f"| {group.kind} | {group.language} | {group.passed} of {group.n} | {share} |")
    lines.append("")
    failing = [gate for gate in suite.gates if gate.passed is False]
    for gate in failing:
        measured = "nothing" if gate.measured is None else f"{gate.measured:.3g}"
        lines.append(f"- ❌ **{_plain(gate.name)}**: {measured}, wanted {gate.comparison} {gate.wanted:g}")
    for mistake in suite.broken:
        lines.append(f"- ⚠️ {_plain(mistake)}")
    if suite.comparison is not None:
        mark = "❌" if suite.worse else "✅"
        lines.append(f"- {mark} {_plain(comparison_line(suite.comparison, suite.compared_with))}")
        lines += [f"- ❌ {_plain(reason)}" for reason in suite.worse]
        for name, ids in comparison_cases(suite.comparison):
            more = f" and {len(ids) - MOST_CASES} more" if len(ids) > MOST_CASES else ""
            lines.append(f"- {_plain(name)}: {', '.join(f'`{_code(id_)}`' for id_ in ids[:MOST_CASES])}{more}")
        if suite.changed:
            lines.append(f"- changed since: {_plain(', '.join(suite.changed))}")
    lines += ["", *_failures(suite), *_measures(suite)]
    return lines


def _failures(suite: SuiteReport) -> list[str]:
    wrong = [case for case in suite.cases if case.outcome != "passed"]
    if not wrong:
        return []
    lines = [f"<details><summary>{len(wrong)} cases did not pass</summary>", ""]
    lines += ["| case | why | question | answer |", "|---|---|---|---|"]
    lines += [_case(case) for case in wrong[:MOST_CASES]]
    if len(wrong) > MOST_CASES:
        lines += ["", f"and {len(wrong) - MOST_CASES} more."]
    return [*lines, "", "</details>", ""]


def _case(case: CaseReport) -> str:
    must = " (must pass)" if case.must_pass else ""
    said = case.answer.text if case.answer else ""
    why = case.unscored or case.reason
    return f"| `{_code(case.id)}`{must} | {_cell(why)} | {_cell(case.question)} | {_cell(said)} |"


def _measures(suite: SuiteReport) -> list[str]:
    lines = ["<details><summary>Measures</summary>", "", "| measure | better | n | value |", "|---|---|---|---|"]
    lines += [f"| {m.name} | {m.better} | {m.n} | {metric_value(m)} |" for m in suite.metrics]
    lines += [f"| {m.name} | higher | {m.n} | {family_value(m)} |" for m in suite.families]
    return [*lines, "", "</details>", ""]


def _plain(text: str) -> str:
    """Return text on one line that Markdown shows as it is, links, pictures, mentions and HTML included."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|!~&])", r"\\\1", " ".join(text.split()))
    # GitHub makes links of addresses and notifies people by their names, escaped or not.
    return escaped.replace("@", "@\u200b").replace("://", ":\u200b//").replace("www.", "www\u200b.")


def _cell(text: str, most: int = 200) -> str:
    return _plain(text if len(text) <= most else text[: most - 1] + "…")


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").replace("|", "¦").split())
