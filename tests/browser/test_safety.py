"""What a document, a file, a question or a model says is data in the page; and everybody can use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.types import Claim
from tests.browser.conftest import PHONE, Opener, Served, Tab, sync_api
from tests.scripted_backend import EVIL, HOSTILE, ScriptedBackend

expect = sync_api.expect

PAYLOADS = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "<img src='http://evil.example/p.png'>",
    "<svg onload=window.hacked=1>",
    "<svg><script>window.hacked=1</script></svg>",
    "<iframe src=javascript:window.hacked=1></iframe>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<a href='javascript:window.hacked=1'>x</a>",
    "<a href='http://evil.example/'>Click [1]</a>",
    "[x](javascript:window.hacked=1)",
    "![x](http://evil.example/p.png)",
    "<body onload=window.hacked=1>",
    "<input autofocus onfocus=window.hacked=1>",
    "<details open ontoggle=window.hacked=1>",
    "<video src=x onerror=window.hacked=1></video>",
    "<object data='http://evil.example/o'></object>",
    "<embed src='http://evil.example/e'>",
    "<link rel=stylesheet href='http://evil.example/s.css'>",
    "<style>@import 'http://evil.example/s.css';</style>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "<base href='http://evil.example/'>",
    "<form action='http://evil.example/'><button>x</button></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hacked=1>",
    '"><script>window.hacked=1</script>',
    "'-window.hacked=1-'",
    "</textarea></title><script>window.hacked=1</script>",
    "<template><img src=x onerror=window.hacked=1></template>",
    "${window.hacked=1} {{window.hacked=1}} {{{window.hacked=1}}}",
    "&lt;script&gt;window.hacked=1&lt;/script&gt;",
    "<button class='wj-do' name='copy' value='0'>x</button>",
    "<div style='position:fixed;inset:0;background:url(http://evil.example/b)'>",
    HOSTILE,
)
"""Each must come out as the words it is."""

FOREIGN = "#wj-source :is(img, script, iframe, object, embed, form, style, video, svg, input)"


class Saying(ScriptedBackend):
    """Says, quotes and cites every payload."""

    def __init__(self) -> None:
        super().__init__()
        self.words = "\n\n".join(PAYLOADS)
        from dataclasses import replace

        self.records = {EVIL.id: replace(EVIL, text=self.words, title=PAYLOADS[1], metadata={"date": PAYLOADS[0]})}

    def _events(self, question: str) -> Any:
        from tests.scripted_backend import cite

        record = self.records[EVIL.id]
        claims = tuple(Claim(payload, (at,), "supported") for at, payload in enumerate(PAYLOADS, start=1))
        cited = tuple(cite(at, payload, record) for at, payload in enumerate(PAYLOADS, start=1))
        yield from self._written(question, "en", claims, cited)


@pytest.fixture(scope="module")
def backend() -> ScriptedBackend:
    return Saying()


def check_untouched(tab: Tab) -> None:
    assert tab.page.evaluate("window.hacked") is None
    foreign = tab.page.locator(
        ".wj-chat .message-content :is(img, script, iframe, object, embed, form, style, video, input)"
    )
    assert foreign.evaluate_all("all => all.map(one => one.outerHTML.slice(0, 200))") == []
    assert tab.page.locator(FOREIGN).count() == 0
    assert tab.page.locator(":is(#wj-chats, #wj-shelf) :is(img, script, iframe, form, video)").count() == 0
    assert tab.page.locator("a[href^='javascript'], [href*='evil.example'], [src*='evil.example']").count() == 0
    assert tab.page.url.startswith(tab.address)


def test_hostile_words_of_model_and_document_are_words(tab: Tab) -> None:
    assert len(PAYLOADS) >= 25
    tab.ask("say it")
    answer = tab.answers()
    said = answer.locator(".wj-claim").all_text_contents()
    assert len(said) == len(PAYLOADS)
    assert all(payload in claim for payload, claim in zip(PAYLOADS, said, strict=True))
    check_untouched(tab)
    for at in (0, 3, len(PAYLOADS) - 1):
        answer.locator(".wj-marker").nth(at).click()
        expect(tab.mark).to_have_text(PAYLOADS[at])
    marked = tab.page.locator("#wj-source mark").all_text_contents()
    assert set(marked) <= set(PAYLOADS)
    assert len(marked) >= len(PAYLOADS) - 2
    check_untouched(tab)
    tab.left(1)
    expect(tab.page.locator("#wj-shelf .wj-open").first).to_have_text(PAYLOADS[1])
    check_untouched(tab)


def test_hostile_questions_and_titles_are_words(tab: Tab, served: Served) -> None:
    for count, at in enumerate((0, 6, 22, 27), start=1):
        tab.ask(PAYLOADS[at])
        tab.answers(count)
    assert tab.questions() == [PAYLOADS[at] for at in (0, 6, 22, 27)]
    owner_list = tab.chats().first
    expect(owner_list).to_have_text(PAYLOADS[0])
    for payload in PAYLOADS:
        tab.page.evaluate("words => wj.toast(words)", payload)
    tab.menu("rename")
    tab.dialog(PAYLOADS[3])
    expect(owner_list).to_have_text(PAYLOADS[3])
    tab.reload()
    tab.answers(4)
    check_untouched(tab)


def test_hostile_file_names_are_words(tab: Tab, tmp_path: Path) -> None:
    names = [payload.replace("/", "_").replace("\n", "")[:80] + ".txt" for payload in PAYLOADS[:20]]
    for name in names:
        (tmp_path / name).write_text("河长三十公里。", encoding="utf-8")
    tab.left(1)
    tab.page.locator(".wj-drop input[type=file]").set_input_files([tmp_path / name for name in names])
    expect(tab.page.locator(".wj-uploads li")).to_have_count(len(names))
    expect(tab.page.locator("#wj-shelf li")).to_have_count(len(names) + 1, timeout=60_000)
    check_untouched(tab)


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_axe_finds_nothing_serious(open_tab: Opener, look: str) -> None:
    axe: Any = pytest.importorskip("axe_core_python.sync_playwright").Axe()
    options = {"viewport": PHONE} if look == "phone" else {"color_scheme": look}
    tab = open_tab(**options)

    def check(where: str) -> None:
        found = [
            (one["id"], one["impact"], [node["html"][:150] for node in one["nodes"]][:4])
            for one in axe.run(tab.page)["violations"]
            if one["impact"] in {"serious", "critical"}
        ]
        assert found == [], where

    check("empty")
    tab.ask("say it")
    tab.answers()
    check("answered")
    tab.answers().locator(".wj-marker").first.click()
    expect(tab.mark).to_be_visible()
    check("source")
    if look == "phone":
        tab.page.locator(".wj-areas button").first.click()
    for at in (1, 2, 0):
        tab.left(at)
        tab.page.wait_for_timeout(300)
        check(f"left {at}")
    tab.menu("rename")
    check("dialog")
