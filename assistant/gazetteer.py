"""Which names go with which: Chinese and English forms of places, organisations and terms.

The built-in lists are ``gazetteer.tsv`` (places) and ``glossary.tsv`` (organisations and terms) beside this file. A
user adds
files of the same form, and `Glossary.from_text` learns the equivalents that a document states in brackets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast, get_args

from assistant.errors import BadSettings
from assistant.name_brackets import stated_equivalents
from assistant.name_text import HAN, TextView, case_fits, fold_characters, latin_key, squeezed

NameKind = Literal["place", "person", "organisation", "term", "latin"]

_HINT = "Write a line as: Chinese form<TAB>English form[|other English forms]<TAB>kind, in UTF-8."
# Lower-case words that capital letters alone make a name of: matched in lower case, they are the word.
_ALSO_WORDS = frozenset(
    "turkey polish lima reading meta sina mainland apple ford didi expo dell gree cologne hague jd".split()
)


@dataclass(frozen=True, slots=True)
class Entry:
    """Forms of one name.

    Attributes:
        chinese: Chinese forms, the one to write first.
        english: English (or other Latin) forms, the one to write first.
        kind: What it names.
        within: The place it lies in, "" if not known.
        weak: Those forms that count as a mention but are not taken for a name by themselves.
    """

    chinese: tuple[str, ...]
    english: tuple[str, ...]
    kind: NameKind
    within: str = ""
    weak: frozenset[str] = frozenset()

    @property
    def forms(self) -> tuple[str, ...]:
        """All forms, Chinese first."""
        return self.chinese + self.english


@dataclass(frozen=True, slots=True)
class Match:
    """Where a text has a form of one or more entries, in offsets of the text."""

    start: int
    end: int
    entries: tuple[Entry, ...]


def _split(field: str) -> tuple[list[str], set[str]]:
    weak = {form.strip()[1:] for form in field.split("|") if form.strip().startswith("~")}
    forms = [form.strip().removeprefix("~") for form in field.split("|") if form.strip().strip("~")]
    return forms, weak


def _parse(path: Path) -> Iterator[Entry]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadSettings(f"The glossary {path.name} is not UTF-8 text.", hint="Save it as UTF-8.") from error
    except OSError as error:
        raise BadSettings(f"The glossary {path} cannot be read: {error.strerror}.", hint="Check its path.") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.rstrip("\t ").split("\t")
        where = f"The glossary {path.name}, line {number}"
        if len(fields) not in (3, 4):
            raise BadSettings(f"{where}, has {len(fields)} columns, not 3 or 4.", hint=_HINT)
        (chinese, weak), (english, weak_english) = _split(fields[0]), _split(fields[1])
        if not chinese or not english:
            raise BadSettings(f"{where}, lacks a form in one of the languages.", hint=_HINT)
        if fields[2].strip() not in get_args(NameKind):
            kinds = ", ".join(get_args(NameKind))
            raise BadSettings(f"{where}, has the kind {fields[2]!r}, not one of {kinds}.", hint=_HINT)
        kind = cast(NameKind, fields[2].strip())
        within = fields[3].strip() if len(fields) == 4 else ""
        yield Entry(tuple(chinese), tuple(english), kind, within, frozenset(weak | weak_english))


class Glossary:
    """A set of entries that finds their forms in a text.

    Args:
        entries: The entries; where two share a form, both are found, the earlier first.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = tuple(entries)
        self._chinese: dict[str, list[Entry]] = {}
        self._latin: dict[str, list[tuple[str, Entry]]] = {}
        lengths: dict[str, set[int]] = {}
        for entry in self.entries:
            for form in entry.forms:
                if HAN.search(form):
                    folded = fold_characters(form)
                    self._chinese.setdefault(folded, []).append(entry)
                    if form not in entry.weak:
                        lengths.setdefault(folded[0], set()).add(len(folded))
                elif key := latin_key(form):
                    self._latin.setdefault(key, []).append((form, entry))
        self._lengths = {first: sorted(of, reverse=True) for first, of in lengths.items()}

    @classmethod
    def read(cls, *paths: Path) -> Glossary:
        """Read TSV files: Chinese forms, English forms, kind and, if wanted, the place it lies in.

        Forms are separated by ``|``; the first is the one to write; a leading ``~`` marks a weak form. ``#`` starts a
        comment.

        Raises:
            BadSettings: A file cannot be read or a line cannot be understood; the message names file and line.
        """
        return cls(entry for path in paths for entry in _parse(path))

    @classmethod
    def default(cls) -> Glossary:
        """Return the built-in glossary, read once."""
        return _default()

    @classmethod
    def from_text(cls, text: str) -> Glossary:
        """Learn the equivalents that a text states in brackets, such as 信息通信技术（ICT） or "smart city (智慧城市)".

        Also Chinese short forms, 国家互联网信息办公室（以下简称“国家网信办”）, and English initials, "Internet of
        Things (IoT)".
        """
        return cls(
            Entry(chinese, english, "latin" if chinese and english and english[0][0].isupper() else "term")
            for chinese, english in stated_equivalents(text)
        )

    def merged(self, *others: Glossary) -> Glossary:
        """Return a glossary of the entries of this and `others`; those of `others` come first."""
        return Glossary([entry for other in others for entry in other.entries] + list(self.entries))

    def lookup(self, form: str) -> tuple[Entry, ...]:
        """Return the entries that have a form, however its script, case, hyphens and spaces are written."""
        if HAN.search(form):
            return tuple(dict.fromkeys(self._chinese.get(fold_characters(form), ())))
        return tuple(dict.fromkeys(entry for _, entry in self._latin.get(latin_key(form), ())))

    def find(self, text: TextView, *, any_case: bool = False) -> list[Match]:
        """Find the forms of the entries in a text, longest first where they overlap, in the order of the text.

        Args:
            text: The text.
            any_case: Take places and organisations in lower case too, as people type questions.
        """
        found = sorted(
            [*self._find_chinese(text), *self._find_latin(text, any_case)], key=lambda m: (-(m.end - m.start), m.start)
        )
        taken = bytearray(len(text.text))
        kept = []
        for match in found:
            if not any(taken[match.start : match.end]):
                taken[match.start : match.end] = b"\1" * (match.end - match.start)
                kept.append(match)
        return sorted(kept, key=lambda match: match.start)

    def _find_chinese(self, text: TextView) -> Iterator[Match]:
        for at, character in enumerate(text.folded):
            for length in self._lengths.get(character, ()):
                form = text.folded[at : at + length]
                if len(form) < length:
                    continue
                entries = tuple(dict.fromkeys(e for e in self._chinese.get(form, ()) if form not in e.weak))
                if entries and not (length < 4 and text.crosses_words(at, at + length)):
                    yield Match(at, at + length, entries)

    def _find_latin(self, text: TextView, any_case: bool) -> Iterator[Match]:
        for first in range(len(text.words)):
            for run in text.runs_from(first):
                known = self._latin.get(run.key)
                if not known:
                    continue
                raw = text.raw(run)
                fitting = tuple(
                    dict.fromkeys(e for form, e in known if form not in e.weak and _fits(form, e, raw, any_case))
                )
                if fitting:
                    yield Match(text.words[run.first].start, text.words[run.last - 1].end, fitting)


def _fits(form: str, entry: Entry, raw: str, any_case: bool) -> bool:
    if not case_fits(form, raw):
        return False
    if entry.kind != "term" and len(squeezed(raw)) < len(squeezed(form)):
        return False  # keys lack a plural ending, but Philip is not Philips
    if entry.kind == "term" or raw.removeprefix("the ")[0].isupper() or not form.removeprefix("the ")[0].isupper():
        return True
    return any_case and latin_key(raw) not in _ALSO_WORDS


@lru_cache(maxsize=1)
def _default() -> Glossary:
    here = Path(__file__).parent
    return Glossary.read(here / "gazetteer.tsv", here / "glossary.tsv")
