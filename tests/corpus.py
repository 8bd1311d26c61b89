"""Files of every format in both languages with known facts at known places, made by the libraries that users' files
come from.

The facts are sentences about invented towns, so that nothing but the file can hold them. Each says where it stands: a
page, a slide, cells, rows or a heading.
"""

from __future__ import annotations

import csv
import html
import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from knowledge.types import Language

TOWNS: dict[Language, tuple[str, ...]] = {
    "zh": ("青禾镇", "望川市", "柳塘县", "白榆镇", "石门渡", "南屏市", "云杉镇", "古桑县", "江口市", "松岭镇"),
    "en": ("Marlowick", "Tessaford", "Brindle Bay", "Quarrington", "Ashmere", "Holloway Reach", "Fennick", "Osterby",
           "Larkspur Hill", "Dunmoor"),
}  # fmt: skip
TOPICS: dict[Language, tuple[tuple[str, str], ...]] = {
    "zh": (
        ("供水", "{town}的自来水厂建于{year}年，每天供水{number}吨，水源是镇北的水库和三条山溪。"),
        ("学校", "{town}的第一所中学在{year}年开学，当年招收学生{number}人，校舍由旧粮仓改建而成。"),
        ("道路", "通往{town}的公路于{year}年通车，全长{number}公里，沿途要经过五座桥和两条隧道。"),
        ("集市", "{town}的集市从{year}年起每周五开放，平均每次有{number}个摊位，卖的多是山货和竹器。"),
    ),
    "en": (
        ("Water supply", "The waterworks of {town} opened in {year} and deliver {number} tonnes of water a day from "
                         "the reservoir in the north and from three mountain streams."),
        ("Schools", "The first secondary school of {town} opened in {year} with {number} pupils in a granary that had "
                    "been rebuilt for it during the winter before."),
        ("Roads", "The road to {town} was opened in {year}, is {number} kilometres long, and crosses five bridges and "
                  "two tunnels on its way through the hills."),
        ("Market", "The market of {town} has been held every Friday since {year} with {number} stalls on average, most "
                   "of which sell mushrooms and baskets."),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """A sentence of a file, and what `knowledge.formats.places.place_of` says of it."""

    words: str
    place: str


@dataclass(frozen=True)
class MadeFile:
    """A file with its facts."""

    name: str
    language: Language
    data: bytes
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Section:
    """A heading and the sentences under it."""

    heading: str
    sentences: tuple[str, ...]


def sections(language: Language, number: int) -> list[Section]:
    """Return the sections of the document with this number: a topic each, four towns in it."""
    chance = random.Random(f"{language} {number}")
    made = []
    for heading, template in TOPICS[language]:
        towns = chance.sample(TOWNS[language], 4)
        made.append(
            Section(
                heading,
                tuple(
                    template.format(town=town, year=chance.randint(1900, 2020), number=chance.randint(11, 9999))
                    for town in towns
                ),
            )
        )
    return made


def title(language: Language, number: int) -> str:
    return f"{TOWNS[language][number % 10]}地方志" if language == "zh" else f"Records of {TOWNS[language][number % 10]}"


def make_text(language: Language, number: int, *, encoding: str = "utf-8") -> MadeFile:
    parts = [text for one in sections(language, number) for text in (one.heading, *one.sentences)]
    facts = [Fact(words, one.heading) for one in sections(language, number) for words in one.sentences]
    text = "\n\n".join([title(language, number), *parts]) + "\n"
    return MadeFile(f"{encoding} {number}.txt", language, text.encode(encoding), tuple(facts))


def make_markdown(language: Language, number: int) -> MadeFile:
    parts = [f"# {title(language, number)}"]
    for one in sections(language, number):
        parts += [f"## {one.heading}", one.sentences[0], "\n".join(f"- {words}" for words in one.sentences[1:])]
    facts = [Fact(words, one.heading) for one in sections(language, number) for words in one.sentences]
    return MadeFile(f"{number}.md", language, "\n\n".join(parts).encode("utf-8-sig"), tuple(facts))


def make_html(language: Language, number: int, *, marked: bool = True) -> MadeFile:
    body = [f"<h1>{html.escape(title(language, number))}</h1>"]
    for one in sections(language, number):
        body.append(f"<h2>{html.escape(one.heading)}</h2><p>{html.escape(one.sentences[0])}</p><ul>")
        body += [f"<li><span>{html.escape(words)}</span></li>" for words in one.sentences[1:3]]
        body.append(f"</ul><div class=x>{html.escape(one.sentences[3])}<br></div>")
    element = "article" if marked else "div"
    menu = "".join(f'<li><a href="/{at}">{word}</a></li>' for at, word in enumerate(("Home", "News", "About", "Jobs")))
    page = (
        f"<!doctype html><html><head><meta charset='gb2312'><title>{title(language, number)} - x</title>"
        f"<script>var a = '<p>no</p>';</script></head><body><nav><ul>{menu}</ul></nav><div><ul>{menu}</ul></div>"
        f"<{element}>{''.join(body)}</{element}><footer>Copyright nobody</footer></body></html>"
    )
    facts = [Fact(words, one.heading) for one in sections(language, number) for words in one.sentences]
    return MadeFile(f"{'' if marked else 'un'}marked {number}.html", language, page.encode("gb18030"), tuple(facts))


def make_pdf(language: Language, number: int, *, password: str = "") -> MadeFile:
    """Make a page a section, with header, page number, and lines broken at the margin."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    font, width = ("STSong-Light", 34) if language == "zh" else ("Helvetica", 76)
    target = io.BytesIO()
    canvas = Canvas(target, encrypt=StandardEncryption(password) if password else None)
    facts = []
    for page, one in enumerate(sections(language, number), start=1):
        canvas.setFont(font, 12)
        lines = [title(language, number), "", one.heading, ""]
        for words in one.sentences:
            lines += [*broken(words, width), ""]
            facts.append(Fact(words, f"第 {page} 页" if language == "zh" else f"page {page}"))
        for at, line in enumerate(lines):
            canvas.drawString(72, 790 - 18 * at, line)
        canvas.drawString(290, 30, str(page))
        canvas.showPage()
    canvas.save()
    return MadeFile(f"{number}.pdf", language, target.getvalue(), tuple(facts))


def broken(words: str, width: int) -> list[str]:
    """Break a sentence into lines of so many characters, English at spaces."""
    lines = [""]
    for piece in words if not words.isascii() else words.split(" "):
        gap = " " if words.isascii() and lines[-1] else ""
        if len(lines[-1]) + len(gap) + len(piece) > width:
            lines.append("")
            gap = ""
        lines[-1] += gap + piece
    return lines


def make_docx(language: Language, number: int) -> MadeFile:
    import docx

    document = docx.Document()
    document.add_heading(title(language, number), 0)
    facts = []
    for at, one in enumerate(sections(language, number)):
        document.add_heading(one.heading, 1)
        document.add_paragraph(one.sentences[0])
        for words in one.sentences[1:3]:
            document.add_paragraph(words, style="List Bullet")
        facts += [Fact(words, one.heading) for words in one.sentences[:3]]
        header, row = table(language, 4 * number + at)
        grid = document.add_table(2, 3)
        for cells, values in zip(grid.rows, (header, row), strict=True):
            for cell, value in zip(cells.cells, values, strict=True):
                cell.text = value
        facts.append(Fact(row_text(language, header, row), one.heading))
    target = io.BytesIO()
    document.save(target)
    return MadeFile(f"{number}.docx", language, target.getvalue(), tuple(facts))


def table(language: Language, number: int) -> tuple[list[str], list[str]]:
    """Return header and one row."""
    town = TOWNS[language][number % 10]
    if language == "zh":
        return ["地名", "人口", "面积"], [town, f"{number + 12}345人", f"{number + 3}平方公里"]
    return ["Town", "People", "Area"], [town, f"{number + 12},345", f"{number + 3} square kilometres"]


def row_text(language: Language, header: list[str], row: list[str]) -> str:
    colon, stop = ("：", "；") if language == "zh" else (": ", "; ")
    return stop.join(f"{name}{colon}{value}" for name, value in zip(header, row, strict=True))


def make_pptx(language: Language, number: int) -> MadeFile:
    import pptx

    presentation = pptx.Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[0])
    first.shapes.title.text = title(language, number)
    facts = []
    for slide_number, one in enumerate(sections(language, number), start=2):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = one.heading
        frame = slide.placeholders[1].text_frame
        frame.text = one.sentences[0]
        for words in one.sentences[1:3]:
            frame.add_paragraph().text = words
        slide.notes_slide.notes_text_frame.text = one.sentences[3]
        place = f"第 {slide_number} 张幻灯片" if language == "zh" else f"slide {slide_number}"
        facts += [Fact(words, place) for words in one.sentences]
    target = io.BytesIO()
    presentation.save(target)
    return MadeFile(f"{number}.pptx", language, target.getvalue(), tuple(facts))


def sheet_rows(language: Language, number: int) -> tuple[list[str], list[list[str | int]]]:
    chance = random.Random(f"rows {language} {number}")
    header = ["地名", "年份", "桥梁数量"] if language == "zh" else ["Town", "Year", "Bridges"]
    towns = chance.sample(TOWNS[language], 8)
    return header, [[town, chance.randint(1950, 2020), chance.randint(1, 400)] for town in towns]


def make_xlsx(language: Language, number: int) -> MadeFile:
    """Make two sheets, the second with its table at B3 and an empty row in it."""
    import openpyxl

    header, rows = sheet_rows(language, number)
    book = openpyxl.Workbook()
    facts = []
    names = ("表1", "桥梁 二") if language == "zh" else ("Towns", "More towns")
    for at, (name, left, top) in enumerate(((names[0], 1, 1), (names[1], 2, 3))):
        sheet = book.active if at == 0 else book.create_sheet()
        sheet.title = name
        for row_at, row in enumerate([header, *(rows[:4] if at == 0 else rows[4:])]):
            line = top + row_at + (1 if at and row_at > 2 else 0)
            for column, value in enumerate(row):
                sheet.cell(line, left + column, value)
            if row_at:
                cells = f"{'AB'[at]}{line}:{'CD'[at]}{line}"
                place = f"工作表 {name}，{cells}" if language == "zh" else f"sheet {name}, {cells}"
                facts.append(Fact(row_text(language, header, [str(value) for value in row]), place))
    target = io.BytesIO()
    book.save(target)
    return MadeFile(f"{number}.xlsx", language, target.getvalue(), tuple(facts))


def make_csv(language: Language, number: int, *, delimiter: str = ",", encoding: str = "utf-8-sig") -> MadeFile:
    header, rows = sheet_rows(language, number)
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter).writerows([header, *rows])
    facts = [
        Fact(
            row_text(language, header, [str(value) for value in row]),
            f"第 {at} 行" if language == "zh" else f"row {at}",
        )
        for at, row in enumerate(rows, start=2)
    ]
    suffix = "tsv" if delimiter == "\t" else "csv"
    return MadeFile(f"{number}.{suffix}", language, target.getvalue().encode(encoding), tuple(facts))


def make_epub(language: Language, number: int) -> MadeFile:
    chapters = sections(language, number)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
            '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles>'
            "</container>",
        )
        items = "".join(
            f'<item id="c{at}" href="ch%20{at}.xhtml" media-type="application/xhtml+xml"/>'
            for at in range(len(chapters))
        )
        spine = "".join(f'<itemref idref="c{at}"/>' for at in range(len(chapters)))
        book.writestr(
            "OEBPS/content.opf",
            '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
            f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title(language, number)}</dc:title>'
            f"<dc:creator>{'林知远' if language == 'zh' else 'Ada Winter'}</dc:creator></metadata>"
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
        )
        for at, one in enumerate(chapters):
            words = "".join(f"<p>{html.escape(words)}</p>" for words in one.sentences)
            book.writestr(
                f"OEBPS/ch {at}.xhtml",
                '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>'
                f"</head><body><h2>{html.escape(one.heading)}</h2>{words}</body></html>",
            )
    facts = [Fact(words, one.heading) for one in chapters for words in one.sentences]
    return MadeFile(f"{number}.epub", language, target.getvalue(), tuple(facts))


MAKERS: dict[str, Callable[[Language, int], MadeFile]] = {
    "txt": make_text,
    "txt gb18030": lambda language, number: make_text(language, number, encoding="gb18030"),
    "txt utf-16": lambda language, number: make_text(language, number, encoding="utf-16"),
    "md": make_markdown,
    "html": make_html,
    "html unmarked": lambda language, number: make_html(language, number, marked=False),
    "pdf": make_pdf,
    "docx": make_docx,
    "pptx": make_pptx,
    "xlsx": make_xlsx,
    "csv": make_csv,
    "csv gb18030": lambda language, number: make_csv(language, number, delimiter=";", encoding="gb18030"),
    "tsv": lambda language, number: make_csv(language, number, delimiter="\t", encoding="utf-16"),
    "epub": make_epub,
}
"""How a file of each format is made, from a language and a number."""


def make_corpus(folder: Path, numbers: range) -> list[tuple[Path, MadeFile]]:
    """Write files of every format in both languages; return each with what it holds."""
    written = []
    for kind, make in MAKERS.items():
        for language in ("zh", "en"):
            for number in numbers:
                made = make(language, number)
                place = folder / f"{kind} {'中文 《文件》' if language == 'zh' else 'English'}"
                place.mkdir(parents=True, exist_ok=True)
                (place / made.name).write_bytes(made.data)
                written.append((place / made.name, made))
    return written
