"""The Gradio page: what is where, and what happens on a click. The only file that imports gradio."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assistant.conversations import Conversations
from assistant.errors import AssistantError, ConversationUnknown
from assistant.web import frame, lists, uploads
from assistant.web.choices import frame_language
from assistant.web.line import Line
from assistant.web.markup import Markup
from assistant.web.requests import conversation_of, question_of
from assistant.web.service import FUNCTIONS, Service
from assistant.web.texts import EXAMPLES, table, text
from assistant.web.turns import Backend, Step, Talk
from assistant.web.view import View
from assistant.web.visitors import owner_of
from knowledge.errors import KnowledgeError
from knowledge.load import SUFFIXES
from knowledge.types import Language

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # gradio reads it when it is imported

import gradio as gr

ANSWERS_AT_ONCE = 32
"""Questions that are answered or wait for the local model at the same time."""

LONGEST_LINE = 12
"""How many may wait for the local model; well below `ANSWERS_AT_ONCE`, so that they never hold up anybody else."""

LONGEST_QUEUE = 64
"""Questions that may wait besides; whoever comes later is told that the page is busy."""

THREADS = 64
"""Threads for all of them, and for lists and documents."""

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build_page(assistant: Backend, kept: Conversations, *, alone: bool = False) -> gr.Blocks:
    """Build the page; nothing is served yet.

    Args:
        assistant: Answers the questions.
        kept: Keeps the conversations.
        alone: Whether everybody who can reach the page owns this machine.
    """
    i18n, service, line = translations(), Service(assistant, kept, alone), Line(LONGEST_LINE)

    def part(name: str, value: Markup) -> gr.HTML:
        served = [_served(getattr(service, function)) for function in FUNCTIONS[name]]
        return gr.HTML(
            value,
            elem_id=f"wj-{name}",
            js_on_load=_file(f"scripts/{name}.js"),
            server_functions=served,
            apply_default_css=False,
        )

    with gr.Blocks(title=frame.TITLE, analytics_enabled=False, fill_height=True) as page:
        current = gr.State("")
        gr.HTML(frame.top(), elem_classes="wj-top", apply_default_css=False)
        with gr.Row(elem_classes="wj-main"):
            with gr.Column(scale=3, min_width=0, elem_classes="wj-left"), gr.Tabs(elem_classes="wj-tabs"):
                with gr.Tab(i18n("conversations")):
                    part("chats", frame.chats())
                with gr.Tab(i18n("documents")):
                    dropped = gr.File(
                        label=i18n("upload"),
                        show_label=False,
                        file_count="multiple",
                        file_types=list(SUFFIXES),
                        height=140,
                        elem_classes="wj-drop",
                    )
                    states = gr.HTML("", elem_classes="wj-states", apply_default_css=False)
                    shelf = part("shelf", frame.shelf())
                with gr.Tab(i18n("settings")):
                    part("settings", frame.settings())
            with gr.Column(scale=6, min_width=0, elem_classes="wj-middle"):
                chat = gr.Chatbot(
                    label=i18n("conversation"),
                    show_label=False,
                    container=False,
                    elem_classes="wj-chat",
                    height=None,
                    buttons=[],
                    placeholder=frame.welcome(),
                    examples=[{"text": question} for _, question in EXAMPLES],
                    # Messages are our own HTML with every text in it escaped; Gradio's sanitiser is the second lock.
                    render_markdown=False,
                    sanitize_html=True,
                    allow_tags=False,
                    latex_delimiters=[],
                )
                talk = part("talk", frame.talk("", writing=False))
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
                panel = part("source", frame.nothing_open())

        def ask(typed: str, id_: str, event: gr.EventData, request: gr.Request) -> Iterator[tuple[Any, ...]]:
            owner, language = owner_of(request.headers), frame_language(request.cookies)
            words, at = question_of(typed, event)
            if not words.strip():
                yield (gr.skip(),) * 5
                return
            id_ = conversation_of(kept, owner, id_, words)
            view = View(assistant, language)
            shown: Any = None
            talking = Talk(assistant, kept, line, owner, id_, language)
            with closing(talking.ask(words, service.choices_of(owner), at)) as steps:
                for step in steps:
                    writing = step.exchanges[-1].status == "writing"
                    evidence = view.evidence(step.exchanges)
                    same, began, shown = evidence == shown, shown is None, evidence
                    switch = began or not writing
                    yield (
                        id_,
                        frame.talk(id_, writing=writing) if switch else gr.skip(),
                        view.messages(step),
                        _box(writing, keep=not began or at is not None) if switch else gr.skip(),
                        gr.skip() if same else evidence or frame.nothing_open(),
                    )

        def show(id_: str, request: gr.Request) -> tuple[Any, ...]:
            owner, language = owner_of(request.headers), frame_language(request.cookies)
            view = View(assistant, language)
            try:
                said = Talk(assistant, kept, line, owner, id_, language).exchanges() if id_ else ()
            except ConversationUnknown:
                id_, said = "", ()
            evidence = view.evidence(said) or frame.nothing_open()
            return id_, frame.talk(id_, writing=False), view.messages(Step(said)), _box(False), evidence

        def open_(event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
            return show(str(event._data["id"]), request)

        def add(paths: list[str] | None, request: gr.Request) -> Iterator[tuple[Any, ...]]:
            owner, language = owner_of(request.headers), frame_language(request.cookies)
            for now in uploads.add(assistant, kept, owner, [Path(path) for path in paths or ()], language):
                yield lists.uploads(now, language), gr.skip(), gr.skip()
            yield gr.skip(), None, frame.shelf(fresh=True)

        view = [current, talk, chat, box, panel]
        # One listener for every way to ask, so that "once" holds for them together: one question at a time.
        asking = gr.on(
            [box.submit, chat.example_select, talk.submit],
            ask,
            [box, current],
            view,
            trigger_mode="once",
            concurrency_limit=ANSWERS_AT_ONCE,
            concurrency_id="answers",
            **QUIET,
        )
        # Cancelling closes the generator, which stops the model. What is shown changes after that, never before.
        box.stop(None, cancels=[asking], **QUIET).then(show, [current], view, queue=False, **QUIET)
        talk.select(None, cancels=[asking], **QUIET)
        talk.select(open_, None, view, queue=False, trigger_mode="multiple", **QUIET)
        dropped.upload(add, [dropped], [states, dropped, shelf], concurrency_limit=1, **QUIET)
    return page.queue(max_size=LONGEST_QUEUE)


def launch_options() -> dict[str, Any]:
    """Return what Gradio takes when it serves a page instead of when it builds it: looks, texts, privacy."""
    icon = f'<link rel="icon" href="data:image/svg+xml,{quote(frame.ICON)}">'
    return {
        "theme": _theme(),
        "css": _file("styles/frame.css") + _file("styles/chat.css"),
        "head": icon,
        "i18n": translations(),
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "mcp_server": False,
        "pwa": False,
        "show_error": False,
        "max_file_size": uploads.MEGABYTES * 1_000_000,
    }


def mounted(page: gr.Blocks, middleware: Sequence[Any]) -> Any:
    """Return Gradio's application of a page, for a server that is not Gradio's own.

    Its lifespan begins and ends the page's queue.

    Args:
        page: As `build_page` makes it.
        middleware: What stands before it.
    """
    from fastapi import FastAPI
    from starlette.routing import Mount

    page.max_threads = page._queue.max_thread_count = THREADS  # as `launch` sets them; mounting has no parameter for it
    front = FastAPI(openapi_url=None)
    gr.mount_gradio_app(front, page, path="/", app_kwargs={"middleware": list(middleware)}, **launch_options())
    front.state.inner = next(route.app for route in front.routes if isinstance(route, Mount))
    front.state.inner.startup_events_triggered = True  # nobody who asks for them starts a second queue
    return front


def translations() -> gr.I18n:
    """Return the texts of the interface for every locale that a browser may ask for."""
    chinese = table("zh")
    return gr.I18n(en=table("en"), zh=chinese, **{f"zh-{place}": chinese for place in ("CN", "TW", "HK", "SG")})


def _served(function: Callable[[str, Language, Any], Any]) -> Callable[..., Any]:
    """Return one of the service's functions as Gradio calls it; what cannot be done is one sentence."""

    def call(sent: Any, request: gr.Request) -> Any:
        language = frame_language(request.cookies)
        try:
            return {"value": function(owner_of(request.headers), language, sent)}
        except ConversationUnknown:
            return {"error": text("no_such_conversation", language)}
        except (AssistantError, KnowledgeError) as error:
            return {"error": error.message}

    call.__name__ = function.__name__
    return call


def _box(writing: bool, keep: bool = True) -> Any:
    """Return the question box with the button that makes sense now; `keep` leaves the words in it alone."""
    return gr.update(submit_btn=not writing, stop_btn=writing, **({} if keep else {"value": ""}))


def _theme() -> gr.themes.Base:
    fonts = [[gr.themes.Font(name) for name in names] for names in (frame.FONTS, frame.MONOSPACE)]
    theme = gr.themes.Base(primary_hue="red", neutral_hue="stone", font=fonts[0], font_mono=fonts[1])
    return theme.set(
        body_background_fill="#faf8f4",
        body_background_fill_dark="#171614",
        body_text_color="#22201d",
        body_text_color_dark="#ece8e1",
    )


def first_script() -> str:
    """Return the script that all areas need, which has to run before Gradio does."""
    return _file("scripts/page.js").replace("INTERFACE", frame.script_texts())


def _file(name: str) -> str:
    return files("assistant.web").joinpath(name).read_text(encoding="utf-8")
