"""Readers of the formats that are not plain text: one file a format, each from a file's bytes to an `Extracted`.

A reader gives readable text (headings as Markdown ``#`` lines, list items as ``- `` lines, each row of a table as a
line that names its columns) and *places*: which page, slide, cells or rows a span of that text was. Readers see files
that nobody vouches for, so they run in a process of their own (`knowledge.formats.sandbox`), never in ours.
"""

from __future__ import annotations

from pathlib import PurePath

FORMATS = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
    ".xlsx": "xlsx",
    ".csv": "csv",
    ".tsv": "csv",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".epub": "epub",
}
"""Which module of this package reads files with a suffix."""

CONVERT = {
    ".doc": "Save it as .docx with Word, WPS or LibreOffice.",
    ".wps": "Save it as .docx with WPS or LibreOffice.",
    ".rtf": "Save it as .docx with Word, WPS or LibreOffice.",
    ".odt": "Save it as .docx with LibreOffice.",
    ".docm": "Save it as .docx with Word.",
    ".ppt": "Save it as .pptx with PowerPoint, WPS or LibreOffice.",
    ".odp": "Save it as .pptx with LibreOffice.",
    ".xls": "Save it as .xlsx with Excel, WPS or LibreOffice.",
    ".xlsm": "Save it as .xlsx with Excel.",
    ".ods": "Save it as .xlsx with LibreOffice.",
    ".mobi": "Convert it to .epub with calibre.",
    ".azw3": "Convert it to .epub with calibre.",
    ".mhtml": "Save the page as HTML.",
}
"""What to do with a file of a related format that cannot be read."""


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name, in lower case."""
    return PurePath(name).suffix.lower()
