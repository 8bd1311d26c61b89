"""`make bench`: what a job holds, how hits are counted, what the limits are, what stands beside what."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError
from rich.console import Console

from assistant.settings import Settings
from evals.bench import processes, run
from evals.bench.__main__ import arguments, main
from evals.bench.arithmetic import EmbeddingLimit, Shape, embedding_limit, matrix_rate, reading_rate
from evals.bench.corpus import Corpus, grown, read_corpora
from evals.bench.environments import REQUIREMENTS, NotMeasured
from evals.bench.job import Indexed, Job, JobDocument, Searched, rank_of
from evals.bench.measure import COSTS, Measured, Setup, hit_at, in_turns, measure, ratios, summed_up
from evals.bench.plot import plot
from evals.bench.processes import PROGRAMS, SYSTEMS, WENJU, System, environment
from evals.bench.report import Bench, Limits, print_bench
from evals.bench.words import Words
from knowledge.language import detect_language
from knowledge.weights import Weights

MODEL = "multilingual-e5-small"


def job(step: str = "index", **more: object) -> Job:
    given = {"folder": "f", "model": "m", "embedding_model": MODEL, "threads": 2}
    return Job.model_validate({"step": step, **given, "documents": [{"id": "a", "text": "A."}], **more})


def measured(system: str, cost: float, ranks: list[int | None] | None = None) -> Measured:
    return Measured(system, *[cost] * len(COSTS), ranks={"zh→en": [1, 5, None, 11] if ranks is None else ranks})


def test_a_job_has_what_its_step_needs() -> None:
    indexing = job()
    asking = indexing.asking(["q"])
    assert (asking.step, asking.documents, asking.questions) == ("search", (), ("q",))
    assert (asking.folder, asking.threads, asking.options) == (indexing.folder, indexing.threads, indexing.options)
    for wrong in ({"step": "search"}, {"documents": []}, {"threads": 0}, {"step": "look"}, {"unknown": 1}):
        with pytest.raises(ValidationError):
            job(**wrong)


def test_answers_are_checked() -> None:
    with pytest.raises(ValidationError):
        Searched(seconds=(0.1,), found=(), memory=1)
    with pytest.raises(ValidationError):
        Indexed.model_validate({"seconds": -1, "processor_seconds": 1, "memory": 1})
    with pytest.raises(ValidationError):
        Indexed.model_validate({"seconds": 1, "memory": 1})


@pytest.mark.parametrize(
    ("found", "rank"),
    [(("g", "a"), 1), (("a", "a", "b", "g"), 3), (("a", "g", "g"), 2), (("a", "b"), None), ((), None)],
)
def test_a_document_counts_once_at_its_best_place(found: tuple[str, ...], rank: int | None) -> None:
    assert rank_of("g", found) == rank


def test_hits_are_shares_of_all_questions() -> None:
    ranks = [1, 5, None, 11]
    assert [hit_at(k, ranks) for k in (1, 5, 10, 11)] == [0.25, 0.5, 0.5, 0.75]
    assert measured("x", 1.0).hits() == {"zh→en": {1: 0.25, 5: 0.5, 10: 0.5}}


def test_each_round_begins_with_the_next_system() -> None:
    a, b, c = (System(name, name, "") for name in "abc")
    order = "".join(system.name for _, system in in_turns([a, b, c], 4))
    assert order == "abcbcacababc"
    assert list(in_turns([], 2)) == []


def test_medians_of_rounds_and_ratios_to_wenju() -> None:
    ours = summed_up([measured("Wenju", cost) for cost in (3.0, 1.0, 2.0)])
    assert {getattr(ours, name) for name in COSTS} == {2.0}
    beside = ratios([ours, measured("other", 5.0)], "Wenju")
    assert set(beside["other"].values()) == {2.5}
    assert set(beside["Wenju"].values()) == {1.0}
    assert ratios([measured("other", 5.0)], "Wenju") == {}


def test_corpora_are_the_passages_of_each_language_asked_in_both() -> None:
    corpora = read_corpora(None, 5)
    assert {one.name for one in corpora} == {"xquad-sample zh", "xquad-sample en"}
    for one in corpora:
        ids = {document.id for document in one.documents}
        assert all(question.gold in ids for question in one.questions)
        assert len(one.questions) == 10
        assert len({question.direction for question in one.questions}) == 2


def test_a_grown_corpus_has_the_real_documents_and_made_ones_in_both_languages() -> None:
    corpora = read_corpora(None, 5)
    real = {document.id for one in corpora for document in one.documents}
    large = grown(corpora, 60, 6)
    assert len({document.id for document in large.documents}) == len(large.documents) == 60
    assert real < {document.id for document in large.documents}
    made = [document.text for document in large.documents if document.id not in real]
    assert {detect_language(text) for text in made} == {"zh", "en"}
    assert len(large.questions) == 6
    assert grown(corpora, 60, 6) == large
    assert len(grown(corpora, 10, 6).documents) == 10


def test_flops_are_those_that_torch_counts(tmp_path: Path) -> None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=50, hidden_size=24, num_hidden_layers=3, num_attention_heads=2, intermediate_size=80,
        max_position_embeddings=64, attn_implementation="eager",
    )  # fmt: skip
    config.save_pretrained(tmp_path)
    shape = Shape.of(tmp_path)
    model = BertModel(config, add_pooling_layer=False).eval()
    for tokens in (1, 17, 64):
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            model(torch.ones(1, tokens, dtype=torch.long))
        assert shape.flops(tokens) == counter.get_total_flops()


@pytest.mark.weights
def test_the_limit_counts_every_token_of_the_model() -> None:
    settings = Settings.from_environment()
    folder = Weights(settings.cache, local=settings.models, offline=True).path(MODEL)
    shape = Shape.of(folder)
    assert (shape.layers, shape.hidden, shape.feed_forward, shape.longest) == (12, 384, 1536, 512)
    one = embedding_limit(["智慧城市"], folder, 10.0)
    both = embedding_limit(["智慧城市", "城市 " * 2000], folder, 10.0)
    assert both.tokens == one.tokens + 512
    assert both.flops == one.flops + shape.flops(512)
    assert one.seconds == shape.flops(one.tokens) / 1e10


def test_the_rates_are_this_machines() -> None:
    import torch

    shape = Shape(layers=1, hidden=32, feed_forward=64, heads=2, longest=64)
    threads = torch.get_num_threads()
    assert 0.01 < matrix_rate(shape, 1) < 1e6
    assert 1e7 < reading_rate(1, 1 << 24) < 1e13
    assert torch.get_num_threads() == threads


def test_peers_see_none_of_our_paths_and_fetch_nothing() -> None:
    ours = {"PYTHONPATH": "x", "VIRTUAL_ENV": "y", "OMP_NUM_THREADS": "9", "HOME": "h"}
    theirs = environment(ours, 2, own=False)
    assert (theirs["OMP_NUM_THREADS"], theirs["HF_HUB_OFFLINE"], theirs["HOME"]) == ("2", "1", "h")
    assert not {"PYTHONPATH", "VIRTUAL_ENV"} & set(theirs)
    assert environment(ours, 2, own=True)["PYTHONPATH"] == "x"


def test_every_system_has_a_program_and_its_requirements() -> None:
    assert all((PROGRAMS / f"{one.program}.py").is_file() for one in SYSTEMS)
    assert {one.environment for one in SYSTEMS} - {""} == {path.stem for path in REQUIREMENTS.glob("*.txt")}
    assert len({one.name for one in SYSTEMS}) == len(SYSTEMS)


def program(tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> System:
    """Return a system whose program is this one, with the real `measuring` beside it, run by this Python."""
    (tmp_path / "measuring.py").write_bytes((PROGRAMS / "measuring.py").read_bytes())
    (tmp_path / "run_words.py").write_text(body, encoding="utf-8")
    monkeypatch.setattr(processes, "PROGRAMS", tmp_path)
    monkeypatch.setattr(processes, "python_of", lambda name, cache: Path(sys.executable))
    return System("words", "run_words", "txtai")


WORDS = """
import json, pathlib
import measuring

