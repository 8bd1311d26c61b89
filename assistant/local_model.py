"""The chat model that runs inside this process: a GGUF file read by llama.cpp, through ``xllamacpp``, on the CPU.

One file is loaded once per process, at the first question, whoever asks for it. It answers one request after the other:
on a CPU two at a time would each take twice as long. Decoding is greedy, so that the same prompt gives the same words.

Why the defaults are what they are stands in `_parameters`; measured with Qwen2.5-Coder-1.5B, Q4_K_M, on two cores.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import secrets
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from assistant.errors import ModelUnreachable

_LISTED_TOKENS = 1000
_BATCH_TOKENS = 128
_PREFIX_MEMORY_MIB = 256
_LONGEST_SOCKET_NAME = 100
_PULL = "Run: wenju models pull qwen2.5-coder-1.5b-instruct-q4_k_m"
_INSTEAD = "Try again, or do without a chat model: --llm none."

_Key = tuple[str, int | None, int]
_Request = dict[str, Any]
_Chunk = dict[str, Any]


class LocalChatModel(BaseChatModel):
    """A GGUF chat model in this process, greedy, on the CPU.

    Two objects with the same `path`, `threads` and `context_tokens` share one loaded model. Safe to use from several
    threads: requests take turns.

    Attributes:
        path: The GGUF file.
        threads: CPU threads, or None for all physical cores.
        context_tokens: Tokens of prompt and answer together.
        max_tokens: Most tokens of an answer; ``max_tokens=`` at a call takes precedence. With ``logprobs=True`` at a
            call each piece tells the log-probabilities of its tokens (``response_metadata["logprobs"]``).
        cache_prompt: Reuse what was already read of a prompt that begins like an earlier one. Faster, but the last bits
            of the arithmetic then depend on what was asked before; turn it off where runs must be reproducible.
    """

    path: Path
    threads: int | None = Field(default=None, ge=1)
    context_tokens: int = Field(default=4096, ge=64)
    max_tokens: int = Field(default=160, ge=1)
    cache_prompt: bool = True

    @property
    def _llm_type(self) -> str:
        return "xllamacpp"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.path.stem, "context_tokens": self.context_tokens, "max_tokens": self.max_tokens}

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        return self._key() in _engines

    @property
    def waiting(self) -> int:
        """How many requests a new one would wait for: the running one and those in the queue."""
        engine = _engines.get(self._key())
        return 0 if engine is None else engine.waiting

    def load(self) -> None:
        """Read the weights now instead of at the first question; does nothing if they are there.

        The runtime holds Python's global lock meanwhile, so other threads stand still for that second or two: a web
        front end calls this before it serves.

        Raises:
            ModelUnreachable: The file is missing or damaged, or the runtime cannot be loaded.
        """
        self._engine()

    def _key(self) -> _Key:
        return str(self.path.expanduser().absolute()), self.threads, self.context_tokens

    def _engine(self) -> _Engine:
        key = self._key()
        with _loading:
            if key not in _engines:
                _engines[key] = _Engine(*key)
            return _engines[key]

    def _request(self, messages: Sequence[BaseMessage], **more: Any) -> _Request:
        return {
            "messages": convert_to_openai_messages(messages),
            "max_tokens": self.max_tokens,
            "temperature": 0.0,
            "seed": 0,
            "repeat_penalty": 1.0,
            "cache_prompt": self.cache_prompt,
            "stream": True,
            "stream_options": {"include_usage": True},
            # A chunk after each batch of the prompt, so that a request can be stopped before its first word.
            "return_progress": True,
            **more,
        }

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop=stop, run_manager=run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        more: dict[str, Any] = {"max_tokens": kwargs["max_tokens"]} if kwargs.get("max_tokens") else {}
        more |= {"logprobs": True, "top_logprobs": 1} if kwargs.get("logprobs") else {}
        request = self._request(messages, **({"stop": list(stop)} if stop else {}), **more)
        with contextlib.closing(self._engine().chunks(request)) as chunks:
            for chunk in chunks:
                for choice in chunk.get("choices", ()):
                    text = choice.get("delta", {}).get("content") or ""
                    reason = choice.get("finish_reason")
                    if not text and not reason:
                        continue
                    piece = ChatGenerationChunk(
                        message=AIMessageChunk(
                            content=text,
                            response_metadata={"finish_reason": reason, "model_name": self.path.stem} if reason else {},
                        ),
                        generation_info=_told_of(choice) or None,
                    )
                    if run_manager and text:
                        run_manager.on_llm_new_token(text, chunk=piece)
                    yield piece
                if chunk.get("usage"):
                    usage = _usage(chunk["usage"])
                    yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=usage))

    def choice_probabilities(
        self, prompt_messages: LanguageModelInput, choices: Sequence[str], *, cache_prompt: bool | None = None
    ) -> dict[str, float]:
        """Return how probable each choice is as the beginning of the answer.

        One token is computed. Its whole distribution is read, before any sampling, and what lies outside the choices is
        left out of account. A token counts for a choice if it is the choice, or the beginning of that choice and of no
        other, spaces around it aside; choices must therefore differ in their first token, like "是" and "否".

        Args:
            prompt_messages: What `invoke` takes.
            choices: At least two different texts.
            cache_prompt: As the attribute, which is the default.

        Returns:
            Probability by choice, in their order, with sum 1; equal shares if the model considers none of them.

        Raises:
            ModelUnreachable: The model cannot be loaded, or the prompt does not fit its context.
            ValueError: There are fewer than two choices, or an empty or repeated one.
        """
        if len(choices) < 2 or len(set(choices)) < len(choices) or not all(choice.strip() for choice in choices):
            raise ValueError(f"choices must be at least two different texts, not {list(choices)!r}")
        messages = self._convert_input(prompt_messages).to_messages()
        caching = self.cache_prompt if cache_prompt is None else cache_prompt
        request = self._request(
            messages, max_tokens=1, logprobs=True, top_logprobs=_LISTED_TOKENS, cache_prompt=caching
        )
        share = dict.fromkeys(choices, 0.0)
        for chunk in self._engine().chunks(request):
            for choice in chunk.get("choices", ()):
                for position in (choice.get("logprobs") or {}).get("content", ())[:1]:
                    for listed in position["top_logprobs"]:
                        meant = _meant(listed["token"].strip(), choices)
                        if meant is not None:
                            share[meant] += math.exp(listed["logprob"])
        total = sum(share.values())
        if total == 0.0:
            return dict.fromkeys(choices, 1.0 / len(choices))
        return {choice: value / total for choice, value in share.items()}


def _meant(token: str, choices: Sequence[str]) -> str | None:
    """Return the one choice that begins with a token, or None."""
    if token in choices:
        return token
    begun = [choice for choice in choices if token and choice.strip().startswith(token)]
    return begun[0] if len(begun) == 1 else None


def _told_of(choice: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of a piece of an answer: why it ends, and the log-probability of each token.

    In the form in which langchain's chat models of OpenAI tell it.
    """
    reason, positions = choice.get("finish_reason"), (choice.get("logprobs") or {}).get("content") or ()
    tokens = [{"token": position["token"], "logprob": position["logprob"]} for position in positions]
    return ({"finish_reason": reason} if reason else {}) | ({"logprobs": {"content": tokens}} if tokens else {})


