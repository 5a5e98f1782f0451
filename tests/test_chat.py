"""The chat that people keep open, in a real browser: sources, conversations, documents, several people, the keyboard, and what must not happen."""

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.history import History
from assistant.people import People
from index.embed import Embedder
from tests.browser import Page, Server
from tests.conftest import REPOSITORY, Run, build_index, output, write
from tests.documents import pdf

pytestmark = pytest.mark.browser

SHOTS = REPOSITORY / ".screenshots"


@pytest.fixture(scope="module")
def server(seeds: Path, offline: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(seeds, offline, tmp_path_factory.mktemp("chat"))
    yield server
    assert server.stop() == ""


@pytest.fixture
def page(server: Server, chromium: Any) -> Iterator[Page]:
    page = Page(chromium, server.address)
    yield page
    page.close()


@pytest.fixture
def own(folder: Path, tmp_path: Path, embedder: Embedder, offline: dict[str, str]) -> Iterator[Server]:
    """A chat over documents of the test's own."""
    write(folder, {"harbour.txt": "The harbour closes at nine. The lighthouse keeper was called Orla. The ferry leaves from pier seven."})
    write(
        folder,
        {"manual.pdf": pdf([["# The manual", "The pump has two valves."], ["The red valve is closed first.", "The pump weighs 40 kg."]] + [["Blank."]] * 20)},
    )
    build_index(tmp_path / "index", [folder], embedder)
    server = Server(tmp_path / "index", offline, tmp_path)
    yield server
    if server.process.poll() is None:
        assert server.stop() == ""


def said(page: Page, text: str) -> None:
    page.tab.get_by_text(text).first.wait_for()


def pressed(page: Page, name: str) -> None:
    page.tab.get_by_role("button", name=name, exact=True).click()


# --- The source ----------------------------------------------------------------------------------------


def test_a_pdf_is_shown_as_its_pages_with_the_sentence_marked(own: Server, chromium: Any) -> None:
    page = Page(chromium, own.address)
    page.ask("Which valve is closed first?")
    mark = page.cite()
    assert mark.inner_text() == "The red valve is closed first."
    sheet = page.tab.locator(".fn-sheet").nth(1)
    sheet.locator("img").wait_for()
    box, paper, window = mark.bounding_box(), sheet.bounding_box(), page.tab.locator("#fn-text").bounding_box()
    assert paper["y"] < box["y"] < box["y"] + box["height"] < paper["y"] + paper["height"]
    assert window["y"] < box["y"] < window["y"] + window["height"]
    assert abs((box["x"] - paper["x"]) / paper["width"] - 60 / 595) < 0.01  # Where the line was printed.
    assert page.tab.locator(".fn-sheet").count() == 22
    assert page.tab.locator(".fn-sheet img").count() < 10  # Only the pages near by are fetched.
    assert page.tab.locator(".fn-sheet img").first.evaluate("img => img.decode().then(() => img.naturalWidth)") >= 320
    before = paper["width"]
    page.tab.get_by_role("button", name="Larger").click()
    assert sheet.bounding_box()["width"] > 1.2 * before
    page.tab.get_by_role("button", name="Next page").click()
    page.tab.fill("#fn-page-number", "20")
    page.tab.press("#fn-page-number", "Enter")
    page.tab.locator(".fn-sheet").nth(19).locator("img").wait_for()
    pressed(page, "Text")
    assert page.tab.inner_text("#fn-text mark") == "The red valve is closed first."
    with page.context.expect_page() as opened, page.context.expect_event("response", lambda r: "/original/" in r.url) as response:
        page.tab.get_by_role("link", name="Open the original").click()
    assert response.value.headers["content-type"] == "application/pdf"
    assert opened.value.url.endswith("#page=2")
    opened.value.close()
    page.close()


def test_the_other_citations_of_a_document_are_marked_and_stepped_through(page: Page) -> None:
    page.ask("Who can see my documents?")
    page.cite()
    count = int(page.tab.inner_text(".fn-count >> nth=0").removeprefix("1 of "))
    assert page.tab.locator("#fn-text .fn-also").count() >= count - 1 >= 1
    page.tab.keyboard.press("n")
    page.tab.locator("#fn-title", has_text="[2]").wait_for()
    assert page.tab.locator("a.fn-mark.fn-current").inner_text() == "2"
    page.tab.keyboard.press("ArrowRight")
    page.tab.locator("#fn-title", has_text=f"[{2 % count + 1}]").wait_for()
    page.tab.keyboard.press("Shift+N")
    page.tab.locator("#fn-title", has_text="[2]").wait_for()


def test_a_file_that_changed_is_told_of_and_old_answers_say_what_became_of_them(own: Server, folder: Path, tmp_path: Path, chromium: Any) -> None:
    page = Page(chromium, own.address)
    page.ask("Which valve is closed first?")
    page.ask("What was the lighthouse keeper called?")
    write(folder, {"manual.pdf": pdf([["Something else."]])})
    page.cite(0)
    said(page, "The file has changed since it was indexed.")
    assert page.tab.locator(".fn-sheet").count() == 0
    write(folder, {"harbour.txt": "Good morning. The lighthouse keeper was called Orla."})
    page.tab.click("#fn-tab-library")
    page.tab.click("#fn-rebuild")
    said(page, "Done: 0 added, 2 changed, 0 removed.")
    page.tab.reload()
    page.ready()
    said(page, "The documents have changed since this was answered.")
    assert page.tab.locator(".fn-state").all_inner_texts() == ["changed", "moved"]
    page.tab.locator("a.fn-mark").nth(0).click()
    said(page, "The document no longer says this. When the answer was written it said: “The red valve is closed first.”")
    page.cite(1)
    said(page, "This sentence has moved since the answer was written")
    page.tab.locator("a[href^='#do-again']").last.click()
    page.tab.locator(".fn-state").nth(1).wait_for(state="detached")
    page.tab.locator(".fn-actions").nth(1).wait_for()
    assert page.questions() == ["Which valve is closed first?", "What was the lighthouse keeper called?"]
    page.close()


def test_tables_code_and_mails_read_as_what_they_are(folder: Path, tmp_path: Path, embedder: Embedder, offline: dict[str, str], chromium: Any) -> None:
    write(
        folder,
        {
            "prices.csv": "item,price,colour\ndesk,90,brown\nlamp,12,red\nvase,7,blue\n",
            "notes.md": "# Notes\n\nThe **keeper** of the tower is `Orla`.\n\n| who | age |\n|---|---|\n| Orla | 61 |\n",
            "mail.eml": "From: Anna <a@example.org>\nTo: Ben <b@example.org>\nSubject: The ferry\n\nThe ferry to Inis Mor leaves from pier seven.\n",
        },
    )
    build_index(tmp_path / "index", [folder], embedder)
    server = Server(tmp_path / "index", offline, tmp_path)
    page = Page(chromium, server.address)
    page.ask("What is the price of the lamp?")
    page.tab.locator("a.fn-mark[title*='lamp']").click()
    page.tab.locator("#fn-text mark").first.wait_for()
    assert page.tab.locator("#fn-text table tr").count() == 4
    assert page.tab.locator("#fn-text th").all_inner_texts() == ["item", "price", "colour"]
    assert "lamp" in page.tab.locator("#fn-text tr:has(mark)").inner_text()
    page.ask("Who is the keeper of the tower?")
    page.tab.locator("a.fn-mark[title*='keeper']").click()
    page.tab.locator("#fn-title", has_text="Notes").wait_for()
    mark = page.tab.locator("#fn-text mark")
    assert mark.inner_text() == "The **keeper** of the tower is `Orla`."
    assert mark.locator("strong").inner_text() == "keeper"
    assert page.tab.locator("#fn-text h3").inner_text() == "# Notes"
    assert page.tab.locator("#fn-text td").all_inner_texts() == ["Orla", "61"]
    page.ask("Where does the ferry to Inis Mor leave from?")
    page.tab.locator("a.fn-mark[title*='Inis Mor']").last.click()
    page.tab.locator("#fn-title", has_text="The ferry").wait_for()
    assert "From: Anna" in page.tab.inner_text("#fn-text .fn-block-header")
    page.close()
    server.stop()


def test_a_click_in_a_long_pdf_shows_the_sentence_at_once(folder: Path, tmp_path: Path, embedder: Embedder, offline: dict[str, str], chromium: Any) -> None:
    text = [[f"Day {n} of the log.", "It rained all day, and nobody came."] for n in range(1, 501)]
    text[436].append("The keeper of the lighthouse was called Maeve.")
    write(folder, {"log.pdf": pdf(text)})
    build_index(tmp_path / "index", [folder], embedder)
    server = Server(tmp_path / "index", offline, tmp_path)
    page = Page(chromium, server.address)
    page.ask("What was the keeper of the lighthouse called?")
    assert page.cite().inner_text() == "The keeper of the lighthouse was called Maeve."
    page.tab.locator(".fn-sheet").nth(436).locator("img").wait_for()
    assert page.tab.locator(".fn-sheet").count() == 500
    page.close()
    server.stop()


# --- An answer -----------------------------------------------------------------------------------------

SHIFTS = """() => {
    window.shifts = [];
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifts.push(entry.value); }).observe({ type: "layout-shift" });
}"""


def test_an_answer_that_grows_moves_nothing_that_is_there(page: Page) -> None:
    """What a browser counts as a shift of the layout, in all: 0.1 is called good (web.dev/cls)."""
    page.tab.evaluate(SHIFTS)
    for question in ("Who can see my documents?", "Why?", "How is the index made, and where is it kept?"):
        page.ask(question)
    assert sum(page.tab.evaluate("window.shifts")) < 0.01


def test_an_answer_tells_how_sure_it_is_why_and_can_be_copied(page: Page) -> None:
    page.ask("When did Macron make his remarks about Western troops?")
    assert re.search(r"^The documents .*\(\d\d %\)$", page.tab.inner_text(".fn-sure"))
    page.tab.click("a[href^='#do-why']")
    said(page, "Passages found, best first")
    assert "cosine" in page.tab.inner_text(".fn-hits li >> nth=0")
    assert "When did Macron make his remarks" in page.tab.inner_text("#fn-text .fn-facts")
    for choice, expected in (("Markdown with footnotes", "[^1]: "), ("Plain text with footnotes", "│ "), ("Formatted, with footnotes", "Sources")):
        page.tab.click("a[href^='#do-copy']")
        pressed(page, choice)
        said(page, "Copied.")
        assert expected in page.tab.evaluate("navigator.clipboard.readText()")


def test_a_rating_is_kept_and_measured_by(own: Server, tmp_path: Path, footnote: Run, chromium: Any) -> None:
    page = Page(chromium, own.address)
    page.ask("What was the lighthouse keeper called?")
    page.tab.click("a[href^='#do-good']")
    page.tab.locator("a.fn-good.fn-chosen").wait_for()
    page.ask("How do I bake bread?")
    page.tab.locator("a[href^='#do-bad']").last.click()
    page.tab.get_by_text("The documents do say it").click()
    page.tab.locator("li[data-label='1']").get_by_text("No", exact=True).click()
    pressed(page, "Send")
    page.tab.locator("a.fn-bad.fn-chosen").wait_for()
    page.cite()
    page.tab.get_by_role("button", name="This sentence answers").click()
    page.tab.locator("#fn-tools .fn-good[aria-pressed=true]").wait_for()
    page.tab.reload()
    page.ready()
    page.tab.locator("a.fn-good.fn-chosen").wait_for()
    page.cite()
    page.tab.locator("#fn-tools .fn-good[aria-pressed=true]").click()
    page.tab.locator("#fn-tools .fn-good[aria-pressed=false]").wait_for()
    page.tab.get_by_role("button", name="This sentence does not answer").click()
    page.tab.get_by_placeholder("In your own words (optional)").fill("Not the keeper")
    pressed(page, "Send")
    page.tab.locator("#fn-tools .fn-bad[aria-pressed=true]").wait_for()
    page.tab.locator("#fn-tools .fn-bad[aria-pressed=true]").click()
    page.tab.locator("#fn-tools .fn-bad[aria-pressed=false]").wait_for()
    page.close()
    questions = tmp_path / "data" / "people" / "owner" / "questions.jsonl"
    assert [json.loads(line)["gold"] for line in questions.read_text().splitlines()] == [["The lighthouse keeper was called Orla."]]
    assert output(footnote("eval", questions, "--index", tmp_path / "index", "--json"))["figures"]["first citation right"] == 1.0


# --- Conversations -------------------------------------------------------------------------------------


def test_conversations_are_kept_over_a_restart_found_renamed_and_deleted(own: Server, offline: dict[str, str], tmp_path: Path, chromium: Any) -> None:
    page = Page(chromium, own.address)
    page.ask("What was the lighthouse keeper called?")
    first = page.tab.url
    page.tab.click("#fn-new")
    page.tab.wait_for_selector(".fn-empty")
    page.ask("When does the harbour close?")
    assert own.stop() == ""
    again = Server(tmp_path / "index", offline, tmp_path, own.port)
    page.context.close()  # gradio reloads the old tab by itself, some time or other.
    page = Page(chromium, again.address)
    page.open(first.removeprefix(own.address))
    page.tab.wait_for_selector(".fn-answer")
    assert page.questions() == ["What was the lighthouse keeper called?"]
    assert page.cite().inner_text() == "The lighthouse keeper was called Orla."
    page.ask("And where does the ferry leave from?")
    rows = page.tab.locator(".fn-chat-title")
    page.tab.fill("#fn-search-chats", "orla keeper")
    page.tab.locator(".fn-chat-title", has_text="harbour close").wait_for(state="detached")
    assert rows.all_inner_texts() == ["What was the lighthouse keeper called?"]
    page.tab.fill("#fn-search-chats", "")
    rows.nth(1).wait_for()
    page.tab.get_by_role("button", name="More: When does the harbour close?").click()
    page.tab.fill(".fn-dialog .fn-field", "Closing time")
    pressed(page, "Rename")
    said(page, "Closing time")
    page.tab.get_by_role("button", name="Closing time", exact=False).first.click()
    page.tab.locator("#fn-chat [data-testid=user]", has_text="When does the harbour close?").wait_for()
    page.tab.get_by_role("button", name="More: Closing time").click()
    pressed(page, "Delete")
    pressed(page, "Delete")
    page.tab.locator(".fn-chat-title", has_text="Closing time").wait_for(state="detached")
    page.tab.wait_for_selector(".fn-empty")
    page.close()
    again.stop()


def test_an_earlier_question_is_edited_in_a_branch_and_the_last_is_asked_again(page: Page) -> None:
    page.ask("Who can see my documents?")
    page.ask("How do I remove the index?")
    name = page.tab.url
    page.tab.locator("a[href^='#do-edit']").first.click()
    page.tab.locator("#fn-chat [data-testid=user]").first.wait_for(state="detached")
    page.tab.wait_for_timeout(500)
    assert page.tab.input_value("#fn-box textarea") == "Who can see my documents?"
    page.ask("What does a citation promise?")
    assert page.questions() == ["What does a citation promise?"]
    assert page.tab.url != name
    page.open(name.removeprefix(page.address))
    page.tab.locator("a[href^='#do-again']").nth(1).click()
    page.tab.wait_for_timeout(2500)
    assert page.questions() == ["Who can see my documents?", "How do I remove the index?"]


def test_an_export_from_the_page_is_verified(own: Server, tmp_path: Path, footnote: Run, chromium: Any) -> None:
    page = Page(chromium, own.address)
    page.ask("What was the lighthouse keeper called?")
    for format, name in (("md", "Markdown"), ("html", "HTML page"), ("json", "JSON")):
        page.tab.get_by_role("button", name="More: What was").click()
        with page.tab.expect_download() as download:
            page.tab.get_by_role("link", name=name).click()
        download.value.save_as(tmp_path / f"chat.{format}")
        page.tab.keyboard.press("Escape")
        assert output(footnote("verify", tmp_path / f"chat.{format}", "--index", tmp_path / "index", "--json"))["holds"]
    page.close()


def test_fifty_conversations_of_a_hundred_turns_open_and_search_quickly(own: Server, tmp_path: Path, chromium: Any) -> None:
    page = Page(chromium, own.address)
    page.ask("What was the lighthouse keeper called?")
    data = sqlite3.connect(tmp_path / "data" / "people" / "owner" / "conversations.sqlite")
    ((answer, record, generation),) = data.execute("SELECT answer, record, generation FROM turns").fetchall()
    for chat in range(50):
        name, at = f"{chat:016}", f"2026-01-01T00:00:{chat:02}"
        data.execute("INSERT INTO chats VALUES (?, ?, ?, ?, '[]', NULL)", (name, f"Long conversation {chat}", at, at))
        rows = ((f"{name}-{turn}", name, turn, f"Question {turn}", answer, record, generation, at) for turn in range(100))
        data.executemany("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    data.commit()
    data.close()
    page.open(f"/?chat={7:016}")
    said(page, "Show the 70 earlier questions")
    assert page.tab.locator("#fn-chat [data-testid=user]").count() == 30
    page.ask("When does the harbour close?")
    page.tab.locator(".fn-earlier a").click()
    page.tab.locator("#fn-chat [data-testid=user]").nth(100).wait_for()
    assert page.tab.locator(".fn-chat-title").count() == 51
    page.close()


def test_a_server_that_goes_away_in_mid_answer_is_told_of_and_the_question_can_be_asked_again(
    own: Server, offline: dict[str, str], tmp_path: Path, chromium: Any
) -> None:
    page = Page(chromium, own.address)
    page.ask("What was the lighthouse keeper called?")
    own.process.kill()
    own.process.communicate()
    page.enter("When does the harbour close?")
    page.tab.get_by_text("Connection to the server was lost").first.wait_for()
    again = Server(tmp_path / "index", offline, tmp_path, own.port)
    name = page.tab.url.rpartition("=")[2]
    page.context.close()  # gradio reloads the old tab by itself, some time or other.
    page = Page(chromium, again.address)
    page.open(f"/?chat={name}")
    page.tab.wait_for_selector(".fn-answer")
    page.ask("When does the harbour close?")
    assert page.questions() == ["What was the lighthouse keeper called?", "When does the harbour close?"]
    page.close()
    again.stop()


# --- Documents -----------------------------------------------------------------------------------------


def test_files_are_added_to_a_conversation_or_the_library_by_button_drop_and_paste(own: Server, tmp_path: Path, chromium: Any) -> None:
    page = Page(chromium, own.address)
    page.tab.click("#fn-tab-library")
    write(tmp_path, {"zebra.txt": "The zebra of the harbour is called Quagmire."})
    page.tab.set_input_files("#fn-files", tmp_path / "zebra.txt")
    pressed(page, "Only this conversation")
    said(page, "zebra.txt can be asked about now.")
    page.ask("What is the zebra of the harbour called?")
    assert page.cite().inner_text() == "The zebra of the harbour is called Quagmire."
    page.tab.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["The lion of the harbour is called Bernard."], "lion.txt"));
            for (const kind of ["dragenter", "dragover", "drop"]) document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true }));
        }"""
    )
    pressed(page, "The library, for all conversations")
    said(page, "lion.txt can be asked about now.")
    page.tab.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["MZ"], "virus.exe"));
            document.querySelector("#fn-box textarea").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        }"""
    )
    pressed(page, "Only this conversation")
    said(page, "virus.exe: the format .exe is not read")
    page.tab.click("#fn-new")
    page.tab.wait_for_selector(".fn-empty")
    page.ask("What is the lion of the harbour called?")
    assert page.cite().inner_text() == "The lion of the harbour is called Bernard."
    page.ask("What is the zebra of the harbour called?")
    assert "Quagmire" not in page.tab.inner_text("#fn-chat")
    page.close()


