"""Chinese word segmentation by jieba, without its cold start.

jieba parses its whole dictionary (349,046 words and all their prefixes) into one dict before the first cut: about 1 s,
or 0.5 s from a cache file that it writes into the temporary folder. But the dictionary file is sorted by first
character, and a cut only ever looks up strings that begin with a character of the text. `LazyTokenizer` therefore reads
the 5 MB as bytes (2 ms) and parses the words of a first character when a text first has it. The cuts are the same (a
test compares them), nothing is written anywhere, and memory stays small.
"""

from __future__ import annotations

import threading
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Protocol, cast

_KNOWN_SIZE, _KNOWN_TOTAL = 5_071_852, 60_101_967
"""Size in bytes of the dictionary of jieba 0.42, and the sum of its frequencies, which would take a full parse."""

_LONGEST_RUN = 128
"""jieba's model for unknown words takes quadratic time, so longer runs of characters are cut at this length."""


class Segmenter(Protocol):
    """The part of jieba's tokenizer that is used."""

    FREQ: dict[str, int]

    def lcut(self, sentence: str) -> list[str]:
        """Return the words of `sentence`, which together are `sentence`."""
        ...


def cut(run: str) -> list[str]:
    """Cut Chinese text into words.

    Args:
        run: Simplified Chinese, best without punctuation.

    Returns:
        Its words in order; together they are `run`.
    """
    segmenter = _segmenter()
    if len(run) <= _LONGEST_RUN:
        return segmenter.lcut(run)
    return [
        word for start in range(0, len(run), _LONGEST_RUN) for word in segmenter.lcut(run[start : start + _LONGEST_RUN])
    ]


def is_word(word: str) -> bool:
    """Return whether the dictionary has `word`; only asked for parts of words that `cut` returned."""
    return bool(_segmenter().FREQ.get(word))


@lru_cache(maxsize=1024)
def tag_of(word: str) -> str:
    """Return what the dictionary says a word is, e.g. ``"nr"`` for a person's name; "" for a word that it lacks.

    The same as jieba's ``posseg.dt.word_tag_tab``, which takes 0.3 s and 60 MB to make.
    """
    data, key = _dictionary(), f"{word} ".encode("utf-8", "surrogatepass")
    at = 0 if data.startswith(key) else data.find(b"\n" + key) + 1
    line = data[at : data.find(b"\n", at)] if at or data.startswith(key) else b""
    return line.rsplit(b" ", 1)[-1].decode().strip()


_loading = threading.Lock()


def _segmenter() -> Segmenter:
    with _loading:
        return _load_segmenter()


@lru_cache(maxsize=1)
def _dictionary() -> bytes:
    with warnings.catch_warnings():
        # Escapes in its source that Python warns about, and setuptools' pkg_resources where that still exists.
        warnings.simplefilter("ignore")
        import jieba

    return (Path(jieba.__file__).parent / "dict.txt").read_bytes()


@lru_cache(maxsize=1)
def _load_segmenter() -> Segmenter:
    data = _dictionary()
    import jieba

    jieba.setLogLevel("ERROR")

    class LazyTokenizer(jieba.Tokenizer):  # type: ignore[misc]  # jieba has no types
        """A jieba tokenizer that parses the dictionary by first character, when one is first met."""

        def __init__(self, data: bytes) -> None:
            super().__init__()
            self._data = data
            self._sorted_from = data.find("\n一".encode()) + 1  # the unsorted head holds a few dozen words
            self._parsed: set[str] = set()
            self._parsing = threading.Lock()
            self.total = _KNOWN_TOTAL
            self._parse(0, self._sorted_from)
            self.initialized = True

        def get_DAG(self, sentence: str) -> dict[int, list[int]]:
            missing = set(sentence) - self._parsed
            if missing:
                with self._parsing:
                    for character in missing - self._parsed:
                        self._parse(*self._block(character.encode("utf-8", "surrogatepass")))
                    self._parsed |= missing
            return cast(dict[int, list[int]], super().get_DAG(sentence))

        def _block(self, first: bytes) -> tuple[int, int]:
            """Return where the lines are that begin with the character `first`."""
            return self._line_at(first), self._line_at(first + b"\xff")

        def _line_at(self, key: bytes) -> int:
            """Return where the first line of the sorted part begins whose first character is not below `key`'s."""
            low, high = self._sorted_from, len(self._data)
            while low < high:
                middle = self._data.rfind(b"\n", low, (low + high) // 2) + 1 or low
                if self._data[middle : middle + len(key)] < key:
                    low = self._data.find(b"\n", middle) + 1 or high
                else:
                    high = middle
            return low

        def _parse(self, start: int, end: int) -> None:
            for line in self._data[start:end].decode("utf-8").splitlines():
                word, frequency = line.split(" ", 2)[:2]
                self.FREQ[word] = int(frequency)
                for length in range(1, len(word)):
                    self.FREQ.setdefault(word[:length], 0)

    if len(data) == _KNOWN_SIZE:
        return cast(Segmenter, LazyTokenizer(data))
    tokenizer = jieba.Tokenizer()  # another dictionary than the one known to be sorted: parse all of it, write no cache
    with open(Path(jieba.__file__).parent / "dict.txt", "rb") as file:
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(file)
    tokenizer.initialized = True
    return cast(Segmenter, tokenizer)
