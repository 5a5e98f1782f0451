"""What the page's own scripts ask the server for, beside what gradio asks: citations, pages, conversations, documents, uploads, the login."""

import asyncio
import contextlib
import html
import os
import tempfile
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from assistant.errors import AssistantError, SettingsError
from assistant.export import FORMATS, answer_html, export
from assistant.people import OWNER, People, User
from assistant.render import answer_markdown, answer_plain
from assistant.web import CONVERSATIONS, viewer
from assistant.web.chats import Chats
from assistant.web.files import safe_name
from assistant.web.library import Library
from assistant.web.words import LANGUAGES, chosen, words_of
from index import original
from index.errors import IndexingError, NoIndexError
from index.types import Document

COOKIE = "footnote_session"
MOST_TOLD = 1_000
PIECE = 50
"""Documents that a list shows at a time."""
STEP, NARROWEST, WIDEST = 160, 320, 3_200
"""Widths of pictures of pages, in pixels: few different ones, so that a browser finds them in its cache."""
TRIES, PER_SECONDS, MOST_NAMES = 5, 60.0, 10_000
"""Passwords for one name that are tried, and in which time; names that are remembered."""
NEVER_KEPT = {"cache-control": "no-store"}
IN_THE_BROWSER = (".pdf", ".txt")
"""Originals that a browser may show itself: nothing in them can act on this page."""


class Who:
    """The users of this server and their conversations. Without `people` there is one, who may do everything."""

    def __init__(self, library: Library, people: People | None) -> None:
        self.library = library
        self.people = people
        self._chats: dict[str, Chats] = {}
        self._lock = threading.Lock()

    def chats(self, user: User) -> Chats:
        """The conversations of a user."""
        with self._lock:
            if user.name not in self._chats:
                self._chats[user.name] = Chats(self.library, self.library.settings.data_folder / CONVERSATIONS / user.name, self.people is not None)
            return self._chats[user.name]

    def shared(self, token: str) -> tuple[Chats, str] | None:
        """The conversation that a token lets read, and whose it is."""
        owner, _, secret = token.rpartition(".")
        if self.people is None or not any(user.name == owner for user in self.people.users()):
            return None
        chats = self.chats(User(owner, False))
        name = chats.history.shared_by(secret)
        return (chats, name) if name else None

    def readable(self, user: User, key: str, token: str) -> Chats | None:
        """The conversations in which a user may read an answer: their own, or those that a token opens."""
        if token:
            opened = self.shared(token)
            return opened[0] if opened and opened[0].conversation_of(key) == opened[1] else None
        return self.chats(user)

    def close(self) -> None:
        for chats in self._chats.values():
            chats.close()
        if self.people:
            self.people.close()


def user_of(request: Request) -> User:
    """Who asks, as the guard found out."""
    user: User = request.scope["footnote.user"]
    return user


def make_router(who: Who) -> APIRouter:
    """All routes of our own."""
    router = APIRouter()
    _add_citations(router, who)
    _add_conversations(router, who)
    _add_documents(router, who)
    _add_login(router, who)
    return router


MENDABLE = (AssistantError, IndexingError)
"""What the person can mend."""


def failing(_: Request, error: Exception) -> JSONResponse:
    """What the person can mend is an answer like any other: a browser calls what is refused an error of the page."""
    return _told({"trouble": str(error)})


def _told(value: Any) -> JSONResponse:
    return JSONResponse(value, headers=NEVER_KEPT)


def _missing(message: str = "There is no such thing (any more).") -> JSONResponse:
    return JSONResponse({"message": message}, 404, NEVER_KEPT)


# --- Citations -------------------------------------------------------------------------------------------


