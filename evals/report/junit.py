"""A report as JUnit XML, for continuous integration that shows tests."""

from __future__ import annotations

from xml.etree import ElementTree

from evals.report.model import Report, SuiteReport
from evals.report.parts import CaseReport


def to_junit(report: Report) -> str:
    """Return one test suite for each suite: a failed case is a failure, one that could not be scored an error.

    What a suite lost against an earlier run, and a condition that fails, are failures of their own, so that a run that
    exits 1 is never shown as green.
    """
    root = ElementTree.Element("testsuites", name="wenju eval")
    for suite in report.suites:
        element = ElementTree.SubElement(root, "testsuite", name=f"wenju eval {suite.name}")
        for case in suite.cases:
            _add_case(element, suite.name, case)
        for mistake in suite.broken:
            _add_problem(element, f"{suite.name}.file", "line", "error", mistake)
        for gate in suite.gates:
            if gate.passed is False:
                said = f"{gate.name}: {gate.measured} is not {gate.comparison} {gate.wanted:g}"
                _add_problem(element, f"{suite.name}.condition", gate.name, "failure", said)
        for reason in suite.worse:
            said = f"{reason} than in {suite.compared_with}"
            _add_problem(element, f"{suite.name}.comparison", reason, "failure", said)
        _count(element, suite, report.started)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _add_case(suite: ElementTree.Element, name: str, case: CaseReport) -> None:
    place = f"{name}.{case.kind}.{case.language}"
    element = ElementTree.SubElement(suite, "testcase", classname=place, name=_printable(case.id))
    element.set("time", f"{case.seconds:.3f}")
    if case.outcome != "passed":
        tag = "error" if case.unscored else "failure"
        problem = ElementTree.SubElement(element, tag, message=_printable(case.unscored or case.reason))
        said = case.answer.text if case.answer else ""
        problem.text = _printable(f"{case.question}\n{said}")


def _add_problem(suite: ElementTree.Element, place: str, name: str, tag: str, message: str) -> None:
    element = ElementTree.SubElement(suite, "testcase", classname=place, name=_printable(name), time="0")
    ElementTree.SubElement(element, tag, message=_printable(message))


def _count(element: ElementTree.Element, suite: SuiteReport, started: str) -> None:
    element.set("tests", str(len(element.findall("testcase"))))
    element.set("failures", str(len(element.findall("testcase/failure"))))
    element.set("errors", str(len(element.findall("testcase/error"))))
    element.set("time", f"{suite.seconds:.3f}")
    element.set("timestamp", started.removesuffix("+00:00"))


def _printable(text: str) -> str:
    r"""Return text with what XML 1.0 forbids (most control characters, lone surrogates) as ``\uXXXX``."""

    def allowed(code: int) -> bool:
        return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000

    return "".join(c if allowed(ord(c)) else f"\\u{ord(c):04x}" for c in text)
