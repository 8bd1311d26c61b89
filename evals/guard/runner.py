"""Correct and corrupted claims through the check that every draft's claims go through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from assistant.claim_check import Checker
from assistant.condense import condense
from assistant.select import Evidence
from assistant.types import Turn
from evals.cases import Half, half_of
from evals.guard.claims import Grounded
from evals.guard.corruptions import ALONE, Corruption, CorruptionKind
from evals.guard.crossing import crossed
from knowledge.retrieve import Searching, SearchResult, SentenceHit
from knowledge.types import Language

SEED = 20260927

Checking = Callable[[Evidence, Searching], Callable[[str], bool]]
"""Makes of evidence what says whether a claim is supported by it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A claim to be checked.

    Attributes:
        id: Of the correct claim, with the number of the corruption behind it.
        family: The fact it is about.
        half: Which half of the facts that belongs to: the rules were made with the claims about one.
        language: Language of the claim.
        question: What it answers.
        text: The claim.
        kind: How it was corrupted, None for a correct one.
        was: What stood in the correct claim.
        now: What stands there instead.
        evidence: What it is checked against.
    """

    id: str
    family: str
    half: Half
    language: Language
    question: str
    text: str
    kind: CorruptionKind | None
    was: str
    now: str
    evidence: tuple[SentenceHit, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check said of a claim."""

    trial: Trial
    supported: bool

    @property
    def right(self) -> bool:
        """Whether a correct claim was supported, or a corrupted one was not."""
        return self.supported == (self.trial.kind is None)


def trials(grounded: Sequence[Grounded], *, seed: int = SEED) -> Iterator[Trial]:
    """Yield every claim as it is, and every corruption of it once; the same for the same seed."""
    correct = {one.claim.text for one in grounded}
    for one in grounded:
        yield _trial(one, None, one.claim.text, 0)
        chance = Random(f"{seed} {one.claim.id}")
        made = [
            (corruption, one.evidence)
            for corrupt in ALONE
            for corruption in corrupt(one.claim.text, one.claim.language, chance)
        ]
        made += [
            (corruption, tuple(dict.fromkeys((*one.evidence, *other.evidence))))
            for corruption, other in crossed(one, grounded, chance)
        ]
        seen: set[str] = set()
        for corruption, evidence in made:
            if corruption.text not in correct and corruption.text not in seen:
                seen.add(corruption.text)
                yield _trial(one, corruption, corruption.text, len(seen), evidence)


def _trial(
    one: Grounded, corruption: Corruption | None, text: str, number: int, evidence: tuple[SentenceHit, ...] = ()
) -> Trial:
    claim = one.claim
    return Trial(
        id=f"{claim.id}#{number}" if number else claim.id,
        family=claim.family,
        half=half_of(claim.family),
        language=claim.language,
        question=one.question,
        text=text,
        kind=corruption.kind if corruption else None,
        was=corruption.was if corruption else "",
        now=corruption.now if corruption else "",
        evidence=evidence or one.evidence,
    )


def product(evidence: Evidence, searcher: Searching) -> Callable[[str], bool]:
    """Return what the product's own check says of claims."""
    checker = Checker(evidence, searcher)
    return lambda claim: bool(checker.rests_on(claim))


def run(
    tried: Sequence[Trial],
    searcher: Searching,
    checking: Checking = product,
    update: Callable[[int, int], None] | None = None,
) -> list[Verdict]:
    """Check claims.

    Args:
        tried: The claims; those with the same evidence behind one another are prepared for once.
        searcher: For vectors and the dictionary.
        checking: What decides; tests pass one that supports everything.
        update: Is told how many of how many are done.
    """
    verdicts: list[Verdict] = []
    supported: Callable[[str], bool] | None = None
    for number, trial in enumerate(tried, start=1):
        before = tried[number - 2] if number > 1 else None
        if supported is None or before is None or _basis(before) != _basis(trial):
            supported = checking(_evidence(trial, searcher), searcher)
        verdicts.append(Verdict(trial, supported(trial.text)))
        if update:
            update(number, len(tried))
    return verdicts


def _basis(trial: Trial) -> tuple[str, tuple[SentenceHit, ...]]:
    return trial.question, trial.evidence


def _evidence(trial: Trial, searcher: Searching) -> Evidence:
    question = condense(Turn(trial.question))
    result = SearchResult(searcher.prepare(question.standalone), (), (), ())
    return Evidence(question, result, trial.evidence, 1.0, (), "")
