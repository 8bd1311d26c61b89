"""Named collections: what they may be called, and where each is.

One index file each, all in the same home folder, unless they are in a cluster (`assistant.stores`).
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from assistant.errors import BadSettings

DEFAULT_COLLECTION = "default"
"""Name of the collection that is meant where none is named."""

LONGEST_NAME = 64
FILE_NAME = "documents.db"

# A letter or digit of any language, then also - _ and dots: no path leads out, no file is hidden, and the same names
# can stand in a file of API keys. Windows drops a dot at the end.
_NAME = re.compile(r"\w(?:[\w.-]*[\w-])?")
_WINDOWS = frozenset({"con", "prn", "aux", "nul", *(f"{port}{at}" for port in ("com", "lpt") for at in range(1, 10))})


def checked(name: str) -> str:
    """Return the name of a collection in its composed form.

    Raises:
        BadSettings: Nothing can be called so.
    """
    composed = unicodedata.normalize("NFC", name)
    usable = _NAME.fullmatch(composed) and len(composed) <= LONGEST_NAME
    if not usable or composed.split(".")[0].lower() in _WINDOWS:
        raise BadSettings(
            f"A collection cannot be named {name[:100]!r}.",
            hint=f"Use letters (Chinese too), digits, -, _ and dots within, at most {LONGEST_NAME} characters.",
        )
    return composed


def path_of(home: Path, name: str) -> Path:
    """Return where the index of a collection is, whether it is there or not."""
    return home / "index" / FILE_NAME if name == DEFAULT_COLLECTION else home / "collections" / name / FILE_NAME


def names_in(home: Path) -> list[str]:
    """Return the names of the collections that are there, the default one first."""
    there = [file.parent.name for file in (home / "collections").glob(f"*/{FILE_NAME}")]
    default = [DEFAULT_COLLECTION] if path_of(home, DEFAULT_COLLECTION).exists() else []
    return [*default, *sorted(there)]
