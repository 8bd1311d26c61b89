"""LangChain's quickstart for questions about documents, with the models that Wenju uses.

`RecursiveCharacterTextSplitter` (1000 characters, 200 of overlap), a vector store, the four nearest passages stuffed
into the prompt ``rlm/rag-prompt``: the values that LangChain's tutorial has. Two parts are put in the place of others:

- The vectors are in a FAISS index, searched as LangChain's FAISS store does it (``IndexFlatL2``), without that
  wrapper: only langchain-community has it, and that is being retired.
- Wenju's embedding model for ``HuggingFaceEmbeddings``, with its prompts and corrections: the peer is given more than
  the quickstart has, not less.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from assistant.models import EXTRACTIVE, explain_errors, require
from assistant.types import Answer, Citation, Claim, Message, RetrievedPassage
from knowledge.language import detect_language
from knowledge.types import DocumentRecord

if TYPE_CHECKING:
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel

NAME = "LangChain quickstart"
CHUNK, OVERLAP, PASSAGES = 1000, 200, 4
PROMPT = (
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved context to answer the "
    "question. If you don't know the answer, just say that you don't know. Use three sentences maximum and keep the "
    "answer concise.\nQuestion: {question} \nContext: {context} \nAnswer:"
)

_IGNORANCE = re.compile(
    r"\b(?:don't|do not|doesn't|does not|cannot|can't|no|not)\b[^.]{0,40}"
    r"\b(?:know|say|mention|mentioned|contain|provide|provided|specify|specified|find|answer|information|stated)\b"
    r"|不知道|不清楚|无法(?:回答|得知|确定|提供)|没有(?:提到|提及|提供|说明|相关|包含|关于)|未(?:提到|提及|提供|说明)",
    re.IGNORECASE,
)
"""What counts as saying that it does not know: any usual form, so that the peer is not failed for its wording."""


class Quickstart:
    """Answers as the quickstart does; its passages are its citations, since it has no others.

    It has no memory: what was said before is not looked at. Without a chat model its nearest passage is the answer.

    Args:
        documents: What it answers from.
        embeddings: The embedding model.
        model: The chat model, None for none.
        model_name: What its answers carry, ``"extractive"`` without a chat model.
        spec: The specification of the chat model, for errors.

    Raises:
        ExtraMissing: langchain-text-splitters is not installed.
    """

    def __init__(
        self,
        documents: Sequence[DocumentRecord],
        embeddings: Embeddings,
        model: BaseChatModel | None,
        model_name: str = EXTRACTIVE,
        spec: str = "none",
    ) -> None:
        import faiss
        import numpy as np
        from langchain_core.documents import Document

        splitters = require("langchain_text_splitters", "peers")
        self.model_name = model_name
        self._documents = {record.id: record for record in documents}
        splitter = splitters.RecursiveCharacterTextSplitter(
            chunk_size=CHUNK, chunk_overlap=OVERLAP, add_start_index=True
        )
        whole = [Document(page_content=record.text, metadata={"id": record.id}) for record in documents]
        self._passages = splitter.split_documents(whole)
        vectors = np.asarray(embeddings.embed_documents([one.page_content for one in self._passages]), np.float32)
        self._vectors = faiss.IndexFlatL2(vectors.shape[1])
        self._vectors.add(vectors)
        self._embeddings = embeddings
        self._write: Callable[[str, str], Iterator[str]] | None = _stuff(model) if model is not None else None
        self._spec = spec

    def documents(self) -> Sequence[DocumentRecord]:
        """Return what it answers from."""
        return tuple(self._documents.values())

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer a question.

        Raises:
            ModelUnreachable: The chat model did not answer.
        """
        began = time.perf_counter()
        found = self._nearest(question)
        if self._write is None:
            found, text, first = found[:1], found[0][0].page_content, time.perf_counter() - began
        else:
            text, first = "", 0.0
            with explain_errors(self._spec):
                for piece in self._write(question, "\n\n".join(passage.page_content for passage, _ in found)):
                    first = first or time.perf_counter() - began
                    text += piece
        timings = {"total": round(time.perf_counter() - began, 4), "first_word": round(first, 4)}
        return self._answer(question, text.strip(), found, timings)

    def _nearest(self, question: str) -> list[tuple[Document, float]]:
        """Return the nearest passages with their cosines, nearest first (at most `PASSAGES`)."""
        import numpy as np

        query = np.asarray([self._embeddings.embed_query(question)], np.float32)
        distances, rows = self._vectors.search(query, min(PASSAGES, len(self._passages)))
        # Of unit vectors the squared distance is 2 - 2 cos.
        return [(self._passages[row], 1 - float(far) / 2) for far, row in zip(distances[0], rows[0], strict=True)]

    def _answer(
        self, question: str, text: str, found: Sequence[tuple[Document, float]], timings: dict[str, float]
    ) -> Answer:
        refused = self._write is not None and says_that_it_does_not_know(text)
        citations = tuple(self._citation(at, *passage) for at, passage in enumerate(found, start=1))
        markers = tuple(citation.marker for citation in citations)
        return Answer(
            question=question,
            standalone_question=question,
            language=detect_language(question),
            text=text,
            refused=refused,
            reason="not_in_documents" if refused else "",
            # One claim that rests on all that was stuffed: the quickstart does not say what rests on what.
            claims=() if refused else (Claim(text, markers, "quoted" if self._write is None else "supported"),),
            citations=() if refused else citations,
            passages=tuple(
                RetrievedPassage(f"peer-{c.start}", c.document_id, c.start, c.end, c.quote, c.score) for c in citations
            ),
            model=self.model_name,
            timings=timings,
        )

    def _citation(self, marker: int, passage: Document, score: float) -> Citation:
        record, start = self._documents[passage.metadata["id"]], int(passage.metadata["start_index"])
        quote = passage.page_content
        return Citation(marker, quote, record.id, record.title, record.source, start, start + len(quote), float(score))


def _stuff(model: BaseChatModel) -> Callable[[str, str], Iterator[str]]:
    """Return the chain of the quickstart: the prompt, the model, the text it says."""
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate

    from assistant.local_model import LocalChatModel

    # As in Wenju's own runs the local model forgets earlier prompts, so that the same question has the same answer.
    fresh = model.model_copy(update={"cache_prompt": False}) if isinstance(model, LocalChatModel) else model
    chain = ChatPromptTemplate.from_messages([("human", PROMPT)]) | fresh | StrOutputParser()
    return lambda question, context: chain.stream({"question": question, "context": context})


def says_that_it_does_not_know(text: str) -> bool:
    """Return whether a text begins by saying that the answer is not known, or says nothing at all."""
    first = re.split(r"(?<=[。.!?！？])", text.strip(), maxsplit=1)[0]
    return not text.strip() or bool(_IGNORANCE.search(first))