def test_documents_are_searched_ticked_taken_out_and_brought_back(own: Server, folder: Path, chromium: Any) -> None:
    page = Page(chromium, own.address)
    page.tab.click("#fn-tab-library")
    page.tab.fill("#fn-search-documents", "harb")
    page.tab.locator(".fn-document", has_text="manual").wait_for(state="detached")
    page.tab.get_by_label("Let questions look in harbour").check()
    said(page, "Questions look in the ticked documents only (1).")
    page.ask("Which valve is closed first?")
    assert page.tab.locator(".fn-declined").count() == 1
    page.tab.locator("#fn-only-line").get_by_role("button").click()
    page.ask("Which valve of the pump is closed first?")
    assert page.tab.locator(".fn-answer").count() == 1
    page.tab.fill("#fn-search-documents", "")
    page.tab.get_by_role("button", name="Take harbour out of the library").click()
    pressed(page, "Take out")
    page.tab.locator(".fn-document", has_text="harbour").wait_for(state="detached")
    assert (folder / "harbour.txt").is_file()
    page.tab.get_by_text("Taken out (1)").click()
    pressed(page, "Bring back")
    page.tab.locator(".fn-document", has_text="harbour").wait_for()
    page.close()


def test_the_chat_answers_from_the_old_index_while_a_new_one_is_built_and_a_build_can_be_stopped(own: Server, folder: Path, chromium: Any) -> None:
    write(folder, {f"{n}.txt": f"This is file {n} of many. " + f"It says that {n} is a number among others, and more of that kind. " * 40 for n in range(400)})
    page = Page(chromium, own.address)
    page.tab.click("#fn-tab-library")
    page.tab.click("#fn-rebuild")
    page.tab.locator("#fn-build-library progress").wait_for()
    page.ask("What was the lighthouse keeper called?")
    assert "Orla" in page.tab.inner_text(".fn-answer")
    page.tab.locator("#fn-build-library button").click()
    said(page, "Stopped. The index is as it was.")
    page.close()


