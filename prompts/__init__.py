"""The words given to a chat model, as reviewable text files, the same set in each language.

A prompt is a ``string.Template``. Its variables are checked when it is loaded, so a misspelt one is found by any test
that loads it and not by a user. `fingerprint` goes into every eval result, so that two runs with different prompts are
never taken for the same.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from string import Template
from typing import Literal

__all__ = ["PROMPTS", "fingerprint", "prompt", "render"]

PROMPTS: dict[str, frozenset[str]] = {
    "system": frozenset(),
    "evidence": frozenset({"evidence", "question"}),
    "answer_across": frozenset(),
    "judge": frozenset(),
    "supports": frozenset({"claim"}),
    "restate": frozenset(),
    "answer": frozenset(),
    "translate": frozenset(),
    "translate_example": frozenset(),
    "translate_answer": frozenset(),
    "rewrite": frozenset(),
    "rewrite_turns": frozenset({"before", "question"}),
    "refusal": frozenset(),
    "refusal_out_of_scope": frozenset(),
    "refusal_unclear": frozenset(),
    "partial": frozenset({"missing"}),
    "rest": frozenset(),
    "otherwise": frozenset(),
    "undated": frozenset(),
    "quoted": frozenset(),
}
"""Every prompt and the variables it must name, no more and no fewer."""


@cache
def prompt(language: Literal["zh", "en"], name: str) -> Template:
    """Load a prompt and check its variables.

    Args:
        language: Language the prompt is written in.
        name: One of `PROMPTS`.

    Raises:
        KeyError: There is no prompt of this name.
        ValueError: The file's variables are not those that `PROMPTS` lists.
    """
    expected = PROMPTS[name]
    template = Template(files("prompts").joinpath(language, f"{name}.txt").read_text(encoding="utf-8"))
    found = frozenset(template.get_identifiers())
    if found != expected:
        raise ValueError(f"prompts/{language}/{name}.txt uses {sorted(found)}, it should use {sorted(expected)}")
    return template


def render(language: Literal["zh", "en"], name: str, **values: str) -> str:
    """Fill a prompt in; the newline that ends the file stays unless the prompt is a whole message of its own."""
    return prompt(language, name).substitute(values)


def fingerprint() -> str:
    """Return 12 hexadecimal digits that change when any prompt changes."""
    digest = hashlib.sha256()
    for language in ("en", "zh"):
        for name in sorted(PROMPTS):
            digest.update(prompt(language, name).template.encode())
    return digest.hexdigest()[:12]
