"""Evidence → a draft.

The extractive reader says nothing of its own; the chat reader writes, and is checked afterwards.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from assistant import names, quantities
from assistant.local_model import LocalChatModel
from assistant.models import EXTRACTIVE, explain_errors
from knowledge.language import detect_language
from knowledge.retrieve import SentenceHit
from knowledge.types import Language
from prompts import render

CHOICES: dict[Language, tuple[str, str]] = {"zh": ("有", "没有"), "en": ("Yes", "No")}
"""The first word of a judgement that the evidence holds the answer, and that it does not."""

AGREEING: dict[Language, tuple[str, str]] = {"zh": ("是", "否"), "en": ("Yes", "No")}
"""The first word of a judgement that an answer is right, and that it is not."""

BUDGET, ENOUGH = 260.0, 0.95
"""Most characters of Chinese, or three times as many of English, that are read, and how sure it must be that the answer
is among them to read no more.

A laptop reads about 75 tokens a second, and the first word has to come within four seconds at the median. On the
suites ``facts`` and ``facts_tuning`` this holds the answer as often as a fixed 150 characters did (.92 in one language,
.90 across), with a fifth less to read.
"""

_WORD, _CALCULATES = re.compile(r"\w"), re.compile("[×÷≈=]")

LONGEST_QUESTION = 64
"""Tokens that a question may have which the model translates or words anew."""

SPOKEN_JUDGEMENT = 3.0
"""Log-odds that a judgement counts when the model tells no probabilities."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a draft.

    Attributes:
        text: The piece.
        tokens_in: How many tokens were read; the last piece may carry it.
        tokens_out: How many were written; likewise.
        logprobs: The tokens of the piece and the natural logarithms of their probabilities, if the model tells.
    """

    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    logprobs: tuple[tuple[str, float], ...] = ()


class Reader(Protocol):
    """Turns evidence into a draft."""

    @property
    def name(self) -> str:
        """What `Answer.model` says."""
        ...

    @property
    def most_sentences(self) -> int:
        """How many evidence sentences it makes good use of."""
        ...

    @property
    def budget(self) -> float:
        """Size that the evidence may have (`knowledge.split.text_size`)."""
        ...

    @property
    def enough(self) -> float:
        """Probability that the evidence holds the answer from which it wants no more of it."""
        ...

    @property
    def backed(self) -> bool:
        """Whether the best sentences are to be quoted behind what it says, because it leaves things out."""
        ...

    @property
    def repeats(self) -> bool:
        """Whether what it said of a question may be said again, because it would not say anything else."""
        ...

    def translate(self, question: str, language: Language) -> str:
        """Return a question in another language, "" if this reader cannot."""
        ...

    def rewrite(self, before: str, question: str, language: Language) -> str:
        """Return a follow-up as a question that stands on its own, "" if this reader cannot."""
        ...

    def judge(self, question: str, language: Language, sentences: Sequence[SentenceHit]) -> float | None:
        """Return the log-odds that the sentences hold the answer, None if this reader cannot tell."""
        ...

    def read(self, question: str, language: Language, sentences: Sequence[SentenceHit]) -> Iterator[Chunk]:
        """Yield a draft in `language`, nothing at all if the sentences themselves are to be the answer."""
        ...

    def restate(self, sentence: str, language: Language) -> Iterator[Chunk]:
        """Yield a sentence of a document in another language, nothing if this reader cannot."""
        ...


class ExtractiveReader:
    """No model: the answer is the evidence sentences themselves."""

    name = EXTRACTIVE
    most_sentences = 3
    budget = math.inf
    # Of Chinese questions on the suites facts and facts_tuning the quotes hold as many facts as three sentences (.92).
    enough = 0.97
    backed = False
    repeats = True

    def translate(self, question: str, language: Language) -> str:
        """Cannot."""
        return ""

    def rewrite(self, before: str, question: str, language: Language) -> str:
        """Cannot."""
        return ""

    def judge(self, question: str, language: Language, sentences: Sequence[SentenceHit]) -> float | None:
        """Tell nothing."""
        return None

    def read(self, question: str, language: Language, sentences: Sequence[SentenceHit]) -> Iterator[Chunk]:
        """Yield nothing, so that the quotes stand."""
        return iter(())

    def restate(self, sentence: str, language: Language) -> Iterator[Chunk]:
        """Yield nothing."""
        return iter(())


class ChatReader:
    """A chat model, given few short sentences and, to translate from, the exact form of every number and name in them.

    The judgement and the draft share all of the prompt but its last line, so a local model reads the evidence once.

    Args:
        model: Any langchain chat model.
        name: What to call it.
        spec: The specification it was opened with, for error messages.
        reproducible: Forget earlier prompts before each question.

    Raises:
        ModelUnreachable: From `judge` and `read`, when the model does not answer.
    """

    def __init__(self, model: BaseChatModel, name: str, spec: str, *, reproducible: bool = False) -> None:
        self.model = model
        self.name = name
        self.most_sentences = 8
        self.budget = BUDGET
        self.enough = ENOUGH
        self.backed = self.repeats = isinstance(model, LocalChatModel)
        self._spec = spec
        self._reproducible = reproducible

    def translate(self, question: str, language: Language) -> str:
        """Ask the model for a translation, shown one first: without that a small one often repeats the question."""
        messages: list[BaseMessage] = [
            SystemMessage(render(language, "translate").strip()),
            HumanMessage(render(language, "translate_example").strip()),
            AIMessage(render(language, "translate_answer").strip()),
            HumanMessage(with_renderings(question, language)),
        ]
        return self._line(messages)

    def rewrite(self, before: str, question: str, language: Language) -> str:
        """Ask the model to word a follow-up so that it stands on its own.

        It is shown the question before it, which stands on its own already, not the conversation: with all of that a
        small one answers, or asks about something said long ago.
        """
        turns = render(language, "rewrite_turns", before=before, question=question)
        return self._line([SystemMessage(render(language, "rewrite").strip()), HumanMessage(turns.strip())])

    def _line(self, messages: list[BaseMessage]) -> str:
        """Return the first line of what the model says, "" if it says nothing."""
        with explain_errors(self._spec):
            said = str(self._fresh().bind(max_tokens=LONGEST_QUESTION).invoke(messages).text).strip()
        return said.splitlines()[0].strip() if said else ""

    def judge(self, question: str, language: Language, sentences: Sequence[SentenceHit]) -> float | None:
        """Ask the model whether the sentences hold the answer.

        A local model tells the probability of its first token, which is calibrated in `assistant.select`; any other is
        taken at its word.
        """
        messages = self._messages(question, language, _texts(sentences), render(language, "judge"))
        return self._told(messages, CHOICES[language])

    def supports(self, answer: str, question: str, language: Language, sentences: Sequence[str]) -> float | None:
        """Ask the model whether an answer is right by some sentences, best first; `assistant.support` calibrates it."""
        instruction = render(language, "supports", claim=answer)
        return self._told(self._messages(question, language, sentences, instruction), AGREEING[language])

    def _told(self, messages: list[BaseMessage], choices: tuple[str, str]) -> float | None:
        """Return the log-odds of the first choice against the second, None if the model says neither."""
        yes, no = choices
        with explain_errors(self._spec):
            if isinstance(self.model, LocalChatModel):
                # The draft that follows reuses what is read here, so only this call decides what it depends on.
                told = self.model.choice_probabilities(messages, (yes, no), cache_prompt=not self._reproducible)
                return math.log(max(told[yes], 1e-6)) - math.log(max(told[no], 1e-6))
            said = str(self.model.invoke(messages).text).strip().lower()
        if said.startswith(no.lower()):
            return -SPOKEN_JUDGEMENT
        return SPOKEN_JUDGEMENT if said.startswith(yes.lower()) else None

    def read(self, question: str, language: Language, sentences: Sequence[SentenceHit]) -> Iterator[Chunk]:
        """Stream the model's draft."""
        instruction = _instruction(language, sentences)
        messages = self._messages(question, language, _texts(sentences), instruction)
        # Its probabilities are calibrated for the local model alone.
        asked = {"logprobs": True} if isinstance(self.model, LocalChatModel) else {}
        yield from self._written(self.model, messages, **asked)

    def restate(self, sentence: str, language: Language) -> Iterator[Chunk]:
        """Stream the model's translation of a sentence.

        It sees neither question nor other sentences: with them a small model answers once more instead of translating.
        """
        translator = SystemMessage(render(language, "restate").strip())
        messages: list[BaseMessage] = [translator, HumanMessage(with_renderings(sentence, language))]
        yield from self._written(self._fresh(), messages)

    def _written(self, model: BaseChatModel, messages: list[BaseMessage], **asked: Any) -> Iterator[Chunk]:
        with explain_errors(self._spec):
            for piece in model.stream(messages, **asked):
                usage = piece.usage_metadata
                told = (piece.response_metadata.get("logprobs") or {}).get("content") or ()
                yield Chunk(
                    str(piece.text),
                    usage["input_tokens"] if usage else 0,
                    usage["output_tokens"] if usage else 0,
                    tuple((str(token["token"]), float(token["logprob"])) for token in told),
                )

    def _fresh(self) -> BaseChatModel:
        """Return the model; a local one that has to be reproducible forgets earlier prompts."""
        if self._reproducible and isinstance(self.model, LocalChatModel):
            return self.model.model_copy(update={"cache_prompt": False})
        return self.model

    @staticmethod
    def _messages(question: str, language: Language, sentences: Sequence[str], instruction: str) -> list[BaseMessage]:
        evidence = "\n".join(
            # Best last: a small model attends most to what stands nearest to the question.
            f"{number}. {rendered(sentence, language)}"
            for number, sentence in enumerate(reversed(sentences), start=1)
        )
        shared = render(language, "evidence", evidence=evidence, question=question)
        return [SystemMessage(render(language, "system").strip()), HumanMessage((shared + instruction).strip())]


