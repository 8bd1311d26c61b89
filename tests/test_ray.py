"""What a Ray cluster embeds is what this process would have embedded."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from assistant import Assistant
from assistant.cli import main
from knowledge.build import TokenEmbedder
from knowledge.embed import BATCH
from knowledge.errors import IndexMismatch, KnowledgeError
from knowledge.ray_embedding import FEW, HANDED_OUT, on_ray, shares
from tests.conftest import Home
from tests.hashing_embedder import HashingEmbedder

ray = pytest.importorskip("ray", reason="the extra ray is not installed")
TEXTS = [f"第{number}句，{'城市' * (number % 40)} and {number} words." for number in range(150)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A Ray of this machine's own, as `--ray local` starts it, with two workers."""
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield
    ray.shutdown()


@pytest.mark.parametrize("workers", [1, 2, 7, 100])
@pytest.mark.parametrize("texts", [0, 1, 16, 17, 32, 33, 48, 49, 257, 2048, 2049])
def test_every_text_is_in_one_task_of_whole_batches(texts: int, workers: int) -> None:
    found = shares(texts, workers)
    assert [at for start, end in found for at in range(start, end)] == list(range(texts))
    assert all(start % BATCH == 0 for start, _ in found)
    assert all(end - start <= HANDED_OUT + FEW for start, end in found)
    assert all(end - start > FEW for start, end in found) or len(found) == 1


def test_vectors_come_back_in_order(cluster: None) -> None:
    own, told = HashingEmbedder(), []
    with on_ray("local", own, HashingEmbedder) as there:
        found = there.encode_passages(TEXTS, progress=lambda done, total: told.append((done, total)))
        assert (there.name, there.dimension) == (own.name, own.dimension)
        assert not isinstance(there, TokenEmbedder)
        assert there.encode_passages([]).shape == (0, own.dimension)
    np.testing.assert_array_equal(found, own.encode_passages(TEXTS))
    assert told[-1] == (150, 150)
    assert told == sorted(told)
    assert len(told) > 1
    assert ray.is_initialized(), "a Ray that was there before stays"


def fail() -> HashingEmbedder:
    raise OSError("no model here")


class Failing(HashingEmbedder):
    def encode_passages(self, texts, *, progress=None):
        raise MemoryError("too long")


def test_what_goes_wrong_on_a_worker_is_said(cluster: None) -> None:
    with pytest.raises(KnowledgeError, match="no model here"), on_ray("local", HashingEmbedder(), fail):
        pass
    with (
        pytest.raises(IndexMismatch, match="other"),
        on_ray("local", HashingEmbedder(), partial(HashingEmbedder, "other")),
    ):
        pass
    with on_ray("local", HashingEmbedder(), Failing) as there, pytest.raises(KnowledgeError, match="too long"):
        there.encode_passages(TEXTS)


@pytest.mark.weights
def test_add_with_ray_stores_what_add_stores(
    cluster: None, use_own_home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "文件 夹"
    folder.mkdir()
    for number in range(3):
        text = "".join(f"蓝鲸计划第{number}部分第{at}项的预算为 {at}.5 亿元。" for at in range(16))
        (folder / f"文{number}.txt").write_text(text, encoding="utf-8")
    assert main(["add", "--collection", "there", "--ray", "local", str(folder)]) == 0
    assert "3 added" in capsys.readouterr().out
    with (
        Assistant(replace(use_own_home.settings, collections=("there",))) as added,
        Assistant(replace(use_own_home.settings, collections=("own",))) as own,
    ):
        own.add(folder)
        assert [entry.id for entry in added.catalog()] == [entry.id for entry in own.catalog()]
        assert len(added.catalog()) == 3
        answers = [one.ask("蓝鲸计划第1部分第7项的预算是多少？").text for one in (added, own)]
        assert answers[0] == answers[1]
        ids = [hit.passage.id for hit in own.search("蓝鲸计划的预算")]
        assert len(ids) >= 3
        np.testing.assert_allclose(added.store.vectors(ids), own.store.vectors(ids), atol=2e-6)
        theirs, ours = added.store.sentence_states(ids), own.store.sentence_states(ids)
        for id_ in ids:
            assert theirs[id_].lengths == ours[id_].lengths
            assert sum(ours[id_].lengths) > 0
            # They are stored as signed bytes with a scale: a last digit may round the other way.
            np.testing.assert_allclose(theirs[id_].rows, ours[id_].rows, atol=1)
            np.testing.assert_allclose(theirs[id_].scales, ours[id_].scales, rtol=1e-3)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nowhere.invalid:6379", "somewhere"])
def test_a_cluster_that_is_not_there_is_one_sentence(home: Home, tmp_path: Path, address: str) -> None:
    """In a process of its own, in which no Ray runs."""
    (tmp_path / "a.txt").write_text("一句话。", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "assistant.cli", "add", "--ray", address, str(tmp_path / "a.txt")],
        env={**os.environ, **home.environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"no Ray cluster at {address}: " in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_without_the_package_the_extra_is_named(
    use_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text("一句话。", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["add", "--ray", "local", str(tmp_path / "a.txt")]) == 2
    assert "wenju[ray]" in capsys.readouterr().err
