"""What the service counts, in the format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from assistant.service.lanes import Lane
from assistant.types import Answer

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """Counters of one service, in a registry of its own.

    Args:
        lanes: How full they are is told.
    """

    def __init__(self, lanes: Iterable[Lane]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter("wenju_requests", "Requests.", ["method", "route", "status"], registry=self._registry)
        self._seconds = Histogram(
            "wenju_request_seconds", "Seconds until the response ended.", ["route"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._answers = Counter("wenju_answers", "Answers.", ["model", "refused"], registry=self._registry)
        self._cached = Counter("wenju_answers_cached", "Answers that were given before.", registry=self._registry)
        taken = Gauge("wenju_lane_taken", "Requests that work or wait.", ["lane"], registry=self._registry)
        places = Gauge("wenju_lane_places", "Places for them.", ["lane"], registry=self._registry)
        for lane in lanes:
            taken.labels(lane.name).set_function(partial(getattr, lane, "taken"))
            places.labels(lane.name).set(lane.places)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        known = method if method in {"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"} else "other"
        self._requests.labels(known, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def answer(self, answer: Answer) -> None:
        """Count an answer, or a refusal with its reason."""
        self._answers.labels(answer.model, answer.reason or "no").inc()
        if answer.timings.get("cached"):
            self._cached.inc()

    def text(self) -> bytes:
        """Return all of them."""
        return generate_latest(self._registry)
