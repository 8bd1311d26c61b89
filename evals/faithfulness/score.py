"""From a claim to its features and what the plain ways say of it; what cannot be scored says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assistant.support import Assessed, assess
from evals.faithfulness.data import Item

if TYPE_CHECKING:
    from assistant.ground import Ground
    from knowledge.embed import Embedder

Judge = Callable[[Item, "Ground"], float | None]
"""A chat model's log-odds that the evidence supports a claim."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One claim, compared with its texts.

    Attributes:
        item: The claim.
        assessed: Its features; None if it could not be scored.
        baselines: By the name of a plain way what it says.
        judged: What the chat model says, None without one.
        reason: Why it could not be scored, else "".
    """

    item: Item
    assessed: Assessed | None
    baselines: dict[str, float] = field(default_factory=dict)
    judged: float | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the features without any of the set's texts."""
        if self.assessed is None:
            raise ValueError(f"{self.item.id} could not be scored")
        return {
            "id": self.item.id,
            "kind": self.item.kind,
            "language": self.assessed.language,
            "fold": self.item.fold,
            "supported": self.item.supported,
            "features": self.assessed.features,
            "stated": self.assessed.stated,
            "judged": self.judged,
        }


def score_items(
    items: Sequence[Item],
    embedder: Embedder,
    judge: Judge | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    plain: bool = True,
) -> Iterator[Scored]:
    """Compare every claim with its texts; claims on the same texts one after the other, so each is embedded once.

    Args:
        items: The claims.
        embedder: The embedding model.
        judge: A chat model's judgement as well.
        progress: Is told how far it is.
        plain: What the plain ways say as well.
    """
    from assistant.ground import Ground
    from knowledge.sentences import sentence_spans

    context: tuple[str, ...] | None = None
    ground: Ground | None = None
    for done, item in enumerate(sorted(items, key=lambda one: (one.group, one.context)), start=1):
        if item.context != context:
            context = item.context
            sentences = [span.of(text) for text in context for span in sentence_spans(text)]
            ground = Ground(sentences, embedder, item.language) if sentences else None
        yield _scored(item, ground, embedder if plain else None, judge)
        progress(done, len(items))


def _scored(item: Item, ground: Ground | None, embedder: Embedder | None, judge: Judge | None) -> Scored:
    from evals.faithfulness.baselines import BASELINES

    if ground is None:
        return Scored(item, None, reason="it has no text to rest on")
    try:
        assessed = assess(item.claim, ground, question=item.question, kind=item.kind)
    except ValueError as error:
        return Scored(item, None, reason=str(error))
    plain = {name: baseline(item, ground, embedder) for name, baseline in BASELINES.items()} if embedder else {}
    return Scored(item, assessed, plain, judge(item, ground) if judge else None)
