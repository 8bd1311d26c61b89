"""``wenju eval rgb``: answers among passages that do not help, and refusals where none does.

The set is RGB (Chen et al., *Benchmarking Large Language Models in Retrieval-Augmented Generation*, 2024): a question
with passages that hold its answer and passages that are near it and do not. Each question gets a collection of its
own: `PASSAGES` passages, of which a given share are negative. Its licence (CC BY-NC-SA 4.0) does not let the set ship,
so ``--data`` has to name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from evals.cases import spread
from evals.few_passages import chain_over, embedded
from evals.retrieval.data import BadData, find_sets, rows
from evals.stats import Interval, wilson
from knowledge.types import Language

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.types import Answer
    from knowledge.lexicon import Lexicon

KIND = "rgb_"
PASSAGES = 5
"""Passages of a question's collection, as in the paper."""

NOISE = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Shares of them that are negative; with all of them negative the question is to be refused."""

Subset = Literal["refine", "integration", "counterfactual"]


class RgbRow(BaseModel):
    """One question.

    Attributes:
        answers_all_of: Groups of aliases; an answer has to state one of each group.
        positive: Passages that hold the answer, or a part of it.
        negative: Passages near the question that do not.
        positive_groups: How many of `positive`, in order, hold each part; empty if all of them hold all of it.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    lang: Language
    subset: Subset
    query: str
    answers_all_of: tuple[tuple[str, ...], ...] = Field(min_length=1)
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    positive_groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What one question came to at one share of negative passages.

    Attributes:
        row: The question.
        noise: The share.
        right: Every group stated and no refusal; None if it could not be scored.
        refused: Whether it was refused; None as well.
        reason: Why it could not be scored, else "".
    """

    row: RgbRow
    noise: float
    right: bool | None
    refused: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RgbMeasured:
    """One subset at one share of negative passages.

    Attributes:
        set: Name of the set.
        subset: Name of the subset.
        noise: Share of negative passages.
        n: Questions scored.
        unscored: Questions that could not be scored.
        strict: Share answered with every group stated; at `noise` 1 nothing can be.
        refused: Share refused: wrongly below `noise` 1, rightly at it.
    """

    set: str
    subset: str
    noise: float
    n: int
    unscored: int
    strict: Interval
    refused: Interval


def passages_of(row: RgbRow, noise: float) -> tuple[list[str], list[str]] | None:
    """Return the positive and the negative passages of a question's collection.

    Where the answer has several parts, the positive passages are taken from each part in turn. Where the row has fewer
    negative passages than are wanted, there are fewer positive ones as well, to keep the share.

    Returns:
        None if there is no positive passage where one is wanted, or no negative one.
    """
    wanted = round(noise * PASSAGES)
    negatives = list(dict.fromkeys(row.negative))[:wanted]
    beside = PASSAGES - wanted
    if len(negatives) < wanted and noise < 1:
        beside = max(1, round(len(negatives) * beside / wanted))
    sizes = iter(row.positive)
    groups = [list(islice(sizes, size)) for size in row.positive_groups] or [list(row.positive)]
    in_turn = [one for turn in zip_longest(*groups) for one in turn if one is not None]
    positive = list(dict.fromkeys(in_turn))[:beside]
    if (wanted and not negatives) or (beside and not positive):
        return None
    return positive, negatives


def measure_rgb(
    data: Path | None, llm: str, *, names: Sequence[str] = (), limit: int | None = None
) -> Iterator[RgbMeasured]:
    """Ask the questions of every set at every share of negative passages.

    Args:
        data: Where the sets are (files ``rgb_NAME.jsonl``).
        llm: Who reads.
        names: Only these sets.
        limit: At most so many questions a set, spread evenly.

    Raises:
        BadData: No set is named, or a file is missing or wrong.
        AssistantError, KnowledgeError: The configuration is wrong.
    """
    from assistant import Assistant, Settings
    from assistant.console import progress
    from knowledge.lexicon import Lexicon

    if data is None:
        raise BadData("RGB may not ship with Wenju.", hint="Name the folder that holds rgb_NAME.jsonl with --data.")
    with ExitStack() as stack:
        assistant = stack.enter_context(Assistant(Settings.from_environment(llm=llm, reproducible=True)))
        lexicon = stack.enter_context(closing(Lexicon(assistant.settings.cache)))
        for name, start in find_sets(data, KIND, names).items():
            chosen = spread(list(rows(start.with_name(start.name + ".jsonl"), RgbRow)), limit)
            asked: list[Asked] = []
            with progress(f"Asking {name}") as update:
                for at, row in enumerate(chosen, start=1):
                    asked += _asked(row, assistant, lexicon)
                    update(at, len(chosen))
            yield from summarised(name, asked)


def summarised(name: str, asked: Sequence[Asked]) -> Iterator[RgbMeasured]:
    """Yield the shares of every subset, and of all of them together, by share of negative passages."""
    subsets = list(dict.fromkeys(one.row.subset for one in asked))
    for subset in (*subsets, *(["all"] if len(subsets) > 1 else [])):
        for noise in NOISE:
            group = [one for one in asked if one.noise == noise and subset in (one.row.subset, "all")]
            scored = [one for one in group if one.right is not None]
            right = sum(bool(one.right) for one in scored)
            refused = sum(bool(one.refused) for one in scored)
            yield RgbMeasured(
                set=name,
                subset=subset,
                noise=noise,
                n=len(scored),
                unscored=len(group) - len(scored),
                strict=wilson(right, len(scored)),
                refused=wilson(refused, len(scored)),
            )


def _asked(row: RgbRow, assistant: Assistant, lexicon: Lexicon) -> Iterator[Asked]:
    from assistant.errors import AssistantError
    from assistant.types import Turn

    chosen = {noise: passages_of(row, noise) for noise in NOISE}
    texts = {text for both in chosen.values() if both for texts in both for text in texts}
    entries = embedded(row.id, row.lang, texts, assistant)
    for noise, both in chosen.items():
        if both is None:
            yield Asked(row, noise, None, None, "too few passages")
            continue
        try:
            with chain_over([entries[text] for texts in both for text in texts], assistant, lexicon) as chain:
                answer = chain.invoke(Turn(row.query))
        except AssistantError as error:
            yield Asked(row, noise, None, None, error.message)
            continue
        yield Asked(row, noise, _states_all(answer, row), answer.refused)


def _states_all(answer: Answer, row: RgbRow) -> bool:
    from evals.text import missing_groups, strip_markers

    return not answer.refused and not missing_groups(strip_markers(answer.text), row.answers_all_of)
