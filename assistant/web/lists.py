"""What stands on the left as HTML: the conversations, the documents, the settings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from assistant.conversations import Heading
from assistant.web.choices import PASSAGES, STRICTNESS, costs, usual_reader
from assistant.web.documents import TAGS
from assistant.web.markup import NOTHING, Markup, element, join
from assistant.web.texts import text
from knowledge.types import DocumentRecord, Language


def conversations(headings: Sequence[Heading], current: str, language: Language, *, searched: bool) -> Markup:
    """Return the list of conversations; each can be opened, renamed, exported and deleted."""
    if not headings:
        return element("p", text("nothing_found" if searched else "no_conversations", language), class_="wj-nothing")
    items = []
    for heading in headings:
        ours = heading.id == current
        opening = _button("open", heading.title, heading, class_="wj-open", aria_current="true" if ours else None)
        menu = element(
            "details",
            element("summary", "⋯", aria_label=text("more", language, title=heading.title)),
            element(
                "div",
                *(
                    _button(action, text(action, language), heading)
                    for action in ("rename", "export_markdown", "export_json", "delete")
                ),
                class_="wj-menu",
            ),
        )
        items.append(element("li", opening, menu))
    return element("ul", *items, class_="wj-list")


def documents(
    records: Iterable[DocumentRecord], left_out: Collection[str], removable: Collection[str], language: Language
) -> Markup:
    """Return the list of documents; each can be opened and left out of the search, some can be removed."""
    return element(
        "ul", *(_document(record, left_out, removable, language) for record in records), class_="wj-list wj-shelf"
    )


def _document(
    record: DocumentRecord, left_out: Collection[str], removable: Collection[str], language: Language
) -> Markup:
    title = record.title or text("untitled", language)
    facts = [
        text(
            "document_facts",
            language,
            passages=record.passages,
            size=size(len(record.text.encode("utf-8", "surrogatepass"))),
            spoken=text(f"language_{record.language}", language),
        )
    ]
    if record.added_at:
        facts.append(text("document_added", language, date=record.added_at[:10]))
    ticked = element(
        "input",
        type="checkbox",
        value=record.id,
        checked=record.id not in left_out,
        aria_label=text("document_ask", language, title=title),
    )
    opening = element("button", title, type="button", name="show", value=record.id, class_="wj-open")
    removing = (
        element(
            "button",
            text("document_remove", language),
            type="button",
            name="remove",
            value=record.id,
            title=title,
            class_="wj-do",
        )
        if record.id in removable
        else NOTHING
    )
    return element("li", ticked, element("div", opening, element("p", " · ".join(facts), removing, class_="wj-facts")))


def uploads(states: Sequence[tuple[str, str]], language: Language) -> Markup:
    """Return the state of each file that is being added.

    Args:
        states: Name and state of each file.
        language: Language of the frame.
    """
    items = [element("li", element("span", name), " ", element("span", state)) for name, state in states]
    return element("ul", *items, class_="wj-uploads", role="status", lang=TAGS[language]) if items else NOTHING


def settings(plain: Mapping[str, Any], readers: Mapping[str, str], language: Language) -> Markup:
    """Return the settings as a form; the page's script keeps what is chosen."""
    model = readers.get("configured", "")
    measured = costs()
    strictness = []
    for name in STRICTNESS:
        cost = measured["levels"].get(name)
        label = text(f"strictness_{name}", language)
        more = text("strictness_cost", language, lost=cost["lost"], wrong=cost["wrong"]) if cost else ""
        strictness.append((name, label, more))
    return element(
        "form",
        _group(
            "reader",
            [(kind, text(f"reader_{kind}", language, model=model), "") for kind in readers],
            plain.get("reader", usual_reader(readers)),
            language,
        ),
        _group(
            "strictness",
            strictness,
            plain.get("strictness", "balanced"),
            language,
            text("strictness_from", language, **measured["questions"]),
        ),
        _group(
            "passages",
            [(str(count), str(count), "") for count in PASSAGES],
            str(plain.get("passages", 8)),
            language,
            text("passages_help", language),
        ),
        _group(
            "answer_language",
            [("", text("answer_as_asked", language), ""), ("zh", "中文", ""), ("en", "English", "")],
            plain.get("answer", ""),
            language,
        ),
        element("p", element("strong", text("keys", language)), " ", text("keys_help", language), class_="wj-help"),
        class_="wj-settings",
    )


def _group(
    name: str, options: Sequence[tuple[str, str, str]], chosen: str, language: Language, help_: str = ""
) -> Markup:
    """Return a choice of one of several: value, label and what it costs."""
    rows = [
        element(
            "label",
            element("input", type="radio", name=name, value=value, checked=value == chosen),
            element("span", label, element("small", more) if more else NOTHING),
        )
        for value, label, more in options
    ]
    shown_help = element("p", help_, class_="wj-help") if help_ else NOTHING
    return element("fieldset", element("legend", text(name, language)), join(*rows), shown_help)


def size(count: int) -> str:
    """Return a number of bytes as people write it."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"


def _button(action: str, words: str, heading: Heading, **attributes: Any) -> Markup:
    return element("button", words, type="button", name=action, value=heading.id, title=heading.title, **attributes)
