"""Which language a text is in, and which Chinese script.

The rule of `detect_language`, in order:

1. What stands in quotation marks or 《》 names a thing and does not say which language is spoken, so it is left out
   (unless nothing else remains): ``Who wrote 《数字政府》?`` is English, ``“smart city”是什么？`` is Chinese.
2. A short text (a question) goes to the language whose grammar it uses: question words weigh 2, other grammar words 1,
   and the words it opens with 2 more. ``What is 新基建?`` is English, ``5G是什么？`` Chinese.
3. A short text without grammar is Chinese if it has as many Han characters as words of an alphabet (``2021年GDP``).
4. A long text goes by share: one word of an alphabet weighs as much as 1.5 Han characters. Bare digits are not words.
5. A text without any letter is Chinese, the project's first language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from knowledge.types import Language

HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
"""The Han characters, ready for use inside the brackets of a regular expression."""

HAN_PER_WORD = 1.5
"""How many Han characters say about as much as one English word."""

SHORT_TEXT = 60
"""Up to this many Han characters and words together, grammar decides before share does."""

_HAN_RUN = re.compile(f"[{HAN}]+")
_WORD = re.compile(rf"[^\W_{HAN}]+(?:['’-][^\W_{HAN}]+)*")
_QUOTED = re.compile(
    r"《[^《》\n]{0,200}》|“[^“”\n]{0,200}”|「[^「」\n]{0,200}」|『[^『』\n]{0,200}』|\"[^\"\n]{0,200}\""
)
_ZH_QUESTION = re.compile(r"什么|什麼|怎么|怎麼|怎样|怎樣|为何|為何|如何|哪|谁|誰|吗|嗎|呢|多少|几|幾|是否|请|請")
_ZH_GRAMMAR = re.compile(r"[的了是]")
_EN_QUESTION = frozenset("what what's who who's whom whose which when where why how".split())
_EN_GRAMMAR = frozenset(
    "a an the is are was were be been do does did has have had can could will would should may might must of to "
    "in on at for from by with about between and or not that this these those it its they their there he she his "
    "her we our you your i my me tell explain describe list give name say says as if than then into please".split()
)


def detect_language(text: str) -> Language:
    """Return the language most of `text` is in, by the rule in this module's docstring.

    Args:
        text: Anything from a short mixed question to a whole document.

    Returns:
        ``"zh"`` or ``"en"``.
    """
    bare = _QUOTED.sub(" ", text)
    han, words = _letters(bare)
    if not han and not words:
        bare = text
        han, words = _letters(bare)
    if not words:
        return "zh"
    if not han:
        return "en"
    if han + len(words) > SHORT_TEXT:
        return "zh" if han >= HAN_PER_WORD * len(words) else "en"
    chinese, english = _grammar(bare, words)
    if chinese != english:
        return "zh" if chinese > english else "en"
    return "zh" if han >= len(words) else "en"


def is_traditional(text: str) -> bool:
    """Return whether `text` has more characters of the traditional script than of the simplified one.

    Characters that both scripts share do not count, so a text of only such characters is not traditional.
    """
    tables = _script_tables()
    return len(tables.traditional.findall(text)) > len(tables.simplified.findall(text))


def to_simplified(text: str) -> str:
    """Return `text` with traditional Chinese characters replaced by simplified ones.

    The tables are OpenCC's ``t2s``: phrases first (乾坤 keeps its 乾), then characters. The length can change in rare
    phrases, so the result is for matching, never for quoting.
    """
    if text.isascii():
        return text
    tables = _script_tables()
    parts = tables.phrase.split(text)
    parts[::2] = [part.translate(tables.characters) for part in parts[::2]]
    parts[1::2] = [tables.phrases[part] for part in parts[1::2]]
    return "".join(parts)


def _grammar(text: str, words: list[str]) -> tuple[int, int]:
    """Return how much Chinese and how much English grammar a short text shows."""
    chinese = 2 * len(_ZH_QUESTION.findall(text)) + len(_ZH_GRAMMAR.findall(text))
    chinese += 2 if _ZH_QUESTION.match(text.lstrip()) else 0
    lowered = [word.lower().replace("’", "'") for word in words]
    english = sum(2 if word in _EN_QUESTION else word in _EN_GRAMMAR for word in lowered)
    opening = text.split(maxsplit=1)[0].lower()  # a whole word: the IT of IT是什么 opens nothing
    english += 2 if opening in _EN_QUESTION or opening in _EN_GRAMMAR else 0
    return chinese, english


def _letters(text: str) -> tuple[int, list[str]]:
    """Return how many Han characters and which alphabet words `text` has."""
    words = [word for word in _WORD.findall(text) if not word.replace("-", "").isdecimal()]
    return sum(map(len, _HAN_RUN.findall(text))), words


@dataclass(frozen=True, slots=True)
class _ScriptTables:
    """OpenCC's tables for traditional → simplified, in the shape that `str.translate` and `re` are fast with."""

    characters: dict[int, str]
    phrases: dict[str, str]
    phrase: re.Pattern[str]
    traditional: re.Pattern[str]
    simplified: re.Pattern[str]


@lru_cache(maxsize=1)
def _script_tables() -> _ScriptTables:
    """Read the tables once.

    OpenCC's own ``convert`` is not used because it copies the rest of a run at each match: quadratic time.
    """
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes in its source that newer Pythons warn about when they compile it
        from opencc import OpenCC

    characters: dict[str, str] = {}
    phrases: dict[str, str] = {}
    for _, _, entries in OpenCC("t2s").dict_cache.values():
        for key, values in entries.items():
            (characters if len(key) == 1 else phrases)[key] = values.split(" ")[0]
    traditional = {key for key, value in characters.items() if key != value}
    simplified = {value for key, value in characters.items() if key != value and len(value) == 1} - traditional
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    initials = _any_of({phrase[0] for phrase in phrases})
    return _ScriptTables(
        characters={ord(key): value for key, value in characters.items()},
        phrases=phrases,
        phrase=re.compile(f"(?={initials})({'|'.join(map(re.escape, longest_first))})"),
        traditional=re.compile(_any_of(traditional)),
        simplified=re.compile(_any_of(simplified)),
    )


def _any_of(characters: set[str]) -> str:
    """Return the source of a pattern that matches one of `characters`."""
    return "[" + "".join(sorted(map(re.escape, characters))) + "]"
