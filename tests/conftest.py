"""What several test files share: an index of the shipped article, made once, and a chat model that follows a script."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from assistant.assistant import Assistant
from assistant.chain import REFUSALS, AnswerChain
from assistant.cli import main
from assistant.models import LOCAL_MODEL
from assistant.read import CHOICES, ChatReader
from assistant.settings import Settings
from assistant.types import Answer
from knowledge.build import make_entries, spec_for
from knowledge.retrieve import Searcher
from knowledge.store import Store
from knowledge.types import DocumentRecord
from knowledge.weights import Weights
from prompts import render

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A job in the background is started with Ctrl-C ignored, and so would be the programs that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

E5 = "multilingual-e5-small"

CONTRACT = (
    "question", "standalone_question", "language", "text", "refused", "reason", "claims", "citations", "passages",
    "model", "timings",
)  # fmt: skip
CITATION = ("marker", "quote", "document_id", "title", "source", "start", "end", "score", "place")
CLAIM = ("text", "citations", "support")
PASSAGE = ("id", "document_id", "start", "end", "text", "score")


class ScriptedChatModel(BaseChatModel):
    """Judges and translates as told, otherwise streams its draft in small pieces; `heard` keeps every prompt."""

    draft: str = ""
    translation: str = ""
    rewriting: str = ""
    finds_it: bool = True
    heard: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _says(self, messages: list[BaseMessage]) -> str:
        self.heard.append(messages)
        for language in ("zh", "en"):
            if messages[0].content == render(language, "translate").strip():
                return self.translation
            if messages[0].content == render(language, "rewrite").strip():
                return self.rewriting
            if str(messages[-1].content).endswith(render(language, "judge").strip()):
                return CHOICES[language][0 if self.finds_it else 1]
        return self.draft

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self._says(messages)))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        said = self._says(messages)
        for start in range(0, len(said), 3):
            yield ChatGenerationChunk(message=AIMessageChunk(said[start : start + 3]))
        usage = {"input_tokens": 7, "output_tokens": len(said), "total_tokens": 7 + len(said)}
        yield ChatGenerationChunk(message=AIMessageChunk("", usage_metadata=usage))


@dataclass(frozen=True)
class Home:
    """A home folder that the command line made from nothing, and what it said meanwhile."""

    settings: Settings
    out: str
    err: str

    @property
    def environment(self) -> dict[str, str]:
        return {"WENJU_HOME": str(self.settings.home), "WENJU_CACHE": str(self.settings.cache), "WENJU_OFFLINE": "1",
                "WENJU_CONFIG": os.devnull}  # fmt: skip


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that borrows this machine's embedding model and dictionary, and holds no chat model."""
    place = tmp_path_factory.mktemp("cache")
    own = Settings.from_environment()
    weights = Weights(own.cache, local=own.models, hub=own.hub, offline=own.offline)
    (place / "models").mkdir()
    (place / "models" / E5).symlink_to(weights.path(E5), target_is_directory=True)
    stamp = own.cache / "models" / f"{E5}.stamp.json"
    if stamp.exists():
        shutil.copy(stamp, place / "models")
    for dictionary in own.cache.glob("lexicon-*.db"):
        (place / dictionary.name).symlink_to(dictionary)
    return place


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Home:
    """The first command on a machine: there is no index, and it makes one from the shipped collection."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), cache=cache, offline=True, llm="none")
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        set_environment(patch, Home(settings, "", "").environment)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            assert main(["list", "--json"]) == 0, err.getvalue()
    return Home(settings, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def assistant(home: Home) -> Iterator[Assistant]:
    """The assistant without a chat model; it is only read from."""
    with Assistant(home.settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def article(assistant: Assistant) -> str:
    """The text of the shipped article as it is stored."""
    (record,) = assistant.documents()
    return record.text


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Milvus server: Milvus Lite, which speaks the protocol of a cluster."""
    for package in ("pymilvus", "milvus_lite"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    from milvus_lite.adapter.grpc.server import start_server_in_thread

    server, database, port = start_server_in_thread(str(tmp_path_factory.mktemp("milvus") / "data"))
    yield f"http://127.0.0.1:{port}"
    server.stop(grace=2).wait()
    database.close()


@pytest.fixture
def own_home(home: Home, tmp_path: Path) -> Home:
    """A copy of the home that a test may change or break."""
    shutil.copytree(home.settings.home, tmp_path / "home")
    return replace(home, settings=replace(home.settings, home=tmp_path / "home"))


@pytest.fixture(scope="session")
def real() -> Path:
    """The weights of the shipped chat model, if this machine has them."""
    from knowledge.weights import Weights

    settings = Settings.from_environment()
    weights = Weights(settings.cache, local=settings.models, hub=settings.hub, offline=True)
    if not weights.available(LOCAL_MODEL):
        pytest.skip("the chat model's weights are not on this machine")
    return weights.path(LOCAL_MODEL)


@pytest.fixture
def use_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Point the environment to the shared home."""
    set_environment(monkeypatch, home.environment)
    return home


@pytest.fixture
def use_own_home(own_home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Point the environment to a home that the test may change or break."""
    set_environment(monkeypatch, own_home.environment)
    return own_home


Searching = Callable[[Iterable[DocumentRecord]], Searcher]
"""What the fixture `searching` gives: stores some documents by themselves and searches them."""


@pytest.fixture
def searching(assistant: Assistant, tmp_path: Path) -> Iterator[Searching]:
    """Return what stores some documents by themselves and searches them."""
    with contextlib.ExitStack() as stack:

        def over(records: Iterable[DocumentRecord]) -> Searcher:
            store = stack.enter_context(Store.create(tmp_path / "passages.db", spec_for(assistant.embedder)))
            store.put_all(make_entries(list(records), assistant.embedder))
            return Searcher(store, assistant.embedder, assistant.searcher.lexicon)

        yield over


@pytest.fixture(scope="session")
def scripted(assistant: Assistant) -> Callable[..., AnswerChain]:
    """Return the chain whose chat model writes a given draft."""

    def make(draft: str = "", *, model: ScriptedChatModel | None = None, **changes: Any) -> AnswerChain:
        reader = ChatReader(model or ScriptedChatModel(draft=draft), "scripted", "local")
        return AnswerChain(assistant.searcher, reader, replace(assistant.settings, **({"threshold": 0.0} | changes)))

    return make


def set_environment(patch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    """Set Wenju's variables to exactly these."""
    for name in ("HOME", "CACHE", "MODELS", "LLM", "EMBEDDING_MODEL", "OFFLINE", "THRESHOLD", "PASSAGES", "SENTENCES"):
        patch.delenv(f"WENJU_{name}", raising=False)
    for name in ("WENJU_THREADS", "WENJU_TIMEOUT", "HF_ENDPOINT", "HF_HUB_OFFLINE"):
        patch.delenv(name, raising=False)
    patch.setenv("WENJU_CONFIG", os.devnull)
    for name, value in variables.items():
        patch.setenv(name, value)


def check_answer(answer: Answer, texts: Mapping[str, str]) -> None:
    """Hold an answer to what every answer promises.

    Args:
        answer: The answer.
        texts: The documents by id.
    """
    plain = answer.to_dict()
    assert tuple(plain) == CONTRACT
    assert all(tuple(row) == CITATION for row in plain["citations"])
    assert all(tuple(row) == CLAIM for row in plain["claims"])
    assert all(tuple(row) == PASSAGE for row in plain["passages"])
    assert answer.refused == bool(answer.reason)
    assert answer.text.strip()
    for place in (*answer.citations, *answer.passages):
        words = place.quote if hasattr(place, "quote") else place.text
        assert texts[place.document_id][place.start : place.end] == words
    for citation in answer.citations:
        assert any(
            passage.document_id == citation.document_id
            and passage.start <= citation.start < citation.end <= passage.end
            for passage in answer.passages
        )
        assert 0.0 <= citation.score <= 1.0
        assert citation.title
    if answer.refused:
        assert (answer.claims, answer.citations) == ((), ())
        assert answer.text == render(answer.language, REFUSALS[answer.reason]).strip()
        return
    assert answer.claims
    assert all(claim.citations and claim.text.strip() for claim in answer.claims)
    numbers = [citation.marker for citation in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    assert first_uses(answer.text) == numbers == unique(n for claim in answer.claims for n in claim.citations)
    quotes = {citation.marker: citation.quote for citation in answer.citations}
    for claim in answer.claims:
        if claim.support == "quoted":
            assert claim.text in {quotes[number] for number in claim.citations}
    assert {"total", "first_word"} <= set(answer.timings)
    assert 0 <= answer.timings["first_word"] <= answer.timings["total"]


def first_uses(text: str) -> list[int]:
    """Return the markers of a text in the order of their first use."""
    return unique(int(number) for number in re.findall(r"\[(\d+)\]", text))


def unique(numbers: Iterator[int] | Sequence[int]) -> list[int]:
    return list(dict.fromkeys(numbers))
