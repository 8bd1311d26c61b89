"""``/v1/documents``: list, add by upload, see how far an upload is, remove."""

from __future__ import annotations

import asyncio
import re
import secrets
import tempfile
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, UploadFile
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from assistant.assistant import Assistant
from assistant.service.core import CallerOf, Core, CoreOf, ToRead, ToWrite
from assistant.service.keys import Caller
from assistant.service.problems import Problem, as_problem, response_of
from assistant.service.schemas import DocumentOut, DocumentsOut, UploadOut
from assistant.web.uploads import document
from knowledge.types import DocumentRecord

REMEMBERED = 1000
"""Uploads whose state is kept, the last ones."""

router = APIRouter(prefix="/v1/documents", tags=["documents"])

DocumentId = Annotated[str, InPath(pattern="^[0-9a-f]{16}$", description="16 hexadecimal digits.")]


@dataclass(slots=True)
class Upload:
    """A file on its way into the collection.

    Attributes:
        owner: Who sent it.
        id: Cannot be guessed.
        name: Of the file.
        state: How far it is.
        document_ids: What became of it.
        detail: What went wrong.
        hint: What to do about it.
        status: HTTP status of what went wrong.
    """

    owner: str
    name: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    state: str = "waiting"
    document_ids: list[str] = field(default_factory=list)
    detail: str = ""
    hint: str = ""
    status: int = 0


@router.get("", response_model=DocumentsOut)
def list_documents(backend: ToRead) -> dict[str, Any]:
    """List the documents of a collection."""
    return {"documents": [_row(record) for record in backend.documents()]}


@router.post("", status_code=201, response_model=UploadOut, responses={202: {"model": UploadOut}})
async def add_document(
    request: Request, file: UploadFile, core: CoreOf, caller: CallerOf, backend: ToWrite,
    wait: Annotated[bool, Query(description="Answer when the file is in; otherwise at once, with 202.")] = True,
) -> JSONResponse:  # fmt: skip
    """Add a file: text, Markdown, HTML, PDF, DOCX, PPTX, XLSX, CSV, EPUB. A second one of its name replaces it."""
    upload = Upload(caller.owner, _safe_name(file.filename or ""))
    content = await file.read()
    uploads: OrderedDict[str, Upload] = request.app.state.uploads
    uploads[upload.id] = upload
    while len(uploads) > REMEMBERED:
        uploads.popitem(last=False)
    adding = asyncio.create_task(_added(core, backend, caller, upload, content))
    tasks: set[asyncio.Task[None]] = request.app.state.adding
    tasks.add(adding)
    adding.add_done_callback(tasks.discard)
    await asyncio.wait({adding}, timeout=core.options.request_seconds if wait else 0.05)
    if upload.state == "failed":
        retry = {"Retry-After": "2"} if upload.status == 503 else {}
        return response_of(Problem(upload.status, upload.detail, upload.hint, retry), upload=upload.id)
    return JSONResponse(_state(upload), 201 if upload.state in {"added", "unchanged"} else 202)


@router.get("/uploads/{id}", response_model=UploadOut)
def upload_state(id: Annotated[str, InPath(max_length=64)], request: Request, caller: CallerOf) -> dict[str, Any]:
    """Say how far an upload of this key is."""
    upload: Upload | None = request.app.state.uploads.get(id)
    if upload is None or upload.owner != caller.owner:
        raise Problem(404, "There is no such upload.", "Uploads are forgotten when the service ends.")
    return _state(upload)


@router.get("/{id}", response_model=DocumentOut)
def show_document(id: DocumentId, backend: ToRead) -> dict[str, Any]:
    """Show what is known of a document."""
    return _row(backend.document(id))


@router.delete("/{id}", status_code=204)
async def remove_document(id: DocumentId, core: CoreOf, backend: ToWrite) -> None:
    """Remove a document; nothing of it stays in the index file."""

    def remove() -> list[str]:
        backend.document(id)
        return backend.remove([id])

    for removed in await core.lanes.adding.run(remove, core.options.request_seconds):
        core.kept.forget_upload(removed)


async def _added(core: Core, backend: Assistant, caller: Caller, upload: Upload, content: bytes) -> None:
    """Add a file in the lane for it; what comes of it stands in the upload."""
    try:
        ids, new = await core.lanes.adding.run(lambda: _add(backend, caller, upload, content), 86_400)
        for id_ in ids:
            core.kept.note_upload(caller.owner, id_)
        upload.document_ids, upload.state = ids, "added" if new else "unchanged"
    except Exception as error:
        problem = as_problem(error)
        upload.status, upload.detail, upload.hint = problem.status, problem.detail, problem.hint
        upload.state = "failed"


def _add(backend: Assistant, caller: Caller, upload: Upload, content: bytes) -> tuple[list[str], bool]:
    upload.state = "reading"
    with tempfile.TemporaryDirectory(prefix="wenju-upload-") as folder:
        path = Path(folder) / upload.name
        path.write_bytes(content)
        loaded = document(path, caller.owner)
    report = backend.add([loaded])
    source = loaded.metadata["source"]
    return [record.id for record in backend.store.catalog() if record.source == source], report.documents_added > 0


def _safe_name(name: str) -> str:
    """Return a file's name without folders and control characters.

    Raises:
        Problem: 422, nothing is left of it.
    """
    bare = re.split(r"[/\\]", name)[-1]
    bare = "".join(c for c in bare if c.isprintable()).strip(". ")
    stem, dot, suffix = bare.rpartition(".")
    if not stem or not dot:
        raise Problem(422, "The file has no name with an ending.", "Name it e.g. report.pdf.")
    return f"{stem[:60]}.{suffix[:10]}"


def _row(record: DocumentRecord) -> dict[str, Any]:
    plain = asdict(record)
    return {**plain, "characters": len(plain.pop("text"))}


def _state(upload: Upload) -> dict[str, Any]:
    return {name: getattr(upload, name) for name in ("id", "name", "state", "document_ids", "detail", "hint")}
