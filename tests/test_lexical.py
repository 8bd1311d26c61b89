import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.language import to_simplified
from knowledge.lexical import chinese_number, content_tokens, fold, index_tokens, query_tokens, stem
from knowledge.load import load_shipped
from knowledge.segmenter import cut


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("數字政府", "数字政府"),
        ("ＮＢ－ＩｏＴ", "nb-iot"),
        ("NB–IoT", "nb-iot"),
        ("３６９６．１亿元", "3696.1亿元"),
        ("“城市”", '"城市"'),
        ("数\u200b字", "数字"),
        ("二〇一五年", "二〇一五年"),
        ("乾坤與乾淨", "乾坤与干净"),
    ],
)
def test_fold(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_tokens(text: str) -> None:
    tokens = index_tokens(text)
    assert all(token and token == token.lower() and not any(map(str.isspace, token)) for token in tokens)
    assert len(query_tokens(text)) == len(set(query_tokens(text)))
    assert set(content_tokens(text)) <= set(query_tokens(text))


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("數字政府", "数字政府"),
        ("數位鴻溝", "数位鸿沟"),
        ("ＮＢ－ＩｏＴ", "推动NB-IoT、5G"),
        ("nb iot", "NB-IoT"),
        ("nbiot", "NB-IoT"),
        ("2015年底", "2015 年底,中央网信办"),
        ("3696.1亿元", "达到3,696.1亿元,增速"),
        ("3,696.1亿元", "达到3696.1亿元"),
        ("44%", "占比44.0%"),
        ("smart city", "many smart cities"),
        ("smart cities", "a Smart City"),
        ("studied boxes", "studies of a box"),
        ("三大城市群", "3大城市群"),
        ("3大城市群", "三大城市群"),
        ("二〇一五年底", "2015 年底"),
        ("2015年", "二〇一五年"),
        ("七千亿元", "超过7000亿元"),
        ("2022-09-27", "2022年9月27日"),
        ("café", "Cafe"),
        ("city's", "city"),
        ("U.S.", "US"),
    ],
)
def test_the_question_finds_the_passage(question: str, passage: str) -> None:
    asked = query_tokens(question)
    assert asked
    missing = set(asked) - set(index_tokens(passage))
    assert all("\u4e00" <= token[0] <= "\u9fff" for token in missing), missing  # pairs may differ at the ends
    assert len(missing) <= len(asked) / 2


def test_han_runs_give_words_and_pairs_once() -> None:
    assert index_tokens("智慧城市产业") == ["智慧", "城市", "产业", "慧城", "市产"]
    expected = ["3", "长三角", "城市群", "长三", "三角", "角城", "城市", "市群"]
    assert sorted(index_tokens("长三角城市群")) == sorted(expected)


def test_a_single_character_counts_only_alone() -> None:
    assert index_tokens("云") == ["云"]
    assert index_tokens("5G 云 3") == ["5g", "云", "3"]
    assert "云" not in index_tokens("云计算")


def test_stop_words_leave_questions_only() -> None:
    assert query_tokens("什么是数字政府？") == ["数字", "政府", "字政"]
    assert query_tokens("What is the smart city of the future?") == ["smart", "city", "futur"]
    assert query_tokens("这是什么？") == []
    assert query_tokens("What is it?") == []
    assert {"什么", "是"} & set(index_tokens("什么")) == {"什么"}
    assert "the" in index_tokens("the city")


def test_no_pair_spans_a_stop_word() -> None:
    assert query_tokens("深圳的市长是谁") == ["深圳", "市长"]


def test_capitals_are_names_even_if_they_spell_a_stop_word() -> None:
    assert query_tokens("IT是什么") == ["it"]
    assert query_tokens("What is IT?") == ["it"]
    assert query_tokens("WHAT IS IT?") == []


def test_content_tokens_are_words() -> None:
    assert content_tokens("新型智慧城市的概念是哪一年提出的？") == ["新型", "智慧", "城市", "概念", "提出"]
    assert content_tokens("Who wrote the articles about NB-IoT in 2015?") == [
        "wrot",
        "articl",
        "nb",
        "iot",
        "nbiot",
        "2015",
    ]


