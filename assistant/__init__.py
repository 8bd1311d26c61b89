"""Ask documents in Chinese or English; every sentence of the answer shows the exact words it rests on.

>>> from assistant import ask
>>> print(ask("2015年底启动了哪三个新型智慧城市试点？").text)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.types import Answer, Citation, Claim, Message

if TYPE_CHECKING:
    from assistant.assistant import Assistant, ask
    from assistant.settings import Settings

__all__ = ["Answer", "Assistant", "Citation", "Claim", "Message", "Settings", "ask"]


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is first used, so that ``import assistant`` is instant."""
    if name in {"Assistant", "ask"}:
        from assistant import assistant as module

        return getattr(module, name)
    if name == "Settings":
        from assistant.settings import Settings

        return Settings
    raise AttributeError(f"module 'assistant' has no attribute {name!r}")
