"""Cited sentences in their documents: passages, pictures of pages, originals; why an answer is what it is, copies of it, and ratings."""

import contextlib
import os
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Request
from fastapi.responses import FileResponse, Response

from assistant.export import answer_html
from assistant.render import answer_markdown, answer_plain
from assistant.web import viewer
from assistant.web.chats import Chats
from assistant.web.routes.replies import NEVER_KEPT, missing, told
from assistant.web.who import Who, user_of
from assistant.web.words import chosen
from index import original
from index.errors import IndexingError
from index.types import Document

STEP, NARROWEST, WIDEST = 160, 320, 3_200
"""Widths of pictures of pages, in pixels: few different ones, so that a browser finds them in its cache."""
IN_THE_BROWSER = (".pdf", ".txt")
"""Originals that a browser may show itself: nothing in them can act on this page."""


def add(router: APIRouter, who: Who) -> None:
    """Add these routes."""

    def read(request: Request, key: str, token: str, find: Callable[[Chats], Any]) -> Any:
        chats = who.readable(user_of(request.scope), key, token)
        return find(chats) if chats else None

    def document_of(request: Request, key: str, label: int, token: str) -> Document | None:
        with contextlib.suppress(IndexingError):
            found: Document | None = read(request, key, token, lambda chats: chats.document(key, label))
            return found
        return None

    @router.get("/passage/{key}/{label}")
    def passage(request: Request, key: str, label: int, shared: str = "") -> Response:
        found = read(request, key, shared, lambda chats: chats.passage(key, label, mine=not shared))
        return told(found) if found else missing(chosen(request.headers)("gone-answer"))

    @router.get("/page/{key}/{label}/{page}")
    def page(request: Request, key: str, label: int, page: int, width: int = 800, shared: str = "") -> Response:
        """A picture of a page; its address names the file's hash too, so that a browser never shows that of an older one."""
        document = document_of(request, key, label, shared)
        path = original.find(document) if document and viewer.is_printed(document) else None
        if document is None or path is None or not 1 <= page <= len(document.pages):
            return missing()
        kind, data = who.library.pages.picture(path, document, page, min(max(-(-width // STEP) * STEP, NARROWEST), WIDEST))
        return Response(data, media_type=kind, headers={"cache-control": "private, max-age=600"})

    @router.get("/original/{key}/{label}")
    def file(request: Request, key: str, label: int, shared: str = "") -> Response:
        document = document_of(request, key, label, shared)
        path = original.find(document) if document else None
        if path is None:
            return missing("The file is no longer where it was read.")
        shown = path.suffix.lower() in IN_THE_BROWSER
        kind = None if path.suffix.lower() == ".pdf" else "text/plain; charset=utf-8" if shown else "application/octet-stream"
        headers = {"content-disposition": f"{'inline' if shown else 'attachment'}; filename*=utf-8''{quote(os.fsencode(path.name))}", **NEVER_KEPT}
        return FileResponse(path, media_type=kind, headers=headers)

    @router.get("/why/{key}")
    def why(request: Request, key: str, shared: str = "") -> Response:
        found = read(request, key, shared, lambda chats: chats.why(key))
        return told(found) if found else missing()

    @router.get("/copy/{key}")
    def copy(request: Request, key: str, shared: str = "") -> Response:
        answer = read(request, key, shared, lambda chats: chats.answer(key))
        if answer is None:
            return missing()
        return told({"markdown": answer_markdown(answer), "plain": answer_plain(answer, 100_000), "html": answer_html(answer)})

    @router.post("/rate/{key}")
    def rate(
        request: Request, key: str, label: Annotated[int, Body()], good: Annotated[bool | None, Body()] = None, reason: Annotated[str, Body()] = ""
    ) -> Response:
        return told({}) if who.chats(user_of(request.scope)).rate(key, label, good, reason) else missing()
