"""The process that reads files which nobody vouches for: one request a line, one reply a line, both JSON.

A request is ``{"path", "format"}``; the reply is an `Extracted` or ``{"error", "hint"}``. What a parser prints goes
nowhere. The process may take so much memory and no more, where the system can see to that.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import warnings
from typing import IO, Any

from knowledge.errors import LoadError


def serve(memory: int) -> None:
    """Answer requests from standard input until it ends.

    Args:
        memory: Bytes of address space that this process may take.
    """
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    warnings.simplefilter("ignore")
    logging.disable()
    _limit(memory)
    for line in sys.stdin:
        _reply(replies, answer(json.loads(line)))


def answer(request: dict[str, str]) -> dict[str, Any]:
    """Read one file; every failure is a sentence and what to do."""
    name = request["format"]
    try:
        with open(request["path"], "rb") as file:
            data = file.read()
        if not data:
            raise LoadError("It is empty.", hint="Leave it out, or check that it was saved.")
        reader = importlib.import_module(f"knowledge.formats.{name}")
        extracted: dict[str, Any] = reader.extract(data).to_json()
        return extracted
    except LoadError as error:
        return {"error": error.message, "hint": error.hint}
    except OSError as error:
        return {
            "error": f"It cannot be read: {error.strerror or error}.",
            "hint": "Check the file and its permissions.",
        }
    except MemoryError:
        return {"error": "It needs more memory than a file may take.", "hint": "Split it into smaller files."}
    except ImportError as error:
        return {"error": f"The package that reads it is missing: {error}.", "hint": "Install Wenju again."}
    except RecursionError:
        return {"error": "Its parts are nested too deeply, which may be an attack.", "hint": "Save it again."}
    except Exception as error:  # a parser may raise anything on a broken file, and then the file is broken
        detail = " ".join(str(error).split())[:120]
        said = f"{type(error).__name__}: {detail}" if detail else type(error).__name__
        return {
            "error": f"It is damaged, or no {name.upper()} file ({said}).",
            "hint": "Open it and save it again, or get another copy.",
        }


def _reply(replies: IO[str], reply: dict[str, Any]) -> None:
    try:
        line = json.dumps(reply)
    except MemoryError:
        line = json.dumps({"error": "It needs more memory than a file may take.", "hint": "Split it up."})
    replies.write(line + "\n")
    replies.flush()


def _limit(memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the deadline holds there too
        return
    try:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ValueError, OSError):  # macOS refuses a limit on address space
        return
