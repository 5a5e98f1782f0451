"""Language models by name: a prompt in, the reply as it comes. The only door to llama-index's chat models.

It knows nothing of questions or documents. Whatever goes wrong becomes an LlmError of one line, within a bounded time;
a key is never part of one.
"""

import http.client
import importlib
import importlib.util
import json
import queue
import re
import threading
import time
import urllib.request
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from assistant.errors import LlmError, SettingsError
from assistant.plain import one_line
from assistant.settings import LOOPBACK, Settings
from assistant.types import QUOTE

NO_ROOM = ("length", "max_tokens")
"""What servers call it when a reply ends because it may not grow longer."""
MOST_TOKENS = 1_024
"""Of a reply: some forty sentences."""
WHOLE_SECONDS = 240.0
"""After which a reply that still goes on is broken off."""
LONGEST_WAIT, TRIES = 15.0, 3
"""Seconds that a server may ask to be left alone before a call is tried again, and how often it is tried in all."""
CHARACTERS_A_TOKEN = 3
"""Counted low: English has about four, and a budget that is kept too small only costs the last sentences of the evidence."""
LOCAL_CONTEXT = 8_192
"""Tokens that a local model is asked to hold: its own limit may need more memory than there is."""
SMALL_CONTEXT = 4_096
"""Tokens that a server is taken to read where it does not say."""
MOST_TOLD = 1_000_000
"""Bytes that a server may tell of its models."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of server: the llama-index module and class that speak to it, the extra that installs them, and what their calls raise."""

    module: str
    chat: str
    extra: str
    raises: tuple[str, ...]


KINDS = {
    "ollama": Kind("llama_index.llms.ollama", "Ollama", "ollama", ("ollama.ResponseError", "ollama.RequestError", "httpx.HTTPError")),
    "openai": Kind("llama_index.llms.openai", "OpenAI", "openai", ("openai.OpenAIError", "httpx.HTTPError")),
    "compatible": Kind("llama_index.llms.openai_like", "OpenAILike", "openai", ("openai.OpenAIError", "httpx.HTTPError")),
    "anthropic": Kind("llama_index.llms.anthropic", "Anthropic", "anthropic", ("anthropic.AnthropicError", "httpx.HTTPError")),
}
HOW = "write ollama:MODEL, openai:MODEL, anthropic:MODEL, compatible:MODEL@http://host:port/v1, or quote for none"
GARBAGE = (ValueError, LookupError, TypeError, AttributeError)
"""What the clients raise where a server's reply has not the shape of one."""


@dataclass(frozen=True, slots=True)
class Name:
    """What `--llm` names: a kind of server, a model, and the address that the documents' sentences are sent to."""

    kind: str
    model: str
    address: str

    @property
    def full(self) -> str:
        return f"{self.kind}:{self.model}"

    @property
    def local(self) -> bool:
        """Whether what is sent stays on this machine."""
        return (urlsplit(self.address).hostname or "") in LOOPBACK

    @property
    def where(self) -> str:
        """The address without whatever a user may have put in it before the host."""
        parts = urlsplit(self.address)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"


def parse(name: str, settings: Settings) -> Name:
    """A model's name in parts. Raises SettingsError for one that names none."""
    kind, _, model = name.partition(":")
    if kind not in KINDS or not model:
        raise SettingsError(f"there is no language model {name!r}: {HOW}")
    defaults = {"ollama": settings.ollama_address, "openai": settings.openai_address, "anthropic": settings.anthropic_address}
    if kind == "compatible":
        model, _, address = model.partition("@http")
        address = f"http{address}"
    else:
        address = defaults[kind]
    if not model or not _is_address(address):
        raise SettingsError(f"{kind}:{model} has no address, or a wrong one: {HOW}")
    return Name(kind, model, address.rstrip("/"))


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def open_model(name: str, settings: Settings) -> "ChatModel":
    """The model of that name; nothing is sent yet. Raises SettingsError where it is misspelt, its extra is not installed, or its key is not set."""
    named = parse(name, settings)
    kind = KINDS[named.kind]
    key = {"openai": settings.openai_key, "anthropic": settings.anthropic_key, "compatible": settings.llm_key or "none"}.get(named.kind, "none")
    if not key:
        raise SettingsError(f"{named.full} needs a key: set {named.kind.upper()}_API_KEY in the environment")
    try:
        chat = getattr(importlib.import_module(kind.module), kind.chat)
    except ImportError as error:
        raise SettingsError(f'{named.full} needs a package that is not installed: run `pip install "footnote[{kind.extra}]"`') from error
    return ChatModel(named, chat, key, settings.llm_silence, tuple(_raised(kind)))


