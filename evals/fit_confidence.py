"""Fit the curves that decide whether to answer.

Each line of the input is what ``collect`` writes: the language and direction, whether the question is answerable, the
features of its evidence (`assistant.confidence.evidence_features`) and the reader's log-odds, or null. They come from
suites and from a benchmark set of passages (``--data``), whose questions are asked with and without the passage that
answers them. A curve is a
logistic regression whose weights are never negative (more evidence never makes us less sure), with answerable and
unanswerable questions weighted to the cost of the two errors, so that 0.5 is where refusing and answering cost the
same. What a curve is worth is measured in folds of whole families: ``kept`` and ``refused`` are the shares of
answerable questions that are answered and of unanswerable ones that are refused, by a curve that saw neither. Half of
the families of the suite ``unanswerable_tuning`` are left out altogether (`set_aside`).

    python -m evals.fit_confidence collect --suite facts --llm none --out answers.jsonl
    python -m evals.fit_confidence fit answers.jsonl more.jsonl --out assistant/calibration.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from assistant.confidence import FEATURES
from evals.cases import load_suite, spread
from evals.few_passages import chain_over, embedded
from evals.retrieval.data import RETRIEVAL, directions, find_sets

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.chain import AnswerChain
    from knowledge.rows import Entry

BESIDE = 4
"""Passages of an article that a question of a benchmark set is asked of."""

REFUSING_COSTS: dict[str, float] = {"judged": 3.0, "alone": 5.0}
"""How much worse it is to refuse an answerable question than to answer an unanswerable one, by kind of reader.

Without a chat model every answer is a verbatim quote, so a needless one does little harm.
"""

STEPS, RATE, PENALTY = 4_000, 0.25, 0.02
"""Gradient steps, step size, and weight of the squared coefficients (on standardised features)."""

SHARES, ELSEWHERE = {"zh-same": 0.2, "en-across": 0.2}, 0.7
"""Share of the curves that are fitted here in the mean with others, by language and direction.

The others are fitted on a Chinese article: on Chinese questions in its language and on English ones across. There they
know more of how people ask about one long document, elsewhere less. With a fifth nothing is lost on the article's
Chinese questions (.968 answered, .457 refused), and on the benchmark's .937 / .372 becomes .946 / .442.
"""

FOLDS = 10
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""At which the trade-off between the two errors is written down."""


def set_aside(family: str) -> bool:
    """Return whether a family of ``unanswerable_tuning`` is kept out of all fitting, to measure with."""
    return _digest(family) % 2 == 1


def _digest(family: str) -> int:
    return int(hashlib.sha256(family.encode()).hexdigest(), 16)


def collect(suite: str, llm: str, out: Path) -> None:
    """Ask every answerable and unanswerable case of a suite and write the features of its evidence."""
    from assistant.assistant import Assistant
    from assistant.settings import Settings

    with Assistant(Settings.from_environment(llm=llm, reproducible=True)) as assistant, _lines(out) as write:
        for case in load_suite(suite).cases:
            if case.kind not in {"fact", "unanswerable"}:
                continue
            if suite == "unanswerable_tuning" and set_aside(case.family):
                continue
            told = _told(case.question, assistant.chain, assistant)
            if told:
                write({"id": case.id, "family": case.family, "answerable": case.kind == "fact", **told})


def collect_benchmark(data: Path, llm: str, limit: int, out: Path, *, aside: bool) -> None:
    """Ask questions of a benchmark set of passages of the same article, once with the gold passage and once without.

    Those without are hard: they are about the same subject, in the same words.

    Args:
        data: Where the set ``retrieval_NAME`` is; its passages name their article (``doc``).
        llm: Who reads.
        limit: How many questions in each of the four directions.
        out: Where the rows go.
        aside: Whether to take the articles that no curve is fitted on (`set_aside`), not the others.
    """
    from contextlib import closing

    from assistant.assistant import Assistant
    from assistant.settings import Settings
    from knowledge.lexicon import Lexicon

    sets = find_sets(data, RETRIEVAL)
    with (
        Assistant(Settings.from_environment(llm=llm, reproducible=True)) as assistant,
        closing(Lexicon(assistant.settings.cache)) as lexicon,
        _lines(out) as write,
    ):
        known: dict[tuple[str, str], dict[str, Entry]] = {}
        for direction in (one for name, start in sets.items() for one in directions(name, start)):
            if direction.passages_in == "both":
                continue
            articles: dict[str, list[str]] = defaultdict(list)
            by_id = {passage.id: passage for passage in direction.passages}
            for passage in direction.passages:
                articles[passage.doc].append(passage.text)
            asked = [one for one in direction.questions if set_aside(by_id[one[1]].doc) == aside]
            for question, gold_id in spread(asked, limit):
                gold = by_id[gold_id]
                others = [text for text in articles[gold.doc] if text != gold.text]
                if len(others) < BESIDE:
                    continue
                if (gold.doc, gold.language) not in known:
                    known[gold.doc, gold.language] = embedded(gold.doc, gold.language, {gold.text, *others}, assistant)
                entries = known[gold.doc, gold.language]
                for held in (True, False):
                    texts = [gold.text, *others[: BESIDE - 1]] if held else others[:BESIDE]
                    with chain_over([entries[text] for text in texts], assistant, lexicon) as chain:
                        told = _told(question.text, chain, assistant)
                    if told:
                        write({"id": question.id, "family": gold.doc, "answerable": held, **told})


