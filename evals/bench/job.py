"""What a system's program is given and what it prints, with what is made of that (`evals.bench.systems.measuring`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, model_validator

DEPTH = 20
"""How many pieces a search asks for: enough that ten different documents are among them, nearly always."""

WARM_UP = 20
"""Questions asked before the clock runs."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class JobDocument(_Line):
    """One document of a job."""

    id: str
    text: str


class Job(_Line):
    """One step of one system.

    Attributes:
        step: ``index`` stores the documents in the folder, ``search`` asks the questions there.
        folder: Where the system keeps its index.
        model: Folder of the embedding model, as sentence-transformers reads it.
        embedding_model: What Wenju calls that model.
        threads: Threads that arithmetic may use.
        options: What the system is to do otherwise than by default, e.g. ``{"hybrid": true}``.
    """

    step: Literal["index", "search"]
    folder: str
    model: str
    embedding_model: str
    threads: int = Field(ge=1)
    documents: tuple[JobDocument, ...] = ()
    questions: tuple[str, ...] = ()
    options: dict[str, bool] = Field(default_factory=dict)
    depth: int = DEPTH
    warm_up: int = WARM_UP

    @model_validator(mode="after")
    def _has_work(self) -> Job:
        if not (self.documents if self.step == "index" else self.questions):
            raise ValueError(f"the step {self.step} has nothing to do")
        return self

    def asking(self, questions: Sequence[str]) -> Job:
        """Return the job that asks questions of what this one stored."""
        return Job(**{**dict(self), "step": "search", "documents": (), "questions": tuple(questions)})


class Indexed(_Line):
    """What step ``index`` prints.

    Attributes:
        seconds: Cutting, embedding and storing, the model loaded.
        processor_seconds: The same in time of processors, all threads together; other work changes it little.
        memory: The most bytes of memory that the process had; 0 if that is not known.
    """

    seconds: NonNegativeFloat
    processor_seconds: NonNegativeFloat
    memory: NonNegativeInt


class Searched(_Line):
    """What step ``search`` prints at its end.

    Attributes:
        seconds: Of each question.
        found: For each question the documents of the pieces found, nearest first, as often as there are pieces.
        memory: The most bytes of memory that the process had; 0 if that is not known.
    """

    seconds: tuple[NonNegativeFloat, ...]
    found: tuple[tuple[str, ...], ...]
    memory: NonNegativeInt

    @model_validator(mode="after")
    def _is_whole(self) -> Searched:
        if len(self.seconds) != len(self.found):
            raise ValueError("there are not as many times as answers")
        return self


def rank_of(gold: str, found: tuple[str, ...]) -> int | None:
    """Return the rank of a document among those found, each counted once at its best place; None if it is not there."""
    documents = list(dict.fromkeys(found))
    return documents.index(gold) + 1 if gold in documents else None
