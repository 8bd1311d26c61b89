"""Files of every format: their words, and where these stand; and files that nobody should be hurt by."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.errors import LoadError
from knowledge.formats.extracted import TextBuilder
from knowledge.formats.html import extract as read_html
from knowledge.formats.pdf import assemble
from knowledge.formats.places import PLACES, Place, dump, place_of
from knowledge.formats.sandbox import Sandbox
from knowledge.formats.tables import table_lines
from knowledge.load import MOST_BYTES, load_file, read_file
from knowledge.split import split_passages
from knowledge.types import Span
from tests.corpus import MAKERS, make_corpus, make_docx, make_epub, make_pdf
from tests.hostile import hostile_files

try:
    import resource
except ImportError:  # Windows
    resource = None


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as opened:
        yield opened


def read(sandbox: Sandbox, path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return load_file(path, sandbox).page_content


# Facts at their places


def test_the_facts_of_every_format_stand_where_they_are_said_to(tmp_path: Path, sandbox: Sandbox) -> None:
    right, wrong = 0, []
    for path, made in make_corpus(tmp_path, range(2)):
        document = load_file(path, sandbox)
        text = document.page_content
        assert document.metadata["language"] == made.language, path
        sentences = [
            (span, passage.heading) for passage in split_passages(text, str(document.id)) for span in passage.sentences
        ]
        for fact in made.facts:
            found = next(((span, heading) for span, heading in sentences if fact.words in span.of(text)), None)
            place = place_of(text, document.metadata, *found, made.language) if found else None
            right += place == fact.place
            if place != fact.place:
                wrong.append((path.parent.name, fact, place))
    assert right >= 0.98 * (right + len(wrong)), wrong[:5]
    assert right + len(wrong) == 768


def test_a_title_is_the_documents_own(tmp_path: Path, sandbox: Sandbox) -> None:
    for kind, expected in {"docx": "青禾镇地方志", "pptx": "青禾镇地方志", "html": "青禾镇地方志", "md": "青禾镇地方志",
                           "epub": "青禾镇地方志", "pdf": "0", "csv": "0", "xlsx": "0"}.items():  # fmt: skip
        made = MAKERS[kind]("zh", 0)
        (tmp_path / made.name).write_bytes(made.data)
        assert load_file(tmp_path / made.name, sandbox).metadata["title"] == expected, kind


def test_what_stands_around_a_page_is_left_out(tmp_path: Path, sandbox: Sandbox) -> None:
    for kind in ("html", "html unmarked"):
        made = MAKERS[kind]("en", 0)
        text = read(sandbox, tmp_path / made.name, made.data)
        assert not re.search("Jobs|Copyright|var a", text), kind
    made = make_pdf("en", 0)
    text = read(sandbox, tmp_path / made.name, made.data)
    assert text.count("Records of") == 1  # the header of the first page
    assert not re.search(r"(?m)^\d+$", text)


def test_an_e_book_says_who_wrote_it(tmp_path: Path, sandbox: Sandbox) -> None:
    made = make_epub("en", 3)
    (tmp_path / made.name).write_bytes(made.data)
    document = load_file(tmp_path / made.name, sandbox)
    assert "Author: Ada Winter." in document.page_content
    assert document.metadata["author"] == "Ada Winter"


def test_a_sheet_is_read_as_it_is_shown(tmp_path: Path, sandbox: Sandbox) -> None:
    import datetime

    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["项目", "增长", "日期", "金额"])
    sheet.append(["水库", 0.1234, datetime.datetime(2021, 3, 5), 1234567.5])
    sheet["B2"].number_format = "0.0%"
    hidden = book.create_sheet("旧")
    hidden.append(["不要", "读"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    document = load_file(tmp_path / "a.xlsx", sandbox)
    assert "项目：水库；增长：12.3%；日期：2021-03-05；金额：1234567.5" in document.page_content
    assert "不要" not in document.page_content
    assert "旧" in document.metadata["notes"]


# The parts


def test_lines_that_a_page_broke_are_joined() -> None:
    zh = "青河市位于北方，人口为三百二十万，是省内第三大城市，"
    text, places = assemble([["第一章 总论", zh, "也是工业中心。", zh], ["跨页的一句话。", "- 列表", "2"]])
    assert f"{zh}也是工业中心。" in text
    assert f"{zh}跨页的一句话。" in text
    assert text.endswith("- 列表\n")
    metadata = {PLACES: dump(places)}
    at = text.rindex(zh)
    assert place_of(text, metadata, Span(at, at + len(zh) + 7), "", "zh") == "第 1–2 页"
    assert place_of(text, metadata, Span(at, at + len(zh)), "", "en") == "page 1"
    text, _ = assemble([["The river runs through the old town and the new", "one, which is large. It floods", "Next"]])
    assert "the new one, which" in text


def test_headers_and_page_numbers_go_and_figures_stay() -> None:
    pages = [
        [f"公司年报 {page}", f"{2018 + page}", f"第{page}页的内容各不相同。", f"合计 {7 * page}", str(page)]
        for page in range(1, 5)
    ]
    text, _ = assemble(pages)
    assert text.count("公司年报") == 1
    assert all(str(year) in text for year in range(2019, 2023))
    assert all(f"合计 {7 * page}" in text for page in range(1, 5))
    assert text.count("内容") == 4
    assert not re.search(r"(?m)^4$", text)


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([["地区", "产值", "年"], ["华东", "", "2019"]], ["地区 | 产值 | 年", "地区：华东；年：2019"]),
        ([["Region", "Value"], ["East", "12.5%"]], ["Region | Value", "Region: East; Value: 12.5%"]),
        ([["姓名", "张三"], ["部门", "财务部"]], ["姓名：张三", "部门：财务部"]),
        ([["1", "2"], ["3", "4"]], ["1: 2", "3: 4"]),
        ([["A title"], ["Town", "Year", "Size"], ["X", "1990", "3"]],
         ["A title", "Town | Year | Size", "Town: X; Year: 1990; Size: 3"]),
        ([], []),
        ([["one"]], ["one"]),
    ],
)  # fmt: skip
def test_a_row_names_its_columns(rows: list[list[str]], lines: list[str]) -> None:
    assert table_lines(rows) == lines


def test_places_of_rows_follow_gaps() -> None:
    builder = TextBuilder()
    builder.heading(1, "表1")
    builder.rows("cells", "表1", [(2, "a：1"), (3, "b：2"), (7, "c：3")], ("B", "D"))
    made = builder.build()
    metadata = {PLACES: dump(made.places)}
    for words, place in (("a", "B2:D2"), ("b", "B3:D3"), ("c", "B7:D7")):
        at = made.text.index(f"{words}：")
        assert place_of(made.text, metadata, Span(at, at + 2), "", "zh") == f"工作表 表1，{place}"
    whole = Span(made.text.index("a："), made.text.index("c："))
    assert place_of(made.text, metadata, whole, "", "en") == "sheet 表1, B2:D3"
    assert place_of(made.text, metadata, Span(0, 2), "heading", "en") == "heading"


def test_places_survive_what_is_put_in_front() -> None:
    place = Place("cells", 3, 9, "x", 4, ("A", "B"))
    assert place.moved(2) == Place("cells", 5, 11, "x", 4, ("A", "B"))


def test_html_in_its_declared_encoding_and_none() -> None:
    simplified, traditional = "中文的网页内容，在这里。", "中文的網頁內容，在這裡。"
    for encoding in ("gb2312", "big5", "utf-8", "utf-16"):
        words = traditional if encoding == "big5" else simplified
        page = f'<html><head><meta charset="{encoding}"></head><body><h2>一</h2><p>{words}</p></body></html>'
        assert words in read_html(page.encode(encoding)).text
        assert words in read_html(page.replace("charset", "x").encode(encoding)).text


def test_code_keeps_its_lines_and_nested_items_their_own() -> None:
    page = b"<main><h1>A</h1><pre>one\n  two</pre><ul><li>x\ny<ul><li>z</li></ul>w</li></ul><p>a\nb</p></main>"
    assert read_html(page).text == "# A\n\none\ntwo\n\n- x y\n- z\n- w\n\na b\n"


# What may be met


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> dict[str, tuple[str, str, float]]:
    """What every hostile file came to: what is expected, what was said, how long it took."""
    folder = tmp_path_factory.mktemp("hostile")
    found = {}
    for name, data, expected in hostile_files():
        (folder / name).write_bytes(data)
        start = time.monotonic()
        try:
            text = read_file(folder / name, sandbox).page_content
            said = f"read {len(text)} {'root:' in text}"
        except LoadError as error:
            said = error.message if error.hint else "no hint"
        found[name] = (expected, said, time.monotonic() - start)
    return found


def test_hostile_files_are_refused_with_their_reason(met: dict[str, tuple[str, str, float]]) -> None:
    assert len(met) >= 60
    wrong = {
        name: (expected, said)
        for name, (expected, said, _) in met.items()
        if (expected and not re.search(expected, said)) or said.endswith("True") or "crash" in said or said == "no hint"
    }
    assert wrong == {}


def test_hostile_files_take_little_time(met: dict[str, tuple[str, str, float]]) -> None:
    """How much memory they take is limited by the system; the next test meets that limit."""
    assert max(seconds for _, _, seconds in met.values()) < 30


def test_a_parser_that_hangs_swells_or_dies_is_ended(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trap.py").write_text(
        "import os, sys\nfrom knowledge.formats import csv\n"
        "def extract(data):\n"
        "    print('noise'); print('noise', file=sys.stderr)\n"
        "    if data == b'hang':\n        while True: pass\n"
        "    if data == b'swell':\n        return [bytes(2**28) for _ in range(40)]\n"
        "    if data == b'die':\n        os._exit(9)\n"
        "    if data == b'deep':\n        return extract(data)\n"
        "    return csv.extract(b'a,b\\n1,2\\n')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with Sandbox(seconds=2.0) as short:
        start = "import trap; sys.modules['knowledge.formats.trap'] = trap; from knowledge.formats.worker"
        monkeypatch.setattr(
            "knowledge.formats.sandbox._START",
            f"import sys; sys.path[:] = {{path!r}}; {start} import serve; serve({{memory}})",
        )
        for words, said in (("hang", "longer than 2 s"), ("swell", "memory"), ("die", "crash"), ("deep", "nested")):
            file = tmp_path / f"{words}.csv"
            file.write_text(words)
            if words == "swell" and resource is None:
                continue
            with pytest.raises(LoadError, match=said):
                short.read(file, "trap")
            (tmp_path / "good.csv").write_text("good")
            assert short.read(tmp_path / "good.csv", "trap").text == "a | b\na: 1; b: 2\n"


def test_what_is_no_file_is_not_opened(tmp_path: Path, sandbox: Sandbox) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    (tmp_path / "folder.pdf").mkdir()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "s.pdf"))
    listening.close()
    huge = tmp_path / "huge.pdf"
    huge.touch()
    os.truncate(huge, MOST_BYTES + 1)
    huge_text = tmp_path / "huge.txt"
    huge_text.touch()
    os.truncate(huge_text, 2**30)
    for name, said in (("pipe.pdf", "regular"), ("folder.pdf", "regular"), ("s.pdf", "regular"),
                       ("gone.pdf", "no such"), ("huge.pdf", "too large"), ("huge.txt", "too large")):  # fmt: skip
        with pytest.raises(LoadError, match=said) as caught:
            load_file(tmp_path / name, sandbox)
        assert name in caught.value.message
        assert caught.value.hint


def test_a_broken_file_does_not_spoil_the_next(tmp_path: Path, sandbox: Sandbox) -> None:
    for _ in range(2):
        with pytest.raises(LoadError):
            read(sandbox, tmp_path / "bad.docx", b"PK bad")
        assert "Records of" in read(sandbox, tmp_path / "good.docx", make_docx("en", 0).data)
