"""Files that are broken, too large, or made to harm whoever reads them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from tests.corpus import make_csv, make_docx, make_epub, make_pdf, make_pptx, make_xlsx

LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(12))
    + "]>"
)
"""Entities that would expand to terabytes (``&m;``)."""

OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def repacked(data: bytes, change: Callable[[str, bytes], bytes | None], **added: bytes) -> bytes:
    """Return an archive with its files changed; None leaves one out."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            changed = change(name, old.read(name))
            if changed is not None:
                new.writestr(name, changed)
        for name, content in added.items():
            new.writestr(name, content)
    return target.getvalue()


def with_file(data: bytes, name: str, content: bytes | None) -> bytes:
    return repacked(data, lambda own, old: content if own == name else old)


def marked_encrypted(data: bytes) -> bytes:
    """Set the flag of encryption on every file of an archive."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = changed.find(signature)
        while at >= 0:
            changed[at + offset] |= 1
            at = changed.find(signature, at + 4)
    return bytes(changed)


def claiming(data: bytes, size: int) -> bytes:
    """Say of the first file of an archive that it expands to so many bytes."""
    changed = bytearray(data)
    at = changed.find(b"PK\x01\x02")
    changed[at + 24 : at + 28] = struct.pack("<I", size)
    return bytes(changed)


def bomb(name: str, size: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as file:
        for _ in range(size // 2**20):
            file.write(bytes(2**20))
    return target.getvalue()


def pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """Return a PDF of these objects, numbered from 1, with a table of where they are."""
    data, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(data)
    count = len(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d %s>>\n" % (count, table, count, trailer)
    return data + b"startxref\n%d\n%%%%EOF" % start


def stream(content: bytes, more: bytes = b"") -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), more, content)


CATALOG, PAGES = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<<>>>>"
NESTED_PDF = pdf(CATALOG, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>")
DAMAGED, LOCKED, EMPTY = "damaged|no .* file", "password", "no text|empty"


def hostile_pdfs() -> Iterator[tuple[str, bytes, str]]:
    good = make_pdf("en", 0).data
    yield "empty.pdf", b"", "empty"
    yield "cut at half.pdf", good[: len(good) // 2], ""
    yield "cut at the head.pdf", good[:30], DAMAGED
    yield "noise.pdf", zlib.compress(good) * 3, DAMAGED
    yield "head only.pdf", b"%PDF-1.7\n%%EOF", DAMAGED
    yield "picture.pdf", b"\x89PNG\r\n\x1a\n" + bytes(500), DAMAGED
    yield "locked.pdf", make_pdf("zh", 1, password="x").data, LOCKED
    yield "scan.pdf", pdf(CATALOG, PAGES, PAGE, stream(b"q 99 0 0 99 0 0 cm Q")), "pictures"
    yield "no pages.pdf", pdf(CATALOG, b"<</Type/Pages/Kids[]/Count 0>>"), "no pages|damaged"
    yield "pages in a circle.pdf", NESTED_PDF, "pictures|damaged|no pages"
    yield "millions of pages.pdf", pdf(CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 2147483647>>", PAGE), ""
    yield "deep arrays.pdf", pdf(CATALOG, PAGES, PAGE, b"[" * 100_000), ""
    swollen = zlib.compress(bytes(64 * 2**20), 9)
    yield (
        "swollen stream.pdf",
        pdf(CATALOG, PAGES, PAGE, stream(swollen, b"/Filter/FlateDecode")),
        "pictures|memory|longer",
    )
    twice = zlib.compress(zlib.compress(bytes(128 * 2**20), 9), 9)
    filters = b"/Filter[/FlateDecode/FlateDecode]"
    yield "swollen twice.pdf", pdf(CATALOG, PAGES, PAGE, stream(twice, filters)), "pictures|memory|damaged|longer"
    yield "endless drawing.pdf", pdf(CATALOG, PAGES, PAGE, stream(b"q " * 1_000_000)), "pictures|longer"
    yield "where it is, is a lie.pdf", good.replace(b"startxref\n", b"startxref\n9"), ""
    form = stream(b"/F Do", b"/Type/XObject/Subtype/Form/Resources<</XObject<</F 5 0 R>>>>/BBox[0 0 9 9]")
    page = PAGE.replace(b"<<>>", b"<</XObject<</F 5 0 R>>>>")
    yield "form in itself.pdf", pdf(CATALOG, PAGES, page, stream(b"/F Do"), form), "pictures"


def hostile_docx() -> Iterator[tuple[str, bytes, str]]:
    good, part = make_docx("en", 0).data, "word/document.xml"
    words = f"<w:document {WORD}><w:body><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:body></w:document>"
    yield "empty.docx", b"", "empty"
    yield "text.docx", b"only text", DAMAGED
    yield "cut.docx", good[: len(good) // 2], DAMAGED
    yield "cut at the end.docx", good[:-40], DAMAGED
    yield "locked.docx", OLE + "EncryptedPackage".encode("utf-16-le"), LOCKED
    yield "locked archive.docx", marked_encrypted(good), LOCKED
    yield "of 1997.docx", OLE, "before 2007"
    yield "presentation.docx", make_pptx("en", 0).data, "no DOCX"
    yield "bomb.docx", bomb(part, 64 * 2**20), "attack"
    yield "claims 4 GB.docx", claiming(good, 2**32 - 2), "attack"
    yield "many files.docx", repacked(good, lambda n, d: d, **{f"x{at}": b"" for at in range(20_001)}), "attack"
    yield "laughs.docx", with_file(good, part, (LAUGHS + words % "&m;").encode()), f"{DAMAGED}|{EMPTY}|longer|memory"
    yield "reads outside.docx", with_file(good, part, (OUTSIDE + words % "&e;").encode()), f"{DAMAGED}|{EMPTY}"
    deep = f"<w:document {WORD}><w:body>{'<w:p>' * 50_000}</w:body></w:document>"
    yield "deep.docx", with_file(good, part, deep.encode()), DAMAGED
    yield "no words.docx", with_file(good, part, (words % "").encode()), EMPTY
    yield "no document.docx", with_file(good, part, None), "no DOCX"
    yield "broken xml.docx", with_file(good, part, b"<w:document"), DAMAGED
    yield "no encoding.docx", with_file(good, part, (words % "x").encode() + b"\xff\xfe\xfa"), DAMAGED
    yield "no types.docx", with_file(good, "[Content_Types].xml", None), DAMAGED
    yield "climbs out.docx", repacked(good, lambda n, d: d, **{"../../../etc/passwd": b"x"}), ""


def hostile_sheets() -> Iterator[tuple[str, bytes, str]]:
    good, part = make_xlsx("en", 0).data, "xl/worksheets/sheet1.xml"
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = f"<worksheet {main}>%s<sheetData>%s</sheetData></worksheet>"
    yield "empty.xlsx", b"", "empty"
    yield "cut.xlsx", good[:-100], DAMAGED
    yield "locked.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), LOCKED
    yield "of 1997.xlsx", OLE, "before 2007"
    yield "bomb.xlsx", bomb("xl/workbook.xml", 64 * 2**20), "attack"
    lie = sheet % ('<dimension ref="A1:XFD1048576"/>', '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>')
    yield "claims to be vast.xlsx", with_file(good, part, lie.encode()), ""
    far = sheet % ("", '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row>')
    yield "one cell far away.xlsx", with_file(good, part, far.encode()), ""
    laughs = LAUGHS + sheet % ("", '<row r="1"><c r="A1" t="inlineStr"><is><t>&m;</t></is></c></row>')
    yield "laughs.xlsx", with_file(good, part, laughs.encode()), f"{DAMAGED}|{EMPTY}|longer|memory"
    yield "broken sheet.xlsx", with_file(good, part, b"<worksheet><sheetData><row"), DAMAGED
    yield "no workbook.xlsx", with_file(good, "xl/workbook.xml", None), "no XLSX"
    yield "no sheets.xlsx", repacked(good, lambda n, d: None if "worksheets" in n else d), f"{DAMAGED}|{EMPTY}"
    yield "empty.csv", b"", "empty"
    yield "binary.csv", bytes(range(256)) * 20, "binary|encoding"
    yield "nulls.csv", b"a,b\n\0,\0,\0\n" * 50, ""
    yield "open quote.csv", b'a,b\n"never closed' + b",x\n" * 100_000, ""
    yield "only commas.csv", b",,,\n" * 1000, EMPTY
    yield "wide.csv", b",".join(b"c%d" % at for at in range(50_000)) + b"\n" + b"1," * 50_000, ""
    yield "long cell.csv", b"a,b\n" + b"x" * 2_000_000 + b",1\n", ""
    yield "cut utf-16.csv", make_csv("zh", 0, encoding="utf-16").data[:-1], "damaged"


def hostile_slides_books_pages() -> Iterator[tuple[str, bytes, str]]:
    slides, book = make_pptx("en", 0).data, make_epub("en", 0).data
    yield "empty.pptx", b"", "empty"
    yield "cut.pptx", slides[: len(slides) // 2], DAMAGED
    yield "locked.pptx", OLE + "EncryptedPackage".encode("utf-16-le"), LOCKED
    yield "bomb.pptx", bomb("ppt/presentation.xml", 64 * 2**20), "attack"
    yield (
        "slides are gone.pptx",
        repacked(slides, lambda n, d: None if "slides/slide" in n else d),
        f"{DAMAGED}|{EMPTY}",
    )
    yield "broken slide.pptx", with_file(slides, "ppt/slides/slide1.xml", b"<p:sld"), DAMAGED
    yield "empty.epub", b"", "empty"
    yield "cut.epub", book[:-60], DAMAGED
    yield "bomb.epub", bomb("META-INF/container.xml", 64 * 2**20), "attack"
    method = b'<encryption><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></encryption>'
    yield "sold.epub", repacked(book, lambda n, d: d, **{"META-INF/encryption.xml": method}), "DRM"
    yield "no package.epub", with_file(book, "OEBPS/content.opf", None), DAMAGED
    yield "no chapters.epub", repacked(book, lambda n, d: None if n.endswith("xhtml") else d), EMPTY
    outside = f'{OUTSIDE}<package xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>&e;</dc:title></package>'
    yield "reads outside.epub", with_file(book, "OEBPS/content.opf", outside.encode()), EMPTY
    yield "empty.html", b"", "empty"
    yield "only script.html", b"<html><script>document.write('x')</script></html>", EMPTY
    yield "binary.html", bytes(range(256)) * 9, "binary|encoding"
    yield "deep.html", b"<div>" * 200_000 + b"deep" + b"</div>" * 200_000, ""
    yield "brackets.html", b"<" * 1_000_000, ""
    yield "attributes.html", b"<p " + b"a=1 " * 500_000 + b">words here</p>", ""
    yield "tables in tables.html", b"<table><tr><td>" * 3000 + b"deep", ""
    yield "lies about its encoding.html", '<meta charset="utf-7"><p>中文的内容在这里，是的。</p>'.encode("gb18030"), ""


def hostile_texts() -> Iterator[tuple[str, bytes, str]]:
    yield "empty.txt", b"", "no text"
    yield "spaces.txt", b" \n\t\r\n" * 100, "no text"
    yield "mark only.txt", b"\xef\xbb\xbf", "no text"
    yield "binary.txt", bytes(range(256)) * 20, "binary|encoding"
    yield "program.md", b"\x7fELF" + bytes(1000), "binary|encoding"
    yield "cut utf-16.txt", "中文的内容".encode("utf-16")[:-1], "damaged"
    yield "unknown encoding.txt", bytes((at * 37 + 128) % 128 + 128 for at in range(5000)), "encoding|binary"
    yield "picture.png", b"\x89PNG\r\n\x1a\n", "format"
    yield "no suffix", b"words", "format"
    yield "old.doc", OLE, "format"
    yield "program.exe", b"MZ", "format"


def hostile_files() -> Iterator[tuple[str, bytes, str]]:
    """Yield name, bytes, and a pattern of the reason why each is refused; "" where it may be read as well."""
    for make in (hostile_pdfs, hostile_docx, hostile_sheets, hostile_slides_books_pages, hostile_texts):
        yield from make()
