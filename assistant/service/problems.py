"""Errors as ``application/problem+json`` (RFC 9457), each with a ``hint`` that says what to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from assistant.errors import (
    AssistantError,
    BadQuestion,
    BadSettings,
    CollectionUnknown,
    ConversationUnknown,
    ModelUnreachable,
)
from knowledge.errors import DocumentUnknown, IndexBusy, KnowledgeError, LoadError

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (BadQuestion, 422),
    (BadSettings, 422),
    (LoadError, 422),
    (CollectionUnknown, 404),
    (ConversationUnknown, 404),
    (DocumentUnknown, 404),
    (ModelUnreachable, 502),
    (IndexBusy, 503),
)
_HINTS = {
    400: "Send what the API's description at /openapi.json asks for.",
    404: "The routes are listed at /openapi.json.",
    405: "The methods of each route are listed at /openapi.json.",
    408: "Send it faster.",
    413: "Send less at a time.",
    415: "Send JSON with the header Content-Type: application/json.",
}

_log = logging.getLogger("wenju.service")


class Problem(Exception):
    """A request that is refused.

    Args:
        status: HTTP status.
        detail: One sentence that says what is wrong.
        hint: One sentence that says what to do.
        headers: Of the response, e.g. ``Retry-After``.
    """

    def __init__(self, status: int, detail: str, hint: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.hint, self.headers = status, detail, hint, dict(headers or {})


def body_of(status: int, detail: str, hint: str, **more: Any) -> dict[str, Any]:
    """Return the members of a problem.

    ``error`` repeats it in the shape that clients of OpenAI's protocol read.
    """
    error = {"message": f"{detail} {hint}", "type": "invalid_request_error" if status < 500 else "server_error"}
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "hint": hint, **more,
            "error": {**error, "code": title.lower().replace(" ", "_"), "param": None}}  # fmt: skip


def response_of(problem: Problem, **more: Any) -> JSONResponse:
    """Return the response that says what is wrong."""
    body = body_of(problem.status, problem.detail, problem.hint, **more)
    return JSONResponse(body, problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def as_problem(error: BaseException) -> Problem:
    """Return any error as a problem; one that is not ours tells nothing of its inside, which goes into the log."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        hint = _HINTS.get(error.status_code, _HINTS[400])
        return Problem(error.status_code, f"{error.detail}.", hint, error.headers)
    if isinstance(error, AssistantError | KnowledgeError):
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 503)
        return Problem(status, error.message, error.hint, {"Retry-After": "5"} if status == 503 else None)
    _log.error("A request could not be handled.", exc_info=error)
    return Problem(500, "Something went wrong inside.", "The log of the service says what; ask whoever runs it.")


def install(app: FastAPI) -> None:
    """Answer every error of an application with a problem."""

    async def ours(request: Request, error: Exception) -> JSONResponse:
        problem = as_problem(error)
        if problem.status == 405:  # a route knows its own methods only, not those of another one with its path
            path = getattr(request.scope.get("route"), "path", "")
            problem.headers["Allow"] = ", ".join(map(str.upper, app.openapi()["paths"].get(path, ())))
        return response_of(problem)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        found = [
            {"where": [_printable(part) for part in one["loc"]], "what": _printable(one["msg"])}
            for one in error.errors()
        ]
        said = "; ".join(f"{'.'.join(one['where'][1:]) or 'body'}: {one['what']}" for one in found[:3])
        return response_of(Problem(422, f"The request is not valid: {said}.", _HINTS[400]), errors=found)

    for kind in (Problem, AssistantError, KnowledgeError, HTTPException, Exception):
        app.add_exception_handler(kind, ours)
    app.add_exception_handler(RequestValidationError, invalid)


def _printable(value: object) -> str:
    """Return text that UTF-8 can hold: names of members may have lone surrogates in them."""
    return str(value).encode("utf-8", "replace").decode()
