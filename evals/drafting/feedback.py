"""Cases proposed from what users thought of their answers, for a person to review.

A thumb up says that question, answer and citations belong together: the quotes are the gold, and what the answer states
beyond the question are the facts. A thumb down says only that something was wrong, so what would be right is left open,
and the case is no case until a person has filled that in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from assistant.exchange import Exchange, history
from assistant.types import Answer
from evals.case import Case
from evals.drafting.cases import aliases, find_stated
from evals.text import missing_groups, strip_markers
from knowledge.language import detect_language

HEADER = """\
# Proposed by `wenju eval draft --from-feedback` from answers that users rated; nothing here is accepted yet.
# These are the words of users: take out what must not be passed on.
# Thumb up: check the answer in the note and the gold, keep the facts that the question asks for, add their forms in the
# other language, then take "reviewed": false out. A case that is not reviewed is not asked.
# Thumb down, behind "#": the comment says what was wrong. Choose the kind, fill in facts and gold from the document
# (neither, if it does not hold the answer), then take the "# " and "reviewed": false out.
"""


def draft_lines(rated: Iterable[Sequence[Exchange]]) -> list[str]:
    """Return a line of a suite for each rated answer, the same one only once.

    Args:
        rated: Each rated exchange behind those before it in its conversation, as `Conversations.rated` yields them.
    """
    lines: dict[str, str] = {}
    for conversation in rated:
        *before, last = conversation
        plain = _plain(before, last)
        if last.rating == "up" and last.answer is not None:
            lines[plain["id"]] = Case.model_validate(plain | _expected(last.answer, plain)).model_dump_json(
                exclude={"must_pass", "forbidden", "dialogue", "planted"}
            )
        else:
            lines[plain["id"]] = "# " + json.dumps(plain | {"facts": [], "gold": []}, ensure_ascii=False)
    return list(lines.values())


def _plain(before: Sequence[Exchange], last: Exchange) -> dict[str, Any]:
    """Return what is known of a case whatever the rating; the same words get the same id in every export."""
    searched = last.answer.standalone_question if last.answer else last.searched
    said = history(before) if searched not in ("", last.question) else ()
    told = [{"role": message.role, "text": message.text} for message in said]
    language = detect_language(last.question)
    note = _note(last)
    family = "feedback-" + sha256(json.dumps([told, last.question, note]).encode()).hexdigest()[:8]
    return {
        "id": f"{family}.{language}",
        "family": family,
        "kind": "dialogue" if told else "fact",
        "language": language,
        "question": last.question,
        "history": told,
        "note": note,
        "reviewed": False,
    }


def _note(rated: Exchange) -> str:
    what = f"rated {rated.rating}"
    if rated.comment:
        what += f" with the comment: {rated.comment}"
    if rated.answer is None:
        return f"{what}\nthere was no answer: {rated.message or rated.status}"
    did = f"refused ({rated.answer.reason})" if rated.answer.refused else "answered"
    quotes = [f"[{one.marker}] {one.quote}" for one in rated.answer.citations]
    return "\n".join([what, f"{rated.answer.model} {did}: {rated.answer.text}", *quotes])


def _expected(answer: Answer, plain: dict[str, Any]) -> dict[str, Any]:
    """Return what a praised answer says of its case."""
    if answer.refused:
        return {"kind": "unanswerable", "reason": answer.reason}
    gold = list(dict.fromkeys(one.quote for one in answer.citations))
    return {"facts": _facts(answer, plain["question"], "\n".join(gold)), "gold": gold}


def _facts(answer: Answer, question: str, quotes: str) -> list[tuple[str, ...]]:
    """Return what the claims state and their quotes too, but not the question; else the claims themselves."""
    claims = [strip_markers(claim.text).strip() for claim in answer.claims]
    found = dict.fromkeys(
        group
        for claim in claims
        for stated in find_stated(claim, detect_language(claim))
        for group in stated.facts
        if missing_groups(question, [group]) and not missing_groups(quotes, [group])
    )
    return list(found) or [aliases(claim, detect_language(claim)) for claim in claims]
