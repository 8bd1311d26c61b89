import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.split import SPLITTER_VERSION, sentence_spans, split_passages, text_size
from knowledge.types import Passage

TRICKY = st.lists(
    st.sampled_from(
        [
            *"数字城市。！？；，、：…“”「」《》（）．.!?;,'\"()# \n\r\t\u3000\u2028\u200b\u0301😀ab A1",
            *("\n\n", "3696.1", "Dr. ", "e.g. ", "U.S. ", "```\n", "# 一\n", "标题\n\n", "http://a.cn/b?c=d。"),
        ]
    ),
    max_size=60,
).map("".join)


def sentences(text: str) -> list[str]:
    return [span.of(text) for span in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the article's mix of ASCII and full-width punctuation
        (
            "产业规模达到3696.1亿元,增速达到24.7%。预计到2024年,我国智慧城市产业规模将超过7000亿元。",
            ["产业规模达到3696.1亿元,增速达到24.7%。", "预计到2024年,我国智慧城市产业规模将超过7000亿元。"],
        ),
        ("第一,梳理。第二，构建！为什么?因为很好!", ["第一,梳理。", "第二，构建！", "为什么?", "因为很好!"]),
        # closing quotes and brackets stay
        ("他说：“你好。”然后走了。", ["他说：“你好。”", "然后走了。"]),
        ('他说:"你好。"然后走了。', ['他说:"你好。"', "然后走了。"]),
        ("「走吧！」（见图1。）后来呢？", ["「走吧！」", "（见图1。）", "后来呢？"]),
        ("“为什么？”的答案。", ["“为什么？”的答案。"]),
        # a title is a name
        ("《你好！李焕英》很好。《数字》也是。", ["《你好！李焕英》很好。", "《数字》也是。"]),
        # ellipses and repeated marks
        ("等等……然后呢？！好。。。", ["等等……", "然后呢？！", "好。。。"]),
        ("Well... maybe. It ended... Then it began.", ["Well... maybe.", "It ended...", "Then it began."]),
        # the many dots of English
        ("Dr. Smith met Mr. J. R. Lee. They talked.", ["Dr. Smith met Mr. J. R. Lee.", "They talked."]),
        ("He lives in the U.S. He works for the U.S. Army.", ["He lives in the U.S.", "He works for the U.S. Army."]),
        (
            "Use e.g. NB-IoT, i.e. radio. See No. 5 and Fig. 2. Done.",
            ["Use e.g. NB-IoT, i.e. radio.", "See No. 5 and Fig. 2.", "Done."],
        ),
        ("Was it so? No. It was not.", ["Was it so?", "No.", "It was not."]),
        ("Version 1.2.3 costs 3.50 yuan. Buy it.", ["Version 1.2.3 costs 3.50 yuan.", "Buy it."]),
        ("See www.a.com/x?y=1 or write to a.b@c.com. Yes!", ["See www.a.com/x?y=1 or write to a.b@c.com.", "Yes!"]),
        ('"Really?" he asked. "Yes."', ['"Really?" he asked.', '"Yes."']),
        ('"I am old. I am new." The end.', ['"I am old.', 'I am new."', "The end."]),
        ("I am here to . . . submit, c. 1455. Yes.", ["I am here to . . . submit, c. 1455.", "Yes."]),
        ("Yahoo! is a firm. It's old.", ["Yahoo! is a firm.", "It's old."]),
        ("Foo Inc. and Bar Co. merged, etc. The end.", ["Foo Inc. and Bar Co. merged, etc.", "The end."]),
        # list numbers
        ("1. Plan the work. 2. Do it.", ["1. Plan the work.", "2. Do it."]),
        ("1.数字政府。2.数字城市。", ["1.数字政府。", "2.数字城市。"]),
        ("一．总则", ["一．总则"]),
        # Chinese written with ASCII dots
        ("这是ICT.然后是城市.结束", ["这是ICT.", "然后是城市.", "结束"]),
        # lines
        ("电话:1\n传真:2\r\n\u3000\n邮箱:3", ["电话:1", "传真:2", "邮箱:3"]),
        ("", []),
        (" \n\t\u3000", []),
        ("好。 ）", ["好。 ）"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_semicolons_separate_only_in_long_sentences() -> None:
    first, second = "一方面，新技术形成城市数字底座，是未来必备要素", "另一方面，新基建与传统产业融合，推动升级"
    short = f"{first}；{second}。"
    assert sentences(short) == [short]
    padding = "，这里再说明一些和主题有关的情况" * 5
    long = f"{first}{padding}；{second}。"
    assert sentences(long) == [f"{first}{padding}；", f"{second}。"]
    bracketed = f"{first}（{padding}；{second}）。"
    assert sentences(bracketed) == [bracketed]


@pytest.mark.parametrize("strategy", [st.text(max_size=80), TRICKY], ids=["any", "tricky"])
def test_sentence_spans_cover_everything_in_order(strategy: st.SearchStrategy[str]) -> None:
    @settings(max_examples=300, deadline=None)
    @given(strategy)
    def check(text: str) -> None:
        spans = sentence_spans(text)
        covered = set()
        end = 0
        for span in spans:
            assert end <= span.start < span.end <= len(text)
            assert span.of(text) == span.of(text).strip()
            covered.update(range(span.start, span.end))
            end = span.end
        assert all(character.isspace() for place, character in enumerate(text) if place not in covered)

    check()


def assert_sound(text: str, passages: list[Passage]) -> None:
    end = 0
    covered = [False] * len(text)
    for passage in passages:
        assert end <= passage.start < passage.end <= len(text)
        assert text[passage.start : passage.end] == passage.text == passage.text.strip()
        assert passage.sentences
        place = passage.start
        for sentence in passage.sentences:
            assert place <= sentence.start < sentence.end <= passage.end
            place = sentence.end
        assert place == passage.end
        covered[passage.start : passage.end] = [True] * (passage.end - passage.start)
        end = passage.end
    assert all(text[place].isspace() for place, is_covered in enumerate(covered) if not is_covered)
    assert len({passage.id for passage in passages}) == len(passages)


@pytest.mark.parametrize("strategy", [st.text(max_size=120), TRICKY], ids=["any", "tricky"])
@pytest.mark.parametrize("target", [1, 7, 400])
def test_passages_cover_everything_in_order(strategy: st.SearchStrategy[str], target: int) -> None:
    @settings(max_examples=150, deadline=None)
    @given(strategy)
    def check(text: str) -> None:
        assert_sound(text, split_passages(text, "d", target=target))

    check()


def test_lone_surrogates_do_not_crash() -> None:
    assert_sound("\ud800。城市", split_passages("\ud800。城市", "d"))


def test_passages_are_whole_sentences_near_the_target() -> None:
    lines = ["".join(f"这是第{line}段的第{number}句话，说的是城市。" for number in range(8)) for line in range(20)]
    text = "\n".join(lines)
    passages = split_passages(text, "d", target=400)
    assert_sound(text, passages)
    assert [sentence for passage in passages for sentence in passage.sentences] == sentence_spans(text)
    assert all(150 <= text_size(passage.text) <= 400 for passage in passages)
    assert all(text[passage.end : passage.end + 1] in ("\n", "") for passage in passages), "cut at paragraph ends"


def test_english_passages_get_three_times_as_many_characters() -> None:
    text = " ".join(f"This is sentence number {number} of a rather long English text." for number in range(100))
    passages = split_passages(text, "d", target=400)
    assert_sound(text, passages)
    assert all(1100 <= len(passage.text) <= 1200 for passage in passages[:-1])
    assert {passage.language for passage in passages} == {"en"}


def test_a_short_end_joins_the_passage_before_it() -> None:
    text = "这句话正好有十个字。" * 40 + "完。"
    assert [len(passage.text) for passage in split_passages(text, "d", target=400)] == [402]


def test_a_very_long_sentence_is_cut_at_clauses_else_hard() -> None:
    clauses = "城市数字化建设全面推进，" * 100
    parts = split_passages(clauses, "d", target=100)
    assert_sound(clauses, parts)
    assert all(passage.text.endswith("，") for passage in parts)
    assert all(len(passage.text) <= 100 for passage in parts)
    hard = "城" * 1000
    assert [len(passage.text) for passage in split_passages(hard, "d", target=100)] == [100] * 10
    words = "city " * 1000
    assert all(set(passage.text.split()) == {"city"} for passage in split_passages(words, "d", target=100))
    accents = "e\u0301" * 1000
    assert all(passage.text[0] == "e" for passage in split_passages(accents, "d", target=100))


ARTICLE = """新时期数字城市

摘要:数字政府提出要求。

数字化建设百花齐放


  党的十八大以来,各地呈现百花齐放的局面。


  数字城市建设面临的问题


  第一,梳理物理城市和数字城市关系。


  深圳是试点。
"""


def test_headings_open_sections() -> None:
    passages = split_passages(ARTICLE, "d")
    assert_sound(ARTICLE, passages)
    assert [(passage.heading, [s.of(ARTICLE) for s in passage.sentences]) for passage in passages] == [
        ("新时期数字城市", ["摘要:数字政府提出要求。"]),
        ("数字化建设百花齐放", ["党的十八大以来,各地呈现百花齐放的局面。"]),
        ("数字城市建设面临的问题", ["第一,梳理物理城市和数字城市关系。", "深圳是试点。"]),
    ]
    assert [passage.text.startswith(passage.heading) for passage in passages] == [True] * 3


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("# 城市\n\n## 问题 ##\n数字鸿沟\n难以弥合。", ["问题"]),
        ("```\n# a comment\n```\n# Real\nText.", ["", "Real"]),
        ("Background\n\nThe city is old.\n\nMain results\n\nIt is new.", ["Background", "Main results"]),
        ("一、总则\n本办法适用于城市建设。\n二、附则\n本办法自公布之日起施行。", ["一、总则", "二、附则"]),
        ("第一章 总则\n\n第一节 范围\n\n本办法适用于城市。", ["第一节 范围"]),
        # no headings: wrapped prose, lists, poems, imprints, figures, the last line
        ("The city is a place where many\npeople live and work together\nevery day.", [""]),
        ("- 深圳\n- 福州\n\n试点城市。", [""]),
        ("床前明月光\n疑是地上霜\n举头望明月\n低头思故乡\n这是一首诗。", [""]),
        ("电话:+86-0755\n传真:+86-0756\n以上是联系方式。", [""]),
        ("营收 3696.1 亿元\n\n这是一个很大的数字。", [""]),
        ("城市很大。\n\n王晓宁", [""]),
    ],
)
def test_what_is_a_heading(text: str, headings: list[str]) -> None:
    passages = split_passages(text, "d")
    assert_sound(text, passages)
    assert [passage.heading for passage in passages] == headings


def test_a_passage_never_crosses_a_heading() -> None:
    text = "# 甲\n短。\n# 乙\n短。\n"
    assert [passage.text for passage in split_passages(text, "d")] == ["# 甲\n短。", "# 乙\n短。"]


def test_headings_without_text_are_kept() -> None:
    passages = split_passages("# 甲\n\n## 乙\n", "d")
    assert [passage.text for passage in passages] == ["# 甲\n\n## 乙"]


def test_ids_depend_on_document_and_place() -> None:
    text = "# 甲\n短。\n# 甲\n短。\n"
    here = split_passages(text, "d")
    assert here == split_passages(text, "d")
    assert len({passage.id for passage in [*here, *split_passages(text, "e")]}) == 4
    assert all(len(passage.id) == 16 and int(passage.id, 16) >= 0 for passage in here)


def test_a_target_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="target"):
        split_passages("城市。", "d", target=0)


