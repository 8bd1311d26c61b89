"""Names in Chinese and English: where a text has them, and whether another text mentions them in either language.

An answer may only name what its evidence names. `find_names` finds places, organisations, people, Latin names and
known terms;
`mentioned` compares them across languages (深圳 and Shenzhen, 王晓宁 and Xiaoning Wang, 国务院 and State Council) by
the glossary,
by CC-CEDICT and by pinyin. Terms (数字政府, smart city) are found for `renderings`, but an answer may word them
differently, so
neither `unsupported_names` nor `constraints` returns them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from assistant import people
from assistant.cedict import cedict
from assistant.gazetteer import Glossary, Match
from assistant.name_finding import Name, find_all, find_names, is_ordinary_word
from assistant.name_text import HAN, TextView, case_fits, fold_characters, in_dictionary, is_acronym, latin_key, view
from knowledge.sounds import sounds_in
from knowledge.types import Language

__all__ = ["Glossary", "Name", "constraints", "find_names", "mentioned", "renderings", "unsupported_names"]

_CHINA = "中国"
# What an organisation of ordinary words must be called in Chinese: "Horizon Research Institute" needs one of these.
_HEADS = {
    "university": "大学",
    "college": "学院|大学",
    "institute": "研究院|研究所|学院|学会",
    "association": "协会|联合会|学会|联盟",
    "academy": "院",
    "ministry": r"(?<![全内大一各外局])部(?![分门署队件落])",
    "commission": "委",
    "bureau": "局|办",
    "company": "公司|企业",
    "corporation": "公司|集团",
    "bank": "银行|行",
    "committee": "委",
    "foundation": "基金会",
    "federation": "联合会|联盟|联邦",
    "alliance": "联盟",
    "laboratory": "实验室",
    "hospital": "医院",
    "museum": "博物|馆",
}


def mentioned(name: Name, text: str, glossary: Glossary | None = None) -> bool:
    """Say whether a text mentions a name in any language's form.

    Args:
        name: A name from `find_names`.
        text: The text to look in, Chinese or English.
        glossary: More equivalents than those of `name`, e.g. `Glossary.from_text` of the document.

    Returns:
        True if one of the forms stands in the text as words of its own. Suffixes (市, City), script (廣東), case,
        hyphens and
        spaces do not matter. China counts as mentioned by a Chinese text that names no other country, because such
        texts leave
        their own country unsaid.
    """
    where = view(text)
    forms = list(name.forms or (name.text,))
    for form in (name.text, *name.forms[:8]):
        forms += [other for entry in (glossary.lookup(form) if glossary else ()) for other in entry.forms]
    if any(_has_form(where, form, name) for form in dict.fromkeys(forms)):
        return True
    if _names_china(name):
        return _implies_china(where)
    if HAN.search(name.text):
        keys = people.romanised_keys(fold_characters(name.text)) if name.kind == "person" else ()
        return any(key in where.runs for key in keys)
    return not name.entries and _mentioned_otherwise(name, where)


def _has_form(where: TextView, form: str, name: Name) -> bool:
    if HAN.search(form):
        return _has_chinese(where, fold_characters(form), name)
    runs = where.runs.get(latin_key(form)) or where.runs.get("".join(people.words_of(form)), [])
    fitting = [run for run in runs if case_fits(form, where.raw(run))]
    spans = ((where.words[run.first].start, where.words[run.last - 1].end) for run in fitting)
    return any(not _inside_another_place(where, start, end, name) for start, end in spans)


def _has_chinese(where: TextView, form: str, name: Name) -> bool:
    at = where.folded.find(form)
    while at >= 0:
        end = at + len(form)
        cut = len(form) < 4 and in_dictionary(form) and where.crosses_words(at, end)
        if not cut and not _inside_another_place(where, at, end, name):
            return True
        at = where.folded.find(form, at + 1)
    return False


def _inside_another_place(where: TextView, start: int, end: int, name: Name) -> bool:
    """Say whether a span is only a part of another place's name: Sudan in South Sudan, 苏丹 in 南苏丹."""
    if name.kind != "place":
        return False
    return any(
        match.start <= start and end <= match.end and match.end - match.start > end - start
        and not set(match.entries) & set(name.entries) and match.entries[0].kind == "place"
        for match in _default_matches(where.text)
    )  # fmt: skip


@lru_cache(maxsize=512)
def _default_matches(text: str) -> tuple[Match, ...]:
    return tuple(Glossary.default().find(view(text)))


def _names_china(name: Name) -> bool:
    return any(entry.chinese[:1] == (_CHINA,) for entry in name.entries)


def _implies_china(where: TextView) -> bool:
    if len(HAN.findall(where.text)) < 5:
        return False
    countries = [m for m in _default_matches(where.text) if m.entries[0].kind == "place" and not m.entries[0].within]
    return all("国" not in m.entries[0].chinese[0] or m.entries[0].chinese[0] == _CHINA for m in countries)


def _mentioned_otherwise(name: Name, where: TextView) -> bool:
    """Look for a Latin name of which the glossary knows nothing: through CC-CEDICT, pinyin, and its single words."""
    words = people.words_of(name.text)
    if name.kind == "person":
        return people.spelled_in(words, where, person=True) or _by_dictionary("".join(words), where)
    if name.kind == "organisation":
        return _has_head(words, where)
    if _by_dictionary(latin_key(name.text), where):
        return True
    if len(words) > 1 and all(map(people.is_pinyin, words)) and people.spelled_in(words, where, person=False):
        return True
    strange = [word.key for word in view(name.text).words if not is_ordinary_word(word)]
    if len(strange) > 1 and sounds_in("".join(strange), where.folded):
        return True
    return all(
        (len(words) > 1 and (key in where.runs or _by_dictionary(key, where)))
        or (people.is_pinyin(key) and people.spelled_in((key,), where, person=False))
        or sounds_in(key, where.folded)
        for key in strange
    )


