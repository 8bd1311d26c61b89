"""Kinds of thing that a question asks for: a share, a count, a day, a cause, the most of something.

A kind is a pattern of questions and a test of evidence, in both languages. Kinds that *decide* have a form that any
answer must have: without a number nothing says how many. The others are said in many ways ("the pilots began in 2015"
says which came first), so that they only count (`assistant.confidence`); but of those too most must stand in what an
answer cites in the end, where nothing else can hold them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assistant.names import find_names
from assistant.quantities import Quantity, equivalent, find_quantities
from assistant.quantity_types import DateParts

Holds = Callable[[str, str], bool]
"""Whether a text holds a thing of a kind: called with the question and the text."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that questions ask for.

    Attributes:
        name: What it is called where it is missing.
        asked: Finds the words of a question that ask for it.
        held: Whether an evidence text holds one.
        decides: Whether a question is refused where the evidence holds none.
        cited: Whether an answer is refused where the sentences that it cites hold none.
        sought: Whether a sentence that holds one is read where the best ones hold none.
    """

    name: str
    asked: re.Pattern[str]
    held: Holds
    decides: bool = True
    cited: bool = True
    sought: bool = False


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


def _quantity(fits: Callable[[Quantity], bool]) -> Holds:
    """Hold a fitting quantity that the question does not state itself; the ends of ranges count."""

    def held(question: str, text: str) -> bool:
        asked = find_quantities(question)
        found = [part for one in find_quantities(text) for part in (one, *(one.ends or ()))]
        return any(fits(one) and not any(equivalent(one, stated) for stated in asked) for one in found)

    return held


def _words(*alternatives: str) -> Holds:
    pattern = _pattern(*alternatives)
    return lambda question, text: bool(pattern.search(text))


def _is_company(kind: str, name: str) -> bool:
    """Return whether a name may be a company's: a ministry's is an organisation's, but no company's."""
    return kind == "latin" or (kind == "organisation" and not _AUTHORITY.search(name))


def _either(*tests: Holds) -> Holds:
    return lambda question, text: any(test(question, text) for test in tests)


def _states(quantity: Quantity, *parts: str) -> bool:
    """Return whether a quantity is a date or time of day that states one of some parts."""
    value = quantity.value
    return isinstance(value, DateParts) and any(getattr(value, part) is not None for part in parts)


_SHARES = frozenset({"percent", "fraction", "points", "multiple"})
_TIME_UNITS = frozenset({"year", "month", "week", "day", "hour", "minute", "second"})
_DATES = frozenset({"date", "time", "range", "opaque"})
_OF_A_ROW = r"个|家|座|人|名|位|次|页|篇|条|项|张|辆|台|种|所|本|层|届|场|件|户"
_NOT_SUPERLATIVE = "近|初|新|先|早|终|后|关键|重要|核心|根本"
_AUTHORITY = re.compile(
    r"(?:部|厅|局|委|办|院|府|署)$|\b(?:ministry|bureau|commission|department|office)\b", re.IGNORECASE
)
_CLOCK = _words(
    r"\b(?:at|from|until|till|by) (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midnight)\b",
    r"[零〇一二两三四五六七八九十\d]+点|[上中下]午|傍晚|午夜|正午",
)
"""A time of day, which is no quantity but answers "when"."""

KINDS: tuple[Kind, ...] = (
    Kind(
        "an amount of money",
        _pattern(
            r"多少钱|多少[亿万]?(?:元|块)|耗资多少|\bhow much money\b",
            r"\bhow much (?:did|does|do|was|were|has|have|will) .{1,60}\b(?:cost|spend|spent|paid|pay)\b",
            r"\bwhat (?:did|does|do|will) .{1,60}\bcost\b",
        ),
        _quantity(lambda one: one.kind in {"money", "opaque"}),
    ),
    Kind(
        "a share",
        _pattern(
            r"百分之几|占比(?:是|为|有)?多|占(?:多少|多大|几成)|多大(?:的)?(?:比例|比重|权重|份额)",
            r"(?:比例|比重|权重|份额)(?:是|有|为)?多[少大高]",
            r"\bwhat (?:share|percentage|proportion|fraction|weight|percent)\b",
        ),
        _quantity(lambda one: one.kind in _SHARES),
    ),
    Kind(
        "a count",
        _pattern(rf"多少(?:{_OF_A_ROW})|几(?:家|座|人|名|位|次|页|篇|辆|台|所|本|层|届|场|件)", r"\bhow many\b"),
        _quantity(lambda one: one.kind in {"number", "measure", "multiple"}),
    ),
    Kind(
        "a number",
        _pattern(r"多少|[占有达](?:几|多大)|几(?:倍|成|个百分点|亿|万)", r"\bhow much\b"),
        _quantity(lambda one: one.kind != "date"),
    ),
    Kind(
        "a rate",
        _pattern(r"增速|增长率|增幅|涨幅|降幅", r"\bgrowth rate\b", r"\bhow fast did\b.*\b(?:grow|rise|expand)\b"),
        _quantity(lambda one: one.kind in _SHARES),
    ),
    Kind(
        "a length of time",
        _pattern(
            r"多久|多长时间|多少[年天月周]|几个?(?:月|小时|星期)",
            r"\bhow long (?:do|did|has|have|will|would|was|were)\b|\bhow many (?:years|months|days|weeks|hours)\b",
        ),
        _quantity(lambda one: (one.kind == "measure" and one.unit in _TIME_UNITS) or one.kind in _DATES),
    ),
    Kind(
        "an age",
        _pattern(r"多大(?:年纪|岁数|年龄)|几岁|多少岁", r"\bhow old\b"),
        _quantity(lambda one: one.kind in {"measure", "number", "date"}),
    ),
    Kind(
        "a day",
        _pattern(r"哪一天|几月几[日号]", r"\b(?:on|by|from) (?:what|which) (?:date|day)\b"),
        _quantity(lambda one: _states(one, "day") or one.kind == "ordinal"),
    ),
    Kind(
        "a date",
        _pattern(
            r"什么时候|何时|哪一?年|哪个?月|哪一?天|几月|^when\b",
            r"\b(?:what|which) (?:year|month)\b|\bon (?:what|which) date\b",
        ),
        _either(_quantity(lambda one: one.kind in _DATES or one.bare), _CLOCK),
    ),
    Kind(
        "a day of the week",
        _pattern(r"星期几|周几|礼拜几", r"\b(?:what|which) day of the week\b"),
        _words(r"星期[一二三四五六日天]|周[一二三四五六日]", r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"),
    ),
    Kind(
        "a web address",
        _pattern(r"网址|网站地址", r"\bweb ?(?:site )?address\b|\burl\b"),
        _words(r"https?://|www\.|(?<![@\w])[\w-]+\.(?:com|cn|org|net|gov|edu)\b"),
    ),
    Kind(
        "a postcode",
        _pattern(r"邮政编码|邮编", r"\bpost(?:al )?code\b|\bzip code\b"),
        _words(r"(?<!\d)\d{5,6}(?!\d)", r"\b[A-Z]{1,2}\d\w? ?\d[A-Z]{2}\b"),
    ),
    Kind(
        "a cause",
        _pattern(
            r"(?<![称作成认名化])为什么(?!样)|为何|什么原因|原因是什么|缘何|何以|凭什么",
            r"^why\b|\bfor what reason\b|\bwhat (?:caused|led|prompted)\b|\breasons? (?:for|why)\b",
        ),
        _words(
            r"因为|由于|因此|因而|所以|原因|因素|受.{1,20}影响|为了|以便|从而|使|导致|造成|源于|出于|有助于|旨在|需要",
            r"难以|基于|随着|带来|才能|之所以|为.{1,30}提供|以.{1,20}为",
            r"\b(?:because|since|due to|owing to|result\w*|therefore|thus|in order to|caus\w+|reasons?|led to)\b",
            r"\b(?:hence|thanks to|to (?:avoid|make|help|allow|ensure|protect|prevent)|need\w*|so)\b",
        ),
        decides=False,
        cited=False,
    ),
    Kind(
        "a company",
        _pattern(
            r"哪一?[家些个]?(?:公司|企业|厂商|银行)|什么公司", r"\b(?:which|what) (?:compan(?:y|ies)|firms?|bank)\b"
        ),
        lambda question, text: any(_is_company(name.kind, name.text) for name in find_names(text)),
        decides=False,
        sought=True,
    ),
    Kind(
        "an organisation",
        _pattern(
            r"哪一?[家些个]?(?:组织|机构|协会|学会)",
            r"\b(?:which|what) (?:organi[sz]ation|institution|association|agency)\b",
        ),
        _either(
            lambda question, text: any(name.kind in {"organisation", "latin"} for name in find_names(text)),
            _words(r"[\u4e00-\u9fff]{2,}(?:协会|学会|联合会|委员会|研究院|中心|集团|公司|大学|医院|银行)"),
        ),
        decides=False,
        sought=True,
    ),
    Kind(
        "the most important",
        _pattern(r"最(?:关键|重要|核心|根本)", r"\bmost (?:important|crucial|central|vital)\b"),
        _words(r"最|核心|关键|根本|首要|主要|第一", r"\b(?:most|key|core|central|crucial|vital|main|primary|first)\b"),
        decides=False,
    ),
    Kind(
        "the most",
        _pattern(
            rf"(?:哪|谁|什么).*最(?!{_NOT_SUPERLATIVE}|高层)|最(?!{_NOT_SUPERLATIVE}|高层).*(?:哪|谁|什么)",
            r"排(?:名|在|行)?第几|(?:排名|位列|名列)第一|世界第一|最后一名|倒数第",
            r"\b(?:which|who)\b.*\b(?:the (?:most(?! important| crucial| central| vital)|least)|best|worst|"
            r"(?:high|low|larg|small|bigg|great|weak|fast)est)\b(?! of)",
            r"\b(?:where|how) does .* rank\b|\b(?:came|comes|come|ranks?|ranked) (?:first|last)\b|\bhas the most\b",
        ),
        _words(
            r"最|第一|首位|居首|领先|之首|首个|冠军|榜首|排名|位列|名列|率先|主要|首要|第\d+",
            r"\b(?:most|least|best|worst|\w{3,}est|first|top|leading|rank\w*|main|primary|dominant|number one)\b",
        ),
        decides=False,
    ),
)
"""In the order in which a missing one is named."""


def missing_from_cited(question: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return what a question asks for and none of the sentences holds that an answer cites; as `missing_kinds`."""
    return tuple(_missing(question, texts, [kind for kind in KINDS if kind.cited]))


def missing_of_sought(question: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return which things a question asks for that a sentence names, and none of some does; as `missing_kinds`."""
    return tuple(_missing(question, texts, [kind for kind in KINDS if kind.sought]))


def missing_kinds(question: str, texts: Sequence[str], *, decides: bool) -> tuple[str, ...]:
    """Return what a question asks for and none of some texts holds.

    Args:
        question: The question.
        texts: The evidence sentences.
        decides: Whether to look for the kinds that decide, or for the others.

    Returns:
        For each missing kind the words that ask for it and what they ask for: ``"多少人 (a count)"``.
    """
    return tuple(_missing(question, texts, [kind for kind in KINDS if kind.decides == decides]))


def _missing(question: str, texts: Sequence[str], kinds: Sequence[Kind]) -> Iterator[str]:
    for kind in kinds:
        found = kind.asked.search(question)
        if found and not any(kind.held(question, text) for text in texts):
            yield f"{found.group()} ({kind.name})"
