"""What each ``wenju`` command does."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.command_output import (
    answer_text,
    hit_row,
    hits_text,
    open_assistant,
    options_given,
    print_json,
    settings_of,
)
from assistant.configuration import Setting
from assistant.errors import AssistantError, BadQuestion, BadSettings, CollectionUnknown, ExtraMissing
from assistant.events import Finished, NearestFound, Token
from assistant.types import Answer, Message
from knowledge.errors import DocumentUnknown, KnowledgeError, LoadError

QUESTION_FILE_HINT = 'Each line is one object: {"id": "1", "question": "…"}.'
HISTORY_HINT = 'Each earlier turn is {"role": "user" or "assistant", "text": "…"}.'


_ASKED_WRONGLY = (BadQuestion, BadSettings, CollectionUnknown, ExtraMissing, DocumentUnknown, LoadError)


def exit_code(error: AssistantError | KnowledgeError) -> int:
    """Return 2 for something that cannot be done as asked, 1 for something that failed."""
    return 2 if isinstance(error, _ASKED_WRONGLY) else 1


def chat(options: argparse.Namespace) -> int:
    """Serve the chat page until it is interrupted."""
    from assistant.conversations import FILE_NAME, Conversations
    from assistant.passwords import Users
    from assistant.web import serve

    users = Users.load(options.auth) if options.auth else None
    assistant = open_assistant(options)
    kept = Conversations(assistant.settings.home / FILE_NAME)
    assistant.warm_up()
    serve(
        assistant,
        kept,
        host=options.host,
        port=options.port,
        open_browser=options.open,
        users=users,
        share=options.share,
    )
    kept.close()
    return 0


def password(options: argparse.Namespace) -> int:
    """Print the line that lets a user into the page."""
    from getpass import getpass

    from assistant.passwords import line

    if sys.stdin.isatty():
        word = getpass("Password: ")
        if word != getpass("The same again: "):
            raise BadSettings("The two passwords differ.", hint="Type the same one twice.")
    else:
        word = sys.stdin.readline().rstrip("\n")
    made = line(options.name, word)
    if options.json:
        print_json({"line": made})
    else:
        print(made)
    return 0


def ask(options: argparse.Namespace) -> int:
    """Answer one question or a file of them."""
    if (options.question is None) == (options.file is None):
        raise BadQuestion("Give either a question or --file.", hint='E.g. wenju ask "Who wrote this article?"')
    with open_assistant(options) as assistant:
        if options.file is not None:
            return _ask_file(assistant, Path(options.file))
        question = sys.stdin.read() if options.question == "-" else options.question
        if options.json:
            print_json(assistant.ask(question).to_dict())
            return 0
        print(answer_text(_streamed(assistant, question)))
    return 0


def search(options: argparse.Namespace) -> int:
    """Print the passages found."""
    with open_assistant(options) as assistant:
        hits = assistant.search(options.question, threshold=options.min_score)
    if options.json:
        rows = [hit_row(hit) for hit in hits]
        print_json({"question": options.question, "hits": rows})
        return 0
    if hits:
        print(hits_text(hits) + "\n")
    return 0


def models(options: argparse.Namespace) -> int:
    """List, fetch or verify model files."""
    weights = open_assistant(options).weights
    unknown = [name for name in options.names if name not in weights.names()]
    if unknown:
        raise BadSettings(f"There is no model named {unknown[0]}.", hint=f"There are: {', '.join(weights.names())}.")
    chosen = options.names or weights.names()
    if options.action == "pull":
        paths = {name: str(weights.pull(name)) for name in chosen}
        if options.json:
            print_json(paths)
        else:
            for name, path in paths.items():
                print(f"{name} is ready: {path}")
        return 0
    if options.action == "verify":
        states = [weights.verify(name) for name in chosen]
        if options.json:
            print_json(
                [{"name": s.name, "state": s.state, "path": s.path and str(s.path), "detail": s.detail} for s in states]
            )
        else:
            for state in states:
                print(f"{state.name}: {state.state}" + (f" ({state.detail})" if state.detail else ""))
        return 0 if all(state.state == "ok" for state in states) else 1
    rows = [row for row in weights.rows() if row.name in chosen]
    if options.json:
        print_json(
            [
                {
                    "name": row.name,
                    "kind": row.kind,
                    "bytes": row.size,
                    "licence": row.licence,
                    "state": row.state,
                    "path": row.path and str(row.path),
                    "origin": row.origin,
                }
                for row in rows
            ]
        )
    else:
        for row in rows:
            print(f"{row.name}  {row.kind}  {row.size / 1e6:,.0f} MB  {row.licence}  {row.state}  {row.path or ''}")
    return 0


def config(options: argparse.Namespace) -> int:
    """Print the settings in force, as a settings file, each with where it comes from."""
    from assistant.service.options import TABLE, effective_limits
    from assistant.settings import config_file, effective

    groups, file = {"": effective(**options_given(options)), TABLE: effective_limits()}, config_file()
    there = file is not None and file.exists()
    if options.json:
        rows = [
            {"name": f"{table}.{one.name}".strip("."), "value": one.value, "source": one.source, "where": one.where}
            for table, found in groups.items()
            for one in found
        ]
        print_json({"file": file, "exists": there, "settings": rows})
        return 0
    print(f"# {file}" + ("" if there else " (there is no such file)"))
    for table, found in groups.items():
        print(*([f"\n[{table}]"] if table else []), *map(_setting_line, found), sep="\n")
    return 0


def _setting_line(one: Setting) -> str:
    """Return a setting as a line of a settings file."""
    value = str(one.value) if isinstance(one.value, Path) else one.value
    line = f"# {one.name} is not set" if value is None else f"{one.name} = {json.dumps(value, ensure_ascii=False)}"
    return f"{line:<50}  # {one.source}" + (f": {one.where}" if one.where else "")


def doctor(options: argparse.Namespace) -> int:
    """Say what is installed, what is wrong and how to mend it."""
    from assistant.doctor import examine

    if options.rebuild:
        return _rebuilt(options)
    findings = examine(settings_of(options))
    if options.json:
        print_json([{"what": f.what, "state": f.state, "detail": f.detail, "hint": f.hint} for f in findings])
    else:
        for finding in findings:
            mark = {"ok": "✓", "note": "·", "wrong": "✗"}[finding.state]
            print(f"{mark} {finding.what}: {finding.detail}" + (f"\n    {finding.hint}" if finding.hint else ""))
    return 1 if any(finding.state == "wrong" for finding in findings) else 0


def _rebuilt(options: argparse.Namespace) -> int:
    """Make damaged collections anew; 1 if documents of them are lost."""
    from assistant.console import progress
    from assistant.rescue import rescue_all

    with open_assistant(options) as assistant, progress("Embedding") as update:
        rescued = rescue_all(assistant, update)
    if options.json:
        rows = [
            {
                "collection": one.name,
                "path": one.path,
                "damaged": one.aside,
                "saved": len(one.remains.documents),
                "lost": [{"source": lost.source, "title": lost.title} for lost in one.remains.lost],
                "lost_unnamed": one.remains.unnamed,
            }
            for one in rescued
        ]
        print_json({"rebuilt": rows})
    else:
        for one in rescued:
            print(*one.sentences(), sep="\n")
        if not rescued:
            print("No collection is damaged.")
    return 1 if any(one.remains.lost or one.remains.unnamed for one in rescued) else 0


def _ask_file(assistant: Assistant, path: Path) -> int:
    """Answer every line of a file; a line that cannot be answered is reported and the rest goes on."""
    failed = False
    for line in _questions(path):
        try:
            answer = assistant.ask(line["question"], [_message(turn) for turn in line.get("history") or ()])
            said: dict[str, Any] = {"id": line["id"], **answer.to_dict()}
        except (AssistantError, KnowledgeError) as error:
            failed = True
            said = {"id": line["id"], "error": {"message": error.message, "hint": error.hint}}
        print_json(said)
    return 1 if failed else 0


def _questions(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError(f"{path} cannot be read: {error}.", hint="Name a UTF-8 file of JSON lines.") from error
    # Not splitlines(): it also cuts at U+2028 and U+0085, which may stand in a JSON string as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except json.JSONDecodeError as error:
            raise LoadError(f"{path}, line {number}: not JSON ({error.msg}).", hint=QUESTION_FILE_HINT) from error
        if not isinstance(found, dict) or "id" not in found or not isinstance(found.get("question"), str):
            raise LoadError(f"{path}, line {number}: no id or no question.", hint=QUESTION_FILE_HINT)
        history = found.get("history") or []
        if not isinstance(history, Sequence) or not all(isinstance(turn, dict) for turn in history):
            raise LoadError(f"{path}, line {number}: the history is not a list of objects.", hint=HISTORY_HINT)
        yield found


def _message(turn: Mapping[str, Any]) -> Message:
    if turn.get("role") not in ("user", "assistant"):
        raise BadQuestion("A history turn has no role.", hint=HISTORY_HINT)
    return Message(turn["role"], str(turn.get("text", turn.get("content", ""))))


def _streamed(assistant: Assistant, question: str) -> Answer:
    """Show the nearest quotes on a terminal, then the draft as it is written; they give way to the checked answer."""
    from assistant.console import live_draft

    draft = ""
    with live_draft() as show:
        for event in assistant.stream(question):
            if isinstance(event, NearestFound):
                show("\n".join(f"… {quote.quote}" for quote in event.quotes))
            elif isinstance(event, Token):
                draft += event.text
                show(draft)
            elif isinstance(event, Finished):
                return event.answer
    raise AssertionError("a stream ends with Finished")