def test_version_is_a_number() -> None:
    assert SPLITTER_VERSION >= 1


@pytest.mark.parametrize(
    "unit",
    ["城", "a", "。", ". ", "a. ", "《a。", '"a. ', "！”", "标题\n\n", "!!! ", "；", "\u0301", "e.g. ", ".'", "a；（"],
)
def test_time_is_linear_whatever_the_text(unit: str) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        start = time.process_time()
        split_passages(text, "d")
        return time.process_time() - start

    seconds(1000)
    small, large = seconds(25_000), seconds(200_000)  # eight times the text: quadratic would be 64 times
    assert large < 30 * small + 0.5


def test_five_megabytes_take_less_than_five_seconds(tmp_path: Path) -> None:
    """In a process of its own: after some thousand tests the collector walks a heap that no user has."""
    file = tmp_path / "five.txt"
    file.write_text(ARTICLE * (5_000_000 // len(ARTICLE.encode())), encoding="utf-8")
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from knowledge.split import split_passages\n"
        "text = Path(sys.argv[1]).read_text(encoding='utf-8')\n"
        "start = time.process_time()\n"
        "passages = split_passages(text, 'd')\n"
        "print(time.process_time() - start, len(passages))\n"
    )
    run = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True)
    seconds, passages = run.stdout.split()
    assert float(seconds) < 5
    assert int(passages) > 10_000
