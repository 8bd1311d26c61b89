"""Chinese personal names: where a text has one, and whether a romanised name is the same person's.

A name of two or three characters looks like any other word, so one is taken only beside a word that says it is a
person (作者：…, 市长…, …先生, …表示). Missing a name costs little here; taking a word for a name would strike out a
right answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from assistant.name_text import HAN_RUN, TextView, in_dictionary, latin_words, segment
from knowledge.segmenter import tag_of
from knowledge.sounds import readings

# Surnames that are seldom the first character of another word after a person's title.
_COMMON = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖萧田董袁潘余蒋蔡杜叶程苏魏吕丁任沈姚卢"
    "姜崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵钱严覃武戴莫孔汤温康施牛"
    "樊葛邢齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿兰焦俞柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂苗谷盛翁冉骆蓝游"
    "辛靳柴鲍喻祁蒲滕饶牟艾尤穆卓缪项芦麦褚娄窦戚岑宫卜晏席卫柏瞿桂佟臧闵苟邬卞姬仇栾隋刁巫寇桑郎甄丛虞敖巩佘"
    "迟邝冀奚冼蔺厉朴"
)
_RARE = (
    "于万向文安关左成曲路管蒙华房屈解时农司古吉简车连景党费冷米宗全应边师和商沙荣仲明池查麻苑官封谈匡鞠惠荆乐"
    "郁胥南班储原栗燕楚鄢劳谌皮粟楼盘满闻位伊仝区郜海阚花权强帅屠豆盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门"
    "云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利"
    "呼居揭干但尉"
)
SURNAMES = frozenset(_COMMON + _RARE)
_COMPOUND = "欧阳|司马|上官|诸葛|司徒|夏侯|皇甫|令狐|东方|公孙|慕容|尉迟|长孙|宇文|端木|独孤|南宫|百里|轩辕"
_NAME = rf"(?P<name>(?:{_COMPOUND}|[{_COMMON}])[\u4e00-\u9fff]{{1,2}}?)"
_TITLE = (
    "市长|省长|县长|区长|镇长|村长|州长|书记|总书记|主席|副主席|总理|副总理|总统|副总统|部长|副部长|局长|副局长|厅长|司长|处长|院长|校长|所长|会长|理事长|秘书长|"
    "董事长|总经理|总裁|副总裁|首席执行官|首席科学家|创始人|教授|副教授|研究员|分析师|工程师|博士|院士|记者|作家|导演|演员|歌手|诗人|经济学家|科学家|总监|经理|顾问|主任|副主任|发言人|律师|法官|将军"
)
_SAYS = "表示|认为|指出|介绍|强调|透露|称|写道|解释|坦言|回忆|说|告诉|宣布|评价"
_AFTER = (
    rf"(?=$|[^\u4e00-\u9fff]|{_SAYS}|在|是|为|向|对|的|和|与|将|曾|于|提出|出席|主持|先生|女士|教授|担任|"
    "当选|撰文|率|任|访问|会见|接受|及|等)"
)
_BORDER = r"(?:^|(?<=[^\u4e00-\u9fff])|(?<=[的与和对由据是请及按照为]))"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:作者|来源|记者|撰文|撰稿|编辑|责编|主编|署名|通讯员|摄影|供稿|姓名|联系人|译者|文)\s*[::：／/]\s*{_NAME}(?![\u4e00-\u9fff])",
        rf"(?:{_TITLE}){_NAME}{_AFTER}",
        rf"{_BORDER}{_NAME}(?=先生|女士|教授|院士|博士|同志|市长|省长|主席|总理|总统|部长|局长|院长|校长|董事长|总经理|书记|老师|律师|医生)",
        rf"(?:^|(?<=[，。；：、！？“”\s,;:])){_NAME}(?={_SAYS})",
        rf"{_BORDER}{_NAME}(?=是谁|是什么人|何许人|担任|的(?:职务|职位|简历|年龄|生日))",
        rf"(?:谁是){_NAME}(?=$|[^\u4e00-\u9fff])",
    )
)


def find_people(text: TextView) -> Iterator[tuple[int, int]]:
    """Yield the spans of Chinese personal names that the words beside them give away."""
    for pattern in _PATTERNS:
        for found in pattern.finditer(text.folded):
            if _may_be_a_name(found["name"], found["name"] + text.folded[found.end("name") : found.end("name") + 1]):
                yield found.span("name")


@lru_cache(maxsize=4096)
def _may_be_a_name(name: str, longer: str) -> bool:
    """Refuse what the dictionary holds as another word, and what begins a longer one."""
    if len(segment(longer)) == 1 and len(longer) > len(name):
        return False
    words = segment(name)
    frequent = [word for word in words if len(word) > 1]
    if not frequent:
        return not in_dictionary(name)
    if words != [name]:
        # A surname and a dictionary word (王|晓宁) may be a name; a word that holds the surname (高新|区) may not.
        return len(words[0]) == 1
    return tag_of(name) == "nr"


def romanised(name: str) -> str:
    """Return a Chinese personal name in pinyin, surname first: 王晓宁 → "Wang Xiaoning"."""
    from pypinyin import Style, pinyin

    surname, given = split_name(name)
    first = "".join(syllable[0] for syllable in pinyin(surname, style=Style.NORMAL))
    rest = "".join(syllable[0] for syllable in pinyin(given, style=Style.NORMAL))
    first = _SURNAME_READINGS.get(surname, first)
    return f"{first.capitalize()} {rest.capitalize()}".strip()


_SURNAME_READINGS = dict(
    pair.split("=")
    for pair in (
        "单=shan 曾=zeng 任=ren 解=xie 仇=qiu 区=ou 查=zha 朴=piao "
        "覃=qin 盖=ge 尉迟=yuchi 冼=xian 翟=zhai 乐=yue 柏=bai"
    ).split()
)


def split_name(name: str) -> tuple[str, str]:
    """Return surname and given name: 欧阳修 → 欧阳, 修."""
    size = 2 if len(name) > 2 and re.match(_COMPOUND, name) else 1
    return name[:size], name[size:]


def romanised_keys(name: str) -> frozenset[str]:
    """Return the keys under which a Chinese personal name may stand in Latin letters, in both orders."""
    surname, given = split_name(name)
    firsts = ["".join(parts) for parts in product(*(readings(c)[:3] for c in surname))]
    rests = ["".join(parts) for parts in product(*(readings(c)[:3] for c in given))]
    return frozenset(order for a in firsts for b in rests for order in (a + b, b + a))


_SYLLABLE = (
    "(?:zh|ch|sh|[bpmfdtnlgkhjqxzcsryw])?(?:iang|iong|uang|ueng|ang|eng|ing|ong|iao|ian|uai|uan|ai|ei|ao|ou|an|en|er|in|un|ia|ie|iu|ua|uo|ui|"
    "ue|ve|a|o|e|i|u|v)"
)
_PINYIN = re.compile(rf"(?:{_SYLLABLE}){{1,4}}")


def is_pinyin(word: str) -> bool:
    """Say whether a lower-case Latin word can be cut into one to four pinyin syllables."""
    return len(word) > 1 and word[0] not in "iuv" and bool(_PINYIN.fullmatch(word))


def _spelled(run: str, at: int, key: str) -> int:
    """Return the end of the characters from `at` whose readings spell `key`, or -1."""
    if not key:
        return at
    if at == len(run):
        return -1
    for reading in readings(run[at]):
        if key.startswith(reading) and (end := _spelled(run, at + 1, key[len(reading) :])) >= 0:
            return end
    return -1


_PLACE_AFTER = re.compile(
    r"(?:大道|大厦|大桥|大街|街道|广场|机场|路|街|区|县|镇|乡|村|市|省|州|山|河|江|湖|岛|站|港|湾|寺|园|塔|楼|桥)"
)


def spelled_in(words: tuple[str, ...], text: TextView, *, person: bool) -> bool:
    """Say whether a text has Chinese characters that a romanised name spells.

    Args:
        words: The name's words in lower case, without accents and hyphens, as written: ``("wang", "xiaoning")``.
        text: The text.
        person: Look for a surname with a given name in either order; otherwise for a place or a phrase, which must
            have three syllables or be followed by a word such as 区 or 路.
    """
    keys = {"".join(words)}
    if person and len(words) > 1:
        keys.add("".join((words[-1], *words[:-1])))
    for run in HAN_RUN.finditer(text.folded):
        han = run.group()
        for at in range(len(han)):
            if person and han[at] not in SURNAMES:
                continue
            for key in keys:
                end = _spelled(han, at, key) if any(key.startswith(reading) for reading in readings(han[at])) else -1
                if end >= 0 and (end - at > 1 if person else end - at > 2 or _PLACE_AFTER.match(han, end)):
                    return True
    return False


def may_be_person(words: list[str]) -> bool:
    """Say whether capitalised words can be a Chinese person's name in pinyin: a surname and one or two syllables."""
    if not 2 <= len(words) <= 3 or not all(is_pinyin(word.lower()) for word in words):
        return False
    return words[0].lower() in _surname_readings() or words[-1].lower() in _surname_readings()


@lru_cache(maxsize=1)
def _surname_readings() -> frozenset[str]:
    return frozenset(reading for surname in SURNAMES for reading in readings(surname))


def words_of(name: str) -> tuple[str, ...]:
    """Return the lower-case words of a romanised name, hyphens and apostrophes closed: Xiao-ning → xiaoning."""
    closed = re.sub(r"[-'’\u2010-\u2015]", "", name)
    return tuple(word.key for word in latin_words(closed))
