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
    """Propose cases from a document; each is marked as not reviewed."""
    from evals.cases import BadCases, spread
    from evals.commands.output import write
    from evals.drafting.cases import HEADER, draft_cases
    from knowledge.load import load_text_file

    if args.document is None or len(args.suite) > 1:
        raise BadCases("`wenju eval draft` needs a document.", hint="Say `wenju eval draft --from FILE`.")
    if args.out and args.out.exists():
        # Somebody may have reviewed what stands there.
        raise BadCases(f"{args.out} is there already.", hint="Name another --out file, or move that one.")
    drafted = spread(draft_cases(load_text_file(args.document).page_content), args.limit or MOST_DRAFTS)
    if not drafted:
        raise BadCases(
            f"{args.document} holds no quantity, name or list to ask for.", hint="Write the cases by hand instead."
        )
    lines = [case.model_dump_json(exclude={"must_pass", "history", "forbidden"}) for case in drafted]
    text = HEADER + "\n".join(lines) + "\n"
    if args.out is None:
        print(text, end="")
        return 0
    write(args.out, text)
    print(f"Drafted {len(drafted)} cases into {args.out}; none is asked before somebody reviews it.", file=sys.stderr)
    return 0
