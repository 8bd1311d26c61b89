"""A process that adds, or one that asks, until its time is over; it says what it did, one JSON object a line."""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from assistant import Assistant
from assistant.errors import AssistantError
from evals.crowd.cheap import open_assistant
from evals.crowd.collection import (
    FACT_QUESTION,
    FACT_SAYS,
    FILES,
    SHARED,
    name_of,
    problems_of_answer,
    problems_of_documents,
    question_of,
    text_of,
    town_of,
)
from knowledge.errors import KnowledgeError


def _say(**said: object) -> None:
    print(json.dumps(said, ensure_ascii=False), flush=True)


def _write(path: Path, text: str) -> None:
    """Write a file in one step, as an editor does: nobody reads half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def add(assistant: Assistant, number: int, folder: Path, going_on: Callable[[], bool]) -> None:
    """Store new versions of a town's files, remove them now and then, and change the file of all."""
    town, chance = town_of(number), random.Random(number)
    paths = [folder / name_of(town, file) for file in range(FILES)]
    version = 0
    while going_on():
        version += 1
        for file, path in enumerate(paths):
            _write(path, text_of(town, file, version))
        report = assistant.add(paths)
        wrong = [f"{town} v{version} was {one.status}. {one.reason}" for one in report.having("unchanged", "skipped")]
        _say(did="stored", town=town, version=version, problems=wrong)
        if chance.random() < 0.25:
            assistant.remove(paths)
            _say(did="removed", town=town, version=None, problems=[])
        if chance.random() < 0.5:
            _write(folder / name_of(SHARED, 0), text_of(SHARED, 0, time.time_ns() // 1000))
            skipped = assistant.add(folder / name_of(SHARED, 0)).having("skipped")
            _say(did="shared", problems=[f"The shared file was skipped: {one.reason}" for one in skipped])


def ask(assistant: Assistant, number: int, writers: int, going_on: Callable[[], bool]) -> None:
    """Ask of the towns and of what never changes, and look through all documents now and then."""
    chance, newest = random.Random(number), dict[str, int]()
    asked = 0
    while going_on():
        asked += 1
        town = chance.choice([*map(town_of, range(writers)), SHARED])
        steady = chance.random() < 0.3
        started = time.perf_counter()
        question = FACT_QUESTION if steady else question_of(town, 0 if town == SHARED else chance.randrange(FILES))
        answer = assistant.ask(question)
        seconds = time.perf_counter() - started
        lines, problems = problems_of_answer(answer)
        if steady and (answer.refused or FACT_SAYS not in answer.text):
            problems.append(f"The question that never changes was answered: {answer.text}")
        if asked % 5 == 0:
            versions, wrong = problems_of_documents(assistant.documents())
            problems += wrong
            seen = {town: version for (town, _), version in versions.items() if town != SHARED}
        else:
            seen = {line.town: line.version for line in lines if line.town != SHARED}
        for town, version in seen.items():
            if version < newest.get(town, 0):
                problems.append(f"{town} was at v{newest[town]} and is at v{version}.")
            newest[town] = version
        _say(did="answered" if not answer.refused else "refused", seconds=seconds, problems=problems)


def main() -> None:
    """Get ready, say so, wait for a line on standard input, then add or ask for so many seconds."""
    parser = argparse.ArgumentParser(description=(main.__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("add", "ask"))
    parser.add_argument("number", type=int)
    parser.add_argument("writers", type=int)
    parser.add_argument("home", type=Path)
    parser.add_argument("files", type=Path)
    parser.add_argument("seconds", type=float)
    args = parser.parse_args()
    try:
        with open_assistant(args.home) as assistant:
            assistant.ask(FACT_QUESTION)
            _say(ready=True)
            sys.stdin.readline()
            end = time.monotonic() + args.seconds
            if args.what == "add":
                add(assistant, args.number, args.files, lambda: time.monotonic() < end)
            else:
                ask(assistant, args.number, args.writers, lambda: time.monotonic() < end)
    except (AssistantError, KnowledgeError) as error:
        _say(did="failed", problems=[f"{type(error).__name__}: {error.message}"])
    except Exception:
        _say(did="failed", problems=[traceback.format_exc()])


if __name__ == "__main__":
    main()
