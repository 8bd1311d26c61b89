"""Which model a specification names, and what is said when its server fails. The servers are real ones, on loopback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from assistant.errors import BadSettings, ExtraMissing, ModelUnreachable
from assistant.local_model import LocalChatModel
from assistant.models import EXTRACTIVE, LOCAL_MODEL, explain_errors, model_name, open_chat_model, require
from assistant.settings import Settings


@dataclass
class Files:
    """A folder of weights that holds one file or none."""

    there: bool = True
    asked: list[str] = field(default_factory=list)

    def path(self, name: str) -> Path:
        self.asked.append(name)
        return Path("/weights") / f"{name}.gguf"

    def available(self, name: str) -> bool:
        self.asked.append(name)
        return self.there


SETTINGS = Settings(timeout=5.0)


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OLLAMA_HOST", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


Reply = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


@dataclass
class Server:
    """An HTTP server on loopback that answers as a test says, and remembers what it was asked."""

    reply: Reply
    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Message] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def spec(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1#some-model"


@pytest.fixture
def serve() -> Iterator[Callable[[Reply], Server]]:
    running: list[ThreadingHTTPServer] = []

    def start(reply: Reply) -> Server:
        server = Server(reply)

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.requests.append(body)
                server.headers.append(self.headers)
                server.paths.append(self.path)
                server.reply(self, body)

        http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.port = http.server_port
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        running.append(http)
        return server

    yield start
    for http in running:
        http.shutdown()
        http.server_close()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str = "application/json") -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}


def speak(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    """Answer as OpenAI does: at once, or as server-sent events."""
    about = {"id": "1", "created": 1, "model": body["model"]}
    words = ["试点", "城市"]
    if not body.get("stream"):
        message = {"role": "assistant", "content": "".join(words)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        reply = {**about, "object": "chat.completion", "choices": [choice], "usage": USAGE}
        send(handler, 200, json.dumps(reply).encode())
        return
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    chunk = {**about, "object": "chat.completion.chunk"}
    for word in words:
        event = {**chunk, "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}
        handler.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        handler.wfile.flush()
    for event in (
        {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {**chunk, "choices": [], "usage": USAGE},
    ):
        handler.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
    handler.wfile.write(b"data: [DONE]\n\n")


def fail_with(status: int) -> Reply:
    body = json.dumps({"error": {"message": "no", "type": "t", "code": None}}).encode()
    return lambda handler, _: send(handler, status, body)


def opened(spec: str, settings: Settings = SETTINGS) -> BaseChatModel:
    model = open_chat_model(spec, settings, Files())
    assert model is not None
    return model


# Names


def test_none_is_no_model_and_auto_depends_on_the_weights() -> None:
    assert open_chat_model("none", SETTINGS, Files()) is None
    assert open_chat_model("auto", SETTINGS, Files(there=False)) is None
    assert isinstance(open_chat_model("auto", SETTINGS, Files()), LocalChatModel)
    assert isinstance(open_chat_model(" local ", SETTINGS, Files(there=False)), LocalChatModel)


def test_local_takes_the_shipped_file_and_the_threads() -> None:
    files = Files()
    model = open_chat_model("local", Settings(threads=3), files)
    assert isinstance(model, LocalChatModel)
    assert model.path == files.path(LOCAL_MODEL)
    assert model.threads == 3
    assert not model.loaded
    with pytest.raises(BadSettings, match="threads is 0"):
        open_chat_model("local", Settings(threads=0), files)


@pytest.mark.parametrize(
    ("spec", "there", "name"),
    [
        ("none", True, EXTRACTIVE),
        ("auto", False, EXTRACTIVE),
        ("auto", True, LOCAL_MODEL),
        ("local", False, LOCAL_MODEL),
        ("openai:gpt-5-mini", True, "gpt-5-mini"),
        ("ollama:qwen3:8b", True, "qwen3:8b"),
        ("https://llm.example/v1#Qwen/Qwen3-8B", True, "Qwen/Qwen3-8B"),
    ],
)
def test_the_name_in_the_answer(spec: str, there: bool, name: str) -> None:
    assert model_name(spec, Files(there=there)) == name


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "gpt-5",
        "openai:",
        "openai",
        "ollama:",
        "claude:opus",
        "http://127.0.0.1:1/v1",
        "http://#m",
        "NONE",
        "ftp://x#m",
    ],
)
def test_what_cannot_be_understood_lists_what_can(spec: str) -> None:
    with pytest.raises(BadSettings) as caught:
        open_chat_model(spec, SETTINGS, Files())
    assert repr(spec) in caught.value.message
    for allowed in ("auto", "none", "local", "openai:MODEL", "ollama:MODEL", "http://host:port/v1#MODEL"):
        assert allowed in caught.value.hint


def test_a_hosted_model_without_a_key_says_which_variable() -> None:
    with pytest.raises(BadSettings, match="needs a key") as caught:
        open_chat_model("openai:gpt-5-mini", SETTINGS, Files())
    assert "OPENAI_API_KEY" in caught.value.hint


def test_a_missing_package_names_the_extra() -> None:
    with pytest.raises(ExtraMissing) as caught:
        require("wenju_no_such_package", "ollama")
    assert "pip install 'wenju[ollama]'" in caught.value.hint
    assert require("json", "openai") is json


def test_naming_a_model_imports_no_client() -> None:
    code = """
