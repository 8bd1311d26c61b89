"""What bounds the service: one frozen dataclass.

An option goes before the environment (``WENJU_SERVE_RATE`` …), that before the table ``[serve]`` of the settings file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.configuration import Fields, Group, Kind, Setting
from assistant.errors import BadSettings
from assistant.settings import effective_of

TABLE = "serve"
"""Table of the settings file."""

_KINDS: dict[str, Kind] = {
    "page": "switch",
    "keys": "path",
    "auth": "path",
    "rate": "count",
    "workers": "count",
    "queue": "count",
    "max_body": "count",
    "body_seconds": "number",
    "request_seconds": "number",
    "shutdown_seconds": "count",
    "log_questions": "switch",
}
FIELDS: Fields = {name: (kind, (f"WENJU_SERVE_{name.upper()}",)) for name, kind in _KINDS.items()}
"""What can be configured from outside; the variables are the names with ``WENJU_SERVE_`` before them."""


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """Limits of the service.

    Attributes:
        keys: File of API keys (lines of `wenju key`); None lets everybody on this machine in.
        rate: Requests a minute of one key, or of one address where there are no keys.
        max_body: Most bytes of a request's body, of an upload too.
        body_seconds: Seconds within which a request's body must have arrived.
        request_seconds: Seconds after which a request that is not answered is given up, its model stopped.
        workers: Questions answered and searches made at the same time, more than there are processors because questions
            that meet are embedded together; the local model answers one of them.
        queue: How many may wait besides; whoever comes later gets a 503 at once.
        shutdown_seconds: Seconds that open requests have to finish when the service is stopped.
        log_questions: Write the words of questions into the log.
        page: Serve the chat page beside the API.
        auth: File of the page's users (lines of `wenju password`); where there are keys, there is no page without one.
    """

    keys: Path | None = None
    rate: int = 600
    max_body: int = 10_000_000
    body_seconds: float = 30.0
    request_seconds: float = 120.0
    workers: int = 8
    queue: int = 64
    shutdown_seconds: int = 20
    log_questions: bool = False
    page: bool = True
    auth: Path | None = None

    @property
    def has_page(self) -> bool:
        """Whether the chat page is served: nobody comes in by the page who could not by the API."""
        return self.page and (self.keys is None or self.auth is not None)

    def __post_init__(self) -> None:
        """Refuse limits that cannot work.

        Raises:
            BadSettings: A number is out of its range.
        """
        for name in ("rate", "max_body", "workers", "body_seconds", "request_seconds", "shutdown_seconds"):
            if not getattr(self, name) > 0:
                raise BadSettings(f"{name} is {getattr(self, name)}, not above 0.", hint="Leave it out or raise it.")
        if self.queue < 0:
            raise BadSettings(f"queue is {self.queue}, below 0.", hint="Use 0 for no waiting.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **options: Any) -> ServiceOptions:
        """Read the limits from environment variables and the settings file.

        Args:
            environment: As for `assistant.settings.config_file`.
            **options: Fields that take precedence over both; None is ignored.

        Raises:
            BadSettings: A value cannot be understood.
        """
        return cls(**{one.name: one.value for one in effective_limits(environment, **options)})


def effective_limits(environment: Mapping[str, str] | None = None, **options: Any) -> list[Setting]:
    """Return every limit with where its value comes from; arguments and errors are those of `effective`."""
    return effective_of(Group(TABLE, FIELDS, ServiceOptions()), environment, **options)
