"""Take the pictures of the READMEs: `make screenshots`. Two servers of this machine: the shipped article, and a script.

The scripted one shows what only happens with a chat model, such as a dropped sentence, the same way each time.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from assistant.assistant import Assistant
from assistant.conversations import Conversations
from assistant.settings import Settings
from assistant.web import open_page
from tests.browser.conftest import CHROMIUM, FLAGS, PHONE, Tab
from tests.scripted_backend import GOOD, ScriptedBackend

ZH, EN = "2015年底，哪三个城市开始了新型智慧城市试点？", "Which provinces have the most top 100 digital cities?"
REFUSED_ZH, REFUSED_EN = "深圳市市长是谁？", "Who is the mayor of Shenzhen?"
DROPPED_ZH, DROPPED_EN = "哪些城市试点，规模多大？", "Which cities were named, and how large was it?"


def shoot(tab: Tab, folder: Path, name: str) -> None:
    tab.page.wait_for_timeout(2000)
    tab.page.screenshot(path=folder / f"{name}.png")
    tab.context.close()
    print(folder / f"{name}.png", flush=True)


def cited(browser: Any, address: str, question: str, marker: int = 0, **options: Any) -> Tab:
    tab = Tab(browser, address, **options)
    tab.ask(question)
    tab.answers().locator(".wj-marker").nth(marker).click()
    tab.mark.wait_for()
    return tab


def refused(browser: Any, address: str, question: str, **options: Any) -> Tab:
    tab = Tab(browser, address, **options)
    tab.ask(question)
    tab.answers().locator(".wj-passages").wait_for()
    return tab


def dropped(browser: Any, address: str, question: str, **options: Any) -> Tab:
    tab = Tab(browser, address, **options)
    tab.ask(question)
    tab.answers().locator(".wj-left-out summary").click()
    return tab


def main(folder: Path) -> None:
    """Take all pictures.

    Args:
        folder: Where they are put.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scripted = ScriptedBackend(pause=0.02)
    scripted.records = {GOOD.id: GOOD}
    with tempfile.TemporaryDirectory() as place, Assistant(Settings.from_environment(llm="none")) as assistant:
        assistant.warm_up()
        kept = [Conversations(Path(place) / name) for name in ("a.db", "b.db")]
        pages = [open_page(backend, one, port=0) for backend, one in zip((assistant, scripted), kept, strict=True)]
        (_, real), (_, script) = pages
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            phone: dict[str, Any] = {"viewport": PHONE, "device_scale_factor": 2}
            shoot(cited(browser, real, ZH), folder, "citation-zh-light")
            shoot(cited(browser, real, EN, locale="en-GB"), folder, "citation-en-light")
            shoot(cited(browser, real, EN, locale="en-GB", color_scheme="dark"), folder, "citation-en-dark")
            shoot(cited(browser, real, ZH, **phone), folder, "citation-zh-phone")
            shoot(
                cited(browser, real, EN, locale="en-GB", color_scheme="dark", **phone), folder, "citation-en-dark-phone"
            )
            shoot(refused(browser, real, REFUSED_ZH, color_scheme="dark"), folder, "refusal-zh-dark")
            shoot(refused(browser, real, REFUSED_EN, locale="en-GB"), folder, "refusal-en-light")
            shoot(refused(browser, real, REFUSED_EN, locale="en-GB", **phone), folder, "refusal-en-phone")
            tab = dropped(browser, script, DROPPED_EN, locale="en-GB")
            tab.left(2)
            shoot(tab, folder, "dropped-en-light")
            shoot(dropped(browser, script, DROPPED_ZH, color_scheme="dark"), folder, "dropped-zh-dark")
            shoot(dropped(browser, script, DROPPED_ZH, **phone), folder, "dropped-zh-phone")
            browser.close()
        for page, _ in pages:
            page.close(verbose=False)
        for one in kept:
            one.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
