"""One case on the page: what was asked and wanted, the answer, beside it an earlier one, and the words they cite."""

from __future__ import annotations

from assistant.types import Answer, Citation
from assistant.web.markup import NOTHING, Markup, element, join
from evals.report.differences import change, differs
from evals.report.parts import CaseReport

AROUND = 90
"""How many characters of a passage are shown before and after a quote."""

CHANGES = {"lost": "lost", "won": "won", "answer": "other words", "same": "", "": ""}


def case_view(case: CaseReport, suite: str, earlier: CaseReport | None, beside: str = "earlier run") -> Markup:
    """Return a case that opens on a click.

    Args:
        case: The case.
        suite: Its suite's name.
        earlier: The same case in an earlier run, if there is one.
        beside: What that run is called.
    """
    changed = change(case, earlier)
    head = element(
        "summary",
        _badge(case.outcome, case.outcome),
        _badge(CHANGES[changed], changed),
        _badge("must pass" if case.must_pass else "", "must"),
        element("span", case.id, class_="id"),
        element("span", case.question, class_="question", lang=case.language),
    )
    return element(
        "details",
        head,
        _wanted(case),
        _answers(case, earlier, beside),
        _attempts(case),
        _scores(case, earlier),
        class_="case",
        data_suite=suite,
        data_kind=case.kind,
        data_language=case.language,
        data_outcome=case.outcome,
        data_change=changed or "none",
    )


def _badge(words: str, kind: str) -> Markup:
    return element("span", words, class_=f"badge {kind}") if words else NOTHING


def _wanted(case: CaseReport) -> Markup:
    """Return why the case did not pass, its history, and what was to be stated."""
    rows = [element("p", message, class_="history") for message in case.history]
    if case.unscored or case.reason:
        rows.append(element("p", case.unscored or f"{case.verdict}: {case.reason}", class_="reason"))
    for label, strings in (
        ("to be stated", [" / ".join(group) for group in case.facts]),
        ("not to be stated", case.forbidden),
        ("rests on", case.gold),
        ("planted in a copy of the document", [case.planted] if case.planted else []),
    ):
        if strings:
            chips = (element("span", string, class_="chip", title=string) for string in strings)
            rows.append(element("p", element("span", label, class_="label"), *chips, class_="wanted"))
    return join(*rows)


def _answers(case: CaseReport, earlier: CaseReport | None, beside: str) -> Markup:
    before = earlier.answer if earlier else None
    now = _answer("this run" if earlier else "answer", case.answer, before, compared=earlier is not None)
    if earlier is None:
        return element("div", now, class_="answers")
    return element("div", _answer(beside, before, case.answer, compared=True), now, class_="answers both")


def _answer(title: str, answer: Answer | None, other: Answer | None, *, compared: bool) -> Markup:
    if answer is None:
        return element("section", element("h4", title), element("p", "no answer", class_="reason"), class_="answer")
    marked = differs(answer, other) if compared else [False] * max(1, len(answer.claims))
    if answer.refused or not answer.claims:
        said = [_words(answer.text, answer.language, marked[0], "refused" if answer.refused else "no claims")]
    else:
        said = [
            _words(
                claim.text + " " + "".join(f"[{marker}]" for marker in claim.citations),
                answer.language,
                differing,
                "quoted" if claim.support == "quoted" else "",
            )
            for claim, differing in zip(answer.claims, marked, strict=True)
        ]
    cited = [_citation(citation, answer) for citation in answer.citations]
    return element("section", element("h4", title), *said, *cited, class_="answer")


def _words(text: str, language: str, differing: bool, note: str) -> Markup:
    class_ = "claim differs" if differing else "claim"
    return element("p", text, _badge(note, "note"), class_=class_, lang=language)


def _citation(citation: Citation, answer: Answer) -> Markup:
    """Return a quote with the words around it in the passage that was retrieved."""
    passage = next(
        (
            passage
            for passage in answer.passages
            if passage.document_id == citation.document_id
            and passage.start <= citation.start
            and citation.end <= passage.end
        ),
        None,
    )
    before = after = ""
    if passage is not None:
        start, end = citation.start - passage.start, citation.end - passage.start
        before, after = passage.text[max(0, start - AROUND) : start], passage.text[end : end + AROUND]
    return element(
        "blockquote",
        element("cite", f"[{citation.marker}] {citation.title}, {citation.start} to {citation.end}"),
        element("p", before, element("mark", citation.quote), after),
    )


def _attempts(case: CaseReport) -> Markup:
    if not case.attempts:
        return NOTHING
    rows = [
        element("li", _badge("passed" if a.passed else "failed" if a.passed is False else "unscored", "note"), a.text)
        for a in case.attempts
    ]
    return element("ol", *rows, class_="attempts")


def _scores(case: CaseReport, earlier: CaseReport | None) -> Markup:
    rows = []
    for name, score in case.scores.items():
        then = earlier.scores.get(name) if earlier else None
        cells = [element("td", name), element("td", _value(score.value))]
        cells += [element("td", _value(then.value) if then else "")] if earlier else []
        rows.append(element("tr", *cells, element("td", score.reason)))
    return element("details", element("summary", "scores"), element("table", *rows), class_="scores")


def _value(value: bool | float | None) -> str:
    if value is None:
        return "not scored"
    return ("yes" if value else "no") if isinstance(value, bool) else f"{value:.3g}"
