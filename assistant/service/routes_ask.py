"""``/v1/ask`` and ``/v1/search``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from assistant.command_output import hit_row
from assistant.events import Event, EvidenceFound, NearestFound, Token
from assistant.service.answering import answered, answered_in, asked_of, whole
from assistant.service.core import CallerOf, CoreOf, unless_gone
from assistant.service.events_stream import sse, streamed
from assistant.service.problems import Problem
from assistant.service.schemas import EVENTS, AnswerOut, AskRequest, SearchOut, SearchRequest

router = APIRouter(prefix="/v1", tags=["questions"])


@router.post("/ask", response_model=AnswerOut, responses=EVENTS)
async def ask(request: Request, body: AskRequest, core: CoreOf, caller: CallerOf) -> Response:
    """Answer a question from the documents; every sentence of the answer cites the exact words it rests on.

    With ``stream`` the events are ``nearest`` (what would be quoted without a model, at once; only where a chat model
    reads), ``evidence`` (the quotes and passages that it reads), ``token`` (pieces of the draft, not checked),
    ``answer`` (the checked answer, which replaces the draft) or ``error`` (a problem).
    """
    if body.history and body.conversation is not None:
        raise Problem(422, "A conversation has its own history.", "Send either conversation or history.")
    asked = asked_of(core, caller, body)
    if core.options.log_questions:
        request.state.said["question"] = body.question
    if body.conversation is None:
        events = answered(core, asked)
    else:
        events = answered_in(core, caller.owner, body.conversation, asked)
    if body.stream:
        return await streamed(request, events, _written)
    answer = await unless_gone(request, whole(events))
    return JSONResponse(answer.to_dict())


@router.post("/search", response_model=SearchOut)
async def search(request: Request, body: SearchRequest, core: CoreOf, caller: CallerOf) -> dict[str, Any]:
    """Find passages without answering."""
    backend = core.backend(caller, body.collection)
    if core.options.log_questions:
        request.state.said["question"] = body.question
    found = core.lanes.quick.run(
        lambda: backend.search(body.question, body.passages, threshold=body.min_score), core.options.request_seconds
    )
    hits = await unless_gone(request, found)
    return {"question": body.question, "hits": [hit_row(hit) for hit in hits]}


def _written(event: Event) -> Iterable[bytes]:
    if isinstance(event, NearestFound):
        return [sse(asdict(event), "nearest")]
    if isinstance(event, EvidenceFound):
        return [sse(asdict(event), "evidence")]
    if isinstance(event, Token):
        return [sse(asdict(event), "token")]
    return [sse(event.answer.to_dict(), "answer")]
