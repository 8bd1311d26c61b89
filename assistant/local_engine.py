"""llama.cpp in this process, through ``xllamacpp``: one file loaded once, serving one request after the other.

On a CPU two requests at a time would each take twice as long. Why the defaults are what they are stands in
`_parameters`; measured with Qwen2.5-Coder-1.5B, Q4_K_M, on two cores.
"""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from assistant.errors import ModelUnreachable

Request = dict[str, Any]
"""What OpenAI's protocol calls the body of a chat completion."""

Chunk = dict[str, Any]
"""A piece of its stream."""

_BATCH_TOKENS = 128
_PREFIX_MEMORY_MIB = 256
_LONGEST_SOCKET_NAME = 100
_PULL = "Run: wenju models pull qwen2.5-coder-1.5b-instruct-q4_k_m"
_INSTEAD = "Try again, or do without a chat model: --llm none."

_Key = tuple[str, int | None, int]

_engines: dict[_Key, Engine] = {}
_loading = threading.Lock()


def engine_of(path: Path, threads: int | None, context_tokens: int) -> Engine:
    """Return the engine of a file with these settings, loaded if it is not yet.

    Raises:
        ModelUnreachable: The file is missing or damaged, or the runtime cannot be loaded.
    """
    key = _key(path, threads, context_tokens)
    with _loading:
        if key not in _engines:
            _engines[key] = Engine(*key)
        return _engines[key]


def loaded_engine(path: Path, threads: int | None, context_tokens: int) -> Engine | None:
    """Return the engine of a file with these settings, None if it is not loaded."""
    return _engines.get(_key(path, threads, context_tokens))


def _key(path: Path, threads: int | None, context_tokens: int) -> _Key:
    return str(path.expanduser().absolute()), threads, context_tokens


class Engine:
    """A loaded model that serves one request at a time.

    Args:
        path: The GGUF file.
        threads: CPU threads, None for all physical cores.
        context_tokens: Tokens of prompt and answer together.

    Attributes:
        waiting: How many requests a new one would wait for.

    Raises:
        ModelUnreachable: The file is missing or damaged, or the runtime cannot be loaded.
    """

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

    def chunks(self, request: Request) -> Generator[Chunk, None, None]:
        """Yield the chunks of the answer as they come; closing the generator stops the request.

        llama.cpp runs in a thread of its own and calls back, while this thread waits on a queue: that turns callbacks
        into a generator, and lets Ctrl-C through, which native code would hold back.

        Raises:
            ModelUnreachable: The request was refused, for example because the prompt is too long.
        """
        arrived: queue.SimpleQueue[Chunk | BaseException | None] = queue.SimpleQueue()
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
        request: Request,
        receive: Callable[[Chunk | list[Chunk]], bool],
        arrived: queue.SimpleQueue[Chunk | BaseException | None],
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
    arrived: queue.SimpleQueue[Chunk | BaseException | None], stopped: threading.Event
) -> Generator[bool, Chunk | list[Chunk], None]:
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
