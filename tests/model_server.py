"""A server of language models for the tests: it speaks OpenAI's, Ollama's and Anthropic's streaming protocols, and says what a script tells it.

Run as `python -m tests.model_server SCRIPTS LOG`; it prints its port. SCRIPTS is a JSON file, read at every call: model -> {"text": what to say,
"fault": how to fail, "times": how often}. LOG takes a JSON line a call.
"""

import json
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LOOP = "The bridge is long and the river is wide. "
FAILED: Counter[str] = Counter()


def events(protocol: str, model: str, pieces: Iterator[str], full: bool = False) -> Iterator[bytes]:
    """A reply as its protocol streams it; `full`: it ends because it may not grow longer."""
    if protocol == "ollama":
        for piece in pieces:
            yield (
                json.dumps({"model": model, "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": piece}, "done": False}).encode()
                + b"\n"
            )
        done = {"model": model, "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": ""}, "done": True}
        done["done_reason"] = "length" if full else "stop"
        yield json.dumps(done).encode() + b"\n"
    elif protocol == "anthropic":
        usage = {"input_tokens": 1, "output_tokens": 1}
        start = {"id": "m1", "type": "message", "role": "assistant", "content": [], "model": model, "stop_reason": None, "stop_sequence": None, "usage": usage}
        yield event("message_start", {"message": start})
        yield event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
        for piece in pieces:
            yield event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": piece}})
        yield event("content_block_stop", {"index": 0})
        yield event("message_delta", {"delta": {"stop_reason": "max_tokens" if full else "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 9}})
        yield event("message_stop", {})
    else:
        common = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model}
        for piece in pieces:
            yield data({**common, "choices": [{"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}]})
        yield data({**common, "choices": [{"index": 0, "delta": {}, "finish_reason": "length" if full else "stop"}]})
        yield b"data: [DONE]\n\n"


def event(name: str, value: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **value})}\n\n".encode()


def data(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def cut(text: str) -> Iterator[str]:
    for start in range(0, len(text), 7):
        yield text[start : start + 7]


def forever() -> Iterator[str]:
    while True:
        yield LOOP
        time.sleep(0.002)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    scripts: Path
    log: Path

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self.answer(200, {"data": [{"id": "small", "max_model_len": 1200}, {"id": "tiny", "max_model_len": 300}]})
        elif self.path == "/api/tags":
            self.answer(200, {"models": [{"name": "llama-of-the-test"}]})
        else:
            self.answer(404, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/api/show":
            self.answer(200, {"model_info": {"llama.context_length": 4096}})
            return
        model = body["model"]
        with self.log.open("a") as log:
            log.write(json.dumps({"path": self.path, "headers": dict(self.headers), "body": body}) + "\n")
        script = json.loads(self.scripts.read_text()).get(model, {"text": "The documents do not say."})
        fault = script.get("fault", "")
        if fault and FAILED[model] >= script.get("times", 1 << 30):
            fault = ""
        FAILED[model] += 1
        protocol = {"/api/chat": "ollama", "/v1/messages": "anthropic"}.get(self.path, "openai")
        self.fail(fault, script, protocol, model) if fault else self.stream(events(protocol, model, cut(script.get("text", ""))), script)

    def fail(self, fault: str, script: dict[str, Any], protocol: str, model: str) -> None:
        if fault.isdecimal():
            headers = {"Retry-After": script["retry_after"]} if "retry_after" in script else {}
            message = f"no, not with the key {self.headers.get('authorization', '')} {self.headers.get('x-api-key', '')}"
            self.answer(int(fault), {"error": message if protocol == "ollama" else {"message": message, "type": "error"}}, headers)
            return
        whole = list(events(protocol, model, cut(script.get("text", ""))))
        match fault:
            case "silent":
                time.sleep(30)
            case "stalls":
                self.stream(iter(whole[: len(whole) // 2]), script, ends=False)
                time.sleep(30)
            case "breaks":
                self.stream(iter(whole[: len(whole) // 2]), script, ends=False)
                self.connection.shutdown(socket.SHUT_RDWR)
            case "garbage":
                self.stream(iter([*whole[:2], b'data: {"choices": [[[\n\n\x00\xff not json at all\n']), script)
            case "html":
                self.answer(200, "<html>It works!</html>")
            case "full":
                self.stream(events(protocol, model, cut(script.get("text", "")), full=True), script)
            case "loops":
                self.stream(events(protocol, model, forever()), script)

    def stream(self, parts: Iterator[bytes], script: dict[str, Any], ends: bool = True) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for part in parts:
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                self.wfile.flush()
                time.sleep(script.get("pause", 0))
            if ends:
                self.wfile.write(b"0\r\n\r\n")
        except OSError:
            with self.log.open("a") as log:
                log.write(json.dumps({"left": True}) + "\n")
            self.close_connection = True

    def answer(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(value).encode() if not isinstance(value, str) else value.encode()
        self.send_response(status)
        for name, one in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, str(one))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    Handler.scripts, Handler.log = map(Path, sys.argv[1:3])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
