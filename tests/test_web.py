"""The chat page without a browser: what is rendered and what a turn yields."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from string import Formatter
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.conversations import Conversations, Heading
from assistant.exchange import Exchange
from assistant.types import Choices, Message
from assistant.web import lists, render, turns
from assistant.web.documents import CONTEXT, Cited, Documents, paragraph, place, source
from assistant.web.line import Line
from assistant.web.markup import Markup, element, escape, join
from assistant.web.texts import EXAMPLES, text, texts
from assistant.web.turns import Step, Talk
from knowledge.language import detect_language
from knowledge.types import DocumentRecord, Language
from tests.reading import ATTRIBUTES, TAGS, Reading
from tests.scripted_backend import DROPPED, EVIL, GOOD, HOSTILE, PILOTS, SIZE, ScriptedBackend

LOCAL = Choices(reader="local")
QUOTES = Choices(reader="none")

Talker = Callable[..., Talk]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Conversations]:
    opened = Conversations(tmp_path / "c.db")
    yield opened
    opened.close()


@pytest.fixture
def talker(kept: Conversations) -> Talker:
    """Return a new conversation with a scripted backend."""

    def make(backend: ScriptedBackend | None = None, *, line: Line | None = None, language: Language = "zh") -> Talk:
        return Talk(backend or ScriptedBackend(), kept, line or Line(9), "ann", kept.create("ann", "x"), language)

    return make


def last(talk: Talk, question: str, choices: Choices = LOCAL, at: int | None = None) -> Exchange:
    *_, step = talk.ask(question, choices, at)
    return step.exchanges[-1]


def html_of(exchange: Exchange, language: Language = "zh", **more: int) -> Markup:
    return render.reply(exchange, 0, Documents(ScriptedBackend().document), language, **more)


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


@pytest.mark.parametrize("key", texts())
def test_every_text_is_there_in_both_languages_with_the_same_blanks(key: str) -> None:
    blanks = {
        language: {name for _, name, _, _ in Formatter().parse(texts()[key][language]) if name}
        for language in ("zh", "en")
    }
    assert all(texts()[key][language].strip() for language in ("zh", "en"))
    assert blanks["zh"] == blanks["en"]


def test_two_examples_in_each_language_in_the_language_they_claim() -> None:
    assert sorted(language for language, _ in EXAMPLES) == ["en", "en", "zh", "zh"]
    assert all(detect_language(question) == language for language, question in EXAMPLES)


# Answers


def test_every_marker_opens_the_exact_words_it_stands_for(talker: Talker) -> None:
    exchange = last(talker(), "规模和试点？")
    assert exchange.answer
    wanted = {(one.document_id, one.start, one.end) for one in exchange.answer.citations}
    assert set(places(html_of(exchange))) == wanted
    assert set(places(render.evidence(exchange, 0, Documents(ScriptedBackend().document), "zh"))) == wanted
    for one in exchange.answer.citations:
        assert Reading(source(GOOD, one.start, one.end, "zh")).marked == one.quote


def test_every_claim_carries_what_the_check_made_of_it(talker: Talker) -> None:
    words = Reading(html_of(last(talker(), "规模和试点？"))).words
    assert f"甲市、乙市和丙市。[1]{text('supported', 'zh')}" in words
    assert f"{SIZE}[2]{text('quoted', 'zh')}" in words
    assert text("dropped", "zh") not in words


def test_what_the_model_wrote_in_vain_is_shown_as_dropped(talker: Talker) -> None:
    exchange = last(talker(), "规模，多")
    assert exchange.left_out == (DROPPED["zh"],)
    words = Reading(html_of(exchange)).words
    assert f"{DROPPED['zh']} {text('dropped', 'zh')}" in words
    assert f"{SIZE}[2]{text('quoted_instead', 'zh')}" in words
    assert last(talker(), "规模，多", QUOTES).left_out == ()


def test_claims_in_the_models_own_words_make_one_paragraph(talker: Talker) -> None:
    words = Reading(html_of(last(talker(), "How large, and where?"), "en")).words
    assert words.startswith("Cities A, B and C.[1]checked The size was 369.61 billion yuan.[2]checkedscripted-model")


def test_the_frame_speaks_the_pages_language_and_the_answer_its_own(talker: Talker) -> None:
    exchange = last(talker(), "规模？")
    assert text("supported", "en") in Reading(html_of(exchange, "en")).words
    assert SIZE in Reading(html_of(exchange, "en")).words


def test_the_search_question_is_shown_only_where_it_differs(talker: Talker) -> None:
    assert "按“那规模呢（上文）”查找" in Reading(html_of(last(talker(), "那规模呢"))).words
    assert "查找" not in Reading(html_of(last(talker(), "规模呢"))).words


def test_model_and_timings_are_folded_away(talker: Talker) -> None:
    shown = html_of(last(talker(), "规模？"))
    assert '<details class="wj-making"><summary>scripted-model · 1.8 秒</summary>' in shown
    words = Reading(shown).words
    assert "检索0.12 秒" in words
    assert "读入词元126" in words
    quoted = last(talker(ScriptedBackend(model_name="extractive")), "规模？", QUOTES)
    assert "逐字引用" in Reading(html_of(quoted)).words


def test_a_refusal_shows_the_nearest_passages_and_says_that_they_are_no_answer(talker: Talker) -> None:
    exchange = last(talker(), "市长是谁？没有吗")
    assert exchange.answer
    assert exchange.answer.refused
    beside = render.evidence(exchange, 0, Documents(ScriptedBackend().document), "zh")
    for html in (html_of(exchange), beside):
        assert text("nearest", "zh") in Reading(html).words
        assert len(places(html)) == len(exchange.answer.passages)
        assert "wj-marker" not in html


def test_what_can_be_done_with_an_answer_follows_what_it_is(talker: Talker) -> None:
    def names(html: str) -> list[str]:
        return re.findall(r'name="(\w+)" value="0"', html)

    exchange = last(talker(), "规模？")
    assert names(html_of(exchange)) == ["copy", "good", "bad", "retry", "edit"]
    assert names(html_of(exchange, last=False)) == ["copy", "good", "bad"]
    assert names(html_of(last(talker(), "error"))) == ["retry", "edit"]
    assert names(html_of(Exchange("规模？", "zh"))) == []
    assert 'class="wj-do wj-chosen"' in html_of(Exchange("q", "zh", "done", answer=exchange.answer, rating="down"))


def test_hostile_words_stay_words_everywhere(talker: Talker) -> None:
    documents = Documents(ScriptedBackend().document)
    for step in talker().ask(f"evil {HOSTILE}", LOCAL):
        exchange = step.exchanges[-1]
        for html in (
            render.question(exchange.question),
            html_of(exchange),
            render.evidence(exchange, 0, documents, "zh"),
        ):
            check_safe(html)
    assert HOSTILE in Reading(html_of(exchange)).words
    assert HOSTILE in Reading(render.question(exchange.question)).words
    for record in (EVIL, GOOD):
        start = record.text.index(HOSTILE)
        html = source(record, start, start + len(HOSTILE), "en", [Cited(start, start + len(HOSTILE), 1)])
        assert Reading(html).marked == HOSTILE
        check_safe(html)
    for html in (
        lists.conversations([Heading(HOSTILE, HOSTILE, HOSTILE, HOSTILE)], HOSTILE, "en", searched=False),
        lists.documents([EVIL], [], [EVIL.id], "en"),
        lists.uploads([(HOSTILE, HOSTILE)], "en"),
        lists.settings({"reader": HOSTILE}, {"quotes": "none", "configured": HOSTILE}, "en"),
    ):
        check_safe(html)
        assert HOSTILE in Reading(html).words


def check_safe(html: str) -> None:
    reading = Reading(html)
    assert set(reading.tags) <= TAGS
    assert reading.attributes <= ATTRIBUTES
    assert all(link.startswith(("#wj/", "#wj-back/")) or link == GOOD.source for link in reading.links)


# The source area


def test_every_cited_sentence_is_marked_and_leads_back_and_one_is_the_place_itself() -> None:
    cited = [Cited(at, at + len(quote), n) for n, quote in ((1, PILOTS), (2, SIZE)) for at in [GOOD.text.index(quote)]]
    html = source(GOOD, cited[1].start, cited[1].end, "zh", [*cited, Cited(cited[0].start + 1, cited[0].end, 3)])
    assert Reading(html).marked == PILOTS + SIZE
    assert html.count('class="wj-now"') == 1
    now = re.search(r'<mark class="wj-now" id="wj-cited-2"><a class="wj-back" href="#wj-back/2" [^>]*>([^<]*)', html)
    assert now
    assert now[1] == SIZE
    start = GOOD.text.index("城市是")
    assert Reading(source(GOOD, start, start + 3, "zh")).marked == "城市是"


def test_a_document_is_shown_with_author_date_section_and_paragraph() -> None:
    record = DocumentRecord(
        id="d",
        title="T",
        source="upload:0a1b2c3d/notes.md",
        language="en",
        text="# One\n\nfirst\n\n## Two\n\nsecond",
        metadata={"author": "Ann", "date": "2024-05-06"},
    )
    start = record.text.index("second")
    words = Reading(source(record, start, start + 6, "en")).words
    assert words.startswith("Tnotes.md · Ann · 2024-05-06 · Two · paragraph 4")
    assert place(record, 0, "en") == "paragraph 1"


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


# A turn


def test_evidence_comes_first_then_the_draft_then_the_checked_answer(
    monkeypatch: pytest.MonkeyPatch, talker: Talker
) -> None:
    monkeypatch.setattr(turns, "REDRAW", 0.0)
    steps = [step.exchanges[-1] for step in talker().ask("规模和试点？", LOCAL)]
    assert [step.status for step in steps] == ["writing"] * (len(steps) - 1) + ["done"]
    assert (steps[0].quotes, steps[0].draft) == ((), "")
    assert [one.quote for one in steps[1].quotes] == [PILOTS, SIZE]
    assert steps[1].draft == ""
    drafts = [step.draft for step in steps if step.draft]
    assert len(drafts) > 2
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(drafts))
    assert text("draft", "zh") in Reading(html_of(steps[-2])).words
    assert (steps[-1].draft, steps[-1].answer is None) == ("", False)


def test_tokens_faster_than_the_eye_are_drawn_together(monkeypatch: pytest.MonkeyPatch, talker: Talker) -> None:
    monkeypatch.setattr(turns, "REDRAW", 60.0)
    assert len(list(talker().ask("规模和试点？", LOCAL))) == 5


@pytest.mark.parametrize("question", ["", "  \n ", "　"])
def test_an_empty_question_is_not_asked(question: str, talker: Talker) -> None:
    talk = talker()
    assert list(talk.ask(question, LOCAL)) == []
    assert talk.exchanges() == ()


def test_stopping_closes_the_stream_keeps_the_evidence_and_drops_the_draft(talker: Talker) -> None:
    backend = ScriptedBackend()
    talk = talker(backend)
    with closing(talk.ask("停", LOCAL)) as turn:
        for step in turn:
            if step.exchanges[-1].draft:
                break
    assert backend.closed == 1
    (kept,) = talk.exchanges()
    assert (kept.status, kept.draft, [one.quote for one in kept.quotes]) == ("stopped", "", [PILOTS, SIZE])
    words = Reading(html_of(kept)).words
    assert PILOTS in words
    assert text("stopped", "zh") in words


def test_what_was_being_written_when_the_program_ended_counts_as_stopped(kept: Conversations, talker: Talker) -> None:
    talk = talker()
    kept.keep("ann", talk.id, 0, Exchange("规模？", "zh"))
    assert [exchange.status for exchange in talk.exchanges()] == ["stopped"]


def test_every_step_of_a_turn_is_kept_for_a_reload(kept: Conversations, talker: Talker) -> None:
    talk = talker()
    seen = [kept.exchanges("ann", talk.id)[-1] for _ in talk.ask("规模和试点？", LOCAL)]
    assert (seen[0].quotes, seen[0].status) == ((), "writing")
    assert seen[1].quotes
    assert (seen[-1].status, seen[-1].answer is None) == ("done", False)


def test_retry_and_edit_take_the_place_of_the_last_exchange(talker: Talker) -> None:
    backend = ScriptedBackend()
    talk = talker(backend)
    last(talk, "规模？")
    last(talk, "没有？")
    last(talk, "试点？", at=1)
    assert [exchange.question for exchange in talk.exchanges()] == ["规模？", "试点？"]
    assert len(backend.asked[-1][1]) == 2


def test_a_conversation_deleted_meanwhile_stays_deleted(kept: Conversations, talker: Talker) -> None:
    talk = talker()
    for _ in talk.ask("规模？", LOCAL):
        kept.delete("ann", [talk.id])
    assert kept.list("ann") == []


def test_errors_are_one_sentence_with_a_hint_and_escaped(talker: Talker) -> None:
    exchange = last(talker(), "an error please")
    reading = Reading(html_of(exchange, "en"))
    assert "The chat model did not answer <b>." in reading.words
    assert "Start it with `serve <model>`." in reading.words
    assert set(reading.tags) <= TAGS
    assert exchange.status == "failed"


def test_an_unexpected_error_is_logged_and_its_words_not_shown(
    caplog: pytest.LogCaptureFixture, talker: Talker
) -> None:
    exchange = last(talker(language="en"), "crash")
    assert text("unexpected", "en") in Reading(html_of(exchange, "en")).words
    assert "secret" not in html_of(exchange)
    assert "secret detail" in caplog.text


def test_the_assistant_is_told_answered_turns_only(talker: Talker) -> None:
    backend = ScriptedBackend()
    talk = talker(backend)
    for question in ("规模？", "error", "没有？", "那试点呢"):
        last(talk, question)
    assert backend.asked[-1][1] == (
        Message("user", "规模？"),
        Message("assistant", "甲市、乙市和丙市。[1] " + SIZE + "[2]"),
        Message("user", "没有？"),
        Message("assistant", "资料里没有这个问题的答案。"),
    )


def test_who_waits_for_the_local_model_sees_quotes_and_how_many_are_before(
    monkeypatch: pytest.MonkeyPatch, talker: Talker
) -> None:
    monkeypatch.setattr(turns, "LOOK_AROUND", 0.02)
    backend, line = ScriptedBackend(), Line(2)
    first, second, third = (talker(backend, line=line) for _ in range(3))
    writing = first.ask("停", LOCAL)
    while not next(writing).exchanges[-1].draft:
        pass
    waiting = second.ask("规模？", LOCAL)
    seen: list[Step] = [next(waiting) for _ in range(4)]
    assert [step.before for step in seen] == [0, 0, 1, 1]
    assert seen[1].exchanges[-1].quotes
    assert "前面还有 1 个" in Reading(html_of(seen[-1].exchanges[-1], before=1)).words
    assert last(third, "规模？").message == text("busy", "zh")
    assert last(third, "规模？", QUOTES).status == "done"  # nobody waits for quotes
    assert last(third, "规模？", Choices(reader="openai:scripted-model")).status == "done"
    writing.close()
    assert [step.exchanges[-1].status for step in waiting][-1] == "done"
    assert backend.closed == 1
    assert last(third, "规模？").status == "done"


def test_the_light_half_of_the_page_does_not_import_gradio() -> None:
    code = "import sys, assistant.web; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
