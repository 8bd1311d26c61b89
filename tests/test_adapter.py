"""The correction of the embedding model is the same in both encoders, and the training that made it learns."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from assistant.assistant import Assistant
from evals.adapter.examples import SENTENCES, Example, read_selqa, read_squad, shortened
from evals.adapter.lora import AdaptedModel
from evals.adapter.train import Objective, draw
from knowledge import adapter, shipped
from knowledge.embed import Embedder
from knowledge.encoder import NumpyEncoder
from knowledge.tensors_file import map_safetensors
from tests.tiny_e5 import HIDDEN, converted_tiny_e5

MEANS = {
    (kind, language): np.zeros(HIDDEN, np.float32)
    for kind in ("query", "passage", "sentence", "query-token", "sentence-token")
    for language in ("zh", "en")
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return converted_tiny_e5(tmp_path_factory.mktemp("tiny"))


EXAMPLES = {
    "en": [
        Example("en", "the city", ("the city.", "the government."), 0),
        Example("en", "government", ("city.", "government."), 1),
    ],
    "zh": [
        Example("zh", "城市", ("城市。", "政府。"), 0),
        Example("zh", "政府", ("数字城市。", "政府。"), 1),
        Example("zh", "", ("数字城市。", "政府。"), 1),
    ],
}


def test_both_encoders_are_corrected_alike(folder: Path) -> None:
    random_ = np.random.default_rng(0)
    name = "encoder.layer.1.intermediate.dense.weight"
    correct = {name: random_.normal(0, 0.5, map_safetensors(folder / "model.safetensors")[name].shape).astype("f4")}
    quick = NumpyEncoder(folder, correct)
    ours = quick.encode(["the city"], "passage: ")[0]
    many = Embedder(str(folder), name="m", quick=quick).encode_passages(["the city"] * 20)
    assert ours @ many[-1] > 0.999999
    assert ours @ NumpyEncoder(folder).encode(["the city"], "passage: ")[0] < 0.999


def test_a_model_of_ones_own_has_no_correction() -> None:
    for name in ("no-such-model", "someone/model", "/a/folder", "../adapters/multilingual-e5-small", ""):
        assert adapter.corrections(name) == {}


@pytest.mark.weights
def test_the_shipped_correction_fits_the_shipped_model(assistant: Assistant) -> None:
    tensors = map_safetensors(assistant.weights.path("multilingual-e5-small") / "model.safetensors")
    found = adapter.corrections("multilingual-e5-small")
    assert found
    for name, correction in found.items():
        assert correction.shape == tensors[name].shape
        assert 0 < np.linalg.norm(correction) < np.linalg.norm(tensors[name])


def test_what_training_writes_is_what_it_learned(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = AdaptedModel(folder, first_layer=1)
    text = "the digital city"
    with torch.no_grad():
        before = model.encode([text], "query: ")[0][0].numpy()
        for _, layer in model.corrected():
            layer.up.add_(torch.randn_like(layer.up) * 0.3)
        after = model.encode([text], "query: ")[0][0].numpy()
    np.testing.assert_allclose(before, NumpyEncoder(folder).encode([text], "query: ")[0], atol=1e-5)
    assert before @ after < 0.9999
    (tmp_path / "adapters").mkdir()
    save_file(model.factors(), tmp_path / "adapters" / "tiny.safetensors")
    monkeypatch.setattr(shipped, "files", lambda package: tmp_path)
    stored = NumpyEncoder(folder, adapter.corrections("tiny")).encode([text], "query: ")[0]
    np.testing.assert_allclose(after, stored, atol=2e-3)


def test_training_lowers_the_loss(folder: Path) -> None:
    torch.manual_seed(0)
    model = AdaptedModel(folder, first_layer=0)
    objective = Objective(model, MEANS)
    steps = [draw(EXAMPLES, random.Random(seed)) for seed in range(4)]
    assert {step[0].language for step in steps} == {"zh", "en"}
    factors = [factor for _, layer in model.corrected() for factor in (layer.down, layer.up)]
    optimizer = torch.optim.AdamW(factors, lr=5e-3)
    losses = []
    for _ in range(12):
        loss = torch.stack([objective(step) for step in steps]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.05


def test_sets_in_both_forms_are_read(tmp_path: Path) -> None:
    text = "他生于1900年。他死于1980年。"
    asked = [{"question": "他死于哪年？", "answers": [{"answer_start": text.index("1980"), "text": "1980年"}]}]
    squad = tmp_path / "squad.json"
    squad.write_text(json.dumps({"data": [{"paragraphs": [{"context": text, "qas": asked}]}]}), encoding="utf-8")
    wanted = Example("zh", "他死于哪年？", ("他生于1900年。", "他死于1980年。"), 1)
    assert list(read_squad(squad)) == [wanted]
    row = {"question": "When?", "candidates": ["No.", "In 1900."], "answers": [1]}
    selqa = tmp_path / "selqa.json"
    selqa.write_text(json.dumps([row, {**row, "answers": []}]), encoding="utf-8")
    assert list(read_selqa(selqa)) == [Example("en", "When?", ("No.", "In 1900."), 1)]


@given(st.lists(st.text("abc ", min_size=1, max_size=300), min_size=2, max_size=12), st.data(), st.integers(0, 99))
def test_what_is_kept_of_a_passage_holds_the_answer(sentences: list[str], data: st.DataObject, seed: int) -> None:
    sentences = [f"{at}: {sentence}" for at, sentence in enumerate(sentences)]
    gold = data.draw(st.integers(0, len(sentences) - 1))
    short = shortened(Example("en", "?", tuple(sentences), gold), random.Random(seed))
    assert short.sentences[short.gold] == sentences[gold]
    assert len(short.sentences) == min(SENTENCES, len(sentences))


def test_chinese_is_mostly_rewritten_in_simplified_characters() -> None:
    chance = random.Random(0)
    one = Example("zh", "數字政府？", ("數字政府。", "城市。"), 0)
    written = [shortened(one, chance).sentences[0] for _ in range(100)]
    assert 40 < written.count("数字政府。") < 80
    assert set(written) == {"数字政府。", "數字政府。"}
