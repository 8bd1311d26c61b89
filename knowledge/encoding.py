"""From a file's bytes to its text, deciding the encoding by a fixed rule.

1. A byte order mark decides (UTF-8, UTF-16, UTF-32).
2. What decodes strictly as UTF-8 and has no NULs is UTF-8.
3. Otherwise each Chinese encoding that decodes the bytes strictly is judged by how much everyday Chinese comes out: the
   share of the most frequent Han characters (about half of any real text, next to none of a wrong decoding). The best
   wins, in the order GB18030, Big5, UTF-16, if it reaches `PLAUSIBLE`. With NULs among the bytes only UTF-16 is judged,
   and then ASCII counts as everyday.
4. What is nearly all ASCII is Windows-1252 (English with curly quotes). Anything else is an error, never a guess.
"""

from __future__ import annotations

import codecs

from knowledge.errors import LoadError

PLAUSIBLE = 0.2
"""Share of everyday characters among the non-ASCII ones (punctuation aside) that a Chinese text must reach."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16's mark, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 20_000  # characters are enough to tell two encodings apart
_MOST_FOREIGN = 0.1  # of Windows-1252 text may be other than ASCII
_CONTROLS = frozenset(map(chr, range(32))) - frozenset("\t\n\r\v\f\x1b\x1a")
_EVERYDAY = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去"
    "法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关"
    "点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通"
    "教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期"
    "市直德资命山金指克许统区保至队形社便空决治展马科司五基书非则白界达光强即难且权思王完设式色路记南品住类求据程北边张该交规万取城"
    "這個們來為國說時會對於著過發後裡種經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問應戰頭體見產給門員論處義幾認條氣題爾總電數"
    "報結場計資許統區隊決馬書則達強難權設類據邊張規萬術領確師觀讓識帶導爭運"
)


def decode(data: bytes) -> str:
    """Return the text of `data`, by the rule in this module's docstring, without a byte order mark.

    Raises:
        LoadError: The bytes are no text, or in no encoding that can be told.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = _strictly(data, encoding)
            if text is None:
                raise LoadError(f"The text is marked as {encoding} but damaged.", hint="Save the file again as UTF-8.")
            return _checked(text)
    text = _strictly(data, "utf-8")
    if text is not None and "\0" not in text:
        return _checked(text)
    text = _chinese(data)
    if text is None and b"\0" not in data:
        text = _western(data)
    return _checked(text or "\0")


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _checked(text: str) -> str:
    """Return `text` if it has no NULs and hardly any control characters."""
    if "\0" in text or sum(map(text.count, _CONTROLS)) > len(text) / 100:
        raise LoadError("The file is binary, not text.", hint="Convert it to plain text or Markdown in UTF-8 first.")
    return text


def well_formed(text: str) -> str:
    """Return a text that can be written as UTF-8: halves of surrogate pairs are joined, lone ones become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _chinese(data: bytes) -> str | None:
    """Return the text in the most plausible encoding of Chinese, or None."""
    wide = ("utf-16-le", "utf-16-be")
    best: tuple[float, str | None] = (0.0, None)
    for encoding in wide if b"\0" in data else ("gb18030", "cp950", "big5hkscs", *wide):
        text = _strictly(data, encoding)
        if text is not None:
            best = max(best, (_plausibility(text, ascii_counts=b"\0" in data), text), key=lambda judged: judged[0])
    return best[1] if best[0] >= PLAUSIBLE else None


def _plausibility(text: str, *, ascii_counts: bool) -> float:
    """Return the share of everyday characters among those that are no punctuation; without `ascii_counts`, no ASCII."""
    judged = [character for character in text[:_SAMPLE] if not _is_punctuation(character)]
    foreign = [character for character in judged if not character.isascii()]
    everyday = sum(character in _EVERYDAY for character in foreign)
    if ascii_counts:
        return (everyday + len(judged) - len(foreign) - text.count("\0", 0, _SAMPLE)) / max(1, len(judged))
    return everyday / max(1, len(foreign))


def _is_punctuation(character: str) -> bool:
    return "\u2010" <= character <= "\u2027" or "\u3000" <= character <= "\u301f" or "\uff00" <= character <= "\uff60"


def _western(data: bytes) -> str:
    text = _strictly(data, "cp1252")
    if text is None or sum(not character.isascii() for character in text) > _MOST_FOREIGN * len(text):
        raise LoadError("The encoding of the text cannot be told.", hint="Save the file as UTF-8 and try again.")
    return text
