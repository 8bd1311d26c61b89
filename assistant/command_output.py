"""What the commands share: the assistant that the options ask for, and JSON on standard output."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from assistant.assistant import Assistant
from assistant.settings import Settings
from knowledge.types import Hit


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings of the environment and of the command line."""
    return Settings.from_environment(
        llm=getattr(options, "llm", None),
        passages=getattr(options, "passages", None),
        allow_urls=getattr(options, "allow_urls", None),
    )


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
