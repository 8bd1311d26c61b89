"""From files to langchain documents with title, author, date, language.

A file may open with *front matter*: ``key: value`` lines between two lines of ``---``. Its values become the document's
metadata and, as readable sentences, a *document card* at the head of the text (标题：…。 or ``Title: ….``), so that
questions such as "who wrote this?" are answered by citing words of the document like any other.
"""

from __future__ import annotations

import hashlib
import re
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.encoding import decode
from knowledge.english_words import MONTHS
from knowledge.errors import LoadError
from knowledge.formats import CONVERT, FORMATS, places, suffix_of
from knowledge.formats.extracted import MOST_CHARACTERS, Extracted
from knowledge.language import detect_language
from knowledge.types import Language

if TYPE_CHECKING:
    from langchain_core.documents import Document

    from knowledge.formats.sandbox import Sandbox

TEXT_SUFFIXES = (".txt", ".md", ".markdown", ".text")
"""Names of plain text, which is read in this process."""

SUFFIXES = (*TEXT_SUFFIXES, *FORMATS)
"""The formats that can be read."""

MOST_BYTES, MOST_TEXT_BYTES = 300 * 2**20, 80 * 2**20
"""A file with more bytes, or a plain text with more, is refused."""

NOTES = "notes"
"""Key of a document's metadata: what of the file was left out."""

FILE, FILE_DIGEST = "file", "file_digest"
"""Keys of a document's metadata: the absolute path of its file, and the SHA-256 of the bytes it was read from."""

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


def load_file(path: str | Path, sandbox: Sandbox, *, source: str | None = None) -> Document:
    """Read a file of any format of `SUFFIXES`.

    Args:
        path: The file.
        sandbox: Reads what is no plain text.
        source: Where the document comes from, if the file is only a copy of it; its absolute path by default.

    Returns:
        A document as `document_from_bytes` makes it, with the file's path and digest and its places
        (`knowledge.formats.places`) among the metadata.

    Raises:
        LoadError: It is missing, of another format, too large, damaged, protected, or holds no text.
    """
    try:
        return read_file(path, sandbox, source=source)
    except LoadError as error:
        raise _named(Path(path).name, error) from error


def read_file(path: str | Path, sandbox: Sandbox, *, source: str | None = None) -> Document:
    """Do what `load_file` does; the messages of its errors do not name the file."""
    file = Path(path).expanduser()
    try:
        name = require_readable(file)
        digest = file_digest(file)
        if name in TEXT_SUFFIXES:
            content = _text_content(file.read_bytes())
        else:
            content = sandbox.read(file, FORMATS[name]), {}
    except OSError as error:
        raise unreadable(error) from error
    document = _document(*content, name=file.name, source=source or str(file.resolve()))
    document.metadata[FILE_DIGEST] = digest
    if source is None:
        document.metadata[FILE] = str(file.resolve())
    return document


def require_readable(file: Path) -> str:
    """Return a file's suffix.

    Raises:
        LoadError: It is of a format that cannot be read, no regular file, empty or too large.
        OSError: It is not there.
    """
    suffix = suffix_of(file.name)
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise LoadError(
            f"It is of a format that cannot be read{f' ({suffix})' if suffix else ''}.",
            hint=CONVERT.get(suffix, f"Convert it to one of {known}."),
        )
    if not file.is_file():
        if file.exists():
            raise LoadError("It is no regular file.", hint="Give a file.")
        raise LoadError("There is no such file.", hint="Check the path.")
    size = file.stat().st_size
    most = MOST_TEXT_BYTES if suffix in TEXT_SUFFIXES else MOST_BYTES
    if size > most:
        raise LoadError(f"It is too large ({size:,} bytes; at most {most:,}).", hint="Split it into smaller files.")
    return suffix


def file_digest(file: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def load_text_file(path: str | Path) -> Document:
    """Read a text or Markdown file.

    Args:
        path: A file whose name ends in one of `TEXT_SUFFIXES`.

    Returns:
        A document as `document_from_bytes` makes it; ``source`` is the absolute path unless the front matter has one.

    Raises:
        LoadError: The file is missing, of another format, empty, binary, or in no encoding that can be told.
    """
    file = Path(path).expanduser()
    if file.suffix.lower() not in TEXT_SUFFIXES:
        raise LoadError(
            f"{file.name} is of a format that is no text.", hint=f"Convert it to one of {', '.join(TEXT_SUFFIXES)}."
        )
    try:
        data = file.read_bytes()
    except OSError as error:
        raise _named(str(file), unreadable(error)) from error
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
    try:
        return _document(*_text_content(data), name=name, source=source)
    except LoadError as error:
        raise _named(name, error) from error


def _text_content(data: bytes) -> tuple[Extracted, dict[str, str]]:
    """Return the text of a plain text file, and its front matter."""
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MOST_CHARACTERS:
        raise LoadError(f"It holds more than {MOST_CHARACTERS:,} characters.", hint="Split it into smaller files.")
    metadata, body = _front_matter(text)
    if not body.strip():
        raise LoadError("It holds no text.", hint="Leave it out, or check that it was saved.")
    title = _TITLE.search(body)
    return Extracted(body, title=title[1] if title else "", card=metadata), metadata


def _document(content: Extracted, metadata: dict[str, str], *, name: str, source: str) -> Document:
    """Make a document of a file's content and what its front matter says."""
    from langchain_core.documents import Document

    stated = metadata.get("language", "").lower()[:2]
    language: Language = "zh" if stated == "zh" else "en" if stated == "en" else detect_language(content.text)
    card = _card(content.card, language)
    metadata = content.card | metadata
    metadata.setdefault("title", content.title or Path(name).stem)
    metadata.setdefault("source", source)
    metadata["language"] = language
    if content.places:
        metadata[places.PLACES] = places.dump(place.moved(len(card)) for place in content.places)
    if content.notes:
        metadata[NOTES] = " ".join(content.notes)
    text = card + content.text
    digest = sha256(f"{metadata['source']}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
    return Document(id=digest[:16], page_content=text, metadata=metadata)


def _named(name: str, error: LoadError) -> LoadError:
    """Return the error with the file's name in it."""
    if error.message.startswith("It holds "):
        return LoadError(f"{name} {error.message.removeprefix('It ')}", hint=error.hint)
    return LoadError(f"{name} cannot be read. {error.message}", hint=error.hint)


def unreadable(error: OSError) -> LoadError:
    """Return the error that says that a file cannot be opened."""
    return LoadError(f"It cannot be opened: {error.strerror or error}.", hint="Check the path and its permissions.")


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
