"""Where a text has names: places, organisations, people, Latin names and known terms, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from assistant import people
from assistant.cedict import cedict
from assistant.gazetteer import Entry, Glossary, Match, NameKind
from assistant.name_text import HAN, TextView, Word, view
from knowledge.sounds import SOUND_CHARACTERS
from knowledge.types import Language

_PLACE_SUFFIX_ZH = re.compile(r"特别行政区|自治区|自治州|自治县|地区|新区|[市省区县州盟镇]")
_PLACE_SUFFIX_EN = re.compile(
    r" (?:City|Province|County|District|Municipality|Prefecture|Special Administrative Region|SAR|Autonomous Region)\b"
)
_LATIN_IN_CHINESE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-./&+][A-Za-z0-9]+)*\+{0,2}|\d+G\b|\d[A-Z]{2,}\b")
_OPAQUE = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+", re.ASCII)
CONNECTORS = frozenset("of the de da do del della la le von van der den al bin ibn du des y e & for".split())
_NOT_NAMES = frozenset(
    "i mr mrs ms dr prof sir st jr sr monday tuesday wednesday thursday friday saturday sunday january february march "
    "april may june "
    "july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec am pm bc ad bce "
    "ce rmb cny usd "
    "eur hkd gbp jpy yuan renminbi tv ok faq pdf vs etc no nos vol fig table chapter article section part english "
    "mandarin q1 q2 q3 q4 "
    "ii iii iv vi vii viii ix xi xii xiii xiv xv d.c dc a.d b.c id url email p.m a.m i.e e.g pinyin hanzi".split()
)
_TITLES = frozenset(
    "mayor president premier minister professor dr mr mrs ms sir king queen prince princess emperor pope general "
    "secretary chairman "
    "chairwoman governor director senator judge lord lady captain colonel duke count saint st author according".split()
)
# A capitalised phrase of ordinary words with one of these is an organisation: "Horizon Research Institute".
ORGANISATION_WORDS = frozenset(
    "university college institute association academy ministry commission bureau company corporation bank committee "
    "foundation federation alliance laboratory hospital museum".split()
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name that a text has.

    Attributes:
        text: As it stands in the text.
        kind: What it names; ``latin`` is a name in Latin letters of which we know no more.
        start: First code point in the text.
        end: One past the last code point.
        forms: Known forms in both languages; the name is mentioned where one of them stands.
        entries: Glossary entries it was found by, empty if it was found otherwise.
    """

    text: str
    kind: NameKind
    start: int
    end: int
    forms: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()


def find_names(text: str, language: Language | None = None, glossary: Glossary | None = None) -> list[Name]:
    """Find the names of a text, in order, without overlaps.

    Args:
        text: Any text, Chinese, English or mixed.
        language: Its language if known. Chinese names are looked for wherever there are Chinese characters.
        glossary: The built-in one by default.

    Returns:
        Names and known terms. English words count as a name when they are capitalised inside a sentence, or in
        capitals or in the glossary anywhere, unless they are ordinary words; Chinese ones when a list holds them or
        words beside them say so.
    """
    return list(find_all(text, language, glossary or Glossary.default()))


@lru_cache(maxsize=512)
def find_all(text: str, language: Language | None, glossary: Glossary, *, any_case: bool = False) -> tuple[Name, ...]:
    """Do what `find_names` does; with `any_case`, take lower-case places and organisations too, as users type them."""
    prepared = view(text)
    names = [_from_match(prepared, match) for match in glossary.find(prepared, any_case=any_case)]
    taken = bytearray(len(text))
    for opaque in _OPAQUE.finditer(prepared.folded):
        names = [n for n in names if n.end <= opaque.start() or n.start >= opaque.end()]
        taken[opaque.start() : opaque.end()] = b"\1" * (opaque.end() - opaque.start())
    for name in names:
        taken[name.start : name.end] = b"\1" * (name.end - name.start)

    def add(found: Iterator[Name]) -> None:
        for name in found:
            if not any(taken[name.start : name.end]):
                taken[name.start : name.end] = b"\1" * (name.end - name.start)
                names.append(name)

    if HAN.search(text):
        add(_people(prepared))
        add(_proper_nouns(prepared))
    if language == "en" or (language is None and not HAN.search(text)):
        add(_capitalised(prepared, taken))
    else:
        add(_latin_in_chinese(prepared, taken))
    return tuple(sorted(names, key=lambda name: name.start))


