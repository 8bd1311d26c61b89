"""The model in this process. Most tests run llama.cpp on a GGUF file of a few kilobytes whose answers are known."""

from __future__ import annotations

import math
import os
import shutil
import struct
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from assistant import local_engine
from assistant.errors import ModelUnreachable
from assistant.local_model import LocalChatModel
from assistant.models import LOCAL_MODEL

WIDTH = 64
CONTEXT = 32768
END = "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def byte_letters() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


def write_gguf(path: Path, successors: dict[str, dict[str, float]]) -> None:
    """Write a language model whose next character depends on the last one only.

    Attention and feed-forward are zero, each token's embedding is a direction of its own (of the few that matter), and
    the output layer gives the successors of that direction the logits in `successors`.
    """
    letters = byte_letters()
    tokens = [*letters, "<|im_start|>", END, "a!"]
    number = {bytes([byte]).decode("latin-1"): byte for byte in range(256)} | {END: 257}
    embedding = np.zeros((len(tokens), WIDTH), dtype="<f4")
    output = np.zeros((len(tokens), WIDTH), dtype="<f4")
    embedding[:, WIDTH - 1] = 1.0
    for axis, (last, following) in enumerate(successors.items()):
        embedding[number[last]] = np.eye(WIDTH, dtype="<f4")[axis]
        for character, logit in following.items():
            # RMS normalisation makes a unit vector √WIDTH long.
            output[number[character], axis] = logit / math.sqrt(WIDTH)
    square = np.zeros((WIDTH, WIDTH), dtype="<f4")
    ones = np.ones(WIDTH, dtype="<f4")
    tensors = {"token_embd.weight": embedding, "output.weight": output, "output_norm.weight": ones}
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        tensors[f"blk.0.{name}.weight"] = square
    tensors |= {"blk.0.attn_norm.weight": ones, "blk.0.ffn_norm.weight": ones}
    fields: dict[str, Any] = {
        "general.architecture": "llama",
        "llama.block_count": 1,
        "llama.context_length": CONTEXT,
        "llama.embedding_length": WIDTH,
        "llama.feed_forward_length": WIDTH,
        "llama.attention.head_count": 1,
        "llama.attention.layer_norm_rms_epsilon": 1e-6,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [1] * 256 + [3, 3, 1],
        "tokenizer.ggml.merges": ["a !"],
        "tokenizer.ggml.eos_token_id": 257,
        "tokenizer.ggml.bos_token_id": 256,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": TEMPLATE,
    }

    def text(value: str) -> bytes:
        data = value.encode()
        return struct.pack("<Q", len(data)) + data

    def packed(value: Any) -> bytes:
        match value:
            case bool():
                return struct.pack("<I?", 7, value)
            case int():
                return struct.pack("<II", 4, value)
            case float():
                return struct.pack("<If", 6, value)
            case str():
                return struct.pack("<I", 8) + text(value)
            case [str(), *_]:
                return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
            case _:
                return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)

    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields))
    head += b"".join(text(key) + packed(value) for key, value in fields.items())
    offset = 0
    for name, tensor in tensors.items():
        shape = tensor.shape[::-1]
        head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset)
        offset += tensor.nbytes
        assert tensor.nbytes % 32 == 0
    head += b"\0" * (-len(head) % 32)
    path.write_bytes(head + b"".join(tensor.tobytes() for tensor in tensors.values()))


ALPHABET = "abcdefghijklmnopqrstuvwxyz"
ROUND = {"\n": {"a": 20.0}} | {
    last: {following: 20.0} for last, following in zip(ALPHABET, ALPHABET[1:] + "a", strict=True)
}


@pytest.fixture(scope="session")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that says the alphabet for ever."""
    path = tmp_path_factory.mktemp("gguf") / "endless.gguf"
    write_gguf(path, ROUND)
    return path


@pytest.fixture(scope="session")
def alphabet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that says the alphabet once."""
    path = tmp_path_factory.mktemp("gguf") / "alphabet.gguf"
    write_gguf(path, ROUND | {"z": {END: 20.0}})
    return path


@pytest.fixture(autouse=True)
def unload() -> Iterator[None]:
    """Free the models of each test; they would otherwise stay until the process ends."""
    yield
    local_engine._engines.clear()


