"""What is kept: conversations, documents, settings, languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.exchange import Exchange
from assistant.web.texts import text
from tests.browser.conftest import Opener, Served, Tab, sync_api
from tests.scripted_backend import GOOD, PILOTS, SIZE, ScriptedBackend

expect = sync_api.expect


def test_conversations_survive_a_reload_and_a_restart_with_their_citations(tab: Tab, served: Served) -> None:
    tab.ask("规模和试点？")
    tab.answers()
    tab.ask("没有？")
    tab.answers(2)
    tab.reload()
    tab.answers(2)
    assert tab.questions() == ["规模和试点？", "没有？"]
    port = int(served.address.rsplit(":", 1)[1])
    served.stop()
    served.start(port)
    tab.errors.clear()  # the page noticed that the server was gone
    tab.page.goto(served.address)
    tab.ready()
    tab.chats().first.click()
    tab.answers(2)
    tab.page.locator(".wj-answer").first.locator(".wj-marker").nth(1).click()
    expect(tab.mark).to_have_text(SIZE)
    tab.errors.clear()


def test_rename_search_export_delete(tab: Tab) -> None:
    tab.ask("规模？")
    tab.answers()
    tab.page.locator(".wj-fresh").click()
    expect(tab.page.locator(".wj-question")).to_have_count(0)
    tab.ask("没有？")
    tab.answers()
    expect(tab.chats()).to_have_text(["没有？", "规模？"])
    tab.menu("rename")
    tab.dialog("新名字")
    expect(tab.chats()).to_have_text(["新名字", "规模？"])
    tab.page.locator(".wj-search").fill("3696.1")  # in an answer
    expect(tab.chats()).to_have_text(["规模？"])
    files = {}
    for action in ("export_markdown", "export_json"):
        with tab.page.expect_download() as download:
            tab.menu(action)
        files[download.value.suggested_filename] = Path(download.value.path()).read_text(encoding="utf-8")
    assert list(files) == ["规模.md", "规模.json"]
    assert f"[2] “{SIZE}”" in files["规模.md"]
    (exchange,) = (Exchange.from_dict(one) for one in json.loads(files["规模.json"])["exchanges"])
    assert exchange.answer
    assert [one.quote for one in exchange.answer.citations] == [PILOTS, SIZE]
    tab.menu("delete")
    tab.dialog()
    expect(tab.page.locator("#wj-chats .wj-nothing")).to_have_text(text("nothing_found", "zh"))
    tab.page.locator(".wj-search").fill("")
    expect(tab.chats()).to_have_text(["新名字"])


def test_copy_with_sources_and_a_thumb_with_a_comment(open_tab: Opener, served: Served) -> None:
    tab = open_tab(permissions=["clipboard-read", "clipboard-write"])
    tab.ask("规模？")
    answer = tab.answers()
    answer.locator(".wj-do[name=copy]").click()
    tab.page.get_by_text(text("copied", "zh")).wait_for()
    copied = tab.page.evaluate("navigator.clipboard.readText()")
    assert f"[2] “{SIZE}”" in copied
    answer.locator(".wj-do[name=bad]").click()
    tab.dialog("单位不对")
    expect(answer.locator(".wj-chosen")).to_have_text(text("bad", "zh"))
    assert ("down", "单位不对") in [(said[-1].rating, said[-1].comment) for said in served.kept.rated()]


def test_two_users_see_nothing_of_each_other(tab: Tab, open_tab: Opener, backend: ScriptedBackend) -> None:
    tab.ask("规模？")
    tab.answers()
    other = open_tab()
    assert other.chats().count() == 0
    other.page.goto(tab.page.url)  # another's conversation by its address
    other.ready()
    other.page.wait_for_timeout(500)
    assert other.questions() == []
    other.ask("How large?")
    other.answers()
    assert backend.asked[-1] == ("How large?", ())
    assert tab.questions() == ["规模？"]


def test_a_document_is_added_asked_left_out_and_removed(tab: Tab, backend: ScriptedBackend, tmp_path: Path) -> None:
    words = "上传的河长三十公里。"
    (tmp_path / "upload河.txt").write_text(words, encoding="utf-8")
    (tmp_path / "b.md").write_text(" ", encoding="utf-8")
    tab.left(1)
    tab.page.locator(".wj-drop input[type=file]").set_input_files([tmp_path / "upload河.txt", tmp_path / "b.md"])
    states = tab.page.locator(".wj-uploads li")
    expect(states.first).to_contain_text(text("upload_done", "zh", passages=4))
    expect(states.last).to_contain_text(text("upload_unreadable", "zh"))
    row = tab.page.locator("#wj-shelf li", has_text="upload河")
    expect(row).to_contain_text(text("document_added", "zh", date="2026-01-02"))
    tab.ask("upload河多长？")
    tab.answers().locator(".wj-marker").first.click()
    expect(tab.mark).to_have_text(words)
    with tab.page.expect_response("**/component_server/"):
        row.locator("input").uncheck()
    tab.ask("规模？")
    tab.answers(2)
    assert backend.chosen[-1].document_ids is not None
    assert GOOD.id in backend.chosen[-1].document_ids
    assert len(backend.chosen[-1].document_ids) == 2
    row.locator("button[name=remove]").click()
    tab.dialog()
    expect(row).to_have_count(0)
    tab.ask("upload河多长？")
    assert tab.answers(3).locator(".wj-refusal").count() == 1


def test_settings_decide_how_is_asked_and_survive_a_reload(tab: Tab, backend: ScriptedBackend) -> None:
    tab.left(2)
    for name, value in (("strictness", "strict"), ("passages", "4"), ("answer_language", "en")):
        with tab.page.expect_response("**/component_server/"):
            tab.page.locator(f"input[name={name}][value='{value}']").check()
    assert "%" in tab.page.locator(".wj-settings small").first.inner_text()
    tab.reload()
    tab.left(2)
    expect(tab.page.locator("input[name=strictness][value=strict]")).to_be_checked()
    tab.ask("规模？")
    tab.answers()
    chosen = backend.chosen[-1]
    assert (chosen.threshold, chosen.passages, chosen.language) == (0.7, 4, "en")


@pytest.mark.parametrize(("locale", "language"), [("zh-TW", "zh"), ("fr-FR", "en")])
def test_the_page_speaks_the_browsers_language_until_another_is_chosen(
    open_tab: Opener, locale: str, language: Any
) -> None:
    tab = open_tab(locale=locale)
    other: Any = "en" if language == "zh" else "zh"
    tab.ask("规模？")
    tab.answers()
    for now in (language, other):
        assert tab.box.get_attribute("placeholder") == text("ask_here", now)
        assert tab.page.locator(".wj-name p").inner_text() == text("tagline", now)
        assert tab.page.locator(".wj-fresh").inner_text() == text("new_conversation", now)
        assert tab.page.locator(".wj-box .submit-button").get_attribute("aria-label") == text("send", now)
        assert tab.page.evaluate("document.documentElement.lang") == ("zh-CN" if now == "zh" else "en")
        tab.answers().get_by_text(text("supported", now), exact=True).first.wait_for()
        labels = tab.page.locator(".wj-tabs .tab-container:not(.visually-hidden) button").all_inner_texts()
        assert labels == [text(key, now) for key in ("conversations", "documents", "settings")]
        if now == language:
            tab.page.locator(".wj-language").click()
            tab.page.wait_for_function(f"document.documentElement.lang.startsWith('{other}')")
            tab.ready()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_system_until_another_is_chosen(open_tab: Opener, scheme: Any) -> None:
    tab = open_tab(color_scheme=scheme)

    def is_dark() -> bool:
        tab.page.wait_for_timeout(600)  # colours change softly
        colour = tab.page.evaluate("getComputedStyle(document.querySelector('.wj-box')).backgroundColor")
        return max(int(part) for part in colour[4:-1].split(",")) < 64

    assert is_dark() == (scheme == "dark")
    tab.page.locator(".wj-look").select_option("light" if scheme == "dark" else "dark")
    assert is_dark() == (scheme == "light")
    tab.reload()
    assert is_dark() == (scheme == "light")
