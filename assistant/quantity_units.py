"""Units and measure words of both languages, each under one canonical name.

Conversions stay within one system and are exact (2 km = 2000 m); miles never become kilometres, for an answer states
what its source states.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure.

    Attributes:
        name: Canonical name.
        base: The unit it converts to exactly.
        factor: How many of the base it is.
        english: Written forms, lower case; the first two are the singular and plural used for rendering.
        chinese: Written forms; the first is used for rendering.
    """

    name: str
    base: str
    factor: Decimal
    english: tuple[str, ...]
    chinese: tuple[str, ...]


# name | base | factor | English forms | Chinese forms
_MEASURES = """
second|second|1|second,seconds,sec,secs|秒,秒钟
minute|second|60|minute,minutes,min,mins|分钟
hour|second|3600|hour,hours,hr,hrs|小时,个小时,钟头,个钟头
day|second|86400|day,days|天
week|second|604800|week,weeks|周,个星期,星期,个礼拜
month|month|1|month,months|个月,个多月
year|month|12|year,years,yr,yrs,year-old,years old,years of age,year-olds|年,岁,周年,周岁
decade|month|120|decade,decades|个十年
century|month|1200|century,centuries|个世纪
mm|m|0.001|millimeter,millimeters,millimetre,millimetres,mm|毫米
cm|m|0.01|centimeter,centimeters,centimetre,centimetres,cm|厘米,公分
m|m|1|meter,meters,metre,metres,m|米,公尺
km|m|1000|kilometer,kilometers,kilometre,kilometres,km,kms|公里,千米
mile|mile|1|mile,miles,mi,mph|英里
foot|inch|12|foot,feet,ft|英尺
inch|inch|1|inch,inches|英寸
yard|inch|36|yard,yards,yd,yds|码
nautical mile|nautical mile|1|nautical mile,nautical miles|海里
m2|m2|1|square meter,square meters,square metre,square metres,sq m,m2,m²|平方米
km2|m2|1000000|square kilometer,square kilometers,square kilometre,square kilometres,sq km,km2,km²|平方公里,平方千米
hectare|m2|10000|hectare,hectares,ha|公顷
mu|mu|1|mu,mu|亩
acre|acre|1|acre,acres|英亩
mile2|mile2|1|square mile,square miles,sq mi,sq mile,sq miles,mi2|平方英里
foot2|foot2|1|square foot,square feet,sq ft|平方英尺
m3|m3|1|cubic meter,cubic meters,cubic metre,cubic metres,m3,m³|立方米
km3|m3|1000000000|cubic kilometer,cubic kilometers,cubic kilometre,cubic kilometres,km3|立方公里,立方千米
litre|litre|1|liter,liters,litre,litres|升,公升
ml|litre|0.001|milliliter,milliliters,millilitre,millilitres,ml|毫升
barrel|barrel|1|barrel,barrels|桶
gallon|gallon|1|gallon,gallons|加仑
mg|g|0.001|milligram,milligrams,mg|毫克
g|g|1|gram,grams,g|克
kg|g|1000|kilogram,kilograms,kg,kgs,kilo,kilos|公斤,千克
tonne|g|1000000|tonne,tonnes,ton,tons,metric ton,metric tons|吨,公吨
jin|g|500|jin,jin|斤
pound|pound|1|lb,lbs|磅
ounce|ounce|1|ounce,ounces,oz|盎司
°C|°C|1|degree celsius,degrees celsius,degree centigrade,degrees centigrade,°c,℃|摄氏度,℃,°c
°F|°F|1|degree fahrenheit,degrees fahrenheit,°f,℉|华氏度,℉,°f
degree|degree|1|degree,degrees,°|度,°
bit/s|bit/s|1|bps,bps|bps
Mbit/s|bit/s|1000000|mbps,mbps,mbit/s|mbps,兆比特每秒
Gbit/s|bit/s|1000000000|gbps,gbps,gbit/s|gbps
KB|byte|1000|kb,kb,kilobytes|kb
MB|byte|1000000|mb,mb,megabyte,megabytes|mb
GB|byte|1000000000|gb,gb,gigabyte,gigabytes|gb
TB|byte|1000000000000|tb,tb,terabyte,terabytes|tb
PB|byte|1000000000000000|pb,pb,petabyte,petabytes|pb
Hz|Hz|1|hz,hz,hertz|赫兹,hz
kHz|Hz|1000|khz,khz,kilohertz|千赫,千赫兹,khz
MHz|Hz|1000000|mhz,mhz,megahertz|兆赫,兆赫兹,mhz
GHz|Hz|1000000000|ghz,ghz,gigahertz|吉赫,吉赫兹,ghz
W|W|1|watt,watts|瓦,瓦特
kW|W|1000|kilowatt,kilowatts,kw|千瓦
MW|W|1000000|megawatt,megawatts,mw|兆瓦
GW|W|1000000000|gigawatt,gigawatts,gw|吉瓦
kWh|kWh|1|kilowatt-hour,kilowatt-hours,kilowatt hours,kwh|千瓦时,kwh
volt|volt|1|volt,volts|伏,伏特
"""

