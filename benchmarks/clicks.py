"""From a click on a citation to the marked sentence in the viewer, in a real browser: in a short text, and in a PDF of 500 pages.

`python -m benchmarks.clicks [CLICKS]` writes the documents, builds, and clicks; what was fetched ahead counts, as it does for people.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.screenshots import FLAGS

CLICKS = 40
SHOWN = """link => new Promise(done => {
  const text = document.getElementById("fn-text");
  const start = performance.now();
  const seen = () => {
    const mark = text.querySelector("mark.fn-current");
    const box = mark && mark.getBoundingClientRect();
    if (box && box.top >= 0 && box.bottom <= innerHeight && mark.textContent === text.dataset.wanted) done(performance.now() - start);
    else requestAnimationFrame(seen);
  };
  link.click();
  seen();
})"""


def main(clicks: int = CLICKS) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "documents"
        folder.mkdir()
        (folder / "log.pdf").write_bytes(_long_pdf())
        (folder / "harbour.txt").write_text("The harbour closes at nine. The ferry leaves from pier seven. The customs house is on the north quay.")
        subprocess.run([sys.executable, "-m", "assistant.cli", "build", folder, "--index", f"{scratch}/index"], check=True, capture_output=True)
        command = [sys.executable, "-m", "assistant.cli", "chat", "--port", "0", "--index", f"{scratch}/index", "--data", f"{scratch}/data"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            try:
                _click(server.stdout.readline().split(" at ")[1].split(" ")[0], clicks)
            finally:
                server.terminate()


def _long_pdf() -> bytes:
    """Five hundred pages of log, three of which say something else."""
    from tests.documents import pdf

    pages = [[f"Day {n} of the log.", *(f"It rained until {hour} o'clock, and nobody came." for hour in range(1, 40))] for n in range(1, 501)]
    pages[436].append("The keeper of the lighthouse was called Maeve.")
    pages[90].append("The bell of the lighthouse weighs two tons.")
    pages[250].append("The lamp of the lighthouse was lit in 1854.")
    return pdf(pages)


def _click(address: str, clicks: int) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.wait_for_selector("#fn-side-body", state="attached")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        print(f"first paint                   {paint:.0f} ms; ready to ask {page.evaluate('performance.now()'):.0f} ms")
        for name, questions in (
            ("a short text", ("When does the harbour close?", "Where does the ferry leave from?")),
            (
                "a PDF of 500 pages",
                ("What was the keeper of the lighthouse called?", "What does the bell of the lighthouse weigh?", "When was the lamp of the lighthouse lit?"),
            ),
        ):
            page.click("#fn-new")
            page.wait_for_selector(".fn-empty")
            for place, question in enumerate(questions):
                page.fill("#fn-box textarea", question)
                page.press("#fn-box textarea", "Enter")
                page.locator(".fn-actions").nth(place).wait_for()
            took = sorted(_shown(page, number) for number in range(clicks))
            within = f"median {took[len(took) // 2]:.0f} ms, 95% within {took[int(0.95 * len(took)) - 1]:.0f} ms, longest {took[-1]:.0f} ms"
            print(f"{name:<29} {within}, of {clicks} clicks")
        browser.close()


def _shown(page: Any, number: int) -> float:
    """Milliseconds from a click on the first mark of an answer until its sentence stands marked in the window. What the browser kept is too old by then."""
    page.wait_for_timeout(1_200)
    answers = page.locator(".fn-answer")
    link = answers.nth(number % answers.count()).locator("a.fn-mark").first
    quote = link.get_attribute("title").partition(": ")[2]
    page.evaluate("quote => { document.getElementById('fn-text').dataset.wanted = quote; }", quote)
    took: float = link.evaluate(SHOWN)
    return took


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
