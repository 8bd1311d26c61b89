"""What ``wenju eval rgb`` found, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from evals.rgb import RgbMeasured
from evals.stats import Interval


def print_rgb(found: Iterable[RgbMeasured], *, as_json: bool) -> int:
    """Print everything that was measured; return how many questions could not be scored at some share of noise."""
    every = list(found)
    unscored = sum(one.unscored for one in every if one.subset != "all")
    if as_json:
        print(json.dumps([_as_dict(one) for one in every], ensure_ascii=False, allow_nan=False, indent=1))
        return unscored
    from rich import box
    from rich.console import Console
    from rich.table import Table

    columns = ("set", "subset", "noise", "n", "not scored", "strict", "95 %", "refused", "95 %")
    table = Table(*columns, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for one in every:
        shown = [text for share in (one.strict, one.refused) for text in _shown(share, one.n)]
        table.add_row(one.set, one.subset, f"{one.noise:.1f}", str(one.n), str(one.unscored), *shown)
    Console().print(table)
    return unscored


def _as_dict(one: RgbMeasured) -> dict[str, Any]:
    names = ("set", "subset", "noise", "n", "unscored")
    shares = {
        name: {"value": share.estimate, "low": share.low, "high": share.high} if one.n else None
        for name, share in (("strict", one.strict), ("refused", one.refused))
    }
    return {**{name: getattr(one, name) for name in names}, **shares}


def _shown(share: Interval, n: int) -> tuple[str, str]:
    return (f"{share.estimate:.3f}", f"{share.low:.3f} to {share.high:.3f}") if n else ("–", "")
