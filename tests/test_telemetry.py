"""The five steps as OpenTelemetry spans: collected by the SDK where it is set up, and nothing where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from assistant.assistant import Assistant
from assistant.chain import AnswerChain
from assistant.errors import BadQuestion
from assistant.types import Message, Turn
from tests.conftest import Home
from tests.served_process import running
from tests.service import served

QUESTION = "Which three cities piloted the new smart city at the end of 2015?"
STEPS = ["condense", "retrieve", "select", "read", "verify"]


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """What this process collects; a provider can be set once, and is for every test after these too."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    assert trace.get_tracer_provider() is provider
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[Callable[[], dict[str, ReadableSpan]]]:
    """Return Wenju's spans that ended in this test, by name."""
    exporter.clear()
    yield lambda: {
        span.name.removeprefix("wenju."): span
        for span in exporter.get_finished_spans()
        if span.name.startswith("wenju.")
    }
    exporter.clear()


def parent(span: ReadableSpan) -> int:
    assert span.parent is not None
    return span.parent.span_id


def test_each_step_is_a_span_in_the_span_of_the_answer(
    assistant: Assistant, spans: Callable[[], dict[str, ReadableSpan]]
) -> None:
    answer = assistant.ask(QUESTION)
    found = spans()
    whole = found["answer"]
    assert whole.parent is None
    assert [name for name in found if name in STEPS] == STEPS
    assert {parent(found[name]) for name in STEPS} == {whole.context.span_id}
    assert dict(whole.attributes or {}) == {
        "wenju.language": answer.language,
        "wenju.model": answer.model,
        "wenju.refused": "",
        "wenju.passages": len(answer.passages),
        "wenju.citations": len(answer.citations),
    }
    took = {name: ((one.end_time or 0) - (one.start_time or 0)) / 1e9 for name, one in found.items()}
    assert all(took[name] == pytest.approx(answer.timings[name], abs=0.005) for name in STEPS)
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_no_word_of_question_or_answer_is_in_a_span(
    assistant: Assistant, scripted: Callable[..., AnswerChain], spans: Callable[[], dict[str, ReadableSpan]]
) -> None:
    earlier = (Message("user", QUESTION), Message("assistant", "Somebody proposed it."))
    list(scripted("It was piloted by Quibblewock.").events(Turn("And when did Quibblewock propose it?", earlier)))
    assert "rewrite" in spans()
    written = " ".join(span.to_json() for span in spans().values())
    for word in ("Quibblewock", "smart", "2015", "proposed", "Somebody", "Shenzhen"):
        assert word not in written


def test_a_refusal_a_stop_and_an_error_are_told_apart(
    assistant: Assistant, scripted: Callable[..., AnswerChain], spans: Callable[[], dict[str, ReadableSpan]]
) -> None:
    refused = assistant.ask("What is the capital of Mongolia's neighbour called in Swahili?")
    assert (spans()["answer"].attributes or {})["wenju.refused"] == refused.reason
    with closing(scripted("The pilots were Shenzhen, Fuzhou and Jiaxing.").events(Turn(QUESTION))) as events:
        next(event for event in events if type(event).__name__ == "Token")
    assert (spans()["answer"].attributes or {})["wenju.stopped"] is True
    assert "verify" not in spans()
    with pytest.raises(BadQuestion):
        assistant.ask("x" * 5000)
    assert (spans()["answer"].attributes or {})["error.type"] == "BadQuestion"
    assert spans()["answer"].status.status_code is trace.StatusCode.ERROR
    assert not spans()["answer"].events


def test_an_answer_of_the_service_is_in_the_span_of_its_request(
    assistant: Assistant, exporter: InMemorySpanExporter, spans: Callable[[], dict[str, ReadableSpan]], tmp_path: Path
) -> None:
    with served(assistant, tmp_path) as service, service.client() as client:
        sender = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
        client.post("/v1/ask", json={"question": QUESTION}, headers={"traceparent": sender})
    whole = spans()["answer"]
    assert f"{whole.context.trace_id:032x}" == "0123456789abcdef0123456789abcdef"
    names = {span.context.span_id: span.name for span in exporter.get_finished_spans()}
    assert parent(whole) in names


def test_without_telemetry_nothing_of_it_is_loaded(home: Home) -> None:
    code = (
        "import sys; from assistant import ask; from assistant.clock import Clock; clock = Clock();\n"
        "with clock.answering(), clock.step('read'): clock.tell(model='none')\n"
        "assert list(clock.timings) == ['read'] and not clock.spans\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    environment = os.environ | home.environment
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert told.stdout.strip() == "[]"


def test_opentelemetrys_own_command_collects_the_steps(home: Home) -> None:
    """As docs/service.md says it, with the console in place of a collector."""
    pytest.importorskip("opentelemetry.distro", reason="the extra telemetry is not installed")
    command = Path(sys.executable).with_name("opentelemetry-instrument")
    environment = home.environment | {
        "OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none",
    }  # fmt: skip
    started = (str(command), sys.executable, "-m", "assistant.cli")
    with running(environment, "--llm", "none", "--no-page", command=started) as found:
        with httpx.Client(base_url=found.address, trust_env=False, timeout=60) as client:
            assert client.post("/v1/ask", json={"question": QUESTION}).status_code == 200
        found.process.terminate()
        printed, logged = found.process.communicate(timeout=60)
    assert all(f'"name": "wenju.{name}"' in printed for name in ["answer", *STEPS]), logged
