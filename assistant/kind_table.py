"""The kinds of thing that questions ask for, in both languages: how each is asked for, and what holds one.

How often a gold sentence holds what its question asks for was looked at on the questions of XQuAD, CMRC 2018 and DRCD;
a kind that decides must be held by nearly all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.kind_tests import (
    ASKS_HOW_MANY,
    NUMERALS,
    Holds,
    capitalised_word,
    counted,
    either,
    named,
    new_words,
    pattern,
    quantity,
    states,
    unknown_word,
    words,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that questions ask for.

    Attributes:
        name: What it is called where it is missing.
        asked: Finds the words of a question that ask for it.
        held: Whether an evidence text holds one.
        decides: Whether a question is refused where the evidence holds none.
        counts: Whether the confidence is lower where the evidence holds none.
        cited: Whether an answer is refused where the sentences that it cites hold none.
        sought: Whether a sentence that holds one is read where the best ones hold none.
        particular: Whether it is one number, person, place or time, of which the wrong one misleads more than words.
        said: Whether a Chinese answer is to another question where it says none itself, whatever it cites.
    """

    name: str
    asked: re.Pattern[str]
    held: Holds
    decides: bool = True
    counts: bool = False
    cited: bool = True
    sought: bool = True
    particular: bool = False
    said: bool = False


def _is_company(kind: str, name: str) -> bool:
    """Return whether a name may be a company's: a ministry's is an organisation's, but no company's."""
    return kind == "latin" or (kind == "organisation" and not _AUTHORITY.search(name))


_SHARES = frozenset({"percent", "fraction", "points", "multiple"})
_TIME_UNITS = frozenset({"year", "month", "week", "day", "hour", "minute", "second"})
_DATES = frozenset({"date", "time", "range", "opaque"})
_OF_A_ROW = r"个|家|座|人|名|位|次|页|篇|条|项|张|辆|台|种|所|本|层|届|场|件|户|支|只|枚|颗|例|艘|架|集|部"
_NOT_SUPERLATIVE = "近|初|新|先|早|终|后|後|关键|重要|核心|根本"
_AUTHORITY = re.compile(
    r"(?:部|厅|局|委|办|院|府|署)$|\b(?:ministry|bureau|commission|department|office)\b", re.IGNORECASE
)
_STOP = r"[呢啊呀]?[?？。.!！]?\s*$"
_END = rf"(?:(?:是|为|有|达到?|在)?(?:多少|多高|多大|什么|哪些)?)?{_STOP}"
"""How a question ends that asks for what it names last: 死亡人数, 产量是多少."""
_SOME = rf"[{NUMERALS}]"
_WHEN_ZH = (
    r"[零〇一二两三四五六七八九十\d]+点|[上中下]午|傍晚|午夜|正午|凌晨|清晨|早晨|晚上|夜间|[春夏秋冬][季天]",
    # An age, a reign, what came before or after: an answer to "when" without a number.
    r"距今|年前|以前|之前|之后|以后|期间|时期|时代|年代|初年|末年|中叶|世纪|同年|当年|次年|翌年|[今去明]年|[前后]夕",
    r"(?:的时候|时)[，,。]|[元\d一二三四五六七八九十]年|[商周秦汉晋隋唐宋元明清金辽]朝|战国|春秋时",
    r"[东西南北]?[汉晋周宋魏唐秦隋明清元](?:代|初|末|[文武景惠宣成光太高世圣仁神真孝穆宪]?[帝宗祖])",
    r"[侏白三二石寒奥志泥]\w{1,2}纪",
)
_WHEN_EN = (
    r"\b(?:at|from|until|till|by) (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midnight)\b",
    r"\b(?:BP|BCE?|CE|AD|B\.C\.|A\.D\.)(?!\w)",
    r"\b(?:years?|months?|weeks?|days?|centur(?:y|ies)|decades?) (?:ago|later|before|after|earlier)\b",
    r"\b(?:before|after|during|since|until|when|while|once|century|era|period|age of|now|today|yesterday|tomorrow)\b",
    r"\b(?:tonight|spring|summer|autumn|winter)\b",
)
"""What is no quantity but answers "when"."""

