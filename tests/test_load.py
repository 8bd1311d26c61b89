import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import LoadError
from knowledge.load import decode, document_from_bytes, load_text_file

SIMPLIFIED = "2015年底，中央网信办正式提出了“新型智慧城市”概念，并推动深圳、福州和嘉兴三地进行试点。"
TRADITIONAL = "數字政府為數字城市建設提出具體要求，數字城市是實現數字政府最終目標的表現形式。"
ENGLISH = "Digital government sets out what a digital city needs.\nIt began in 2015."


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk"]
)
def test_simplified_chinese_in_any_encoding(encoding: str) -> None:
    assert decode(SIMPLIFIED.encode(encoding)) == SIMPLIFIED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "big5", "cp950", "big5hkscs", "gb18030"])
def test_traditional_chinese_in_any_encoding(encoding: str) -> None:
    assert decode(TRADITIONAL.encode(encoding)) == TRADITIONAL


@pytest.mark.parametrize("encoding", ["ascii", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_english_in_any_encoding(encoding: str) -> None:
    assert decode(ENGLISH.encode(encoding)) == ENGLISH


def test_english_with_curly_quotes_from_windows() -> None:
    text = "The city’s digital government “began” in 2015 – and it hasn’t stopped; a café is open."
    assert decode(text.encode("cp1252")) == text


def test_gb18030_beyond_gbk() -> None:
    text = "这个字𠮷是一个不常用的字，我们在这里说明它的意思。"
    assert decode(text.encode("gb18030")) == text


def test_mostly_ascii_with_some_chinese() -> None:
    text = "name,city\n" * 50 + "中国,上海的人\n"
    assert decode(text.encode("gb18030")) == text


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(8) + zlib.compress(bytes(range(256)) * 8),
        b"PK\x03\x04" + bytes(26) + zlib.compress(b"hello" * 100),
        b"text \0 with a NUL",
        bytes(100),
        bytes(range(1, 32)) * 4,
        zlib.compress(SIMPLIFIED.encode() * 50),
        b"\xff\xfea",
        SIMPLIFIED.encode()[:-1] + b"\xff\xff\xff",
    ],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(LoadError) as caught:
        decode(data)
    assert "UTF-8" in caught.value.hint


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_a_load_error(data: bytes) -> None:
    try:
        text = decode(data)
    except LoadError:
        return  # any other exception fails the test
    assert "\0" not in text
    assert decode(data) == text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_utf8_always_comes_back(text: str) -> None:
    assert decode(text.encode("utf-8")) == text.removeprefix("\ufeff")


def test_a_plain_file(tmp_path: Path) -> None:
    file = tmp_path / "城市.txt"
    file.write_bytes("数字城市。\r\n数字政府。\r完。".encode("gb18030"))
    document = load_text_file(file)
    assert document.page_content == "数字城市。\n数字政府。\n完。"
    assert document.metadata == {"title": "城市", "source": str(file.resolve()), "language": "zh"}


def test_the_title_of_a_markdown_file_is_its_heading(tmp_path: Path) -> None:
    file = tmp_path / "readme.MD"
    file.write_text("Intro.\n\n# The digital city #\n\nText.", encoding="utf-8")
    assert load_text_file(str(file)).metadata["title"] == "The digital city"


FRONT = """---
title: "数字城市"
author: 王晓宁
date: 2022-09-07
time: 09:53
phone: +86-0755-88309115
tags:
  - 城市
  - 政府
draft:
# a comment
---

正文第一句。
"""


def test_front_matter_becomes_metadata_and_a_card() -> None:
    document = document_from_bytes(FRONT.encode(), name="a.md", source="/data/a.md")
    assert document.metadata == {
        "title": "数字城市",
        "author": "王晓宁",
        "date": "2022-09-07",
        "time": "09:53",
        "phone": "+86-0755-88309115",
        "tags": "城市, 政府",
        "source": "/data/a.md",
        "language": "zh",
    }
    assert document.page_content == (
        "文档信息\n\n标题：数字城市。\n作者：王晓宁。\n发布日期：2022年9月7日 09:53。\n"
        "电话：+86-0755-88309115。\n\n正文第一句。\n"
    )


def test_an_english_document_has_an_english_card() -> None:
    text = "---\ntitle: Is it digital?\nauthor: Ann Lee\ndate: 2022-09-27\nsource: https://example.org/a\n---\nIt is."
    document = document_from_bytes(text.encode(), name="a.md", source="a.md")
    assert document.page_content == (
        "About this document\n\nTitle: Is it digital?\nAuthor: Ann Lee.\nPublication date: 27 September 2022.\n\nIt is."
    )
    assert document.metadata["source"] == "https://example.org/a"


def test_the_stated_language_wins() -> None:
    text = "---\ntitle: ICT\nlanguage: zh-CN\n---\nICT, 5G, IoT."
    document = document_from_bytes(text.encode(), name="a.md", source="a")
    assert document.metadata["language"] == "zh"
    assert document.page_content.startswith("文档信息\n\n标题：ICT。\n")


@pytest.mark.parametrize("date", ["2022", "2022-13-40", "去年"])
def test_other_dates_stay_as_they_are(date: str) -> None:
    document = document_from_bytes(f"---\ndate: {date}\n---\n正文。".encode(), name="a.md", source="a")
    assert f"发布日期：{date}。" in document.page_content


@pytest.mark.parametrize(
    "text", ["---\n两条线之间的一段话。\n---\n正文。", "---\ntitle: 没有关上\n正文。", "正文。\n---\ntitle: x\n---\n"]
)
def test_rules_are_not_front_matter(text: str) -> None:
    assert document_from_bytes(text.encode(), name="a.md", source="a").page_content == text


def test_ids_are_content_hashes() -> None:
    def identity(text: str, source: str) -> str | None:
        return document_from_bytes(text.encode(), name="a.txt", source=source).id

    ids = {identity("城市。", "a"), identity("城市。", "b"), identity("政府。", "a")}
    assert len(ids) == 3
    assert identity("城市。", "a") in ids
    assert identity("城市。\r\n完。", "a") == identity("城市。\n完。", "a")


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a"])
def test_other_formats_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("text")
    with pytest.raises(LoadError, match="format") as caught:
        load_text_file(tmp_path / name)
    assert ".md" in caught.value.hint


def test_what_cannot_be_opened_is_a_load_error(tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    for path in (tmp_path / "missing.txt", tmp_path / "folder.txt"):
        with pytest.raises(LoadError, match=path.name) as caught:
            load_text_file(path)
        assert caught.value.hint


@pytest.mark.parametrize("data", [b"", b" \r\n", "\ufeff".encode(), b"---\ntitle: x\n---\n"])
def test_what_holds_no_text_is_a_load_error(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "empty.md"
    file.write_bytes(data)
    with pytest.raises(LoadError, match=r"empty\.md holds no text"):
        load_text_file(file)


def test_a_binary_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "image.txt"
    file.write_bytes(bytes(64))
    with pytest.raises(LoadError, match=r"image\.txt cannot be read\. The file is binary"):
        load_text_file(file)
