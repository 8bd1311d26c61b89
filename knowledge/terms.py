"""How tokens are written into the full-text table, so that SQLite's tokenizer gives back exactly what it was given.

SQLite's own tokenizer would fold case, split at characters it does not know and read the query's syntax. Every
character outside a small set it leaves alone is therefore written as ``_hex_``: a token is always one term, two tokens
are never the same term, and nothing a user types is ever query syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPED = re.compile(r"[^0-9a-z.%\-+#@一-龥]")
_ESCAPE = re.compile(r"_([0-9a-f]+)_")


def to_term(token: str) -> str:
    """Write a token as one term of the full-text table."""
    return _ESCAPED.sub(lambda found: f"_{ord(found.group()):x}_", token)


def to_row(tokens: Iterable[str]) -> str:
    """Write a passage's tokens as the content of its full-text row; empty tokens are left out."""
    return " ".join(to_term(token) for token in tokens if token)


def from_row(row: str) -> list[str]:
    """Read tokens back from a full-text row; the inverse of `to_row`."""
    terms = row.split()
    if "_" not in row:  # as nearly always, and decoding each term costs more than reading the row
        return terms
    return [_ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), term) for term in terms]


def any_of(tokens: Iterable[str]) -> str:
    """Return the FTS5 query that matches rows with any of the tokens; "" if there is none."""
    return " OR ".join(f'"{to_term(token)}"' for token in dict.fromkeys(tokens) if token)
