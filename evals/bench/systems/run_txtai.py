"""txtai's Embeddings with their content, dense or hybrid, otherwise as they are by default."""

from __future__ import annotations

import measuring
from txtai import Embeddings


class Txtai:
    """It reads by itself the prompts that the model was trained with."""

    def __init__(self, job: measuring.Job) -> None:
        self.job = job
        self.embeddings = Embeddings()

    def load(self) -> None:
        """Run the model once."""
        hybrid = bool(self.job["options"].get("hybrid"))
        self.embeddings = Embeddings(path=self.job["model"], content=True, hybrid=hybrid)
        self.embeddings.batchtransform(["text"], "data")

    def index(self, documents: list[dict[str, str]]) -> None:
        """Embed each document as a whole, as txtai does unless told otherwise, and save."""
        self.embeddings.index([(one["id"], one["text"], None) for one in documents])
        self.embeddings.save(self.job["folder"])

    def open(self) -> None:
        """Load the index with the model that it names."""
        self.embeddings.load(self.job["folder"])

    def search(self, question: str) -> list[str]:
        """Return the nearest documents."""
        return [found["id"] for found in self.embeddings.search(question, self.job["depth"])]


if __name__ == "__main__":
    measuring.run(Txtai)
