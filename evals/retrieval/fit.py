"""Choose the ranking weights of `knowledge.ranking` on a parallel benchmark set.

For each question the best passages of a search are taken with their features; the weights are the maximum-likelihood
estimate of a listwise softmax (the gold passage against the others; Cao et al., 2007, top one), one set for questions
in the passages' language and one across. What they are worth is measured in five folds by document, fitted on the other
four.

    python -m evals.retrieval.fit --data FOLDER [--set xquad]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evals.retrieval.data import Direction, directions
from knowledge.retrieve import Searcher

CANDIDATES = 20
"""How many passages a question's gold passage is set against."""

FOLDS, STEPS, RATE, PENALTY = 5, 3000, 0.5, 1e-3
"""Folds of the cross-validation; gradient steps, step size and weight of the squared coefficients."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Listed:
    """One question's candidates.

    Attributes:
        group: What belongs together in a fold: a passage and its translation.
        features: Shape (candidates, features).
        gold: Position of the gold passage, None if the search did not find it.
    """

    group: str
    features: Array
    gold: int | None


def listed(direction: Direction, searcher: Searcher) -> Iterator[Listed]:
    """Yield every question of a direction with the features of its candidates."""
    for question, gold in direction.questions:
        found = searcher.search(question.text, CANDIDATES)
        ids = [hit.passage.id for hit in found.hits]
        features = np.array([list(asdict(one).values()) for one in found.features], dtype=np.float64)
        # A document's passages are numbered behind its name, so that all of them fall into one fold.
        yield Listed(question.parallel_passage_id.rsplit("-", 1)[0], features, ids.index(gold) if gold in ids else None)


def fit(lists: Sequence[Listed]) -> Array:
    """Return the weights, shape (features,), none of them negative.

    Raises:
        ValueError: No list holds its gold passage.
    """
    usable = [(one.features, one.gold) for one in lists if one.gold is not None]
    if not usable:
        raise ValueError("no list holds its gold passage")
    width = max(len(features) for features, _ in usable)
    stacked = np.zeros((len(usable), width, usable[0][0].shape[1]))
    absent = np.ones((len(usable), width), dtype=bool)
    for at, (features, _) in enumerate(usable):
        stacked[at, : len(features)] = features
        absent[at, : len(features)] = False
    gold = stacked[np.arange(len(usable)), [position for _, position in usable]].mean(axis=0)
    weights = np.ones(stacked.shape[2])
    scale = np.maximum(stacked[~absent].std(axis=0), 1e-9)
    for _ in range(STEPS):
        scores = np.where(absent, -np.inf, stacked @ weights)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        gradient = gold - np.einsum("qc,qcf->f", shares, stacked) / len(usable) - PENALTY * scale**2 * weights
        weights = np.maximum(0.0, weights + RATE * gradient / scale**2)
    return np.asarray(weights)


def recall_1(lists: Sequence[Listed], weights: Array) -> float:
    """Return the share of lists whose gold passage the weights put first."""
    return sum(one.gold is not None and int(np.argmax(one.features @ weights)) == one.gold for one in lists) / len(
        lists
    )


def cross_validated(lists: Sequence[Listed]) -> float:
    """Return R@1 with each fold ranked by weights that were fitted on the others; folds by group."""
    groups = sorted({one.group for one in lists})
    fold = {group: at % FOLDS for at, group in enumerate(groups)}
    right = 0.0
    for held in range(FOLDS):
        inside = [one for one in lists if fold[one.group] == held]
        if inside:
            right += len(inside) * recall_1(inside, fit([one for one in lists if fold[one.group] != held]))
    return right / len(lists)


def main() -> None:
    """Run the command line."""
    from assistant import Assistant, Settings
    from evals.retrieval.systems import pool
    from knowledge.lexicon import Lexicon

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the benchmark files")
    parser.add_argument("--set", default="xquad", help="a parallel set")
    options = parser.parse_args()
    lists: dict[str, list[Listed]] = {}
    with Assistant(Settings.from_environment(llm="none")) as assistant, tempfile.TemporaryDirectory() as scratch:
        for direction in (one for one in directions(options.data, options.set) if "→" in one.name):
            asked, held = direction.name.split()[-1].split("→")
            path = Path(scratch) / f"{direction.name}.db"
            with pool(path, direction.passages, assistant.embedder) as store:
                searcher = Searcher(store, assistant.embedder, Lexicon(assistant.settings.cache))
                lists.setdefault("same" if asked == held else "across", []).extend(listed(direction, searcher))
    for name, group in lists.items():
        weights = dict(zip(("dense", "sentence", "late", "coverage"), fit(group).round(1).tolist(), strict=True))
        print(json.dumps({"weights": name, **weights, "r@1, five folds": round(cross_validated(group), 4)}))


if __name__ == "__main__":
    main()
