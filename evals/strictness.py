"""What each strictness of the refusal costs: the figures that the page shows beside the choice.

Every question of the held-out suite is searched once, without a chat model, and it is counted at each threshold how
many with an answer are refused and how many without one are answered. Only these sums are looked at.

    python -m evals.strictness
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import assistant.web
from assistant.web.choices import STRICTNESS
from evals.cases import load_suite

SUITE = "facts_heldout"


def measure(suite: str = SUITE) -> dict[str, Any]:
    """Return the costs at each threshold, in whole percent.

    Args:
        suite: Name of the suite; its questions without a history are asked.
    """
    from assistant.assistant import Assistant
    from assistant.condense import condense
    from assistant.select import select
    from assistant.settings import Settings
    from assistant.types import Turn

    answered: dict[tuple[bool, str], list[bool]] = {}
    with Assistant(Settings.from_environment(llm="none", reproducible=True)) as asked:
        for case in load_suite(suite).cases:
            if case.kind not in {"fact", "unanswerable"}:
                continue
            question = condense(Turn(case.question))
            result = asked.chain.retrieve(question)
            for name, threshold in STRICTNESS.items():
                found = select(question, result, asked.reader, limit=asked.settings.sentences, threshold=threshold)
                answered.setdefault((case.answerable, name), []).append(not found.refusal)
    levels = {
        name: {
            "lost": _percent([not one for one in answered[True, name]]),
            "wrong": _percent(answered[False, name]),
        }
        for name in STRICTNESS
    }
    first = next(iter(STRICTNESS))
    return {
        "command": "python -m evals.strictness",
        "suite": suite,
        "date": date.today().isoformat(),
        "questions": {"answerable": len(answered[True, first]), "unanswerable": len(answered[False, first])},
        "levels": levels,
    }


def _percent(hits: list[bool]) -> int:
    return round(100 * sum(hits) / len(hits))


def main() -> None:
    """Measure, and write the file that the page reads."""
    place = Path(assistant.web.__file__).with_name("strictness.json")
    place.write_text(json.dumps(measure(), indent=2) + "\n", encoding="utf-8")
    print(place.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
