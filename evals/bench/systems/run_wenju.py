"""Wenju, as `Assistant` has it, without a chat model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evals.bench.systems import measuring


class Wenju:
    """A collection of its own in the job's folder."""

    def __init__(self, job: measuring.Job) -> None:
        from assistant import Assistant, Settings

        self.depth: int = job["depth"]
        settings = Settings.from_environment(
            home=Path(job["folder"]), collections=("bench",), llm="none", threads=job["threads"],
            embedding_model=job["embedding_model"],
        )  # fmt: skip
        # Never into a cluster that a user has.
        self.assistant = Assistant(replace(settings, store=None))

    def load(self) -> None:
        """Embed more texts than the short way in numpy takes, so that torch is there."""
        self.assistant.embedder.encode_passages(["text"] * 20)

    def index(self, documents: list[dict[str, str]]) -> None:
        """Add them."""
        from langchain_core.documents import Document

        made = [Document(one["text"], id=one["id"], metadata={"source": one["id"]}) for one in documents]
        self.assistant.add(made)
        self.assistant.close()

    def open(self) -> None:
        """Do nothing: the first question opens what it needs."""

    def search(self, question: str) -> list[str]:
        """Search as an answer does."""
        return [hit.passage.document_id for hit in self.assistant.search(question, self.depth)]


if __name__ == "__main__":
    measuring.run(Wenju)
