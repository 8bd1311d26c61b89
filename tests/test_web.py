"""The chat page without a browser: what is rendered, what a turn yields, what is served."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from string import Formatter
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import BadSettings
from assistant.types import Message
from assistant.web import render, server, turns
from assistant.web.documents import CONTEXT, Documents, paragraph, source
from assistant.web.markup import Markup, element, escape, join
from assistant.web.texts import EXAMPLES, TEXTS, text
from knowledge.language import detect_language
from knowledge.types import DocumentRecord
from tests.scripted_backend import EVIL, GOOD, HOSTILE, PILOTS, SIZE, ScriptedBackend

TAGS = {
    "a",
    "article",
    "div",
    "dl",
    "dt",
    "dd",
    "details",
    "summary",
    "h3",
    "li",
    "mark",
    "ol",
    "p",
    "span",
    "sup",
    "ul",
}
ATTRIBUTES = {"class", "href", "lang", "dir", "title", "target", "rel", "tabindex"}


class Reading(HTMLParser):
    """What a browser makes of HTML: tags, attributes, links and words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.marked = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data
        if "mark" in self._open:
            self.marked += data


def last(backend: ScriptedBackend, question: str, said: turns.Conversation = ()) -> turns.Conversation:
    *_, conversation = turns.converse(backend, question, said)
    return conversation


def places(html: str) -> list[tuple[str, int, int]]:
    """The spans that the citations of a reply link to."""
    found = [re.fullmatch(r"#wj/([^/]+)/(\d+)/(\d+)", link) for link in Reading(html).links]
    assert all(found)
    return [(unquote(place[1]), int(place[2]), int(place[3])) for place in found if place]


# HTML that is safe by construction


@given(st.text(), st.text())
def test_text_comes_out_as_the_same_text_and_makes_no_tag(words: str, attribute: str) -> None:
    html = element("p", words, title=attribute)
    reading = Reading(html)
    assert reading.tags == ["p"]
    assert reading.words == words.replace("\r", "")
    assert "\n" not in html


def test_an_element_in_an_element_is_not_escaped_twice() -> None:
    assert element("p", "a<b", element("i", "c&d")) == "<p>a&lt;b<i>c&amp;d</i></p>"
    assert join("<", element("b")) == "&lt;<b></b>"


def test_attributes_are_quoted_and_empty_ones_left_out() -> None:
    html = element("a", "x", class_='"><script>', title=None, hidden=False, open=True, aria_label="y", tabindex=0)
    assert html == '<a class="&quot;&gt;&lt;script&gt;" open aria-label="y" tabindex="0">x</a>'


def test_an_f_string_of_markup_is_text_again() -> None:
    assert not isinstance(f"{escape('a')}b", Markup)
    assert element("p", f"{element('b', 'x')}") == "<p>&lt;b&gt;x&lt;/b&gt;</p>"


# Texts


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_is_there_in_both_languages_with_the_same_blanks(key: str) -> None:
    blanks = {
        language: {name for _, name, _, _ in Formatter().parse(TEXTS[key][language]) if name}
        for language in ("zh", "en")
    }
    assert all(TEXTS[key][language].strip() for language in ("zh", "en"))
    assert blanks["zh"] == blanks["en"]


def test_two_examples_in_each_language_in_the_language_they_claim() -> None:
    assert sorted(language for language, _ in EXAMPLES) == ["en", "en", "zh", "zh"]
    assert all(detect_language(question) == language for language, question in EXAMPLES)


# Answers


def test_every_marker_opens_the_exact_words_it_stands_for() -> None:
    backend = ScriptedBackend()
    exchange = last(backend, "规模和试点？")[-1]
    assert exchange.answer
    assert {place for place in places(exchange.shown)} == {
        (citation.document_id, citation.start, citation.end) for citation in exchange.answer.citations
    }
    for citation in exchange.answer.citations:
        panel = turns.open_source(backend, citation.document_id, citation.start, citation.end, "zh")
        assert Reading(panel).marked == citation.quote


def test_a_quoted_claim_is_labelled_and_not_said_twice() -> None:
    shown = last(ScriptedBackend(), "规模和试点？")[-1].shown
    words = Reading(shown).words
    assert words.count(SIZE) == 1
    assert words.count(PILOTS) == 1
    assert f"{SIZE}[2]{text('quoted', 'zh')}" in words
    assert f"甲市、乙市和丙市。[1]{text('quoted', 'zh')}" not in words


