"""The chat page in a real Chromium: what a person sees, types and clicks, and that nothing leaves the machine."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.web.texts import EXAMPLES, text
from tests.scripted_backend import HOSTILE, PILOTS, SIZE, ScriptedBackend

sync_api = pytest.importorskip("playwright.sync_api")

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

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium; name one in WENJU_CHROMIUM"),
    # Gradio makes event loops that it never closes, and uses an option that pandas is about to drop.
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning",
        "ignore::pytest.PytestUnraisableExceptionWarning",
        "ignore:.*no_silent_downcasting",
    ),
]


@pytest.fixture(scope="module")
def backend() -> ScriptedBackend:
    return ScriptedBackend(pause=0.02)


@pytest.fixture(scope="module")
def address(backend: ScriptedBackend) -> Iterator[str]:
    from assistant.web import open_page

    page, found = open_page(backend, port=0)
    yield found
    page.close(verbose=False)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


class Tab:
    """The page in a browser session of its own; keeps every address it asked for and every error."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.context = browser.new_context(**{"locale": "zh-CN", "viewport": {"width": 1280, "height": 800}} | options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        self.page.goto(address)
        self.box = self.page.locator(".wj-box textarea")
        self.box.wait_for()
        self.page.locator(".wj-chat .example").first.wait_for()

    def ask(self, question: str) -> None:
        self.box.fill(question)
        self.box.press("Enter")

    def answers(self, count: int = 1) -> Any:
        found = self.page.locator(".wj-answer")
        sync_api.expect(found).to_have_count(count)
        return found.last

    def questions(self) -> list[str]:
        return [str(words) for words in self.page.locator(".wj-question").all_inner_texts()]


@pytest.fixture
def tab(chromium: Any, address: str, backend: ScriptedBackend) -> Iterator[Tab]:
    opened = Tab(chromium, address)
    backend.asked.clear()
    yield opened
    opened.context.close()
    assert {url.split("/")[2] for url in opened.asked if url.startswith(("http", "ws"))} == {address.split("/")[2]}
    assert opened.errors == []


def test_a_click_on_a_marker_shows_the_document_with_exactly_that_sentence_marked_and_in_view(tab: Tab) -> None:
    tab.ask("规模和试点？")
    answer = tab.answers()
    for number, quote in enumerate((PILOTS, SIZE)):
        answer.locator(".wj-marker").nth(number).click()
        mark = tab.page.locator("#wj-source mark")
        sync_api.expect(mark).to_have_text(quote)
        sync_api.expect(mark).to_have_count(1)
        sync_api.expect(mark).to_be_in_viewport(ratio=1)
    assert tab.page.locator("#wj-source .wj-title").inner_text() == "新时期的建设"
    tab.page.locator("#wj-source .wj-text").evaluate("e => { e.scrollTop = 0 }")
    sync_api.expect(tab.page.locator("#wj-source mark")).not_to_be_in_viewport()
    answer.locator(".wj-marker").nth(1).click()  # the same one again scrolls back
    sync_api.expect(tab.page.locator("#wj-source mark")).to_be_in_viewport(ratio=1)
    assert "#" not in tab.page.url


def test_a_citation_can_be_opened_from_the_keyboard(tab: Tab) -> None:
    tab.ask("规模和试点？")
    tab.answers().locator(".wj-marker").first.focus()
    tab.page.keyboard.press("Enter")
    sync_api.expect(tab.page.locator("#wj-source mark")).to_have_text(PILOTS)


def test_evidence_is_seen_before_the_draft_and_the_draft_gives_way(tab: Tab) -> None:
    tab.ask("规模和试点？")
    tab.page.locator(".wj-evidence").wait_for()
    tab.page.locator(".wj-draft").wait_for()
    tab.answers()
    assert tab.page.locator(".wj-draft, .wj-evidence").count() == 0