import sys
from assistant.models import model_name, open_chat_model
from assistant.settings import Settings
assert open_chat_model("none", Settings(), None) is None
model_name("openai:gpt-5", None)
print(sorted({"openai", "langchain_openai", "ollama", "xllamacpp", "torch", "langchain_core"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n", done.stderr


def test_nothing_is_traced_unless_the_user_asks() -> None:
    code = """
import os
for name in [name for name in os.environ if name.startswith(("LANGSMITH", "LANGCHAIN"))]:
    del os.environ[name]
import assistant.local_model, assistant.models
from langsmith.utils import tracing_is_enabled
print(tracing_is_enabled())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "False\n", done.stderr


# A server that works


def test_an_openai_compatible_server_is_asked_and_understood(serve: Callable[[Reply], Server]) -> None:
    server = serve(speak)
    with explain_errors(server.spec):
        answer = opened(server.spec).invoke([SystemMessage("简短"), HumanMessage("哪些城市？")])
    assert answer.content == "试点城市"
    assert answer.usage_metadata is not None
    assert (answer.usage_metadata["input_tokens"], answer.usage_metadata["output_tokens"]) == (7, 2)
    assert server.paths == ["/v1/chat/completions"]
    assert server.requests[0]["model"] == "some-model"
    assert server.requests[0]["temperature"] == 0
    assert [message["role"] for message in server.requests[0]["messages"]] == ["system", "user"]
    assert server.headers[0]["Authorization"] == "Bearer none"


def test_it_streams_with_token_counts(serve: Callable[[Reply], Server]) -> None:
    server = serve(speak)
    pieces = list(opened(server.spec).stream("哪些城市？"))
    assert [piece.content for piece in pieces if piece.content] == ["试点", "城市"]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["total_tokens"] == 9


def test_the_key_of_the_environment_is_sent(serve: Callable[[Reply], Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    server = serve(speak)
    opened(server.spec).invoke("?")
    assert server.headers[0]["Authorization"] == "Bearer sk-test"


def test_a_proxy_for_the_outside_is_not_used_for_loopback(
    serve: Callable[[Reply], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(speak)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert opened(server.spec).invoke("?").content == "试点城市"


def test_a_proxy_for_the_outside_is_used_outside(
    serve: Callable[[Reply], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(speak)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert opened("http://llm.invalid/v1#some-model").invoke("?").content == "试点城市"
    assert server.paths == ["http://llm.invalid/v1/chat/completions"]


# Servers that do not


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def failure(spec: str, settings: Settings = SETTINGS, *, stream: bool = False) -> ModelUnreachable:
    model = opened(spec, settings)
    with pytest.raises(ModelUnreachable) as caught, explain_errors(spec):
        list(model.stream("?")) if stream else model.invoke("?")
    assert caught.value.message.endswith(".")
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("stream", [False, True])
def test_nobody_listens(stream: bool) -> None:
    spec = f"http://127.0.0.1:{closed_port()}/v1#m"
    error = failure(spec, stream=stream)
    assert error.message == f"{spec[:-2]} cannot be reached."


def test_a_host_that_does_not_exist() -> None:
    assert "http://no-such-host.invalid/v1 cannot be reached" in failure("http://no-such-host.invalid/v1#m").message


def test_ollama_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{closed_port()}")
    error = failure("ollama:qwen3:8b")
    assert error.message == "ollama:qwen3:8b cannot be reached."
    assert "ollama serve" in error.hint


def test_ollama_without_the_model(serve: Callable[[Reply], Server], monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(lambda handler, _: send(handler, 404, b'{"error": "model not found"}'))
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{server.port}")
    assert failure("ollama:qwen3:8b").hint == "Run: ollama pull qwen3:8b"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "words", "hint"),
    [
        (401, "refused the key (HTTP 401)", "OPENAI_API_KEY"),
        (403, "refused the key (HTTP 403)", "OPENAI_API_KEY"),
        (404, "has no model 'some-model' (HTTP 404)", "name of the model"),
        (400, "refused the request (HTTP 400)", "context size"),
        (429, "takes no more requests now (HTTP 429)", "quota"),
        (500, "failed (HTTP 500)", "--llm none"),
        (503, "failed (HTTP 503)", "--llm none"),
    ],
)
def test_every_status_is_one_sentence(
    serve: Callable[[Reply], Server], status: int, words: str, hint: str, stream: bool
) -> None:
    server = serve(fail_with(status))
    error = failure(server.spec, stream=stream)
    assert error.message == f"http://127.0.0.1:{server.port}/v1 {words}."
    assert hint in error.hint
    assert len(server.requests) <= 2


def test_a_slow_server_is_given_up_after_the_timeout(serve: Callable[[Reply], Server]) -> None:
    over = threading.Event()
    server = serve(lambda *_: over.wait(30) and None)
    begin = time.monotonic()
    error = failure(server.spec, Settings(timeout=0.3))
    over.set()
    assert "did not answer in time" in error.message
    assert "WENJU_TIMEOUT" in error.hint
    assert time.monotonic() - begin < 10


def test_a_stream_that_stalls_is_given_up(serve: Callable[[Reply], Server]) -> None:
    over = threading.Event()

    def stall(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        handler.wfile.flush()
        over.wait(30)

    server = serve(stall)
    error = failure(server.spec, Settings(timeout=0.3), stream=True)
    over.set()
    assert "did not answer in time" in error.message


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("body", [b"<html>It works!</html>", b"{", b"[]", b"null"], ids=["html", "cut", "list", "null"])
def test_another_service_on_that_port(serve: Callable[[Reply], Server], body: bytes, stream: bool) -> None:
    kind = "text/html" if body.startswith(b"<") else "application/json"
    server = serve(lambda handler, _: send(handler, 200, body, kind))
    assert "cannot be read" in failure(server.spec, stream=stream).message


def test_our_own_mistakes_are_not_the_models() -> None:
    with pytest.raises(ZeroDivisionError), explain_errors("openai:m"):
        _ = 1 / 0
    with pytest.raises(ValueError, match="ours"), explain_errors("local"):
        raise ValueError("ours")
    ours = BadSettings("a.", hint="b.")
    with pytest.raises(BadSettings) as caught, explain_errors("local"):
        raise ours
    assert caught.value is ours


def test_it_decorates_functions() -> None:
    @explain_errors("openai:m")
    def connect() -> None:
        raise ConnectionRefusedError("no")

    for _ in range(2):
        with pytest.raises(ModelUnreachable, match="openai:m cannot be reached"):
            connect()
