"""A chat model as one more scorer: off unless it is asked for, never the model under test, and measured itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.errors import BadSettings
from assistant.types import Answer
from evals.case import LANGUAGES, Case
from evals.faithfulness.data import Item, read_items
from evals.report.parts import JudgeAccuracy
from evals.score import Documents, Score, names
from evals.scorers import Scorer
from evals.stats import wilson
from knowledge.types import Language

if TYPE_CHECKING:
    from assistant import Assistant

NAME = "judged_supported"

Verdict = Callable[[str, str, Language, Sequence[str]], float | None]
"""From claim, question, language and quotes to the log-odds that the quotes support the claim, None if it will not say;
`assistant.read.ChatReader.supports`."""


@dataclass(frozen=True, slots=True)
class ModelJudge:
    """Judges claims by the quotes they cite.

    Attributes:
        name: The model.
        verdict: What it says of one claim.
    """

    name: str
    verdict: Verdict

    @property
    def scorer(self) -> Scorer:
        """The judge as a scorer."""
        return Scorer(NAME, self.judged_supported)

    def judged_supported(self, case: Case, answer: Answer, documents: Documents) -> Score | None:
        """Share of the claims in the reader's own words that the judge says the quotes they cite support.

        A verbatim quote needs no judge. Where the judge says neither yes nor no, the answer could not be scored.
        """
        claims = [claim for claim in answer.claims if claim.support == "supported"]
        if answer.refused or not claims:
            return None
        quotes = {citation.marker: citation.quote for citation in answer.citations}
        doubted = []
        for claim in claims:
            cited = [quotes[marker] for marker in claim.citations if marker in quotes]
            said = self.verdict(claim.text, answer.standalone_question, answer.language, cited)
            if said is None:
                return Score(None, f"the judge {self.name} said neither yes nor no")
            if said <= 0:
                doubted.append(claim.text)
        return Score(1 - len(doubted) / len(claims), f"doubted: {names(doubted)}" if doubted else "")

    def measured(self, items: Iterable[Item] | None = None) -> list[JudgeAccuracy]:
        """Return the judge's own balanced accuracy in each language.

        It is the mean of the share of supported claims that the judge calls supported and the share of the others that
        it does not. A claim of which it says neither counts as wrong.

        Args:
            items: Claims that are known to be right or wrong; by default the answers of the sample that ships.
        """
        sample = items if items is not None else (item for _, read in read_items(None) for item in read)
        judged: dict[tuple[Language, bool], list[bool]] = {}
        for item in sample:
            if item.kind == "answer":
                said = self.verdict(item.claim, item.question, item.language, item.context)
                right = said is not None and (said > 0) is item.supported
                judged.setdefault((item.language, item.supported), []).append(right)
        found = []
        for language in LANGUAGES:
            both = [judged.get((language, supported), []) for supported in (True, False)]
            if all(both):
                shares = [wilson(sum(one), len(one)) for one in both]
                value = sum(share.estimate for share in shares) / 2
                found.append(JudgeAccuracy(judge=self.name, language=language, n=sum(map(len, both)), value=value))
        return found


def open_judge(spec: str, assistant: Assistant) -> ModelJudge:
    """Return the judge that a specification names.

    Raises:
        BadSettings: It names no chat model, or the one under test.
    """
    from assistant.models import EXTRACTIVE, model_name
    from assistant.read import ChatReader

    name = model_name(spec, assistant.weights)
    if name == EXTRACTIVE:
        raise BadSettings("A judge has to be a chat model.", hint="Name one with --judge, or leave it out.")
    if name == assistant.model_name:
        raise BadSettings(
            f"{name} is the model under test and cannot judge itself.", hint="Name another model with --judge."
        )
    reader = assistant.reader_of(spec)
    if not isinstance(reader, ChatReader):
        raise BadSettings(f"{name} cannot judge.", hint="Name a chat model with --judge.")
    return ModelJudge(name, reader.supports)