def test_it_answers_and_counts_its_tokens(alphabet: Path) -> None:
    answer = LocalChatModel(path=alphabet, threads=1).invoke([SystemMessage("s"), HumanMessage("你好")])
    assert answer.content == ALPHABET
    assert answer.usage_metadata is not None
    # <|im_start|> "system\n" "s" <|im_end|> "\n", the same for "user\n" and six bytes, <|im_start|> "assistant\n"
    assert answer.usage_metadata["input_tokens"] == (1 + 7 + 1 + 2) + (1 + 5 + 6 + 2) + (1 + 10)
    assert answer.usage_metadata["output_tokens"] == len(ALPHABET) + 1
    assert answer.response_metadata == {"finish_reason": "stop", "model_name": "alphabet"}


def test_tokens_are_streamed_one_by_one(alphabet: Path) -> None:
    pieces = list(LocalChatModel(path=alphabet, threads=1).stream("go"))
    assert [piece.content for piece in pieces if piece.content] == list(ALPHABET)


def test_the_probability_of_each_token_is_told_if_asked_for(alphabet: Path) -> None:
    model = LocalChatModel(path=alphabet, threads=1)
    pieces = [piece for piece in model.stream("go", logprobs=True) if piece.content]
    told = [piece.response_metadata["logprobs"]["content"] for piece in pieces]
    assert [one["token"] for (one,) in told] == list(ALPHABET)
    assert all(-0.1 < one["logprob"] <= 0.0 for (one,) in told)
    assert not any("logprobs" in piece.response_metadata for piece in model.stream("go"))


def test_max_tokens_of_the_model_and_of_the_call(endless: Path) -> None:
    model = LocalChatModel(path=endless, threads=1, max_tokens=5)
    assert model.invoke("go").content == "abcde"
    short = model.invoke("go", max_tokens=3)
    assert short.content == "abc"
    assert short.response_metadata["finish_reason"] == "length"


def test_stop_sequences_end_the_answer_and_are_not_in_it(endless: Path) -> None:
    model = LocalChatModel(path=endless, threads=1)
    assert model.invoke("go", stop=["fg"]).content == "abcde"
    assert "".join(str(piece.content) for piece in model.stream("go", stop=["xyz", "cd"])) == "ab"


def test_the_conversation_reaches_the_model_whole(alphabet: Path) -> None:
    model = LocalChatModel(path=alphabet, threads=1, cache_prompt=False)
    turns = [HumanMessage("1"), AIMessage("22"), HumanMessage("333")]
    usage = model.invoke(turns).usage_metadata
    assert usage is not None
    assert usage["input_tokens"] == (1 + 5 + 1 + 2) + (1 + 10 + 2 + 2) + (1 + 5 + 3 + 2) + (1 + 10)


def test_a_closed_stream_stops_the_generation(endless: Path) -> None:
    model = LocalChatModel(path=endless, threads=1, context_tokens=CONTEXT, max_tokens=CONTEXT - 100)
    stream = model.stream("go")
    assert next(piece.content for piece in stream if piece.content) == "a"
    assert model.waiting == 1
    stream.close()  # type: ignore[attr-defined]  # stream() is typed as an iterator and is a generator
    begin = time.monotonic()
    while model.waiting and time.monotonic() - begin < 10:
        time.sleep(0.005)
    stopped = time.monotonic() - begin
    assert model.waiting == 0
    begin = time.monotonic()
    written = model.invoke("go", max_tokens=2000).usage_metadata
    assert written is not None
    assert written["output_tokens"] == 2000
    # Without the stop, the 32,668 tokens of the first request would still be running.
    assert stopped < max(1.0, 4 * (time.monotonic() - begin))


def test_a_request_is_stopped_while_its_prompt_is_read(endless: Path) -> None:
    model = LocalChatModel(path=endless, threads=1, context_tokens=CONTEXT)
    engine = model._engine()
    chunks = engine.chunks(model._request([HumanMessage("x" * 20000)]))
    first = next(chunks)
    assert first["prompt_progress"]["processed"] < first["prompt_progress"]["total"]
    chunks.close()
    # The next request reads what was kept of the first prompt: less than all of it.
    progress = [
        chunk["prompt_progress"]["cache"]
        for chunk in engine.chunks(model._request([HumanMessage("x" * 20000)], max_tokens=1))
        if "prompt_progress" in chunk
    ]
    assert progress[0] < 10000


def test_waiting_counts_the_running_request_and_the_queue(endless: Path) -> None:
    model = LocalChatModel(path=endless, threads=1, context_tokens=CONTEXT, max_tokens=CONTEXT - 100)
    assert model.waiting == 0
    stream = model.stream("go")
    next(stream)
    answers: list[str] = []
    others = [
        threading.Thread(target=lambda: answers.append(str(model.invoke("go", max_tokens=3).content))) for _ in range(3)
    ]
    for other in others:
        other.start()
    begin = time.monotonic()
    while model.waiting < 4 and time.monotonic() - begin < 10:
        time.sleep(0.005)
    assert model.waiting == 4
    assert answers == []
    stream.close()  # type: ignore[attr-defined]  # a generator, typed as an iterator
    for other in others:
        other.join(30)
    assert answers == ["abc"] * 3
    assert model.waiting == 0


