"""Serves the chat: FastAPI with our own routes, gradio mounted beside them, the guard around both, uvicorn under it."""

import asyncio
import contextlib
import logging
import os
import socket
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path

from assistant.errors import SettingsError
from assistant.people import People
from assistant.settings import LOOPBACK, Settings
from assistant.web import PEOPLE
from assistant.web.guard import App, Guard
from assistant.web.library import Library
from assistant.web.who import Who
from index.errors import IndexingError

HERE = Path(__file__).parent
CONCURRENCY = 400
LONGEST_QUEUE = 256
QUEUE_NEWS_SECONDS = 60  # Else gradio tells all who wait of each that is served: of a hundred, ten thousand messages.
TYPES = {".css": "text/css", ".js": "text/javascript", ".json": "application/json"}
PARTS = (
    b'<link rel="stylesheet" href="/footnote/chat.css"><script src="/footnote/chat.js" type="module"></script>',
    b'<div id="fn-splash" role="status">Footnote</div>',
)
"""What the page has before gradio has drawn it: the looks, our scripts, and something to see."""
KEPT_ALIVE_SECONDS, STOPPED_SECONDS = 10, 2


def serve(settings: Settings, host: str, port: int, open_browser: bool, tell: Callable[[str], None], auth: bool = False, exposed: bool = False) -> None:
    """Serve the chat until stopped; tells the address when it can be used. With `auth` one logs in first; `exposed`: everybody may use it without.

    Raises SettingsError for an address that cannot be listened on.
    """
    people = open_people(settings) if auth else None
    listening = listen(host, port, auth or exposed)
    import uvicorn

    with tempfile.TemporaryDirectory(prefix="footnote-") as scratch:
        os.environ["GRADIO_TEMP_DIR"] = scratch
        taken = listening.getsockname()[1]
        who = Who(Library(settings), people)
        app = make_app(who, taken if host in LOOPBACK else None)
        address = f"http://{f'[{host}]' if ':' in host else host}:{taken}"
        if exposed and not auth and host not in LOOPBACK:
            tell(f"Whoever can reach {host} reads your documents and conversations here, and changes them: --auth asks them to log in.")
        tell(f"Footnote is open at {address} (Ctrl+C stops it)")
        if open_browser:
            webbrowser.open(address)
        config = uvicorn.Config(
            app,
            log_level="warning",
            server_header=False,
            limit_concurrency=CONCURRENCY,
            timeout_keep_alive=KEPT_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOPPED_SECONDS,
        )
        logging.getLogger("uvicorn.error").addFilter(_not_cut_off)
        try:
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            who.library.close()
            who.close()


def open_people(settings: Settings) -> People:
    """Who may log in. Raises SettingsError where there is nobody yet."""
    people = People(settings.data_folder / PEOPLE)
    if not people.users():
        raise SettingsError("--auth asks people to log in, and there is nobody who could: add somebody first with `footnote user add NAME --admin`")
    return people


def _not_cut_off(record: logging.LogRecord) -> bool:
    """Every open page holds a stream open; that stopping ends it is no error to tell of."""
    cancelled = record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cancelled and "graceful shutdown exceeded" not in record.getMessage()


def listen(host: str, port: int, guarded: bool = False) -> socket.socket:
    """A socket that listens on this machine only, unless whoever reaches it logs in, or that was asked for."""
    if host not in LOOPBACK and not guarded:
        raise SettingsError(
            f"--host {host} would show your documents to whoever can reach this machine, without a login: make them log in with --auth,"
            " or listen on 127.0.0.1 and reach it from elsewhere through `ssh -L 7860:127.0.0.1:7860`, or say --expose if that is meant"
        )
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if host == "::1" else socket.AF_INET)
    except OSError as error:
        raise SettingsError(f"cannot listen on {host}:{port} ({error.strerror}): choose another port with --port, or 0 for any free one") from error


def make_app(who: Who, port: int | None) -> App:
    """The whole chat as one ASGI app. `port` is where this machine alone reaches it; None: others do."""
    import gradio
    from fastapi import FastAPI
    from fastapi.responses import FileResponse, Response

    from assistant.web.page import THEME, make_page
    from assistant.web.routes import make_router
    from assistant.web.routes.login import find_user
    from assistant.web.routes.replies import MENDABLE, failing

    logging.getLogger("httpx").setLevel(logging.WARNING)
    with contextlib.suppress(IndexingError):  # The page says what is wrong, and sees when it is mended.
        who.library.prepare()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/footnote/{name}")
    def part(name: str) -> Response:
        place = HERE / ("words" if name.endswith(".json") else "static") / name
        if not place.is_file():
            return Response(status_code=404)
        return FileResponse(place, media_type=TYPES[place.suffix], headers={"cache-control": "no-cache"})

    for mendable in MENDABLE:
        app.add_exception_handler(mendable, failing)
    app.include_router(make_router(who))
    page = make_page(who)
    page.queue(max_size=LONGEST_QUEUE, api_open=False, status_update_rate=QUEUE_NEWS_SECONDS)
    gradio.mount_gradio_app(
        app,
        page,
        path="/",
        allowed_paths=[],
        show_error=False,
        max_file_size="1kb",
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        run_history=False,
        footer_links=[],
        theme=THEME,
    )
    page.app.state_holder.capacity = 500
    names = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")} | ({"127.0.0.1", "localhost", "[::1]"} if port == 80 else set())
    most = who.library.settings.upload_mb * 1_000_000 + 1
    return Guard(app, frozenset(names if port is not None else ()), lambda cookies: find_user(who.people, cookies), most, PARTS)
