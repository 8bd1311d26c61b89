"""The page in a real Chromium: a server with a scripted backend, and tabs that keep what they asked for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.conversations import Conversations
from tests.scripted_backend import ScriptedBackend

sync_api = pytest.importorskip("playwright.sync_api")
sync_api.expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong

CHROMIUM = os.environ.get("WENJU_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        item.add_marker(pytest.mark.skipif(CHROMIUM is None, reason="no Chromium; name one in WENJU_CHROMIUM"))
        # Gradio makes event loops that it never closes, and uses an option that pandas is about to drop.
        for warning in (
            "ignore::ResourceWarning",
            "ignore::pytest.PytestUnraisableExceptionWarning",
            "ignore:.*no_silent_downcasting",
            "ignore:The copy keyword is deprecated",
        ):
            item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def backend() -> ScriptedBackend:
    return ScriptedBackend(pause=0.02)


class Served:
    """The page, which can be started again with the same conversations."""

    def __init__(self, backend: ScriptedBackend, path: Path) -> None:
        self.backend = backend
        self.path = path
        self.start(0)

    def start(self, port: int) -> None:
        from assistant.web import open_page

        self.kept = Conversations(self.path)
        self.page, self.address = open_page(self.backend, self.kept, port=port)

    def stop(self) -> None:
        self.page.close(verbose=False)
        self.kept.close()


@pytest.fixture(scope="module")
def served(backend: ScriptedBackend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    opened = Served(backend, tmp_path_factory.mktemp("served") / "c.db")
    yield opened
    opened.stop()


class Tab:
    """The page in a browser of its own; keeps every address it asked for and every error."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.context = browser.new_context(**{"locale": "zh-CN", "viewport": {"width": 1360, "height": 820}} | options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.address = address
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        self.page.goto(address)
        self.box = self.page.locator(".wj-box textarea")
        self.mark = self.page.locator("#wj-source mark.wj-now")
        self.ready()
        self.page.locator(".wj-chat .example").first.wait_for()

    def ready(self) -> None:
        self.box.wait_for()
        self.page.locator("#wj-chats .wj-hold > *").first.wait_for(state="attached")

    def reload(self) -> None:
        self.page.reload()
        self.ready()

    def ask(self, question: str) -> None:
        self.box.fill(question)
        self.box.press("Enter")

    def answers(self, count: int = 1) -> Any:
        found = self.page.locator(".wj-answer")
        sync_api.expect(found).to_have_count(count, timeout=30_000)
        return found.last

    def questions(self) -> list[str]:
        return [str(words) for words in self.page.locator(".wj-question").all_inner_texts()]

    def chats(self) -> Any:
        return self.page.locator("#wj-chats .wj-open")

    def menu(self, action: str) -> None:
        self.page.locator("#wj-chats summary").first.click()
        self.page.locator(f"#wj-chats .wj-menu button[name={action}]").first.click()

    def dialog(self, words: str | None = None) -> None:
        if words is not None:
            self.page.locator(".wj-dialog :is(input, textarea)").fill(words)
        self.page.locator(".wj-dialog .wj-yes").click()
        sync_api.expect(self.page.locator(".wj-dialog")).to_have_count(0)

    def left(self, at: int) -> None:
        self.page.locator(".wj-tabs .tab-container:not(.visually-hidden) button").nth(at).click()

    def check(self) -> None:
        """Nothing was asked of another host, and nothing went wrong."""
        hosts = {url.split("/")[2] for url in self.asked if url.startswith(("http", "ws"))}
        assert hosts == {self.address.split("/")[2]}
        assert self.errors == []


Opener = Callable[..., Tab]


@pytest.fixture
def open_tab(chromium: Any, served: Served) -> Iterator[Opener]:
    """Return a tab of a new browser; each is checked at the end."""
    opened: list[Tab] = []

    def open_(**options: Any) -> Tab:
        opened.append(Tab(chromium, served.address, **options))
        return opened[-1]

    yield open_
    for tab in opened:
        tab.context.close()
    for tab in opened:
        tab.check()


@pytest.fixture
def tab(open_tab: Opener, backend: ScriptedBackend) -> Tab:
    opened = open_tab()
    backend.asked.clear()
    return opened
