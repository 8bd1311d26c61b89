"""Questions, evidence and answers as HTML.

A citation is a link to ``#wj/DOCUMENT/START/END`` (Gradio's sanitiser drops ``data-`` attributes); the page's script
opens it in the source panel. Everything else is text.
"""

from __future__ import annotations

from urllib.parse import quote

from assistant.events import EvidenceFound
from assistant.types import Answer, Citation, Claim, RetrievedPassage
from assistant.web.documents import TAGS, Documents, paragraph
from assistant.web.markup import NOTHING, Markup, element, join
from assistant.web.texts import TEXTS, text
from knowledge.types import Language

MOST_PASSAGES = 5
"""Passages shown below a refusal."""

PREVIEW = 160
"""Characters of a passage shown below a refusal."""


def question(words: str) -> Markup:
    """Return the words of the user."""
    return element("div", words, class_="wj-question", dir="auto")


def notice(words: str, language: Language) -> Markup:
    """Return a sentence of the interface."""
    return element("p", words, class_="wj-notice", lang=TAGS[language])


def failure(message: str, hint: str, language: Language) -> Markup:
    """Return what went wrong and what to do."""
    return element(
        "div",
        element("p", text("failed", language), " ", message),
        element("p", hint, class_="wj-hint"),
        class_="wj-failure",
        lang=TAGS[language],
    )


def evidence(found: EvidenceFound, documents: Documents) -> Markup:
    """Return the evidence sentences as they are shown before an answer is written, "" if there are none."""
    if not found.quotes:
        return NOTHING
    return element(
        "div",
        _searched_as(found.standalone_question, "", found.language),
        _label("evidence", found.language),
        _citations(found.quotes, documents, found.language),
        class_="wj-evidence",
        lang=TAGS[found.language],
    )


def draft(words: str, shown_evidence: Markup, language: Language) -> Markup:
    """Return an unchecked draft below its evidence."""
    return join(
        shown_evidence,
        element(
            "div",
            _label("draft", language),
            element("p", words, class_="wj-words", dir="auto"),
            class_="wj-draft",
            lang=TAGS[language],
        ),
    )


def stopped(shown_evidence: Markup, language: Language) -> Markup:
    """Return what stays when an answer was stopped."""
    return join(shown_evidence, notice(text("stopped", language), language))


def answer(given: Answer, documents: Documents) -> Markup:
    """Return a checked answer: its claims with their markers, what they rest on, how it was made."""
    parts = [_searched_as(given.standalone_question, given.question, given.language)]
    if given.refused:
        parts += [element("p", given.text, class_="wj-refusal"), _nearest(given.passages, documents, given.language)]
    else:
        by_marker = {citation.marker: citation for citation in given.citations}
        parts.append(_claims(given.claims, by_marker, given.language))
        said = {claim.text for claim in given.claims if claim.support == "quoted"}
        parts += [_label("cited", given.language), _citations(given.citations, documents, given.language, said)]
    parts.append(_making(given))
    return element("div", *parts, class_="wj-answer", lang=TAGS[given.language])


def _label(key: str, language: Language) -> Markup:
    return element("p", text(key, language), class_="wj-label")


def _searched_as(standalone: str, asked: str, language: Language) -> Markup:
    if not asked or standalone == asked:
        return NOTHING
    return element("p", text("searched_as", language, question=standalone), class_="wj-searched")


def _claims(claims: tuple[Claim, ...], by_marker: dict[int, Citation], language: Language) -> Markup:
    """Return the claims: one paragraph together, or one each as soon as one of them is a quote."""
    apart = any(claim.support == "quoted" for claim in claims)
    written = []
    for claim in claims:
        markers = [_marker(by_marker[marker]) for marker in claim.citations if marker in by_marker]
        label = NOTHING
        if claim.support == "quoted":
            label = element("span", text("quoted", language), class_="wj-verbatim", title=text("quoted_help", language))
        written.append(element("span", claim.text, *markers, label, class_="wj-claim", dir="auto"))
    if apart:
        return join(*(element("p", claim, class_="wj-words") for claim in written))
    gap = "" if language == "zh" else " "
    spaced = [piece for claim in written for piece in (claim, gap)][:-1]
    return element("p", *spaced, class_="wj-words")


def _marker(citation: Citation) -> Markup:
    return element("sup", _link(citation, f"[{citation.marker}]", "wj-marker", title=citation.quote))


def _citations(
    citations: tuple[Citation, ...], documents: Documents, language: Language, said: set[str] | None = None
) -> Markup:
    """Return what the markers point to; words that the answer has just quoted in full are not said twice."""
    items = []
    for citation in citations:
        record = documents.get(citation.document_id)
        place = [citation.title or text("untitled", language)]
        if citation.place:
            place.append(citation.place)
        elif record is not None:
            place.append(text("paragraph", language, number=paragraph(record.text, citation.start)))
        shown = () if said and citation.quote in said else (_link(citation, citation.quote, "wj-quote"), " ")
        items.append(
            element(
                "li",
                _link(citation, f"[{citation.marker}]", "wj-number"),
                element("div", *shown, _link(citation, " · ".join(place), "wj-place")),
            )
        )
    return element("ol", *items, class_="wj-citations")


def _nearest(passages: tuple[RetrievedPassage, ...], documents: Documents, language: Language) -> Markup:
    if not passages:
        return NOTHING
    items = []
    for passage in passages[:MOST_PASSAGES]:
        words = " ".join(passage.text.split())
        preview = words if len(words) <= PREVIEW else words[:PREVIEW].rstrip() + "…"
        record = documents.get(passage.document_id)
        title = (record.title if record else "") or text("untitled", language)
        items.append(element("li", _link(passage, preview, "wj-quote"), " ", _link(passage, title, "wj-place")))
    count = min(len(passages), MOST_PASSAGES)
    summary = element("summary", text("nearest", language, count=count))
    return element("details", summary, element("ul", *items, class_="wj-passages"), class_="wj-nearest")


def _link(place: Citation | RetrievedPassage, words: str, class_: str, title: str | None = None) -> Markup:
    return element(
        "a",
        words,
        class_=class_,
        href=f"#wj/{quote(place.document_id, safe='')}/{place.start}/{place.end}",
        title=title,
    )


def _making(given: Answer) -> Markup:
    """Return the foldable line that says which model answered and how long each step took."""
    language = given.language
    model = text("extractive", language) if given.model == "extractive" else given.model
    total = given.timings.get("total")
    seconds = "" if total is None else " · " + text("seconds", language, seconds=f"{total:.1f}")
    rows = []
    for key, value in given.timings.items():
        name = text(f"step_{key}", language) if f"step_{key}" in TEXTS else key
        shown = f"{value:.0f}" if key.startswith("tokens_") else text("seconds", language, seconds=f"{value:.2f}")
        rows.append(element("div", element("dt", name), element("dd", shown)))
    return element("details", element("summary", model, seconds), element("dl", *rows), class_="wj-making")
