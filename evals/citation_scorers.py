"""The scorers about citations: whether they are exact, fit the text and hit the gold (see `evals.scorers`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.types import Answer, Citation
from evals.cases import Case
from evals.score import Documents, Score, markers, names
from evals.text import LETTERS, LIST_NUMBER, strip_markers
from knowledge.types import Span


def citation_exact(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """Whether ``document[start:end] == quote`` holds for every citation, and there is one."""
    if answer.refused:
        return None
    if not answer.citations:
        return Score(False, "cites nothing")
    for citation in answer.citations:
        text = documents.get(citation.document_id)
        if text is None:
            return Score(False, f"[{citation.marker}] cites a document that is not there")
        if not 0 <= citation.start < citation.end <= len(text):
            return Score(False, f"[{citation.marker}] points outside its document")
        if text[citation.start : citation.end] != citation.quote:
            return Score(False, f"[{citation.marker}] is not what the document says there")
    return Score(True)


def citation_resolves(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """Whether markers and citations fit together, and every claim has a citation.

    The citations' markers are distinct and count from 1; every marker of the text and of each claim has its citation;
    every claim has a marker and its markers stand in the text; every sentence of the text that is no lead-in (ends in a
    colon) belongs to a claim. A refusal has neither claims nor citations nor markers.
    """
    shown = markers(answer.text)
    if answer.refused:
        clean = not (answer.claims or answer.citations or shown)
        return None if clean else Score(False, "a refusal with claims, citations or markers")
    known = [citation.marker for citation in answer.citations]
    if not answer.claims:
        return Score(False, "claims nothing")
    if sorted(known) != list(range(1, len(known) + 1)):
        return Score(False, f"the citations are numbered {known}")
    for marker in shown:
        if marker not in known:
            return Score(False, f"[{marker}] points to nothing")
    for claim in answer.claims:
        if not claim.citations:
            return Score(False, f"no citation: {claim.text[:40]!r}")
        for marker in claim.citations:
            if marker not in known or marker not in shown:
                return Score(False, f"[{marker}] of {claim.text[:40]!r} points to nothing or is not shown")
    if rest := _outside_claims(answer):
        return Score(False, f"belongs to no claim: {rest[:40]!r}")
    return Score(True)


_SENTENCE = re.compile(r"[^。！？!?;；\n:：]+[。！？!?;；\n:：]?")


def _outside_claims(answer: Answer) -> str:
    """Return the first words of the text that belong to no claim and are no lead-in, or ""."""
    rest = answer.text
    for claim in sorted(answer.claims, key=lambda claim: -len(claim.text)):
        for words in (claim.text, strip_markers(claim.text)):
            rest = rest.replace(words.strip(), "\n") if words.strip() else rest
    rest = LIST_NUMBER.sub("", strip_markers(rest))
    for sentence in _SENTENCE.findall(rest):
        if LETTERS.search(sentence) and not sentence.rstrip().endswith((":", "：")):
            return str(sentence).strip()
    return ""


def citation_retrieved(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """Whether every citation shares words with a passage that was retrieved for this answer, and there is one."""
    if answer.refused:
        return None
    if not answer.citations:
        return Score(False, "cites nothing")
    for citation in answer.citations:
        if not any(
            passage.document_id == citation.document_id
            and passage.start < citation.end
            and citation.start < passage.end
            for passage in answer.passages
        ):
            return Score(False, f"[{citation.marker}] is in no retrieved passage")
    return Score(True)


def missing_gold(case: Case, documents: Documents) -> list[str]:
    """Return the gold of a case that stands in no document at hand: the case is wrong, or its document is not there."""
    return [gold for gold in case.gold if not any(gold in text for text in documents.values())]


def _gold_spans(case: Case, documents: Documents) -> dict[str, list[Span]]:
    """Return where the case's gold stands in each document; documents without any are left out."""
    found: dict[str, list[Span]] = {}
    for document_id, text in documents.items():
        spans = [span for gold in case.gold for span in _occurrences(gold, text)]
        if spans:
            found[document_id] = spans
    return found


def _occurrences(part: str, text: str) -> Iterator[Span]:
    start = text.find(part)
    while start >= 0:
        yield Span(start, start + len(part))
        start = text.find(part, start + 1)


def _overlaps(start: int, end: int, spans: list[Span]) -> bool:
    """Say whether the range shares at least half of the shorter of the two with any of the spans."""
    return any(
        2 * (min(end, span.end) - max(start, span.start)) >= max(1, min(end - start, span.end - span.start))
        for span in spans
    )


def gold_cited(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """Whether some citation overlaps a gold span by at least half of the shorter of the two."""
    if not case.answerable or answer.refused:
        return None
    if lacking := missing_gold(case, documents):
        return Score(None, f"the gold {names(lacking)} is in no document at hand")
    gold = _gold_spans(case, documents)
    hit = any(_overlaps(cited.start, cited.end, gold.get(cited.document_id, [])) for cited in answer.citations)
    return Score(hit, "" if hit else "cites other words")


def gold_precision(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """Share of the citations that overlap a gold span, as in `gold_cited`."""
    return _gold_share(case, answer, documents, recall=False)


def gold_recall(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """Share of the gold texts that a citation overlaps, as in `gold_cited`.

    Where several gold texts hold the whole answer each, less than 1 is no fault.
    """
    return _gold_share(case, answer, documents, recall=True)


def _gold_share(case: Case, answer: Answer, documents: Documents, *, recall: bool) -> Score | None:
    if not case.answerable or answer.refused:
        return None
    if lacking := missing_gold(case, documents):
        return Score(None, f"the gold {names(lacking)} is in no document at hand")
    if not answer.citations:
        return Score(0.0, "cites nothing")
    if recall:
        hits = [any(_hits(cited, (gold,), documents) for cited in answer.citations) for gold in case.gold]
    else:
        hits = [_hits(cited, case.gold, documents) for cited in answer.citations]
    missed = len(hits) - sum(hits)
    return Score(sum(hits) / len(hits), f"{missed} of {len(hits)} miss" if missed else "")


def _hits(cited: Citation, gold: tuple[str, ...], documents: Documents) -> bool:
    text = documents.get(cited.document_id, "")
    return _overlaps(cited.start, cited.end, [span for one in gold for span in _occurrences(one, text)])


def gold_retrieved(case: Case, answer: Answer, documents: Documents) -> Score | None:
    """One over the rank of the first retrieved passage that overlaps a gold span; 0 if none does.

    The mean over cases is the mean reciprocal rank (Voorhees, TREC-8, 1999). Overlap is that of `gold_cited`.
    """
    if not case.gold or not case.answerable:
        return None
    if lacking := missing_gold(case, documents):
        return Score(None, f"the gold {names(lacking)} is in no document at hand")
    gold = _gold_spans(case, documents)
    for rank, passage in enumerate(answer.passages, start=1):
        if _overlaps(passage.start, passage.end, gold.get(passage.document_id, [])):
            return Score(1 / rank, f"rank {rank}")
    return Score(0.0, "not retrieved")
