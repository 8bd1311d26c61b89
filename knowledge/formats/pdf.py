"""PDF, page by page, by PDFium.

PDFium is what Chrome shows PDFs with; it holds Adobe's character maps for Chinese, which many PDFs rely on. It gives
lines as they are printed: here lines that a paragraph was broken into are joined again (a line break ends a sentence
everywhere in Wenju), and headers, footers and page numbers are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from itertools import chain

from knowledge.errors import LoadError
from knowledge.formats.archive import damaged, password_needed
from knowledge.formats.extracted import MOST_CHARACTERS, Extracted, clean
from knowledge.formats.places import Place
from knowledge.language import HAN
from knowledge.sentences import text_size

FULL = 0.8
"""Share of the usual longest line from which a line was broken because it was full."""

MOST_UNREADABLE = 0.1
"""Share of characters that the PDF does not identify above which it is refused."""

_PAGE_NUMBER = re.compile(
    r"[-–—•· ]*(?:第 ?|page |p\. ?)?[0-9]{1,4}(?: ?页)?(?: ?(?:/|of|，?共) ?[0-9]{1,4} ?页?)?[-–—•· ]*", re.I
)
_ENDS = re.compile(r"[。！？!?.．…：:；;][”’」』）)\"']*$")
_GOES_ON = re.compile(r"[，、,（(《“「-]$")
_BULLET = re.compile(
    r"[-–•·●○■□◆▪*]\s*\S|[（(]?[0-9]{1,3}[)）、.．]\s|[（(][一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|第[0-9一二三四五六七八九十百]{1,4}[章节条]"
)
_HAN_EDGE = re.compile(f"[{HAN}，、。；：！？（）《》“”「」]")
_BROKEN_WORD = re.compile(r"(?<=[a-z])[\ufffe\xad]\n?(?=[a-z])")
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff]")
_GENERATED_TITLE = re.compile(
    r"untitled|microsoft word|microsoft powerpoint|\.docx?$|\.pptx?$|\.indd$|^\W*$|未命名", re.I
)
_FIRST_PAGE_AT_MOST = 30  # a chapter of a book may begin with page 31; 2019 is a year
_EDGE = 2  # lines at the top and bottom of a page that may be headers and footers


def extract(data: bytes) -> Extracted:
    """Read a PDF.

    Raises:
        LoadError: It is damaged, protected, scanned, or its fonts do not say what they show.
    """
    import pypdfium2
    import pypdfium2.raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        # PDFium keeps its last error, so after a file with a password it says the same of the next one.
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD and b"/Encrypt" in data:
            raise password_needed() from error
        raise damaged("PDF") from error
    pages: list[list[str]] = []
    bare = []
    length = 0
    for number in range(len(document)):
        try:
            with closing(document[number]) as page, closing(page.get_textpage()) as shown:
                words = shown.get_text_range()
        except pypdfium2.PdfiumError as error:
            raise damaged("PDF") from error
        words = _BROKEN_WORD.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))
        length += len(words)
        if length > MOST_CHARACTERS:
            raise LoadError(f"It holds more than {MOST_CHARACTERS:,} characters.", hint="Split it into smaller files.")
        pages.append([line for line in map(clean, words.split("\n")) if line])
        if not pages[-1]:
            bare.append(number + 1)
    _require_text(pages)
    text, places = assemble(pages)
    title = clean(document.get_metadata_dict().get("Title", ""))
    notes = (f"No text on page {', '.join(map(str, bare[:20]))}{' …' * (len(bare) > 20)}.",) if bare else ()
    return Extracted(text, places, "" if _GENERATED_TITLE.search(title) else title, notes=notes)


def _require_text(pages: Sequence[Sequence[str]]) -> None:
    """Refuse a scan and a text nobody can read."""
    characters = "".join("".join(page) for page in pages)
    if not pages:
        raise LoadError("It has no pages.", hint="Get another copy.")
    if len(characters) < 2 * len(pages):
        raise LoadError(
            "It holds pictures of pages and no text, as scanners make them.",
            hint="Run text recognition on it first, e.g. with OCRmyPDF, and add the result.",
        )
    if len(_UNREADABLE.findall(characters)) > MOST_UNREADABLE * len(characters):
        raise LoadError(
            "Its fonts do not say which characters they show, so its text cannot be read.",
            hint="Run text recognition on it, e.g. with OCRmyPDF --force-ocr, and add the result.",
        )


def assemble(pages: Sequence[Sequence[str]]) -> tuple[str, tuple[Place, ...]]:
    """Join the lines of pages into paragraphs.

    Args:
        pages: The lines of each page, cleaned.

    Returns:
        The text, and a place for each page that holds some. A paragraph that goes on over a page's end stays whole, so
        the places of two pages may meet within it.
    """
    kept = _without_furniture(pages)
    width = _usual_width(kept)
    text: list[str] = []
    places = []
    length = 0
    previous = ""
    for number, lines in enumerate(kept, start=1):
        start = None
        for line in lines:
            gap = _gap(previous, line, width) if text else ""
            text += [gap, line]
            length += len(gap)
            start = length if start is None else start
            length += len(line)
            previous = line
        if start is not None:
            places.append(Place("page", start, length, str(number)))
    return "".join(text) + "\n", tuple(places)


def _gap(before: str, after: str, width: float) -> str:
    """Return what parts two printed lines: nothing or a space within a paragraph, a line break or a blank line."""
    full = text_size(before) >= FULL * width
    goes_on = _GOES_ON.search(before) or (after[0].islower() and text_size(before) >= width / 2)
    if not _BULLET.match(after) and (goes_on or (full and not _ENDS.search(before))):
        return "" if _HAN_EDGE.match(before[-1]) or _HAN_EDGE.match(after[0]) else " "
    return "\n" if full else "\n\n"


def _usual_width(pages: Sequence[Sequence[str]]) -> float:
    """Return the size of a full line: the 9th decile of the lines, outliers such as wide tables left out."""
    sizes = sorted(text_size(line) for page in pages for line in page)
    return sizes[int(0.9 * (len(sizes) - 1))] if sizes else 0.0


def _without_furniture(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Leave out page numbers, and lines at the edges of pages that stand on half of them; the first header stays."""
    shapes = [{_shape(line, number) for line in (*page[:_EDGE], *page[-_EDGE:])} for number, page in enumerate(pages)]
    repeated = {shape for shape, count in Counter(chain.from_iterable(shapes)).items() if count >= 3}
    repeated = {shape for shape in repeated if 2 * sum(shape in own for own in shapes) >= len(pages)}
    kept = []
    for number, page in enumerate(pages):
        lines = []
        for at, line in enumerate(page):
            top, bottom = at < _EDGE, at >= len(page) - _EDGE
            header = _shape(line, number) in repeated and (number > 0 or not top)
            if not ((top or bottom) and (header or _is_page_number(line, len(pages)))):
                lines.append(line)
        kept.append(lines)
    return kept


def _shape(line: str, page: int) -> str:
    """Return what a header is alike in on all pages: a number at its start or end as seen from the page's."""
    return re.sub(r"^[0-9]{1,4}(?= )|(?<= )[0-9]{1,4}$", lambda number: f"{int(number[0]) - page:+}", line)


def _is_page_number(line: str, pages: int) -> bool:
    found = _PAGE_NUMBER.fullmatch(line)
    return found is not None and int(re.findall("[0-9]+", line)[0]) <= pages + _FIRST_PAGE_AT_MOST
