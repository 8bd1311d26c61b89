"""Ask a suite's questions and score the answers.

A case whose question or scorer raises is recorded as "could not score" and the rest goes on, except where going on
makes no sense: weights or settings that are wrong for one question are wrong for all.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TextIO

from assistant.errors import BadSettings, ExtraMissing, ModelUnreachable
from assistant.types import Answer, Message
from evals.answers import AnswerStore
from evals.cases import BadCases, Case, Suite
from evals.progress import Progress
from evals.provenance import machine, prompt_hashes
from evals.results import Attempt, CaseResult, RunResult
from evals.score import Documents, Score
from evals.scorers import SCORERS, Reader, Scorer, verdict_scorer
from knowledge.errors import KnowledgeError
from knowledge.types import DocumentRecord

PATIENCE = 3
"""After so many cases, from the first on, to none of which the chat model replied, nobody is asked any more."""


class AnsweringAssistant(Protocol):
    """What the runner needs of an assistant; `assistant.Assistant` has it."""

    @property
    def model_name(self) -> str:
        """Name of the reader, ``"extractive"`` if there is no chat model."""

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer a question."""

    def documents(self) -> Sequence[DocumentRecord]:
        """Return every document that answers may come from."""


@dataclass(frozen=True, slots=True)
class CaseRunner:
    """Asks a case and scores the answer; what the command line and pytest have in common.

    Attributes:
        assistant: Who answers.
        documents: The text of each document at hand, by its id.
        scorers: What is measured.
        stores: Where answers are looked for, in this order, before anybody is asked, and kept afterwards.
        repeat: How often each case is asked.
        attacked: Who answers cases that plant words in the documents, from a copy with these words.
    """

    assistant: AnsweringAssistant
    documents: Documents
    scorers: Sequence[Scorer] = SCORERS
    stores: Sequence[AnswerStore] = ()
    repeat: int = 1
    attacked: AnsweringAssistant | None = None

    @property
    def reader(self) -> Reader:
        """Whether the assistant copies or writes."""
        return "extractive" if self.assistant.model_name == "extractive" else "chat"

    def __call__(self, case: Case) -> CaseResult:
        """Ask one case; see `dialogue`."""
        return self.dialogue([case])[0]

    def dialogue(self, cases: Sequence[Case]) -> list[CaseResult]:
        """Ask cases one after the other as the turns of a conversation, as often as it is to be held.

        Args:
            cases: The turns. Each is asked after what its case says was said before, and after the turns before it.

        Raises:
            BadSettings, ExtraMissing, KnowledgeError: No question can be answered with these settings or this index.
        """
        held = [self._held(cases, number) for number in range(self.repeat)]
        return [CaseResult(case, attempts) for case, attempts in zip(cases, zip(*held, strict=True), strict=True)]

    def _held(self, cases: Sequence[Case], number: int) -> list[Attempt]:
        attempts: list[Attempt] = []
        said: tuple[Message, ...] = ()
        for case in cases:
            attempts.append(self._attempt(case, number, (*case.messages(), *said)))
            if (answer := attempts[-1].answer) is not None:
                said = (*said, Message("user", case.question), Message("assistant", answer.text))
        return attempts

    def _attempt(self, case: Case, number: int, history: Sequence[Message]) -> Attempt:
        verdict = verdict_scorer(case, self.reader)
        clock = time.monotonic()
        try:
            answer, seconds = self._answer(case, number, history)
        except (BadSettings, ExtraMissing, KnowledgeError):
            raise
        except Exception as error:
            # Whatever one question raises is a finding about that question; the report shows it.
            return Attempt(None, {}, time.monotonic() - clock, verdict, error)
        return Attempt(answer, self._score(case, answer), seconds, verdict)

    def _answer(self, case: Case, number: int, history: Sequence[Message]) -> tuple[Answer, float]:
        found = None
        lacking: list[AnswerStore] = []
        for store in self.stores:
            found = store.find(case, number, history)
            if found is not None:
                break
            lacking.append(store)
        if found is None:
            clock = time.monotonic()
            answer = self._asked(case).ask(case.question, history)
            found = answer, time.monotonic() - clock
        for store in lacking:
            store.add(case, *found, number, history)
        return found

    def _asked(self, case: Case) -> AnsweringAssistant:
        if not case.planted:
            return self.assistant
        if self.attacked is None:
            raise BadCases("There is no copy of the documents to plant words in.", hint="Ask it with `wenju eval`.")
        return self.attacked

    def _score(self, case: Case, answer: Answer) -> dict[str, Score]:
        documents = self.documents
        if case.planted:
            documents = {record.id: record.text for record in self._asked(case).documents()}
        scores: dict[str, Score] = {}
        for scorer in self.scorers:
            try:
                score = scorer.function(case, answer, documents)
            except Exception as error:
                # A scorer that breaks on an answer must not pass for a verdict on it.
                score = Score(None, f"{type(error).__name__}: {error}")
            if score is not None:
                scores[scorer.name] = score
        return scores