UNITS: dict[str, Unit] = {
    (row := line.split("|"))[0]: Unit(
        row[0], row[1], Decimal(row[2]), tuple(row[3].split(",")), tuple(row[4].split(","))
    )
    for line in _MEASURES.strip().splitlines()
}

# code | English forms | Chinese forms; the first Chinese form is the one rendered.
_MONEY = """
CNY|yuan,renminbi,rmb,cny,chinese yuan,yuan renminbi,yuan rmb|元,元人民币,人民币,块钱,圆
USD|us dollars,us dollar,u.s. dollars,u.s. dollar,american dollars,dollars,dollar,usd|美元,美金
HKD|hong kong dollars,hong kong dollar,hk dollars,hkd|港元,港币,元港币
EUR|euros,euro,eur|欧元
GBP|pounds sterling,british pounds,pounds,pound,gbp|英镑
JPY|japanese yen,yen,jpy|日元,日圆
KRW|korean won,won,krw|韩元,韩圆
TWD|new taiwan dollars,taiwan dollars,twd|新台币,元新台币
RUB|rubles,rubles,roubles,ruble,rouble|卢布
INR|rupees,rupee,inr|卢比
AUD|australian dollars,aud|澳元
CAD|canadian dollars,cad|加元
CHF|swiss francs,francs,franc|瑞士法郎,法郎
SGD|singapore dollars,sgd|新加坡元,新元
"""
_MONEY_ROWS = [line.split("|") for line in _MONEY.strip().splitlines()]
MONEY_ENGLISH: dict[str, str] = {form: row[0] for row in _MONEY_ROWS for form in row[1].split(",")}
MONEY_CHINESE: dict[str, str] = {form: row[0] for row in _MONEY_ROWS for form in row[2].split(",")}
MONEY_CHINESE_NAME: dict[str, str] = {row[0]: row[2].split(",")[0] for row in _MONEY_ROWS}
# What stands before the amount. A bare "$" is read as US dollars and a bare "¥" as yuan.
MONEY_PREFIX: dict[str, str] = {
    "rmb": "CNY", "cny": "CNY", "cn¥": "CNY", "rmb¥": "CNY", "¥": "CNY", "人民币": "CNY", "us$": "USD", "usd": "USD",
    "$": "USD", "hk$": "HKD", "hkd": "HKD", "港币": "HKD", "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP",
    "jp¥": "JPY", "jpy": "JPY", "nt$": "TWD", "新台币": "TWD", "a$": "AUD", "c$": "CAD", "s$": "SGD", "inr": "INR",
}  # fmt: skip
MONEY_ENGLISH_PREFIX: dict[str, str] = {
    "CNY": "RMB ", "USD": "US$", "HKD": "HK$", "EUR": "€", "GBP": "£", "JPY": "JPY ", "TWD": "NT$", "AUD": "A$",
    "CAD": "C$", "SGD": "S$", "INR": "INR ",
}  # fmt: skip

# Measure words and the bare nouns that follow a numeral directly in Chinese. They only say that a numeral counts.
COUNTERS = (
    "方面|个|家|项|座|省|市|县|区|国|地|人|名|位|种|类|次|条|件|部|台|辆|艘|架|套|层|级|章|节|篇|本|册|页|张|幅|份|批|组|队|支|只|头|"
    "匹|株|棵|粒|颗|块|片|段|轮|场|局|盘|道|户|口|对|副|间|栋|幢|楼|所|处|阶段|领域|城|镇|村|乡|街道|车道|企业|步|期|号|回|遍|行|列|维|校|院|"
    "届|卷|集|首|枚|起|例|宗|笔|股|票|胜|球|字|句|面|代|票|样|重|环|线|圈|员|族|岛|州|郡|洲|洋|党|派|万|亿|大(?!家|学|厦|会|夫|小|概|约|地|海)"
).split("|")
"""Regular expressions, longest first where one begins another."""