class Words:
    def __init__(self, job):
        self.path = pathlib.Path(job["folder"]) / "kept.json"
        print("a library greets on standard output")
    def load(self): pass
    def index(self, documents):
        self.path.write_text(json.dumps([[one["id"], one["text"].lower().split()] for one in documents]))
    def open(self): self.kept = json.loads(self.path.read_text())
    def search(self, question):
        words = set(question.lower().split())
        return [id for id, held in sorted(self.kept, key=lambda one: -len(words & set(one[1])))]

measuring.run(Words)
"""


def test_a_system_runs_in_processes_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = program(tmp_path, WORDS, monkeypatch)
    corpora = [one for one in read_corpora(None, 5) if one.name.endswith("en")]
    told: list[str] = []
    (found,), missing = measure([system], corpora, Setup(tmp_path, MODEL, 1, tmp_path), 2, told.append)
    assert missing == {}
    assert len(told) == 2
    assert found.hits()["en→en"][5] >= 0.6
    assert found.hits()["zh→en"][1] <= 0.4
    assert found.start_seconds > found.query_p50 / 1000 > 0
    assert found.search_megabytes > 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise SystemExit('no such model')", "no such model"),
        ("print('{}')", "something else than its results"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended by signal 9"),
    ],
)
def test_a_system_that_fails_is_not_measured_and_the_rest_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, reason: str
) -> None:
    system = program(tmp_path, WORDS, monkeypatch)
    (tmp_path / "run_broken.py").write_text(body, encoding="utf-8")
    corpus = Corpus("en", (JobDocument(id="a", text="A."),), read_corpora(None, 1)[0].questions)
    setup = Setup(tmp_path, MODEL, 1, tmp_path)
    broken = replace(system, name="broken", program="run_broken")
    found, missing = measure([broken, system], [corpus], setup, 2, lambda line: None)
    assert [one.system for one in found] == ["words"]
    assert reason in missing["broken"]


def test_a_peer_that_cannot_be_installed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from evals.bench import environments

    (tmp_path / "none.txt").write_text(f"{tmp_path}/there-is-no-such-package\n")
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    with pytest.raises(NotMeasured, match=r"could not be installed: .*there-is-no-such-package"):
        environments.python_of("none", tmp_path / "cache")
    assert environments.versions("none", tmp_path / "cache") == {}
    assert not list((tmp_path / "cache").rglob("pip"))


@pytest.mark.weights
def test_what_is_known_is_told_after_each_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    system = program(tmp_path, WORDS, monkeypatch)
    (tmp_path / "run_broken.py").write_text("raise SystemExit('no such model')", encoding="utf-8")
    monkeypatch.setattr(run, "SYSTEMS", (system, replace(system, name="broken", program="run_broken")))
    told: list[str] = []
    options = arguments(["--limit", "2", "--repeat", "1", "--sizes", "40", "--threads", "1"])
    first, last = run.run(options, told.append)
    assert (first.growth, list(last.growth)) == ({}, [40])
    assert set(first.missing) == set(last.missing) == {"broken"}
    assert first.systems == last.systems
    assert any("40 passages" in line for line in told)
    out = tmp_path / "out.json"
    assert main(["--limit", "2", "--repeat", "1", "--sizes", "--threads", "1", "--out", str(out)]) == 3
    assert json.loads(out.read_text(encoding="utf-8"))["not_measured"].keys() == {"broken"}
    assert "broken: not measured" in capsys.readouterr().out


@pytest.mark.weights
def test_wenju_is_measured_as_it_is(tmp_path: Path) -> None:
    settings = Settings.from_environment()
    model = Weights(settings.cache, local=settings.models, offline=True).path(MODEL)
    corpus = grown(read_corpora(None, 3), 6, 3)
    (found,), missing = measure([WENJU], [corpus], Setup(model, MODEL, 1, settings.cache), 1, lambda line: None)
    assert missing == {}
    assert 0 < found.index_processor_seconds < 60
    assert found.index_seconds > 0
    assert 0 < found.query_p50 <= found.query_p95 < 1000 * found.start_seconds
    assert 100 < found.search_megabytes < found.index_megabytes


def bench() -> Bench:
    limit = EmbeddingLimit(texts=3, tokens=40, flops=2_000_000_000, gflops_per_second=4.0)
    systems = [measured("Wenju", 2.0), measured("txtai", 3.0)]
    words = Words("m", 10**9, 20e9, 10.0)
    return Bench({"threads": 2}, systems, {"LlamaIndex": "no [disk]"}, {100: systems[:1]}, Limits(limit, limit), words)


def test_the_report_holds_everything() -> None:
    found = json.loads(json.dumps(bench().as_dict()))
    assert [one["system"] for one in found["systems"]] == ["Wenju", "txtai"]
    assert found["systems"][0]["hits"]["zh→en"]["5"] == 0.5
    assert found["ratios"]["txtai"]["query_p50"] == 1.5
    assert found["embedding_limit"]["wenju"]["seconds"] == 0.5
    assert found["embedding_limit"]["wenju_over_limit"] == 4.0
    assert (found["words"]["limit"], found["words"]["ratio"]) == (20.0, 2.0)
    assert found["growth"]["100"][0]["system"] == "Wenju"


def test_the_tables_show_it() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    print_bench(bench(), console)
    shown = console.export_text()
    for words in (
        "3.0 (1.50)",
        "zh→en @10",
        "LlamaIndex: not measured: no [disk].",
        "4.00 times its limit",
        "100 pass",
    ):
        assert words in shown


def test_the_plot_has_a_bar_for_each_system_and_measure() -> None:
    root = ElementTree.fromstring(plot(bench()))
    space = "{http://www.w3.org/2000/svg}"
    bars = [one for one in root.iter(f"{space}rect") if one.get("class") in {"bar", "own"}]
    assert len(bars) == 2 * (len(COSTS) + 3)
    assert {one.get("class") for one in bars} == {"bar", "own"}
    widths = [float(one.get("width", "")) for one in bars[:2]]
    assert widths[0] == pytest.approx(widths[1] * 2 / 3, abs=0.2)


def test_wrong_arguments_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert arguments([]).sizes == [1000]
    assert arguments(["--sizes"]).sizes == []
    assert main(["--data", str(tmp_path / "none")]) == 2
    assert main(["--out", str(tmp_path / "none" / "x.json")]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_the_peers_programs_need_no_package_of_ours() -> None:
    code = f"import sys; sys.path.insert(0, {str(PROGRAMS)!r}); import measuring; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "pydantic", "assistant"} & set(json.loads(done.stdout.replace("'", '"')))
