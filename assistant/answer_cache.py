"""Answers given before, for the same question once more: in memory alone, and gone when the documents change.

An answer without a history depends on the documents, the words of the question, what the asker chose, the settings, the
reader and the prompts. Readers that may answer otherwise the next time are not asked here (`Reader.repeats`). Prompts
are read once in a process, and a model's name stands for one file by its checksum, so neither changes while this lives.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable, Generator, Hashable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from cachetools import LRUCache

from assistant.clock import Clock
from assistant.events import Event, EvidenceFound, Finished
from assistant.types import Turn


@dataclass(frozen=True, slots=True)
class _Given:
    evidence: EvidenceFound
    finished: Finished


class AnswerCache:
    """The last answers, each with its evidence. Safe to use from several threads.

    Args:
        most: How many; 0 keeps none.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._given: LRUCache[Hashable, _Given] = LRUCache(max(1, most))
        self._states: dict[Hashable, Hashable] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        with self._lock:
            return len(self._given)

    def events(
        self,
        turn: Turn,
        what: Hashable,
        where: Hashable,
        state: Callable[[], Hashable],
        answer: Generator[Event, None, None],
    ) -> Generator[Event, None, None]:
        """Yield the events of an answer given before, or those of a new one, which is kept.

        Args:
            turn: The question.
            what: All else that the answer depends on, but for the documents.
            where: Which documents are asked.
            state: Tells which state they are in; another one after each change.
            answer: The events of a new answer, not begun.
        """
        if not self._most or turn.history:
            yield from answer
            return
        wording = unicodedata.normalize("NFKC", turn.question).strip()
        key = (wording, turn.language, turn.document_ids, what, where)
        clock, before = Clock(), state()
        given = self._find(key, where, before)
        if given is not None:
            yield from _again(given, turn.question.strip(), clock)
            return
        evidence: EvidenceFound | None = None
        with closing(answer):
            for event in answer:
                if isinstance(event, EvidenceFound):
                    evidence = event
                elif isinstance(event, Finished) and evidence is not None:
                    self._keep(key, _Given(evidence, event), before, state)
                yield event

    def clear(self) -> None:
        """Forget everything: documents were changed or removed, and no words of them may stay."""
        with self._lock:
            self._given.clear()

    def _find(self, key: Hashable, where: Hashable, state: Hashable) -> _Given | None:
        with self._lock:
            if self._states.get(where, state) != state:  # another process changed them
                self._given.clear()
            self._states[where] = state
            return self._given.get(key)

    def _keep(self, key: Hashable, given: _Given, before: Hashable, state: Callable[[], Hashable]) -> None:
        with self._lock:  # whoever changes documents clears after the change, so nothing is kept in between
            if state() == before:
                self._given[key] = given


def _again(given: _Given, asked: str, clock: Clock) -> Iterator[Event]:
    """Yield an answer once more, to the words that were asked now, with how long that took."""
    earlier = given.finished.answer
    standalone = asked if earlier.standalone_question == earlier.question else earlier.standalone_question
    with clock.answering():
        clock.mark("evidence")
        yield replace(given.evidence, standalone_question=standalone)
        clock.mark("total")
        clock.timings |= {"first_word": clock.timings["total"], "cached": 1.0}
        answer = replace(earlier, question=asked, standalone_question=standalone, timings=clock.timings)
        clock.tell_of(answer)
        yield Finished(answer)
