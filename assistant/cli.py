"""The ``wenju`` command: what it takes. What it does is in the three modules named in `_later`.

Exit codes: 0 done (a refusal is an answer), 1 it failed, in part or whole, 2 it was asked for something that cannot be,
130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points, version

Run = Callable[[argparse.Namespace], int]

EPILOG = """\
examples:
  wenju chat                                  chat in a web page
  wenju ask 2015年底启动了哪三个新型智慧城市试点？
  wenju ask "Who wrote this article?" --json
  wenju add ~/Documents --exclude 'drafts/*'   add a folder of your own documents
  wenju doctor                                what is installed, and what is wrong
"""


def parser(*, extensions: bool = True) -> argparse.ArgumentParser:
    """Build the command line's parser.

    Args:
        extensions: Ask installed packages for further commands (``wenju eval``).
    """
    root = argparse.ArgumentParser(
        prog="wenju",
        description="问据 Wenju: ask documents in Chinese or English; every sentence shows the words it rests on.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="version", version=f"wenju {version('wenju')}")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, help_: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help_, description=help_)
        added.add_argument("--json", action="store_true", help="print JSON")
        added.set_defaults(run=_later(name))
        return added

    chat = command("chat", "chat in a web page on this machine")
    _llm(chat)
    _collections(chat)
    chat.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    chat.add_argument("--port", type=int, default=7860, help="port, or the next free one (default: 7860)")
    chat.add_argument("--open", action="store_true", help="open the page in a browser")
    chat.add_argument("--auth", metavar="FILE", help="only these users may come in (lines of `wenju password`)")
    chat.add_argument("--share", action="store_true", help="let Gradio's servers make a public address; needs --auth")

    password = command("password", "print the line of a user for `wenju chat --auth`")
    password.add_argument("name", metavar="NAME", help="the user's name")

    serve = command("serve", "serve an HTTP API, OpenAI's chat protocol too, and the chat page beside it")
    _llm(serve)
    _retrieval(serve)
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8080, help="port (default: 8080)")
    serve.add_argument("--keys", metavar="FILE", help="API keys (lines of `wenju key`); needed for other machines")
    serve.add_argument("--rate", type=int, metavar="N", help="requests a minute of one key (default: 600)")
    serve.add_argument("--workers", type=int, metavar="N", help="questions answered at once (default: 8)")
    serve.add_argument(
        "--auth", metavar="FILE", help="the page's users (lines of `wenju password`); needed with --keys"
    )
    switch = argparse.BooleanOptionalAction
    serve.add_argument("--page", action=switch, help="serve the chat page too (default), or the API alone")
    serve.add_argument("--log-questions", action=switch, help="write questions into the log (default: not)")

    mcp = command("mcp", "serve tools to programs that speak the Model Context Protocol, by standard input and output")
    _llm(mcp)
    _retrieval(mcp)
    _collections(mcp)
    mcp.add_argument("--http", action="store_true", help="by streamable HTTP on 127.0.0.1 instead")
    mcp.add_argument("--port", type=int, default=8090, help="port for --http (default: 8090)")

    key = command("key", "make a key for `wenju serve`, and print its line for the file of keys")
    key.add_argument("name", metavar="NAME", help="what the key is called, e.g. whose it is")
    key.add_argument("--write", action="store_true", help="it may add and remove documents too")
    key.add_argument("--collection", action="append", default=[], metavar="NAME", help="only for this collection")

    ask = command("ask", "answer one question, or a file of them")
    ask.add_argument("question", nargs="?", help="the question; - reads it from standard input")
    ask.add_argument("--file", metavar="JSONL", help='questions, one {"id", "question", "history"?} a line')
    _llm(ask)
    _retrieval(ask)
    _collections(ask)

    search = command("search", "find passages without answering")
    search.add_argument("question", help="what to look for")
    search.add_argument(
        "--min-score",
        type=_probability,
        default=0.0,
        metavar="P",
        help="only passages that hold the answer with at least this probability, 0 to 1 (default: 0)",
    )
    _retrieval(search)
    _collections(search)

    add = command("add", "add files, or folders with all that is in them")
    _collection(add)
    add.add_argument("--allow-urls", action="store_true", default=None, help="fetch web addresses among the paths")
    add.add_argument("--ray", metavar="ADDRESS", help="embed on a Ray cluster: local, or e.g. ray://HOST:10001")
    add.add_argument(
        "paths", nargs="+", metavar="PATH|URL", help="text, Markdown, HTML, PDF, DOCX, PPTX, XLSX, CSV, EPUB"
    )
    for option, help_ in (("include", "of folders take only files like this"), ("exclude", "leave these out")):
        add.add_argument(f"--{option}", action="append", default=[], metavar="PATTERN", help=f"{help_}, e.g. '*.pdf'")

    remove = command("remove", "remove documents without a trace")
    _collection(remove)
    remove.add_argument("names", nargs="+", metavar="DOCUMENT_ID|PATH", help="a folder removes what came from it")

    export = command("export", "write the whole collection into one archive")
    _collection(export)
    export.add_argument("archive", metavar="ARCHIVE", help="where it goes, e.g. collection.zip")

    imported = command("import", "add the documents of an archive that export wrote")
    _collection(imported)
    imported.add_argument("archive", metavar="ARCHIVE")

    _collection(command("reindex", "make the index anew from the documents in it"))

    index = command("index", "make the index, bring it up to date, or add files that all have to be readable")
    _collection(index)
    index.add_argument("paths", nargs="*", metavar="PATH", help="files; none makes the index if needed")
    index.add_argument("--rebuild", action="store_true", help="the same as `wenju reindex`")

    _collection(command("list", "list the documents of the index"))
    command("collections", "list the collections")

    show = command("show", "show a document's text")
    _collection(show)
    show.add_argument("document_id", metavar="DOCUMENT_ID")

    models = command("models", "list, fetch or verify model files")
    models.add_argument("action", choices=("list", "pull", "verify"), nargs="?", default="list")
    models.add_argument("names", nargs="*", metavar="NAME", help="which models (default: all)")

    config = command("config", "print the settings in force, each with where it comes from")
    _llm(config)
    _retrieval(config)

    doctor = command("doctor", "say what is installed, what is wrong and how to mend it")
    _llm(doctor)
    doctor.add_argument("--rebuild", action="store_true", help="make damaged collections anew from what can be read")

    if extensions:
        for extension in entry_points(group="wenju.commands"):
            extension.load()(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; every error of ours is one sentence with what to do, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character shall show its number, not a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            return _run(list(sys.argv[1:] if arguments is None else arguments))
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output is gone; Python must not complain of it again when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(given: list[str]) -> int:
    options = parser(extensions=not given or given[0] not in _BUILT_IN).parse_args(given)
    from assistant.errors import AssistantError
    from knowledge.errors import KnowledgeError

    run: Run = options.run
    try:
        return run(options)
    except (AssistantError, KnowledgeError) as error:
        _complain(error.message, error.hint)
        from assistant.commands import exit_code

        return exit_code(error)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _complain(f"{error.strerror or error}{where}.", "Check that the disk has room and the folder can be written.")
        return 1


_OF_DOCUMENTS = frozenset({"add", "remove", "export", "import", "reindex", "index", "list", "show", "collections"})
_OF_SERVICES = frozenset({"serve", "key", "mcp"})
_BUILT_IN = (
    _OF_DOCUMENTS | _OF_SERVICES | {"chat", "ask", "search", "models", "doctor", "password", "config", "--version"}
)


def _later(name: str) -> Run:
    """Import a command's code only when it runs, so that ``--help`` is instant."""

    def run(options: argparse.Namespace) -> int:
        from importlib import import_module

        services = "service_commands" if name in _OF_SERVICES else "commands"
        module = "document_commands" if name in _OF_DOCUMENTS else services
        chosen: Run = getattr(import_module(f"assistant.{module}"), "import_archive" if name == "import" else name)
        return chosen(options)

    return run


def _llm(added: argparse.ArgumentParser) -> None:
    added.add_argument(
        "--llm",
        metavar="none|local|SPEC",
        help="chat model: none (quotes only), local, openai:MODEL, ollama:MODEL or http://HOST:PORT/v1#MODEL "
        "(default: local if its weights are there)",
    )


def _retrieval(added: argparse.ArgumentParser) -> None:
    added.add_argument("-k", "--passages", type=int, help="how many passages are retrieved (default: 8)")


def _collections(added: argparse.ArgumentParser) -> None:
    added.add_argument(
        "--collection", action="append", metavar="NAME", help="ask this collection; repeatable, all are asked together"
    )


def _collection(added: argparse.ArgumentParser) -> None:
    added.add_argument("--collection", metavar="NAME", help="of this collection (default: default)")


def _probability(text: str) -> float:
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError("must be between 0 and 1")
    return value


def _complain(message: str, hint: str) -> None:
    print(f"wenju: {message}\n       {hint}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