@pytest.mark.parametrize(
    ("words", "root"),
    [
        (("city", "cities"), "city"),
        (("box", "boxes"), "box"),
        (("plan", "plans", "planned", "planning"), "plan"),
        (("make", "makes", "making"), "mak"),
        (("study", "studies", "studied"), "study"),
        (("build", "building", "buildings"), "build"),
        (("govern", "governed", "governs"), "govern"),
        (("class", "classes"), "class"),
        (("status",), "status"),
        (("analysis",), "analysis"),
        (("need",), "need"),
        (("bring",), "bring"),
        (("ict",), "ict"),
        (("5g",), "5g"),
        (("naïve",), "naïve"),
    ],
)
def test_stem(words: tuple[str, ...], root: str) -> None:
    assert {stem(word) for word in words} == {root}


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("三", 3),
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("九十九", 99),
        ("三百零五", 305),
        ("一百二", 120),
        ("一千零二十", 1020),
        ("二〇一五", 2015),
        ("一九九八", 1998),
        ("两千", 2000),
        ("七千亿", 7000),
        ("一万二千", 12_000),
        ("一万二", 12_000),
        ("三亿五千万", 300_005_000),
        ("零", 0),
        ("十四五", None),
        ("三四", None),
        ("百", None),
        ("万", None),
        ("十千", None),
    ],
)
def test_chinese_number(numeral: str, value: int | None) -> None:
    assert chinese_number(numeral) == value


def test_lone_one_is_a_word_and_not_a_number() -> None:
    assert "1" not in index_tokens("一方面，进一步统一")
    assert "1" in index_tokens("第一，梳理关系")


def reference_cuts(texts: list[str]) -> list[list[str]]:
    """Return what jieba's own tokenizer cuts, with its whole dictionary parsed and no cache file."""
    import jieba

    tokenizer = jieba.Tokenizer()
    with open(Path(jieba.__file__).parent / "dict.txt", "rb") as file:
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(file)
    tokenizer.initialized = True
    return [tokenizer.lcut(text) for text in texts]


def test_the_lazy_dictionary_cuts_as_jieba_does() -> None:
    article = load_shipped()[0].page_content
    texts = [line for line in article.split("\n") if line and len(line) <= 128]
    texts += [
        to_simplified("臺灣大學的學生們在圖書館裡研究生命起源"),
        "小明硕士毕业于中国科学院计算所，后在日本京都大学深造",
        "T恤和AA制，4S店的C语言，江南style",
        "他来到了网易杭研大厦",
        "龘靐齉爩",
        "一一二二三三",
        "𠮷野家",
    ]
    assert len(texts) > 20
    assert [cut(text) for text in texts] == reference_cuts(texts)


def test_a_long_run_is_cut_completely() -> None:
    run = "数字城市建设" * 100
    assert "".join(cut(run)) == run


def test_a_question_takes_less_than_a_millisecond() -> None:
    question = "新型智慧城市的概念是哪一年由哪个部门正式提出的，试点有哪些"
    query_tokens(question)
    best = min(timed(question) for _ in range(20))
    assert best < 0.001


def timed(question: str) -> float:
    start = time.perf_counter()
    query_tokens(question)
    return time.perf_counter() - start


@pytest.mark.parametrize("unit", ["城市", "龘", "數", "a", "a-", "1,", "a.", "三千", "'", "一"])
def test_time_is_linear_whatever_the_text(unit: str) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        start = time.process_time()
        index_tokens(text)
        return time.process_time() - start

    seconds(1000)
    small, large = seconds(5_000), seconds(40_000)  # eight times the text: quadratic would be 64 times
    assert large < 30 * small + 0.2


def test_a_cold_start_is_quiet_quick_and_writes_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from knowledge.lexical import query_tokens\n"
        "assert not {'jieba', 'opencc'} & set(sys.modules)\n"
        "start = time.process_time()\n"
        "print(len(query_tokens('數字政府的概念是哪一年提出的')))\n"
        "assert time.process_time() - start < 1.0\n"
    )
    environment = os.environ | {name: str(tmp_path) for name in ("TMPDIR", "TEMP", "TMP")}
    tmp_path.chmod(0o500)
    try:
        run = subprocess.run(
            [sys.executable, "-W", "error", "-c", program], env=environment, capture_output=True, text=True, check=False
        )
    finally:
        tmp_path.chmod(0o700)
    assert (run.returncode, run.stderr) == (0, "")
    assert int(run.stdout) > 3
    assert list(tmp_path.iterdir()) == []
