"""What a browser makes of the page's HTML."""

from __future__ import annotations

from html.parser import HTMLParser

TAGS = {
    "a", "article", "button", "div", "dl", "dt", "dd", "details", "fieldset", "form", "h3", "input", "label", "legend",
    "li", "mark", "ol", "p", "s", "small", "span", "strong", "sup", "summary", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "aria-current", "aria-hidden", "aria-label", "checked", "class", "data-answer", "dir", "href", "id", "lang", "name",
    "rel", "role", "tabindex", "target", "title", "type", "value",
}  # fmt: skip
EMPTY = {"input"}
"""Tags that are never closed."""


class Reading(HTMLParser):
    """What a browser makes of HTML: tags, attributes, links and words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.marked = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in EMPTY:
            self._open.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data
        if "mark" in self._open:
            self.marked += data
