"""Where a report goes: the files that were asked for, and the terminal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.report.model import Report


def check_writable(args: argparse.Namespace) -> None:
    """Refuse a file that cannot be written before a run takes its minutes.

    Raises:
        BadCases: There is no such folder.
    """
    from evals.cases import BadCases

    for path in (args.out, args.junit, args.markdown, args.html):
        if path is not None and (path.is_dir() or not path.parent.is_dir()):
            why = "it is a folder" if path.is_dir() else "there is no such folder"
            raise BadCases(f"{path} cannot be written: {why}.", hint="Name a file in a folder that exists.")


def write_report(report: Report, args: argparse.Namespace, earlier: Report | None) -> None:
    """Write and print a report as the arguments ask; the rest is as for `write_files`."""
    write_files(report, args, earlier)
    if args.json:
        print(report.to_json())
    else:
        from rich.console import Console

        from evals.report.table import print_report

        print_report(report, Console())


def write_files(report: Report, args: argparse.Namespace, earlier: Report | None, beside: str = "earlier run") -> None:
    """Write the files that the arguments name.

    Args:
        report: The report.
        args: What `evals.cli.command` parsed.
        earlier: The run that stands beside it on the HTML page.
        beside: What that run is called there.

    Raises:
        BadCases: A file cannot be written.
    """
    if args.out:
        write(args.out, report.to_json() + "\n")
    if args.junit:
        from evals.report.junit import to_junit

        write(args.junit, to_junit(report))
    if args.markdown:
        from evals.report.markdown import to_markdown

        write(args.markdown, to_markdown(report))
    if args.html:
        from evals.report.page import to_html

        write(args.html, to_html(report, earlier, beside))


def write(path: Path, text: str) -> None:
    """Write a file; a lone half of a surrogate pair, which a model can write, becomes its number.

    Raises:
        BadCases: It cannot be written.
    """
    from evals.cases import BadCases

    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise BadCases(
            f"{path} cannot be written: {error.strerror or error}.", hint="Name a file in a folder that exists."
        ) from error
