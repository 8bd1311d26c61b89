"""Measure the page on this machine: `python -m tests.browser.times`. A warm server in a process of its own.

First paint and quotes are measured in a real Chromium, many users as the requests that a browser sends for them. The
exit code is 1 if a limit is missed or an answer failed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

from assistant.conversations import Conversations
from assistant.web.visitors import COOKIE
from evals.cases import load_suite, spread
from tests.browser.conftest import CHROMIUM, FLAGS, Tab

FIRST_PAINT, QUOTES, CROWD = 2.5, 0.5, 1.5
"""Seconds that each may take; for many users that is the 95th percentile."""

TABS = 5
"""How often first paint and quotes are measured."""

LONG = "请逐条详细列出文章里提到的所有城市、技术和问题，并说明每一条的内容。"
"""A question that keeps a chat model writing."""

_WATCH = """() => {
  window.wjTook = new Promise(done => document.addEventListener("keydown", () => {
    const began = performance.now();
    const look = () => document.querySelector("#wj-source .wj-quote")
      ? done(performance.now() - began) : requestAnimationFrame(look);
    look();
  }, {capture: true, once: true}));
}"""
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one user's question.

    Attributes:
        seconds: From sending it to the checked answer.
        failed: What went wrong, "" if nothing did.
    """

    seconds: float
    failed: str = ""


def serve(llm: str, path: Path, told: Connection) -> None:
    """Serve the page from this process until it is ended, and tell its address once the models are loaded."""
    from assistant.assistant import Assistant
    from assistant.settings import Settings
    from assistant.web import open_page

    assistant = Assistant(Settings.from_environment(llm=llm))
    assistant.warm_up()
    page, address = open_page(assistant, Conversations(path), port=0)
    told.send(address)
    page.server.thread.join()


@contextmanager
def serving(llm: str, path: Path) -> Iterator[str]:
    """Serve the page in another process and give its address."""
    context = multiprocessing.get_context("spawn")
    told, tells = context.Pipe(duplex=False)
    process = context.Process(target=serve, args=(llm, path, tells), daemon=True)
    process.start()
    tells.close()
    try:
        yield str(told.recv())
    finally:
        process.terminate()
        process.join()


class User:
    """Asks one question as the page's script does.

    Args:
        address: Of the page.
        visitor: The random id that a browser would have, 32 characters.
    """

    def __init__(self, address: str, visitor: str) -> None:
        self.client = httpx.Client(base_url=address, trust_env=False, timeout=600, cookies={COOKIE: visitor})
        config = self.client.get("/config").json()
        box = next(one["id"] for one in config["components"] if "wj-box" in one["props"].get("elem_classes", ()))
        ask = next(one["id"] for one in config["dependencies"] if [box, "submit"] in one["targets"])
        self.sent = {"fn_index": ask, "trigger_id": box, "event_data": None, "session_hash": visitor}

    def ask(self, question: str, writing: threading.Event | None = None) -> Asked:
        """Ask, once, and wait for the checked answer; `writing` is set when a chat model's words come."""
        with closing(self.client):
            return self._asked(question, writing)

    def _asked(self, question: str, writing: threading.Event | None) -> Asked:
        began = time.perf_counter()
        asked = self.client.post("/gradio_api/queue/join", json=self.sent | {"data": [question, None]})
        if asked.status_code != 200:
            return Asked(time.perf_counter() - began, f"HTTP {asked.status_code}")
        shown = ""
        way = {"session_hash": self.sent["session_hash"]}
        with self.client.stream("GET", "/gradio_api/queue/data", params=way) as events:
            for line in events.iter_lines():
                told = json.loads(line[5:]) if line.startswith("data:") else {"msg": ""}
                shown += json.dumps(told.get("output", ""))
                if writing is not None and "wj-draft" in shown:
                    writing.set()
                if told["msg"] in {"process_completed", "unexpected_error"}:
                    good = bool(told.get("success")) and "wj-answer" in shown and "wj-failure" not in shown
                    return Asked(time.perf_counter() - began, "" if good else line[:300])
        return Asked(time.perf_counter() - began, "the events ended early")


