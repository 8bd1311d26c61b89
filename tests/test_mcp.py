"""`wenju mcp` as its clients see it: the package's own client against a real process, by both transports."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.service.mcp_server import build_server
from assistant.service.mcp_tools import LONGEST_READ, Toolbox
from tests.conftest import CITATION, CONTRACT, Home
from tests.service import Endless

QUESTION = "2015年底启动了哪三个新型智慧城市试点？"
COMMAND = [sys.executable, "-m", "assistant.cli", "mcp", "--llm", "none"]


@asynccontextmanager
async def connected(home: Home) -> AsyncIterator[Client]:
    """Start the server as a client would, and end it."""
    launched = StdioServerParameters(command=COMMAND[0], args=COMMAND[1:], env={**os.environ, **home.environment})
    async with Client(launched, read_timeout_seconds=60) as client:
        yield client


def text_of(result: Any) -> str:
    (block,) = result.content
    return str(block.text)


def plain_answer(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "timings"}


async def test_every_tool_over_standard_input_and_output(home: Home, assistant: Assistant, article: str) -> None:
    async with connected(home) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"ask", "search", "list_documents", "read_passage"}
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools.values())

        asked = await client.call_tool("ask", {"question": QUESTION})
        expected = assistant.ask(QUESTION).to_dict()
        assert tuple(asked.structured_content) == CONTRACT
        assert tuple(asked.structured_content["citations"][0]) == CITATION
        assert plain_answer(asked.structured_content) == plain_answer(_as_json(expected))
        for citation in asked.structured_content["citations"]:
            assert article[citation["start"] : citation["end"]] == citation["quote"]
            assert citation["quote"] in text_of(asked)

        found = await client.call_tool("search", {"question": QUESTION, "passages": 2})
        hits = found.structured_content["hits"]
        assert [hit["id"] for hit in hits] == [hit.passage.id for hit in assistant.search(QUESTION, 2)]
        assert hits[0]["text"].strip() in text_of(found)

        listed = await client.call_tool("list_documents", {})
        (document,) = listed.structured_content["documents"]
        assert listed.structured_content["total"] == 1
        assert document["id"] in text_of(listed)
        assert (await client.call_tool("list_documents", {"contains": "no such"})).structured_content["total"] == 0
        assert (await client.call_tool("list_documents", {"limit": 0})).is_error

        place = {"document_id": document["id"], "start": hits[0]["start"], "end": hits[0]["end"]}
        read = await client.call_tool("read_passage", place)
        assert read.structured_content["text"] == hits[0]["text"]
        assert read.structured_content["characters"] == len(article)


async def test_a_refusal_is_an_answer_and_every_error_is_a_sentence_with_what_to_do(assistant: Assistant) -> None:
    tools = Toolbox(assistant)
    async with Client(build_server(tools)) as client:
        refused = await client.call_tool("ask", {"question": "What is the price of a kilogram of saffron in Tehran?"})
        assert not refused.is_error
        assert refused.structured_content["refused"] is True
        assert refused.structured_content["citations"] == []
        for name, arguments, said in (
            ("ask", {"question": "  "}, "question"),
            ("ask", {}, "question: Field required"),
            ("ask", {"question": "a", "reader": "local"}, "reader: Extra inputs"),
            ("ask", {"question": "a" * 100_000}, "at most"),
            ("search", {"question": "a", "passages": 0}, "passages: "),
            ("read_passage", {"document_id": "../../etc/passwd"}, "../../etc/passwd"),
            ("remove", {}, "ask, search, list_documents, read_passage"),
        ):
            failed = await client.call_tool(name, arguments)
            assert failed.is_error, (name, arguments)
            assert failed.structured_content is None
            assert said in text_of(failed)
            assert "\n" not in text_of(failed)
            assert text_of(failed).count(".") >= 2
    tools.close()


async def test_reading_stays_inside_the_document_and_its_limit(assistant: Assistant, article: str) -> None:
    tools = Toolbox(assistant)
    (record,) = assistant.documents()
    whole = await tools.call("read_passage", {"document_id": record.id, "end": 10**9})
    assert whole.data is not None
    assert whole.data["text"] == article[:LONGEST_READ]
    beyond = await tools.call("read_passage", {"document_id": record.id, "start": len(article)})
    assert (beyond.data, str(len(article)) in beyond.text) == (None, True)
    backwards = await tools.call("read_passage", {"document_id": record.id, "start": 9, "end": 9})
    assert (backwards.data, "not above start" in backwards.text) == (None, True)
    tools.close()


async def test_a_call_that_is_cancelled_or_takes_too_long_stops_the_model(home: Home) -> None:
    for seconds in (60.0, 0.2):
        endless = Endless(home.settings)
        tools = Toolbox(endless, seconds=seconds)
        asking = asyncio.create_task(tools.call("ask", {"question": "a"}))
        assert await asyncio.to_thread(endless.writing.wait, 5)
        if seconds == 60.0:
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        else:
            assert (await asking).text.startswith("There was no answer within 0.2 seconds.")
        assert await asyncio.to_thread(endless.stopped.wait, 5)
        tools.close()


async def test_streamable_http_serves_this_machine_and_no_page_of_another_site(home: Home) -> None:
    with subprocess.Popen(
        [*COMMAND, "--http", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | home.environment,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        line = await asyncio.to_thread(running.stdout.readline)
        address = re.search(r"http://127\.0\.0\.1:\d+/mcp", line)
        assert address is not None
        body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        accept = {"Accept": "application/json, text/event-stream"}
        with httpx.Client(trust_env=False, transport=httpx.HTTPTransport(retries=5), headers=accept) as raw:
            assert raw.post(address[0], json=body, headers={"Host": "wenju.example"}).status_code == 421
            assert raw.post(address[0], json=body, headers={"Origin": "https://evil.example"}).status_code == 403
        async with Client(address[0], read_timeout_seconds=60) as client:
            asked = await client.call_tool("ask", {"question": QUESTION})
            assert asked.structured_content["citations"]
        running.send_signal(signal.SIGTERM)
        _, said = await asyncio.to_thread(running.communicate, timeout=30)
    assert "Traceback" not in said
    assert running.returncode in (0, -signal.SIGTERM)


def test_wrong_options_are_one_sentence(use_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mcp", "--llm", "none", "--http", "--port", "99999"]) == 2
    assert "not a port" in capsys.readouterr().err


def _as_json(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer as it comes out of JSON: lists for tuples."""
    plain: dict[str, Any] = json.loads(json.dumps(answer))
    return plain
