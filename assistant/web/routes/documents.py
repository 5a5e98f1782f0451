"""The documents, everybody's and a conversation's own: the list, uploads, taking out, and builds."""

import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from assistant.errors import SettingsError
from assistant.web.files import safe_name
from assistant.web.routes.replies import missing, told
from assistant.web.who import Who, user_of
from assistant.web.words import chosen
from index.errors import NoIndexError
from index.types import Document

MOST_TOLD = 1_000
PIECE = 50
"""Documents that a list shows at a time."""


def add(router: APIRouter, who: Who) -> None:
    """Add these routes."""
    library = who.library

    @router.get("/documents")
    def documents(request: Request, chat: str = "", q: str = "", start: int = 0) -> Response:
        mine = who.chats(user_of(request.scope))
        try:
            own = mine.uploads.documents(chat) if chat else []
            index = library.index()
            wanted = q.casefold().split()
            found = [document for id in index.document_ids if _named(document := index.outline(id), wanted)]
            listed: dict[str, Any] = {
                "total": len(index.document_ids),
                "found": len(found),
                "documents": [_described(document, library.owns(document)) for document in found[start : start + PIECE]],
                "sources": [Path(source).name or source for source in index.manifest.sources],
                "built": index.manifest.built_at,
                "report": _report(library.report(), user_of(request.scope).admin),
                "taken_out": [{"file": file, "name": Path(file).name} for file in library.taken_out()] if user_of(request.scope).admin else [],
            }
        except NoIndexError:
            listed = {"total": 0, "found": 0, "documents": [], "sources": [], "built": None, "report": {}, "taken_out": []}
        only = mine.history.only_in(chat) if chat else ()
        return told({**listed, "own": [_described(document, True) for document in own if _named(document, q.casefold().split())], "only": only})

    @router.post("/documents/remove")
    def remove(request: Request, id: Annotated[str, Body()], chat: Annotated[str, Body()] = "") -> Response:
        try:
            if chat:
                return told({}) if who.chats(user_of(request.scope)).uploads.remove(chat, id) else missing()
            _require_admin(request)
            library.remove(id)
        except KeyError:
            return missing()
        return told({})

    @router.post("/documents/bring-back")
    def bring_back(request: Request, file: Annotated[str, Body(embed=True)]) -> Response:
        _require_admin(request)
        library.bring_back(file)
        return told({})

    @router.get("/building")
    def building(request: Request, chat: str = "") -> Response:
        progress = who.chats(user_of(request.scope)).uploads.progress(chat) if chat else library.job.progress
        return told({**asdict(progress), "failed": progress.failed[:MOST_TOLD], "running": progress.is_running})

    @router.post("/building/{order}")
    def build(request: Request, order: str, chat: Annotated[str, Body(embed=True)] = "") -> Response:
        if not chat:
            _require_admin(request)
        if order == "stop" and chat:
            who.chats(user_of(request.scope)).uploads.stop(chat)
        elif order == "stop":
            library.job.stop()
        elif order == "start" and not chat:
            library.rebuild()
        else:
            return missing()
        return told({})

    @router.post("/upload")
    async def upload(request: Request, name: str, chat: str = "") -> Response:
        """The body is the file; without a `chat` it goes to the library."""
        scratch: Path | None = None
        try:
            if not chat:
                _require_admin(request)
            safe = safe_name(name)
            scratch = await _received(request, library.settings.data_folder, library.settings.upload_mb)
            mine = who.chats(user_of(request.scope))
            kept = await run_in_threadpool(mine.add, chat, safe, scratch) if chat else await run_in_threadpool(library.add, safe, scratch)
            return told({"name": kept})
        except OSError as error:
            raise SettingsError(f"{name} cannot be kept: {error.strerror or error}") from error
        finally:
            if scratch:
                scratch.unlink(missing_ok=True)


def _report(report: dict[str, Any], whole: bool) -> dict[str, Any]:
    """A reading report; without the places of files for whoever may not change the library."""
    kinds = ("failed", "skipped", "warnings")
    if whole or not report:
        return report
    return {**report, **{kind: [{**problem, "file": Path(problem["file"]).name} for problem in report[kind]] for kind in kinds}}


def _require_admin(request: Request) -> None:
    if not user_of(request.scope).admin:
        raise SettingsError(chosen(request.headers)("only-admin"))


async def _received(request: Request, folder: Path, most_mb: int) -> Path:
    """The body of a request in a new file. Raises SettingsError for one that is too large, empty, or broke off; nothing of it is left then."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, path = tempfile.mkstemp(prefix=".upload-", dir=folder)
    size = 0
    try:
        with os.fdopen(handle, "wb") as stream:
            async for piece in request.stream():
                size += len(piece)
                _require_size(size, most_mb)
                stream.write(piece)
        _require_size(size or -1, most_mb)
        return Path(path)
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise


def _require_size(size: int, most_mb: int) -> None:
    if size < 0:
        raise SettingsError("the file is empty (0 bytes)")
    if size > most_mb * 1_000_000:
        raise SettingsError(f"the file is larger than {most_mb} MB: FOOTNOTE_UPLOAD_MB sets how large one may be")


def _named(document: Document, wanted: list[str]) -> bool:
    name = f"{document.id} {document.name}".casefold()
    return all(word in name for word in wanted)


def _described(document: Document, uploaded: bool) -> dict[str, Any]:
    return {
        "id": document.id,
        "title": document.name,
        "pages": len(document.pages),
        "modified": document.modified,
        "language": document.language,
        "notes": list(document.notes),
        "uploaded": uploaded,
    }