def _usage(counted: dict[str, Any]) -> UsageMetadata:
    read, written = int(counted["prompt_tokens"]), int(counted["completion_tokens"])
    cached = int((counted.get("prompt_tokens_details") or {}).get("cached_tokens", 0))
    return UsageMetadata(
        input_tokens=read,
        output_tokens=written,
        total_tokens=read + written,
        input_token_details=InputTokenDetails(cache_read=cached),
    )


class _Engine:
    """A loaded model that serves one request at a time."""

    def __init__(self, path: str, threads: int | None, context_tokens: int) -> None:
        if not Path(path).is_file():
            raise ModelUnreachable(f"There is no model file {path}.", hint=_PULL)
        runtime = _runtime()
        parameters = _parameters(runtime, path, threads, context_tokens)
        with _private_address() as address:
            parameters.hostnames = [address]
            try:
                self._server = runtime.Server(parameters)
            except RuntimeError as error:
                raise ModelUnreachable(
                    f"llama.cpp cannot load {path}: the file is damaged, or there is not enough memory (about 2 GB).",
                    hint=_PULL,
                ) from error
        # Its loop starts after the constructor returns, and a server that is freed before that hangs for ever: have it
        # answer something first.
        self._server.handle_metrics()
        self._turn = threading.Lock()
        self._count = threading.Lock()
        self.waiting = 0

    def chunks(self, request: _Request) -> Generator[_Chunk, None, None]:
        """Yield the chunks of the answer as they come; closing the generator stops the request.

        llama.cpp runs in a thread of its own and calls back, while this thread waits on a queue: that turns callbacks
        into a generator, and lets Ctrl-C through, which native code would hold back.

        Raises:
            ModelUnreachable: The request was refused, for example because the prompt is too long.
        """
        arrived: queue.SimpleQueue[_Chunk | BaseException | None] = queue.SimpleQueue()
        stopped = threading.Event()

        receiving = _receiving(arrived, stopped)
        next(receiving)
        self._take_turn()
        try:
            worker = threading.Thread(
                target=self._serve, args=(request, receiving.send, arrived), name="local-chat-model"
            )
            worker.start()
        except BaseException:
            self._end_turn()
            raise
        try:
            while (item := arrived.get()) is not None:
                if isinstance(item, BaseException):
                    what = str(item) or type(item).__name__
                    raise ModelUnreachable(f"The local model refused the request: {what}.", hint=_INSTEAD) from item
                if "error" in item:
                    raise _refused(item["error"])
                yield item
        finally:
            stopped.set()

    def _serve(
        self,
        request: _Request,
        receive: Callable[[_Chunk | list[_Chunk]], bool],
        arrived: queue.SimpleQueue[_Chunk | BaseException | None],
    ) -> None:
        try:
            self._server.handle_chat_completions(request, receive)
        except BaseException as error:  # whatever it is, the caller's thread raises it
            arrived.put(error)
        finally:
            # First the turn, so that a caller who has read the end finds `waiting` already counted down.
            self._end_turn()
            arrived.put(None)

    def _take_turn(self) -> None:
        with self._count:
            self.waiting += 1
        try:
            self._turn.acquire()
        except BaseException:
            with self._count:
                self.waiting -= 1
            raise

    def _end_turn(self) -> None:
        with self._count:
            self.waiting -= 1
        self._turn.release()