def in_browser(address: str, questions: Sequence[str]) -> tuple[list[float], list[float]]:
    """Return the seconds to the first paint and from Enter to the quotes, each in a browser without a cache."""
    painted, quoted = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        Tab(browser, address).context.close()  # the first one warms the server
        for question in questions:
            tab = Tab(browser, address)
            painted.append(tab.page.evaluate(_PAINT) / 1000)
            tab.page.evaluate(_WATCH)
            tab.ask(question)
            quoted.append(tab.page.evaluate("window.wjTook") / 1000)
            tab.context.close()
        browser.close()
    return painted, quoted


def at_once(users: Sequence[User], questions: Sequence[str]) -> list[Asked]:
    """Let every user ask one question at the same moment."""
    start = threading.Barrier(len(users))

    def ask(user: User, question: str) -> Asked:
        start.wait()
        return user.ask(question)

    with ThreadPoolExecutor(len(users)) as pool:
        return list(pool.map(ask, users, questions))


def told(name: str, seconds: Sequence[float], limit: float, *, worst: bool) -> bool:
    """Print what was measured; return whether the worst, or else the 95th percentile, keeps within the limit."""
    ordered = sorted(seconds)
    value = ordered[-1] if worst else ordered[-(-95 * len(ordered) // 100) - 1]
    which = "slowest" if worst else "p95"
    median = statistics.median(ordered)
    mark = "ok" if value <= limit else "TOO SLOW"
    print(f"{name:48} median {median:5.2f} s, {which} {value:5.2f} s of {limit} s  {mark}", flush=True)
    return value <= limit


def measure(llm: str, count: int) -> bool:
    """Measure and print everything; return whether all is within the limits.

    Args:
        llm: ``"none"``, or ``"local"`` to let that model write a long answer while many ask.
        count: How many users ask at the same time.
    """
    cases = [case for case in load_suite("facts").cases if case.kind == "fact"]
    questions = [case.question for case in spread(cases, TABS + count)]
    visitors = [f"measured-{at:023}" for at in range(count + 1)]
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "c.db"
        kept = Conversations(path)
        for visitor in visitors[:-1]:
            kept.choose(f"browser:{visitor}", {"reader": "quotes"})
        kept.close()
        with serving(llm, path) as address:
            painted, quoted = in_browser(address, questions[:TABS])
            *users, writer = [User(address, visitor) for visitor in visitors]
            good = told("first paint", painted, FIRST_PAINT, worst=True)
            good &= told("quotes after Enter", quoted, QUOTES, worst=True)
            with ThreadPoolExecutor(1) as pool:
                writing = threading.Event()
                long_one: Any = pool.submit(writer.ask, LONG, writing) if llm != "none" else None
                if long_one:
                    writing.wait(300)
                answers = at_once(users, questions[TABS:])
                beside = long_one is not None and not long_one.done()
                if long_one:
                    good &= beside
                    print("a local answer was being written all the while" if beside else "NO LOCAL ANSWER WENT ON")
    name = f"{count} users at once, to the checked answer"
    good &= told(name, [one.seconds for one in answers], CROWD, worst=False)
    failed = [one.failed for one in answers if one.failed]
    print(f"failed: {len(failed)}", *failed, sep="\n")
    return good and not failed


def main() -> int:
    """Measure; the exit code is 1 if a limit is missed or an answer failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llm", choices=["none", "local"], default="none", help="who writes a long answer meanwhile")
    parser.add_argument("--users", type=int, default=20, help="how many ask at the same time")
    options = parser.parse_args()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{os.cpu_count()} cores{load}, llm {options.llm}", flush=True)
    return 0 if measure(options.llm, options.users) else 1


if __name__ == "__main__":
    sys.exit(main())