def test_claims_in_the_models_own_words_make_one_paragraph() -> None:
    words = Reading(last(ScriptedBackend(), "How large, and where?")[-1].shown).words
    assert words.startswith("Cities A, B and C.[1] The size was 369.61 billion yuan.[2]Rests on")
    assert text("quoted", "en") not in words


def test_the_search_question_is_shown_only_where_it_differs() -> None:
    assert "按“那规模呢（上文）”查找" in Reading(last(ScriptedBackend(), "那规模呢")[-1].shown).words
    assert "查找" not in Reading(last(ScriptedBackend(), "规模呢")[-1].shown).words


def test_model_and_timings_are_folded_away() -> None:
    shown = last(ScriptedBackend(), "规模？")[-1].shown
    assert '<details class="wj-making"><summary>scripted-model · 1.8 秒</summary>' in shown
    words = Reading(shown).words
    assert "检索0.12 秒" in words
    assert "读入词元126" in words
    assert "逐字引用" in Reading(last(ScriptedBackend(model_name="extractive"), "规模？")[-1].shown).words


def test_a_refusal_shows_the_nearest_passages_under_a_fold() -> None:
    exchange = last(ScriptedBackend(), "市长是谁？没有吗")[-1]
    assert exchange.answer
    assert exchange.answer.refused
    assert exchange.shown.count("<details") == 2
    assert "open" not in Reading(exchange.shown).attributes
    assert len(places(exchange.shown)) == 2 * len(exchange.answer.passages)
    assert "wj-marker" not in exchange.shown


def test_hostile_words_stay_words_everywhere() -> None:
    backend = ScriptedBackend()
    for shown in turns.converse(backend, f"evil {HOSTILE}", ()):
        for html in (render.question(shown[-1].question), shown[-1].shown):
            reading = Reading(html)
            assert set(reading.tags) <= TAGS
            assert reading.attributes <= ATTRIBUTES
            assert all(link.startswith("#wj/") for link in reading.links)
    assert HOSTILE in Reading(shown[-1].shown).words
    assert HOSTILE in Reading(render.question(shown[-1].question)).words
    for record in (EVIL, GOOD):
        start = record.text.index(HOSTILE)
        reading = Reading(turns.open_source(backend, record.id, start, start + len(HOSTILE), "en"))
        assert reading.marked == HOSTILE
        assert set(reading.tags) <= TAGS
        assert reading.attributes <= ATTRIBUTES
        assert not any("javascript" in link for link in reading.links)


# The source panel


def test_only_a_web_address_becomes_a_link() -> None:
    html = source(GOOD, 0, 1, "zh")
    assert Reading(html).links == [GOOD.source]
    assert 'rel="noopener noreferrer nofollow"' in html
    for address in ("javascript:alert(1)", "/home/me/a.txt", " javascript:1", "data:text/html,x", "http://[::1", ""):
        record = DocumentRecord(id="d", title="", source=address, language="en", text="abc")
        assert Reading(source(record, 0, 1, "en")).links == []


@settings(deadline=None)
@given(st.integers(0, 99_998), st.integers(1, 300), st.sampled_from(["\n", "", "\n\n"]))
def test_a_long_document_is_shown_around_the_place_and_says_what_is_left_out(start: int, size: int, gap: str) -> None:
    words = "".join(f"第{number}句话。{gap}" for number in range(20_000))[:100_000]
    end = min(start + size, len(words))
    record = DocumentRecord(id="d", title="长", source="", language="zh", text=words)
    reading = Reading(source(record, start, end, "zh"))
    assert reading.marked == words[start:end]
    assert len(reading.words) < 4 * CONTEXT + size + 200
    left_out = [int(count) for count in re.findall(r"此处略去 (\d+) 字", reading.words)]
    shown = re.sub(r"（此处略去 \d+ 字）", "", reading.words.split("段", 1)[1])
    assert len(shown) + sum(left_out) == len(words)


@pytest.mark.parametrize(
    ("words", "at", "number"),
    [
        ("one", 0, 1),
        ("one\ntwo\nthree", 9, 3),
        ("one\nstill one\n\ntwo\n  \nthree", 6, 1),
        ("one\nstill one\n\ntwo\n  \nthree", 15, 2),
        ("one\nstill one\n\ntwo\n  \nthree", 23, 3),
        ("\n\n\none\n\ntwo", 9, 2),
    ],
)
def test_paragraphs_are_counted_as_a_reader_counts_them(words: str, at: int, number: int) -> None:
    assert paragraph(words, at) == number


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (5, 5), (7, 6), (0, len(GOOD.text) + 1)])
def test_a_place_that_is_not_there_gives_one_sentence(start: int, end: int) -> None:
    html = turns.open_source(ScriptedBackend(), GOOD.id, start, end, "en")
    assert Reading(html).words == text("no_such_place", "en")


