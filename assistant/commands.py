"""What each ``wenju`` command does."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.errors import AssistantError, BadQuestion, BadSettings, ExtraMissing
from assistant.events import Finished, Token
from assistant.settings import Settings
from assistant.types import Answer, Message
from knowledge.errors import DocumentUnknown, KnowledgeError, LoadError

QUESTION_FILE_HINT = 'Each line is one object: {"id": "1", "question": "…"}.'
HISTORY_HINT = 'Each earlier turn is {"role": "user" or "assistant", "text": "…"}.'


def exit_code(error: AssistantError | KnowledgeError) -> int:
    """Return 2 for something that cannot be done as asked, 1 for something that failed."""
    return 2 if isinstance(error, BadQuestion | BadSettings | ExtraMissing | DocumentUnknown | LoadError) else 1


def chat(options: argparse.Namespace) -> int:
    """Serve the chat page until it is interrupted."""
    assistant = _assistant(options)
    assistant.warm_up()
    from assistant.web import serve

    serve(assistant, host=options.host, port=options.port, open_browser=options.open)
    return 0


def ask(options: argparse.Namespace) -> int:
    """Answer one question or a file of them."""
    if (options.question is None) == (options.file is None):
        raise BadQuestion("Give either a question or --file.", hint='E.g. wenju ask "Who wrote this article?"')
    with _assistant(options) as assistant:
        if options.file is not None:
            return _ask_file(assistant, Path(options.file))
        question = sys.stdin.read() if options.question == "-" else options.question
        if options.json:
            _print_json(assistant.ask(question).to_dict())
            return 0
        _print_answer(_streamed(assistant, question))
    return 0


def search(options: argparse.Namespace) -> int:
    """Print the passages found."""
    with _assistant(options) as assistant:
        hits = assistant.search(options.question, threshold=options.min_score)
    if options.json:
        rows = [
            {
                "rank": hit.rank,
                "id": hit.passage.id,
                "document_id": hit.passage.document_id,
                "start": hit.passage.start,
                "end": hit.passage.end,
                "heading": hit.passage.heading,
                "text": hit.passage.text,
                "score": round(hit.score, 4),
                "found_by": hit.found_by,
            }
            for hit in hits
        ]
        _print_json({"question": options.question, "hits": rows})
        return 0
    for hit in hits:
        place = f"{hit.passage.document_id} {hit.passage.start}–{hit.passage.end}"
        print(f"{hit.rank}. {hit.score:.2f}  {place}  {hit.passage.heading}\n   {hit.passage.text.strip()}\n")
    return 0


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
    """Make the index, add files to it, or make it anew."""
    from dataclasses import asdict

    from assistant.console import progress
    from knowledge.load import load_text_file

    with _assistant(options) as assistant, progress("Embedding") as update:
        if options.rebuild:
            report = assistant.rebuild_index(progress=update)
            done = {"action": "rebuilt", **asdict(report)}
        elif options.paths:
            report = assistant.add([load_text_file(path) for path in options.paths], progress=update)
            done = {"action": "added", **asdict(report)}
        else:
            done = {"action": _made_current(assistant, update)}
        done |= {
            "path": str(assistant.index_path),
            "documents": len(assistant.documents()),
            "passages_total": assistant.store.passage_count,
        }
        _ = assistant.searcher  # makes the dictionary of both languages as well
    if options.json:
        _print_json(done)
    else:
        print(f"The index {done['path']} holds {done['documents']} documents in {done['passages_total']} passages.")
    return 0


def list(options: argparse.Namespace) -> int:
    """List the documents."""
    with _assistant(options) as assistant:
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
        _print_json({"documents": rows})
        return 0
    for row in rows:
        print(f"{row['id']}  {row['language']}  {row['passages']:>5} passages  {row['title']}  ({row['source']})")
    return 0


def show(options: argparse.Namespace) -> int:
    """Print a document."""
    with _assistant(options) as assistant:
        record = assistant.document(options.document_id)
    if options.json:
        _print_json(
            {
                "id": record.id,
                "title": record.title,
                "text": record.text,
                "source": record.source,
                "language": record.language,
                "metadata": record.metadata,
                "passages": record.passages,
                "added_at": record.added_at,
            }
        )
    else:
        print(record.text)
    return 0


def models(options: argparse.Namespace) -> int:
    """List, fetch or verify model files."""
    weights = _assistant(options).weights
    unknown = [name for name in options.names if name not in weights.names()]
    if unknown:
        raise BadSettings(f"There is no model named {unknown[0]}.", hint=f"There are: {', '.join(weights.names())}.")
    chosen = options.names or weights.names()
    if options.action == "pull":
        paths = {name: str(weights.pull(name)) for name in chosen}
        if options.json:
            _print_json(paths)
        else:
            for name, path in paths.items():
                print(f"{name} is ready: {path}")
        return 0
    if options.action == "verify":
        states = [weights.verify(name) for name in chosen]
        if options.json:
            _print_json(
                [{"name": s.name, "state": s.state, "path": s.path and str(s.path), "detail": s.detail} for s in states]
            )
        else:
            for state in states:
                print(f"{state.name}: {state.state}" + (f" ({state.detail})" if state.detail else ""))
        return 0 if all(state.state == "ok" for state in states) else 1
    rows = [row for row in weights.rows() if row.name in chosen]
    if options.json:
        _print_json(
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


def doctor(options: argparse.Namespace) -> int:
    """Say what is installed, what is wrong and how to mend it."""
    from assistant.doctor import examine

    findings = examine(_settings(options))
    if options.json:
        _print_json([{"what": f.what, "state": f.state, "detail": f.detail, "hint": f.hint} for f in findings])
    else:
        for finding in findings:
            mark = {"ok": "✓", "note": "·", "wrong": "✗"}[finding.state]
            print(f"{mark} {finding.what}: {finding.detail}" + (f"\n    {finding.hint}" if finding.hint else ""))
    return 1 if any(finding.state == "wrong" for finding in findings) else 0


def _settings(options: argparse.Namespace) -> Settings:
    return Settings.from_environment(llm=getattr(options, "llm", None), passages=getattr(options, "passages", None))


def _assistant(options: argparse.Namespace) -> Assistant:
    return Assistant(_settings(options))


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
        _print_json(said)
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
    """Show the draft on a terminal while it is written; it gives way to the checked answer."""
    from assistant.console import live_draft

    with live_draft() as draft:
        for event in assistant.stream(question):
            if isinstance(event, Token):
                draft(event.text)
            elif isinstance(event, Finished):
                return event.answer
    raise AssertionError("a stream ends with Finished")


def _print_answer(answer: Answer) -> None:
    print(answer.text)
    chinese = answer.language == "zh"
    if answer.refused:
        for passage in answer.passages[:3]:
            print(f"\n  · {passage.text.strip()[:160]}\n    {passage.document_id} {passage.start}–{passage.end}")
        return
    print()
    for citation in answer.citations:
        print(f"[{citation.marker}] {'“' if not chinese else '「'}{citation.quote}{'”' if not chinese else '」'}")
        print(f"    {citation.title}  {citation.document_id} {citation.start}–{citation.end}")


def _print_json(value: Any) -> None:
    """Print one line of JSON; where the output's encoding lacks a character, with JSON's own escapes."""
    line = json.dumps(value, ensure_ascii=False, default=str)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(value, default=str)
    print(line, flush=True)
