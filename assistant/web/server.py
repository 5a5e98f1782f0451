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
from assistant.settings import LOOPBACK, Settings
from assistant.web.guard import App, Guard
from assistant.web.library import Library
from index.errors import IndexingError

HERE = Path(__file__).parent
CONCURRENCY = 400
LONGEST_QUEUE = 64
KEPT_ALIVE_SECONDS, STOPPED_SECONDS = 10, 2


def serve(settings: Settings, host: str, port: int, open_browser: bool, tell: Callable[[str], None]) -> None:
    """Serve the chat until stopped; tells the address when it can be used. Raises SettingsError for a bad address."""
    listening = listen(host, port)
    import uvicorn

    with tempfile.TemporaryDirectory(prefix="footnote-") as scratch:
        os.environ["GRADIO_TEMP_DIR"] = scratch
        taken = listening.getsockname()[1]
        app = make_app(settings, taken)
        address = f"http://{'[::1]' if host == '::1' else host}:{taken}"
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
        uvicorn.Server(config).run(sockets=[listening])


def _not_cut_off(record: logging.LogRecord) -> bool:
    """Every open page holds a stream open; that stopping ends it is no error to tell of."""
    cancelled = record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cancelled and "graceful shutdown exceeded" not in record.getMessage()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on this machine only."""
    if host not in LOOPBACK:
        raise SettingsError(
            f"--host {host} would show your documents to whoever can reach this machine, and there is no login yet:"
            " listen on 127.0.0.1, and reach it from elsewhere through `ssh -L 7860:127.0.0.1:7860`"
        )
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if host == "::1" else socket.AF_INET)
    except OSError as error:
        raise SettingsError(f"cannot listen on {host}:{port} ({error.strerror}): choose another port with --port, or 0 for any free one") from error


def make_app(settings: Settings, port: int) -> App:
    """The whole chat as one ASGI app."""
    import gradio
    from fastapi import FastAPI
    from fastapi.responses import FileResponse, JSONResponse, Response

    from assistant.web.page import THEME, make_page

    logging.getLogger("httpx").setLevel(logging.WARNING)
    library = Library(settings)
    with contextlib.suppress(IndexingError):  # The page says what is wrong, and sees when it is mended.
        library.starters()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/footnote/chat.css")
    def style() -> Response:
        return FileResponse(HERE / "chat.css", media_type="text/css")

    @app.get("/footnote/chat.js")
    def script() -> Response:
        return FileResponse(HERE / "chat.js", media_type="text/javascript")

    @app.get("/passage/{key}/{label}")
    def passage(key: str, label: int) -> Response:
        found = library.passage(key, label)
        if found is None:
            return JSONResponse({"message": "This answer is no longer kept: it is very old, or the chat was restarted. Ask again to see its sources."}, 404)
        return JSONResponse(found, headers={"cache-control": "no-store"})

    page = make_page(library)
    page.queue(max_size=LONGEST_QUEUE, default_concurrency_limit=4, api_open=False)
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
        head='<link rel="stylesheet" href="/footnote/chat.css"><script src="/footnote/chat.js" defer></script>',
    )
    page.app.state_holder.capacity = 500
    names = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")} | ({"127.0.0.1", "localhost", "[::1]"} if port == 80 else set())
    return Guard(app, frozenset(names))
