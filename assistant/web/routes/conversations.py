"""A person's conversations: the list, and what can be done with one."""

from dataclasses import asdict
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Body, Request
from fastapi.responses import PlainTextResponse, Response

from assistant.errors import SettingsError
from assistant.export import FORMATS, export
from assistant.web.routes.replies import NEVER_KEPT, missing, told
from assistant.web.who import Who, user_of
from assistant.web.words import LANGUAGES, chosen, words_of


def add(router: APIRouter, who: Who) -> None:
    """Add these routes."""

    @router.get("/me")
    def me(request: Request) -> Response:
        user = user_of(request.scope)
        return told(
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
        found = who.chats(user_of(request.scope)).history.chats(q[:200])
        return told(list(map(asdict, found)))

    @router.post("/chats/{name}/rename")
    def rename(request: Request, name: str, title: Annotated[str, Body(embed=True)]) -> Response:
        who.chats(user_of(request.scope)).history.rename(name, title)
        return told({})

    @router.post("/chats/{name}/delete")
    def delete(request: Request, name: str) -> Response:
        who.chats(user_of(request.scope)).delete(name)
        return told({})

    @router.post("/chats/{name}/share")
    def share(request: Request, name: str, shared: Annotated[bool, Body(embed=True)]) -> Response:
        user = user_of(request.scope)
        if who.people is None:
            raise SettingsError("a conversation is shared with others who log in: start the chat with --auth")
        token = who.chats(user).history.share(name, shared)
        return told({"token": f"{user.name}.{token}" if token else None})

    @router.post("/chats/{name}/branch")
    def branch(request: Request, name: str, key: Annotated[str, Body(embed=True)]) -> Response:
        new = who.chats(user_of(request.scope)).branch(name, key)
        return told({"id": new}) if new else missing()

    @router.post("/chats/{name}/again")
    def again(request: Request, name: str, key: Annotated[str, Body(embed=True)]) -> Response:
        return told({"replaces": who.chats(user_of(request.scope)).ask_again(name, key)})

    @router.get("/chats/{name}/only")
    def ticked(request: Request, name: str) -> Response:
        return told({"documents": who.chats(user_of(request.scope)).history.only_in(name)})

    @router.post("/chats/{name}/only")
    def only(request: Request, name: str, documents: Annotated[list[str], Body(embed=True)]) -> Response:
        who.chats(user_of(request.scope)).look_only_in(name, documents[:5_000])
        return told({})

    @router.get("/chats/{name}/export")
    def exported(request: Request, name: str, format: str = "md") -> Response:
        mine = who.chats(user_of(request.scope))
        exchanges = mine.exchanges(name)
        if format not in FORMATS or not exchanges:
            return missing()
        title = mine.history.title(name)
        file = quote(f"{title[:60]}.{format}", safe="")
        headers = {"content-disposition": f"attachment; filename*=utf-8''{file}", **NEVER_KEPT}
        return PlainTextResponse(export(title, exchanges, format), headers=headers)
