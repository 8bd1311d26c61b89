"""A saved web page: what it says, without what stands around it.

What the page itself marks as its content (``<main>``, ``<article>``) is taken. A page that marks nothing goes through
trafilatura, which tells content from menus; where that loses the page's structure, the whole page is taken without its
menus, header and footer.
"""

from __future__ import annotations

import re
from typing import Any

from knowledge.encoding import decode
from knowledge.errors import LoadError
from knowledge.formats.archive import damaged
from knowledge.formats.extracted import Extracted, TextBuilder, clean
from knowledge.formats.markup import SILENT, add_blocks, name_of

MARKED = 0.4
"""Share of a page's words that marked content must hold to be taken for all of it."""

FOUND = 0.3
"""Share of a page's words that trafilatura must find."""

_CHROME = frozenset({"nav", "aside", "footer", "form", "dialog", "menu"})
_CHROME_ROLES = ("navigation", "banner", "contentinfo", "search", "complementary")
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})|<\?xml[^>]{0,80}encoding=["']([A-Za-z0-9_-]{2,20})""",
    re.I,
)


def extract(data: bytes) -> Extracted:
    """Read a web page.

    Raises:
        LoadError: It is no HTML, or holds no text.
    """
    page = parse(decoded(data))
    whole = _text_of(page, chrome=True)
    if not whole.strip():
        raise LoadError("It holds no text.", hint="It may be made by scripts: print it to PDF and add that.")
    named = next((clean(found.text or "") for found in page.iter("title")), "")
    builder = TextBuilder()
    for part in _marked(page, whole) or _found(page, whole) or [page]:
        add_blocks(_without_chrome(part), builder, leave_out=_CHROME)
    extracted = builder.build()
    # What the content opens with is its title; a page's own is often that of the site.
    title = extracted.title if extracted.text.startswith("# ") else named or extracted.title
    return Extracted(extracted.text, title=title)


def decoded(data: bytes) -> str:
    """Return the text of HTML or XML, in the encoding that it declares if that fits, else as `decode` finds out."""
    declared = _DECLARED.search(data[:4096])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        name = (declared[1] or declared[2]).decode().lower()
        try:
            return data.decode("gb18030" if name in ("gb2312", "gbk") else name.replace("utf-8", "utf-8-sig"))
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)


def parse(text: str) -> Any:
    """Return the root element of a page.

    Raises:
        LoadError: There is nothing to parse.
    """
    from lxml import etree

    # lxml takes no text that declares its encoding, so it is given bytes and told theirs.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.ParseError as error:
        raise damaged("HTML") from error
    if root is None:
        raise damaged("HTML")
    return root


def _marked(page: Any, whole: str) -> list[Any]:
    """Return the elements that the page marks as its content, none if they are not most of it."""
    for test in (lambda e: name_of(e) == "main" or e.get("role") == "main", lambda e: name_of(e) == "article"):
        marked = [element for element in page.iter() if test(element)]
        inner = {id(below) for element in marked for below in element.iterdescendants()}
        outer = [element for element in marked if id(element) not in inner]
        if sum(len(_text_of(element)) for element in outer) >= MARKED * len(whole):
            return outer
    return []


def _found(page: Any, whole: str) -> list[Any]:
    """Return what trafilatura finds, nothing if it lost headings or most of the words."""
    import trafilatura
    from lxml import etree

    source = etree.tostring(page, encoding="unicode", method="html")
    found = trafilatura.extract(
        source, output_format="html", include_comments=False, include_formatting=True, favor_recall=True
    )
    if not found:
        return []
    content = parse(found)
    headings = sum(1 for element in page.iter("h1", "h2", "h3") if clean(_text_of(element)))
    kept = sum(1 for _ in content.iter("h1", "h2", "h3"))
    if len(_text_of(content)) < FOUND * len(whole) or kept * 2 < headings:
        return []
    return [content]


def _text_of(element: Any, *, chrome: bool = False) -> str:
    """Return the words of an element that a reader sees, spaces collapsed."""
    words = []
    for below in element.iter():
        silent = name_of(below) in SILENT or any(name_of(above) in SILENT for above in below.iterancestors())
        if not silent and below.text:
            words.append(below.text)
        if below is not element and below.tail and not any(name_of(a) in SILENT for a in below.iterancestors()):
            words.append(below.tail)
    return " ".join(" ".join(words).split())


def _without_chrome(element: Any) -> Any:
    """Take out what stands around the content: banners by their role, lists that are nothing but links."""
    for below in list(element.iterdescendants()):
        if below.getparent() is None:
            continue
        role = below.get("role") in _CHROME_ROLES
        banner = name_of(below) == "header" and not any(name_of(inner) in ("h1", "p") for inner in below.iter())
        if role or banner or (name_of(below) in ("ul", "ol", "div") and _only_links(below)):
            tail = below.tail
            parent = below.getparent()
            before = below.getprevious()
            if tail and before is not None:
                before.tail = (before.tail or "") + tail
            elif tail:
                parent.text = (parent.text or "") + tail
            parent.remove(below)
    return element


def _only_links(element: Any) -> bool:
    """Tell whether an element holds at least three links and hardly anything else."""
    links = [below for below in element.iter() if name_of(below) == "a"]
    if len(links) < 3 or any(name_of(below) in ("p", "h1", "h2", "h3", "table") for below in element.iter()):
        return False
    linked = sum(len(_text_of(link)) for link in links)
    return linked >= 0.8 * len(_text_of(element))
