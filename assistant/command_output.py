"""What the commands share: the assistant that the options ask for, and JSON on standard output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from assistant.assistant import Assistant
from assistant.settings import Settings
from assistant.types import Answer
from knowledge.types import Hit


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings of the environment and of the command line."""
    return Settings.from_environment(**options_given(options))


def options_given(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that the command line says, None for those that it does not."""
    named = getattr(options, "collection", None)
    given = {name: getattr(options, name, None) for name in ("llm", "passages", "allow_urls")}
    return {**given, "collections": tuple([named] if isinstance(named, str) else named) if named else None}


def open_assistant(options: argparse.Namespace) -> Assistant:
    """Return the assistant that the options ask for; it opens nothing yet."""
    return Assistant(settings_of(options))


def print_json(value: Any) -> None:
    """Print one line of JSON; where the output's encoding lacks a character, with JSON's own escapes."""
    line = json.dumps(value, ensure_ascii=False, default=str)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(value, default=str)
    print(line, flush=True)


def hit_row(hit: Hit) -> dict[str, Any]:
    """Return a hit as command line and service show it."""
    passage = hit.passage
    return {
        "rank": hit.rank,
        "id": passage.id,
        "document_id": passage.document_id,
        "start": passage.start,
        "end": passage.end,
        "heading": passage.heading,
        "text": passage.text,
        "score": round(hit.score, 4),
        "found_by": hit.found_by,
    }


def hits_text(hits: Sequence[Hit]) -> str:
    """Return hits for a person to read."""
    return "\n\n".join(
        f"{hit.rank}. {hit.score:.2f}  {hit.passage.document_id} {hit.passage.start}–{hit.passage.end}  "
        f"{hit.passage.heading}\n   {hit.passage.text.strip()}"
        for hit in hits
    )


def answer_text(answer: Answer) -> str:
    """Return an answer for a person to read: its words, then the exact words it rests on or, refused, what is near."""
    lines = [answer.text]
    if answer.refused:
        for passage in answer.passages[:3]:
            lines += [
                "",
                f"  · {passage.text.strip()[:160]}",
                f"    {passage.document_id} {passage.start}–{passage.end}",
            ]
        return "\n".join(lines)
    before, after = ("「", "」") if answer.language == "zh" else ("“", "”")
    lines.append("")
    for citation in answer.citations:
        place = f"  {citation.place}" if citation.place else ""
        lines.append(f"[{citation.marker}] {before}{citation.quote}{after}")
        lines.append(f"    {citation.title}{place}  {citation.document_id} {citation.start}–{citation.end}")
    return "\n".join(lines)
