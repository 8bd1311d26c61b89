"""What the ``wenju`` commands do with documents: add, remove, list, show, and make the index."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.assistant import Assistant
from assistant.command_output import open_assistant, print_json, settings_of
from assistant.errors import BadSettings

if TYPE_CHECKING:
    from knowledge.add import AddReport, FileOutcome


def add(options: argparse.Namespace) -> int:
    """Add files and folders; 1 if a part of them was skipped, 2 if nothing went in."""
    from assistant.console import progress

    with open_assistant(options) as assistant:
        assistant.make_collection()  # what that says should not disturb the progress bar
        with progress("Adding", unit="bytes") as update:
            report = assistant.add(
                options.paths, include=options.include, exclude=options.exclude, ray=options.ray, progress=update
            )
        done = {"action": "added", **asdict(report), **_state(assistant)}
    if not options.json:
        for file in report.files:
            print(_row(file))
        print(_counts(report))
    _say_state(done, options)
    skipped = len(report.having("skipped"))
    return 0 if not skipped else 1 if skipped < len(report.files) else 2


def _row(file: FileOutcome) -> str:
    """Return a line of the table of what happened to each file."""
    passages = f"{file.passages:>6} passages" if file.passages else " " * 15
    said = f"  {file.reason} {file.hint}".rstrip() if file.reason else ""
    return f"{file.status:<9} {passages}  {_near(file.path)}{said}"


def _near(path: str) -> str:
    """Return a path as seen from here, if it is below."""
    here = f"{Path.cwd()}{os.sep}"
    return path.removeprefix(here)


def _counts(report: AddReport) -> str:
    counts = ((status, len(report.having(status))) for status in ("added", "replaced", "moved", "unchanged", "skipped"))
    said = ", ".join(f"{count} {status}" for status, count in counts if count)
    return f"{len(report.files)} files: {said}." if said else "There is no file to add."


def remove(options: argparse.Namespace) -> int:
    """Remove documents."""
    with open_assistant(options) as assistant:
        removed = assistant.remove(options.names)
        done = {"action": "removed", "removed": removed, **_state(assistant)}
    if options.json:
        print_json(done)
    else:
        print(f"Removed {len(removed)} documents; {done['documents']} stay, in {done['passages_total']} passages.")
    return 0


def reindex(options: argparse.Namespace) -> int:
    """Make the index anew from the documents in it."""
    from assistant.console import progress

    with open_assistant(options) as assistant, progress("Embedding") as update:
        report = assistant.rebuild_index(progress=update)
        done = {"action": "rebuilt", **asdict(report), **_state(assistant)}
        _ = assistant.searcher  # makes the dictionary of both languages as well
    _say_state(done, options)
    return 0


def export(options: argparse.Namespace) -> int:
    """Write the whole collection into one archive."""
    path = Path(options.archive).expanduser()
    if path.exists():
        raise BadSettings(f"There is a file {path} already.", hint="Choose another name, or move it away.")
    with open_assistant(options) as assistant:
        count = assistant.export(path)
    if options.json:
        print_json({"action": "exported", "archive": str(path.resolve()), "documents": count})
    else:
        print(f"{path} holds {count} documents.")
    return 0


def import_archive(options: argparse.Namespace) -> int:
    """Add the documents of an archive."""
    from assistant.console import progress

    with open_assistant(options) as assistant, progress("Embedding") as update:
        report = assistant.import_archive(options.archive, progress=update)
        done = {"action": "imported", **asdict(report), **_state(assistant)}
    _say_state(done, options)
    return 0


def _state(assistant: Assistant) -> dict[str, Any]:
    return {
        "path": assistant.store.where,
        "documents": len(assistant.store.catalog()),
        "passages_total": assistant.store.passage_count,
    }


def _say_state(done: dict[str, Any], options: argparse.Namespace) -> None:
    if options.json:
        print_json(done)
    else:
        print(f"The index {done['path']} holds {done['documents']} documents in {done['passages_total']} passages.")


def _made_current(assistant: Assistant, update: Callable[[int, int], None]) -> str:
    """Open the index, made anew if an older version made it, and the shipped documents as this version ships them."""
    from knowledge.errors import IndexOutdated

    try:
        assistant.documents()
    except IndexOutdated as outdated:
        print(f"{outdated.message} Making it anew from the documents in it …", file=sys.stderr, flush=True)
        assistant.rebuild_index(progress=update)
        assistant.refresh_shipped()
        return "rebuilt"
    return "refreshed" if assistant.refresh_shipped().documents_added else "ready"


def index(options: argparse.Namespace) -> int:
    """Make the index, bring it up to date, make it anew, or add files that all have to be readable."""
    from assistant.console import progress
    from knowledge.formats.sandbox import Sandbox
    from knowledge.load import load_file

    if options.rebuild:
        return reindex(options)
    with open_assistant(options) as assistant, progress("Embedding") as update, Sandbox() as sandbox:
        if options.paths:
            report = assistant.add([load_file(path, sandbox) for path in options.paths], progress=update)
            done = {"action": "added", **{key: value for key, value in asdict(report).items() if key != "files"}}
        else:
            done = {"action": _made_current(assistant, update)}
        done |= _state(assistant)
        _ = assistant.searcher  # makes the dictionary of both languages as well
    _say_state(done, options)
    return 0


def collections(options: argparse.Namespace) -> int:
    """List the collections."""
    from assistant.stores import names, place_of

    settings = settings_of(options)
    rows = [{"name": name, "path": place_of(settings, name)} for name in names(settings)]
    if options.json:
        print_json({"collections": rows})
    for row in rows if not options.json else ():
        print(f"{row['name']}  ({row['path']})")
    return 0


def list(options: argparse.Namespace) -> int:
    """List the documents."""
    with open_assistant(options) as assistant:
        rows = [
            {
                "id": record.id,
                "title": record.title,
                "source": record.source,
                "language": record.language,
                "passages": record.passages,
                "bytes": len(record.text.encode()),
                "added_at": record.added_at,
            }
            for record in assistant.documents()
        ]
    if options.json:
        print_json({"documents": rows})
        return 0
    for row in rows:
        print(f"{row['id']}  {row['language']}  {row['passages']:>5} passages  {row['title']}  ({row['source']})")
    return 0


def show(options: argparse.Namespace) -> int:
    """Print a document."""
    from knowledge.formats.places import PLACES, load

    with open_assistant(options) as assistant:
        record = assistant.document(options.document_id)
    if options.json:
        print_json(
            {
                "id": record.id,
                "title": record.title,
                "text": record.text,
                "source": record.source,
                "language": record.language,
                "metadata": {key: value for key, value in record.metadata.items() if key != PLACES},
                "places": [asdict(place) for place in load(record.metadata)],
                "passages": record.passages,
                "added_at": record.added_at,
            }
        )
    else:
        print(record.text)
    return 0
