"""What the page's script may ask for besides answers: lists, documents, settings, exports.

Every function takes who asks, the language of the page and what the script sent, which is not to be trusted, and
returns HTML that is safe by construction or plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from assistant.conversations import Conversations
from assistant.errors import ConversationUnknown
from assistant.exchange import Rating, to_markdown, with_sources
from assistant.types import Choices
from assistant.web import choices, lists, render
from assistant.web.documents import Cited, source
from assistant.web.markup import Markup
from assistant.web.texts import text
from assistant.web.turns import Backend
from knowledge.errors import DocumentUnknown
from knowledge.types import Language

MOST_CITED = 100
"""Cited sentences marked in a document."""

Sent = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Service:
    """The page's functions.

    Attributes:
        backend: Holds the documents.
        kept: Holds the conversations.
        alone: Whether everybody who can reach the page owns the machine, and may remove any document.
    """

    backend: Backend
    kept: Conversations
    alone: bool = False

    def conversations(self, owner: str, language: Language, sent: Sent) -> Markup:
        """Return the list of conversations: those with the words of ``search``, ``current`` marked."""
        search = str(sent.get("search", ""))[:200]
        headings = self.kept.list(owner, search)
        return lists.conversations(headings, str(sent.get("current", "")), language, searched=bool(search.strip()))

    def rename(self, owner: str, language: Language, sent: Sent) -> str:
        """Call conversation ``id`` ``title``."""
        self.kept.rename(owner, str(sent["id"]), str(sent["title"]))
        return ""

    def delete(self, owner: str, language: Language, sent: Sent) -> str:
        """Delete conversation ``id``."""
        self.kept.delete(owner, [str(sent["id"])])
        return ""

    def export(self, owner: str, language: Language, sent: Sent) -> dict[str, str]:
        """Return conversation ``id`` as a file to save, its name and text; ``format`` is ``markdown`` or ``json``."""
        heading = self.kept.heading(owner, str(sent["id"]))
        exchanges = self.kept.exchanges(owner, heading.id)
        name = re.sub(r"[^\w-]+", "-", heading.title).strip("-")[:40] or "wenju"
        if sent.get("format") != "json":
            return {"name": f"{name}.md", "text": to_markdown(heading.title, exchanges)}
        plain = {
            "title": heading.title,
            "created": heading.created,
            "exchanges": [exchange.to_dict() for exchange in exchanges],
        }
        return {"name": f"{name}.json", "text": json.dumps(plain, ensure_ascii=False, indent=1)}

    def copy(self, owner: str, language: Language, sent: Sent) -> str:
        """Return answer ``at`` of conversation ``id`` with its sources, as text."""
        exchanges = self.kept.exchanges(owner, str(sent["id"]))
        at = int(sent["at"])
        given = exchanges[at].answer if 0 <= at < len(exchanges) else None
        if given is None:
            raise ConversationUnknown("There is no such answer.", hint="Choose another one.")
        return with_sources(given)

    def rate(self, owner: str, language: Language, sent: Sent) -> str:
        """Keep the ``rating`` and ``comment`` of answer ``at`` of conversation ``id``."""
        ratings: dict[str, Rating] = {"up": "up", "down": "down"}
        rating = ratings.get(str(sent.get("rating")), "")
        self.kept.rate(owner, str(sent["id"]), int(sent["at"]), rating, str(sent.get("comment", "")))
        return ""

    def source(self, owner: str, language: Language, sent: Sent) -> Markup:
        """Return ``document`` with ``start`` to ``end`` marked, and the other sentences in ``cited`` marked less."""
        try:
            record = self.backend.document(str(sent["document"]))
        except DocumentUnknown:
            return render.notice(text("no_such_document", language), language)
        start, end = int(sent["start"]), int(sent["end"])
        if not (start == end == 0 or 0 <= start < end <= len(record.text)):
            return render.notice(text("no_such_place", language), language)
        cited = [Cited(*map(int, one)) for one in list(sent.get("cited", ()))[:MOST_CITED]]
        within = [one for one in cited if 0 <= one.start < one.end <= len(record.text) and one.marker > 0]
        return source(record, start, end, language, within)

    def documents(self, owner: str, language: Language, sent: Sent) -> Markup:
        """Return the list of documents."""
        records = self.backend.documents()
        own = {record.id for record in records} if self.alone else self.kept.uploads(owner)
        return lists.documents(records, self.settings_of(owner).get("left_out", ()), own, language)

    def remove(self, owner: str, language: Language, sent: Sent) -> str:
        """Remove document ``id`` from the collection, if this user may."""
        id_ = str(sent["id"])
        if self.alone or id_ in self.kept.uploads(owner):
            with suppress(DocumentUnknown):  # it is gone already
                self.backend.remove([id_])
            self.kept.forget_upload(id_)
        return ""

    def settings(self, owner: str, language: Language, sent: Sent) -> Markup:
        """Return the settings as a form."""
        return lists.settings(self.settings_of(owner), self.backend.readers, language)

    def choose(self, owner: str, language: Language, sent: Sent) -> str:
        """Keep what was chosen in the settings; what is not sent stays."""
        now = choices.chosen({**self.settings_of(owner), **sent}, self.backend.readers)
        self.kept.choose(owner, now)
        return ""

    def settings_of(self, owner: str) -> dict[str, Any]:
        """Return what an owner chose that can still be chosen."""
        return choices.chosen(self.kept.choices(owner), self.backend.readers)

    def choices_of(self, owner: str) -> Choices:
        """Return what an owner's settings mean for a question."""
        now = self.settings_of(owner)
        ids = frozenset(entry.id for entry in self.backend.catalog()) if now.get("left_out") else frozenset()
        return choices.choices(now, self.backend.readers, ids)


FUNCTIONS: dict[str, tuple[str, ...]] = {
    "chats": ("conversations", "rename", "delete", "export"),
    "talk": ("copy", "rate"),
    "source": ("source",),
    "shelf": ("documents", "remove", "choose"),
    "settings": ("settings", "choose"),
}
"""Which part of the page may ask for what."""
