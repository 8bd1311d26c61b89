"""Serving the page: a free port, an address, a clean end."""

from __future__ import annotations

import errno
import os
import socket
import webbrowser
from typing import TYPE_CHECKING, Any

from assistant.errors import BadSettings
from assistant.web.turns import Backend

if TYPE_CHECKING:
    from assistant.conversations import Conversations
    from assistant.passwords import Users

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Addresses that only this machine can reach."""

PORTS_TRIED = 20
"""How many ports are tried, counted up from the one asked for."""


def open_page(
    assistant: Backend,
    kept: Conversations,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    users: Users | None = None,
    share: bool = False,
) -> tuple[Any, str]:
    """Serve the chat page from a thread and return at once.

    Args:
        assistant: Answers the questions.
        kept: Keeps the conversations.
        host: Address to listen on; ``"0.0.0.0"`` lets other machines in.
        port: Port to listen on; if it is taken, the next free one. 0 takes any.
        users: Who may come in; None for everybody.
        share: Let Gradio's servers make a public address for the page; everything that is asked goes through them.

    Returns:
        The Gradio page, whose ``close()`` ends serving, and the page's address.

    Raises:
        BadSettings: The host is not one of this machine, no port is free, or a page without users is to be shared.
    """
    from assistant.web.page import THREADS, build_page, launch_options

    if share and users is None:
        raise BadSettings(
            "A page without passwords is not shared with the world.",
            hint="Make a user with `wenju password NAME >> users.txt` and add --auth users.txt.",
        )
    chosen = free_port(host, port)
    _ask_loopback_directly()
    page = build_page(assistant, kept, alone=host in LOOPBACK and users is None)
    page.launch(
        server_name=host,
        server_port=chosen,
        share=share,
        prevent_thread_lock=True,
        app_kwargs={"middleware": _middleware(users)},
        quiet=True,
        max_threads=THREADS,
        **launch_options(),
    )
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host
    return page, f"http://{shown}:{chosen}"


def page_app(assistant: Backend, kept: Conversations, *, users: Users | None = None, alone: bool = False) -> Any:
    """Return the chat page as an ASGI application, to be served beside another one.

    It needs an event loop that runs, and its lifespan (``router.lifespan_context``). Browsers keep a stream open as
    long as they show the page: set ``state.inner.stop_event`` when the server is about to stop.

    Args:
        assistant: Answers the questions.
        kept: Keeps the conversations.
        users: Who may come in; None for everybody.
        alone: Whether everybody who can reach the page owns this machine.
    """
    from assistant.web.page import build_page, mounted

    return mounted(build_page(assistant, kept, alone=alone), _middleware(users))


def serve(
    assistant: Backend,
    kept: Conversations,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = False,
    users: Users | None = None,
    share: bool = False,
) -> None:
    """Serve the chat page until Ctrl-C.

    Args:
        assistant: Answers the questions.
        kept: Keeps the conversations.
        host: Address to listen on; ``"0.0.0.0"`` lets other machines in.
        port: Port to listen on; if it is taken, the next free one. 0 takes any.
        open_browser: Whether to open the page in the browser of this machine.
        users: Who may come in; None for everybody.
        share: As in `open_page`.

    Raises:
        BadSettings: As in `open_page`.
    """
    page, address = open_page(assistant, kept, host=host, port=port, users=users, share=share)
    print(f"问据 Wenju: {address}   (Ctrl-C 结束 / stops it)", flush=True)
    if share:
        print(f"Shared: {page.share_url}", flush=True)
    if host not in LOOPBACK and users is None:
        print("Everybody who can reach this machine can ask; there is no password.", flush=True)
    if open_browser:
        webbrowser.open(address)
    try:
        page.server.thread.join()
    except KeyboardInterrupt:
        print("\n再见 / Bye.", flush=True)
    finally:
        page.close(verbose=False)


def free_port(host: str, port: int) -> int:
    """Return the first free port from `port` on.

    Args:
        host: Address to listen on.
        port: First port to try; 0 for any.

    Raises:
        BadSettings: The host is not one of this machine, the number is no port, or none of `PORTS_TRIED` is free.
    """
    if not 0 <= port <= 65535:
        raise BadSettings(f"{port} is not a port.", hint="Use a number from 1024 to 65535, e.g. --port 7860.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, min(port + PORTS_TRIED, 65536)):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # a port in TIME_WAIT is free there; on Windows the option would share a taken one
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError as error:
                if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                    raise BadSettings(
                        f"Nothing can listen on {host} ({error.strerror or error}).",
                        hint="Use --host 127.0.0.1 for this machine only, or --host 0.0.0.0 for the network.",
                    ) from error
                continue
            return int(probe.getsockname()[1])
    raise BadSettings(
        f"Ports {port} to {port + PORTS_TRIED - 1} are all taken.", hint="Name another one, e.g. --port 8080."
    )


def _middleware(users: Users | None) -> list[Any]:
    """Return what stands before the page, wherever it is served."""
    from starlette.middleware import Middleware

    from assistant.web.first_script import FirstScript
    from assistant.web.page import first_script
    from assistant.web.visitors import Visitors

    return [Middleware(Visitors, users=users), Middleware(FirstScript, script=first_script())]


def _ask_loopback_directly() -> None:
    """Keep Gradio's check of its own address from going through a proxy that the environment names."""
    for key in ("no_proxy", "NO_PROXY"):
        hosts = [host for host in os.environ.get(key, "").split(",") if host]
        os.environ[key] = ",".join(dict.fromkeys([*hosts, *sorted(LOOPBACK)]))
