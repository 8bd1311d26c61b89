import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.language import detect_language, is_traditional, to_simplified


@pytest.mark.parametrize(
    "text",
    [
        "5G是什么？",
        "NB-IoT和5G有什么区别？",
        "2021年GDP",
        "iPhone 手机 API",
        "IT是什么",
        "A股是什么",
        "《The Great Gatsby》是谁写的？",
        "“smart city”是什么？",
        "請問數位政府是什麼？",
        "请解释 digital government",
        "请用English回答what is ICT",
        "《数字政府》",
        "3696.1?",
        "？",
        "",
        "新型智慧城市（New Smart City）由中央网信办提出，推动NB-IoT、5G、LTE、RFID等技术在城市中应用。",
    ],
)
def test_chinese(text: str) -> None:
    assert detect_language(text) == "zh"


@pytest.mark.parametrize(
    "text",
    [
        "What is 新基建?",
        "Who wrote 《新时期数字城市与数字政府建设高度协同》?",
        "Who wrote 新时期数字城市与数字政府建设高度协同?",
        "What does 数字城市建设面临的问题是什么 mean?",
        "Tell me about 数字政府与数字城市",
        "Explain 数字鸿沟",
        "ICT",
        "5G?",
        "smart city",
        "“数字政府” in one sentence, please",
        "The term 数字政府 (digital government) was used in Shenzhen, Fuzhou and Jiaxing, where the pilots of the new "
        "kind of smart city began at the end of 2015 and went on for some years after that, as documents say.",
    ],
)
def test_english(text: str) -> None:
    assert detect_language(text) == "en"


def test_long_text_goes_by_share_and_not_by_grammar_words() -> None:
    english_abstract = "The digital city is the form in which the goals of digital government are reached. "
    chinese_body = "数字政府为数字城市建设提出具体要求，数字城市是实现数字政府最终目标的表现形式。" * 10
    assert detect_language(english_abstract + chinese_body) == "zh"
    assert detect_language(english_abstract * 20 + chinese_body[:60]) == "en"


@given(st.text())
def test_every_text_has_a_language(text: str) -> None:
    assert detect_language(text) in ("zh", "en")


def test_traditional_script() -> None:
    assert is_traditional("數字政府建設")
    assert not is_traditional("数字政府建设")
    assert not is_traditional("城市")
    assert not is_traditional("digital government")


def test_to_simplified_keeps_phrases_whose_characters_mean_something_else() -> None:
    assert to_simplified("數字政府與乾坤、乾淨、瞭望、明瞭") == "数字政府与乾坤、干净、瞭望、明了"
    assert to_simplified("数字政府 NB-IoT ０") == "数字政府 NB-IoT ０"


@pytest.mark.parametrize("text", ["數字城市建設面臨的問題", "後來，皇后在電腦前乾杯；頭髮發白。", "台灣里程碑"])
def test_to_simplified_is_what_opencc_says(text: str) -> None:
    from opencc import OpenCC

    assert to_simplified(text) == OpenCC("t2s").convert(text)
