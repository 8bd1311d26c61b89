"""``wenju eval rewriting``: whether what is made of a follow-up finds more than the follow-up alone.

The benchmark (MTRAG) gives for the last turn of a conversation its history and a person's rewriting of it, but no
passages. For some of its turns the passages that people chose stand in another file of the same benchmark. All passages
of that file together are searched as a collection, for each of these turns three times: with the last turn alone, with
what the product makes of it (both are searched, as in an answer), and with the person's rewriting, which is the most
that rewriting can give. For all turns, passages or not, words and cosines are compared with the person's.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter

from assistant.condense import Question, condense
from assistant.types import Message, Turn
from evals.retrieval.data import PassageRow, rows
from evals.stats import Interval, paired_bootstrap
from knowledge.lexical import content_tokens

if TYPE_CHECKING:
    from assistant import Assistant

TURNS, CONTEXTS = "rewriting_mtrag_en.jsonl", "faithfulness_mtrag_en.jsonl"
HINT = f"Name the folder of {TURNS} and {CONTEXTS} with --data."
DEPTH = 10
"""Ranks beyond this count as not found."""

Progress = Callable[[int, int], None]


class RewritingRow(BaseModel):
    """A last turn with its history, and a person's rewriting of it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    source: str
    history: tuple[dict[str, str], ...]
    question: str
    rewritten: str
    changed: bool

    @property
    def turn(self) -> Turn:
        """The last turn as the product is given it."""
        return Turn(self.question, TypeAdapter(tuple[Message, ...]).validate_python(self.history))


class ContextRow(BaseModel):
    """A last turn with the passages that people chose for it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    question: str | None
    context: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What was measured on one subset; each triple is of the last turn, of what is made of it, and of the person's.

    Attributes:
        subset: Name of the source, ``"all"``, or ``"unchanged"`` for turns that the person left as they were.
        n: How many turns.
        rewritten: How many of them the rules changed.
        cosine: Mean cosine to the person's rewriting.
        recall: Mean share of the content words of the person's rewriting that are in it.
        precision: Mean share of its content words that are in the person's rewriting.
        searched: For how many of the turns passages are known.
        mrr: Mean reciprocal rank of the first such passage, 0 beyond `DEPTH`.
        difference: Of what is made and the last turn, in `mrr`, with its bootstrap interval over conversations; None if
            no passages are known.
    """

    subset: str
    n: int
    rewritten: int
    cosine: tuple[float, float, float]
    recall: tuple[float, float, float]
    precision: tuple[float, float, float]
    searched: int
    mrr: tuple[float, float, float]
    difference: Interval | None


def measure_rewriting(data: Path, assistant: Assistant, progress: Progress) -> list[Rewriting]:
    """Make a question of every last turn, search with it where passages are known, and compare it with the person's.

    Args:
        data: The folder of the two files.
        assistant: Whose embedding model and search are used.
        progress: Is told how many passages are embedded.

    Raises:
        BadData: A file is missing or wrong.
    """
    turns = rows(data / TURNS, RewritingRow, hint=HINT)
    contexts = rows(data / CONTEXTS, ContextRow, hint=HINT)
    made = [condense(row.turn) for row in turns]
    texts = [(row.question, question.standalone, row.rewritten) for row, question in zip(turns, made, strict=True)]
    ranks = _ranks(turns, made, contexts, assistant, progress)
    near = [_cosines(three, assistant) for three in texts]
    words = [[set(content_tokens(text)) for text in three] for three in texts]
    subsets: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(turns):
        for name in ("all", row.source, *(() if row.changed else ("unchanged",))):
            subsets[name].append(at)
    return [
        Rewriting(
            subset=name,
            n=len(places),
            rewritten=sum(made[at].standalone != turns[at].question.strip() for at in places),
            cosine=_means([near[at] for at in places]),
            recall=_means([[_share(words[at][2], one) for one in words[at]] for at in places]),
            precision=_means([[_share(one, words[at][2]) for one in words[at]] for at in places]),
            searched=sum(at in ranks for at in places),
            mrr=_means([ranks[at] for at in places if at in ranks]),
            difference=_difference([(turns[at].id.split("<")[0], ranks[at]) for at in places if at in ranks]),
        )
        for name, places in subsets.items()
    ]


