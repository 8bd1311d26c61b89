"""``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

from fastapi import APIRouter, Response

from assistant.service.core import CoreOf
from assistant.service.problems import Problem
from assistant.service.schemas import StateOut

router = APIRouter(tags=["operation"])


@router.get("/healthz", response_model=StateOut)
async def alive() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/readyz", response_model=StateOut)
async def ready(core: CoreOf) -> dict[str, str]:
    """Say whether the index and the models are open."""
    if not core.ready:
        raise Problem(503, "The models are being opened.", "Ask again in some seconds.", {"Retry-After": "5"})
    return {"status": "ok"}


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(core: CoreOf) -> Response:
    """Tell what was counted, in the format of Prometheus."""
    return Response(core.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
