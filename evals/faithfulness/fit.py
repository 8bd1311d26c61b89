"""Fit the curves from features to the probability that a claim is supported (`assistant.support`).

    python -m evals.faithfulness.fit collect --data DIR --out features.jsonl
    python -m evals.faithfulness.fit fit features.jsonl

``collect`` writes the features of every claim of the sets, and none of their texts; with ``--llm`` a chat model's
judgement as well. ``fit`` writes ``assistant/support.json``, fitted on all of them, and ``folds.json`` beside this
file: for each of five parts of the texts the curves fitted on the other four. `wenju eval faithfulness` scores a claim
with the curves of its part, so no number that it reports rests on a claim, or a text, that the curve was fitted on.

A curve is a logistic regression with a small penalty on the weights (of standardised features); supported and other
claims weigh alike, and each language of a kind has its intercept.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.support import JUDGED, Curves, SupportCurve, read_curves
from evals.faithfulness.data import FOLDS, read_items
from evals.faithfulness.measure import auroc, balanced_accuracy
from evals.faithfulness.score import score_items

PENALTY, STEPS = 1.0, 50
"""Weight of half the squared coefficients against the sum over claims; most steps of Newton's method."""

CURVES, HELD_OUT = Path("assistant/support.json"), Path(__file__).with_name("folds.json")
Array = npt.NDArray[np.float64]


def collect(data: Path, out: Path, llm: str, limit: int | None) -> None:
    """Write the features of every claim of every set; what cannot be scored is left out."""
    from assistant import Assistant, Settings
    from assistant.console import progress
    from evals.faithfulness.judge import judge_of

    settings = Settings.from_environment(llm=llm, reproducible=True)
    with Assistant(settings) as assistant, out.open("w", encoding="utf-8") as file:
        for name, items in read_items(data, limit=limit):
            with progress(f"Comparing {name}") as update:
                for scored in score_items(items, assistant.embedder, judge_of(assistant), update, plain=False):
                    if scored.assessed is not None:
                        file.write(json.dumps({"set": name, **scored.as_dict()}) + "\n")
                        file.flush()


def logistic(features: Array, supported: Array, languages: Sequence[str]) -> SupportCurve:
    """Fit one curve.

    Args:
        features: Shape (claims, features).
        supported: Shape (claims,), 0 or 1; both occur.
        languages: Of each claim.

    Raises:
        ValueError: All claims of a language are supported, or none is.
    """
    positive = supported > 0.5
    names = sorted(set(languages))
    both = {(language, bool(one)) for language, one in zip(languages, positive, strict=True)}
    if len(both) < 2 * len(names):
        raise ValueError("a curve needs, in each language, claims that are supported and claims that are not")
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    own = np.array([[float(name == language) for name in names] for language in languages])
    design = np.concatenate([(features - mean) / spread, own], axis=1)
    share = np.where(positive, 0.5 / positive.mean(), 0.5 / (~positive).mean())
    penalty = np.diag([PENALTY] * features.shape[1] + [1e-6] * len(names))
    found = np.zeros(design.shape[1])
    for _ in range(STEPS):
        predicted = 1 / (1 + np.exp(-design @ found))
        gradient = design.T @ (share * (positive - predicted)) - penalty @ found
        hessian = (design * (share * predicted * (1 - predicted))[:, None]).T @ design + penalty
        step = np.linalg.solve(hessian, gradient)
        found += step
        if np.abs(step).max() < 1e-9:
            break
    weights = found[: features.shape[1]] / spread
    moved = float(weights @ mean)
    intercepts = dict(zip(names, (found[features.shape[1] :] - moved).round(5).tolist(), strict=True))
    return SupportCurve(tuple(weights.round(5).tolist()), intercepts)  # type: ignore[arg-type]  # names are languages


def fit_curves(rows: Sequence[dict[str, Any]], without: int | None = None) -> dict[str, SupportCurve]:
    """Fit a curve for each kind of claim, and one that takes a judgement where there are judgements.

    Args:
        rows: What ``collect`` wrote.
        without: A fold to leave out.
    """
    curves: dict[str, SupportCurve] = {}
    kept = [row for row in rows if row["fold"] != without]
    for kind in dict.fromkeys(row["kind"] for row in kept):
        group = [row for row in kept if row["kind"] == kind]
        curves[kind] = _fitted(group, [row["features"] for row in group])
        judged = [row for row in group if row["judged"] is not None]
        if judged:
            own = [curves[kind].log_odds(tuple(row["features"]), row["language"]) for row in judged]
            both = [[fit, row["judged"]] for fit, row in zip(own, judged, strict=True)]
            curves[f"{kind}{JUDGED}"] = _fitted(judged, both)
    return curves


def _fitted(rows: Sequence[dict[str, Any]], features: Sequence[Sequence[float]]) -> SupportCurve:
    return logistic(
        np.array(features, dtype=np.float64),
        np.array([float(row["supported"]) for row in rows]),
        [row["language"] for row in rows],
    )


def stored(curves: Curves) -> dict[str, Any]:
    """Return curves as JSON."""
    return {
        "curves": {
            name: {"weights": list(curve.weights), "intercepts": dict(curve.intercepts)}
            for name, curve in curves.items()
        }
    }


def held_out_curves() -> list[Curves]:
    """Return for each fold the curves that were fitted on the others."""
    return [read_curves(one) for one in json.loads(HELD_OUT.read_text(encoding="utf-8"))["folds"]]


def described(rows: Sequence[dict[str, Any]], folds: Sequence[Curves]) -> dict[str, Any]:
    """Return, by kind and language, how many claims there are and how well the held-out curves tell them apart."""
    found = {}
    for kind, language in dict.fromkeys((row["kind"], row["language"]) for row in rows):
        group = [row for row in rows if (row["kind"], row["language"]) == (kind, language)]
        fits = np.array([folds[row["fold"]][kind].log_odds(tuple(row["features"]), language) for row in group])
        truth = np.array([float(row["supported"]) for row in group])
        found[f"{kind} {language}"] = {
            "supported": int(truth.sum()),
            "other": int((1 - truth).sum()),
            "auroc": round(auroc(fits, truth), 3),
            "balanced_accuracy": round(balanced_accuracy(1 / (1 + np.exp(-fits)), truth), 3),
        }
    return found


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    collecting = commands.add_parser("collect")
    collecting.add_argument("--data", type=Path, required=True)
    collecting.add_argument("--llm", default="none")
    collecting.add_argument("--limit", type=int)
    collecting.add_argument("--out", type=Path, required=True)
    fitting = commands.add_parser("fit")
    fitting.add_argument("features", type=Path)
    options = parser.parse_args()
    if options.command == "collect":
        collect(options.data, options.out, options.llm, options.limit)
        return
    rows = [json.loads(line) for line in options.features.read_text(encoding="utf-8").splitlines()]
    folds = [fit_curves(rows, without=fold) for fold in range(FOLDS)]
    made = {
        "what": "log-odds that the evidence supports a claim = weights · features + the language's intercept",
        "features": "by kind in the order of its class in assistant/support_features.py; "
        f"KIND{JUDGED}: the log-odds of KIND and those of a chat model",
        "data": "faithfulness_" + ", faithfulness_".join(sorted({row["set"] for row in rows})),
        "date": date.today().isoformat(),
        "command": "python -m evals.faithfulness.fit",
        "out_of_fold": described(rows, folds),
        **stored(fit_curves(rows)),
    }
    CURVES.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    HELD_OUT.write_text(json.dumps({"folds": [stored(one) for one in folds]}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
