"""Logging in and out, where the chat is served with --auth."""

import asyncio
import contextlib
import html
import time
from collections import OrderedDict, deque
from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.people import OWNER, People, User
from assistant.web.who import Who
from assistant.web.words import chosen

COOKIE = "footnote_session"
TRIES, PER_SECONDS, MOST_NAMES = 5, 60.0, 10_000
"""Passwords for one name that are tried, and in which time; names that are remembered."""


def add(router: APIRouter, who: Who) -> None:
    """Add these routes."""
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