def run(
    suite: Suite,
    assistant: AnsweringAssistant,
    *,
    scorers: Sequence[Scorer] = SCORERS,
    progress: TextIO | None = None,
    stores: Sequence[AnswerStore] = (),
    fail_fast: bool = False,
    repeat: int = 1,
    jobs: int = 1,
    attacked: AnsweringAssistant | None = None,
) -> RunResult:
    """Ask every question of a suite and score the answers.

    Args:
        suite: The cases.
        assistant: Who answers.
        scorers: What is measured.
        progress: Where progress is written, standard error by default.
        stores: Where answers given before are looked for, and kept as they come.
        fail_fast: Stop at the first case that did not pass.
        repeat: Ask each case so often; it passes if every answer does.
        jobs: How many questions are asked at the same time. Results and their order do not depend on it.
        attacked: As in `CaseRunner`.

    Raises:
        BadSettings, ExtraMissing, KnowledgeError: No question can be answered with these settings or this index.
        ModelUnreachable: The chat model replied to none of the first questions.
    """
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    show = Progress(len(suite.cases), sys.stderr if progress is None else progress)
    texts = {record.id: record.text for record in assistant.documents()}
    ask = CaseRunner(assistant, texts, scorers, stores, repeat, attacked)
    results: list[CaseResult] = []
    for result in _in_order(ask, suite.cases, jobs):
        results.append(result)
        show.step(result)
        if fail_fast and not result.passed:
            break
        _check_reachable(results, min(PATIENCE, len(suite.cases)))
    place = {case.id: number for number, case in enumerate(suite.cases)}
    return RunResult(
        suite=suite,
        results=tuple(sorted(results, key=lambda result: place[result.case.id])),
        model=assistant.model_name,
        reader=ask.reader,
        started=started,
        seconds=time.monotonic() - clock,
        prompts=prompt_hashes(),
        machine=machine(),
        stopped=len(results) < len(suite.cases),
        scorers=tuple(scorers),
    )


def _in_order(ask: CaseRunner, cases: Sequence[Case], jobs: int) -> Iterator[CaseResult]:
    """Yield results dialogue by dialogue; a case that is no turn of one is one by itself."""
    conversations = _conversations(cases)
    if jobs == 1:
        for conversation in conversations:
            yield from ask.dialogue(conversation)
        return
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        for results in pool.map(ask.dialogue, conversations):
            yield from results
    finally:
        # Ctrl-C, an error or --fail-fast: what has not begun is not begun any more.
        pool.shutdown(cancel_futures=True)


def _conversations(cases: Sequence[Case]) -> list[list[Case]]:
    """Return the cases by dialogue, in the order in which dialogues begin."""
    found: dict[str, list[Case]] = {}
    for case in cases:
        found.setdefault(f"dialogue {case.dialogue}" if case.dialogue else f"case {case.id}", []).append(case)
    return list(found.values())


def _check_reachable(results: Sequence[CaseResult], patience: int) -> None:
    """Give up when the model is not there at all, rather than wait for it once a case."""
    causes = [result.shown.cause for result in results]
    if len(causes) == patience and isinstance(causes[0], ModelUnreachable):
        if all(isinstance(cause, ModelUnreachable) for cause in causes):
            raise causes[0]
