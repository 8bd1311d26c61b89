"""From files to langchain documents with title, author, date, language.

A file may open with *front matter*: ``key: value`` lines between two lines of ``---``. Its values become the document's
metadata and, as readable sentences, a *document card* at the head of the text (标题：…。 or ``Title: ….``), so that
questions such as "who wrote this?" are answered by citing words of the document like any other.
"""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.encoding import decode
from knowledge.english_words import MONTHS
from knowledge.errors import LoadError
from knowledge.language import detect_language
from knowledge.types import Language

if TYPE_CHECKING:
    from langchain_core.documents import Document

__all__ = ["CARD_LABELS", "SUFFIXES", "card_field", "decode", "document_from_bytes", "load_shipped", "load_text_file"]

SUFFIXES = (".txt", ".md", ".markdown")
"""The formats that can be read."""

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_ENTRY = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*))?$")
_TITLE = re.compile(r"^#[ \t]+(\S.*?)[ \t]*#*$", re.MULTILINE)
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_CARD_HEADING: dict[Language, str] = {"zh": "文档信息", "en": "About this document"}
CARD_LABELS = {
    "title": ("标题", "Title"),
    "author": ("作者", "Author"),
    "date": ("发布日期", "Publication date"),
    "section": ("栏目", "Section"),
    "views": ("浏览次数", "Views"),
    "publisher": ("发布机构", "Publisher"),
    "phone": ("电话", "Phone"),
    "fax": ("传真", "Fax"),
    "email": ("邮箱", "E-mail"),
    "address": ("地址", "Address"),
    "record": ("备案号", "ICP filing number"),
    "license": ("许可", "Licence"),
    "copyright": ("版权", "Copyright"),
}
"""How a card names its fields in Chinese and English."""


def card_field(text: str) -> str:
    """Return which field of a document card a line is, a key of `CARD_LABELS`; "" if it is none."""
    label = re.split("[:：]", text, maxsplit=1)[0].strip()
    return next((key for key, labels in CARD_LABELS.items() if label in labels and label != text.strip()), "")


def load_text_file(path: str | Path) -> Document:
    """Read a text or Markdown file.

    Args:
        path: A file whose name ends in one of `SUFFIXES`.

    Returns:
        A document as `document_from_bytes` makes it; ``source`` is the absolute path unless the front matter has one.

    Raises:
        LoadError: The file is missing, of another format, empty, binary, or in no encoding that can be told.
    """
    file = Path(path).expanduser()
    if file.suffix.lower() not in SUFFIXES:
        raise LoadError(
            f"{file.name} is of a format that cannot be read.", hint=f"Convert it to one of {', '.join(SUFFIXES)}."
        )
    try:
        data = file.read_bytes()
    except OSError as error:
        raise LoadError(
            f"{file} cannot be read: {error.strerror or error}.", hint="Check the path and its permissions."
        ) from error
    return document_from_bytes(data, name=file.name, source=str(file.resolve()))


def load_shipped() -> list[Document]:
    """Read the shipped collection, in the order of the files' names."""
    articles = sorted(
        (entry for entry in files("knowledge").joinpath("articles").iterdir() if entry.name.endswith(".md")),
        key=lambda entry: entry.name,
    )
    return [document_from_bytes(entry.read_bytes(), name=entry.name, source=entry.name) for entry in articles]


def document_from_bytes(data: bytes, *, name: str, source: str) -> Document:
    r"""Make a document of a file's bytes.

    Args:
        data: The file's content, in any encoding that `decode` can tell.
        name: The file's name; without its suffix it is the title of last resort.
        source: Where it comes from, unless the front matter says so.

    Returns:
        A document with line breaks as ``\n``, its card first if it has front matter. Metadata are strings: the front
        matter's and always ``title``, ``source`` and ``language``. ``id`` is a content hash of source and text.

    Raises:
        LoadError: The bytes are empty, binary, or in no encoding that can be told.
    """
    from langchain_core.documents import Document

    try:
        text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    except LoadError as error:
        raise LoadError(f"{name} cannot be read. {error.message}", hint=error.hint) from error
    metadata, body = _front_matter(text)
    if not body.strip():
        raise LoadError(f"{name} holds no text.", hint="Leave it out, or check that it was saved.")
    title = _TITLE.search(body)
    stated = metadata.get("language", "").lower()[:2]
    language: Language = "zh" if stated == "zh" else "en" if stated == "en" else detect_language(body)
    card = _card(metadata, language)
    metadata.setdefault("title", title[1] if title else Path(name).stem)
    metadata.setdefault("source", source)
    metadata["language"] = language
    content = card + body
    digest = sha256(f"{metadata['source']}\0{content}".encode("utf-8", "surrogatepass")).hexdigest()
    return Document(id=digest[:16], page_content=content, metadata=metadata)


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """Return the entries of the front matter and the text behind it; without front matter, nothing and all of it."""
    block = _FRONT_MATTER.match(text)
    if block is None:
        return {}, text
    entries: dict[str, str] = {}
    key = ""
    for line in block[1].split("\n"):
        entry = _ENTRY.match(line)
        if entry:
            key = entry[1].lower()
            entries[key] = _unquoted(entry[2] or "")
        elif key and re.match(r"[ \t]+\S|- ", line):  # a list below its key
            item = _unquoted(line.strip().removeprefix("- "))
            entries[key] = f"{entries[key]}, {item}" if entries[key] else item
        elif line.strip() and not line.lstrip().startswith("#"):
            return {}, text  # two rules around a paragraph, not front matter
    if not entries:
        return {}, text
    return {name: value for name, value in entries.items() if value}, text[block.end() :].lstrip("\n")


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'" else value


def _card(metadata: dict[str, str], language: Language) -> str:
    """Return the document card with a blank line behind it, or "" if the metadata say nothing it shows."""
    chinese = language == "zh"
    lines = []
    for key, (zh_label, en_label) in CARD_LABELS.items():
        if key in metadata:
            value = _date(metadata, language) if key == "date" else metadata[key]
            line = f"{zh_label}：{value}" if chinese else f"{en_label}: {value}"
            stop = "。" if chinese else "."
            lines.append(line if line[-1] in "。！？.!?" else line + stop)
    return "\n".join([_CARD_HEADING[language], "", *lines, "", ""]) if lines else ""


def _date(metadata: dict[str, str], language: Language) -> str:
    """Return the date as people of the language write it, with the time of day if there is one."""
    stated = metadata["date"]
    date = _DATE.match(stated)
    if date is None or not 1 <= int(date[2]) <= 12:
        return stated
    year, month, day = (int(part) for part in date.groups())
    written = f"{year}年{month}月{day}日" if language == "zh" else f"{day} {MONTHS[month - 1].capitalize()} {year}"
    rest = stated[date.end() :].strip() or metadata.get("time", "")
    return f"{written} {rest}".strip()
