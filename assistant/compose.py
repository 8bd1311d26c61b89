"""Checked claims → the text with markers, the claims and the citations of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.claim_check import Checked
from assistant.types import Citation, Claim
from knowledge.formats.places import place_of
from knowledge.language import detect_language
from knowledge.retrieve import SentenceHit
from knowledge.types import DocumentRecord, Language
from prompts import render


def compose(
    checked: Sequence[Checked],
    sentences: Sequence[SentenceHit],
    score: Sequence[float],
    documents: Mapping[str, DocumentRecord],
    language: Language,
) -> tuple[str, tuple[Claim, ...], tuple[Citation, ...]]:
    """Number the citations in the order of their first use and write the answer out.

    Args:
        checked: The claims.
        sentences: The evidence sentences.
        score: For each sentence how well it fits the question, 0 to 1.
        documents: The documents of the sentences, by id.
        language: Language of the answer.

    Returns:
        The text with markers, the claims, the citations.
    """
    markers: dict[int, int] = {}
    claims = []
    parts = []
    for claim in checked:
        for at in claim.sentences:
            markers.setdefault(at, len(markers) + 1)
        cited = tuple(markers[at] for at in claim.sentences)
        claims.append(Claim(claim.text, cited, claim.support))
        shown = f"“{claim.text}”" if claim.support == "quoted" else claim.text
        parts.append(shown + ("" if language == "zh" else " ") + "".join(f"[{marker}]" for marker in cited))
    citations = tuple(
        _citation(marker, sentences[at], score[at], documents, language) for at, marker in markers.items()
    )
    quoted = [claim for claim in checked if claim.support == "quoted"]
    if len(quoted) == len(checked) and any(detect_language(claim.text) != language for claim in quoted):
        parts.insert(0, render(language, "quoted").strip())
    return ("\n" if quoted else "" if language == "zh" else " ").join(parts), tuple(claims), citations


def _citation(
    marker: int, sentence: SentenceHit, score: float, documents: Mapping[str, DocumentRecord], language: Language
) -> Citation:
    record = documents[sentence.passage.document_id]
    return Citation(
        marker=marker,
        quote=sentence.text,
        document_id=record.id,
        title=record.title,
        source=record.source,
        start=sentence.span.start,
        end=sentence.span.end,
        score=score,
        place=place_of(record.text, record.metadata, sentence.span, sentence.passage.heading, language),
    )
