"""``wenju eval init`` and ``wenju eval draft``: suites for a user's own documents."""

from __future__ import annotations

import argparse
import sys
from importlib.resources import files
from pathlib import Path

STARTER = ("README.md", "example.md", "example.wenju.jsonl")
MOST_DRAFTS = 40
"""How many cases are proposed unless ``--limit`` says otherwise."""


def init(args: argparse.Namespace) -> int:
    """Write a commented starter suite into a folder; nothing that is there already is touched."""
    from evals.cases import BadCases
    from evals.commands.output import write

    if len(args.suite) != 2:
        raise BadCases("`wenju eval init` needs a folder.", hint="Say, e.g., `wenju eval init my-evals`.")
    folder = Path(args.suite[1])
    for name in STARTER:
        if (folder / name).exists():
            raise BadCases(f"{folder / name} is there already.", hint="Name another folder, or move that file.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadCases(
            f"The folder {folder} cannot be made: {error.strerror or error}.", hint="Name another folder."
        ) from error
    for name in STARTER:
        write(folder / name, files("evals").joinpath("starter", name).read_text(encoding="utf-8"))
    print(f"Wrote {', '.join(STARTER)} into {folder}. Begin with:")
    print(f"  wenju index {folder / 'example.md'}")
    print(f"  wenju eval {folder / 'example.wenju.jsonl'} --llm none")
    return 0


def draft(args: argparse.Namespace) -> int:
    """Propose cases from a document or from rated answers; none counts before somebody reviews it."""
    from evals.cases import BadCases
    from evals.commands.output import write

    if (args.document is None) == (not args.from_feedback) or len(args.suite) > 1:
        raise BadCases(
            "`wenju eval draft` needs either a document or the ratings.",
            hint="Say `wenju eval draft --from FILE` or `wenju eval draft --from-feedback`.",
        )
    if args.out and args.out.exists():
        # Somebody may have reviewed what stands there.
        raise BadCases(f"{args.out} is there already.", hint="Name another --out file, or move that one.")
    header, lines = _of_feedback(args.limit) if args.from_feedback else _of_document(args.document, args.limit)
    text = header + "\n".join(lines) + "\n"
    if args.out is None:
        print(text, end="")
        return 0
    write(args.out, text)
    print(f"Drafted {len(lines)} cases into {args.out}; none is asked before somebody reviews it.", file=sys.stderr)
    return 0


def _of_document(document: Path, limit: int | None) -> tuple[str, list[str]]:
    from evals.cases import BadCases, spread
    from evals.drafting.cases import HEADER, draft_cases
    from knowledge.load import load_text_file

    drafted = spread(draft_cases(load_text_file(document).page_content), limit or MOST_DRAFTS)
    if not drafted:
        raise BadCases(
            f"{document} holds no quantity, name or list to ask for.", hint="Write the cases by hand instead."
        )
    return HEADER, [case.model_dump_json(exclude={"must_pass", "history", "forbidden"}) for case in drafted]


def _of_feedback(limit: int | None) -> tuple[str, list[str]]:
    from assistant.conversations import FILE_NAME, Conversations
    from assistant.settings import Settings
    from evals.cases import BadCases, spread
    from evals.drafting.feedback import HEADER, draft_lines

    path = Settings.from_environment().home / FILE_NAME
    if not path.exists():
        raise BadCases(f"There are no conversations in {path}.", hint="Name the page's folder in WENJU_HOME.")
    kept = Conversations(path)
    try:
        lines = spread(draft_lines(kept.rated()), limit)
    finally:
        kept.close()
    if not lines:
        raise BadCases(f"Nobody has rated an answer in {path}.", hint="Rate some on the page: the thumbs below each.")
    return HEADER, lines
