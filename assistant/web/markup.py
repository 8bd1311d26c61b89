"""HTML that is safe by construction.

Everything a document, a user or a model says is data. `element` escapes each child that is not itself an element, so
there is no way to put text on the page unescaped.
"""

from __future__ import annotations

from html import escape as _escape


class Markup(str):
    """HTML that may be put on the page as it is. Only `element` and `escape` make it."""

    __slots__ = ()


_VOID = frozenset({"input"})
"""Elements that hold nothing and are never closed."""

NOTHING = Markup("")
"""No HTML at all."""


def escape(text: str) -> Markup:
    """Return text as HTML on one line, so that no Markdown or indentation rule can apply to it."""
    return Markup(_escape(text, quote=True).replace("\r", "").replace("\n", "&#10;"))


def element(name: str, /, *children: str | Markup, **attributes: str | int | bool | None) -> Markup:
    """Return an element.

    Args:
        name: Name of the tag.
        *children: Text, which is escaped, or elements.
        **attributes: ``class_`` is ``class`` and ``data_document`` is ``data-document``. None and False leave the
            attribute out, True gives it no value.
    """
    opening = name
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        opening += f" {attribute}" if value is True else f' {attribute}="{escape(str(value))}"'
    if name in _VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}>{join(*children)}</{name}>")


def join(*children: str | Markup) -> Markup:
    """Return text and elements one after the other."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))
