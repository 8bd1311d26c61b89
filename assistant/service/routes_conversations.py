"""``/v1/conversations``: those of the key's owner and of nobody else. Questions are asked with ``/v1/ask``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path

from assistant.service.core import CallerOf, CoreOf
from assistant.service.schemas import ConversationOut, ConversationsOut, HeadingOut, NewConversation
from assistant.web.turns import stopped

router = APIRouter(prefix="/v1/conversations", tags=["conversations"])

Id = Annotated[str, Path(max_length=64)]


@router.get("", response_model=ConversationsOut)
def list_conversations(core: CoreOf, caller: CallerOf) -> dict[str, Any]:
    """List the conversations, the last one first."""
    return {"conversations": [asdict(one) for one in core.kept.list(caller.owner)]}


@router.post("", status_code=201, response_model=HeadingOut)
def begin_conversation(body: NewConversation, core: CoreOf, caller: CallerOf) -> dict[str, Any]:
    """Begin a conversation."""
    id_ = core.kept.create(caller.owner, body.title)
    return asdict(core.kept.heading(caller.owner, id_))


@router.get("/{id}", response_model=ConversationOut)
def show_conversation(id: Id, core: CoreOf, caller: CallerOf) -> dict[str, Any]:
    """Show what was said; a question that is not being answered any more and has no answer was stopped."""
    said = core.kept.exchanges(caller.owner, id)
    if id not in core.talking:
        said = tuple(map(stopped, said))
    return {**asdict(core.kept.heading(caller.owner, id)), "exchanges": [one.to_dict() for one in said]}


@router.patch("/{id}", response_model=HeadingOut)
def rename_conversation(id: Id, body: NewConversation, core: CoreOf, caller: CallerOf) -> dict[str, Any]:
    """Call a conversation something else."""
    core.kept.rename(caller.owner, id, body.title)
    return asdict(core.kept.heading(caller.owner, id))


@router.delete("/{id}", status_code=204)
def delete_conversation(id: Id, core: CoreOf, caller: CallerOf) -> None:
    """Delete a conversation, so that its words are no longer in the file."""
    core.kept.heading(caller.owner, id)
    core.kept.delete(caller.owner, [id])
