"""The dictionary crosses the language, and is made once even when two processes start together."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from knowledge.lexical import content_tokens
from knowledge.lexicon import Lexicon
from knowledge.types import Language


@pytest.fixture(scope="module")
def lexicon(cache: Path) -> Iterator[Lexicon]:
    opened = Lexicon(cache)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("word", "source", "translation"),
    [
        ("government", "en", "政府"),
        ("city", "en", "城市"),
        ("pilot", "en", "试点"),
        ("province", "en", "省"),
        ("数字", "zh", "digital"),
        ("政府", "zh", "government"),
        ("城市", "zh", "city"),
        ("作者", "zh", "author"),
    ],
)
def test_a_word_has_its_translation(lexicon: Lexicon, word: str, source: str, translation: str) -> None:
    (token,) = content_tokens(word)
    found = lexicon.translations([token], source)[token]
    assert set(content_tokens(translation)) <= set(found)
    assert all(0 < weight <= 1 for weight in found.values())


def test_a_whole_definition_weighs_more_than_a_part_of_one(lexicon: Lexicon) -> None:
    assert lexicon.translations(["政府"], "zh")["政府"]["government"] == 1
    assert lexicon.translations(["试点"], "zh")["试点"]["pilot"] < 1


def test_every_word_asked_for_is_answered(lexicon: Lexicon) -> None:
    words = ["zzzqx", "", "x' OR 1=1 --", "政府"]
    found = lexicon.translations(words, "en")
    assert list(found) == words
    assert all(found[word] == {} for word in words)
    assert lexicon.translations([], "zh") == {}


def test_threads_can_share_it(lexicon: Lexicon) -> None:
    alone = lexicon.translations(["government", "city"], "en")
    with ThreadPoolExecutor(4) as pool:
        assert all(found == alone for found in pool.map(lambda _: lexicon.translations(alone, "en"), range(40)))


MEETING = """
import sys, time
from pathlib import Path
from knowledge import lexicon

folder = Path(sys.argv[1])

def few():
    # Both are in the middle of making it before either may go on.
    while len(list(folder.glob("*.part"))) + len(list(folder.glob("*.db"))) < 2:
        time.sleep(0.01)
    for number in range(2000):
        yield f"字{number}", f"word{number}", 1.0

lexicon._pairs = few
print(lexicon.Lexicon(folder).translations(["word1999"], "en"))
"""


def test_two_processes_may_make_it_at_the_same_time(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MEETING, str(tmp_path)]
    makers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for maker in makers:
        out, err = maker.communicate(timeout=60)
        assert (maker.returncode, err) == (0, "")
        assert out.strip() == "{'word1999': {'字1999': 1.0}}"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_dictionary_that_could_not_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> Iterator[tuple[str, str, float]]:
        yield "字", "word", 1.0
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("knowledge.lexicon._pairs", breaks)
    with pytest.raises(OSError, match="No space"):
        Lexicon(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nobody_writes_to_it(lexicon: Lexicon) -> None:
    with pytest.raises(sqlite3.OperationalError):
        lexicon._connection.execute("DELETE FROM pairs")


@pytest.mark.parametrize(
    ("name", "language", "translation"),
    [
        ("Chengdu", "en", "成都"),
        ("Beijing", "en", "北京"),
        ("Warsaw", "en", "华沙"),
        ("Napoleon", "en", "拿破仑"),
        ("华沙", "zh", "warsaw"),
        ("成都", "zh", "chengdu"),
        ("特斯拉", "zh", "tesla"),
    ],
)
def test_names_that_are_described_rather_than_translated_have_their_name(
    lexicon: Lexicon, name: str, language: Language, translation: str
) -> None:
    (token,) = content_tokens(name)
    assert lexicon.translations([token], language)[token].get(translation, 0) >= 0.5
