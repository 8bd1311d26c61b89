"""LlamaIndex' VectorStoreIndex with its default splitter and its in-memory store, and HuggingFaceEmbedding."""

from __future__ import annotations

import measuring
from llama_index.core import Document, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.embeddings.huggingface import HuggingFaceEmbedding


class LlamaIndex:
    """The vectors are given the prompts that the model was trained with (LlamaIndex' ``instruction``)."""

    def __init__(self, job: measuring.Job) -> None:
        self.job = job
        self.model = HuggingFaceEmbedding(
            model_name=job["model"], query_instruction="query: ", text_instruction="passage: "
        )

    def load(self) -> None:
        """Run the model once."""
        self.model.get_text_embedding("text")

    def index(self, documents: list[dict[str, str]]) -> None:
        """Split, embed, persist."""
        whole = [Document(text=one["text"], id_=one["id"]) for one in documents]
        made = VectorStoreIndex.from_documents(whole, embed_model=self.model)
        made.storage_context.persist(self.job["folder"])

    def open(self) -> None:
        """Load what was persisted."""
        context = StorageContext.from_defaults(persist_dir=self.job["folder"])
        index = load_index_from_storage(context, embed_model=self.model)
        self.retriever = index.as_retriever(similarity_top_k=self.job["depth"])

    def search(self, question: str) -> list[str]:
        """Return what the nearest nodes are of."""
        return [found.node.ref_doc_id for found in self.retriever.retrieve(question)]


if __name__ == "__main__":
    measuring.run(LlamaIndex)
