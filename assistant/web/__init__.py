"""The chat page: conversations on the left, the chat in the middle, the document it rests on at the right.

- ``markup``: HTML that is safe by construction.
- ``texts``, ``interface.json``: every word of the interface, in Chinese and English.
- ``documents``: a document with its cited sentences marked.
- ``render``: questions, evidence and answers; ``lists``: conversations, documents, settings.
- ``choices``: what a user may choose, ``line``: who waits for the local model.
- ``requests``: what Gradio hands over.
- ``turns``: one turn of a conversation, from the question to the checked answer.
- ``service``: what the page's script may ask for besides answers; ``uploads``: files that are added.
- ``visitors``: who asks.
- ``page``: the Gradio page and its events; the only file that imports gradio. ``scripts/``: its script, by area.
- ``server``: a port, an address, Ctrl-C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.web.server import open_page, serve
from assistant.web.turns import Backend

if TYPE_CHECKING:
    from assistant.web.page import build_page

__all__ = ["Backend", "build_page", "open_page", "serve"]


def __getattr__(name: str) -> Any:
    """Import Gradio, which takes seconds, when the page is first built."""
    if name == "build_page":
        from assistant.web.page import build_page

        return build_page
    raise AttributeError(f"module 'assistant.web' has no attribute {name!r}")
