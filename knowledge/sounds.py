"""Foreign names that Chinese spells by sound: Jacksonville and 杰克逊维尔, Ostrowski and 奥斯特洛夫斯基.

No list holds every foreign name. Chinese writes them with a few hundred characters chosen for their sound, so the
consonants can be compared: both sides are brought to a string over P T K S F L M N (the idea of Soundex, US patent
1,261,167, with classes that suit Mandarin), and the Latin one must be found in the Chinese one with at most one
difference in four. Names with fewer than three consonants are not decided.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from knowledge.lexical import content_tokens, fold
from knowledge.types import Language

SOUND_CHARACTERS = (
    "阿埃艾爱安昂奥澳巴拜班邦包保鲍贝本比彼边别宾波伯博勃卜布采查察茨丹当道德登邓迪蒂丁东多俄厄恩尔法凡菲费芬丰冯佛夫弗福富盖甘冈高戈哥格"
    "葛根贡古瓜圭哈海汉豪赫黑亨洪侯胡华怀惠霍基吉加贾简杰金津居喀卡凯坎康考柯科可克肯孔库夸奎坤拉腊莱兰朗劳勒雷蕾黎里理利历莉丽列林"
    "琳隆龙卢鲁吕伦罗洛马玛迈麦曼芒毛梅门蒙孟米密缅明摩莫姆墨默穆拿娜纳乃南内能尼涅宁牛纽努诺欧帕派潘庞培佩彭蓬皮匹平珀泼蒲普奇齐契"
    "恰钱乔切钦琼丘曲让热日荣茹儒瑞若撒萨塞桑瑟森沙山珊尚绍舍申圣施什史士舒斯丝松苏孙所索塔泰坦汤唐陶特滕提铁汀廷通图托瓦万汪旺威韦"
    "维魏温文翁沃乌武伍西希锡夏香肖谢辛欣兴休雄修许雪逊亚延扬耶叶伊依因英尤于约扎赞泽曾詹张章哲珍芝治朱兹卓佐温蕴伽桥顿敦登牙兆聂栋"
)
FEWEST_CONSONANTS = 3
"""Names with fewer are too like too many others."""

FEWEST_CHARACTERS = 3
"""Chinese spellings with fewer are words more often than names."""

LEAST_SHARE = 0.6
"""How much of what a Chinese spelling sounds like the Latin name must be."""

_RUN = re.compile(rf"[{SOUND_CHARACTERS}][{SOUND_CHARACTERS}·・‧\-]*[{SOUND_CHARACTERS}]")
_DOTS = re.compile(r"[·・‧-]")
_NAME = re.compile(r"\b[A-Z][A-Za-z]{2,}\b")
_LATIN_RULES = tuple(
    (re.compile(pattern), classes)
    for pattern, classes in (
        (r"tch|sch|sh|ch|cz|tz|ts|zh|dg(?=[eiy])|(?<![aeiou])ti(?=on)", "S"),
        (r"ph|wh", "F"),
        (r"th", "T"),
        (r"gh|ck|kh|qu?", "K"),
        (r"wr", "L"),
        (r"kn", "N"),
        (r"x", "KS"),
        (r"c(?=[eiy])|[szj]", "S"),
        (r"[ckg]", "K"),
        (r"[bp]", "P"),
        (r"[dt]", "T"),
        (r"[fvw]", "F"),
        (r"[lr]", "L"),
        (r"m", "M"),
        (r"n", "N"),
        (r".", ""),
    )
)
_ONSETS = dict(zip("bpdtgkfwlrmnszcjqx", "PPTTKKFFLLMNSSSSSS", strict=True))


@lru_cache(maxsize=8192)
def readings(character: str) -> tuple[str, ...]:
    """Return the toneless pinyin readings of a Chinese character, ü written as u and as v."""
    from pypinyin import Style, pinyin

    found = pinyin(character, style=Style.NORMAL, heteronym=True)[0]
    plain = [reading for reading in found if reading.isalpha()]
    return tuple(dict.fromkeys(form for reading in plain for form in (reading, reading.replace("v", "u"))))


@lru_cache(maxsize=65536)
def consonants(word: str) -> str:
    """Return the consonant classes of a lower-case Latin word, repeats closed: jacksonville → "SKSNFL"."""
    classes, at = "", 0
    while at < len(word):
        for pattern, found in _LATIN_RULES:
            if match := pattern.match(word, at):
                classes += found
                at = match.end()
                break
    return _closed(classes)


@lru_cache(maxsize=65536)
def spelled_consonants(name: str) -> str:
    """Return the consonant classes of Chinese characters that spell a name: 杰克逊维尔 → "SKSNFL"."""
    return _closed("".join(map(_character_consonants, name)))


def spelled_names(text: str) -> list[str]:
    """Return the stretches of a folded text that may spell a name by sound, and the parts between their dots."""
    found = [run.group() for run in _RUN.finditer(text) if len(run.group()) >= FEWEST_CHARACTERS]
    return [name for run in found for name in ((*_DOTS.split(run), run) if _DOTS.search(run) else (run,))]


def sounds_in(word: str, text: str) -> bool:
    """Return whether a folded text has characters that spell a lower-case Latin name by sound."""
    wanted = consonants(word)
    if len(wanted) < FEWEST_CONSONANTS:
        return False
    return any(sounds_like(wanted, spelled_consonants(_DOTS.sub("", name))) for name in spelled_names(text))


def sounds_like(latin: str, spelled: str) -> float:
    """Return how much of what Chinese characters sound like a Latin name is, 0 if they do not spell it.

    Args:
        latin: `consonants` of the Latin name, at least `FEWEST_CONSONANTS`.
        spelled: `spelled_consonants` of the characters.

    Returns:
        The share in [0, 1].
    """
    if len(spelled) < len(latin) - 1:
        return 0.0
    return min(1.0, len(latin) / len(spelled)) if _contains(latin, spelled, len(latin) // 4) else 0.0


@lru_cache(maxsize=65536)
def may_sound(token: str) -> bool:
    """Return whether `spelled_across` could find a name in a token at all: letters, or characters that spell sounds."""
    return (token.isascii() and token.isalpha()) or _may_spell(token)


def spelled_across(
    question: str, language: Language, untranslated: Collection[str], tokens: Collection[str]
) -> Mapping[str, dict[str, float]]:
    """Return which tokens of the other language are names of the question, spelled by sound.

    Args:
        question: The question.
        language: Its language.
        untranslated: Its content tokens that no dictionary translates.
        tokens: Tokens of texts in the other language; those that `may_sound` are enough.

    Returns:
        By content token of the question, tokens of the other language with weights in (0, 1].
    """
    if language == "en":
        wanted = {
            token: consonants(token)
            for name in _NAME.findall(question)
            for token in content_tokens(name)
            if token in untranslated and len(consonants(token)) >= FEWEST_CONSONANTS
        }
        spelled = {token: spelled_consonants(token) for token in tokens if _may_spell(token)} if wanted else {}
        return _matched(
            {word: {other: (own, sound) for other, sound in spelled.items()} for word, own in wanted.items()}
        )
    runs = {
        word: spelled_consonants(_DOTS.sub("", name))
        for name in spelled_names(fold(question))
        for word in content_tokens(name)
        if word in untranslated
    }
    heard = {token: consonants(token) for token in tokens if token.isascii() and token.isalpha()} if runs else {}
    latin = {token: own for token, own in heard.items() if len(own) >= FEWEST_CONSONANTS}
    return _matched({word: {other: (own, sound) for other, own in latin.items()} for word, sound in runs.items()})


def _matched(pairs: Mapping[str, Mapping[str, tuple[str, str]]]) -> dict[str, dict[str, float]]:
    found = {
        word: {other: share for other, both in others.items() if (share := sounds_like(*both)) >= LEAST_SHARE}
        for word, others in pairs.items()
    }
    return {word: others for word, others in found.items() if others}


@lru_cache(maxsize=65536)
def _may_spell(token: str) -> bool:
    return len(token) >= FEWEST_CHARACTERS and _RUN.fullmatch(token) is not None


@lru_cache(maxsize=2048)
def _character_consonants(character: str) -> str:
    if character == "姆":
        return "M"
    reading = readings(character)[0]
    if reading == "er":
        return "L"
    return _ONSETS.get(reading[0], "") + ("N" if reading.endswith(("n", "ng")) else "")


def _closed(classes: str) -> str:
    return re.sub(r"(.)\1+", r"\1", classes)


@lru_cache(maxsize=65536)
def _contains(pattern: str, text: str, allowed: int) -> bool:
    """Say whether `text` contains `pattern` with at most `allowed` edits (Sellers 1980)."""
    row = [0] * (len(text) + 1)
    for number, wanted in enumerate(pattern, 1):
        above, row = row, [number]
        for at, has in enumerate(text):
            row.append(min(above[at] + (wanted != has), above[at + 1] + 1, row[at] + 1))
    return min(row) <= allowed
