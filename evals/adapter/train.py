r"""Train the correction of the embedding model on public questions (`evals.adapter.examples`).

    python -m evals.adapter.train --squad DRCD_test.json cmrc2018_trial.json \
        --selqa selqa-ass-test.json selqa-ass-dev.json --out knowledge/adapters/multilingual-e5-small.safetensors

A step takes some questions of one language. Each must find its sentence among all sentences of their passages (listwise
softmax over late interaction and the cosine of vectors, as they are ranked later). That makes the model better at
sentences and worse at passages, and across languages; halfway between the published weights and the trained ones
(Wortsman et al., *Robust fine-tuning of zero-shot models*, 2022) most of the gain is left and nearly none of the
loss, so half of the correction is written. A quarter of an hour on two cores.

The means that are taken away are those of the published model, in ``means.json`` beside this file
(``python -m evals.fit_means --published --data DIR --out FILE``).
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

from evals.adapter.examples import Example, read_selqa, read_squad, shortened
from evals.adapter.lora import AdaptedModel, unit
from knowledge.clauses import clauses
from knowledge.ranking import read_means
from knowledge.types import Language

MODEL = "multilingual-e5-small"
STEPS, QUESTIONS, ENGLISH, SEED = 300, 8, 0.33, 1
"""Steps, questions of a step, share of the steps in English, and where chance begins."""

RATE, SCALES_RATE, WARM_UP, LEAST = 1e-3, 1e-2, 30, 0.05
"""Step size of the correction and of the scales; steps until it is full; share of it that is left at the end."""

COSINE_ALONE, SHARPNESS = 0.3, 15.0
"""Weight of finding the sentence by the cosine of vectors alone, and the scale of cosines there."""

WRITTEN = 0.5
"""Share of the trained correction that is written."""


def draw(examples: Mapping[Language, Sequence[Example]], chance: random.Random) -> list[Example]:
    """Draw the questions of a step, all in one language."""
    language: Language = "en" if chance.random() < ENGLISH else "zh"
    pool = examples[language]
    return [shortened(one, chance) for one in chance.sample(pool, min(QUESTIONS, len(pool)))]


class Objective(nn.Module):
    """The loss of a step.

    Args:
        model: What is trained.
        means: The published model's means, by kind and language.
    """

    def __init__(self, model: AdaptedModel, means: Mapping[tuple[str, Language], np.ndarray]) -> None:
        super().__init__()
        self.model = model
        self.scales = nn.Parameter(torch.tensor([math.log(20.0), math.log(6.0)]))
        self._means = {key: torch.from_numpy(mean) for key, mean in means.items()}

    def forward(self, examples: Sequence[Example]) -> Tensor:
        """Return the loss."""
        language = examples[0].language
        sentences = [sentence for one in examples for sentence in one.sentences]
        ends = np.cumsum([len(one.sentences) for one in examples]).tolist()
        gold = torch.tensor([end - len(one.sentences) + one.gold for end, one in zip(ends, examples, strict=True)])
        pieces = [clauses(sentence, language) for sentence in sentences]
        texts = sorted({*sentences, *chain.from_iterable(pieces)})
        encoded = dict(zip(texts, self.model.encode(texts, "passage: "), strict=True))
        asked = self.model.encode([one.question for one in examples], "query: ")
        questions = self._centred([vector for vector, _ in asked], "query", language)
        vectors = self._centred([encoded[sentence][0] for sentence in sentences], "sentence", language)
        tokens = [torch.cat([encoded[piece][1] for piece in own]) for own in pieces]
        late = self._late([states for _, states in asked], tokens, language)
        by_late, by_cosine = self.scales.exp()
        cosines = questions @ vectors.T
        cross_entropy = nn.functional.cross_entropy
        return cross_entropy(by_late * late + by_cosine * cosines, gold) + COSINE_ALONE * cross_entropy(
            SHARPNESS * cosines, gold
        )

    def _centred(self, vectors: Sequence[Tensor], kind: str, language: Language) -> Tensor:
        return unit(torch.stack(list(vectors)) - self._means[kind, language])

    def _late(self, questions: Sequence[Tensor], sentences: Sequence[Tensor], language: Language) -> Tensor:
        """Return the late interaction of each question with each sentence (`knowledge.late`)."""
        mean = self._means["sentence-token", language]
        filled = [unit(one - mean) if len(one) else torch.zeros(1, len(mean)) for one in sentences]
        lengths, every = [len(one) for one in filled], torch.cat(filled)
        rows = []
        for states in questions:
            if not len(states):  # one of the sets has an empty question
                rows.append(torch.zeros(len(lengths)))
                continue
            similar = unit(states - self._means["query-token", language]) @ every.T
            rows.append(torch.stack([own.max(1).values.mean() for own in torch.split(similar, lengths, 1)]))
        return torch.stack(rows)


def train(
    examples: Mapping[Language, Sequence[Example]],
    folder: Path,
    means: Mapping[tuple[str, Language], np.ndarray],
    steps: int,
    out: Path,
) -> None:
    """Train for so many steps and write the correction.

    Args:
        examples: The questions, by language.
        folder: The published model.
        means: Its means, by kind and language.
        steps: How many.
        out: The safetensors file to write.
    """
    torch.manual_seed(SEED)
    chance = random.Random(SEED)
    model = AdaptedModel(folder)
    objective = Objective(model, means)
    factors = [factor for _, layer in model.corrected() for factor in (layer.down, layer.up)]
    optimizer = torch.optim.AdamW(
        [{"params": factors, "lr": RATE}, {"params": [objective.scales], "lr": SCALES_RATE}], weight_decay=0.0
    )
    rates = [group["lr"] for group in optimizer.param_groups]
    started = time.monotonic()
    losses: list[float] = []
    for at in range(steps):
        share = min(1.0, (at + 1) / WARM_UP) * max(LEAST, 1 - at / steps)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * share
        loss = objective(draw(examples, chance))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(factors, 1.0)
        optimizer.step()
        losses.append(loss.item())
        if len(losses) % 25 == 0:
            left = (time.monotonic() - started) / len(losses) * (steps - len(losses))
            mean = sum(losses[-25:]) / 25
            print(f"step {len(losses)} of {steps}, loss {mean:.3f}, {left / 60:.0f} min left", file=sys.stderr)
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(model.factors(WRITTEN), out, metadata={"model": MODEL, "command": "python -m evals.adapter.train"})


def main() -> None:
    """Run the command line."""
    from assistant import Assistant

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--squad", type=Path, nargs="+", required=True, metavar="FILE", help="Chinese")
    parser.add_argument("--selqa", type=Path, nargs="+", required=True, metavar="FILE", help="English")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    chinese = [example for path in options.squad for example in read_squad(path)]
    english = [example for path in options.selqa for example in read_selqa(path)]
    means = read_means(Path(__file__).with_name("means.json").read_text(encoding="utf-8"))
    folder = Assistant().weights.path(MODEL)
    train({"zh": chinese, "en": english}, folder, means, options.steps, options.out)


if __name__ == "__main__":
    main()