def test_a_document_that_is_gone_gives_one_sentence_and_does_not_break_an_answer() -> None:
    html = turns.open_source(ScriptedBackend(), "gone", 0, 1, "en")
    assert "There is no document gone." in Reading(html).words
    answer = last(ScriptedBackend(), "规模？")[-1].answer
    assert answer
    without = render.answer(answer, Documents(ScriptedBackend().document))
    assert Reading(without).words.count("第 28 段") == 1

    def deleted(document_id: str) -> DocumentRecord:
        return ScriptedBackend().document("gone")

    assert PILOTS in Reading(render.answer(answer, Documents(deleted))).words


# A turn


def test_evidence_comes_first_then_the_draft_then_the_checked_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "REDRAW", 0.0)
    steps = [conversation[-1] for conversation in turns.converse(ScriptedBackend(), "规模和试点？", ())]
    words = [Reading(step.shown).words for step in steps]
    assert words[0] == text("searching", "zh")
    assert PILOTS in words[1]
    assert text("draft", "zh") not in words[1]
    assert text("draft", "zh") in words[2]
    assert [step.done for step in steps] == [False] * (len(steps) - 1) + [True]
    assert text("draft", "zh") not in words[-1]
    assert steps[-1].answer
    drafts = [reading.split(text("draft", "zh"))[1] for reading in words[2:-1]]
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(drafts))
    assert len(drafts) > 2


def test_tokens_faster_than_the_eye_are_drawn_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "REDRAW", 60.0)
    assert len(list(turns.converse(ScriptedBackend(), "规模和试点？", ()))) == 4


@pytest.mark.parametrize("question", ["", "  \n ", "　"])
def test_an_empty_question_is_not_asked(question: str) -> None:
    backend = ScriptedBackend()
    assert list(turns.converse(backend, question, ())) == []
    assert backend.asked == []


def test_closing_a_turn_closes_the_stream() -> None:
    backend = ScriptedBackend()
    turn = turns.converse(backend, "slow 停", ())
    assert [next(turn)[-1].done for _ in range(3)] == [False] * 3
    turn.close()
    assert backend.closed == 1


def test_stopping_keeps_the_evidence_and_drops_the_draft() -> None:
    turn = turns.converse(ScriptedBackend(), "停", ())
    shown: turns.Conversation = ()
    for _ in range(3):
        shown = next(turn)
    turn.close()
    stopped = turns.stop(shown)
    words = Reading(stopped[-1].shown).words
    assert PILOTS in words
    assert "字 字" not in words
    assert text("stopped", "zh") in words
    assert not turns.is_writing(stopped)
    assert turns.stop(stopped) == stopped
    assert turns.stop(()) == ()


def test_errors_are_one_sentence_with_a_hint_and_escaped() -> None:
    exchange = last(ScriptedBackend(), "an error please")[-1]
    reading = Reading(exchange.shown)
    assert "The chat model did not answer <b>." in reading.words
    assert "Start it with `serve <model>`." in reading.words
    assert set(reading.tags) <= TAGS
    assert exchange.done


def test_an_unexpected_error_is_logged_and_its_words_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    exchange = last(ScriptedBackend(), "crash")[-1]
    assert text("unexpected", "en") in Reading(exchange.shown).words
    assert "secret" not in exchange.shown
    assert "secret detail" in caplog.text
    assert exchange.done


def test_the_assistant_is_told_answered_turns_only() -> None:
    backend = ScriptedBackend()
    said = last(backend, "规模？")
    said = last(backend, "error", said)
    said = last(backend, "没有？", said)
    last(backend, "那试点呢", said)
    assert backend.asked[-1][1] == (
        Message("user", "规模？"),
        Message("assistant", "甲市、乙市和丙市。[1] " + SIZE + "[2]"),
        Message("user", "没有？"),
        Message("assistant", "资料里没有这个问题的答案。"),
    )


