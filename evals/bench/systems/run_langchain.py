"""LangChain's quickstart: its recursive splitter, its FAISS store, its HuggingFaceEmbeddings."""

from __future__ import annotations

import measuring
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

CHUNK, OVERLAP = 1000, 200
"""The tutorial's values, in characters."""


class Quickstart:
    """The vectors are given the prompts that the model was trained with; the tutorial's model needs none."""

    def __init__(self, job: measuring.Job) -> None:
        self.job = job
        self.embeddings = HuggingFaceEmbeddings(
            model_name=job["model"],
            encode_kwargs={"prompt": "passage: "},
            query_encode_kwargs={"prompt": "query: "},
        )

    def load(self) -> None:
        """Run the model once."""
        self.embeddings.embed_documents(["text"])

    def index(self, documents: list[dict[str, str]]) -> None:
        """Split, embed, save."""
        splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP, add_start_index=True)
        whole = [Document(one["text"], metadata={"id": one["id"]}) for one in documents]
        FAISS.from_documents(splitter.split_documents(whole), self.embeddings).save_local(self.job["folder"])

    def open(self) -> None:
        """Load the store; it is a pickle that `index` made."""
        self.store = FAISS.load_local(self.job["folder"], self.embeddings, allow_dangerous_deserialization=True)

    def search(self, question: str) -> list[str]:
        """Return what the nearest chunks are of."""
        return [found.metadata["id"] for found in self.store.similarity_search(question, k=self.job["depth"])]


if __name__ == "__main__":
    measuring.run(Quickstart)
