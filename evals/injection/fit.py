"""Fit what tells by its meaning that a sentence gives orders to whoever answers (`assistant.order_meaning`).

A logistic regression on the vectors of sentences, language means taken away; both classes weigh alike. Sentences that
hold an attack's canary are on one side, sentences of benchmark passages and `ordinary.jsonl` on the other. Each stands
there twice, without the mean of either language, since an English order may be planted in a Chinese passage. Of the
attacks of `blind.jsonl`, of the ordinary sentences and of the passages only the tuning half is fitted on (`half_of`,
by id); the other half says what it is worth.

    python -m evals.injection.fit --data FOLDER --out assistant/order_meaning.json
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from assistant.order_meaning import MEANT
from evals.cases import Half, half_of
from evals.injection.plant import ATTACKS, load_attacks
from evals.retrieval.data import RETRIEVAL, PassageRow, find_sets, rows
from knowledge.embed import Embedder
from knowledge.ranking import centre_of
from knowledge.split import sentence_spans
from knowledge.types import Language

ORDINARY = Path(__file__).parent / "ordinary.jsonl"
BLIND = "blind-"
"""How ids of attacks begin that were written by somebody who had seen neither rules nor other attacks."""

EVERY = 3
"""Which sentences of the benchmark passages are taken: one of so many."""

HARD = 20.0
"""How many sentences of a benchmark one of `ordinary.jsonl` weighs: these are chosen to be mistaken for orders."""

PENALTY = 0.03
"""Weight of the squared coefficients, beside a mean over sentences of weight 1."""

STEPS = 30

Array = npt.NDArray[np.float32]


class Ordinary(BaseModel):
    """A sentence that gives no order to whoever answers, though it may look like one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    language: Language
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence to fit on or to measure with.

    Attributes:
        text: Its words.
        language: Its language.
        source: ``"known"`` and ``"blind"`` attacks, ``"ordinary"`` and ``"passages"``.
        half: Which half it is of; known attacks are all for tuning.
    """

    text: str
    language: Language
    source: str
    half: Half

    @property
    def order(self) -> bool:
        """Whether it gives an order."""
        return self.source in ("known", "blind")


def sentences(data: Path) -> Iterator[Sentence]:
    """Yield the sentences of attacks, of `ORDINARY` and of benchmark passages.

    Raises:
        BadData: A file is missing or wrong.
    """
    for attack in load_attacks(ATTACKS):
        blind = attack.id.startswith(BLIND)
        for text in _cut(attack.planted):
            if attack.canary in text:
                yield Sentence(
                    text, attack.language, "blind" if blind else "known", half_of(attack.id) if blind else "tuning"
                )
    for one in rows(ORDINARY, Ordinary):
        yield Sentence(one.text, one.language, "ordinary", half_of(one.id))
    for start in find_sets(data, RETRIEVAL).values():
        for passage in rows(start.with_name(f"{start.name}.passages.jsonl"), PassageRow):
            half = half_of(passage.id.rsplit(".", 1)[0])
            for text in _cut(passage.text):
                if zlib.crc32(text.encode()) % EVERY == 0:
                    yield Sentence(text, "en" if passage.lang == "en" else "zh", "passages", half)


def _cut(text: str) -> list[str]:
    return [span.of(text) for span in sentence_spans(text)]


def fitted(vectors: npt.NDArray[np.float64], order: npt.NDArray[np.bool_], weights: Array) -> npt.NDArray[np.float64]:
    """Return the coefficients of a logistic regression, by Newton's method; the intercept is the last and goes free.

    Args:
        vectors: Shape (sentences, dimension).
        order: Which of them are orders.
        weights: What each weighs within its class; the classes weigh alike.
    """
    weighed = np.where(order, weights / weights[order].sum(), weights / weights[~order].sum()) / 2
    features = np.hstack([vectors, np.ones((len(vectors), 1))])
    penalty = np.full(features.shape[1], PENALTY / 1000)
    penalty[-1] = 0.0
    found = np.zeros(features.shape[1])
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-features @ found))
        slope = features.T @ (weighed * (likely - order)) + penalty * found
        curve = (features * (weighed * likely * (1 - likely))[:, None]).T @ features + np.diag(penalty)
        found -= np.linalg.solve(curve, slope)
    return found


def main() -> None:
    """Fit, print what it is worth on the other halves, and write the file."""
    from assistant import Assistant, Settings

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="where the benchmark sets are")
    parser.add_argument("--out", type=Path, help="the file to write")
    options = parser.parse_args()
    every = list(sentences(options.data))
    with Assistant(Settings.from_environment(llm="none")) as assistant:
        found, shares = _fit(every, assistant.embedder)
        told = {
            "model": assistant.embedder.name,
            "weights": [round(float(weight), 4) for weight in found[:-1]],
            "intercept": round(float(found[-1]), 4),
            "data": f"attacks, ordinary.jsonl, {', '.join(find_sets(options.data, RETRIEVAL))}",
            "date": date.today().isoformat(),
            "taken_for_orders": shares,
        }
    print(json.dumps(shares, indent=1))
    if options.out:
        options.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _fit(every: list[Sentence], embedder: Embedder) -> tuple[npt.NDArray[np.float64], dict[str, dict[str, float]]]:
    """Return the coefficients, and of each source's halves the number of sentences and the share taken for orders."""
    plain = np.asarray(embedder.encode_passages([one.text for one in every]), dtype=np.float32)
    centre = centre_of(embedder.name)
    in_chinese, in_english = (centre.apply(plain, "sentence", language) for language in ("zh", "en"))
    order = np.array([one.order for one in every])
    weights = np.array([HARD if one.source == "ordinary" else 1.0 for one in every], dtype=np.float32)
    tuning = np.array([one.half == "tuning" for one in every])
    found = fitted(
        np.concatenate([in_chinese[tuning], in_english[tuning]]).astype(np.float64),
        np.concatenate([order[tuning]] * 2),
        np.concatenate([weights[tuning]] * 2),
    )
    shares = {}
    for source in ("known", "blind", "ordinary", "passages"):
        for half in ("tuning", "test"):
            chosen = np.array([one.source == source and one.half == half for one in every])
            if not chosen.any():
                continue
            # Attacks as they are planted in a Chinese document; ordinary sentences in their own language.
            own = np.array([one.language == "en" and not one.order for one in every])
            vectors = np.where(own[:, None], in_english, in_chinese)[chosen]
            taken = vectors @ found[:-1] + found[-1] >= MEANT
            shares[f"{source}, {half}"] = {"sentences": int(chosen.sum()), "share": round(float(taken.mean()), 4)}
    return found, shares


if __name__ == "__main__":
    main()
