"""What ``wenju eval crashes`` measures, and how it is shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from evals.crashes.kill import Survived, fill_often, kill_often


@dataclass(frozen=True, slots=True)
class Crashes:
    """What was left after every crash.

    Attributes:
        kills: After processes that were killed with SIGKILL.
        full: After processes that had no room to write.
        seed: What gave the changes and the moments.
    """

    kills: Survived
    full: Survived
    seed: int

    @property
    def failures(self) -> list[str]:
        """One sentence for everything that was not as promised."""
        return [*self.kills.problems, *self.full.problems]


def measure_crashes(kills: int, fillings: int, seed: int, tell: Callable[[int, int], None]) -> Crashes:
    """Kill processes, and let others run out of room, in a temporary folder."""
    total = kills + fillings
    with TemporaryDirectory(prefix="wenju-") as folder:
        killed = kill_often(Path(folder) / "killed", kills, seed, lambda done, _: tell(done, total))
        full = fill_often(Path(folder) / "full", fillings, seed, lambda done, _: tell(kills + done, total))
    return Crashes(killed, full, seed)


def print_crashes(measured: Crashes, *, as_json: bool) -> None:
    """Print what was measured."""
    if as_json:
        print(json.dumps({**asdict(measured), "failures": measured.failures}, ensure_ascii=False))
        return
    for what, survived in (("killed", measured.kills), ("without room", measured.full)):
        print(f"{survived.ends} processes {what} (seed {measured.seed})")
        print(f"  during      {_counts(survived.during)}")
        print(f"  state left  {_counts(survived.found)}")
        print(f"  problems    {len(survived.problems)}")
        for said, count in survived.complaints.most_common():
            print(f"  said {count:>3}    {said}")
    for failure in measured.failures:
        print(failure)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())
