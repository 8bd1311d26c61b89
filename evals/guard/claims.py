"""Correct claims about the shipped article, each with the sentences that it rests on.

``claims.jsonl`` holds claims by a person and by the local model, all read against the article; the document's own
sentences, which the extractive reader says, are claims too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.case import NonEmpty
from evals.cases import BadCases, Case
from knowledge.retrieve import SentenceHit
from knowledge.split import split_passages
from knowledge.types import Language, Passage

CLAIMS_FILE = Path(__file__).parent / "claims.jsonl"

NEIGHBOURS = 1
"""How many sentences before and after what a claim rests on stand in its evidence too, as other evidence does."""


class CorrectClaim(BaseModel):
    """A sentence, or a list, that the document bears out.

    Attributes:
        id: Unique.
        family: The case of the suite ``facts`` whose question it answers.
        language: Its language, which is the question's.
        text: The claim.
        gold: Exact substrings of the document that it rests on.
        by: Who wrote it: a person, the local model, or the document itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: NonEmpty
    family: NonEmpty
    language: Language
    text: NonEmpty
    gold: tuple[NonEmpty, ...]
    by: Literal["person", "model", "document"]


@dataclass(frozen=True, slots=True)
class Grounded:
    """A correct claim, the question it answers, and its evidence: sentences of the document, the gold ones first."""

    claim: CorrectClaim
    question: str
    evidence: tuple[SentenceHit, ...]
    aliases: tuple[tuple[str, ...], ...] = ()


def load_claims(path: Path = CLAIMS_FILE) -> tuple[CorrectClaim, ...]:
    """Read the claims that ship.

    Raises:
        BadCases: A line is wrong; the message names the file and the line.
    """
    claims = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            claims.append(CorrectClaim.model_validate_json(line))
        except ValidationError as error:
            raise BadCases(f"{path}:{number}: {error.errors()[0]['msg']}.", hint="Correct this line.") from error
    return tuple(claims)


def ground(claims: Sequence[CorrectClaim], cases: Sequence[Case], text: str) -> list[Grounded]:
    """Give claims their questions and evidence, and add the document's own sentences in its language.

    Args:
        claims: The claims.
        cases: The suite whose families they name.
        text: The document.

    Raises:
        BadCases: A claim names no case, or rests on words that the document does not hold.
    """
    by_family = {(case.family, case.language): case for case in cases}
    sentences = sentences_of(text)
    grounded: list[Grounded] = []
    quoted: set[int] = set()
    for claim in claims:
        case = by_family.get((claim.family, claim.language))
        places = [place for gold in claim.gold for place in _holding(gold, text, sentences)]
        if case is None or not places:
            raise BadCases(
                f"The claim {claim.id} answers no case, or rests on words that the document does not hold.",
                hint="Run `wenju index --rebuild` if the shipped article was changed.",
            )
        evidence = _with_neighbours(places, sentences)
        grounded.append(Grounded(claim, case.question, evidence, case.facts))
        if claim.by == "person" and claim.language == "zh":
            for place in dict.fromkeys(places):
                if place not in quoted:
                    quoted.add(place)
                    own = CorrectClaim(
                        id=f"sentence-{place}.zh",
                        family=claim.family,
                        language="zh",
                        text=sentences[place].text,
                        gold=(sentences[place].text,),
                        by="document",
                    )
                    grounded.append(Grounded(own, case.question, evidence, case.facts))
    return grounded


def sentences_of(text: str) -> list[SentenceHit]:
    """Return the sentences of a document in order, as a search would return them, all equally fit."""
    passages: list[Passage] = split_passages(text, "document")
    return [
        SentenceHit(passage, span, span.of(text), 0.0, 0.0, 0.0, 0.0)
        for passage in passages
        for span in passage.sentences
    ]


def _holding(gold: str, text: str, sentences: Sequence[SentenceHit]) -> list[int]:
    start = text.find(gold)
    end = start + len(gold)
    return [] if start < 0 else [
        number
        for number, sentence in enumerate(sentences)
        if sentence.span.start < end and start < sentence.span.end
    ]  # fmt: skip


def _with_neighbours(places: Sequence[int], sentences: Sequence[SentenceHit]) -> tuple[SentenceHit, ...]:
    near = [
        beside
        for place in places
        for beside in range(place - NEIGHBOURS, place + NEIGHBOURS + 1)
        if 0 <= beside < len(sentences) and sentences[beside].passage.id == sentences[place].passage.id
    ]
    return tuple(sentences[place] for place in dict.fromkeys((*places, *near)))
