"""What kind of turn a question is: what is said around it taken off, and whether it leans on what was said before.

Only forms are looked at (pronouns, connectives, questions without a verb or a subject, set phrases), in both languages.
Where a form could be either, the turn counts as standing on its own, because a question that is understood as it was
typed is the smaller mistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from knowledge.language import HAN, detect_language
from knowledge.lexical import content_tokens
from knowledge.types import Language

Lean = Literal["", "fragment", "pronoun", "connective"]
"""How a question leans on the one before it.

``fragment``: it has no question of its own ("那2024年呢？", "What about growth?"). ``pronoun``: it names something by a
pronoun, or asks nothing but "why?". ``connective``: it is a whole question that goes on from the one before
("And what was the growth rate?"). "": it stands on its own.
"""

_END = r"(?:[\s,，。.!！~～;；:：…—-]+|$)"
_COURTESY = re.compile(
    r"(?:(?:hi|hello|hey)(?: there)?|thanks?(?: you)?(?: so much| very much| a lot|"
    rf" again)?(?: for [^.,!?]{{1,40}})?|thx|cheers|"
    rf"ok(?:ay)?|great|cool|good|nice|perfect|awesome|interesting|got it|i see|i understand|understood|right|alright|"
    rf"all right|sure|(?:good)?bye|good (?:morning|afternoon|evening|night|job)|(?:that's|that is|this is|very|really) "
    r"(?:great|helpful|interesting|good|nice|all|useful|clear)|that helps(?: a lot)?|much appreciated|well done|"
    r"see you|"
    rf"no more questions|嗨|哈喽|(?:你|您|大家)好[啊呀]?|[早晚]安|(?:早上|上午|中午|下午|晚上)好|"
    rf"(?:非常|太|十分)?(?:谢谢|多谢|感谢|謝謝)(?:[你您了啦]|你们|您的(?:回答|解答|帮助)|你的(?:回答|解答|帮助))?|"
    rf"好(?:的|吧|嘞|呀)?|嗯+|哦+|噢|行|可以|(?:我)?(?:知道|明白|了解|懂|清楚)了?|收到|不错|很好|太好了|真棒|厉害|"
    r"原来如此|这样啊|原来是这样|辛苦了|再见|拜拜|没问题|没事了?|不用了|没有(?:别的)?(?:问题)?了|很有(?:用|帮助|"
    rf"意思)){_END}",
    re.IGNORECASE,
)
_CORRECTION = re.compile(
    r"(?:(?:no|nope|sorry|oops|wait|actually|excuse me|hold on|not that(?: one)?)[,.!;:\s—-]+)*"
    r"(?:(?:what )?i (?:actually |really )?(?:mean|meant|was asking about|am asking about|asked about|"
    r"want to know about|"
    r"wanted to ask about)(?: (?:was|is))?(?: to (?:ask|say))?[,:\s]+)(?:about )?|"
    r"(?:no|nope)[,.!;:\s—-]+(?=(?:in|for|the|not|what about|how about)\b|\d)|"
    r"(?:(?:不对?|不是(?:的|这个)?|错了|抱歉|对不起|等等|等一下|说错了|问错了)[，,。.！!\s]+)*"
    r"(?:我(?:的意思|想问的|问的|说的|指的)?是(?:说|问|指|想问)?|我想问的是|应该是|改问|更正一下)[，,：:\s]*|"
    r"(?:不对?|不是(?:的|这个)?|错了|说错了|问错了)[，,。.！!\s]+是?",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:不是(?:说|问|指)?[^，,。；;？?]{1,20}[，,；;]\s*(?:我?(?:而)?是(?:说|问|指)?|我(?:说|问|指)的是)|"
    r"not (?:the |in |about )?[^,.;?]{1,40}(?:,? but|[,;])\s+(?:rather )?(?:i meant )?)",
    re.IGNORECASE,
)
_SWITCH = re.compile(
    r"(?:by the way|btw|on another (?:note|topic|subject)|(?:just )?(?:another|one more|a different|a new|next|new) "
    r"(?:question|thing|topic|subject)|(?:let's |let me )?chang(?:e|ing) (?:the )?(?:topic|subject)|separately|"
    r"let's talk about something else|换一?个(?:话题|问题|主题)|(?:另外|顺便)(?:再)?(?:想?问)?(?:一下|一句|一个问题)?|"
    r"再问(?:你|您)?(?:一下|一?个(?:别的)?问题|个别的)|(?:还有|下)一个问题|问个别的(?:问题)?|说点别的|不说这个了)"
    r"(?:[\s,，。.:：!！—-]+(?:but |and )?|$)",
    re.IGNORECASE,
)
_TONGUES: dict[Language, tuple[str, str]] = {
    "en": ("english", "英[文语語]"),
    "zh": ("chinese|mandarin", "[中汉漢][文语語]"),
}
_AGAIN_ZH = r"(?:再|重新)?(?:回答|说|讲|解释|答|写|翻译|回复|表达|来)(?:一下|一遍|一次|我)?"
_REPEAT = re.compile(
    r"(?:(?:please |can you |could you )*(?:repeat|say|tell me|explain|answer|elaborate|continue|go on|rephrase)"
    r"(?: (?:that|it|this|the answer|more|again|once more|on that|please|in more detail|a bit more))*|again|once more|"
    r"more details?|tell me more|anything else|what else|"
    r"请?(?:再|重新|麻烦再)?(?:说|讲|回答|解释|重复)(?:一遍|一次|一下|下)|请?(?:继续|接着说|往下说)|再来一遍|"
    r"(?:请|能)?(?:再)?(?:说|讲)?(?:得)?(?:再)?(?:详细|具体|清楚|多)(?:一点|些|点|说说|讲讲|说明)?(?:吗|吧)?|"
    r"展开(?:说说|讲讲)|还有呢|还有吗|还有别的吗)"
    r"(?:,? (?:please|thanks))?[\s。.!！？?…]*",
    re.IGNORECASE,
)

_ZH_ASKS = re.compile(
    r"什么|什麼|怎么|怎麼|怎样|怎樣|为何|為何|如何|哪|谁|誰|吗|嗎|多少|几[个個年月家种種项項座倍成大]|幾|是否|"
    r"是不是|有没有|能否|多[大高长久快远重]"
)
_ZH_ORDER = re.compile(r"^(?:请|請)?(?:介绍|列出|列举|说明|解释|总结|概括|描述|比较|对比|谈谈|讲讲|说说|告诉我)")
ZH_WHOLE = re.compile(r"(?:这篇|本篇|该篇|此|本|这个|这份)(?:文章|文档|文件|报告|资料|文)|本文|全文|此文")
_ZH_PRONOUN = re.compile(
    r"当时|那时|同期|此[后前]|随后|后来(?=[^，。]{0,12}[？?])|(?<!其)它们?|(?<![其吉])他们?(?!人)|她们?|前者|"
    r"后者|上述|以上(?=[的这几三四五两]|提到)|其中(?!之?一)|(?<![尤极与何])其(?![他它中余实次间后])|"
    r"这[些种样]?(?!篇|份|本书)|那[些种](?!么)|那(?=[两三四五六七八九几]|个|家|座|项)|"
    r"该(?=[市省县区国校院会部局司企机概技项产行业规]|公司|城市|机构|协会)"
)
_ZH_OPENING = re.compile(r"^(?:那么?(?![些种年时天里边])|然后|还有(?![没哪多])|以及|而(?!且)|至于)[，,\s]*")
_ZH_BARE = re.compile(
    r"^(?:还有|又|也|都|是|由|被|在|从|到|有|会|要|能|为)?(?:什么|怎么|怎样|为何|为什么|如何|哪|谁|多少|几|何时|"
    r"多[大高长久快])"
)
_ZH_NO_SUBJECT = re.compile(r"^(?:预计|预测|大约|约|将|会|达到|占|又|由|是|有|还有)")
_ZH_CLOSING = re.compile(r"(?:呢|又如何|又怎样|又怎么样|怎么样|如何)[\s？?。!！]*$")

_EN_ASKS = re.compile(
    r"\b(?:what(?:'s)?|who(?:'s|m|se)?|which|when|where|why|how)\b|^(?:is|are|was|were|do|does|did|has|have|had|"
    r"can|could|will|"
    r"would|should|may|might|must|am)\b|^(?:please )?(?:list|name|describe|explain|tell|give|show|summari[sz]e|"
    r"compare|define|"
    r"find|outline|discuss|provide)\b|\bi (?:want|need|wonder|would like|am|have)\b",
    re.IGNORECASE,
)
EN_WHOLE = re.compile(r"\b(?:this|that) (?:article|document|text|paper|report|page|piece|file)\b", re.IGNORECASE)
_EN_TOPIC = re.compile(
    r"^(?:what|how) about\b|^why not\b|^(?:any|more) (?:on|about)\b|^(?:same|and) (?:for|in|with)\b", re.IGNORECASE
)
_EN_OPENING = re.compile(r"^(?:and|but|so|then|or|also|plus)\b[,\s]*(?:then )?", re.IGNORECASE)
_EN_SUBJECT = re.compile(
    r"\b(?:he|she|they|his|her|hers|their|theirs|its|such (?:a |an )?\w+|the (?:former|latter|same)|"
    r"(?:that|this) (?:is|was|are|were|does|did|has|will|can|one|means?)|(?:is|was|does|did|do) (?:that|this|"
    r"those|these)|"
    r"at (?:that|the) time|back then|since then|after(?:wards| that)|before that)\b",
    re.IGNORECASE,
)
_EN_OBJECT = re.compile(
    r"\b(?:them|him|that one|the others?|(?:this|these|those) (?!year|month|week|time)\w+|(?:those|these|that|"
    r"this)(?=\W*$)|"
    r"that \w+(?=\W*$| (?:is|was|are|were|does|did|has|have|will|come|mean)\b))\b",
    re.IGNORECASE,
)
_EN_IT = re.compile(
    r"\bit\b(?!'?s? (?:is |was |be )?(?:true|possible|necessary|important|likely|better|worth|takes?|take to|seems|"
    r"appears|turns out)\b)(?! take)",
    re.IGNORECASE,
)
_EN_DEFINED = re.compile(
    r"\W*(?:[Ww]hat(?:'s| is| are) (?:an? [\w-]+|[\w-]*[A-Z][\w-]*)|[Ww]ho (?:is|was) [A-Z][\w-]*)\W*"
)
"""A question for what a thing or who somebody is: one word is enough to stand on its own ("What are ETFs?")."""

BEFORE_SUBJECT, BEFORE_OBJECT = 2, 4
"""With so many content words before it a pronoun most likely means one of them."""

NO_SUBJECT = 3
"""A Chinese question that begins with its verb and has no more content words leaves its subject to be known."""

CONNECTED = 2
"""A question behind "and" or "那" of more content words than this stands on its own."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A turn with what is said around the question taken off.

    Attributes:
        core: The question, "" if nothing else was said.
        wanted: The language the answer is asked for in, None if none was named.
        corrects: Whether it puts right what was asked before.
        repeats: Whether it asks for the answer before it once more.
    """

    core: str
    wanted: Language | None = None
    corrects: bool = False
    repeats: bool = False


def hear(asked: str, *, first: bool = False) -> Heard:
    """Take thanks, greetings, corrections, announcements and the wish for a language off a question.

    Args:
        asked: The words of the user.
        first: Whether nothing was said before, so that nothing can be corrected or repeated.
    """
    core, wanted = _without_tongue(_without_courtesy(asked.strip()))
    core = _without_courtesy(core)
    core = _cut(_SWITCH, core)
    corrects = False
    if not first:
        for pattern in (_CORRECTION, _DENIED):
            rest = _cut(pattern, core)
            corrects, core = corrects or rest != core, rest
    repeats = bool(core) and not first and _REPEAT.fullmatch(core) is not None
    return Heard("" if repeats else core, wanted, corrects, repeats)


def small_talk(asked: str) -> bool:
    """Return whether a turn is nothing but a greeting, thanks or a sign of having understood."""
    return not re.search(r"\w", _without_courtesy(asked.strip()))


def lean(question: str, language: Language) -> Lean:
    """Return how a question leans on the one before it.

    Args:
        question: What `hear` left of a turn.
        language: The language it is in.
    """
    return _lean_zh(question) if language == "zh" else _lean_en(question)


def bare(question: str) -> str:
    """Return a follow-up without the words that only tie it to the question before: 那2024年呢？ → 2024年."""
    text = _ZH_OPENING.sub("", re.sub(r"[\s？?。.!！]+$", "", question.strip()))
    text = re.sub(r"(?:又?(?:怎么样|如何|怎样)|呢)$", "", text)
    text = re.sub(
        r"^(?:and|but|so|then|or|also|what about|how about|same for|any on)\b[,\s]*", "", text, flags=re.IGNORECASE
    )
    text = re.sub(r"^(?:what about|how about)\b\s*", "", text, flags=re.IGNORECASE)
    return re.sub(r",? (?:then|though|please)$", "", text, flags=re.IGNORECASE).strip(" ,，")


def pronoun_at(question: str, language: Language) -> int | None:
    """Return where the first pronoun of a question ends that means something said before it; None without one."""
    return _zh_pronoun(question) if language == "zh" else _en_pronoun(question)


def _without_courtesy(text: str) -> str:
    while rest := _COURTESY.match(text):
        text = text[rest.end() :].lstrip()
    # "…吗？谢谢" and "…, thanks!" at the end.
    tail = re.search(r"[\s,，。.？?！!]((?:thanks?(?: you)?|谢谢[你您]?|多谢)[\s。.!！]*)$", text, re.IGNORECASE)
    return text[: tail.start(1)].rstrip(" ,，") if tail else text


def _without_tongue(text: str) -> tuple[str, Language | None]:
    """Take "in English, please" or 用中文回答 off a text."""
    for language, (english, chinese) in _TONGUES.items():
        said = (
            r"^\W*(?:(?:please|can you|could you|now|and)[\s,]+)*(?:(?:answer|reply|respond|say|repeat|tell me|"
            r"explain|write|translate|give)"
            r"(?: (?:it|that|this|me|again|the answer))*\s+)?(?:back )?(?:in|into|"
            rf"to) (?:{english})(?:[\s,]+(?:please|again|instead|then|now))*(?:[\s,:，：.!?？。]+|$)",
            r"[,.;?!\s]+(?:please )?(?:(?:and )?(?:answer|reply|respond|say|tell me|explain)(?: (?:it|that|this|"
            rf"me))*\s+)?in (?:{english})(?:[\s,]+please)?[\s.!?]*$",
            r"^\W*(?:那|请|請|麻烦|能不能|可以|可否|能|改)*(?:用|以|换成|换|改成|翻译成|译成|"
            rf"改用)?(?:{chinese})(?:{_AGAIN_ZH})?(?:好吗|吗|吧|可以吗)?(?:[\s,，:：。.!！？?]+|$)",
            rf"[,，。；;？?\s]+(?:请|請|麻烦)?(?:用|以)(?:{chinese})(?:{_AGAIN_ZH})?(?:谢谢)?[\s。.!！？?]*$",
        )
        for pattern in said:
            found = re.search(pattern, text, re.IGNORECASE)
            if found:
                opens = found.start() == 0
                rest = text[found.end() :] if opens else text[: found.start()] + text[found.start()].strip(" ,，;；")
                return rest.strip(), language
    return text, None


def _cut(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    return text[found.end() :].strip() if found else text


def _lean_zh(question: str) -> Lean:
    plain = ZH_WHOLE.sub("文章", question)
    core = _ZH_OPENING.sub("", plain)
    connected = core != plain
    asks = bool(_ZH_ASKS.search(core) or _ZH_ORDER.search(core))
    if _zh_pronoun(plain) is not None:
        return "pronoun"
    content = content_tokens(core)
    if not asks:
        closes = _ZH_CLOSING.search(core) is not None
        return "fragment" if connected or closes or len(content) <= 1 else ""
    if _ZH_NO_SUBJECT.search(core) and len(content) <= NO_SUBJECT:
        return "pronoun"
    told = _ZH_BARE.sub("", core).removeprefix("时候")
    if (
        told != core
        and not core.startswith("什么是")
        and len(content_tokens(told)) <= 1
        and not re.search(r"[A-Za-z“《「]", core)
    ):
        return "pronoun"
    if re.fullmatch(r"[^什哪谁多几]{1,8}(?:怎么样|如何|怎样)[呢\s？?]*", core) and connected:
        return "fragment"
    return "connective" if connected and plain == question and len(content) <= CONNECTED else ""


def _zh_pronoun(question: str) -> int | None:
    plain = ZH_WHOLE.sub(lambda found: "文" * len(found[0]), question)
    for found in _ZH_PRONOUN.finditer(plain):
        before = _ZH_OPENING.sub("", plain[: found.start()])
        opens_with_that = found.start() == 0 and found[0] == "那"
        if not opens_with_that and len(content_tokens(before)) < BEFORE_SUBJECT and not re.search("[“《「]", before):
            return found.end()
    return None


def _lean_en(question: str) -> Lean:
    plain = EN_WHOLE.sub("the article", question)
    core = _EN_OPENING.sub("", plain)
    connected = core != plain
    if _en_pronoun(plain) is not None:
        return "pronoun"
    if _EN_TOPIC.search(core):
        return "fragment"
    content = content_tokens(core)
    if not _EN_ASKS.search(core):
        return "fragment" if connected or len(content) <= 1 else ""
    if _EN_DEFINED.fullmatch(core):
        return ""
    if not content or (
        len(content) == 1 and re.match(r"\W*(?:why|how|who|where|when|which|what)(?: \w+)?(?: \w+)?\W*$", core, re.I)
    ):
        return "pronoun"
    whole = plain != question or re.search(r"\bthe (?:article|document|author|paper|text)\b", plain, re.IGNORECASE)
    return "connective" if connected and not whole and len(content) <= CONNECTED else ""


def _en_pronoun(question: str) -> int | None:
    plain = EN_WHOLE.sub(lambda found: "x" * len(found[0]), question)
    for pattern, most in ((_EN_SUBJECT, BEFORE_SUBJECT), (_EN_OBJECT, BEFORE_OBJECT), (_EN_IT, BEFORE_OBJECT)):
        for found in pattern.finditer(plain):
            if len(content_tokens(plain[: found.start()])) < most:
                return found.end()
    return None


def tongue(asked: str, earlier: str) -> Language:
    """Return the language a turn is in; one without words ("2024?", "GDP?") is in that of the turn before it.

    Args:
        asked: The turn.
        earlier: The turn before it, "" if there is none.
    """
    words = re.findall(rf"[^\W\d_{HAN}]+", asked)
    wordless = not re.search(f"[{HAN}]", asked) and all(word.isupper() and len(word) <= 6 for word in words)
    return detect_language(earlier) if wordless and earlier else detect_language(asked)