def _from_match(text: TextView, match: Match) -> Name:
    kind = match.entries[0].kind
    end = match.end
    if (
        kind == "place"
        and any(e.within for e in match.entries)
        and not text.folded[:end].endswith(("省", "市", "区", "县"))
    ):
        suffix = (_PLACE_SUFFIX_ZH if HAN.match(text.folded[match.start]) else _PLACE_SUFFIX_EN).match(text.folded, end)
        if suffix and not text.folded.startswith(
            ("区域", "市场", "市民", "市长", "省长", "市区", "市值", "市政", "区块", "地区"), end
        ):
            end = suffix.end()
    forms = tuple(dict.fromkeys(form for entry in match.entries for form in entry.forms))
    return Name(text.text[match.start : end], kind, match.start, end, forms, match.entries)


def _people(text: TextView) -> Iterator[Name]:
    for start, end in people.find_people(text):
        yield Name(text.text[start:end], "person", start, end, (text.folded[start:end],))


def _proper_nouns(text: TextView) -> Iterator[Name]:
    """Yield the places, people and organisations that CC-CEDICT alone knows."""
    dictionary, at = cedict(), 0
    while at < len(text.folded):
        for length in dictionary.lengths.get(text.folded[at], ()):
            noun = dictionary.by_chinese.get(text.folded[at : at + length])
            if (
                noun
                and noun.kind != "other"
                and at + length <= len(text.folded)
                and _stands_alone(text, at, at + length)
            ):
                yield Name(text.text[at : at + length], noun.kind, at, at + length, (noun.chinese, *noun.english))
                at += length - 1
                break
        at += 1


def _stands_alone(text: TextView, start: int, end: int) -> bool:
    """Ask for whole words: what jieba takes for a part of other words is not a name, nor two characters amid others."""
    if text.crosses_words(start, end):
        return False
    if end - start == 2:
        return bool(_PLACE_SUFFIX_ZH.match(text.folded, end)) or not (
            HAN.match(text.folded[start - 1 : start]) or HAN.match(text.folded[end : end + 1])
        )
    around = text.folded[start - 1 : start] + text.folded[end : end + 1]
    if all(c in SOUND_CHARACTERS for c in text.folded[start:end]) and any(c in SOUND_CHARACTERS for c in around):
        return False  # a part of a longer foreign name: 杰克逊 in 杰克逊维尔
    inside = [span for span in text.segments if start <= span[0] < end]
    return end - start > 3 or len(inside) == 1 or (end - start == 3 and len(inside) < 3)


def _latin_in_chinese(text: TextView, taken: bytearray) -> Iterator[Name]:
    """Yield the Latin names of a Chinese text: words with a capital letter, joined while only a space parts them."""
    spans: list[tuple[int, int]] = []
    for found in _LATIN_IN_CHINESE.finditer(text.folded):
        start, end = found.span()
        word = found.group().rstrip(".")
        if any(taken[start:end]) or not any(c.isupper() for c in word) or word.lower() in _NOT_NAMES or len(word) < 2:
            continue
        if spans and text.folded[spans[-1][1] : start] == " ":
            spans[-1] = (spans[-1][0], start + len(word))
        else:
            spans.append((start, start + len(word)))
    for start, end in spans:
        if all(is_ordinary_word(word, False) for word in view(text.folded[start:end]).words):
            continue
        yield Name(text.text[start:end], "latin", start, end, (text.folded[start:end],))


