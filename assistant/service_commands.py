"""What the ``wenju`` commands do that serve other programs: over HTTP, or by the Model Context Protocol."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assistant.command_output import open_assistant, print_json
from assistant.errors import ExtraMissing


def serve(options: argparse.Namespace) -> int:
    """Serve the HTTP API, and the chat page beside it, until it is stopped."""
    try:
        from assistant.service.options import ServiceOptions
        from assistant.service.server import serve as serve_api
    except ModuleNotFoundError as error:
        raise ExtraMissing(
            f"The service needs the package {error.name}.", hint='Run: pip install "wenju[serve]".'
        ) from error
    limits = ServiceOptions.from_environment(
        keys=options.keys and Path(options.keys),
        auth=options.auth and Path(options.auth),
        page=options.page,
        rate=options.rate,
        workers=options.workers,
        log_questions=options.log_questions,
    )
    with open_assistant(options) as assistant:
        serve_api(assistant, limits, host=options.host, port=options.port)
    return 0


def key(options: argparse.Namespace) -> int:
    """Make an API key: its line on standard output, the key itself once on standard error."""
    from assistant.service.keys import new_key

    made, line = new_key(options.name, write=options.write, collections=tuple(options.collection))
    if options.json:
        print_json({"key": made, "line": line})
    else:
        print(f"The key, shown only now: {made}", file=sys.stderr)
        print(line)
    return 0


def mcp(options: argparse.Namespace) -> int:
    """Serve the tools of the Model Context Protocol until the client goes or it is stopped."""
    try:
        from assistant.service.mcp_server import serve_http, serve_stdio
        from assistant.service.mcp_tools import Toolbox
    except ModuleNotFoundError as error:
        raise ExtraMissing(
            f"The MCP server needs the package {error.name}.", hint='Run: pip install "wenju[mcp]".'
        ) from error
    with open_assistant(options) as assistant:
        toolbox = Toolbox(assistant)
        if options.http:
            serve_http(toolbox, options.port)
        else:
            serve_stdio(toolbox)
    return 0