def test_a_turn_that_was_cut_off_does_not_stay_open_when_the_next_one_comes() -> None:
    backend = ScriptedBackend()
    cut = next(turns.converse(backend, "停", ()))
    shown = last(backend, "规模？", cut)
    assert [exchange.done for exchange in shown] == [True, True]
    assert text("stopped", "zh") in Reading(shown[0].shown).words


# The page and the server


def test_the_light_half_of_the_page_does_not_import_gradio() -> None:
    code = "import sys, assistant.web; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


SERVE = """
import socket
connect = socket.socket.connect
def watched(self, address):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "localhost", "::1"):
        print("OUTSIDE", address, flush=True)
    return connect(self, address)
socket.socket.connect = watched
from tests.scripted_backend import ScriptedBackend
from assistant.web import serve
serve(ScriptedBackend(), port=0)
"""


@pytest.fixture(scope="module")
def serving() -> Iterator[subprocess.Popen[str]]:
    """The page in a process of its own, where an unusable proxy is set. Gradio leaves event loops open behind it."""
    environment = os.environ | {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process
        process.kill()


@pytest.fixture(scope="module")
def address(serving: subprocess.Popen[str]) -> str:
    assert serving.stdout
    line = serving.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return found[0]


def test_the_page_is_served_with_a_policy_that_keeps_it_at_home(address: str) -> None:
    reply = httpx.get(address, trust_env=False)
    assert reply.status_code == 200
    policy = reply.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert reply.headers["referrer-policy"] == "no-referrer"
    stylesheet = httpx.get(f"{address}/theme.css", trust_env=False).text
    assert set(re.findall(r"https?://[^/\s'\"]+", stylesheet)) == {"http://www.w3.org"}  # a namespace, never asked
    assert "@font-face" not in stylesheet


def test_the_page_reports_nothing_and_offers_no_interface_to_programs(address: str) -> None:
    config = httpx.get(f"{address}/config", trust_env=False).json()
    assert config["analytics_enabled"] is False
    assert config["stylesheets"] == []
    assert config["footer_links"] == []
    assert httpx.get(f"{address}/gradio_api/info", trust_env=False).json()["named_endpoints"] == {}
    assert httpx.get(f"{address}/monitoring", trust_env=False).status_code in {403, 404}


def test_nothing_can_be_uploaded(address: str) -> None:
    files = {"files": ("a.txt", b"more than one byte")}
    assert httpx.post(f"{address}/gradio_api/upload", files=files, trust_env=False).status_code == 413


@pytest.mark.parametrize(("model", "limit"), [("extractive", 8), ("a-model", 1)])
def test_how_many_answers_are_written_at_once_follows_the_reader(model: str, limit: int) -> None:
    from assistant.web import build_page

    async def build() -> Any:  # in a running event loop; without one Gradio makes one and never closes it
        return build_page(ScriptedBackend(model_name=model))

    page = asyncio.run(build())
    asking = [function for function in page.fns.values() if function.concurrency_id == "answers"]
    assert [function.concurrency_limit for function in asking] == [limit]
    assert all(not function.queue for function in page.fns.values() if function.name in {"open_source", "stop"})


def test_a_taken_port_gives_the_next_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < server.free_port("127.0.0.1", port) < port + server.PORTS_TRIED


def test_port_zero_is_any_port() -> None:
    assert server.free_port("127.0.0.1", 0) > 0


def test_no_free_port_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PORTS_TRIED", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadSettings, match="taken") as caught:
            server.free_port("127.0.0.1", taken.getsockname()[1])
    assert "--port" in caught.value.hint


@pytest.mark.parametrize(("host", "port"), [("203.0.113.7", 0), ("no.such.host.invalid", 0), ("127.0.0.1", 70_000)])
def test_an_address_that_cannot_be_is_an_error_with_a_hint(host: str, port: int) -> None:
    with pytest.raises(BadSettings) as caught:
        server.free_port(host, port)
    assert "Use" in caught.value.hint


@pytest.mark.skipif(os.name != "posix", reason="sends an interrupt as a terminal does")
def test_serving_asks_no_other_host_and_ends_cleanly_on_an_interrupt(
    serving: subprocess.Popen[str], address: str
) -> None:
    assert httpx.get(address, trust_env=False).status_code == 200
    serving.send_signal(signal.SIGINT)
    out, errors = serving.communicate(timeout=30)
    assert serving.returncode == 0
    assert "OUTSIDE" not in out
    assert "Traceback" not in errors
