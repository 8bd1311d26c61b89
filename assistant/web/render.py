"""Questions, evidence and answers as HTML.

A citation is a link to ``#wj/DOCUMENT/START/END``, and what can be done with an answer is a button whose name says what
and whose value which answer (Gradio's sanitiser drops ``data-`` attributes). Everything else is text.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from assistant.exchange import Exchange
from assistant.types import Answer, Citation, Claim, RetrievedPassage
from assistant.web.documents import TAGS, Documents, place
from assistant.web.markup import NOTHING, Markup, element, join
from assistant.web.texts import text, texts
from knowledge.types import Language

MOST_PASSAGES = 3, 8
"""Passages shown below a refusal, and beside it in the source area."""

PREVIEW = 80, 240
"""Characters of a passage shown there."""


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


def reply(
    exchange: Exchange, at: int, documents: Documents, language: Language, *, last: bool = True, before: int = 0
) -> Markup:
    """Return what is shown below a question.

    Args:
        exchange: The question and what came of it.
        at: Its position in the conversation.
        documents: For titles and places.
        language: Language of the frame.
        last: Whether it can be asked again.
        before: How many wait before it.
    """
    if exchange.answer is not None:
        return answer(exchange, exchange.answer, at, documents, language, last=last)
    actions = _actions(at, language, () if exchange.status == "writing" or not last else ("retry", "edit"))
    if exchange.status == "failed":
        return join(failure(exchange.message, exchange.hint, language), _found(exchange, documents, language), actions)
    if exchange.status == "stopped":
        shown = notice(text("stopped", language), language)
        return join(shown, _found(exchange, documents, language), actions)
    if before:
        return notice(text("waiting", language, count=before), language)
    if exchange.draft:
        return element(
            "div",
            _label("draft", language),
            element("p", exchange.draft, class_="wj-words", dir="auto", lang=TAGS[exchange.language]),
            class_="wj-draft",
            lang=TAGS[language],
        )
    key = "reading" if exchange.quotes else "searching"
    return notice(text(key, language, count=len(exchange.quotes)), language)


def answer(
    exchange: Exchange, given: Answer, at: int, documents: Documents, language: Language, *, last: bool
) -> Markup:
    """Return a checked answer: its claims with their markers and marks, what was dropped, how it was made."""
    parts = [_searched_as(given, language)]
    if given.refused:
        parts.append(element("p", given.text, class_="wj-refusal", lang=TAGS[given.language]))
        parts.append(_nearest(given.passages, documents, language))
    else:
        parts.append(_claims(given, exchange.left_out, language))
    parts += [_left_out(exchange.left_out, given.language, language), _making(given, language)]
    parts.append(_actions(at, language, ("copy", "good", "bad", *(("retry", "edit") if last else ())), exchange.rating))
    return element("div", *parts, class_="wj-answer", id=f"wj-answer-{at}", lang=TAGS[language])


def evidence(exchange: Exchange, at: int, documents: Documents, language: Language) -> Markup:
    """Return the quotes of an exchange for the source area: found before an answer, cited after it; "" without any."""
    given = exchange.answer
    quotes = given.citations if given else exchange.quotes
    if given is not None and given.refused:
        return element("div", _nearest(given.passages, documents, language, beside=True), class_="wj-evidence")
    if not quotes:
        return NOTHING
    return element(
        "div",
        _label("cited" if given else "evidence", language),
        citations(quotes, documents, language),
        class_="wj-evidence",
        data_answer=at,
    )


def citations(quotes: Sequence[Citation], documents: Documents, language: Language) -> Markup:
    """Return what markers point to: number, words, document and place."""
    items = []
    for one in quotes:
        record = documents.get(one.document_id)
        where = [one.title or text("untitled", language)]
        if record is None:
            where.append(text("no_such_document", language))
        else:
            where.append(one.place or place(record, one.start, language))
        items.append(
            element(
                "li",
                element("span", f"[{one.marker}]", class_="wj-number"),
                element(
                    "div",
                    _link(one, one.quote, "wj-quote"),
                    element("p", " · ".join(where), class_="wj-place"),
                ),
            )
        )
    return element("ol", *items, class_="wj-citations")


def _found(exchange: Exchange, documents: Documents, language: Language) -> Markup:
    if not exchange.quotes:
        return NOTHING
    shown = citations(exchange.quotes, documents, language)
    return element("div", _label("evidence", language), shown, class_="wj-kept")


def _label(key: str, language: Language) -> Markup:
    return element("p", text(key, language), class_="wj-label")


def _searched_as(given: Answer, language: Language) -> Markup:
    if given.standalone_question == given.question:
        return NOTHING
    return element("p", text("searched_as", language, question=given.standalone_question), class_="wj-searched")


def _claims(given: Answer, left_out: Sequence[str], language: Language) -> Markup:
    """Return the claims: one paragraph together, or one each as soon as one of them is a quote."""
    by_marker = {citation.marker: citation for citation in given.citations}
    apart = any(claim.support == "quoted" for claim in given.claims)
    written = []
    for claim in given.claims:
        markers = [_marker(by_marker[marker]) for marker in claim.citations if marker in by_marker]
        words = element("span", claim.text, *markers, class_="wj-claim", dir="auto")
        written.append(join(words, _mark(claim, bool(left_out), language)))
    tag = TAGS[given.language]
    if apart:
        return join(*(element("p", claim, class_="wj-words", lang=tag) for claim in written))
    gap = "" if given.language == "zh" else " "
    spaced = [piece for claim in written for piece in (claim, gap)][:-1]
    return element("p", *spaced, class_="wj-words", lang=tag)


def _mark(claim: Claim, something_dropped: bool, language: Language) -> Markup:
    """Return what the check made of a claim."""
    key = "supported" if claim.support == "supported" else "quoted_instead" if something_dropped else "quoted"
    return element(
        "span", text(key, language), class_=f"wj-mark wj-{claim.support}", title=text(f"{key}_help", language)
    )


def _left_out(sentences: Sequence[str], spoken: Language, language: Language) -> Markup:
    if not sentences:
        return NOTHING
    items = [
        element(
            "li",
            element("s", sentence, lang=TAGS[spoken]),
            " ",
            element("span", text("dropped", language), class_="wj-mark wj-dropped"),
        )
        for sentence in sentences
    ]
    summary = element("summary", text("left_out", language, count=len(sentences)))
    return element("details", summary, element("ul", *items), class_="wj-left-out")


def _marker(citation: Citation) -> Markup:
    return element("sup", _link(citation, f"[{citation.marker}]", "wj-marker", title=citation.quote))


def _nearest(
    passages: tuple[RetrievedPassage, ...], documents: Documents, language: Language, *, beside: bool = False
) -> Markup:
    if not passages:
        return NOTHING
    items = []
    for passage in passages[: MOST_PASSAGES[beside]]:
        words = " ".join(passage.text.split())
        preview = words if len(words) <= PREVIEW[beside] else words[: PREVIEW[beside]].rstrip() + "…"
        record = documents.get(passage.document_id)
        title = (record.title if record else "") or text("untitled", language)
        items.append(element("li", _link(passage, preview, "wj-quote"), element("p", title, class_="wj-place")))
    return element("div", _label("nearest", language), element("ul", *items, class_="wj-passages"), class_="wj-nearest")


def _link(where: Citation | RetrievedPassage, words: str, class_: str, title: str | None = None) -> Markup:
    href = f"#wj/{quote(where.document_id, safe='')}/{where.start}/{where.end}"
    return element("a", words, class_=class_, href=href, title=title)


def _actions(at: int, language: Language, names: Sequence[str], rating: str = "") -> Markup:
    """Return the buttons below an answer; the page's script does what they say."""
    chosen = {"up": "good", "down": "bad"}.get(rating)
    buttons = [
        element(
            "button",
            text(name, language),
            type="button",
            name=name,
            value=at,
            class_="wj-do wj-chosen" if name == chosen else "wj-do",
        )
        for name in names
    ]
    return element("div", *buttons, class_="wj-actions") if buttons else NOTHING


def _making(given: Answer, language: Language) -> Markup:
    """Return the foldable line that says which model answered and how long each step took."""
    model = text("extractive", language) if given.model == "extractive" else given.model
    total = given.timings.get("total")
    seconds = "" if total is None else " · " + text("seconds", language, seconds=f"{total:.1f}")
    if given.timings.get("cached"):
        seconds += " · " + text("cached", language)
    rows = []
    for key, value in given.timings.items():
        if key == "cached":
            continue
        name = text(f"step_{key}", language) if f"step_{key}" in texts() else key
        shown = f"{value:.0f}" if key.startswith("tokens_") else text("seconds", language, seconds=f"{value:.2f}")
        rows.append(element("div", element("dt", name), element("dd", shown)))
    return element("details", element("summary", model, seconds), element("dl", *rows), class_="wj-making")