def _ranks(
    turns: Sequence[RewritingRow],
    made: Sequence[Question],
    contexts: Sequence[ContextRow],
    assistant: Assistant,
    progress: Progress,
) -> dict[int, tuple[float, ...]]:
    """Return the three reciprocal ranks of each turn whose passages are known, by its position."""
    from assistant.chain import AnswerChain
    from evals.retrieval.systems import found_by, pool
    from knowledge.retrieve import Searcher
    from knowledge.store import Store

    passages = {text: f"p{at}" for at, text in enumerate(dict.fromkeys(t for row in contexts for t in row.context))}
    chosen: dict[str, set[str]] = defaultdict(set)
    for context in contexts:
        chosen[_key(context.question or "")] |= {passages[text] for text in context.context}
    ranks = {}
    with tempfile.TemporaryDirectory() as scratch:
        held = [PassageRow(id=id_, lang="en", text=text) for text, id_ in passages.items()]
        store: Store = pool(Path(scratch) / "mtrag.db", held, assistant.embedder, progress)
        with store:
            searcher = Searcher(store, assistant.embedder, assistant.searcher.lexicon)
            chain = AnswerChain(searcher, assistant.reader, replace(assistant.settings, passages=DEPTH))
            for at, (row, question) in enumerate(zip(turns, made, strict=True)):
                gold = chosen.get(_key(row.question))
                if not gold:
                    continue
                asked = [Question(text, text, "en") for text in (row.question, row.rewritten)]
                rankings = [[id_ for id_, _ in found_by(chain.retrieve(one))] for one in (asked[0], question, asked[1])]
                ranks[at] = tuple(
                    max((1 / rank for rank, id_ in enumerate(ranking[:DEPTH], start=1) if id_ in gold), default=0.0)
                    for ranking in rankings
                )
    return ranks


def _key(question: str) -> str:
    return " ".join(question.lower().split())


def _cosines(three: Sequence[str], assistant: Assistant) -> list[float]:
    vectors = [assistant.embedder.encode_query(text) for text in three]
    return [float(vector @ vectors[-1]) for vector in vectors]


def _share(words: set[str], of: set[str]) -> float:
    """Return the share of some words that are among others, 1 if there are none."""
    return len(words & of) / len(words) if words else 1.0


def _means(triples: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    if not triples:
        return 0.0, 0.0, 0.0
    turn, made, person = np.mean(np.array(triples), axis=0).tolist()
    return turn, made, person


def _difference(ranks: Sequence[tuple[str, Sequence[float]]]) -> Interval | None:
    """Return how much more is found with what is made than with the last turn, over conversations."""
    paired: dict[str, list[float]] = defaultdict(list)
    for conversation, (turn, made, _) in ranks:
        paired[conversation].append(made - turn)
    return paired_bootstrap(paired) if paired else None


def print_rewriting(measured: Sequence[Rewriting], *, as_json: bool) -> None:
    """Print what was measured, as a table or as JSON."""
    if as_json:
        print(json.dumps([asdict(one) for one in measured], indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("subset", "turns", "changed", "MRR@10", "of", "difference", "cosine", "recall", "precision")
    for one in measured:
        gain = one.difference
        table.add_row(
            one.subset,
            str(one.n),
            str(one.rewritten),
            " ".join(f"{value:.3f}" for value in one.mrr),
            str(one.searched),
            f"{gain.estimate:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})" if gain else "",
            *(" ".join(f"{value:.3f}" for value in triple[:2]) for triple in (one.cosine, one.recall, one.precision)),
        )
    Console(width=150).print(table)
    Console(width=150).print("Last turn alone, what is made of it, and for MRR@10 the person's rewriting.")