# Words in which a numeral is no number. The general rule already drops a numeral that no measure word follows; these
# are the common words in which one seems to.
FIXED_WORDS = frozenset(
    (
        "三角 三角形 三角洲 长三角 珠三角 四川 三国 三亚 三峡 三明 三门 三门峡 三星 九江 九寨 五台山 四平 六安 "
        "八卦 五行 五官 五金 五岳 四季 四处 四方 四面八方 四周 四肢 四海 四通八达 八面 两面 两面派 三番 三番五次 "
        "三番两次 三心二意 三言两语 三三两两 三头六臂 三令五申 三长两短 三五成群 四分五裂 四面楚歌 五花八门 "
        "五湖四海 五颜六色 五光十色 五彩 六神无主 七上八下 七手八脚 七嘴八舌 乱七八糟 八仙 九霄 九牛一毛 九死一生 "
        "十分 十足 十全十美 十字 十字路口 十字架 十万火急 十有八九 百花齐放 百家争鸣 百度 百姓 老百姓 百货 百科 "
        "百般 百分 百叶 百合 百年 千方百计 千万 千变万化 千家万户 千秋 千里 千古 千金 千篇一律 千军万马 千丝万缕 "
        "千差万别 千瓦 千米 千克 千赫 万一 万物 万里 万象 万众 万能 万分 万岁 万维网 万事 万户 万家 万水千山 "
        "成千上万 成千 亿万 千千万万 一五一十 二手 二维码 二维 二胡 二话 二氧化 三维 三军 三农 三轮车 三明治 "
        "三文鱼 三级跳 三包 三思 三更 三伏 三餐 四合院 五一 五四 五谷 五角大楼 五大湖 六一 七夕 八一 九九 两会 "
        "两岸 两性 两极 两极分化 两口子 两手 两面性 两旁 两难 两样 两栖 二级市场 二次元 三次方 二次方 三段论 "
        "三部曲 三通一平 三方 第三方 第三者 第三产业 第一时间 第一手 第一线 第一夫人 第二职业 二人转 三座大山 "
        "三教九流 四书五经 二元 一元 多元 三元 四库 八股 九州 九州岛 八国联军 百万富翁 百万雄师 百万庄 二线 三线 "
        "一线 四线 二等 三位一体 二重 双重 三重奏 四重奏 万人空巷 千人一面 百人会 千层 百步 五十步笑百步 "
        "不管三七二十一 三流 二流 一流 三八 二战 一战 三叶 两下子 一国两制 十一黄金周 七律 五绝 五言 七言 四面 "
        "三面红旗 二道贩子 三只手 二把手 一把手 二百五 十三陵 八大山人 九华山 六盘水 三江源 七台河 双十一 双十二 "
        "三步曲 二房东 三下五除二 三六九等 十里洋场 百里挑一 四级考试 四大皆空 九五之尊 万国 五脏六腑 "
        "统一 唯一 同一 单一 专一 之一 不一 逐一 划一 合一 如一 一时 一度 一级 一天到晚 "
    ).split()
)
_LONGEST_FIXED = max(len(word) for word in FIXED_WORDS)


def inside_fixed_word(text: str, start: int, end: int) -> bool:
    """Return whether a common word that is no number covers ``text[start:end]`` or reaches from it to either side."""
    for left in range(max(0, start - _LONGEST_FIXED + 1), end):
        for right in range(max(left + 2, start + 1), min(len(text), left + _LONGEST_FIXED) + 1):
            # 一千万 is a number, although 千万 is a word within it.
            within = start <= left and right <= end and right - left < end - start
            if not within and text[left:right] in FIXED_WORDS:
                return True
    return False


def _any_of(forms: list[str]) -> str:
    return "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))


@cache
def english_unit_pattern() -> re.Pattern[str]:
    """Match a unit of measure after an English amount, the gap included; group 1 is the form."""
    forms = [form for unit in UNITS.values() for form in unit.english]
    return re.compile(rf"[ \t\n-]?({_any_of(forms)})(?![a-z])(?: per hour|/h(?![a-z])|/s(?![a-z]))?")


@cache
def chinese_unit_pattern() -> re.Pattern[str]:
    """Match a unit of measure after a Chinese amount; group 1 is the form."""
    return re.compile(rf"[ \t]?({_any_of([form for unit in UNITS.values() for form in unit.chinese])})")


@cache
def money_patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a currency before an amount, after it in English, and after it in Chinese."""
    return (
        re.compile(rf"({_any_of(list(MONEY_PREFIX))})[ \t]?"),
        re.compile(rf"[ \t\n-]?({_any_of(list(MONEY_ENGLISH))})(?![a-z])(?: ?\((?:rmb|cny|renminbi)\))?"),
        re.compile(rf"[ \t]?({_any_of(list(MONEY_CHINESE))})"),
    )


@cache
def unit_of(form: str) -> str:
    """Return the canonical name of a written form, "" if it is no unit."""
    for unit in UNITS.values():
        if form in unit.english or form in unit.chinese:
            return unit.name
    return ""