def _raised(kind: Kind) -> Iterator[type[Exception]]:
    for path in kind.raises:
        module, _, name = path.rpartition(".")
        yield getattr(importlib.import_module(module), name)


class ChatModel:
    """A language model behind an address."""

    def __init__(self, name: Name, chat: type[Any], key: str, silence: float, raises: tuple[type[Exception], ...]) -> None:
        self.name = name.full
        self.where = name.where
        self.local = name.local
        self._named = name
        self._key = key
        self._silence = silence
        self._raises: tuple[type[Exception], ...] = (*raises, OSError, *GARBAGE)
        self._chat = chat
        self._context = 0

    def room(self) -> int:
        """Characters that a prompt may have. Asks the server once, where it tells; raises LlmError where it cannot be asked."""
        context = self._reads()
        return max(0, context - min(MOST_TOKENS, context // 2)) * CHARACTERS_A_TOKEN

    def stream(self, prompt: str) -> Generator[str, None, None]:
        """The reply, piece by piece. Closing the iterator stops it at once. Raises LlmError, at the latest after WHOLE_SECONDS.

        A server that asks for patience is tried again, while nothing of the reply has come.
        """
        end = time.monotonic() + WHOLE_SECONDS
        for tried in range(1, TRIES + 1):
            came = False
            try:
                for piece in self._once(prompt, end):
                    came = True
                    yield piece
            except LlmError as error:
                if came or error.wait is None or error.wait > LONGEST_WAIT or tried == TRIES:
                    raise
                time.sleep(error.wait)
            else:
                return

    def _once(self, prompt: str, end: float) -> Iterator[str]:
        """One call, made in a thread of its own: a reader that leaves, or runs out of time, does not wait for it."""
        pieces: queue.Queue[str | LlmError | None] = queue.Queue()
        left = threading.Event()
        threading.Thread(target=self._call, args=(prompt, pieces, left), daemon=True).start()
        try:
            while True:
                wait = min(self._silence, end - time.monotonic())
                try:
                    piece = pieces.get(timeout=max(wait, 0.01))
                except queue.Empty:
                    silent = wait == self._silence
                    told = f"was silent for {self._silence:.0f} seconds" if silent else f"had not finished after {WHOLE_SECONDS:.0f} seconds"
                    raise LlmError(f"{self.name} at {self.where} {told}") from None
                if piece is None:
                    return
                if isinstance(piece, LlmError):
                    raise piece
                yield piece
        finally:
            left.set()

    def _call(self, prompt: str, pieces: "queue.Queue[str | LlmError | None]", left: threading.Event) -> None:
        from llama_index.core.base.llms.types import ChatMessage

        model = None
        try:
            model = self._open()
            reply = model.stream_chat([ChatMessage(role="user", content=prompt)])
            full = False
            for part in reply:
                if left.is_set():
                    reply.close()
                    return
                pieces.put(part.delta or "")
                full = full or _is_full(part)
            pieces.put(LlmError(f"{self.name} at {self.where} reached the length that its reply may have") if full else None)
        except self._raises as error:
            pieces.put(self._told(error))
        finally:
            _close(model)

    def _told(self, error: Exception) -> LlmError:
        """A failed call in one line, and the seconds after which it may be tried again, if it may."""
        at = f"{self.name} at {self.where}"
        status = getattr(error, "status_code", None)
        if isinstance(status, int) and status > 0:
            return LlmError(f"{at} {_status_told(status)}{self._said(error)}", _wait_of(error, status))
        kinds = {name for one in _chain(error) for name in (kind.__name__ for kind in type(one).__mro__)}
        if "TimeoutException" in kinds or "TimeoutError" in kinds:
            return LlmError(f"{at} was silent for {self._silence:.0f} seconds")
        if kinds & {"ConnectError", "ConnectionRefusedError", "gaierror"} or (type(error) is ConnectionError):
            start = " (is it running? `ollama serve` starts it)" if self._named.kind == "ollama" else ""
            return LlmError(f"{at} cannot be reached{start}")
        if kinds & {"TransportError", "ConnectionError", "OSError"}:
            return LlmError(f"{at} broke off in the middle of its reply")
        if isinstance(error, GARBAGE):
            return LlmError(f"{at} sent something that is not a reply")
        return LlmError(f"{at} failed{self._said(error)}")

    def _said(self, error: Exception) -> str:
        """What the server said about it, on one line and without the key."""
        text = _message(getattr(error, "body", None)) or str(getattr(error, "error", None) or error)
        text = re.sub(r"\b(?:sk|key|pk)-[\w*-]{4,}", "…", text.replace(self._key, "…") if len(self._key) > 4 else text)
        text = one_line(text)
        return f": {text[:200]}" if text else ""

    def _reads(self) -> int:
        """Tokens that the model reads at once; asked for once."""
        if not self._context:
            self._context = context_of(self._named, self._key, self._silence)
        return self._context

    def _open(self) -> Any:
        """A client for one call, told how much the model reads at once."""
        named, context = self._named, self._reads()
        common = {"model": named.model, "temperature": 0.0}
        chat = _of_any_name(self._chat, named.model, context)
        if named.kind == "ollama":
            options = {"num_predict": MOST_TOKENS}
            return chat(**common, base_url=named.address, request_timeout=self._silence, context_window=context, additional_kwargs=options)
        if named.kind == "anthropic":
            return chat(**common, base_url=named.address, api_key=self._key, max_tokens=MOST_TOKENS, timeout=self._silence, max_retries=0)
        return chat(**common, api_base=named.address, api_key=self._key, max_tokens=MOST_TOKENS, timeout=self._silence, max_retries=0)


def _is_full(part: Any) -> bool:
    """Whether a server says that its reply ends here for want of room: then the last sentence may be half of one."""
    raw = part.raw if isinstance(part.raw, dict) else {}  # Ollama's; Anthropic's reason stands in the message, and OpenAI's in its choices.
    choices = getattr(part.raw, "choices", None) or ()
    reasons = {raw.get("done_reason"), part.message.additional_kwargs.get("stop_reason"), *(choice.finish_reason for choice in choices)}
    return not reasons.isdisjoint(NO_ROOM)


def _close(model: Any) -> None:
    """Close the connections that a client holds, which the libraries leave to whoever collects them."""
    client = getattr(model, "_client", None)
    while client is not None and not hasattr(client, "close"):
        client = getattr(client, "_client", None)
    if client is not None:
        client.close()


def _of_any_name(chat: type[Any], model: str, context: int) -> type[Any]:
    """A chat class that does not look its model up in a list of those that were known when it was written, and refuse it."""
    from llama_index.core.base.llms.types import LLMMetadata

    told = LLMMetadata(context_window=context, is_chat_model=True, model_name=model)
    return type(chat.__name__, (chat,), {"metadata": property(lambda _: told)})


def _message(body: Any) -> str:
    """The message in the body of a refusal, however deep."""
    while isinstance(body, dict):
        body = body.get("message") or body.get("error") or ""
    return body if isinstance(body, str) else ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status_told(status: int) -> str:
    told = {
        401: "does not accept the key",
        403: "does not allow this key to use the model",
        404: "does not know the model",
        408: "took too long",
        413: "finds the question too long",
        429: "asks for fewer calls, or the account is used up",
    }
    return f"{told.get(status, 'is in trouble' if status >= 500 else 'refused the call')} (HTTP {status})"


def _wait_of(error: Exception, status: int) -> float | None:
    """Seconds to wait before another try: what the server says (Retry-After), else one second; None where a try is no use."""
    if status != 429 and status < 500:
        return None
    headers = getattr(getattr(error, "response", None), "headers", {})
    asked = str(headers.get("retry-after", "1"))
    return float(asked) if re.fullmatch(r"\d{1,6}(?:\.\d+)?", asked) else LONGEST_WAIT + 1


# --- How much a model reads at once ------------------------------------------------------------------------


def context_of(name: Name, key: str, seconds: float) -> int:
    """Tokens that a model reads at once, by what llama-index knows of it or what its server tells; a small number where neither does."""
    if name.kind == "openai":
        from llama_index.llms.openai.utils import openai_modelname_to_contextsize as known
    elif name.kind == "anthropic":
        from llama_index.llms.anthropic.utils import anthropic_modelname_to_contextsize as known
    else:
        return _told_context(name, key, seconds)
    try:
        return int(known(name.model))
    except ValueError:
        return 32_768  # A model that is newer than the library: all of them read more.


def _told_context(name: Name, key: str, seconds: float) -> int:
    if name.kind == "ollama":
        told = _fetched(f"{name.address}/api/show", key, seconds, {"model": name.model})
        info = told.get("model_info")
        sizes = [size for entry, size in (info if isinstance(info, dict) else {}).items() if entry.endswith("context_length") and isinstance(size, int)]
        return min([*sizes, LOCAL_CONTEXT])
    listed = _fetched(f"{name.address}/models", key, seconds, None).get("data")
    own = next((one for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict) and one.get("id") == name.model), {})
    meta = own.get("meta")
    told_sizes: list[Any] = [own.get("max_model_len"), own.get("context_length"), meta.get("n_ctx") if isinstance(meta, dict) else None]
    return next((size for size in told_sizes if isinstance(size, int) and size > 0), SMALL_CONTEXT)


def _fetched(address: str, key: str, seconds: float, body: dict[str, str] | None) -> dict[str, Any]:
    """What a server says of its models: nothing, where it says nothing or cannot be asked; the call that follows tells why."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(address, json.dumps(body).encode() if body else None, headers)  # noqa: S310 - `parse` let http and https in only.
    direct = [urllib.request.ProxyHandler({})] if (urlsplit(address).hostname or "") in LOOPBACK else []
    end = time.monotonic() + min(seconds, 5.0)
    try:
        with urllib.request.build_opener(*direct).open(request, timeout=min(seconds, 5.0)) as reply:
            said = b""
            while len(said) < MOST_TOLD and time.monotonic() < end and (piece := reply.read1(65_536)):
                said += piece
            told = json.loads(said)
    except (OSError, ValueError, http.client.HTTPException, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def short_name(name: str) -> str:
    """A model's name without its address."""
    return name.partition("@http")[0]


def reachable(settings: Settings) -> tuple[str, ...]:
    """The models that can be used now, by name: what a local Ollama has, and what there is a key for, as far as their packages are installed."""
    names = []
    if _installed(KINDS["ollama"]):
        told = _fetched(f"{settings.ollama_address.rstrip('/')}/api/tags", "none", 1.0, None).get("models")
        names += [f"ollama:{one['name']}" for one in (told if isinstance(told, list) else []) if isinstance(one, dict) and isinstance(one.get("name"), str)]
    if settings.llm and settings.llm != QUOTE and settings.llm not in names:
        names.insert(0, settings.llm)
    return tuple(names)


def _installed(kind: Kind) -> bool:
    try:
        return importlib.util.find_spec(kind.module) is not None
    except ModuleNotFoundError:
        return False
