"""OpenAI's chat protocol, so that its clients and chat front ends can use Wenju as a model.

Only the checked answer is ever sent, in a stream too: text that has gone out cannot be taken back there. Citations are
Markdown footnotes of the text and, whole, the `Answer` in the field ``wenju`` of the response (in a stream: of the last
chunk that has a choice).
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from assistant.collections import DEFAULT_COLLECTION
from assistant.events import Event, Finished
from assistant.service.answering import answered, asked_of, whole
from assistant.service.core import CallerOf, CoreOf, unless_gone
from assistant.service.events_stream import sse, streamed
from assistant.service.openai_schemas import MODEL, ChatRequest, CompletionOut, ModelsOut
from assistant.service.problems import Problem
from assistant.service.schemas import EVENTS, AskRequest, Reader, Said
from assistant.types import Answer

router = APIRouter(prefix="/v1", tags=["openai"])

_PIECE = re.compile(r".{1,40}", re.DOTALL)


@router.get("/models", response_model=ModelsOut)
def list_models(core: CoreOf, caller: CallerOf) -> dict[str, Any]:
    """List the models: ``wenju``, and one for each reader that may be chosen."""
    names = [MODEL, *(f"{MODEL}-{reader}" for reader in core.backend(caller, DEFAULT_COLLECTION).readers)]
    models = [{"id": name, "object": "model", "created": 0, "owned_by": MODEL} for name in names]
    return {"object": "list", "data": models}


@router.post("/chat/completions", response_model=CompletionOut, responses=EVENTS)
async def complete(request: Request, body: ChatRequest, core: CoreOf, caller: CallerOf) -> Response:
    """Answer the last message of a user, with the earlier ones as its conversation."""
    asking = _ask_request(body)
    asked = asked_of(core, caller, asking)
    if core.options.log_questions:
        request.state.said["question"] = asking.question
    head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": body.model}
    events = answered(core, asked)
    if not body.stream:
        answer = await unless_gone(request, whole(events))
        message = {"role": "assistant", "content": with_footnotes(answer), "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        ending = {"choices": [choice], "usage": _usage(answer), "wenju": answer.to_dict()}
        return JSONResponse({**head, "object": "chat.completion", **ending})
    usage_too = bool(body.stream_options and body.stream_options.include_usage)

    def written(event: Event) -> Iterable[bytes]:
        return _chunks(head, event.answer, usage_too) if isinstance(event, Finished) else ()

    return await streamed(request, events, written)


def with_footnotes(answer: Answer) -> str:
    """Return an answer as Markdown: ``[1]`` becomes ``[^1]``, and each footnote quotes the exact words."""
    known = {citation.marker for citation in answer.citations}

    def mark(found: re.Match[str]) -> str:
        return f"[^{found[1]}]" if int(found[1]) in known else found[0]

    notes = []
    for one in answer.citations:
        quote = " ".join(one.quote.split())
        place = ", ".join(part for part in (one.title, one.place) if part)
        notes.append(f"[^{one.marker}]: “{quote}” ({place})")
    return "\n\n".join([re.sub(r"\[(\d{1,4})\]", mark, answer.text), *(["\n".join(notes)] if notes else [])])


def _ask_request(body: ChatRequest) -> AskRequest:
    name, _, reader = body.model.partition("-")
    if name != MODEL or reader not in {"", "quotes", "local", "configured"}:
        raise Problem(404, f"There is no model {body.model!r}.", "The models are listed at /v1/models.")
    if body.messages[-1].role != "user":
        raise Problem(422, "The last message is not the user's.", 'End with {"role": "user", "content": "…"}.')
    said = [
        Said(role=one.role, text=one.words[:20_000])
        for one in body.messages[:-1]
        if one.role in ("user", "assistant") and one.words
    ]
    question = body.messages[-1].words
    chosen: Reader | None = reader or None  # type: ignore[assignment]
    return AskRequest.model_construct(
        question=question, history=said[-200:], reader=chosen, language=body.language, collection=body.collection
    )


def _chunks(head: dict[str, Any], answer: Answer, usage_too: bool) -> Iterable[bytes]:
    head = {**head, "object": "chat.completion.chunk"}

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        return sse({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})

    yield chunk({"role": "assistant", "content": ""})
    for piece in _PIECE.findall(with_footnotes(answer)):
        yield chunk({"content": piece})
    yield chunk({}, "stop", wenju=answer.to_dict())
    if usage_too:
        yield sse({**head, "choices": [], "usage": _usage(answer)})
    yield b"data: [DONE]\n\n"


def _usage(answer: Answer) -> dict[str, int]:
    tokens_in, tokens_out = (int(answer.timings.get(name, 0)) for name in ("tokens_in", "tokens_out"))
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