def _by_dictionary(key: str, where: TextView) -> bool:
    return any(form in where.folded for form in cedict().by_key.get(key, ()))


def _has_head(words: tuple[str, ...], where: TextView) -> bool:
    heads = [word for word in words if word in _HEADS]
    return any(head in where.runs or re.search(_HEADS[head], where.folded) for head in heads)


def unsupported_names(
    claim: str, evidence: Sequence[str], *, question: str = "", glossary: Glossary | None = None
) -> list[Name]:
    """Return the names of a claim that no evidence mentions in any language. Terms are not looked at.

    Args:
        claim: A sentence of an answer.
        evidence: The texts it may rest on. What they state in brackets counts as equivalent.
        question: The question answered. It supports nothing: a name that the claim repeats from it must still be
        mentioned by the
            evidence. Only the equivalents it states in brackets, "Xiaoning Wang (王晓宁)", are learned.
        glossary: The built-in one by default.
    """
    names = [name for name in find_names(claim, None, glossary) if _is_checked(name)]
    if not names:
        return []
    learned = Glossary.from_text("\n".join((*evidence, question)))
    return [name for name in names if not any(mentioned(name, text, learned) for text in evidence)]


def _is_checked(name: Name) -> bool:
    """Leave out terms, but for Latin abbreviations such as NB-IoT, LTE and 5G, which are not worded differently.

    Those of two letters (AI, IT) are left out too: texts say the same in many ways.
    """
    if name.kind != "term":
        return True
    return is_acronym(name.text.replace("IoT", "IOT")) and (len(name.text) > 2 or any(c.isdigit() for c in name.text))


def constraints(question: str, glossary: Glossary | None = None) -> list[Name]:
    """Return the names that a question insists on: evidence that mentions one of them nowhere does not answer it.

    Left out are terms, which evidence may word differently; China, which Chinese texts leave unsaid; and a place that
    only
    says where the place beside it lies (Guangdong in "Shenzhen, Guangdong"). A question typed without capitals is
    searched
    for known places and organisations in lower case.
    """
    typed_small = not any(c.isupper() for c in question[1:])
    names = list(find_all(question, None, glossary or Glossary.default(), any_case=typed_small))
    kept = [name for name in names if _is_checked(name) and not _names_china(name)]
    return [name for name in kept if not any(_locates(name, other, question) for other in kept)]


def _locates(outer: Name, inner: Name, text: str) -> bool:
    """Say whether `outer` stands right beside `inner` and is the place that it lies in."""
    between = text[min(outer.end, inner.end) : max(outer.start, inner.start)]
    inside = {entry.within for entry in inner.entries} & {form for entry in outer.entries for form in entry.chinese}
    return bool(inside) and outer is not inner and bool(re.fullmatch(r"(?:,| in|的|,\s*|\s| of)*\s*", between))


def renderings(text: str, language: Language, glossary: Glossary | None = None) -> list[tuple[str, str]]:
    """Return names and terms of a text with the form to write in another language, for a prompt.

    Args:
        text: The evidence.
        language: The language of the answer.
        glossary: The built-in one by default; equivalents that the text itself states in brackets come first.

    Returns:
        Pairs of the name as it stands and its rendering, longest first, each once, only where the two differ. Names
        whose
        rendering is not certain (Fuzhou is 福州 or 抚州) are left out.
    """
    learned = Glossary.from_text(text)
    pairs: dict[str, str] = {}
    seen: set[str] = set()
    for name in find_names(text, None, glossary):
        key = latin_key(name.text) or fold_characters(name.text)
        if bool(HAN.search(name.text)) == (language == "zh") or key in seen:
            continue
        seen.add(key)
        rendering = _rendered(name, language, learned)
        if rendering and latin_key(rendering) != latin_key(name.text):
            pairs[name.text] = rendering
    for entry in learned.entries:
        here, there = (entry.english, entry.chinese) if language == "zh" else (entry.chinese, entry.english)
        if here and there:
            pairs.setdefault(here[0], there[0])
    return sorted(pairs.items(), key=lambda pair: -len(pair[0]))


def _rendered(name: Name, language: Language, learned: Glossary) -> str:
    for entries in (learned.lookup(name.text), name.entries):
        usual = [e for e in entries if latin_key(name.text) in {latin_key(form) for form in e.english[:1]}] or entries
        written = {forms[0] for e in usual if (forms := e.english if language == "en" else e.chinese)}
        if len(written) == 1:
            return _with_suffix(name, written.pop(), language)
        if written:
            return ""
    if language == "en" and name.kind == "person" and len(name.forms) == 1:
        return people.romanised(fold_characters(name.text))
    noun = cedict().by_chinese.get(fold_characters(name.text))
    if language == "en":
        return noun.english[0] if noun else ""
    chinese = cedict().by_key.get(latin_key(name.text), ()) if name.kind != "organisation" else ()
    return chinese[0] if len(chinese) == 1 else ""


def _with_suffix(name: Name, rendering: str, language: Language) -> str:
    """Keep the word for a district or county: 福田区 → "Futian District", but 深圳市 → "Shenzhen"."""
    ending = {"区": " District", "县": " County"}.get(name.text[-1], "")
    if language == "zh" or name.kind != "place" or not ending or rendering.endswith((ending, " Region", " Area")):
        return rendering
    known = [form for entry in name.entries for form in entry.english if form.endswith(ending)]
    return known[0] if known else rendering + ending
