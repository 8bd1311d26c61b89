"""The XLM-R unigram tokenizer, twice: as an ordinary ``tokenizers`` file, and as one that opens in a tenth of a second.

Opening ``tokenizer.json`` with its 250,000 pieces takes half a second, most of what a first question may spend on
its vector. `UnigramTokenizer` reads the same pieces from a text file and searches the best path in Python: for one
question that is as fast, for many long texts it is not. A test holds the two equal, but for characters that came into
Unicode lately (㋿), which Python takes apart and `tokenizers` does not know.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FILES = ("unigram/pieces.txt", "unigram/rules.json", "unigram/scores.npy")
"""What `UnigramTokenizer` reads, relative to the model's folder."""

SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
METASPACE = "▁"

# Unicode noncharacters, which no text contains: they stand in for characters that NFKC must not touch.
_GUARD = 0xFDD0
# Unicode's White_Space, which str.split() is not: that one splits at four control characters more.
_WHITE = re.compile("[\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+")
# What sentencepiece and tokenizers take off the lowest score for an unknown character.
_UNKNOWN_PENALTY = 10.0


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the tokenizer knows.

    Attributes:
        pieces: Its pieces by id.
        scores: Their unigram log probabilities.
        special: Ids of ``<s>``, ``</s>``, ``<pad>``, ``<unk>``.
        rules: What single characters become before tokenisation.
    """

    pieces: list[str]
    scores: list[float]
    special: tuple[int, int, int, int]
    rules: dict[str, str]

    @property
    def dropped(self) -> str:
        """Characters that are left out (control characters)."""
        return "".join(char for char, into in self.rules.items() if not into)

    @property
    def spaces(self) -> str:
        """Characters that become a space (tab, line end, zero-width characters …)."""
        return "".join(char for char, into in self.rules.items() if into == " ")

    @property
    def kept(self) -> str:
        """Characters with a piece of their own that NFKC would change and the rules do not (``～``)."""
        alphabet = set("".join(self.pieces)) - self.rules.keys()
        return "".join(sorted(char for char in alphabet if unicodedata.normalize("NFKC", char) != char))


def build_tokenizer(vocabulary: Vocabulary) -> Any:
    """Return the ordinary tokenizer (``tokenizers.Tokenizer``).

    Besides `Vocabulary.dropped` and `Vocabulary.spaces` the rules map characters to their NFKC form. NFKC of the whole
    text does the same and also composes what is written decomposed, as the original model's own rules do.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    bos, eos, _, unk = vocabulary.special
    guards = list(_guards(vocabulary.kept).items())
    tokenizer = Tokenizer(models.Unigram(list(zip(vocabulary.pieces, vocabulary.scores, strict=True)), unk_id=unk))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_character_class(vocabulary.dropped)), ""),
            normalizers.Replace(Regex(_character_class(vocabulary.spaces)), " "),
            *(normalizers.Replace(char, guard) for char, guard in guards),
            normalizers.NFKC(),
            *(normalizers.Replace(guard, char) for char, guard in guards),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement=METASPACE, prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace(replacement=METASPACE, prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", bos), ("</s>", eos)]
    )
    tokenizer.add_special_tokens(
        [AddedToken(name, lstrip=name == "<mask>", special=True, normalized=False) for name in SPECIAL_TOKENS]
    )
    return tokenizer


def write_unigram(vocabulary: Vocabulary, folder: Path) -> None:
    """Write what `UnigramTokenizer` reads into a model's folder."""
    (folder / "unigram").mkdir(parents=True, exist_ok=True)
    pieces, rules, scores = (folder / name for name in FILES)
    with pieces.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(vocabulary.pieces))
    content = {name: getattr(vocabulary, name) for name in ("special", "dropped", "spaces", "kept")}
    rules.write_text(json.dumps(content) + "\n", encoding="utf-8")
    np.save(scores, np.array(vocabulary.scores, np.float32))


class UnigramTokenizer:
    """The same tokenizer for one question at a time.

    Args:
        folder: A folder that `write_unigram` and `build_tokenizer` wrote for.
    """

    def __init__(self, folder: Path) -> None:
        pieces, rules, scores = (folder / name for name in FILES)
        names = pieces.read_bytes().decode("utf-8").split("\n")
        known: dict[str, Any] = json.loads(rules.read_text(encoding="utf-8"))
        guards = _guards(known["kept"])
        self._folder = folder
        self._ids = dict(zip(names, range(len(names)), strict=True))
        self._scores: np.ndarray = np.load(scores)
        self._unknown_score = float(self._scores.min()) - _UNKNOWN_PENALTY
        self._bos, self._eos, _, self._unk = known["special"]
        self._longest = max(map(len, names))
        self._before = str.maketrans(
            {**dict.fromkeys(known["dropped"], ""), **dict.fromkeys(known["spaces"], " "), **guards}
        )
        self._after = str.maketrans({guard: char for char, guard in guards.items()})

    def encode(self, text: str, limit: int) -> list[int]:
        """Return the token ids of `text` between ``<s>`` and ``</s>``, at most `limit` of them."""
        if any(token in text for token in SPECIAL_TOKENS):
            return self._encode_special(text, limit)
        normal = unicodedata.normalize("NFKC", text.translate(self._before)).translate(self._after)
        ids: list[int] = []
        for word in _WHITE.split(normal):
            if not word:
                continue
            ids += self._best_path(METASPACE + word)
            if len(ids) >= limit:
                break
        return [self._bos, *ids[: limit - 2], self._eos]

    def _encode_special(self, text: str, limit: int) -> list[int]:
        # Rare: the question writes out one of the tokenizer's own marks, and only the whole tokenizer knows them.
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(limit)
        ids: list[int] = tokenizer.encode(text).ids
        return ids

    def _best_path(self, word: str) -> list[int]:
        """Viterbi search; unknown characters in a row become one token, as in ``tokenizers``."""
        size = len(word)
        score = [0.0] + [-np.inf] * size
        start, piece = [0] * (size + 1), [self._unk] * (size + 1)
        for at in range(size):
            single = False
            for end in range(at + 1, min(size, at + self._longest) + 1):
                id_ = self._ids.get(word[at:end])
                if id_ is None:
                    continue
                single = single or end == at + 1
                candidate = score[at] + float(self._scores[id_])
                if candidate > score[end]:
                    score[end], start[end], piece[end] = candidate, at, id_
            if not single and score[at] + self._unknown_score > score[at + 1]:
                score[at + 1], start[at + 1], piece[at + 1] = score[at] + self._unknown_score, at, self._unk
        path: list[int] = []
        end = size
        while end > 0:
            if not (path and path[-1] == piece[end] == self._unk):
                path.append(piece[end])
            end = start[end]
        return path[::-1]


def _guards(kept: str) -> dict[str, str]:
    return {char: chr(_GUARD + i) for i, char in enumerate(kept)}


def _character_class(characters: str) -> str:
    return "[" + "".join(f"\\x{{{ord(char):x}}}" for char in sorted(characters)) + "]"