def _told(question: str, chain: AnswerChain, assistant: Assistant) -> dict[str, Any] | None:
    """Return what a curve is told about a question, None where its constraints decide already."""
    from assistant.condense import condense
    from assistant.confidence import direction, evidence_features
    from assistant.few_sentences import judged_sentences, read_sentences
    from assistant.select import unmet_constraints, unmet_quantities
    from assistant.types import Turn

    reader = assistant.reader
    turn = condense(Turn(question))
    result = chain.retrieve(turn)
    sentences = read_sentences(turn, result, reader, assistant.settings.sentences)
    amounts = unmet_quantities(turn.standalone, sentences)
    if not sentences or unmet_constraints(turn.standalone, result.query, sentences, amounts):
        return None
    sentences, judged = judged_sentences(turn, result, reader, assistant.settings.sentences, sentences)
    return {
        "language": turn.language,
        "direction": direction(result),
        "features": evidence_features(result, sentences),
        "judged": judged,
    }


@contextmanager
def _lines(out: Path) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Yield what writes a row, at once, so that a run that is stopped keeps what it has."""
    with out.open("w", encoding="utf-8") as file:

        def write(row: dict[str, Any]) -> None:
            file.write(json.dumps(row) + "\n")
            file.flush()

        yield write


def fit(rows: list[dict[str, Any]], other: dict[str, dict[str, Any]] | None = None) -> dict[str, dict[str, Any]]:
    """Fit one curve for each language of questions, direction and kind of reader that the rows have.

    Of questions that a reader judged there are few, since that takes seconds each. Where others were asked without one,
    the weights of the features come from all of them, and the judgement is weighed against their sum.

    Args:
        rows: What ``collect`` wrote.
        other: Curves fitted on other questions: a mean of both is taken, so that neither kind of collection decides
            alone (`SHARES`). The cosines of one long article and those of many short ones mean different things.
    """
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        reader = "alone" if row["judged"] is None else "judged"
        groups[f"{row['language']}-{row['direction']}-{reader}"].append(row)
    curves = {}
    for name, group in groups.items():
        alone = groups.get(name.removesuffix("judged") + "alone", []) if name.endswith("judged") else []
        weights, intercept = _mean(_fitted(group, alone), name, other)
        answerable = _answerable(group)
        unseen = _out_of_fold(group, alone, name, other)
        curves[name] = {
            "weights": [round(float(weight), 4) for weight in weights],
            "intercept": [round(intercept, 4)],
            "answerable": int(answerable.sum()),
            "unanswerable": int((~answerable).sum()),
            "auroc": round(auroc(unseen, answerable), 3),
            "trade_off": [
                {
                    "threshold": threshold,
                    "kept": round(float((unseen[answerable] >= threshold).mean()), 3),
                    "refused": round(float((unseen[~answerable] < threshold).mean()), 3),
                }
                for threshold in THRESHOLDS
            ],
        }
    return curves


Curve = tuple[npt.NDArray[np.float64], float]
"""Weights, shape (features,), and intercept."""


def _fitted(group: list[dict[str, Any]], alone: list[dict[str, Any]]) -> Curve:
    """Fit a curve to rows; `alone` are rows of the same kind of question without a judgement."""
    if not alone:
        judged = group[0]["judged"] is not None
        return _logistic(_features(group), _answerable(group), REFUSING_COSTS["judged" if judged else "alone"])
    both = alone + [{**row, "judged": None} for row in group]
    weights, intercept = _logistic(_features(both), _answerable(both), REFUSING_COSTS["alone"])
    judgement = np.array([row["judged"] for row in group])
    told = _features([{**row, "judged": None} for row in group]) @ weights + intercept
    shares, shift = _logistic(np.column_stack([told, judgement]), _answerable(group), REFUSING_COSTS["judged"])
    return np.append(weights * shares[0], shares[1]), float(shift + intercept * shares[0])


def _mean(curve: Curve, name: str, other: dict[str, dict[str, Any]] | None) -> Curve:
    """Return the weighted mean of a curve and the other one of its name, if there is one."""
    if not other or name not in other:
        return curve
    share = SHARES.get(name.rpartition("-")[0], ELSEWHERE)
    weights, intercept = np.array(other[name]["weights"]), other[name]["intercept"][0]
    return share * curve[0] + (1 - share) * weights, share * curve[1] + (1 - share) * intercept


def _features(rows: list[dict[str, Any]]) -> npt.NDArray[np.float64]:
    return np.array([[*row["features"], *([] if row["judged"] is None else [row["judged"]])] for row in rows])


def _answerable(rows: list[dict[str, Any]]) -> npt.NDArray[np.bool_]:
    return np.array([bool(row["answerable"]) for row in rows])


def _out_of_fold(
    group: list[dict[str, Any]], alone: list[dict[str, Any]], name: str, other: dict[str, dict[str, Any]] | None
) -> npt.NDArray[np.float64]:
    """Return the probability of each row by a curve fitted without its family's fold."""
    features, found = _features(group), np.zeros(len(group))
    for fold in range(FOLDS):
        inside = np.array([_fold(row) == fold for row in group])
        if inside.any():
            weights, intercept = _mean(
                _fitted([row for row in group if _fold(row) != fold], [row for row in alone if _fold(row) != fold]),
                name,
                other,
            )
            found[inside] = 1.0 / (1.0 + np.exp(-(features[inside] @ weights + intercept)))
    return found


