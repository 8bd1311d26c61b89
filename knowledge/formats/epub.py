"""EPUB: the chapters in the order of reading."""

from __future__ import annotations

import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote

from knowledge.errors import LoadError
from knowledge.formats import archive
from knowledge.formats.extracted import Extracted, TextBuilder, clean
from knowledge.formats.html import decoded, parse
from knowledge.formats.markup import add_blocks, name_of

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_CARD = {"title": "title", "creator": "author", "publisher": "publisher", "date": "date"}


def extract(data: bytes) -> Extracted:
    """Read an e-book.

    Raises:
        LoadError: It is damaged, protected, or holds no text.
    """
    book = archive.opened(data, "EPUB", needs=_CONTAINER)
    _require_open(book)
    root = _xml(book, _CONTAINER)
    opf_name = next((e.get("full-path") for e in root.iter() if name_of(e) == "rootfile" and e.get("full-path")), None)
    if opf_name is None:
        raise archive.damaged("EPUB")
    package = _xml(book, opf_name)
    card = _card(package)
    builder = TextBuilder()
    for name in _chapters(package, posixpath.dirname(opf_name)):
        try:
            chapter = parse(decoded(book.read(name)))
        except KeyError:
            builder.notes.append(f"The chapter {name} is missing.")
            continue
        except (zipfile.BadZipFile, ValueError, EOFError, LoadError):
            builder.notes.append(f"The chapter {name} is damaged.")
            continue
        body = next((element for element in chapter.iter() if name_of(element) == "body"), chapter)
        add_blocks(body, builder, leave_out=frozenset({"nav"}))
    builder.title = card.get("title", "") or builder.title
    return builder.build(card=card)


def _require_open(book: zipfile.ZipFile) -> None:
    if _ENCRYPTION not in book.namelist():
        return
    methods = [
        element.get("Algorithm") for element in _xml(book, _ENCRYPTION).iter() if name_of(element) == "encryptionmethod"
    ]
    if any(method not in _FONTS_ONLY for method in methods):
        raise LoadError("Its seller's copy protection (DRM) locks it.", hint="Use a copy without it.")


def _xml(book: zipfile.ZipFile, name: str) -> Any:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(book.read(name), parser)
    except (KeyError, zipfile.BadZipFile, etree.XMLSyntaxError, ValueError, EOFError) as error:
        raise archive.damaged("EPUB") from error
    if root is None:
        raise archive.damaged("EPUB")
    return root


def _card(package: Any) -> dict[str, str]:
    """Return title, author, publisher and date, each as the book states it first."""
    card: dict[str, str] = {}
    for element in package.iter():
        key = _CARD.get(name_of(element), "")
        value = clean(element.text or "")
        if key and value and "purl.org/dc" in element.tag:
            if key == "author" and "author" in card:
                card[key] += f", {value}"
            else:
                card.setdefault(key, value)
    if "date" in card:
        card["date"] = card["date"].split("T")[0]
    return card


def _chapters(package: Any, folder: str) -> list[str]:
    """Return the names of the files of the chapters within the archive, in the order of reading."""
    items = {
        element.get("id"): element.get("href") or ""
        for element in package.iter()
        if name_of(element) == "item" and "html" in (element.get("media-type") or "")
    }
    spine = [element.get("idref") for element in package.iter() if name_of(element) == "itemref"]
    return [posixpath.normpath(posixpath.join(folder, unquote(items[one]))) for one in spine if one in items]