def least_sure(tokens: Sequence[tuple[str, float]], question: str) -> float | None:
    """Return the log-probability of the token of a draft of which its writer was least sure; None if there is none.

    Of those that the question does not have: whether an answer begins by saying the question back is a matter of form.
    None for a calculation as well: how sure a model is of its sums says nothing of what it has read.
    """
    if any(_CALCULATES.search(token) for token, _ in tokens):
        return None
    said = question.lower()
    told = [logprob for token, logprob in tokens if _WORD.search(token) and token.strip().lower() not in said]
    return min(told, default=None)


def _texts(sentences: Sequence[SentenceHit]) -> list[str]:
    return [sentence.text for sentence in sentences]


def _across(language: Language, sentences: Sequence[SentenceHit]) -> bool:
    """Return whether the best evidence is in another language than the answer."""
    return bool(sentences) and detect_language(sentences[0].text) != language


def _instruction(language: Language, sentences: Sequence[SentenceHit]) -> str:
    return render(language, "answer_across" if _across(language, sentences) else "answer")


def rendered(text: str, language: Language) -> str:
    """Return an evidence sentence with its numbers and names as `language` writes them, for a prompt.

    A small model copies what it reads: given 3696.1亿元 it writes "3696.1 billion", given RMB 369.61 billion it writes
    that. Put in the text itself this works far better than as a list of pairs beside it, and costs no tokens.

    Args:
        text: The sentence.
        language: Language of the answer; a sentence in that language stays as it is.
    """
    return text if detect_language(text) == language else with_renderings(text, language)


def with_renderings(text: str, language: Language) -> str:
    """Return a text, whatever its language, with numbers and names written as `language` writes them."""
    pairs = dict((*names.renderings(text, language), *quantities.renderings(text, language)))
    pairs = {said: form for said, form in pairs.items() if said.lower() != form.lower()}
    if not pairs:
        return text
    longest_first = "|".join(re.escape(said) for said in sorted(pairs, key=len, reverse=True))
    spaced = re.sub(longest_first, lambda found: f" {pairs[found.group()]} ", text)
    return re.sub(r" +(?=[,.;:!?，。；：！？、)）”])|(?<=[(（“]) +|(?<= ) +", "", spaced).strip()
