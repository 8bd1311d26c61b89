"""What of the page is always there, as HTML: head, tabs, what an area shows while it is empty.

It is the same for everybody, so its texts are in both languages (the style sheet shows that of the page) or are filled
in by the page's script, which finds their keys in ``data-t`` attributes.
"""

from __future__ import annotations

import json

from assistant.web.markup import Markup, element
from assistant.web.texts import table
from assistant.web.uploads import FILES, MEGABYTES

TITLE = "问据 Wenju"

FONTS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "sans-serif",
)
"""Fonts of the reader's own system; none is loaded from anywhere."""

MONOSPACE = ("ui-monospace", "Menlo", "Consolas", "Noto Sans Mono CJK SC", "monospace")
"""The same for fixed widths."""

ICON = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 64'><rect width='64' height='64' rx='14' fill='#a63a2b'/>"
    "<text x='32' y='46' font-size='40' text-anchor='middle' fill='#fff'>据</text></svg>"
)
"""The page's icon."""

AREAS = (("chats", "conversations"), ("chat", "chat"), ("source", "source"))
"""The areas, which are tabs on a phone, and the keys of their names."""


def top() -> Markup:
    """Return the head of the page: name, what it is, language, appearance; on a phone the tabs."""
    name = element(
        "h1", element("span", "问据", lang="zh-CN"), " ", element("span", "Wenju", class_="wj-latin", lang="en")
    )
    other = element("button", "EN", type="button", class_="wj-language", data_t_label="page_language")
    look = element(
        "select",
        *(element("option", value=value, data_t=f"appearance_{value}") for value in ("auto", "light", "dark")),
        class_="wj-look",
        data_t_label="appearance",
    )
    tabs = [
        element("button", type="button", data_area=area, data_t=key, aria_pressed="true" if area == "chat" else "false")
        for area, key in AREAS
    ]
    return element(
        "header",
        element("a", class_="wj-skip", href="#wj-skip", data_t="skip"),
        element("div", name, element("p", _both("tagline")), class_="wj-name"),
        element("div", look, other, class_="wj-tools"),
        element("nav", *tabs, class_="wj-areas", data_t_label="areas"),
    )


def chats() -> Markup:
    """Return what stands above the list of conversations."""
    return element(
        "div",
        element("button", type="button", name="new", class_="wj-fresh", data_t="new_conversation"),
        element(
            "input",
            type="search",
            class_="wj-search",
            data_t_placeholder="search_conversations",
            data_t_label="search_conversations",
        ),
        element("div", class_="wj-hold"),
    )


def shelf(*, fresh: bool = False) -> Markup:
    """Return what stands above the list of documents; another one after a change, so that the script looks again."""
    limits = element("span", data_t="upload_limits", data_megabytes=MEGABYTES, data_count=FILES)
    help_ = element("p", element("span", data_t="documents_help"), " ", limits, class_="wj-help", data_fresh=fresh)
    return element("div", help_, element("div", class_="wj-hold"))


def settings() -> Markup:
    """Return where the settings go."""
    return element("div", class_="wj-hold")


def talk(id_: str, *, writing: bool) -> Markup:
    """Return what tells the page's script which conversation is open and whether an answer is being written."""
    return element("span", class_="wj-state", data_conversation=id_, data_writing="1" if writing else "")


def welcome() -> Markup:
    """Return what an empty conversation says."""
    return element(
        "div", element("h2", _both("welcome")), element("p", _both("tagline"), class_="wj-tagline"), class_="wj-welcome"
    )


def nothing_open() -> Markup:
    """Return what the empty source area says."""
    return element("p", _both("source_empty"), class_="wj-nothing")


def script_texts() -> str:
    """Return every text of both languages as a script's object, with nothing in it that could end the script."""
    return json.dumps({"zh": table("zh"), "en": table("en")}, ensure_ascii=False).replace("<", "\\u003c")


def _both(key: str) -> Markup:
    """Return a text of the interface in both languages; the style sheet shows the one of the page."""
    zh, en = table("zh")[key], table("en")[key]
    return Markup(element("span", zh, lang="zh-CN", class_="wj-zh") + element("span", en, lang="en", class_="wj-en"))
