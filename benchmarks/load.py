"""Many conversations at once: how long until each shows its first words, and what memory a conversation takes and gives back.

`python -m benchmarks.load [CONVERSATIONS] [QUESTIONS]` starts the chat over ./seeds, and talks to it as a browser does.
"""

import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import httpx

QUESTIONS = (
    "Who can see my documents?",
    "How do I remove the index?",
    "When did Macron make his remarks about Western troops?",
    "What does a citation promise?",
    "How do I bake sourdough bread?",
    "Which file formats are read?",
)
SECONDS = 120


class Wait(NamedTuple):
    """Seconds until a question was shown with a word that it is being answered, and until the first words of the answer."""

    shown: float
    words: float


def main(conversations: int = 100, questions: int = 3) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        subprocess.run([sys.executable, "-m", "assistant.cli", "build", "seeds", "--index", index], check=True, capture_output=True)
        command = [sys.executable, "-m", "assistant.cli", "chat", "--port", "0", "--index", str(index), "--data", f"{folder}/data"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            address = server.stdout.readline().split(" at ")[1].split(" ")[0]
            try:
                asyncio.run(_measure(address, server.pid, conversations, questions))
            finally:
                server.terminate()


async def _measure(address: str, process: int, conversations: int, questions: int) -> None:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=SECONDS, limits=limits) as client:
        config = (await client.get("/config")).json()
        asking = next(event["id"] for event in config["dependencies"] if event["api_name"] == "typed")
        await _converse(client, asking, 1, True)
        before = _resident(process)
        print(f"{conversations} conversations at once, {questions} questions each, over ./seeds, engine quote")
        for same in (False, True):
            await _round(client, asking, conversations, questions, same)
        print(f"memory                {before:.0f} MB before, {_resident(process):.0f} MB after")


async def _round(client: httpx.AsyncClient, asking: int, conversations: int, questions: int, same: bool) -> None:
    start = time.perf_counter()
    waits = [wait for each in await asyncio.gather(*(_converse(client, asking, questions, same) for _ in range(conversations))) for wait in each]
    took = time.perf_counter() - start
    answered = [wait for wait in waits if wait is not None]
    kind = "of six questions" if same else "no two the same"
    print(f"{kind:<21} {waits.count(None)} errors of {len(waits)}; {len(answered) / took:.1f} answers a second")
    print(f"{'':<21} question shown: {_spread([wait.shown for wait in answered])}; first words: {_spread([wait.words for wait in answered])}")


def _spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    return f"median {median(ordered):.2f} s, 95% within {ordered[int(0.95 * len(ordered)) - 1]:.2f} s"


async def _converse(client: httpx.AsyncClient, asking: int, questions: int, same: bool) -> list[Wait | None]:
    """How long each question waited; None for one that failed. No two questions are the same unless `same`."""
    name, session = secrets.token_urlsafe(12), secrets.token_hex(6)
    offset = secrets.randbelow(len(QUESTIONS))
    asked = [QUESTIONS[(offset + number) % len(QUESTIONS)] for number in range(questions)]
    return [await _ask(client, asking, name, session, question if same else f"{question[:-1]} {secrets.token_hex(2)}?") for question in asked]


async def _ask(client: httpx.AsyncClient, asking: int, name: str, session: str, question: str) -> Wait | None:
    start = time.perf_counter()
    body = {"data": [question, name, "quote"], "fn_index": asking, "trigger_id": asking, "session_hash": session}
    if (await client.post("/gradio_api/queue/join", json=body)).status_code != 200:
        return None
    shown = first = None
    async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
        async for line in stream.aiter_lines():
            if not line.startswith("data: "):
                continue
            told: dict[str, Any] = json.loads(line[6:])
            if shown is None and "fn-waiting" in line:
                shown = time.perf_counter() - start
            if first is None and told["msg"] in ("process_generating", "process_completed") and any(mark in line for mark in ("fn-answer", "fn-declined")):
                first = time.perf_counter() - start
            if told["msg"] == "process_completed":
                return Wait(shown or first, first) if told["success"] and first else None
    return None


def _resident(process: int) -> float:
    """Megabytes of memory that a process holds."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