def test_hostile_words_are_shown_as_words_in_chat_and_source(tab: Tab) -> None:
    tab.ask(f"evil {HOSTILE}")
    answer = tab.answers()
    assert HOSTILE in answer.inner_text()
    assert tab.questions() == [f"evil {HOSTILE}"]
    for number in (0, 1):
        answer.locator(".wj-marker").nth(number).click()
        sync_api.expect(tab.page.locator("#wj-source mark")).to_have_text(HOSTILE)
    assert tab.page.evaluate("window.hacked") is None
    assert tab.page.locator(".wj-chat :is(img, script, strong, code), #wj-source :is(img, script, strong)").count() == 0
    assert tab.page.locator("a[href^='javascript'], a[href*='evil.example']").count() == 0


def test_enter_sends_and_shift_enter_breaks_the_line(tab: Tab, backend: ScriptedBackend) -> None:
    tab.box.fill("规模")
    tab.box.press("Shift+Enter")
    tab.box.press_sequentially("试点")
    assert tab.box.input_value() == "规模\n试点"
    assert backend.asked == []
    tab.box.press("Enter")
    tab.answers()
    assert backend.asked[0][0] == "规模\n试点"
    assert tab.box.input_value() == ""


def test_an_enter_that_ends_a_composition_does_not_send(tab: Tab, backend: ScriptedBackend) -> None:
    tab.box.fill("规模")
    tab.box.focus()
    devtools = tab.context.new_cdp_session(tab.page)
    devtools.send("Input.imeSetComposition", {"text": "shi dian", "selectionStart": 8, "selectionEnd": 8})
    for kind in ("rawKeyDown", "char", "keyUp"):
        devtools.send(
            "Input.dispatchKeyEvent", {"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
        )
    devtools.send("Input.insertText", {"text": "试点"})
    # Safari: the composition is over, but the key code still says that an input method took the key.
    tab.box.evaluate(
        """e => { const told = {key: "Enter", bubbles: true, cancelable: true};
        e.dispatchEvent(new KeyboardEvent("keydown", {...told, keyCode: 229}));
        e.dispatchEvent(new KeyboardEvent("keypress", {...told, keyCode: 13})); }"""
    )
    # Chrome and Firefox: the key event itself says that a composition goes on.
    tab.box.evaluate(
        """e => { const told = {key: "Enter", bubbles: true, cancelable: true, isComposing: true};
        e.dispatchEvent(new KeyboardEvent("keydown", told)); e.dispatchEvent(new KeyboardEvent("keypress", told)); }"""
    )
    tab.page.wait_for_timeout(500)
    assert backend.asked == []
    assert "试点" in tab.box.input_value()
    tab.box.press("Enter")
    tab.answers()
    assert len(backend.asked) == 1


def test_an_empty_question_does_nothing(tab: Tab, backend: ScriptedBackend) -> None:
    tab.ask("   ")
    tab.page.wait_for_timeout(500)
    assert backend.asked == []
    assert tab.questions() == []


def test_stop_ends_the_model_and_the_page_goes_on(tab: Tab, backend: ScriptedBackend) -> None:
    closed = backend.closed
    tab.ask("停不下来")
    tab.page.locator(".wj-draft").wait_for()
    tab.box.press_sequentially("接着写")  # what is typed meanwhile stays
    tab.page.locator(".wj-box .stop-button").click()
    tab.page.get_by_text(text("stopped", "zh")).wait_for()
    written = backend.written
    tab.page.wait_for_timeout(500)
    assert backend.closed == closed + 1
    assert backend.written == written
    assert tab.page.locator(".wj-draft").count() == 0
    assert PILOTS in tab.page.locator(".wj-evidence").inner_text()
    assert tab.box.input_value() == "接着写"
    tab.ask("规模？")
    tab.answers()
    assert [question for question, _ in backend.asked] == ["停不下来", "规模？"]
    assert backend.asked[1][1] == ()


def test_a_second_question_waits_until_the_first_is_answered(tab: Tab, backend: ScriptedBackend) -> None:
    tab.page.locator(".wj-chat .example").first.click()
    tab.page.locator(".wj-draft").wait_for()
    tab.ask("等一等")
    tab.answers()
    assert len(backend.asked) == 1
    assert tab.box.input_value() == "等一等"


def test_closing_the_tab_stops_the_model(chromium: Any, address: str, backend: ScriptedBackend) -> None:
    closed = backend.closed
    left = Tab(chromium, address)
    left.ask("停不下来")
    left.page.locator(".wj-draft").wait_for()
    left.context.close()
    waiting = threading.Event()
    for _ in range(150):
        if backend.closed == closed + 1:
            break
        waiting.wait(0.2)
    assert backend.closed == closed + 1


def test_a_new_conversation_forgets_everything(tab: Tab, backend: ScriptedBackend) -> None:
    tab.ask("规模？")
    tab.answers().locator(".wj-marker").first.click()
    tab.page.locator("#wj-source mark").wait_for()
    tab.ask("停")
    tab.page.locator(".wj-draft").wait_for()
    tab.page.locator(".wj-fresh").click()
    sync_api.expect(tab.page.locator(".wj-question")).to_have_count(0)
    sync_api.expect(tab.page.locator(".wj-chat .example")).to_have_count(len(EXAMPLES))
    sync_api.expect(tab.page.locator("#wj-source mark")).to_have_count(0)
    tab.ask("试点？")
    tab.answers()
    assert backend.asked[-1] == ("试点？", ())


def test_two_sessions_share_nothing(tab: Tab, chromium: Any, address: str, backend: ScriptedBackend) -> None:
    tab.ask("规模？")
    tab.answers()
    other = Tab(chromium, address)
    assert other.questions() == []
    other.ask("How large?")
    other.answers()
    assert backend.asked[-1] == ("How large?", ())
    assert tab.questions() == ["规模？"]
    other.context.close()


def test_a_refusal_unfolds_to_the_nearest_passages(tab: Tab) -> None:
    tab.ask("市长是谁？有没有")
    answer = tab.answers()
    assert not answer.locator(".wj-passages").is_visible()
    answer.locator(".wj-nearest summary").click()
    answer.locator(".wj-passages .wj-quote").first.click()
    sync_api.expect(tab.page.locator("#wj-source mark")).to_have_text(PILOTS)


def test_an_error_is_shown_and_the_next_question_answered(tab: Tab) -> None:
    tab.ask("error")
    tab.page.locator(".wj-failure").wait_for()
    assert "Traceback" not in tab.page.content()
    tab.ask("规模？")
    tab.answers()


@pytest.mark.parametrize(("locale", "language"), [("zh-CN", "zh"), ("zh-TW", "zh"), ("en-GB", "en"), ("fr-FR", "en")])
def test_the_interface_speaks_the_browsers_language(chromium: Any, address: str, locale: str, language: Any) -> None:
    tab = Tab(chromium, address, locale=locale)
    assert tab.box.get_attribute("placeholder") == text("ask_here", language)
    assert tab.page.locator(".wj-fresh").inner_text() == text("new_conversation", language)
    assert tab.page.locator(".wj-name p").inner_text() == text("tagline", language)
    assert tab.page.locator(".wj-box .submit-button").get_attribute("aria-label") == text("send", language)
    assert tab.page.evaluate("document.documentElement.lang") == ("zh-CN" if language == "zh" else "en")
    tab.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_system(chromium: Any, address: str, scheme: Any) -> None:
    tab = Tab(chromium, address, color_scheme=scheme)
    colour = tab.page.evaluate("getComputedStyle(document.querySelector('.wj-box')).backgroundColor")
    assert (max(int(part) for part in colour[4:-1].split(",")) < 64) == (scheme == "dark")
    tab.context.close()


def test_on_a_phone_the_source_comes_up_as_a_sheet_and_goes_again(chromium: Any, address: str) -> None:
    tab = Tab(chromium, address, viewport=PHONE)
    sheet = tab.page.locator(".wj-right")
    assert not sheet.is_visible()
    sync_api.expect(tab.box).to_be_in_viewport(ratio=1)
    tab.ask("规模和试点？")
    tab.answers().locator(".wj-marker").first.click()
    mark = tab.page.locator("#wj-source mark")
    sync_api.expect(mark).to_have_text(PILOTS)
    sync_api.expect(mark).to_be_in_viewport(ratio=1)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tab.page.locator(".wj-close").click()
    sync_api.expect(sheet).to_be_hidden()
    tab.answers().locator(".wj-marker").last.click()
    sync_api.expect(sheet).to_be_visible()
    tab.page.keyboard.press("Escape")
    sync_api.expect(sheet).to_be_hidden()
    tab.context.close()
