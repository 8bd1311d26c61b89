"""Sentences about another year, or another member of a series, than the one that a question is about.

They fit the question in all but what tells them apart, so a search finds them first and a small model reads its answer
out of them. They are taken out of a search before evidence is chosen; where there is nothing else, the question is
refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from assistant.series import Member, asked_member, is_of_another_member
from assistant.years import is_of_another_year, year_of
from knowledge.retrieve import SearchResult


@dataclass(frozen=True, slots=True)
class About:
    """The year and the member of a series that a question is about.

    Attributes:
        year: The year; None if it is about no year, several, or a time before or after one.
        member: The member; None if it names none or several.
    """

    year: int | None
    member: Member | None

    @classmethod
    def of(cls, question: str) -> About:
        """Read them in a question."""
        return cls(year_of(question), asked_member(question))

    def missed_by(self, text: str) -> str:
        """Return what of them a sentence is not about, because it names another one; "" if it names none."""
        if self.year is not None and is_of_another_year(text, self.year):
            return str(self.year)
        return self.member.text if self.member and is_of_another_member(text, self.member) else ""


def without_others(result: SearchResult) -> SearchResult:
    """Return a search without the sentences about another year or member; as it is if there are no others."""
    about = About.of(result.query.text)
    kept = tuple(one for one in result.sentences if not about.missed_by(one.text))
    return replace(result, sentences=kept) if kept and len(kept) < len(result.sentences) else result
