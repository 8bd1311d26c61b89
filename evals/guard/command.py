"""What ``wenju eval guard`` does."""

from __future__ import annotations

from collections.abc import Callable

from evals.cases import BadCases, load_suite, spread
from evals.gates import ExitCode
from evals.guard.claims import Grounded, ground, load_claims
from evals.guard.report import print_report, targets
from evals.guard.runner import Checking, Verdict, product, run, trials
from knowledge.retrieve import Searching
from knowledge.types import DocumentRecord, Language


def measure_guard(
    documents: list[DocumentRecord],
    searcher: Searching,
    *,
    language: Language | None = None,
    limit: int | None = None,
    checking: Checking = product,
    update: Callable[[int, int], None] | None = None,
) -> list[Verdict]:
    """Check the claims about the shipped article, and every corruption of them.

    Args:
        documents: Among these the article is looked for.
        searcher: For vectors and the dictionary.
        language: Only claims in this language.
        limit: So many correct claims, spread evenly; each with its corruptions.
        checking: What decides whether a claim is supported.
        update: Is told how many of how many are done.

    Raises:
        BadCases: The article is not in the index, or no claim is left.
    """
    tried = list(trials(spread(_grounded(documents, language), limit)))
    if not tried:
        raise BadCases("No claim is left to check.", hint="Ask for fewer conditions or a higher --limit.")
    return run(tried, searcher, checking, update)


def _grounded(documents: list[DocumentRecord], language: Language | None) -> list[Grounded]:
    claims = load_claims()
    text = next((record.text for record in documents if all(g in record.text for c in claims for g in c.gold)), None)
    if text is None:
        raise BadCases(
            "The article that the claims are about is not in the index.",
            hint="Run `wenju index --rebuild`, or name an empty folder with WENJU_HOME.",
        )
    return [one for one in ground(claims, load_suite("facts").cases, text) if language in (None, one.claim.language)]


def report_guard(verdicts: list[Verdict], *, as_json: bool) -> int:
    """Print what was found and return the exit code: 1 if a target is missed on all facts together."""
    code = ExitCode.PASSED if all(target.passed for target in targets(verdicts)) else ExitCode.FAILED
    print_report(verdicts, int(code), as_json=as_json)
    return int(code)