def _add_citations(router: APIRouter, who: Who) -> None:
    def read(request: Request, key: str, token: str, find: Callable[[Chats], Any]) -> Any:
        chats = who.readable(user_of(request), key, token)
        return find(chats) if chats else None

    def document_of(request: Request, key: str, label: int, token: str) -> Document | None:
        with contextlib.suppress(IndexingError):
            found: Document | None = read(request, key, token, lambda chats: chats.document(key, label))
            return found
        return None

    @router.get("/passage/{key}/{label}")
    def passage(request: Request, key: str, label: int, shared: str = "") -> Response:
        found = read(request, key, shared, lambda chats: chats.passage(key, label))
        return _told(found) if found else _missing(chosen(request.headers)("gone-answer"))

    @router.get("/page/{key}/{label}/{page}")
    def page(request: Request, key: str, label: int, page: int, width: int = 800, shared: str = "") -> Response:
        """A picture of a page; its address names the file's hash too, so that a browser never shows that of an older one."""
        document = document_of(request, key, label, shared)
        path = original.find(document) if document and viewer.is_printed(document) else None
        if document is None or path is None or not 1 <= page <= len(document.pages):
            return _missing()
        kind, data = who.library.pages.picture(path, document, page, min(max(-(-width // STEP) * STEP, NARROWEST), WIDEST))
        return Response(data, media_type=kind, headers={"cache-control": "private, max-age=600"})

    @router.get("/original/{key}/{label}")
    def file(request: Request, key: str, label: int, shared: str = "") -> Response:
        document = document_of(request, key, label, shared)
        path = original.find(document) if document else None
        if path is None:
            return _missing("The file is no longer where it was read.")
        shown = path.suffix.lower() in IN_THE_BROWSER
        kind = None if path.suffix.lower() == ".pdf" else "text/plain; charset=utf-8" if shown else "application/octet-stream"
        headers = {"content-disposition": f"{'inline' if shown else 'attachment'}; filename*=utf-8''{quote(os.fsencode(path.name))}", **NEVER_KEPT}
        return FileResponse(path, media_type=kind, headers=headers)

    @router.get("/why/{key}")
    def why(request: Request, key: str, shared: str = "") -> Response:
        found = read(request, key, shared, lambda chats: chats.why(key))
        return _told(found) if found else _missing()

    @router.get("/copy/{key}")
    def copy(request: Request, key: str, shared: str = "") -> Response:
        answer = read(request, key, shared, lambda chats: chats.answer(key))
        if answer is None:
            return _missing()
        return _told({"markdown": answer_markdown(answer), "plain": answer_plain(answer, 100_000), "html": answer_html(answer)})

    @router.post("/rate/{key}")
    def rate(
        request: Request, key: str, label: Annotated[int, Body()], good: Annotated[bool | None, Body()] = None, reason: Annotated[str, Body()] = ""
    ) -> Response:
        return _told({}) if who.chats(user_of(request)).rate(key, label, good, reason) else _missing()


# --- Conversations ---------------------------------------------------------------------------------------


def _add_conversations(router: APIRouter, who: Who) -> None:
    @router.get("/me")
    def me(request: Request) -> Response:
        user = user_of(request)
        return _told(
            {
                "name": user.name if who.people else "",
                "admin": user.admin,
                "language": chosen(request.headers).language,
                "languages": {language: words_of(language)("language") for language in LANGUAGES},
                "upload_bytes": who.library.settings.upload_mb * 1_000_000,
            }
        )

    @router.get("/chats")
    def chats(request: Request, q: str = "") -> Response:
        found = who.chats(user_of(request)).history.chats(q[:200])
        return _told(list(map(asdict, found)))

    @router.post("/chats/{name}/rename")
    def rename(request: Request, name: str, title: Annotated[str, Body(embed=True)]) -> Response:
        who.chats(user_of(request)).history.rename(name, title)
        return _told({})

    @router.post("/chats/{name}/delete")
    def delete(request: Request, name: str) -> Response:
        who.chats(user_of(request)).delete(name)
        return _told({})

    @router.post("/chats/{name}/share")
    def share(request: Request, name: str, shared: Annotated[bool, Body(embed=True)]) -> Response:
        user = user_of(request)
        if who.people is None:
            raise SettingsError("a conversation is shared with others who log in: start the chat with --auth")
        token = who.chats(user).history.share(name, shared)
        return _told({"token": f"{user.name}.{token}" if token else None})

    @router.post("/chats/{name}/branch")
    def branch(request: Request, name: str, key: Annotated[str, Body(embed=True)]) -> Response:
        new = who.chats(user_of(request)).branch(name, key)
        return _told({"id": new}) if new else _missing()

    @router.post("/chats/{name}/again")
    def again(request: Request, name: str, key: Annotated[str, Body(embed=True)]) -> Response:
        return _told({"replaces": who.chats(user_of(request)).ask_again(name, key)})

    @router.get("/chats/{name}/only")
    def ticked(request: Request, name: str) -> Response:
        return _told({"documents": who.chats(user_of(request)).history.only_in(name)})

    @router.post("/chats/{name}/only")
    def only(request: Request, name: str, documents: Annotated[list[str], Body(embed=True)]) -> Response:
        who.chats(user_of(request)).look_only_in(name, documents[:5_000])
        return _told({})

    @router.get("/chats/{name}/export")
    def exported(request: Request, name: str, format: str = "md") -> Response:
        mine = who.chats(user_of(request))
        exchanges = mine.exchanges(name)
        if format not in FORMATS or not exchanges:
            return _missing()
        title = mine.history.title(name)
        file = quote(f"{title[:60]}.{format}", safe="")
        headers = {"content-disposition": f"attachment; filename*=utf-8''{file}", **NEVER_KEPT}
        return PlainTextResponse(export(title, exchanges, format), headers=headers)


# --- Documents -------------------------------------------------------------------------------------------


def _add_documents(router: APIRouter, who: Who) -> None:
    library = who.library

    @router.get("/documents")
    def documents(request: Request, chat: str = "", q: str = "", start: int = 0) -> Response:
        mine = who.chats(user_of(request))
        try:
            own = mine.own_documents(chat) if chat else []
            index = library.index()
            wanted = q.casefold().split()
            found = [document for id in index.document_ids if _named(document := index.outline(id), wanted)]
            told: dict[str, Any] = {
                "total": len(index.document_ids),
                "found": len(found),
                "documents": [_described(document, library.owns(document)) for document in found[start : start + PIECE]],
                "sources": [Path(source).name or source for source in index.manifest.sources],
                "built": index.manifest.built_at,
                "report": _report(library.report(), user_of(request).admin),
                "taken_out": [{"file": file, "name": Path(file).name} for file in library.taken_out()] if user_of(request).admin else [],
            }
        except NoIndexError:
            told = {"total": 0, "found": 0, "documents": [], "sources": [], "built": None, "report": {}, "taken_out": []}
        only = mine.history.only_in(chat) if chat else ()
        return _told({**told, "own": [_described(document, True) for document in own if _named(document, q.casefold().split())], "only": only})

    @router.post("/documents/remove")
    def remove(request: Request, id: Annotated[str, Body()], chat: Annotated[str, Body()] = "") -> Response:
        try:
            if chat:
                return _told({}) if who.chats(user_of(request)).remove(chat, id) else _missing()
            _require_admin(request)
            library.remove(id)
        except KeyError:
            return _missing()
        return _told({})

    @router.post("/documents/bring-back")
    def bring_back(request: Request, file: Annotated[str, Body(embed=True)]) -> Response:
        _require_admin(request)
        library.bring_back(file)
        return _told({})

    @router.get("/building")
    def building(request: Request, chat: str = "") -> Response:
        progress = who.chats(user_of(request)).progress(chat) if chat else library.job.progress
        return _told({**asdict(progress), "failed": progress.failed[:MOST_TOLD], "running": progress.is_running})

    @router.post("/building/{order}")
    def build(request: Request, order: str, chat: Annotated[str, Body(embed=True)] = "") -> Response:
        if not chat:
            _require_admin(request)
        if order == "stop" and chat:
            who.chats(user_of(request)).stop_build(chat)
        elif order == "stop":
            library.job.stop()
        elif order == "start" and not chat:
            library.rebuild()
        else:
            return _missing()
        return _told({})

    @router.post("/upload")
    async def upload(request: Request, name: str, chat: str = "") -> Response:
        """The body is the file; without a `chat` it goes to the library."""
        scratch: Path | None = None
        try:
            if not chat:
                _require_admin(request)
            safe = safe_name(name)
            scratch = await _received(request, library.settings.data_folder, library.settings.upload_mb)
            mine = who.chats(user_of(request))
            kept = await run_in_threadpool(mine.add, chat, safe, scratch) if chat else await run_in_threadpool(library.add, safe, scratch)
            return _told({"name": kept})
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
    if not user_of(request).admin:
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


# --- The login -------------------------------------------------------------------------------------------


def _add_login(router: APIRouter, who: Who) -> None:
    tried: OrderedDict[str, deque[float]] = OrderedDict()  # Touched on the event loop alone.
    hashing = ThreadPoolExecutor(1, "footnote-login")  # One at a time: each takes 32 MiB and a tenth of a second.

    def too_many(name: str) -> bool:
        """Count a try for a name; whether there were too many lately."""
        recent = tried.setdefault(name, deque())
        tried.move_to_end(name)
        while len(tried) > MOST_NAMES:
            tried.popitem(last=False)
        while recent and recent[0] < time.monotonic() - PER_SECONDS:
            recent.popleft()
        if len(recent) >= TRIES:
            return True
        recent.append(time.monotonic())
        return False

    @router.get("/login")
    def form(request: Request, failed: str = "") -> Response:
        words = chosen(request.headers)
        said = f'<p role="alert" class="fn-error">{html.escape(words(failed))}</p>' if failed in ("wrong-login", "wait-login") else ""
        return HTMLResponse(
            LOGIN.format(language=words.language, said=said, **{name.replace("-", "_"): words(name) for name in ("log-in", "name", "password")})
        )

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        form = await request.form()
        name, password = str(form.get("name", "")).strip().lower()[:100], str(form.get("password", ""))[:1_000]
        if who.people is None:
            return RedirectResponse("/", 303)
        if too_many(name):
            return RedirectResponse("/login?failed=wait-login", 303)
        token = await asyncio.get_running_loop().run_in_executor(hashing, who.people.log_in, name, password)
        if token is None:
            return RedirectResponse("/login?failed=wrong-login", 303)
        tried.pop(name, None)
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, token, max_age=14 * 24 * 3600, httponly=True, samesite="strict", secure=request.url.scheme == "https")
        return response

    @router.post("/logout")
    def log_out(request: Request) -> Response:
        if who.people is not None:
            with contextlib.suppress(KeyError):
                who.people.log_out(request.cookies[COOKIE])
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE)
        return response


def find_user(people: People | None, cookies: str) -> User | None:
    """Who sends these cookies; the one there is, where there is no login."""
    if people is None:
        return OWNER
    token = next((value for name, _, value in (cookie.strip().partition("=") for cookie in cookies.split(";")) if name == COOKIE), "")
    return people.who(token) if token else None


LOGIN = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Footnote</title>
<link rel="stylesheet" href="/footnote/chat.css"></head>
<body class="fn-login"><main><h1>Footnote</h1>{said}
<form method="post" action="/login"><label>{name}<input name="name" autocomplete="username" required autofocus></label>
<label>{password}<input name="password" type="password" autocomplete="current-password" required></label>
<button>{log_in}</button></form></main></body></html>
"""
