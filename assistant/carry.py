"""A follow-up and the question it leans on → one question that stands on its own, by rules.

- The follow-up names another year, place or share than the question before it and nothing else: that one is put into
  its place ("那2024年呢？" after "2021年的规模有多大？" → "2024年的规模有多大？").
- It names another thing to know: what the question before was about is put before it, or behind it in brackets.
- It has a pronoun: what the question before was about stands in brackets behind the pronoun.

The words of the user are kept in every case but the first, so nothing they insist on is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from assistant import names, quantities
from assistant.followup import EN_WHOLE, ZH_WHOLE, Lean, bare, pronoun_at
from knowledge.language import HAN, detect_language
from knowledge.lexical import content_tokens
from knowledge.types import Language

LONGEST_TOPIC: dict[Language, int] = {"zh": 60, "en": 160}
"""Characters of a topic that is carried over; what is longer keeps its end, where the words of the last turn are."""

_ZH_ASKING = re.compile(
    r"(?:请问|请|那么?|告诉我|说说|介绍一下|列出|列举)(?=.)|(?:[是有]|达到?了?|占了?|约|会|将)?(?:多少|几|"
    r"多[大高长久快远重])(?:钱|岁)?(?=[个家座项种年月位名倍成亿万]|[呢啊？?，,。]|$)|"
    r"(?:是)?(?:为什么|为何|什么时候|何时|怎么样|怎么|怎样|如何)|(?:是|叫|做|"
    r"有)?什么(?:样)?(?:的)?(?=[呢啊？?，,]|$)|什么样?的?|(?:在|是|有|从|到)?哪(?:一?[些个年里儿位家种项座]|"
    r"几个?)?|"
    r"(?:是|由|被)?谁(?:的)?|是否|是不是|有没有|能否|吗|呢|吧|啊"
)
_EN_ASKING = re.compile(
    r"^(?:and |so |but |then )*(?:(?:can|could) you (?:please )?(?:tell me |explain |list |"
    r"describe )?)?(?:please )?(?:(?:tell me|explain|describe|list|name|give me)(?: about)? )?"
    r"(?:how (?:large|big|many|much|fast|long|often|old|high|far|quickly|well)|what(?:'s)?|who(?:'s|m|se)?|"
    r"which|when|where|why|how)?\b\s*"
    r"(?:(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|"
    r"might) )?(?:there )?(?:(?:the |a |an )(?=.))?",
    re.IGNORECASE,
)


_DEFINES = re.compile(
    r"(?P<asks>什么是|何谓|what (?:is|are) (?:the |an? )?)[^，。,.？?]{1,40}(?P<end>[？?])"
    r"|[^，。,.？?]{1,40}(?P<is>(?:是什么(?:意思)?|指什么|的(?:定义|含义)是什么)[？?])",
    re.IGNORECASE,
)
"""A question for what something is; another thing asked about takes its place."""


@dataclass(frozen=True, slots=True)
class _Entity:
    """A name or quantity of a text that a follow-up may put another one in the place of."""

    start: int
    end: int
    text: str
    kind: str
    lead: str = ""


def carry(before: str, question: str, how: Lean) -> str:
    """Return a follow-up made to stand on its own.

    Args:
        before: The question it leans on, which stands on its own.
        question: The follow-up.
        how: How it leans on it.
    """
    core, language = bare(question), detect_language(question)
    changed = _with_new_entities(before, core)
    if how == "fragment":
        if only_entities(question):
            return changed if changed != before else _with_addition(before, core)
        if (defined := _DEFINES.fullmatch(before)) and detect_language(before) == language:
            return f"{defined['asks'] or ''}{core}{defined['is'] or defined['end']}"
        topic = topic_of(changed)
        if language == "zh" and detect_language(topic) == "zh":
            return f"{topic}，{core}呢？"
        return f"What about {core} ({topic})?" if language == "en" else f"{core}呢？（{topic}）"
    topic = topic_of(changed)
    at = pronoun_at(question, language)
    opening, closing = ("（", "）") if language == "zh" else (" (", ")")
    if at is None and language == "zh" and detect_language(topic) == "zh":
        return f"{topic}，{question}"
    if at is None:
        tail = re.search(r"[\s？?。.!！]*$", question)
        at = tail.start() if tail else len(question)
    return f"{question[:at]}{opening}{topic}{closing}{question[at:]}".strip()


def says_more(before: str, question: str) -> float:
    """Return how many times as many content words a follow-up has as what it is taken to be about."""
    return len(content_tokens(question)) / max(1, len(content_tokens(topic_of(before))))


def only_entities(question: str) -> bool:
    """Return whether a follow-up names years, places and the like and nothing else."""
    core = bare(question)
    return not content_tokens(_without(core, _entities(core)))


def topic_of(question: str) -> str:
    """Return what a question is about: its words without those that ask."""
    if whole := ZH_WHOLE.search(question) or EN_WHOLE.search(question):
        return whole[0]
    plain = re.sub(r"[\s？?。.!！]+$", "", question.strip())
    plain = re.sub(r"\s*[（(]([^（()）]*)[)）]", r" \1", plain) if re.search(r"[（(].*[（(]", plain) else plain
    if detect_language(question) == "zh":
        topic = re.sub(r"\s+", " ", _ZH_ASKING.sub("", plain))
        topic = re.sub(r"^[是有由被，,]+|(?:[是有在由为被的，,]|达到?)+$", "", topic).strip(" ，,") or plain
        limit = LONGEST_TOPIC["zh"]
    else:
        topic = _EN_ASKING.sub("", plain).strip(" ,") or plain
        limit = LONGEST_TOPIC["en"]
    return topic if len(topic) <= limit else topic[-limit:].lstrip(" ，,)）")


def _entities(text: str) -> list[_Entity]:
    """Return the years, amounts and names of a text, in order, without overlap."""
    found = [
        _Entity(one.start, one.end, one.text, one.kind)
        for one in quantities.find_quantities(text)
        if one.kind in ("date", "percent", "money", "ordinal") or one.bare
    ]
    found += [_Entity(one.start, one.end, one.text, one.kind) for one in names.constraints(text)]
    found = [_with_preposition(one, text) for one in found]
    kept: list[_Entity] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _with_preposition(entity: _Entity, text: str) -> _Entity:
    """Note the preposition of a date: "in 2024" takes the place of "at the end of 2015" together with it."""
    before = re.search(r"\b(?:in|at|on|by|during|since) (?:the )?$", text[: entity.start], re.IGNORECASE)
    if entity.kind not in ("date", "number") or before is None:
        return entity
    return replace(entity, lead=before[0])


def _with_new_entities(before: str, core: str) -> str:
    """Return a question with the entities of a follow-up in the place of those of the same kind."""
    new: dict[str, list[_Entity]] = {}
    for one in _entities(core):
        new.setdefault(_slot(one), []).append(one)
    old = [one for one in _entities(before) if _slot(one) in new]
    text = before
    for one in reversed(old):
        first = next(other for other in old if _slot(other) == _slot(one))
        put = _joined(new[_slot(one)], before, year="年" in one.text) if one == first else ""
        lead = new[_slot(one)][0].lead
        start = one.start - len(one.lead) if lead and put else one.start
        text = text[:start] + (lead if start < one.start else "") + put + text[one.end :]
    return re.sub(r"(?:[、,，]\s*)+(?=[的和与在？?，,]|$)|(?<= ) +", "", text) if old else text


def _joined(entities: list[_Entity], before: str, *, year: bool) -> str:
    parts = [
        f"{one.text}年" if one.kind == "number" and re.fullmatch(r"[12]\d{3}", one.text) and year else one.text
        for one in entities
    ]
    if detect_language(before) == "zh":
        return "、".join(parts)
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _slot(entity: _Entity) -> str:
    """Return the kind of thing that an entity can stand for; a bare year is a date."""
    return "date" if entity.kind == "number" else entity.kind


def _with_addition(before: str, core: str) -> str:
    """Return a question with one more condition."""
    if detect_language(before) == "zh":
        return f"{core}，{before}" if re.search(f"[{HAN}\\d]", core) else f"{before}（{core}）"
    plain = re.sub(r"[\s？?。.!！]+$", "", before)
    return (
        f"{plain} {core}?"
        if re.match(r"(?:in|for|at|on|by|since|before|after|from|with|of)\b", core, re.I)
        else f"{plain} ({core})?"
    )


def _without(text: str, entities: list[_Entity]) -> str:
    for one in reversed(entities):
        text = text[: one.start] + " " + text[one.end :]
    return re.sub(r"\b(?:in|for|at|on|by|of|the|year)\b|[年的在]", " ", text, flags=re.IGNORECASE)
