"""The chat model that runs inside this process: a GGUF file read by llama.cpp, through ``xllamacpp``, on the CPU.

One file is loaded once per process (`assistant.local_engine`), at the first question, whoever asks for it. Decoding is
greedy, so that the same prompt gives the same words.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from assistant.local_engine import Engine, Request, engine_of, loaded_engine

_LISTED_TOKENS = 1000


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
        return loaded_engine(self.path, self.threads, self.context_tokens) is not None

    @property
    def waiting(self) -> int:
        """How many requests a new one would wait for: the running one and those in the queue."""
        engine = loaded_engine(self.path, self.threads, self.context_tokens)
        return 0 if engine is None else engine.waiting

    def load(self) -> None:
        """Read the weights now instead of at the first question; does nothing if they are there.

        The runtime holds Python's global lock meanwhile, so other threads stand still for that second or two: a web
        front end calls this before it serves.

        Raises:
            ModelUnreachable: The file is missing or damaged, or the runtime cannot be loaded.
        """
        self._engine()

    def _engine(self) -> Engine:
        return engine_of(self.path, self.threads, self.context_tokens)

    def _request(self, messages: Sequence[BaseMessage], **more: Any) -> Request:
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
