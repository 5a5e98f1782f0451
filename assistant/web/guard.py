"""What the web server lets in: known hosts, this page's own requests, the few paths that the chat uses. Pure ASGI.

gradio serves far more than a chat needs (uploads, files, proxies, an open API); what is not listed is not there.
"""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, MutableMapping
from hashlib import sha256
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Parts = tuple[bytes, bytes]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CRLF, LF = b"\r\n", b"\n"
MOST_BODY = 256 * 1024
READ = re.compile(
    r"/(?:config/?|theme\.css|favicon\.ico|manifest\.json|robots\.txt|static/[^?]*|assets/[^?]*|svelte/[^?]*"
    r"|footnote/[\w-]+\.(?:css|js|json)|(?:passage|original)/[\w-]+/\d+|page/[\w-]+/\d+/\d+|(?:why|copy)/[\w-]+|me|chats|chats/[\w-]+/(?:export|only)|documents|building|login"
    r"|gradio_api/(?:queue/data|heartbeat/\w+|app_id/?|info/?|startup-events|theme\.css))?"
)
HARMLESS = re.compile(rb"(?:&?(?:__theme=(?:light|dark)|chat=[\w-]+|shared=[\w.-]+))*")  # Of what gradio reads from the address of its page, the first.
WRITE = re.compile(
    r"/(?:gradio_api/(?:queue/join|run/predict|cancel|reset)/?|rate/[\w-]+|chats/[\w-]+/(?:rename|delete|share|branch|again|only)"
    r"|documents/(?:remove|bring-back)|building/(?:start|stop)|login|logout)"
)
UPLOAD = "/upload"
OPEN = re.compile(r"/(?:login|footnote/chat\.css|favicon\.ico)")
"""What is there before one has logged in."""
SHOWN_BY_THE_BROWSER = re.compile(r"/original/")
POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:;"
    " connect-src 'self'; media-src 'self' data: blob:; worker-src 'self' blob:; manifest-src 'self'; form-action 'self'; base-uri 'self';"
    " frame-ancestors 'none'; object-src 'none'"
)
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Wraps an app. `hosts` are the values of Host that are this server, port included; none: whatever is asked for is.

    `who` tells from the cookies of a request whose it is, None for nobody's; `most_upload` are the bytes that an upload may have; `parts`
    are put at the end of the head and at the beginning of the body of the page, so that it has its looks before its scripts have run.
    """

    def __init__(
        self, app: App, hosts: frozenset[str], who: Callable[[str], object] = lambda _: True, most_upload: int = MOST_BODY, parts: Parts = (b"", b"")
    ) -> None:
        self.app = app
        self.hosts = hosts
        self.who = who
        self.most_upload = most_upload
        self.parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})  # The chat uses none.
        elif refusal := self._refusal(scope):
            await _refuse(send, *refusal)
        else:
            user = self.who(_header(scope, b"cookie"))
            if user is None and not OPEN.fullmatch(scope["path"]):
                await _send_away(scope, send)
                return
            own = [(name, value) for name, value in scope["headers"] if not name.lower().startswith(b"x-forwarded-")]
            within = {**scope, "headers": own, "footnote.user": user}
            parts = self.parts if scope["path"] == "/" else (b"", b"")
            answer = _with_headers(send, plain=bool(SHOWN_BY_THE_BROWSER.match(scope["path"])), parts=parts)
            await self.app(within, _limited(receive, self._most(scope["path"])), answer)

    def _most(self, path: str) -> int:
        return self.most_upload if path == UPLOAD else MOST_BODY

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and reason to refuse a request with; None to let it in."""
        host = _header(scope, b"host").lower()
        if self.hosts and host not in self.hosts:
            return 421, "This server does not answer under that name."
        method, path = scope["method"], scope["path"]
        if ".." in path or (path == "/" and not HARMLESS.fullmatch(scope.get("query_string", b""))):
            return 404, "There is nothing here."
        if method in ("GET", "HEAD"):
            return None if READ.fullmatch(path) else (404, "There is nothing here.")
        if method != "POST" or not (WRITE.fullmatch(path) or path == UPLOAD):
            return 405 if READ.fullmatch(path) else 404, "That is not offered here."
        origin, site = _header(scope, b"origin", f"http://{host}"), _header(scope, b"sec-fetch-site", "same-origin")
        if origin not in (f"http://{host}", f"https://{host}") or site != "same-origin":
            return 403, "Only the chat page itself may write."
        length = _header(scope, b"content-length", "0")
        if not length.isdigit() or int(length) > self._most(path):
            return 413, "That is too long."
        return None


def _header(scope: Scope, name: bytes, otherwise: str = "") -> str:
    return next((value.decode("latin-1") for found, value in scope["headers"] if found.lower() == name), otherwise)


async def _send_away(scope: Scope, send: Send) -> None:
    """To the login, where a page was asked for; else a refusal."""
    if scope["path"] != "/":
        await _refuse(send, 401, "Log in first.")
        return
    await _with_headers(send)({"type": "http.response.start", "status": 303, "headers": [(b"location", b"/login"), (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def _limited(receive: Receive, most: int) -> Receive:
    """Receive at most so many bytes; what goes on longer looks like a client that left."""
    total = 0

    async def limited() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        return {"type": "http.disconnect"} if total > most else message

    return limited


def _with_headers(send: Send, plain: bool = False, parts: Parts = (b"", b"")) -> Send:
    """Add our headers. A page of HTML is held back until it is whole, to name the scripts that it brings by their hashes.

    There are two pages, gradio's own frame and the login: no text of a document or a person is ever in them. `plain` is for files that the
    browser shows by itself, as it does a PDF: with our policy its viewer would stay empty.
    """
    held: list[Message] = []

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            held.append(message)
        elif held:
            held.append(message)
            if not message.get("more_body"):
                body = _joined(b"".join(part.get("body", b"") for part in held[1:]), parts)
                held[0]["headers"] = [(name, value) for name, value in held[0]["headers"] if name.lower() != b"content-length"]
                held[0]["headers"].append((b"content-length", str(len(body)).encode()))
                await send(_headed(held[0], _hashes(body)))
                await send({"type": "http.response.body", "body": body})
        else:
            await send(_headed(message, "", plain) if message["type"] == "http.response.start" else message)

    return with_headers


def _joined(page: bytes, parts: Parts) -> bytes:
    """A page with its parts."""
    head, body = parts
    page = page.replace(b"</head>", head + b"</head>", 1)
    return re.sub(rb"(<body[^>]*>)", lambda found: found[1] + body, page, count=1)


def _is_html(message: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in message.get("headers", []))


def _hashes(page: bytes) -> str:
    """The `script-src` words that allow the inline scripts of a page, and no others."""
    scripts = re.findall(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    return "".join(f" 'sha256-{b64encode(sha256(script.replace(CRLF, LF)).digest()).decode()}'" for script in scripts)


def _headed(start: Message, scripts: str, plain: bool = False) -> Message:
    own = HEADERS if plain else {**HEADERS, b"content-security-policy": POLICY.format(scripts=scripts).encode()}
    dropped = {*own, b"access-control-allow-origin", b"access-control-allow-credentials"}
    others = [(name, value) for name, value in start.get("headers", []) if name.lower() not in dropped]
    return {**start, "headers": [*others, *own.items()]}


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = reason.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await _with_headers(send)({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
