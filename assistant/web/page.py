"""The Gradio page: what is where, and what happens on a click. The only file that imports gradio."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from assistant.web import render, turns
from assistant.web.markup import Markup, element
from assistant.web.texts import EXAMPLES, table, text
from assistant.web.turns import Backend, Conversation
from knowledge.types import Language

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # gradio reads it when it is imported

import gradio as gr

TITLE = "问据 Wenju"

EXTRACTIVE_AT_ONCE = 8
"""Answers made at the same time without a chat model; each takes a fraction of a second."""

LONGEST_QUEUE = 64
"""Questions that may wait; whoever comes later is told that the page is busy."""

FONTS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "sans-serif",
)
"""Fonts of the reader's own system; none is loaded from anywhere."""

MONOSPACE = ("ui-monospace", "Menlo", "Consolas", "Noto Sans Mono CJK SC", "monospace")
"""The same for fixed widths."""

_ICON = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 64'><rect width='64' height='64' rx='14' fill='#a63a2b'/>"
    "<text x='32' y='46' font-size='40' text-anchor='middle' fill='#fff'>据</text></svg>"
)


def build_page(assistant: Backend, *, answers_at_once: int | None = None) -> gr.Blocks:
    """Build the page; nothing is served yet.

    Args:
        assistant: Answers the questions.
        answers_at_once: How many answers are made at the same time, the others wait in a queue. By default 1 with a
            chat model and `EXTRACTIVE_AT_ONCE` without one.
    """
    if answers_at_once is None:
        answers_at_once = EXTRACTIVE_AT_ONCE if assistant.model_name == "extractive" else 1
    i18n = translations()
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_height=True) as page:
        conversation = gr.State(())
        with gr.Row(elem_classes="wj-top"):
            gr.HTML(_heading(), elem_classes="wj-heading")
            fresh = gr.Button(i18n("new_conversation"), size="sm", scale=0, min_width=0, elem_classes="wj-fresh")
        with gr.Row(elem_classes="wj-main"):
            with gr.Column(scale=7, min_width=0, elem_classes="wj-left"):
                chat = gr.Chatbot(
                    label=i18n("conversation"),
                    show_label=False,
                    container=False,
                    elem_classes="wj-chat",
                    height=None,
                    buttons=[],
                    placeholder=_welcome(),
                    examples=[{"text": question} for _, question in EXAMPLES],
                    # Messages are our own HTML with every text in it escaped; Gradio's sanitiser is the second lock.
                    render_markdown=False,
                    sanitize_html=True,
                    allow_tags=False,
                    latex_delimiters=[],
                )
                box = gr.Textbox(
                    label=i18n("question"),
                    show_label=False,
                    container=False,
                    placeholder=i18n("ask_here"),
                    lines=1,
                    max_lines=6,
                    submit_btn=True,
                    autofocus=True,
                    elem_classes="wj-box",
                )
            with gr.Column(scale=5, min_width=0, elem_classes="wj-right"):
                gr.HTML(_panel_heading(), elem_classes="wj-panel-top")
                panel = gr.HTML(_nothing_open(), elem_id="wj-source", js_on_load=_file("source.js"))

        def ask(question: str, said: Conversation, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
            began = False
            with closing(turns.converse(assistant, _words(question, event), said)) as steps:
                for shown in steps:
                    unchanged = began and turns.is_writing(shown)
                    yield shown, _messages(shown), gr.skip() if unchanged else _box(shown, keep=began)
                    began = True
            if not began:
                yield gr.skip(), gr.skip(), gr.skip()

        def stop(said: Conversation) -> tuple[Any, ...]:
            shown = turns.stop(said)
            return shown, _messages(shown), _box(shown)

        def start_afresh() -> tuple[Any, ...]:
            return (), [], _box(()), _nothing_open()

        def open_source(event: gr.EventData) -> Markup:
            document_id, start, end, language = _place(event)
            return turns.open_source(assistant, document_id, start, end, language)

        talk = [conversation, chat, box]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        # One listener for both ways to ask, so that "once" holds for them together: one question at a time.
        asking = gr.on(
            [box.submit, chat.example_select],
            ask,
            [box, conversation],
            talk,
            trigger_mode="once",
            concurrency_limit=answers_at_once,
            concurrency_id="answers",
            **quiet,
        )
        # Cancelling closes the generator, which stops the model. What is shown changes after that, never before.
        box.stop(None, cancels=[asking], **quiet).then(stop, [conversation], talk, queue=False, **quiet)
        fresh.click(None, cancels=[asking], **quiet).then(start_afresh, None, [*talk, panel], queue=False, **quiet)
        panel.click(open_source, None, [panel], queue=False, trigger_mode="multiple", **quiet)
    return page.queue(max_size=LONGEST_QUEUE)


def launch_options() -> dict[str, Any]:
    """Return what Gradio takes when it serves a page instead of when it builds it: looks, texts, privacy."""
    icon = f'<link rel="icon" href="data:image/svg+xml,{quote(_ICON)}">'
    return {
        "theme": _theme(),
        "css": _file("style.css"),
        "head": f"{icon}<script>{_script()}</script>",
        "i18n": translations(),
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "share": False,
        "ssr_mode": False,
        "mcp_server": False,
        "pwa": False,
        "quiet": True,
        "max_file_size": 1,  # bytes: nothing is uploaded here, and Gradio's upload address cannot be switched off
    }


def translations() -> gr.I18n:
    """Return the texts of the interface for every locale that a browser may ask for."""
    chinese = table("zh")
    return gr.I18n(en=table("en"), zh=chinese, **{f"zh-{place}": chinese for place in ("CN", "TW", "HK", "SG")})


def _words(question: str, event: gr.EventData) -> str:
    """Return the question: that of the example that was chosen, else what stands in the box."""
    chosen = event._data.get("value") if isinstance(event._data, dict) else None
    return str(chosen["text"]) if isinstance(chosen, dict) and "text" in chosen else question


def _place(event: gr.EventData) -> tuple[str, int, int, Language]:
    """Return the document, start, end and language that the page's script sent with a click on a citation."""
    sent = event._data
    return str(sent["document"]), int(sent["start"]), int(sent["end"]), "zh" if sent["language"] == "zh" else "en"


def _messages(shown: Conversation) -> list[dict[str, str]]:
    messages = []
    for exchange in shown:
        messages.append({"role": "user", "content": render.question(exchange.question)})
        messages.append({"role": "assistant", "content": exchange.shown})
    return messages


def _box(shown: Conversation, keep: bool = True) -> Any:
    """Return the question box with the button that makes sense now; `keep` leaves the words in it alone."""
    writing = turns.is_writing(shown)
    return gr.update(submit_btn=not writing, stop_btn=writing, **({} if keep else {"value": ""}))


def _both(key: str) -> Markup:
    """Return a text of the interface in both languages; the style sheet shows the one of the page."""
    zh, en = table("zh")[key], table("en")[key]
    return Markup(element("span", zh, lang="zh-CN", class_="wj-zh") + element("span", en, lang="en", class_="wj-en"))


def _heading() -> Markup:
    name = element("h1", element("span", "问据", lang="zh-CN"), " ", element("span", "Wenju", class_="wj-latin"))
    return element("div", name, element("p", _both("tagline")), class_="wj-name")


def _welcome() -> Markup:
    return element(
        "div", element("h2", _both("welcome")), element("p", _both("tagline"), class_="wj-tagline"), class_="wj-welcome"
    )


def _panel_heading() -> Markup:
    close = element("button", "×", type="button", class_="wj-close", aria_label="关闭 / Close")
    return element("div", element("h2", _both("source")), close)


def _nothing_open() -> Markup:
    return element("p", _both("source_empty"), class_="wj-nothing")


def _script() -> str:
    names = {language: {key: text(key, language) for key in ("send", "stop")} for language in ("zh", "en")}
    return _file("page.js").replace("BUTTON_NAMES", json.dumps(names))


def _theme() -> gr.themes.Base:
    fonts = [[gr.themes.Font(name) for name in names] for names in (FONTS, MONOSPACE)]
    theme = gr.themes.Base(primary_hue="red", neutral_hue="stone", font=fonts[0], font_mono=fonts[1])
    return theme.set(
        body_background_fill="#faf8f4",
        body_background_fill_dark="#171614",
        body_text_color="#22201d",
        body_text_color_dark="#ece8e1",
    )


def _file(name: str) -> str:
    return files("assistant.web").joinpath(name).read_text(encoding="utf-8")