def test_one_file_is_loaded_once_whoever_asks(alphabet: Path) -> None:
    models = [LocalChatModel(path=alphabet, threads=1, max_tokens=4, cache_prompt=bool(i % 2)) for i in range(4)]
    assert not models[0].loaded
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda model=model: answers.append(str(model.invoke("go").content))) for model in models
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == ["abcd"] * 4
    assert len(local_engine._engines) == 1
    assert all(model.loaded for model in models)
    LocalChatModel(path=alphabet, threads=1, context_tokens=128).load()
    assert len(local_engine._engines) == 2


def test_choice_probabilities_are_the_models(tmp_path: Path) -> None:
    path = tmp_path / "judge.gguf"
    write_gguf(path, {"\n": {"Y": 3.0, "N": 1.0, "q": 9.0}})
    model = LocalChatModel(path=path, threads=1)
    judged = model.choice_probabilities("?", ["No", "Yes"])
    assert list(judged) == ["No", "Yes"]
    assert judged["Yes"] == pytest.approx(1 / (1 + math.exp(-2.0)), abs=1e-3)
    assert sum(judged.values()) == pytest.approx(1.0)
    assert model.choice_probabilities([HumanMessage("?")], ["N", "Y", "q"])["q"] > 0.99


def test_a_token_shared_by_two_choices_counts_for_neither(tmp_path: Path) -> None:
    path = tmp_path / "judge.gguf"
    write_gguf(path, {"\n": {"Y": 9.0, "N": 5.0, "O": 5.0}})
    judged = LocalChatModel(path=path, threads=1).choice_probabilities("?", ["Yes", "Yep", "No", "Oh"])
    assert judged["Yes"] == judged["Yep"] == 0.0
    assert judged["No"] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("choices", [[], ["是"], ["是", "是"], ["是", " "]])
def test_choices_that_are_no_choice_are_refused(alphabet: Path, choices: list[str]) -> None:
    with pytest.raises(ValueError, match="at least two different"):
        LocalChatModel(path=alphabet).choice_probabilities("?", choices)


def test_a_prompt_that_does_not_fit_says_so_and_the_model_lives_on(alphabet: Path) -> None:
    model = LocalChatModel(path=alphabet, threads=1, context_tokens=256)
    with pytest.raises(ModelUnreachable, match=r"The prompt has \d+ tokens, and the local model reads 256") as caught:
        model.invoke("数" * 100)
    assert "sentences" in caught.value.hint
    with pytest.raises(ModelUnreachable, match="reads 256"):
        model.choice_probabilities("数" * 100, ["Yes", "No"])
    assert model.invoke("go").content == ALPHABET


def test_an_answer_that_fills_the_context_ends_there(endless: Path) -> None:
    answer = LocalChatModel(path=endless, threads=1, context_tokens=256, max_tokens=1000).invoke("go")
    assert answer.response_metadata["finish_reason"] == "length"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] <= 256


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    model = LocalChatModel(path=tmp_path / "nothing.gguf")
    with pytest.raises(ModelUnreachable, match=r"nothing\.gguf") as caught:
        model.invoke("go")
    assert caught.value.hint == f"Run: wenju models pull {LOCAL_MODEL}"


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99], ids=["garbage", "half", "most"])
def test_a_damaged_file_is_an_error_and_not_a_crash(alphabet: Path, tmp_path: Path, keep: float) -> None:
    whole = alphabet.read_bytes()
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(whole[: int(len(whole) * keep)] or b"no model")
    model = LocalChatModel(path=damaged, threads=1)
    for _ in range(2):
        with pytest.raises(ModelUnreachable, match="damaged"):
            model.invoke("go")


def test_a_path_with_spaces_and_chinese(alphabet: Path, tmp_path: Path) -> None:
    folder = tmp_path / "我的 模型"
    folder.mkdir()
    shutil.copy(alphabet, folder / "模型.gguf")
    assert LocalChatModel(path=folder / "模型.gguf", threads=1, max_tokens=2).invoke("go").content == "ab"


