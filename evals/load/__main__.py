"""Measure `wenju serve --llm none`, started for it, and print one line of JSON for each measurement."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from evals.load.batching import batching
from evals.load.clients import ask_for, questions
from evals.load.cut import cut_off
from evals.load.overload import overload
from evals.load.service import OURS, served

WITHOUT_CACHE = "WENJU_ANSWER_CACHE=0"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m evals.load", description=__doc__)
    parser.add_argument("--set", action="append", default=[], metavar="'NAME=VALUE …'",
                        help="variables of the service; given again, another service is measured after it")  # fmt: skip
    kinds = parser.add_subparsers(dest="kind", required=True)
    many = kinds.add_parser("clients", help="answers a second and time to an answer, alone and with many clients")
    many.add_argument("--clients", type=int, nargs="+", default=[1, 50])
    many.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    many.add_argument("--rounds", type=int, default=1, help="how often all services are measured in turn")
    many.add_argument("--against", type=Path, action="append", default=[], help="another checkout, measured as well")
    many.add_argument("--repeated", type=int, help="so many questions again and again, with the cache")
    many.set_defaults(run=_many)
    much = kinds.add_parser("overload", help="more questions than can be answered, for some minutes")
    much.add_argument("--offered", type=float, required=True, help="questions a second")
    much.add_argument("--seconds", type=int, default=300)
    much.add_argument("--locust", default="locust", help="the command, if it is in an environment of its own")
    much.set_defaults(run=_overload)
    cut = kinds.add_parser("cut", help="clients that go away in mid-answer")
    cut.add_argument("--clients", type=int, default=20)
    cut.add_argument("--seconds", type=float, default=60.0)
    cut.set_defaults(run=_cut)
    alone = kinds.add_parser("batching", help="questions that are embedded together")
    alone.set_defaults(run=lambda *_: batching())
    options = parser.parse_args()
    for line in options.run(options, [tuple(one.split()) for one in options.set] or [()]):
        print(json.dumps(line, ensure_ascii=False), flush=True)


def _many(options: argparse.Namespace, settings: list[tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    every = questions()
    for code in (OURS, *options.against) * options.rounds:
        for own in settings:
            with served(own if options.repeated else (WITHOUT_CACHE, *own), code.resolve()) as service:
                for clients in options.clients:
                    asked = cycle(every[: options.repeated] if options.repeated else every)
                    measured = asyncio.run(ask_for(service, asked, clients, options.seconds))
                    yield {"code": code.resolve().name, "set": own, **measured.figures(),
                           "statuses": measured.statuses(), "megabytes": service.megabytes}  # fmt: skip


def _overload(options: argparse.Namespace, settings: list[tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    for own in settings:
        with served((WITHOUT_CACHE, *own)) as service:
            yield {"set": own, **overload(service, options.offered, options.seconds, options.locust)}


def _cut(options: argparse.Namespace, settings: list[tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    for own in settings:
        with served((WITHOUT_CACHE, *own)) as service:
            yield {"set": own, **asyncio.run(cut_off(service, options.clients, options.seconds))}


if __name__ == "__main__":
    main()