def _fold(row: dict[str, Any]) -> int:
    return _digest(row["family"]) // 2 % FOLDS


def auroc(scores: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_]) -> float:
    """Return the probability that a positive scores above a negative, ties half."""
    above = scores[positive][:, None] - scores[~positive][None, :]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


def _logistic(
    features: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_], cost: float
) -> tuple[npt.NDArray[np.float64], float]:
    """Fit a logistic regression with weights of at least 0 by projected gradient descent on standardised features."""
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    standard = (features - mean) / spread
    share = np.where(positive, cost / positive.sum(), 1.0 / (~positive).sum()) / (1.0 + cost)
    weights, intercept = np.zeros(features.shape[1]), 0.0
    for _ in range(STEPS):
        error = share * (1.0 / (1.0 + np.exp(-(standard @ weights + intercept))) - positive)
        weights = np.maximum(0.0, weights - RATE * (standard.T @ error + PENALTY * weights))
        intercept -= RATE * float(error.sum())
    return weights / spread, float(intercept - (weights / spread) @ mean)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    collecting = commands.add_parser("collect")
    collecting.add_argument("--suite", default="facts")
    collecting.add_argument("--data", type=Path, help="a benchmark set of passages instead of a suite")
    collecting.add_argument("--limit", type=int, default=60, help="questions a direction of the benchmark set")
    collecting.add_argument("--aside", action="store_true", help="the articles that no curve is fitted on")
    collecting.add_argument("--llm", default="local")
    collecting.add_argument("--out", type=Path, required=True)
    fitting = commands.add_parser("fit")
    fitting.add_argument("answers", type=Path, nargs="+")
    fitting.add_argument("--out", type=Path, required=True)
    fitting.add_argument("--keep", type=Path, help="a calibration whose other curves stay as they are")
    fitting.add_argument("--mean-with", type=Path, help="a calibration fitted elsewhere; the mean of both is taken")
    fitting.add_argument(
        "--data", required=True, help="what the answers are, in words, to be written beside the curves"
    )
    options = parser.parse_args()
    if options.command == "collect" and options.data:
        collect_benchmark(options.data, options.llm, options.limit, options.out, aside=options.aside)
        return
    if options.command == "collect":
        collect(options.suite, options.llm, options.out)
        return
    rows = [json.loads(line) for path in options.answers for line in path.read_text(encoding="utf-8").splitlines()]
    kept = json.loads(options.keep.read_text(encoding="utf-8"))["curves"] if options.keep else {}
    other = json.loads(options.mean_with.read_text(encoding="utf-8"))["curves"] if options.mean_with else None
    stored = {
        "what": "log-odds that the evidence holds the answer = weights · features + intercept",
        "features": [*FEATURES, "judged (log-odds, only in *-judged)"],
        "data": options.data,
        "date": date.today().isoformat(),
        "command": "python -m evals.fit_confidence",
        "curves": {**kept, **fit(rows, other)},
    }
    options.out.write_text(json.dumps(stored, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