_ASKS_WHEN = pattern(
    r"什么时[候间]|什么日期|何时|何年|哪一?年|哪个?月|哪一?天|几月",
    # "When" asks unless a clause of its own goes before the question: "When it rains, what …".
    r"^when\b(?!.*\b(?:what|who|which|how|where|why|it can|it is)\b)",
    r"\b(?:what|which) (?:year|month)\b|\bon (?:what|which) date\b",
    rf"^(?!.*(?:什么[^时]|哪|谁|怎|如何|为何|[所需用花]时间)).*(?<!长)(?:时间|日期|年份){_END}",
)

KINDS: tuple[Kind, ...] = (
    Kind(
        "an amount of money",
        pattern(
            r"多少钱|多少(?:[亿万]|百万)?(?:元|块|美元|美金|欧元|英镑|日元|港元|卢布)|耗资多少|\bhow much money\b",
            r"(?:营收|营业额|收入|收益|利润|产值|市值|票房|销售额|交易额|成交额|出口额|投资额|金额)(?:大约|约|共)?(?:是|为|有|达到?)?多少",
            r"\bhow much (?:did|does|do|was|were|has|have|will) .{1,60}\b(?:cost|spend|spent|paid|pay)\b",
            r"\bwhat (?:did|does|do|will) .{1,60}\bcost\b",
        ),
        either(
            quantity(lambda one: one.kind in {"money", "opaque"}),
            words(
                rf"(?:\d\s*|[一二三四五六七八九十百千])[万亿]+(?![万亿余多]*(?:{_OF_A_ROW}|[吨套头票平公立千桶册股]))"
            ),
        ),
        particular=True,
    ),
    Kind(
        "a share",
        pattern(
            r"百分之几|占比(?:是|为|有)?多|占(?:多少|多大|几成)|多大(?:的)?(?:比例|比重|权重|份额)",
            r"(?:比例|比重|权重|份额)(?:是|有|为)?多[少大高]",
            r"\bwhat (?:share|percentage|proportion|fraction|weight|percent)\b",
        ),
        quantity(lambda one: one.kind in _SHARES),
        particular=True,
    ),
    Kind(
        "a count",
        pattern(
            rf"多少(?:{_OF_A_ROW})|(?<![哪好这那])几(?:家|座|人|名|位|次|页|篇|辆|台|所|本|层|届|场|件|支|枚|艘|架|集|部)",
            r"\bhow many\b",
        ),
        quantity(lambda one: one.kind in {"number", "measure", "multiple", "fraction"} or one.bare),
        particular=True,
    ),
    Kind("a count of these", ASKS_HOW_MANY, counted, particular=True),
    Kind(
        "a number of people",
        pattern(r"多少(?:人|名|位)(?![均次])|几[名位]"),
        words(
            rf"{_SOME} ?[余多]?(?:个(?!月|小时|星期|百分点|国家|省|城市)|名|位|人|口|例|户|[\u4e00-\u9fff]{{1,4}}人)",
            rf"{_SOME} ?[余多]?[万亿]|\d{{1,3}}(?:,\d{{3}})+|无人|没有人",
            r"^[^\u4e00-\u9fff]*$",  # an English text: that it holds a count is asked above
        ),
        particular=True,
    ),
    Kind(
        "a size",
        pattern(
            r"多(?:长(?!时间)|高|重|宽|深|厚|远|快)(?!的?(?:[水程]|大|度的))",
            r"\bhow (?:tall|high|deep|wide|far|heavy|fast|large|thick)\b",
        ),
        quantity(lambda one: one.kind in ("measure", "money", "multiple", "number", "range") and not one.bare),
        particular=True,
    ),
    Kind(
        "a number",
        pattern(
            r"多少|[占有达](?:几|多大)|几(?:倍|成|个百分点|亿|万)",
            r"\bhow much\b",
            rf"^(?!.*(?:什么|哪|谁|怎|如何|为何)).*(?:产量|销量|交付量|总量|流量|容量|金额|总额|销售额|交易额|面积|长度|高度|深度|宽度|重量|身高|体重|震级|人数|例数|户数|次数|总数|票房|价格|单价|售价|成本|气温|水温|时速|市值|产值|总值|得分|比分|人口){_END}",
            r"\bwhat (?:is|was|were|are) the (?:total |average |annual |overall )?"
            r"(?:number|population|length|height|depth|width|weight|price|cost|area|size|speed|magnitude|score|distance)\b",
        ),
        quantity(lambda one: one.kind != "date"),
        particular=True,
    ),
    Kind(
        "a rate",
        pattern(r"增速|增长率|增幅|涨幅|降幅", r"\bgrowth rate\b", r"\bhow fast did\b.*\b(?:grow|rise|expand)\b"),
        quantity(lambda one: one.kind in _SHARES),
        particular=True,
    ),
    Kind(
        "a length of time",
        pattern(
            r"多久(?!.*一次)|多长时间|多少[年天月周]|几个?(?:月|小时|星期)",
            r"\bhow long (?:do|did|has|have|will|would|was|were)\b|\bhow many (?:years|months|days|weeks|hours)\b",
        ),
        either(
            quantity(lambda one: (one.kind == "measure" and one.unit in _TIME_UNITS) or one.kind in _DATES),
            words(
                r"[数多几半]年|[数多几半]个?[月天周]|至今|直到|以来|长期|永久|\b(?:years|months|weeks|days|hours|since|until)\b"
            ),
        ),
        particular=True,
    ),
    Kind(
        "an age",
        pattern(r"多大(?:年纪|岁数|年龄)|几岁|多少岁", r"\bhow old\b"),
        quantity(lambda one: one.kind in {"measure", "number", "date"}),
        particular=True,
    ),
    Kind(
        "a day",
        pattern(r"哪一天|几月几[日号]", r"\b(?:on|by|from) (?:what|which) (?:date|day)\b"),
        quantity(lambda one: states(one, "day") or one.kind == "ordinal"),
        particular=True,
    ),
    Kind(
        "a time",
        _ASKS_WHEN,
        either(
            quantity(lambda one: one.kind in _DATES or one.bare or one.unit in _TIME_UNITS),
            new_words(*_WHEN_ZH),
            words(*_WHEN_EN),
        ),
        sought=False,
        particular=True,
        said=True,
    ),
    Kind(
        "a date",
        _ASKS_WHEN,
        quantity(lambda one: one.kind in _DATES),
        decides=False,
        cited=False,
    ),
    Kind(
        "a day of the week",
        pattern(r"星期几|周几|礼拜几", r"\b(?:what|which) day of the week\b"),
        words(r"星期[一二三四五六日天]|周[一二三四五六日]", r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"),
    ),
    Kind(
        "a web address",
        pattern(r"网址|网站地址", r"\bweb ?(?:site )?address\b|\burl\b"),
        words(r"https?://|www\.|(?<![@\w])[\w-]+\.(?:com|cn|org|net|gov|edu)\b"),
    ),
    Kind(
        "a postcode",
        pattern(r"邮政编码|邮编", r"\bpost(?:al )?code\b|\bzip code\b"),
        words(r"(?<!\d)\d{5,6}(?!\d)", r"\b[A-Z]{1,2}\d\w? ?\d[A-Z]{2}\b"),
    ),
    Kind(
        "a cause",
        pattern(
            r"(?<![称作成认名化])为什么(?!样)|为何|什么原因|原因是什么|缘何|何以|凭什么",
            r"^why\b|\bfor what reason\b|\bwhat (?:caused|led|prompted)\b|\breasons? (?:for|why)\b",
        ),
        words(
            r"因为|由于|因此|因而|所以|原因|因素|受.{1,20}影响|为了|以便|从而|使|导致|造成|源于|出于|有助于|旨在|需要",
            r"难以|基于|随着|带来|才能|之所以|为.{1,30}提供|以.{1,20}为",
            r"\b(?:because|since|due to|owing to|result\w*|therefore|thus|in order to|caus\w+|reasons?|led to)\b",
            r"\b(?:hence|thanks to|to (?:avoid|make|help|allow|ensure|protect|prevent)|need\w*|so)\b",
        ),
        decides=False,
        counts=True,
        cited=False,
        sought=False,
    ),
    Kind(
        "a company",
        pattern(
            r"哪一?[家些个]?(?:公司|企业|厂商|银行)|什么公司", r"\b(?:which|what) (?:compan(?:y|ies)|firms?|bank)\b"
        ),
        either(
            named(_is_company),
            new_words(r"[\u4e00-\u9fff]{2,8}(?:公司|集团|银行)"),
        ),
        decides=False,
        counts=True,
        particular=True,
    ),
    Kind(
        "an organisation",
        pattern(
            r"哪一?[家些个]?(?:组织|机构|协会|学会)",
            r"\b(?:which|what) (?:organi[sz]ation|institution|association|agency)\b",
        ),
        either(
            named(lambda kind, name: kind in {"organisation", "latin"}),
            words(r"[\u4e00-\u9fff]{2,}(?:协会|学会|联合会|委员会|研究院|中心|集团|公司|大学|医院|银行)"),
        ),
        decides=False,
        counts=True,
        particular=True,
    ),
    Kind(
        "somebody",
        pattern(r"谁|何人|哪一?位|哪个人|哪些人|什么人", r"\bwho(?:m|se)?\b"),
        either(
            named(lambda kind, name: kind in {"person", "organisation", "latin", "place"}),
            unknown_word,
            capitalised_word,
            words(r"[\u4e00-\u9fff]·[\u4e00-\u9fff]"),
        ),
        decides=False,
        cited=False,
        particular=True,
    ),
    Kind(
        "a place",
        pattern(
            rf"在哪(?=[举召开建出生登播上发住]|{_STOP})|哪里|哪儿|何处|何地|什么地方|哪个?(?:地方|城市|国家|省|州|县|地区|洲|国)|哪一(?:地|国|省|市)",
            r"^where\b",
            r"\b(?:what|which) (?:city|cities|country|countries|state|province|county|town|region|continent)\b",
        ),
        either(
            named(lambda kind, name: kind == "place"),
            new_words(
                r"[\u4e00-\u9fff]{1,6}(?:省|市|县|区|镇|乡|村|路|街|道|站|港|岛|州|国|洲|山|河|湖|海|寺|馆|厅|院|堂|宫|城|园|场|楼|部|端|侧|岸)"
            ),
            words(r"@|https?://|www\."),  # where to write to, or to look
            unknown_word,
            capitalised_word,
        ),
        decides=False,
        cited=False,
        particular=True,
        said=True,
    ),
    Kind(
        "several places",
        pattern(
            r"哪[些几]个?(?:国家|省份?|城市|州|地区)",
            r"\bwhich (?:\w+ )?(?:countries|cities|provinces|states|regions)\b",
        ),
        named(lambda kind, name: kind == "place", least=2),
        decides=False,
        cited=False,
    ),
    Kind(
        "the most important",
        pattern(r"最(?:关键|重要|核心|根本)", r"\bmost (?:important|crucial|central|vital)\b"),
        words(r"最|核心|关键|根本|首要|主要|第一", r"\b(?:most|key|core|central|crucial|vital|main|primary|first)\b"),
        decides=False,
        counts=True,
        sought=False,
    ),
    Kind(
        "the most",
        pattern(
            rf"(?:哪|谁|什么).*最(?!{_NOT_SUPERLATIVE}|高层)|最(?!{_NOT_SUPERLATIVE}|高层).*(?:哪|谁|什么)",
            r"排(?:名|在|行)?第几|(?:排名|位列|名列)第一|世界第一|最后一名|倒数第",
            r"\b(?:which|who)\b.*\b(?:the (?:most(?! important| crucial| central| vital)|least)|best|worst|"
            r"(?:high|low|larg|small|bigg|great|weak|fast)est)\b(?! of)",
            r"\b(?:where|how) does .* rank\b|\b(?:came|comes|come|ranks?|ranked) (?:first|last)\b|\bhas the most\b",
        ),
        words(
            r"最|第一|首位|居首|领先|之首|首个|冠军|榜首|排名|位列|名列|率先|主要|首要|第\d+",
            r"\b(?:most|least|best|worst|\w{3,}est|first|top|leading|rank\w*|main|primary|dominant|number one)\b",
        ),
        decides=False,
        counts=True,
        sought=False,
    ),
)
"""In the order in which a missing one is named."""
