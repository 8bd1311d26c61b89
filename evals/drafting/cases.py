"""A proposed case for each quantity, name and list of a document.

The question is the sentence itself with what it states taken out and asked for ("产业规模达到多少"). That is a poor
question, since it repeats the document's words; a person puts it into other words before the case counts for anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant import names, quantities
from assistant.quantities import Quantity, find_quantities
from evals.case import Case
from evals.drafting.lists import enumerations
from evals.text import missing_groups
from knowledge.language import detect_language
from knowledge.sentences import sentence_spans
from knowledge.types import Language

HEADER = """\
# Proposed by `wenju eval draft` from the words of a document; nothing here is accepted yet.
# For each case: read the gold in the document, put the question into words of your own, correct the facts and add
# their forms in the other language, then take "reviewed": false out. A case that is not reviewed is not asked.
"""

SHORTEST, LONGEST = 8, 160
"""Characters of a sentence that a case is drafted from: headings are shorter, tables longer."""

AROUND = 60
"""Characters from which on only the clause around what is asked for is kept of a sentence."""

TELLING = 8
"""Characters around what is asked for without which nobody knows what is meant."""

_ASKED: dict[str, dict[Language, str]] = {
    "date": {"zh": "什么时候", "en": "when"},
    "time": {"zh": "几点", "en": "what time"},
    "quantity": {"zh": "多少", "en": "how much"},
    "count": {"zh": "多少", "en": "how many"},
    "person": {"zh": "谁", "en": "who"},
    "place": {"zh": "哪里", "en": "where"},
    "organisation": {"zh": "哪个机构", "en": "which organisation"},
    "list": {"zh": "哪些", "en": "which ones"},
}
_CLAUSE_END = re.compile(r"[，；：。;:]|,(?!\d)")


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a sentence states and a question may ask for.

    Attributes:
        what: ``"date"``, ``"quantity"``, ``"person"`` …
        start: First code point in the sentence.
        end: One past the last one.
        facts: Groups of aliases, as in a case.
    """

    what: str
    start: int
    end: int
    facts: tuple[tuple[str, ...], ...]


def draft_cases(text: str) -> list[Case]:
    """Return proposed cases in the order of the document, each marked as not reviewed.

    Args:
        text: The document, as it is stored.
    """
    drafted: list[Case] = []
    seen: set[tuple[tuple[str, ...], ...]] = set()
    for span in sentence_spans(text):
        sentence = text[span.start : span.end]
        if not SHORTEST <= len(sentence) <= LONGEST or "\n" in sentence or sentence.startswith("#"):
            continue
        language = detect_language(sentence)
        for found in find_stated(sentence, language):
            question = _question(sentence, found, language)
            if len(sentence) - (found.end - found.start) < TELLING or found.facts in seen:
                continue
            if len(missing_groups(question, found.facts)) < len(found.facts):
                continue
            seen.add(found.facts)
            drafted.append(_case(len(drafted) + 1, sentence, question, found, language))
    return drafted


def _case(number: int, gold: str, question: str, found: Found, language: Language) -> Case:
    family = f"draft-{number:03}"
    return Case(
        id=f"{family}.{language}",
        family=family,
        kind="fact",
        language=language,
        question=question,
        facts=found.facts,
        gold=(gold,),
        note=f"drafted from a {found.what} of the document; not read by anybody",
        reviewed=False,
    )


def find_stated(sentence: str, language: Language) -> Iterator[Found]:
    """Yield what a sentence states: lists first, then the quantities and names outside them.

    Args:
        sentence: A sentence of a document or an answer.
        language: Its language.
    """
    taken: list[tuple[int, int]] = []
    for listed in enumerations(sentence, language):
        taken.append((listed.start, listed.end))
        yield Found("list", listed.start, listed.end, tuple(aliases(item, language) for item in listed.items))
    for quantity in find_quantities(sentence, language):
        if _worth_asking(quantity) and not _inside(quantity.start, quantity.end, taken):
            facts = (aliases(quantity.text, language),)
            yield Found(_what(quantity), quantity.start, quantity.end, facts)
    for name in names.find_names(sentence, language):
        if name.kind in ("person", "place", "organisation") and not _inside(name.start, name.end, taken):
            yield Found(name.kind, name.start, name.end, (tuple(dict.fromkeys((name.text, *name.forms))),))


def _what(quantity: Quantity) -> str:
    if quantity.kind in ("date", "time"):
        return quantity.kind
    return "count" if quantity.role == "count" else "quantity"


def _worth_asking(quantity: Quantity) -> bool:
    return (
        quantity.kind not in ("opaque", "ordinal", "range") and quantity.role != "enumerator" and not quantity.spelled
    )


def _inside(start: int, end: int, taken: list[tuple[int, int]]) -> bool:
    return any(left < end and start < right for left, right in taken)


def aliases(text: str, language: Language) -> tuple[str, ...]:
    """Return a form of a fact with its forms in the other language, as far as they are known."""
    other: Language = "en" if language == "zh" else "zh"
    known = (*quantities.renderings(text, other), *names.renderings(text, other))
    whole = (form for said, form in known if said == text)
    return tuple(dict.fromkeys((text, *whole)))


def _question(sentence: str, found: Found, language: Language) -> str:
    """Return the sentence, or the clause of a long one, with what is asked for in place of what it states."""
    start, end = 0, len(sentence)
    if len(sentence) > AROUND:
        ends = [match.end() for match in _CLAUSE_END.finditer(sentence)]
        start = max((at for at in ends if at <= found.start), default=0)
        # A clause that says nothing but what is asked for ("2015年底,") needs the next one, or else all of them.
        least = found.end + max(0, TELLING - (found.start - start))
        end = min((at for at in ends if at > least), default=len(sentence))
        if end - start - (found.end - found.start) < TELLING:
            start, end = 0, len(sentence)
    asked = sentence[start : found.start] + f" {_ASKED[found.what][language]} " + sentence[found.end : end]
    if language == "zh":
        asked = re.sub(r"(?<=[^\x00-\x7f]) +| +(?=[^\x00-\x7f])", "", asked)
    asked = re.sub(r"\s+", " ", asked).strip(" ，,；;：:。.！!？?")
    return asked + ("？" if language == "zh" else "?")
