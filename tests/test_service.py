"""The HTTP API over real connections: answers, streams, documents, conversations, limits."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from assistant.assistant import Assistant
from assistant.events import Event, Token
from assistant.exchange import answer_from_dict
from assistant.service.options import ServiceOptions
from assistant.types import Choices, Message
from tests.conftest import Home, check_answer
from tests.service import Endless, Served, served

QUESTION = "Who wrote this article?"
NOT_THERE = "What is the capital of Mongolia's neighbour called in Swahili?"


@pytest.fixture(scope="module")
def service(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(assistant, tmp_path_factory.mktemp("service")) as running:
        yield running


def without_times(plain: dict[str, Any]) -> dict[str, Any]:
    return {**plain, "timings": None}


def test_an_answer_is_the_same_as_everywhere(service: Served, assistant: Assistant) -> None:
    with service.client("reader") as client:
        got = client.post("/v1/ask", json={"question": QUESTION})
    assert got.status_code == 200
    assert without_times(got.json()) == without_times(json.loads(assistant.ask(QUESTION).to_json()))
    check_answer(answer_from_dict(got.json()), {one.id: one.text for one in assistant.documents()})


def test_a_stream_tells_the_evidence_and_ends_with_the_answer(service: Served, assistant: Assistant) -> None:
    with service.client() as client:
        body = client.post("/v1/ask", json={"question": QUESTION, "stream": True})
    assert body.headers["content-type"].startswith("text/event-stream")
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in body.text.strip().split("\n\n")]
    assert [one["event"] for one in events] == ["evidence", "answer"]
    answer = json.loads(events[-1]["data"])
    assert without_times(answer) == without_times(json.loads(assistant.ask(QUESTION).to_json()))


def test_a_search_gives_exact_passages(service: Served, article: str) -> None:
    with service.client() as client:
        got = client.post("/v1/search", json={"question": QUESTION, "passages": 3}).json()
    assert 1 <= len(got["hits"]) <= 3
    assert all(article[hit["start"] : hit["end"]] == hit["text"] for hit in got["hits"])


@pytest.mark.parametrize("body", [{"question": "   "}, {"question": "x" * 3000}, {}, {"question": "a", "k": 1}, []])
@pytest.mark.parametrize("stream", [False, True])
def test_a_wrong_request_is_a_problem_with_a_hint(service: Served, body: Any, stream: bool) -> None:
    with service.client() as client:
        got = client.post("/v1/ask", json={**body, "stream": stream} if isinstance(body, dict) else body)
    assert got.status_code == 422
    assert got.headers["content-type"] == "application/problem+json"
    assert got.json()["hint"]
    assert got.json()["status"] == 422


def test_health_metrics_and_request_ids(service: Served) -> None:
    with service.client(None) as nobody, service.client() as client:
        assert nobody.get("/healthz").json() == nobody.get("/readyz").json() == {"status": "ok"}
        client.post("/v1/ask", json={"question": QUESTION}, headers={"X-Request-ID": "mine-1"})
        told = client.get("/metrics").text
        assert 'wenju_requests_total{method="POST",route="/v1/ask",status="200"}' in told
        assert 'wenju_lane_taken{lane="quick"} 0.0' in told
        assert client.get("/healthz", headers={"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"
        assert client.get("/healthz").headers["x-request-id"]


def test_a_document_is_added_asked_and_removed(own_home: Home, tmp_path: Path) -> None:
    text = b"# Zorblax\n\nThe Zorblax reactor was opened by Ada Quillfeather in 2031.\n"
    with Assistant(own_home.settings) as assistant, served(assistant, tmp_path) as service, service.client() as client:
        added = client.post("/v1/documents", files={"file": ("zorblax.md", text)})
        assert (added.status_code, added.json()["state"]) == (201, "added")
        (id_,) = added.json()["document_ids"]
        assert client.get(f"/v1/documents/uploads/{added.json()['id']}").json() == added.json()
        with service.client("other") as other:
            assert other.get(f"/v1/documents/uploads/{added.json()['id']}").status_code == 404
        assert client.post("/v1/documents", files={"file": ("zorblax.md", text)}).json()["state"] == "unchanged"
        assert id_ in [one["id"] for one in client.get("/v1/documents").json()["documents"]]
        answer = client.post("/v1/ask", json={"question": "Who opened the Zorblax reactor?"}).json()
        assert "Ada Quillfeather" in answer["text"]
        assert answer["citations"][0]["document_id"] == id_
        later = client.post("/v1/documents?wait=false", files={"file": ("a.md", b"# A\n\nIt is late.\n")})
        assert later.status_code in (201, 202)
        broken = client.post("/v1/documents", files={"file": ("a.pdf", b"%PDF-1.4 no")})
        assert (broken.status_code, broken.headers["content-type"]) == (422, "application/problem+json")
        assert client.delete(f"/v1/documents/{id_}").status_code == 204
        assert (
            client.get(f"/v1/documents/{id_}").status_code == client.delete(f"/v1/documents/{id_}").status_code == 404
        )


def test_a_conversation_is_kept_for_its_owner_alone(service: Served) -> None:
    with service.client() as client, service.client("other") as other:
        begun = client.post("/v1/conversations", json={"title": "Cities"})
        id_ = begun.json()["id"]
        assert begun.status_code == 201
        asked = client.post("/v1/ask", json={"question": QUESTION, "conversation": id_}).json()
        client.post("/v1/ask", json={"question": NOT_THERE, "conversation": id_, "stream": True})
        shown = client.get(f"/v1/conversations/{id_}").json()
        assert [one["status"] for one in shown["exchanges"]] == ["done", "done"]
        assert shown["exchanges"][0]["answer"] == asked
        assert [one["id"] for one in client.get("/v1/conversations").json()["conversations"]] == [id_]
        assert other.get("/v1/conversations").json()["conversations"] == []
        for got in (
            other.get(f"/v1/conversations/{id_}"),
            other.delete(f"/v1/conversations/{id_}"),
            other.patch(f"/v1/conversations/{id_}", json={"title": "x"}),
            other.post("/v1/ask", json={"question": QUESTION, "conversation": id_}),
        ):
            assert got.status_code == 404
        assert client.patch(f"/v1/conversations/{id_}", json={"title": "Towns"}).json()["title"] == "Towns"
        assert client.delete(f"/v1/conversations/{id_}").status_code == 204
        assert client.get(f"/v1/conversations/{id_}").status_code == 404


@pytest.fixture
def client_of_openai(service: Served) -> Iterator[openai.OpenAI]:
    http = httpx.Client(trust_env=False)
    with openai.OpenAI(
        base_url=f"{service.address}/v1", api_key=service.keys["reader"], max_retries=0, http_client=http
    ) as client:
        yield client


def test_the_openai_client_gets_footnotes_and_the_whole_answer(
    client_of_openai: openai.OpenAI, assistant: Assistant
) -> None:
    said = client_of_openai.chat.completions.create(
        model="wenju",
        messages=[{"role": "system", "content": "Be a pirate."}, {"role": "user", "content": QUESTION}],
    )
    expected = assistant.ask(QUESTION)
    text = said.choices[0].message.content or ""
    assert said.choices[0].finish_reason == "stop"
    assert text.startswith(expected.text.replace("[1]", "[^1]")[:40])
    assert f"[^1]: “{' '.join(expected.citations[0].quote.split())}”" in text
    assert (said.model_extra or {})["wenju"]["citations"][0]["quote"] == expected.citations[0].quote


def test_the_openai_client_streams_the_checked_answer_alone(client_of_openai: openai.OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    whole = client_of_openai.chat.completions.create(model="wenju-quotes", messages=messages)
    chunks = list(
        client_of_openai.chat.completions.create(
            model="wenju-quotes", messages=messages, stream=True, stream_options={"include_usage": True}
        )
    )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    ended = next(c for c in chunks if c.choices and c.choices[0].finish_reason == "stop")
    assert (ended.model_extra or {})["wenju"]["claims"]
    assert chunks[-1].usage is not None
    assert chunks[-1].choices == []


def test_the_openai_client_sees_models_and_errors(client_of_openai: openai.OpenAI, service: Served) -> None:
    assert [one.id for one in client_of_openai.models.list()] == ["wenju", "wenju-quotes"]
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-9'"):
        client_of_openai.chat.completions.create(model="gpt-9", messages=[{"role": "user", "content": "?"}])
    stranger = client_of_openai.with_options(api_key="wrong")
    with pytest.raises(openai.AuthenticationError, match="not a key"):
        stranger.models.list()


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_stops_the_model(home: Home, tmp_path: Path, stream: bool) -> None:
    slow = Endless(home.settings)
    with served(slow, tmp_path) as service, service.client() as client:
        body = {"question": "a", "stream": stream}
        if stream:
            with client.stream("POST", "/v1/ask", json=body) as got:
                assert next(got.iter_lines()) == "event: token"
        else:
            with pytest.raises(httpx.ReadTimeout):
                client.post("/v1/ask", json=body, timeout=0.5)
        assert slow.stopped.wait(5)


def test_a_full_queue_is_told_at_once_and_time_is_limited(home: Home, tmp_path: Path) -> None:
    slow = Endless(home.settings)
    options = ServiceOptions(workers=1, queue=0, request_seconds=1.0, rate=100)
    with served(slow, tmp_path, options) as service, service.client() as client:
        late: list[httpx.Response] = []

        def ask() -> None:
            with service.client() as another:
                late.append(another.post("/v1/ask", json={"question": "a"}))

        first = threading.Thread(target=ask)
        first.start()
        assert slow.writing.wait(5)
        began = time.monotonic()
        refused = client.post("/v1/ask", json={"question": "a"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert time.monotonic() - began < 0.5
        first.join()
        assert late[0].status_code == 504
        assert slow.stopped.wait(5)


class Exiting(Assistant):
    """Ends its thread when it is asked."""

    def warm_up(self) -> None:
        """There is nothing to open."""

    def stream(
        self, question: str, history: Sequence[Message] = (), choices: Choices | None = None
    ) -> Generator[Event, None, None]:
        yield Token("word ")
        raise SystemExit(3)


def test_a_thread_that_ends_is_one_failed_answer_and_not_the_end_of_the_service(home: Home, tmp_path: Path) -> None:
    with Exiting(home.settings) as exiting, served(exiting, tmp_path) as service, service.client() as client:
        id_ = client.post("/v1/conversations", json={}).json()["id"]
        for _ in range(3):
            got = client.post("/v1/ask", json={"question": QUESTION, "conversation": id_})
            assert (got.status_code, got.headers["content-type"]) == (500, "application/problem+json")
        assert "event: error" in client.post("/v1/ask", json={"question": QUESTION, "stream": True}).text
        assert client.post("/v1/search", json={"question": QUESTION}).status_code == 200
        until = time.monotonic() + 5  # a thread leaves its place a moment after its answer is there
        while 'wenju_lane_taken{lane="quick"} 0.0' not in client.get("/metrics").text:
            assert time.monotonic() < until
        kept = client.get(f"/v1/conversations/{id_}").json()["exchanges"]
        assert [one["question"] for one in kept] == [QUESTION] * 3


def test_an_answer_that_took_too_long_is_kept_with_the_reason(home: Home, tmp_path: Path) -> None:
    with served(Endless(home.settings), tmp_path, ServiceOptions(request_seconds=0.3)) as service:
        with service.client() as client:
            id_ = client.post("/v1/conversations", json={}).json()["id"]
            got = client.post("/v1/ask", json={"question": QUESTION, "conversation": id_})
            assert got.status_code == 504
            (kept,) = client.get(f"/v1/conversations/{id_}").json()["exchanges"]
            assert (kept["status"], kept["message"]) == ("failed", got.json()["detail"])


def test_a_key_that_asks_too_often_waits(assistant: Assistant, tmp_path: Path) -> None:
    with served(assistant, tmp_path, ServiceOptions(rate=3)) as service, service.client() as client:
        got = [client.get("/v1/conversations") for _ in range(4)]
        assert [one.status_code for one in got] == [200, 200, 200, 429]
        assert 1 <= int(got[-1].headers["retry-after"]) <= 61
        with service.client("other") as other:
            assert other.get("/v1/conversations").status_code == 200


def test_a_slow_body_is_cut_off(assistant: Assistant, tmp_path: Path) -> None:
    with served(assistant, tmp_path, ServiceOptions(body_seconds=0.3)) as service:
        host, port = service.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 5) as connection:
            head = f"POST /v1/ask HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {service.keys['writer']}\r\n"
            connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{".encode())
            assert connection.recv(4096).startswith(b"HTTP/1.1 408")
