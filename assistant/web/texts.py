"""Every word of the page, in Chinese and English: the texts themselves are in `interface.json`, one key each.

The frame of the page follows the browser's language or what was chosen; the words of an answer follow the answer's.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from knowledge.types import Language

EXAMPLES: tuple[tuple[Language, str], ...] = (
    ("zh", "2015年底，哪三个城市开始了新型智慧城市试点？"),
    ("zh", "2021年中国智慧城市产业规模有多大？"),
    ("en", "Which provinces have the most top 100 digital cities?"),
    ("en", "Who wrote this article, and when was it published?"),
)
"""Questions to begin with, about the shipped collection."""


@cache
def texts() -> dict[str, dict[Language, str]]:
    """Return the texts by key and language."""
    rows = json.loads(files("assistant.web").joinpath("interface.json").read_text(encoding="utf-8"))
    return {key: {"zh": zh, "en": en} for key, (zh, en) in rows.items()}


def text(key: str, language: Language, **values: str | int) -> str:
    """Return a text of the interface with its blanks filled in.

    Args:
        key: One of `texts`.
        language: The reader's language.
        **values: What to fill in.
    """
    return texts()[key][language].format(**values)


def table(language: Language) -> dict[str, str]:
    """Return every text of one language by key."""
    return {key: by_language[language] for key, by_language in texts().items()}