def test_what_the_page_cannot_do_is_refused_by_the_server_too(own: Server) -> None:
    import httpx

    def post(path: str, content: bytes = b"{}", **headers: str) -> httpx.Response:
        return httpx.post(own.address + path, content=content, headers={"content-type": "application/json", "origin": own.address, **headers})

    assert post("/upload?name=a.txt", origin="http://evil.example").status_code == 403
    assert "is not read" in post("/upload?name=a.exe", b"x").json()["trouble"]
    assert "is empty" in post("/upload?name=a.txt", b"").json()["trouble"]
    assert "none that was given here" in post("/upload?name=a.txt&chat=../../etc", b"x").json()["trouble"]
    assert post("/chats/..%2f..%2fx/delete").status_code == 404
    assert "none that was given here" in post("/chats/short/delete").json()["trouble"]
    assert post("/documents/remove", b'{"id": "never", "chat": ""}').status_code == 404
    assert httpx.get(f"{own.address}/original/unknown/1").status_code == 404


# --- Several people --------------------------------------------------------------------------------------


@pytest.fixture
def several(own: Server, offline: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    own.stop()
    people = People(tmp_path / "data" / "people.sqlite")
    people.add("anna", "correct horse", True)
    people.add("ben", "battery staple", False)
    people.close()
    server = Server(tmp_path / "index", offline, tmp_path, 0, "quote", "--auth")
    yield server
    assert server.stop() == ""


def test_people_log_in_and_see_their_own_conversations_and_what_is_shared(several: Server, tmp_path: Path, chromium: Any) -> None:
    from playwright.sync_api import expect

    anna, ben = Page(chromium, several.address), Page(chromium, several.address)
    for page in (anna, ben):
        assert page.tab.url.endswith("/login")
    anna.log_in("anna", "battery staple")
    said(anna, "That name and password do not belong together.")
    anna.log_in("anna", "correct horse")
    anna.ready()
    ben.log_in("ben", "battery staple")
    ben.ready()
    write(tmp_path, {"zebra.txt": "The zebra of the harbour is called Quagmire."})
    anna.tab.click("#fn-tab-library")
    anna.tab.set_input_files("#fn-files", tmp_path / "zebra.txt")
    pressed(anna, "Only this conversation")
    said(anna, "zebra.txt can be asked about now.")
    anna.ask("What is the zebra of the harbour called?")
    name = anna.tab.url.rpartition("=")[2]
    key = re.search(r"#cite-(.+)-1", anna.tab.locator("a.fn-mark").first.get_attribute("href"))[1]  # type: ignore[index]
    assert ben.tab.locator(".fn-chat-title").count() == 0
    ben.open(f"/?chat={name}")
    assert ben.questions() == []
    assert ben.context.request.get(f"{several.address}/passage/{key}/1").status == 404
    assert ben.context.request.get(f"{several.address}/chats/{name}/export").status == 404
    ben.tab.click("#fn-tab-library")
    assert ben.tab.locator("#fn-rebuild").count() == 0
    refused = ben.context.request.post(f"{several.address}/building/start", data={}, headers={"origin": several.address})
    assert "administrator" in refused.json()["trouble"]
    refused = ben.context.request.post(f"{several.address}/building/stop", data={"chat": ""}, headers={"origin": several.address})
    assert "administrator" in refused.json()["trouble"]
    anna.tab.click("#fn-tab-chats")
    anna.tab.get_by_role("button", name="More: What is").click()
    pressed(anna, "Share")
    field = anna.tab.locator(".fn-dialog .fn-field")
    expect(field).to_have_value(re.compile("shared="))
    link = field.input_value()
    pressed(anna, "Close")
    ben.open(link.removeprefix(several.address))
    said(ben, "You are reading a conversation that anna shared.")
    passage = f"{several.address}/passage/{key}/1"
    assert "rated" in anna.context.request.get(passage).json()
    assert "rated" not in ben.context.request.get(f"{passage}?shared={link.rpartition('=')[2]}").json()
    assert ben.cite().inner_text() == "The zebra of the harbour is called Quagmire."
    ben.ask("When does the harbour close?")
    assert ben.questions() == ["What is the zebra of the harbour called?", "When does the harbour close?"]
    assert len(anna.questions()) == 1
    anna.tab.get_by_role("button", name="More: What is").click()
    pressed(anna, "Stop sharing")
    ben.open(link.removeprefix(several.address))
    assert ben.questions() == []
    pressed(ben, "Log out")
    ben.tab.wait_for_url("**/login")
    assert ben.context.request.get(f"{several.address}/chats").status == 401
    ben.complaints.clear()
    for page in (anna, ben):
        page.close()


def test_a_name_is_not_tried_without_end(several: Server) -> None:
    import httpx

    with httpx.Client(base_url=several.address, headers={"origin": several.address}) as client:
        places = [client.post("/login", data={"name": "ben", "password": f"wrong {n}"}).headers["location"] for n in range(7)]
        assert places == ["/login?failed=wrong-login"] * 5 + ["/login?failed=wait-login"] * 2
        assert client.post("/login", data={"name": "anna", "password": "correct horse"}).headers["location"] == "/"
        cookie = client.cookies.jar
        assert all(one.has_nonstandard_attr("HttpOnly") for one in cookie)
    for path in ("/chats", "/documents", "/config", "/footnote/chat.js", "/gradio_api/info"):
        assert httpx.get(several.address + path).status_code == 401
    assert httpx.get(several.address + "/").headers["location"] == "/login"


# --- Craft ---------------------------------------------------------------------------------------------


def findings(page: Page) -> list[str]:
    """What axe-core calls serious or critical on the page as it is, by WCAG 2.2 AA."""
    import axe_playwright_python

    script = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
    page.tab.evaluate(script)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = page.tab.evaluate("rules => axe.run(document, rules)", rules)["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_no_view_has_a_serious_barrier(server: Server, chromium: Any, width: int, height: int, scheme: str) -> None:
    page = Page(chromium, server.address, width, height, scheme)
    views = {"empty": findings(page)}
    page.ask("Who can see my documents?")
    page.ask("How do I bake sourdough bread?")
    views["answers"] = findings(page)
    page.cite()
    page.tab.locator(".fn-sheet img").first.wait_for()
    views["pages"] = findings(page)
    pressed(page, "Text")
    views["text"] = findings(page)
    page.tab.keyboard.press("Escape")
    page.tab.locator("a[href^='#do-why']").first.click()
    page.tab.wait_for_selector(".fn-hits")
    views["why"] = findings(page)
    page.tab.keyboard.press("Escape")
    if width < 1100:
        page.tab.click("#fn-menu")
    views["conversations"] = findings(page)
    page.tab.click("#fn-tab-library")
    page.tab.wait_for_selector(".fn-document")
    views["documents"] = findings(page)
    SHOTS.mkdir(exist_ok=True)
    page.tab.screenshot(path=SHOTS / f"documents-{width}-{scheme}.png")
    page.tab.locator(".fn-side-foot .fn-icon").click()
    page.tab.wait_for_selector(".fn-keys")
    views["keys"] = findings(page)
    page.tab.keyboard.press("Escape")
    assert {view: found for view, found in views.items() if found} == {}
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_login_has_no_serious_barrier(several: Server, chromium: Any) -> None:
    page = Page(chromium, several.address)
    assert findings(page) == []
    page.close()


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.ask("Who can see my documents?")
    page.tab.locator("#fn-chat").click(position={"x": 5, "y": 5})
    page.tab.keyboard.press("?")
    page.tab.wait_for_selector(".fn-keys")
    page.tab.keyboard.press("Escape")
    page.tab.keyboard.press("Alt+b")
    page.tab.wait_for_selector("#fn-side", state="hidden")
    page.tab.keyboard.press("Alt+k")
    assert page.tab.evaluate("document.activeElement.id") == "fn-search-chats"
    page.tab.keyboard.press("Alt+n")
    page.tab.wait_for_selector(".fn-empty")
    assert page.tab.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.tab.locator("#fn-text").focus()
    page.tab.keyboard.press("/")
    assert page.tab.evaluate("document.activeElement.tagName") == "TEXTAREA"


def test_the_page_speaks_german_when_it_is_asked_to(server: Server, chromium: Any) -> None:
    page = Page(chromium, server.address, language="de-DE")
    said(page, "Fragen Sie Ihre Dokumente")
    page.ask("How do I bake sourdough bread?")
    assert "Das sagen die Dokumente nicht" in page.tab.inner_text(".fn-declined")
    assert page.tab.get_attribute("html", "lang") == "de"
    page.tab.select_option(".fn-select", "en")
    said(page, "Conversations")
    page.close()


def test_text_that_runs_from_right_to_left_does(folder: Path, tmp_path: Path, embedder: Embedder, offline: dict[str, str], chromium: Any) -> None:
    write(folder, {"a.txt": "שומר המגדלור נקרא אורלה. הנמל נסגר בתשע."})
    build_index(tmp_path / "index", [folder], embedder)
    server = Server(tmp_path / "index", offline, tmp_path)
    page = Page(chromium, server.address)
    page.ask("איך נקרא שומר המגדלור?")
    page.tab.locator("a.fn-mark, a.fn-source").first.click()
    page.tab.locator("#fn-text mark").first.wait_for()
    assert page.tab.locator("#fn-text p").first.evaluate("node => getComputedStyle(node).direction") == "rtl"
    page.close()
    server.stop()


def test_a_slow_network_shows_what_there_is(server: Server, chromium: Any) -> None:
    page = Page(chromium, server.address)
    page.context.route("**/page/**", lambda route: (time.sleep(1), route.continue_())[1])
    page.ask("How do I remove the index?")
    mark = page.cite()
    assert mark.is_visible()  # The sentence is marked before its page has come.
    page.tab.locator(".fn-sheet img").first.wait_for()
    page.close()


def test_ten_thousand_citations_do_not_stop_the_page(own: Server, tmp_path: Path, chromium: Any) -> None:
    page = Page(chromium, own.address)
    page.ask("What was the lighthouse keeper called?")
    history = History(tmp_path / "data" / "people" / "owner" / "conversations.sqlite")
    (kept,) = history.turns(page.tab.url.rpartition("=")[2])
    _, id, start, end, quote, score = kept.record["citations"][0]
    labels = list(range(1, 10_001))
    many = {**kept.record, "citations": [[n, id, start, end, quote, score] for n in labels], "claims": [["All of it.", labels, "supported", []]]}
    history.add("x" * 16, "y" * 16, many, "", kept.generation)
    history.close()
    page.open(f"/?chat={'x' * 16}")
    page.tab.locator("a.fn-source").nth(59).wait_for()
    page.cite(3)
    assert page.tab.inner_text("#fn-title").startswith("[4]")
    assert page.tab.locator("a.fn-source").count() == 60
    page.close()


def test_screenshots_of_the_readme_come_from_a_command(tmp_path: Path, offline: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks.screenshots", str(tmp_path)], cwd=REPOSITORY, env=offline, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in (REPOSITORY / "benchmarks" / "screenshots").glob("*.png")}
