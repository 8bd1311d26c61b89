"""How long the steps of an answer take; as OpenTelemetry spans too, where somebody collects those."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from assistant.types import Answer


@dataclass(slots=True)
class Clock:
    """Seconds by step; a step that runs twice adds up.

    Attributes:
        began: When, as ``time.perf_counter`` says it.
        timings: Seconds, and numbers of tokens.
        spans: The spans that are open now, the outermost first; none outside `answering`.
        told: Whether something was said of the answer.
    """

    began: float = field(default_factory=time.perf_counter)
    timings: dict[str, float] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    told: bool = False

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Put the steps in the block into one span, ``wenju.answer``; it was stopped if it ends before `tell`."""
        with self._span("wenju.answer"):
            try:
                yield
            except GeneratorExit:
                if not self.told:
                    self.tell(stopped=True)
                raise

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a block."""
        start = time.perf_counter()
        try:
            if self.spans:
                with self._span(f"wenju.{name}"):
                    yield
            else:
                yield
        finally:
            self.timings[name] = round(self.timings.get(name, 0.0) + time.perf_counter() - start, 4)

    def mark(self, name: str) -> None:
        """Note the seconds since the beginning."""
        self.timings[name] = round(time.perf_counter() - self.began, 4)

    def tell(self, **attributes: str | int) -> None:
        """Say something of the answer in its span; never words of a question or an answer."""
        self.told = True
        if self.spans:
            self.spans[0].set_attributes({f"wenju.{name}": value for name, value in attributes.items()})

    def tell_of(self, answer: Answer) -> None:
        """Say what kind of answer came of it."""
        cached = {"cached": 1} if answer.timings.get("cached") else {}
        self.tell(
            language=answer.language,
            model=answer.model,
            refused=answer.reason or "",
            passages=len(answer.passages),
            citations=len(answer.citations),
            **cached,
        )

    @contextmanager
    def _span(self, name: str) -> Iterator[None]:
        """Open a span until the end of the block, in the one before it.

        It never becomes the current one: blocks have ``yield`` in them, and what happens between is the caller's.
        """
        tracing = sys.modules.get("opentelemetry.trace")  # whoever collects spans has loaded it; we never do
        if tracing is None:
            yield
            return
        around = tracing.set_span_in_context(self.spans[-1]) if self.spans else None
        span: Span = tracing.get_tracer("wenju").start_span(name, around)
        self.spans.append(span)
        try:
            yield
        except Exception as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(tracing.StatusCode.ERROR)
            raise
        finally:
            self.spans.remove(span)
            span.end()