def run(code: str, alphabet: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    program = """
    import sys
    from assistant.local_model import LocalChatModel
    model = LocalChatModel(path=sys.argv[1], threads=1)
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program) + textwrap.dedent(code), str(alphabet)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def test_nothing_but_the_answer_is_printed_and_the_process_ends_well(alphabet: Path) -> None:
    done = run("print(model.invoke('go', max_tokens=3).content)", alphabet)
    assert (done.stdout, done.stderr, done.returncode) == ("abc\n", "", 0)


def test_the_runtime_does_not_print_about_a_damaged_file(alphabet: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(alphabet.read_bytes()[:9000])
    code = """
    from assistant.errors import ModelUnreachable
    try:
        model.invoke('go')
    except ModelUnreachable as error:
        print('caught')
    """
    done = run(code, damaged)
    assert (done.stdout, done.stderr, done.returncode) == ("caught\n", "", 0)


def test_a_model_freed_right_after_loading_does_not_hang(alphabet: Path) -> None:
    # Found in the runtime: what is freed before its loop has begun waits for the loop's end for ever.
    code = """
    from assistant import local_engine
    for _ in range(40):
        model.load()
        local_engine._engines.clear()
    model.load()
    """
    done = run(code, alphabet)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("thread", [False, True], ids=["main", "thread"])
def test_ctrl_c_and_termination_still_belong_to_the_program(alphabet: Path, thread: bool) -> None:
    # Earlier versions of the runtime took both signals for themselves, so that Ctrl-C ended the model instead.
    code = f"""
    import os, signal, threading
    loader = threading.Thread(target=model.load)
    loader.start() if {thread} else model.load()
    if {thread}: loader.join()
    try:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(10**7): pass
    except KeyboardInterrupt:
        print(model.invoke('go', max_tokens=3).content, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    print('still here')
    """
    done = run(code, alphabet)
    assert (done.stdout, done.returncode) == ("abc\n", -15)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_ends_a_running_answer(endless: Path) -> None:
    code = """
    import os, signal, threading, time
    model = model.model_copy(update={'context_tokens': 32768, 'max_tokens': 32000})
    model.load()
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    begin = time.monotonic()
    try:
        model.invoke('go')
    except KeyboardInterrupt:
        print('stopped')
    """
    begin = time.monotonic()
    done = run(code, endless)
    assert (done.stdout, done.returncode) == ("stopped\n", 0)
    assert time.monotonic() - begin < 60


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_nothing_can_connect_to_the_runtime(alphabet: Path) -> None:
    code = """
    import glob, os, tempfile
    model.invoke('go', max_tokens=1)
    inodes = {os.readlink(name)[8:-1] for name in glob.glob('/proc/self/fd/*') if os.path.lexists(name)
              and os.readlink(name).startswith('socket:')}
    def rows(name):
        try:
            return [line.split() for line in open(name).readlines()[1:]]
        except FileNotFoundError:
            return []
    tcp = [row for name in ('/proc/net/tcp', '/proc/net/tcp6') for row in rows(name)
           if row[9] in inodes and row[3] == '0A']
    unix = [row[7] for row in rows('/proc/net/unix') if row[6] in inodes and len(row) > 7]
    print(tcp, [path for path in unix if os.path.exists(path)], len(unix))
    """
    done = run(code, alphabet)
    assert done.stdout == "[] [] 1\n", done.stderr


def test_the_package_is_imported_without_the_runtime() -> None:
    code = "import sys, assistant.local_model; print(sorted({'xllamacpp', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n"


@pytest.mark.model
def test_the_real_model_reads_a_sentence_and_judges(real: Path) -> None:
    model = LocalChatModel(path=real, cache_prompt=False)
    passage = "资料：图书馆周一闭馆，周二至周日9:00—21:00开放。"
    prompt = [SystemMessage("只用资料回答，简短。"), HumanMessage(f"{passage}\n问题：图书馆星期几闭馆？")]
    first = model.invoke(prompt, max_tokens=40)
    assert "周一" in str(first.content)
    judge = [SystemMessage("只回答“是”或“否”。")]
    told = model.choice_probabilities([*judge, HumanMessage(f"{passage}\n资料里有闭馆的日子吗？")], ["是", "否"])
    untold = model.choice_probabilities([*judge, HumanMessage(f"{passage}\n资料里有馆长的名字吗？")], ["是", "否"])
    assert told["是"] > untold["是"]
    # Another prompt in between, and the same words come again.
    assert model.invoke(prompt, max_tokens=40).content == first.content
    again = model.choice_probabilities([*judge, HumanMessage(f"{passage}\n资料里有馆长的名字吗？")], ["是", "否"])
    assert again == untold
