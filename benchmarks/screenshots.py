"""The pictures of the chat in README, made anew: `make screenshots`, or `python -m benchmarks.screenshots [FOLDER]`."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "screenshots"
FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run".split()


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        index = f"{scratch}/index"
        subprocess.run([sys.executable, "-m", "assistant.cli", "build", "seeds", "--index", index], check=True, capture_output=True)
        command = [sys.executable, "-m", "assistant.cli", "chat", "--port", "0", "--index", index, "--data", f"{scratch}/data", "--no-llm"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            try:
                _take(server.stdout.readline().split(" at ")[1].split(" ")[0], folder)
            finally:
                server.terminate()


def _take(address: str, folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, width, height, scheme, show in (
            ("cited", 1360, 820, "light", _cited),
            ("documents", 1360, 820, "dark", _documents),
            ("phone", 390, 780, "light", _answer),
        ):
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-US")
            page.goto(address)
            page.wait_for_selector("#fn-side-body", state="attached")
            show(page)
            page.wait_for_timeout(1_200)  # For what moves to have come to rest.
            page.screenshot(path=folder / f"{name}.png")
            page.close()
        browser.close()


def _ask(page: Any, *questions: str) -> None:
    for place, question in enumerate(questions):
        page.fill("#fn-box textarea", question)
        page.press("#fn-box textarea", "Enter")
        page.locator(".fn-actions").nth(place).wait_for()


def _answer(page: Any) -> None:
    _ask(page, "When did Macron make his remarks about Western troops?")


def _cited(page: Any) -> None:
    _ask(page, "When did Macron make his remarks about Western troops?", "Who can see my documents?")
    page.locator("a.fn-mark").nth(1).click()
    page.locator(".fn-sheet img").first.wait_for()


def _documents(page: Any) -> None:
    _ask(page, "When can Ukraine join NATO?")
    page.locator("a.fn-mark").first.click()
    page.locator("#fn-text mark").first.wait_for()
    page.click("#fn-tab-library")
    page.locator(".fn-document").first.wait_for()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
