"""Names that Chinese spells by sound."""

from __future__ import annotations

import pytest

from knowledge.coverage import Term
from knowledge.lexical import content_tokens, index_tokens
from knowledge.question import Query
from knowledge.sounds import consonants, sounds_like, spelled_across, spelled_consonants, spelled_names


@pytest.mark.parametrize(
    ("latin", "chinese"),
    [
        ("jacksonville", "杰克逊维尔"),
        ("ostrowski", "奥斯特洛夫斯基"),
        ("gallipoli", "加里波利"),
        ("huguenot", "胡格诺特"),
        ("melfi", "梅尔菲"),
    ],
)
def test_a_spelling_sounds_like_its_name(latin: str, chinese: str) -> None:
    assert sounds_like(consonants(latin), spelled_consonants(chinese)) >= 0.6


@pytest.mark.parametrize(
    ("latin", "chinese"), [("jacksonville", "奥斯特洛夫斯基"), ("melfi", "加里波利"), ("newton", "杰克逊")]
)
def test_another_name_does_not(latin: str, chinese: str) -> None:
    assert sounds_like(consonants(latin), spelled_consonants(chinese)) == 0


def test_dots_part_a_name() -> None:
    assert set(spelled_names("罗伯特·奥特曼说")) >= {"罗伯特", "奥特曼"}


def test_names_of_an_english_question_are_found_among_chinese_words() -> None:
    tokens = set(index_tokens("奥斯特洛夫斯基后来建设数字城市。"))
    found = spelled_across("What did Ostrowski build?", "en", {"ostrowski", "build"}, tokens)
    assert set(found) == {"ostrowski"}
    assert "奥斯特洛夫斯基" in found["ostrowski"]


def test_names_of_a_chinese_question_are_found_among_english_words() -> None:
    tokens = set(index_tokens("The Battle of Gallipoli was lost; digital government was not."))
    words = content_tokens("加里波利战役的指挥官是谁？")
    found = spelled_across("加里波利战役的指挥官是谁？", "zh", set(words), tokens)
    assert any("gallipoli" in others for others in found.values())


def test_only_names_that_no_dictionary_knows_are_looked_for() -> None:
    assert spelled_across("Who commanded at Gallipoli?", "en", set(), {"加里波利"}) == {}
    assert spelled_across("who commanded at gallipoli?", "en", {"gallipoli"}, {"加里波利"}) == {}


def test_a_question_covers_a_text_that_spells_its_name() -> None:
    import numpy as np

    words = (Term("gallipoli", 2.0, {}), Term("battl", 1.0, {"战役": 1.0}))
    nothing = np.zeros((0, 4), np.float32)
    plain = Query("The battle of Gallipoli?", "en", np.zeros(4, np.float32), nothing, words, words, ())
    tokens = frozenset({"加里波利", "战役"})
    assert plain.coverage(tokens, "zh") == pytest.approx(1 / 3)
    assert plain.with_names(tokens).coverage(tokens, "zh") > 0.8
    assert plain.with_names(frozenset({"战役"})) is plain
