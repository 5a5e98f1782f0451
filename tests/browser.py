"""A chat in a process of its own, and a tab of a real browser that notes what goes wrong."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.conftest import interruptible


class Server:
    """`footnote chat` in a process of its own, offline, on a free port."""

    def __init__(self, index: Path, environment: Mapping[str, str], cwd: Path, port: int = 0, llm: str = "quote", *options: str) -> None:
        command = [sys.executable, "-m", "assistant.cli", "chat", "--port", str(port), "--index", str(index), "--llm", llm]
        command += ["--data", str(cwd / "data"), *options]
        self.process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=interruptible)
        assert self.process.stdout is not None
        said = self.process.stdout.readline().decode()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found, said
        self.address = found[0]

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def stop(self) -> str:
        """Ask it to stop, as Ctrl+C does; what it said of trouble."""
        self.process.send_signal(2)
        _, errors = self.process.communicate(timeout=20)
        return errors.decode().strip()


class Page:
    """A tab that notes what it asks of the network and what its console complains of."""

    def __init__(self, browser: Any, address: str, width: int = 1280, height: int = 800, scheme: str = "light", language: str = "en-US") -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, locale=language)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        self.address = address
        self.outside: list[str] = []
        self.complaints: list[str] = []
        self.tab = self.context.new_page()
        self.tab.on("request", lambda r: self.outside.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None)
        self.tab.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.open()

    def open(self, path: str = "") -> None:
        self.tab.goto(self.address + path)
        if "login" not in self.tab.url:
            self.ready()

    def ready(self) -> None:
        self.tab.wait_for_selector("#fn-viewer", state="attached")
        self.tab.wait_for_selector("#fn-box textarea")
        self.tab.wait_for_selector("#fn-side-body", state="attached")
        from playwright.sync_api import expect

        # The server gives the name when the page is loaded; before, gradio loses what is asked.
        expect(self.tab.locator("#fn-name textarea, #fn-name input")).to_have_value(re.compile(".{16}"), timeout=30_000)

    def log_in(self, name: str, password: str) -> None:
        self.tab.fill("input[name=name]", name)
        self.tab.fill("input[name=password]", password)
        self.tab.click("button")

    def enter(self, question: str) -> None:
        self.tab.fill("#fn-box textarea", question)
        self.tab.press("#fn-box textarea", "Enter")

    def ask(self, question: str) -> None:
        shown = self.tab.locator(".fn-answer, .fn-declined, .fn-error")
        before = shown.count()
        self.enter(question)
        shown.nth(before).wait_for()
        self.tab.locator(".fn-actions, .fn-error").nth(before).wait_for()

    def cite(self, place: int = 0) -> Any:
        """Click on a mark; the sentence that is marked then."""
        link = self.tab.locator("a.fn-mark").nth(place)
        link.click()
        quote = link.get_attribute("title").partition(": ")[2]
        self.tab.locator("#fn-text mark", has_text=quote[:60]).first.wait_for()
        return self.tab.locator("#fn-text mark").first

    def questions(self) -> list[str]:
        return [text.strip() for text in self.tab.locator("#fn-chat [data-testid=user]").all_inner_texts()]

    def close(self) -> None:
        self.context.close()
        assert self.outside == []
        assert self.complaints == []
