"""The chat page: a conversation on the left, the document it rests on beside it.

- ``markup``: HTML that is safe by construction.
- ``texts``: every word of the interface, in Chinese and English.
- ``documents``: a document with one place marked.
- ``render``: questions, evidence and answers.
- ``turns``: one turn of a conversation, from the question to the checked answer.
- ``page``: the Gradio page and its events; the only file that imports gradio.
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
