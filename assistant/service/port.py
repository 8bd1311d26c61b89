"""The port that was asked for, and no other: clients know only that one."""

from __future__ import annotations

from assistant.errors import BadSettings
from assistant.web.server import free_port


def exact_port(host: str, port: int) -> int:
    """Return a port that can be listened on.

    Args:
        host: Address to listen on.
        port: The port; 0 takes any.

    Raises:
        BadSettings: It is taken, or the host is not one of this machine.
    """
    chosen = free_port(host, port)
    if port and chosen != port:
        raise BadSettings(f"Port {port} is taken.", hint="Name another one, e.g. --port 8091.")
    return chosen
