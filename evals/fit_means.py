"""Fit the mean vectors of the languages: ``python -m evals.fit_means --data DIR --out knowledge/means/MODEL.json``.

The data are passages and questions in the files ``retrieval_xquad.passages.jsonl`` and ``.questions.jsonl`` (XQuAD-R in
Chinese and English, CC BY-SA 4.0; each line has ``lang`` and ``text``). They are not part of the project.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.assistant import Assistant
from knowledge.embed import Embedder
from knowledge.split import sentence_spans
from knowledge.types import Language

Array = npt.NDArray[np.float32]


def language_means(texts: dict[str, list[str]], embedder: Embedder) -> dict[str, Array]:
    """Return the means of one language.

    Args:
        texts: ``"query"``, ``"passage"`` and ``"sentence"``, each with its texts.
        embedder: The model.

    Returns:
        For each kind the mean unit vector, and for ``"query-token"`` and ``"sentence-token"`` the mean token state,
        each of shape (dimension,).
    """
    queries = [embedder.encode_query_tokens(text) for text in texts["query"]]
    sentences, states = embedder.encode_passage_tokens(texts["sentence"])
    return {
        "query": np.mean([vector for vector, _ in queries], axis=0),
        "passage": embedder.encode_passages(texts["passage"]).mean(axis=0),
        "sentence": sentences.mean(axis=0),
        "query-token": np.concatenate([own for _, own in queries]).mean(axis=0),
        "sentence-token": np.concatenate(states).mean(axis=0),
    }


def read(folder: Path, language: Language) -> dict[str, list[str]]:
    """Read the texts of one language."""
    passages, queries = (
        [row["text"] for row in map(json.loads, lines.splitlines()) if row["lang"] == language]
        for lines in (
            (folder / f"retrieval_xquad.{part}.jsonl").read_text(encoding="utf-8") for part in ("passages", "questions")
        )
    )
    sentences = [span.of(text) for text in passages for span in sentence_spans(text)]
    return {"query": queries, "passage": passages, "sentence": sentences}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--published", action="store_true", help="of the model as published, for `evals.adapter.train`")
    options = parser.parse_args()
    assistant = Assistant()
    embedder = assistant.embedder
    if options.published:
        embedder = Embedder(str(assistant.weights.path(embedder.name)), name=embedder.name)
    languages: tuple[Language, ...] = ("zh", "en")
    found = {language: language_means(read(options.data, language), embedder) for language in languages}
    means = {
        kind: {language: [round(float(x), 5) for x in found[language][kind]] for language in languages}
        for kind in found["zh"]
    }
    stored = {
        "model": embedder.name,
        "data": "XQuAD-R, zh and en, passages, their sentences, and questions (CC BY-SA 4.0)",
        "date": date.today().isoformat(),
        "command": "python -m evals.fit_means",
        "means": means,
    }
    options.out.write_text(json.dumps(stored) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
