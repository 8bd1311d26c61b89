"""Whether Chinese characters spell a foreign name by sound: Jacksonville and 杰克逊维尔, Ostrowski and 奥斯特洛夫斯基.

No list holds every foreign name. Chinese writes them with a few hundred characters chosen for their sound, so the
consonants can be compared: both sides are brought to a string over P T K S F L M N (the idea of Soundex, US patent
1,261,167, with classes that suit Mandarin), and the Latin one must be found in the Chinese one with at most one
difference in four. Names with fewer than three consonants are not decided.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.name_text import TextView
from assistant.people import readings

SOUND_CHARACTERS = (
    "阿埃艾爱安昂奥澳巴拜班邦包保鲍贝本比彼边别宾波伯博勃卜布采查察茨丹当道德登邓迪蒂丁东多俄厄恩尔法凡菲费芬丰冯佛夫弗福富盖甘冈高戈哥格"
    "葛根贡古瓜圭哈海汉豪赫黑亨洪侯胡华怀惠霍基吉加贾简杰金津居喀卡凯坎康考柯科可克肯孔库夸奎坤拉腊莱兰朗劳勒雷蕾黎里理利历莉丽列林"
    "琳隆龙卢鲁吕伦罗洛马玛迈麦曼芒毛梅门蒙孟米密缅明摩莫姆墨默穆拿娜纳乃南内能尼涅宁牛纽努诺欧帕派潘庞培佩彭蓬皮匹平珀泼蒲普奇齐契"
    "恰钱乔切钦琼丘曲让热日荣茹儒瑞若撒萨塞桑瑟森沙山珊尚绍舍申圣施什史士舒斯丝松苏孙所索塔泰坦汤唐陶特滕提铁汀廷通图托瓦万汪旺威韦"
    "维魏温文翁沃乌武伍西希锡夏香肖谢辛欣兴休雄修许雪逊亚延扬耶叶伊依因英尤于约扎赞泽曾詹张章哲珍芝治朱兹卓佐温蕴伽桥顿敦登牙兆聂栋"
)
_RUN = re.compile(rf"[{SOUND_CHARACTERS}][{SOUND_CHARACTERS}·・‧\-]*[{SOUND_CHARACTERS}]")
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


def consonants(word: str) -> str:
    """Return the consonant classes of a lower-case Latin word, repeats closed: jacksonville → "SKSNFL"."""
    classes, at = "", 0
    while at < len(word):
        for pattern, found in _LATIN_RULES:
            if match := pattern.match(word, at):
                classes += found
                at = match.end()
                break
    return re.sub(r"(.)\1+", r"\1", classes)


@lru_cache(maxsize=2048)
def _chinese_consonants(character: str) -> str:
    reading = readings(character)[0]
    if character == "姆":
        return "M"
    if reading == "er":
        return "L"
    return _ONSETS.get(reading[0], "") + ("N" if reading.endswith(("n", "ng")) else "")


def _contains(pattern: str, text: str, allowed: int) -> bool:
    """Say whether `text` contains `pattern` with at most `allowed` edits (Sellers 1980)."""
    row = [0] * (len(text) + 1)
    for number, wanted in enumerate(pattern, 1):
        above, row = row, [number]
        for at, has in enumerate(text):
            row.append(min(above[at] + (wanted != has), above[at + 1] + 1, row[at] + 1))
    return min(row) <= allowed


def sounds_in(word: str, text: TextView) -> bool:
    """Say whether a text has characters that spell a lower-case Latin name of three or more consonants by sound."""
    wanted = consonants(word)
    if len(wanted) < 3:
        return False
    for run in _RUN.finditer(text.folded):
        name = run.group()
        if len(name) < 3:
            continue
        for part in (*re.split(r"[·・‧-]", name), name):
            sound = re.sub(r"(.)\1+", r"\1", "".join(_chinese_consonants(c) for c in part if c not in "·・‧-"))
            if len(sound) >= len(wanted) - 1 and _contains(wanted, sound, len(wanted) // 4):
                return True
    return False