def _capitalised(text: TextView, taken: bytearray) -> Iterator[Name]:
    """Yield the runs of capitalised words of an English text that are not ordinary words."""
    run: list[Word] = []
    shouting = sum(w.raw.isupper() for w in text.words) > 0.6 * len(text.words) > 2
    for number, word in enumerate(text.words):
        free = not any(taken[word.start : word.end])
        joined = bool(run) and text.joins[number - 1]
        if free and word.raw[0].isupper() and not (word.key in _NOT_NAMES and not joined):
            if not joined:
                yield from _name_of_run(text, run, shouting)
                run = []
            run.append(word)
        elif run and joined and free and word.raw in CONNECTORS and _capital_after(text, number, taken):
            run.append(word)
        elif run and joined and free and (word.raw[0].isdigit() or (word.raw == "s" and len(word.raw) == 1)):
            yield from _name_of_run(text, run, shouting)
            run = []
        else:
            yield from _name_of_run(text, run, shouting)
            run = []
    yield from _name_of_run(text, run, shouting)


def _capital_after(text: TextView, number: int, taken: bytearray) -> bool:
    after = text.words[number + 1] if number + 1 < len(text.words) else None
    return bool(after and text.joins[number] and after.raw[0].isupper() and not any(taken[after.start : after.end]))


def _starts_sentence(text: TextView, word: Word) -> bool:
    before = text.folded[: word.start].rstrip(" \t\"'“”‘’([*-•")
    return not before or before[-1] in ".!?:;\n。！？：；" or before[-1] == "\n" or bool(re.search(r"\n\s*$", before))


def is_ordinary_word(word: Word, shouting: bool = False) -> bool:
    """Say whether a capitalised word is only that; with `shouting`, capital letters throughout mean nothing."""
    if word.key in _NOT_NAMES or word.key in _TITLES or word.raw in CONNECTORS:
        return True
    mixed = any(c.isupper() for c in word.raw[1:]) or any(c.isdigit() for c in word.raw)
    if mixed and not shouting and (word.raw.isupper() or not cedict().is_ordinary(word.key)):
        return False
    return len(word.raw) < 2 or cedict().is_ordinary(word.key)


_ENGLISH_ENDINGS = (
    "ing",
    "ed",
    "ly",
    "tion",
    "sion",
    "ment",
    "ity",
    "ness",
    "ize",
    "ise",
    "ous",
    "ive",
    "able",
    "ally",
    "less",
    "ful",
    "ism",
)


def _name_of_run(text: TextView, run: list[Word], shouting: bool) -> Iterator[Name]:
    run = list(run)
    first_in_sentence = bool(run) and _starts_sentence(text, run[0])
    while run and (run[0].key in _TITLES or run[0].key in _NOT_NAMES or run[0].raw in CONNECTORS):
        run.pop(0)
    if (
        first_in_sentence
        and len(run) > 1
        and is_ordinary_word(run[0], shouting)
        and not people.may_be_person([w.raw for w in run])
    ):
        run.pop(0)
        first_in_sentence = False
    while run and run[0].raw in CONNECTORS:
        run.pop(0)
    while run and (run[-1].key in _NOT_NAMES or run[-1].raw in CONNECTORS):
        run.pop()
    if not run:
        return
    start, end = run[0].start, run[-1].end
    raw = text.folded[start:end]
    strange = [word for word in run if not is_ordinary_word(word, shouting)]
    if people.may_be_person(raw.split()):
        yield Name(text.text[start:end], "person", start, end, (raw,))
    elif not strange:
        if len(run) > 1 and not shouting and any(word.key in ORGANISATION_WORDS for word in run):
            yield Name(text.text[start:end], "organisation", start, end, (raw,))
    elif _is_initials(text, start, raw):
        return
    elif not (first_in_sentence and len(run) == 1 and run[0].key.endswith(_ENGLISH_ENDINGS) and raw[1:].islower()):
        yield Name(text.text[start:end], "latin", start, end, (raw,))


def _is_initials(text: TextView, start: int, raw: str) -> bool:
    """Say whether capitals in brackets only shorten the words before them: "Cyberspace Administration (CA)"."""
    if not text.folded[:start].endswith(("(", "（")) or not raw.isupper():
        return False
    before = [w for w in text.words if w.end < start][-8:]
    letters = "".join(w.key[0] for w in before if w.raw not in CONNECTORS and w.raw != "and")
    return letters.endswith(raw.lower()) or "".join(w.key[0] for w in before).endswith(raw.lower())
