"""Asking: what a person sees, types and clicks."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from assistant.web.texts import EXAMPLES, text
from tests.browser.conftest import PHONE, Opener, Served, Tab, sync_api
from tests.scripted_backend import DROPPED, PILOTS, SIZE, ScriptedBackend

expect = sync_api.expect


@pytest.mark.parametrize("question", ["规模和试点？", "How large, and where?"])
def test_every_marker_opens_its_document_with_exactly_its_sentence_marked_and_leads_back(
    tab: Tab, question: str
) -> None:
    tab.ask(question)
    answer = tab.answers()
    for number, quote in enumerate((PILOTS, SIZE)):
        answer.locator(".wj-marker").nth(number).click()
        expect(tab.mark).to_have_text(quote)
        expect(tab.mark).to_be_in_viewport(ratio=1)
        expect(tab.page.locator("#wj-source mark")).to_have_text([PILOTS, SIZE])
    assert tab.page.locator("#wj-source .wj-title").inner_text() == "新时期的建设"
    tab.page.locator("#wj-source mark").first.click()
    expect(answer.locator(".wj-claim").first).to_have_class("wj-claim wj-flash")
    expect(answer.locator(".wj-marker").first).to_be_focused()
    tab.page.locator("#wj-source .wj-text").evaluate("e => { e.scrollTop = 0 }")
    answer.locator(".wj-marker").nth(1).click()  # the same one again scrolls back
    expect(tab.mark).to_be_in_viewport(ratio=1)
    assert "#" not in tab.page.url
    tab.page.locator(".wj-to-quotes").click()
    tab.page.locator("#wj-source .wj-quote").nth(1).click()  # a quote in the source area opens it too
    expect(tab.mark).to_have_text(SIZE)


def test_evidence_is_in_the_source_area_before_the_draft_and_every_claim_gets_its_mark(tab: Tab) -> None:
    tab.ask("规模和试点，多？")
    tab.page.locator("#wj-source .wj-quote").first.wait_for()
    assert tab.page.locator(".wj-answer").count() == 0
    tab.page.locator(".wj-draft").wait_for()
    answer = tab.answers()
    assert tab.page.locator(".wj-draft").count() == 0
    marks = answer.locator(".wj-words .wj-mark").all_inner_texts()
    assert marks == [text("supported", "zh"), text("quoted_instead", "zh")]
    answer.locator(".wj-left-out summary").click()
    assert answer.locator(".wj-left-out s").inner_text() == DROPPED["zh"]


def test_a_refusal_says_so_and_shows_the_nearest_passages(tab: Tab) -> None:
    tab.ask("市长是谁？有没有")
    answer = tab.answers()
    assert text("nearest", "zh") in answer.inner_text()
    answer.locator(".wj-passages .wj-quote").first.click()
    expect(tab.mark).to_have_text(PILOTS)


def test_stop_retry_and_edit(tab: Tab, backend: ScriptedBackend) -> None:
    closed = backend.closed
    tab.ask("停不下来")
    tab.page.locator(".wj-draft").wait_for()
    tab.box.press_sequentially("接着写")  # what is typed meanwhile stays
    tab.box.press("Escape")
    tab.page.get_by_text(text("stopped", "zh")).wait_for()
    for _ in range(50):  # the page says so at once; the model stops with its next word
        if backend.closed > closed:
            break
        tab.page.wait_for_timeout(100)
    written = backend.written
    tab.page.wait_for_timeout(500)
    assert (backend.closed, backend.written) == (closed + 1, written)
    assert tab.page.locator(".wj-draft").count() == 0
    assert PILOTS in tab.page.locator(".wj-kept").inner_text()
    assert tab.box.input_value() == "接着写"
    tab.page.locator(".wj-do[name=edit]").click()
    tab.dialog("规模？")
    tab.answers()
    assert tab.questions() == ["规模？"]
    tab.page.locator(".wj-do[name=retry]").click()
    tab.page.locator(".wj-draft").wait_for()
    tab.answers()
    assert [question for question, _ in backend.asked] == ["停不下来", "规模？", "规模？"]
    assert all(history == () for _, history in backend.asked)
    assert tab.box.input_value() == "接着写"


def test_nothing_of_gradios_own_lies_over_the_conversation(tab: Tab) -> None:
    # On a busy machine a stopped question ends as an error to Gradio, which covers the whole conversation with it.
    tab.ask("规模？")
    tab.answers()
    trackers = tab.page.locator(".wj-chat [data-testid=status-tracker]")
    assert trackers.count() > 0
    trackers.evaluate_all("all => all.forEach(e => { e.classList.remove('hide'); e.textContent = '错误'; })")
    assert not any(tracker.is_visible() for tracker in trackers.all())
    tab.page.locator(".wj-do[name=retry]").click()


def test_enter_sends_shift_enter_breaks_the_line_and_an_empty_question_does_nothing(
    tab: Tab, backend: ScriptedBackend
) -> None:
    tab.ask("   ")
    tab.box.fill("规模")
    tab.box.press("Shift+Enter")
    tab.box.press_sequentially("试点")
    assert tab.box.input_value() == "规模\n试点"
    assert backend.asked == []
    tab.box.press("Enter")
    tab.answers()
    assert backend.asked[0][0] == "规模\n试点"
    assert tab.box.input_value() == ""


def test_what_stands_in_the_box_is_asked_however_fast_enter_follows(tab: Tab, backend: ScriptedBackend) -> None:
    tab.box.fill("规")
    # Both in one turn of the browser's loop: nothing that follows the box at a distance can know the last words.
    tab.box.evaluate(
        """e => { const own = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");
        const told = {key: "Enter", keyCode: 13, bubbles: true, cancelable: true};
        own.set.call(e, "规模有多大？"); e.dispatchEvent(new Event("input", {bubbles: true}));
        e.dispatchEvent(new KeyboardEvent("keydown", told)); e.dispatchEvent(new KeyboardEvent("keypress", told)); }"""
    )
    tab.answers()
    tab.box.press_sequentially("还有试点呢？")
    tab.page.locator(".wj-box .submit-button").click()
    tab.answers(2)
    assert [question for question, _ in backend.asked] == ["规模有多大？", "还有试点呢？"]
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
    tab.box.press("Enter")
    tab.answers()
    assert len(backend.asked) == 1


def test_a_second_question_waits_until_the_first_is_answered(tab: Tab, backend: ScriptedBackend) -> None:
    tab.page.locator(".wj-chat .example").first.click()
    tab.page.locator(".wj-draft").wait_for()
    tab.ask("等一等")
    tab.answers()
    assert [question for question, _ in backend.asked] == [EXAMPLES[0][1]]
    assert tab.box.input_value() == "等一等"


def test_who_waits_for_the_local_model_is_told_and_quotes_wait_for_nobody(
    open_tab: Opener, backend: ScriptedBackend
) -> None:
    local, waiting, quick = open_tab(), open_tab(), open_tab()
    for tab, reader in ((local, "local"), (waiting, "local"), (quick, "quotes")):
        tab.left(2)
        with tab.page.expect_response("**/component_server/"):
            tab.page.locator(f"input[name=reader][value={reader}]").check()
    local.ask("停不下来")
    local.page.locator(".wj-draft").wait_for()
    waiting.ask("规模？")
    waiting.page.get_by_text("前面还有 1 个").wait_for()
    waiting.page.locator("#wj-source .wj-quote").first.wait_for()
    quick.ask("规模？")
    quick.answers()
    assert waiting.page.locator(".wj-answer").count() == 0
    local.page.locator(".wj-box .stop-button").click()
    waiting.answers()


def test_closing_the_tab_stops_the_model(chromium: Any, served: Served, backend: ScriptedBackend) -> None:
    closed = backend.closed
    left = Tab(chromium, served.address)
    left.ask("停不下来")
    left.page.locator(".wj-draft").wait_for()
    left.context.close()
    waiting = threading.Event()
    for _ in range(150):
        if backend.closed == closed + 1:
            break
        waiting.wait(0.2)
    assert backend.closed == closed + 1


def test_an_error_is_shown_and_the_next_question_answered(tab: Tab) -> None:
    tab.ask("error")
    tab.page.locator(".wj-failure").wait_for()
    assert "Traceback" not in tab.page.content()
    tab.ask("规模？")
    tab.answers()


def test_everything_by_keyboard_alone(tab: Tab) -> None:
    tab.page.locator("body").click(position={"x": 5, "y": 400})
    tab.page.keyboard.press("/")
    expect(tab.box).to_be_focused()
    assert tab.box.input_value() == ""
    tab.page.keyboard.type("规模和试点？")
    tab.page.keyboard.press("Enter")
    tab.answers()
    tab.page.keyboard.press("Alt+2")
    expect(tab.mark).to_have_text(SIZE)
    tab.page.locator("#wj-source mark a").first.focus()
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".wj-marker").first).to_be_focused()
    tab.page.keyboard.press("Enter")
    expect(tab.mark).to_have_text(PILOTS)
    seen = set()
    tab.page.locator(".wj-skip").focus()
    for _ in range(40):
        seen.add(tab.page.evaluate("document.activeElement.className + ' ' + document.activeElement.name"))
        tab.page.keyboard.press("Tab")
    for wanted in (
        "wj-skip",
        "wj-look",
        "wj-language",
        "wj-fresh",
        "wj-search",
        "wj-open open",
        "wj-marker",
        "wj-do copy",
    ):
        assert any(wanted in one for one in seen), wanted


def test_on_a_phone_the_areas_are_tabs(open_tab: Opener) -> None:
    tab = open_tab(viewport=PHONE)
    areas = {name: tab.page.locator(f".wj-{name}") for name in ("left", "middle", "right")}
    expect(tab.box).to_be_in_viewport(ratio=1)
    tab.ask("规模和试点？")
    tab.answers().locator(".wj-marker").first.click()
    expect(tab.mark).to_have_text(PILOTS)
    expect(tab.mark).to_be_in_viewport(ratio=1)
    assert [name for name, area in areas.items() if area.is_visible()] == ["right"]
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tab.mark.click()
    assert [name for name, area in areas.items() if area.is_visible()] == ["middle"]
    expect(tab.page.locator(".wj-marker").first).to_be_in_viewport(ratio=1)
    tab.page.locator(".wj-areas button").first.click()
    assert [name for name, area in areas.items() if area.is_visible()] == ["left"]
    tab.chats().first.click()
    expect(areas["middle"]).to_be_visible()
