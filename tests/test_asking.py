"""A sentence that only says back the question is not evidence."""

from __future__ import annotations

import pytest

from assistant.asking import only_asks

ASKED = "小米MIX4的处理器是什么"


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("以上就是小米MIX4的处理器是什么的全部内容，希望对你有帮助。", True),
        ("感谢你的阅读，更多关于“小米MIX4使用什么处理器”的信息请在本站查找！", True),
        ("关于小米MIX4的處理器是什麼，就介紹到這裡。", False),  # another script asks with another character
        ("很多人问小米MIX4的处理器是什么，小米MIX4采用骁龙888 Plus。", False),
        ("小米MIX4采用骁龙888 Plus处理器。", False),
        ("小米MIX4没有什么缺点。", False),
        ("什么都可以买到。", False),
    ],
)
def test_a_sentence_that_says_the_question_back(text: str, asks: bool) -> None:
    assert only_asks(text, ASKED, "zh") is asks


def test_an_english_clause_that_begins_with_who_may_tell() -> None:
    assert not only_asks("Here is who wrote the paper on digital cities.", "Who wrote the paper?", "en")
