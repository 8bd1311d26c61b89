"""Choose the ranking weights of `knowledge.ranking` on a parallel benchmark set, and calibrate what they add up to.

For each question the best passages of a search are taken with their features; the weights are the maximum-likelihood
estimate of a listwise softmax (the gold passage against the others; Cao et al., 2007, top one), one set for questions
in the passages' language and one across. What they are worth is measured in five folds by document, fitted on the other
four.

    python -m evals.retrieval.fit --data PREFIX                     # the weights that are most likely
    python -m evals.retrieval.fit --data PREFIX --calibrate FILE    # curves for the weights in use, written to FILE

The curves (`knowledge.calibration`) are logistic regressions on the fit of the best passages of each question. For each
second question the gold passage counts as not there, so that the curves know questions that nothing answers.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evals.retrieval.data import RETRIEVAL, Direction, directions, find_sets
from knowledge.calibration import Calibration, Crossing, Curve, probability
from knowledge.ranking import Features, weights
from knowledge.retrieve import Searcher

CANDIDATES = 20
"""How many passages a question's gold passage is set against."""

CALIBRATED = 5
"""How many of them, best first, the curves are fitted on."""

FOLDS, STEPS, RATE, PENALTY = 5, 3000, 0.5, 1e-3
"""Folds of the cross-validation; gradient steps, step size and weight of the squared coefficients."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Listed:
    """One question's candidates.

    Attributes:
        group: What belongs together in a fold: the passages of a document and their translations.
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
    scale = np.maximum(stacked[~absent].std(axis=0), 1e-9)
    found = np.ones(stacked.shape[2]) / scale
    for _ in range(STEPS):
        scores = np.where(absent, -np.inf, stacked @ found)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        gradient = gold - np.einsum("qc,qcf->f", shares, stacked) / len(usable) - PENALTY * scale**2 * found
        found = np.maximum(0.0, found + RATE * gradient / scale**2)
    return np.asarray(found)


def recall_1(lists: Sequence[Listed], found: Array) -> float:
    """Return the share of lists whose gold passage the weights put first."""
    return sum(one.gold is not None and int(np.argmax(one.features @ found)) == one.gold for one in lists) / len(lists)


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


def calibrate(lists: Sequence[Listed], crossing: Crossing) -> tuple[Curve, float]:
    """Fit the curve from fit to probability.

    Args:
        lists: Questions with their candidates, best first.
        crossing: Whose weights to use.

    Returns:
        The curve, and its mean squared error (Brier, 1950) on the candidates it was fitted on.

    Raises:
        ValueError: The fit says nothing about which passages are gold.
    """
    own = weights("zh", "zh" if crossing == "same" else "en")
    fits, right = [], []
    for at, one in enumerate(lists):
        positions = [position for position in range(len(one.features)) if at % 2 or position != one.gold]
        scored = sorted(
            ((own.score(Features(*one.features[position].tolist())), position) for position in positions), reverse=True
        )
        for score, position in scored[:CALIBRATED]:
            fits.append(score)
            right.append(float(position == one.gold))
    x, y = np.array(fits), np.array(right)
    middle, spread = float(x.mean()), float(x.std())
    design = np.stack([(x - middle) / spread, np.ones_like(x)], axis=1)
    found = np.zeros(2)
    for _ in range(50):  # Newton's method; the log-likelihood is concave
        predicted = 1 / (1 + np.exp(-design @ found))
        hessian = (design * (predicted * (1 - predicted))[:, None]).T @ design + 1e-6 * np.eye(2)
        found += np.linalg.solve(hessian, design.T @ (y - predicted))
    slope = float(found[0] / spread)
    if slope <= 0:
        raise ValueError("a better fit does not mean a better passage here")
    curve = Curve(round(slope, 4), round(float(found[1]) - slope * middle, 4))
    brier = np.mean([(probability(curve.log_odds(one)) - truth) ** 2 for one, truth in zip(x, y, strict=True)])
    return curve, float(brier)


def collect(data: Path) -> tuple[dict[Crossing, list[Listed]], str]:
    """Search every direction of a parallel set; return the questions by crossing, and the embedding model's name."""
    from assistant import Assistant, Settings
    from evals.retrieval.systems import pool
    from knowledge.lexicon import Lexicon

    lists: dict[Crossing, list[Listed]] = {"same": [], "across": []}
    with Assistant(Settings.from_environment(llm="none")) as assistant, tempfile.TemporaryDirectory() as scratch:
        chosen = [
            direction
            for name, start in find_sets(data, RETRIEVAL).items()
            for direction in directions(name, start)
            if direction.passages_in != "both"
        ]
        for direction in chosen:
            path = Path(scratch) / f"{direction.name}.db"
            with (
                pool(path, direction.passages, assistant.embedder) as store,
                closing(Lexicon(assistant.settings.cache)) as lexicon,
            ):
                crossing: Crossing = "same" if direction.questions_in == direction.passages_in else "across"
                lists[crossing].extend(listed(direction, Searcher(store, assistant.embedder, lexicon)))
        return lists, assistant.embedder.name


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a parallel set, as for wenju eval retrieval")
    parser.add_argument("--calibrate", type=Path, metavar="FILE", help="write the curves of the weights in use to FILE")
    options = parser.parse_args()
    lists, model = collect(options.data)
    names = tuple(Features.__dataclass_fields__)
    curves: dict[Crossing, Curve] = {}
    for crossing, group in lists.items():
        if options.calibrate:
            curves[crossing], brier = calibrate(group, crossing)
            print(f"{crossing}: {curves[crossing]}, mean squared error {brier:.4f}")
        else:
            found = dict(zip(names, fit(group).round(2).tolist(), strict=True))
            print(f"{crossing}: {found}, R@1 in five folds {cross_validated(group):.4f}")
    if options.calibrate:
        what = f"{options.data.name} (XQuAD-R, CC BY-SA 4.0), {sum(map(len, lists.values()))} questions"
        made = Calibration(model, what, date.today().isoformat(), curves)
        options.calibrate.write_text(made.to_json() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