def _receiving(
    arrived: queue.SimpleQueue[_Chunk | BaseException | None], stopped: threading.Event
) -> Generator[bool, _Chunk | list[_Chunk], None]:
    """Take chunks from llama.cpp, and say to each whether it shall stop.

    An error must not come out of here: the runtime would print it, and at ``SystemExit``, which is how a thread is
    killed, try to end this process from within and hang. A function could not catch one that waits for it when it is
    called; a generator goes on where it stands, inside its ``try``.
    """
    while True:
        try:
            chunk = yield stopped.is_set()
            for one in chunk if isinstance(chunk, list) else [chunk]:
                arrived.put(one)
        except GeneratorExit:
            return
        except BaseException as error:
            stopped.set()
            arrived.put(error)


_engines: dict[_Key, _Engine] = {}
_loading = threading.Lock()


def _refused(error: Any) -> ModelUnreachable:
    detail = error if isinstance(error, dict) else {"message": str(error)}
    if detail.get("type") == "exceed_context_size_error":
        return ModelUnreachable(
            f"The prompt has {detail.get('n_prompt_tokens')} tokens, and the local model reads {detail.get('n_ctx')}.",
            hint="Ask a shorter question, or let fewer evidence sentences be read (sentences in the settings).",
        )
    return ModelUnreachable(f"The local model refused the request: {detail.get('message')}.", hint=_INSTEAD)


def _runtime() -> Any:
    """Import ``xllamacpp``.

    Its worker threads wait for each other by spinning, by default for milliseconds. While another program uses the same
    cores that costs nearly everything (30 tokens a second fell to 1.4); waiting shortly and then sleeping costs nothing
    on a quiet machine and keeps 8. OpenMP reads the variable once, when it is loaded.
    """
    steer = "GOMP_SPINCOUNT" not in os.environ and "OMP_WAIT_POLICY" not in os.environ
    if steer:
        os.environ["GOMP_SPINCOUNT"] = "5000"
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelUnreachable(
            f"The runtime of the local model cannot be loaded: {error}.",
            hint="Run: pip install --force-reinstall xllamacpp; on Linux it also needs libgomp (Debian: libgomp1).",
        ) from error
    finally:
        if steer:
            os.environ.pop("GOMP_SPINCOUNT", None)
    return xllamacpp


def _parameters(runtime: Any, path: str, threads: int | None, context_tokens: int) -> Any:
    """Return the runtime's settings.

    Left as the runtime has them, after measuring: repacked weights (0.6 s of loading and 0.6 GB buy 35 % more tokens
    written), memory-mapped loading, flash attention (no difference), no speculation (drafts copied from the prompt are
    accepted, but checking eight tokens costs a CPU as much as writing them).
    """
    parameters = runtime.CommonParams()
    parameters.model.path = path
    parameters.n_ctx = context_tokens
    parameters.n_parallel = 1
    parameters.n_gpu_layers = 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads or -1
    # Read the prompt in short batches: a request can be stopped between two.
    parameters.n_batch = parameters.n_ubatch = _BATCH_TOKENS
    # Prompts that alternate (judge, reader) keep what was read of each; 28 KB a token.
    parameters.cache_ram_mib = _PREFIX_MEMORY_MIB
    # Trying how much fits in a GPU, and a run on nothing, only cost time here.
    parameters.fit_params = parameters.warmup = False
    parameters.verbosity = -1
    parameters.ui = parameters.endpoint_slots = False
    parameters.endpoint_metrics = True
    parameters.n_threads_http = 1
    parameters.api_keys = [secrets.token_hex(32)]
    return parameters


@contextlib.contextmanager
def _private_address() -> Iterator[str]:
    """Yield an address that nobody can reach once the block is left.

    The runtime always listens somewhere, and lets any web page ask. A Unix socket whose folder is removed has no way
    in. Where there are none it listens on loopback, on a free port, behind a random key.
    """
    with tempfile.TemporaryDirectory(prefix="wenju-") as folder:
        socket_name = os.path.join(folder, "llm.sock")
        usable = os.name == "posix" and len(os.fsencode(socket_name)) <= _LONGEST_SOCKET_NAME
        yield socket_name if usable else "127.0.0.1"
