"""What the Chinese dictionary says of a word, without jieba's table of all of them."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

from knowledge.segmenter import tag_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import jieba


def test_tags_are_those_of_the_dictionary() -> None:
    text = (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8")
    lines = [line.split(" ") for line in text.splitlines()]
    chosen = [lines[0], lines[-1], *random.Random(8).sample(lines, 200)]
    assert {word: tag_of(word) for word, _, _ in chosen} == {word: tag for word, _, tag in chosen}


def test_what_is_no_word_has_no_tag() -> None:
    assert [tag_of(word) for word in ("王晓宁宁", "", "\ud800", "3 n")] == [""] * 4
