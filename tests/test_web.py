"""The guard, the passages, and the page in a real browser: a click on a citation shows the very sentence."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.web.blocks import blocks
from assistant.web.chats import MOST_OPEN, Chats
from assistant.web.files import safe_name
from assistant.web.guard import MOST_BODY, App, Guard
from assistant.web.jobs import Job
from assistant.web.library import Library
from assistant.web.words import LANGUAGES, chosen, words_of
from index.embed import Embedder
from index.errors import NoIndexError
from index.types import Document
from tests.browser import Page, Server
from tests.conftest import REPOSITORY, ModelServer, Run, build_index, output, write
from tests.documents import pdf


@pytest.fixture(scope="module")
def server(seeds: Path, offline: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(seeds, offline, tmp_path_factory.mktemp("chat"))
    yield server
    assert server.stop() == ""


T = TypeVar("T")

# --- The guard -----------------------------------------------------------------------------------------


def run_alone(work: Coroutine[Any, Any, T]) -> T:
    """Run something in a thread of its own: where a browser is open, this one has a loop that runs already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def let_in(guard: App, method: str, path: str, host: str = "127.0.0.1:7860", content: bytes | None = None, **headers: str) -> httpx.Response:
    """What an app answers, without a network between."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=guard)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.request(method, path, content=content, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return run_alone(send())


def request(server: Server, method: str, path: str, content: bytes | None = None, **headers: str) -> httpx.Response:
    """What the real server answers."""
    return httpx.request(method, server.address + path, content=content, headers=headers, timeout=30)


def test_the_page_is_served_with_a_policy_that_names_its_scripts(server: Server) -> None:
    response = request(server, "GET", "/")
    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.count("sha256-") >= 1
    assert "unsafe-inline" not in re.search(r"script-src[^;]*", policy)[0]  # type: ignore[index]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "127.0.0.1", "localhost.evil.example:7860"])
def test_another_host_name_is_refused(server: Server, host: str) -> None:
    assert request(server, "GET", "/", host=host).status_code == 421


@pytest.mark.parametrize(
    "path",
    "/gradio_api/file=/etc/passwd /gradio_api/file/etc/passwd /file=/etc/passwd /gradio_api/proxy=http://evil.example/ /monitoring /monitoring/summary"
    " /gradio_api/openapi.json /openapi.json /docs /redoc /gradio_api/runs /gradio_api/deep_link /gradio_api/upload /gradio_api/upload_progress"
    " /gradio_api/token /gradio_api/user /login_check /gradio_api/vibe-code /gradio_api/run-history/records /gradio_api/mcp/"
    " /gradio_api/stream/a/b/c/playlist.m3u8 /gradio_api/call/predict/x /pwa_icon /passage/x/y /index.html /..%2f..%2fetc/passwd".split(),
)
def test_what_a_chat_does_not_need_is_not_there(server: Server, path: str) -> None:
    assert request(server, "GET", path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload",
        "/gradio_api/run/typed",
        "/gradio_api/call/typed",
        "/gradio_api/api/typed",
        "/upload/x",
        "/gradio_api/component_server",
        "/gradio_api/vibe-edit",
    ],
)
def test_what_a_chat_does_not_write_is_refused(server: Server, path: str) -> None:
    assert request(server, "POST", path, content=b"{}", origin=server.address).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"content_length": str(MOST_BODY + 1)}, 413),
        ({"content_length": "x"}, 413),
    ],
)
def test_only_the_page_itself_writes_and_not_too_much(headers: dict[str, str], status: int) -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("the request was let in")

    assert let_in(Guard(inner, frozenset({"127.0.0.1:7860"})), "POST", "/gradio_api/queue/join", content=b"{}", **headers).status_code == status


def test_a_body_that_hides_its_length_is_cut_off() -> None:
    received = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            received.append(len(message.get("body", b"")))

    async def endless() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    async def nothing(message: Any) -> None: ...

    scope = {"type": "http", "method": "POST", "path": "/gradio_api/queue/join", "headers": [(b"host", b"h")]}
    run_alone(Guard(inner, frozenset({"h"}))(scope, endless, nothing))
    assert sum(received) <= MOST_BODY


@pytest.mark.parametrize("path", ["/?deep_link=x", "/?view=api", "/static/..%2fconfig", "/assets/..%2f..%2fx"])
def test_the_address_of_the_page_takes_nothing(server: Server, path: str) -> None:
    with httpx.Client() as client:
        url = httpx.URL(server.address).copy_with(raw_path=path.encode())
        assert client.request("GET", url).status_code == 404


def test_a_proxy_is_not_believed(server: Server) -> None:
    assert "evil.example" not in request(server, "GET", "/config", **{"x-forwarded-host": "evil.example"}).text


def test_a_method_that_is_not_offered_is_refused(server: Server) -> None:
    assert request(server, "DELETE", "/").status_code == 405


# --- The conversations -----------------------------------------------------------------------------------


@pytest.fixture
def chats(seeds: Path, tmp_path: Path) -> Iterator[Chats]:
    library = Library(Settings(index=seeds, data=tmp_path / "data"))
    chats = Chats(library, tmp_path / "data" / "people" / "owner")
    yield chats
    chats.close()
    library.close()


def chats_over(index: Path, data: Path) -> Chats:
    return Chats(Library(Settings(index=index, data=data)), data / "people" / "owner")


def test_a_passage_is_the_page_with_rectangles_and_the_text_in_blocks(chats: Chats) -> None:
    name = chats.new()
    answer, key = chats.ask(name, "How do I remove the index?")
    assert chats.open(name).keys == (key,)
    passage = chats.passage(key, 1)
    assert passage is not None
    document = answer.citations[0].sentence.document
    assert (passage["document"], passage["page"], passage["pages"], passage["state"]) == ("citations-privacy-trouble.pdf", 2, 2, "unchanged")
    assert passage["sizes"] == [[595.9, 842.9]] * 2
    ((label, boxes),) = passage["boxes"][2]
    assert (label, len(boxes)) == (1, 1)
    runs = [run for block in passage["blocks"] for run in block.get("runs", [])]
    assert ["".join(text for _, text in run["pieces"]) for run in runs if run["current"]] == ["Delete the folder .footnote to remove the index."]
    assert "".join("".join(text for run in runs for _, text in run["pieces"]).split()) == "".join(document.text.split())
    assert [block["level"] for block in passage["blocks"] if block["kind"] == "page"] == [1, 2]
    assert "Who can see my documents?" in [block["runs"][0]["pieces"][0][1] for block in passage["blocks"] if block["kind"] == "heading"]
    assert (chats.passage(key, 99), chats.passage("unknown", 1)) == (None, None)


def test_a_long_document_is_shown_around_the_sentence(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    filler = "The harbour was quiet that day. " * 2000
    write(folder, {"a.txt": f"{filler}\n\nThe lighthouse keeper was called Orla.\n\n{filler}"})
    build_index(tmp_path / "index", [folder], embedder)
    chats = chats_over(tmp_path / "index", tmp_path / "data")
    _, key = chats.ask(chats.new(), "What was the lighthouse keeper called?")
    passage = chats.passage(key, 1)
    assert passage is not None
    assert (passage["cut_before"], passage["cut_after"]) == (True, True)
    assert passage["quote"] == "The lighthouse keeper was called Orla."


def test_questions_that_overlap_keep_their_own_citations(chats: Chats) -> None:
    name = chats.new()
    questions = ["Who can see my documents?", "How do I remove the index?", "Can two builds run at the same time?"] * 3
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda question: chats.ask(name, question), questions))
    assert len(chats.open(name).keys) == len(questions)
    for answer, key in answers:
        passage = chats.passage(key, 1)
        assert passage is not None
        assert passage["quote"] == answer.citations[0].sentence.text


def test_starter_questions_are_ones_that_the_documents_answer(seeds: Path) -> None:
    library = Library(Settings(index=seeds))
    starters = library.starters()
    assert len(starters) == 4
    assert all(library.assistant().ask(question).found for question in starters)


def test_a_new_build_is_seen_by_the_next_question_and_old_answers_tell_what_became_of_them(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    chats = chats_over(tmp_path / "index", tmp_path / "data")
    with pytest.raises(NoIndexError):
        chats.library.assistant()
    write(folder, {"a.txt": "The door is green. The gate is old.", "b.txt": "The roof is flat.", "c.txt": "The wall is high."})
    build_index(tmp_path / "index", [folder], embedder)
    name = chats.new()
    asked = {
        what: chats.ask(name, question)[1]
        for what, question in (("door", "What colour is the door?"), ("roof", "How is the roof?"), ("wall", "How is the wall?"))
    }
    assert chats.states(name, chats.open(name).keys) == {}
    write(folder, {"a.txt": "The gate is new. The door is green.", "b.txt": "The roof is steep."})
    (folder / "c.txt").unlink()
    build_index(tmp_path / "index", [folder], embedder)
    assert chats.ask(name, "How is the roof?")[0].citations[0].sentence.text == "The roof is steep."
    again = chats_over(tmp_path / "index", tmp_path / "data")
    states = again.states(name, again.open(name).keys)
    assert [states[asked[what]][1] for what in ("door", "roof", "wall")] == ["moved", "changed", "removed"]
    moved, changed, removed = (again.passage(asked[what], 1) for what in ("door", "roof", "wall"))
    assert moved is not None
    assert (moved["state"], moved["start"], moved["quote"]) == ("moved", 17, "The door is green.")
    assert changed is not None
    assert (changed["state"], changed["quote"], changed["marks"]) == ("changed", "The roof is flat.", [])
    assert removed is not None
    assert (removed["state"], removed["quote"], removed["blocks"]) == ("removed", "The wall is high.", [])


def test_a_file_that_changed_since_it_was_indexed_is_told_of_and_shown_as_it_was_read(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"a.pdf": pdf([["The keeper was called Orla."]])})
    build_index(tmp_path / "index", [folder], embedder)
    chats = chats_over(tmp_path / "index", tmp_path / "data")
    _, key = chats.ask(chats.new(), "What was the keeper called?")
    fresh = chats.passage(key, 1)
    assert fresh is not None
    assert (fresh["file"], len(fresh["sizes"])) == ("", 1)
    write(folder, {"a.pdf": pdf([["Nothing of the kind stands here."]])})
    stale = chats.passage(key, 1)
    assert stale is not None
    assert (stale["file"], stale["sizes"], stale["state"]) == ("changed", [], "unchanged")
    (folder / "a.pdf").unlink()
    gone = chats.passage(key, 1)
    assert gone is not None
    assert (gone["file"], gone["original"]) == ("gone", False)
    chats.library.close()


def test_conversations_survive_a_restart_and_go_on(seeds: Path, tmp_path: Path) -> None:
    chats = chats_over(seeds, tmp_path / "data")
    name = chats.new()
    chats.ask(name, "What did Emmanuel Macron say in an interview?")
    chats.close()
    chats = chats_over(seeds, tmp_path / "data")
    answer, _ = chats.ask(name, "And when was that?")
    assert "Macron" in answer.standalone
    assert len(chats.open(name).keys) == 2
    passage = chats.passage(chats.open(name).keys[0], 1)
    assert passage is not None
    assert passage["state"] == "unchanged"


def test_a_conversation_that_is_deleted_is_gone_with_its_files_and_stays_so(chats: Chats, tmp_path: Path) -> None:
    name = chats.new()
    _, key = chats.ask(name, "Who can see my documents?")
    growing = chats.answers(name, "How do I remove the index?")
    next(growing)
    chats.delete(name)
    assert list(growing) == []
    with pytest.raises(SettingsError, match="was deleted"):
        chats.ask(name, "Who can see my documents?")
    assert (chats.open(name).keys, chats.passage(key, 1), chats.history.chats()) == ((), None, [])


def test_an_answer_that_is_asked_again_is_there_until_the_new_one_is(chats: Chats) -> None:
    name = chats.new()
    chats.ask(name, "Who can see my documents?")
    _, key = chats.ask(name, "How do I remove the index?")
    assert not chats.ask_again(name, chats.open(name).keys[0])
    assert chats.ask_again(name, key)
    with pytest.raises(SettingsError):
        list(chats.answers(name, "How do I remove the index?", "compatible:m@http://models.example/v1"))
    assert chats.open(name).keys[-1] == key
    assert chats.ask_again(name, key)
    _, new = chats.ask(name, "How do I remove the index?")
    assert chats.open(name).keys[1:] == (new,)


def test_more_conversations_than_fit_in_memory_are_read_again(chats: Chats) -> None:
    names = [chats.new() for _ in range(MOST_OPEN + 5)]
    for name in names:
        chats.ask(name, "Who can see my documents?")
    assert all(len(chats.open(name).keys) == 1 for name in names)
    assert len(chats._open) == MOST_OPEN
    assert all(len(chats.open(name).keys) == 1 for name in names)


def test_one_person_among_several_may_not_ask_without_end(seeds: Path, tmp_path: Path) -> None:
    chats = Chats(Library(Settings(index=seeds, data=tmp_path)), tmp_path / "anna", limited=True)
    under_way = [chats.answers(chats.new(), "Who can see my documents?") for _ in range(3)]
    for growing in under_way:
        next(growing)
    with pytest.raises(SettingsError, match="3 questions under way"):
        next(chats.answers(chats.new(), "Who can see my documents?"))
    for growing in under_way:
        list(growing)
    assert chats.ask(chats.new(), "Who can see my documents?")[0].found


# --- Files of one's own ----------------------------------------------------------------------------------


def uploaded(chats: Chats, name: str, file: str, text: str) -> None:
    scratch = chats._folder / "scratch"
    scratch.parent.mkdir(parents=True, exist_ok=True)
    scratch.write_text(text)
    chats.add(name, file, scratch)
    chats.uploads.job(name).wait()
    assert chats.uploads.progress(name).stage == "done", chats.uploads.progress(name)


def test_an_upload_is_for_its_conversation_alone_and_is_asked_beside_the_library(chats: Chats) -> None:
    name, other = chats.new(), chats.new()
    uploaded(chats, name, "zebra.txt", "The zebra of the harbour is called Quagmire.")
    answer, key = chats.ask(name, "What is the zebra of the harbour called?")
    assert answer.citations[0].sentence.document.id == "uploaded/zebra.txt"
    assert chats.passage(key, 1)["quote"] == "The zebra of the harbour is called Quagmire."  # type: ignore[index]
    assert chats.ask(name, "Who can see my documents?")[0].citations[0].sentence.document.id == "citations-privacy-trouble.pdf"
    declined, _ = chats.ask(other, "What is the zebra of the harbour called?")
    assert (declined.found, "zebra" in declined.missing_words) == (False, True)
    chats.uploads.remove(name, "uploaded/zebra.txt")
    chats.uploads.job(name).wait()
    assert not chats.ask(name, "What is the zebra of the harbour called?")[0].found
    assert chats.states(name, [key])[key][1] == "removed"


def test_a_build_that_waits_for_its_turn_is_stopped_at_once(tmp_path: Path) -> None:
    turns = threading.Semaphore()
    turns.acquire()
    job = Job(turns)
    job.start(Settings(index=tmp_path / "index"), [tmp_path])
    assert job.progress.is_running
    job.stop()
    job.wait()
    assert job.progress.stage == "stopped"


def test_what_a_conversation_asks_stays_open_until_a_build(chats: Chats) -> None:
    name = chats.new()
    uploaded(chats, name, "zebra.txt", "The zebra of the harbour is called Quagmire.")
    assert chats.assistant(name) is chats.assistant(name)


def test_uploads_are_asked_where_there_is_no_library_yet(tmp_path: Path) -> None:
    chats = chats_over(tmp_path / "none", tmp_path / "data")
    name = chats.new()
    uploaded(chats, name, "zebra.txt", "The zebra of the harbour is called Quagmire.")
    assert chats.ask(name, "What is the zebra called?")[0].short_answer == "Quagmire"


def test_a_branch_takes_the_files_along_and_deleting_removes_them(chats: Chats) -> None:
    name = chats.new()
    uploaded(chats, name, "zebra.txt", "The zebra of the harbour is called Quagmire.")
    _, key = chats.ask(name, "What is the zebra called?")
    branch = chats.branch(name, key)
    assert branch is not None
    chats.uploads.job(branch).wait()
    chats.delete(name)
    assert not (chats._folder / "files" / name).exists()
    assert chats.ask(branch, "What is the zebra of the harbour called?")[0].found


def test_questions_look_only_in_the_documents_that_are_ticked(chats: Chats) -> None:
    name = chats.new()
    chats.history.look_only_in(name, ["nato-and-ukraine.md"])
    assert not chats.ask(name, "How do I remove the index?")[0].found
    assert chats.ask(name, "What did Tajani say about Ukraine joining?")[0].found
    chats.history.look_only_in(name, [])
    assert chats.ask(name, "How do I remove the index?")[0].found


def test_the_library_takes_files_in_and_out_and_back(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"a.txt": "The door is green.", "b.txt": "The gate is old."})
    build_index(tmp_path / "index", [folder], embedder)
    library = Library(Settings(index=tmp_path / "index", data=tmp_path / "data"))

    def done() -> tuple[str, ...]:
        library.job.wait()
        assert library.job.progress.stage == "done", library.job.progress
        return library.index().document_ids

    (tmp_path / "scratch").write_text("The roof is flat.")
    assert library.add("a.txt", tmp_path / "scratch") == "a.txt"
    assert set(done()) == {"b.txt", "documents/a.txt", "library/a.txt"}
    library.remove("b.txt")
    assert "b.txt" not in done()
    assert (folder / "b.txt").is_file()
    assert library.taken_out() == (str(folder / "b.txt"),)
    library.remove("library/a.txt")
    assert "library/a.txt" not in done()
    assert not list(library.folder.iterdir())
    library.bring_back(str(folder / "b.txt"))
    assert "b.txt" in done()
    with pytest.raises(KeyError):
        library.remove("never.txt")


def test_a_build_can_be_stopped_and_leaves_the_index_as_it_was(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"a.txt": "The door is green."})
    build_index(tmp_path / "index", [folder], embedder)
    write(folder, {f"{n}.txt": f"This is file {n} of many, and each says something else." for n in range(300)})
    library = Library(Settings(index=tmp_path / "index", data=tmp_path / "data"))
    library.rebuild()
    library.job.stop()
    library.job.wait()
    assert library.job.progress.stage == "stopped"
    assert library.index().document_ids == ("a.txt",)
    library.rebuild()
    library.job.wait()
    assert len(library.index().document_ids) == 301


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\docs\\a b.pdf", "a b.pdf"),
        ("a\n<b>.md", "a__b_.md"),
        (".hidden.txt", "hidden.txt"),
        ("é" * 300 + ".txt", "é" * 90 + ".txt"),
    ],
)
def test_an_uploads_name_leads_nowhere(given: str, name: str) -> None:
    assert safe_name(given) == name


def test_a_build_that_is_asked_for_while_another_goes_on_follows_it(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {f"{n}.txt": f"This is file {n}." for n in range(200)})
    build_index(tmp_path / "index", [folder], embedder)
    library = Library(Settings(index=tmp_path / "index", data=tmp_path / "data"))
    for n in range(5):
        (tmp_path / "scratch").write_text(f"The roof number {n} is flat.")
        library.add("roof.txt", tmp_path / "scratch")
    library.job.wait()
    assert {f"library/roof{tail}.txt" for tail in ("", " (2)", " (3)", " (4)", " (5)")} <= {f"library/{id}" for id in library.index().document_ids}


def test_what_people_say_and_add_is_never_indexed_with_the_documents_around_it(folder: Path, embedder: Embedder, footnote: Run) -> None:
    write(folder, {"a.txt": "The door is green."})
    footnote("build", folder, "--index", folder / "index")
    chats = chats_over(folder / "index", folder / "index-chats")
    uploaded(chats, chats.new(), "secret.txt", "My salary is ninety thousand.")
    chats.ask(chats.new(), "What colour is the door?")
    chats.close()
    told = output(footnote("build", "--index", folder / "index", "--json"))
    assert (told["added"], told["documents"]) == ([], 1)


@pytest.mark.parametrize("text", ["a|b\n--|--" + " " * 30_000 + "x", "`" * 30_000, "\n\n".join(f"a: x; b{n}: y." for n in range(3_000))])
def test_no_document_holds_the_viewer_up(text: str) -> None:
    """Each of these took minutes, or made a table of millions of cells."""
    assert sum(len(block.rows) for block in blocks(Document("a.md", "", text, (), "0"), 0, len(text))) < 10


@pytest.mark.parametrize("given", ["", "a.exe", "a." + "x" * 200, "noend", ".txt", "a.zip/../x"])
def test_an_upload_that_is_not_read_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="is not read"):
        safe_name(given)


# --- The words -------------------------------------------------------------------------------------------


def test_every_language_says_the_same_things() -> None:
    languages = {language: json.loads((REPOSITORY / "assistant" / "web" / "words" / f"{language}.json").read_text("utf-8")) for language in LANGUAGES}
    english = languages["en"]
    for said in languages.values():
        assert said.keys() == english.keys()
        assert all(set(re.findall(r"\{\w+\}", said[name])) == set(re.findall(r"\{\w+\}", english[name])) for name in english)


def test_every_word_of_the_page_is_in_the_files_and_used() -> None:
    folder = REPOSITORY / "assistant" / "web"
    source = "\n".join(path.read_text("utf-8") for path in [*folder.rglob("*.py"), *folder.glob("static/*.js")])
    names = set(words_of("en")._words)
    used = {name for name in names if re.search(rf"[\"'`]{re.escape(name)}[\"'`]", source)}
    made = {name for name in names if re.match(r"sure-|unsure-|differs-|state-|was-|file-|reason-|rate-|report-|build-|rated-|log-|export-", name)}
    assert names - used - made == set()


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"accept-language": "de-AT,en;q=0.5"}, "de"),
        ({"accept-language": "xx"}, "en"),
        ({"accept-language": "de", "cookie": "a=b; footnote_language=en"}, "en"),
    ],
)
def test_the_page_speaks_the_language_that_was_asked_for(headers: dict[str, str], language: str) -> None:
    assert chosen(headers).language == language


# --- In the browser ------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 1200, 1100, 860])
def test_the_head_of_the_chat_stands_in_one_line_beside_the_sources(server: Server, chromium: Any, width: int) -> None:
    page = Page(chromium, server.address, width)
    left, *parts = (page.tab.locator(f"#fn-{part}").bounding_box() for part in ("left", "menu", "about", "engine", "new"))
    assert all(one["x"] + one["width"] <= next["x"] for one, next in pairwise(parts))
    assert parts[-1]["x"] + parts[-1]["width"] <= left["x"] + left["width"]
    assert max(part["height"] for part in parts) < 60
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height", "scheme"), [(1280, 800, "light"), (1280, 800, "dark"), (390, 844, "light"), (390, 844, "dark")])
def test_a_click_on_a_citation_shows_the_sentence_in_its_document(server: Server, chromium: Any, width: int, height: int, scheme: str) -> None:
    page = Page(chromium, server.address, width, height, scheme)
    page.ask("Who can see my documents?")
    mark = page.tab.locator("a.fn-mark").first
    assert "Your documents stay on your computer." in mark.get_attribute("title")
    mark.click()
    cited = page.tab.locator("#fn-text mark")
    cited.wait_for()
    assert cited.inner_text() == "Your documents stay on your computer."
    assert "citations-privacy-trouble.pdf · page 1 of 2" in page.tab.inner_text("#fn-place")
    box = cited.bounding_box()
    assert box["y"] > 0
    assert box["y"] + box["height"] < height
    assert box["x"] + box["width"] <= width
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width
    shots = REPOSITORY / ".screenshots"
    shots.mkdir(exist_ok=True)
    page.tab.screenshot(path=shots / f"cited-{width}-{scheme}.png")
    page.close()


@pytest.mark.browser
def test_the_keyboard_is_enough(server: Server, chromium: Any) -> None:
    page = Page(chromium, server.address, 390, 844)
    page.ask("Who can see my documents?")
    page.tab.focus("a.fn-source")
    page.tab.keyboard.press("Enter")
    page.tab.wait_for_selector("#fn-text mark")
    assert page.tab.evaluate("document.activeElement.tagName") == "MARK"
    page.tab.keyboard.press("Escape")
    assert not page.tab.is_visible("#fn-viewer")
    assert page.tab.evaluate("document.activeElement.className.includes('fn-source')")
    page.close()


@pytest.mark.browser
def test_a_declined_question_looks_otherwise_and_shows_the_closest_passages(server: Server, chromium: Any) -> None:
    page = Page(chromium, server.address)
    page.ask("How do I bake sourdough bread?")
    assert page.tab.inner_text(".fn-declined").startswith("The documents do not say")
    assert page.tab.locator(".fn-answer").count() == 0
    assert page.tab.inner_text(".fn-heading").lower() == "closest passages"
    page.tab.locator("a.fn-source").nth(1).click()
    page.tab.wait_for_selector("#fn-text mark")
    assert page.tab.inner_text("#fn-title").startswith("[2]")
    page.close()


@pytest.mark.browser
def test_a_starter_question_asks_itself_and_a_follow_up_leans_on_it(server: Server, chromium: Any) -> None:
    page = Page(chromium, server.address)
    page.tab.locator("#fn-chat button.example").first.click()
    page.tab.wait_for_selector(".fn-answer")
    page.ask("What did Macron say in an interview?")
    page.ask("And when was that?")
    assert page.tab.locator(".fn-standalone").last.inner_text().startswith("Asked as: And when was that? (Macron interview 14 March")
    page.tab.click("#fn-new")
    page.tab.wait_for_selector(".fn-empty")
    assert page.tab.locator(".fn-answer").count() == 0
    page.close()


@pytest.mark.browser
def test_a_page_that_lost_its_server_answers_again_when_it_is_back(seeds: Path, offline: dict[str, str], tmp_path: Path, chromium: Any) -> None:
    server = Server(seeds, offline, tmp_path)
    page = Page(chromium, server.address)
    page.ask("Who can see my documents?")
    server.stop()
    page.enter("How do I remove the index?")
    page.tab.get_by_text("Connection to the server was lost").first.wait_for()
    again = Server(seeds, offline, tmp_path, port=int(server.address.rpartition(":")[2]))
    page.tab.wait_for_timeout(6000)
    page.ask("How do I remove the index?")
    assert "Delete the folder .footnote" in page.tab.inner_text("#fn-chat")
    page.context.close()
    again.stop()


@pytest.mark.browser
def test_two_people_do_not_see_each_other(server: Server, chromium: Any) -> None:
    one, other = Page(chromium, server.address), Page(chromium, server.address)
    one.ask("Who can see my documents?")
    other.ask("How do I remove the index?")
    assert "Delete the folder" not in one.tab.inner_text("#fn-chat")
    assert "stay on your computer" not in other.tab.inner_text("#fn-chat")
    one.close()
    other.close()


@pytest.mark.browser
def test_an_answer_of_before_a_restart_says_so(server: Server, chromium: Any) -> None:
    page = Page(chromium, server.address)
    page.ask("Who can see my documents?")
    page.tab.evaluate("document.querySelector('a.fn-mark').setAttribute('href', '#cite-gone-1')")
    page.tab.locator("a.fn-mark").first.click()
    page.tab.wait_for_selector("#fn-text .fn-error")
    assert "Ask again" in page.tab.inner_text("#fn-text")
    page.context.close()
    assert page.outside == []


HOSTILE = """The password of the harbour office is swordfish <img src="http://evil.example/a.png" onerror="alert(1)"> ![x](http://evil.example/b.png).

<script>fetch("http://evil.example/c")</script> <form action="http://evil.example/d"><iframe src="http://evil.example/e"></iframe>

The harbour closes at nine [click](javascript:alert(1)) $\\href{http://evil.example/f}{x}$ <style>@import url(http://evil.example/g);</style>.
"""


@pytest.mark.browser
def test_nothing_in_a_document_a_name_or_a_question_makes_the_browser_call_out(
    folder: Path, tmp_path: Path, embedder: Embedder, offline: dict[str, str], chromium: Any
) -> None:
    write(folder, {'<img src="http:evil.example">.txt': HOSTILE})
    build_index(tmp_path / "index", [folder], embedder)
    server = Server(tmp_path / "index", offline, tmp_path)
    page = Page(chromium, server.address)
    page.ask("What's \"the password\" & <who> said 'so'?")
    assert page.tab.locator("[data-testid=user]").last.inner_text().strip() == "What's \"the password\" & <who> said 'so'?"
    for question in (
        "What is the password of the harbour office?",
        "When does the harbour close?",
        '![x](http://evil.example/q.png) <img src="http://evil.example/r.png"> harbour',
    ):
        page.ask(question)
        page.tab.locator("a.fn-source").last.click()
        page.tab.wait_for_selector("#fn-text mark")
    assert '<img src="http://evil.example/a.png"' in page.tab.inner_text("#fn-text")
    live = ", ".join(f"#fn-{part} {tag}" for part in ("chat", "text", "side") for tag in ("img", "iframe", "form", "script"))
    assert [page.tab.locator(found).evaluate("node => node.outerHTML") for found in live.split(", ") if page.tab.locator(found).count()] == []
    time.sleep(0.5)
    page.close()
    assert server.stop() == ""


@pytest.mark.browser
def test_the_reading_report_is_there_to_unfold(folder: Path, tmp_path: Path, offline: dict[str, str], footnote: Run, chromium: Any) -> None:
    write(
        folder,
        {
            "a.txt": "The door is green, and it is the only one of the house that is of this colour, for all of the others are red.",
            "<b>bad.pdf": b"no pdf",
            "b.xyz": "?",
        },
    )
    footnote("build", folder, "--index", tmp_path / "index")
    server = Server(tmp_path / "index", offline, tmp_path)
    page = Page(chromium, server.address)
    page.tab.click("#fn-tab-library")
    page.tab.wait_for_selector(".fn-report summary")
    assert page.tab.inner_text(".fn-report summary") == "Reading report · 1 not read"
    assert not page.tab.is_visible(".fn-report ul")
    page.tab.click(".fn-report summary")
    told = " ".join(page.tab.inner_text(".fn-report").split())
    for words in ("Read 1 txt", "Language 1 en", "100% of them in sentences", "Not read (1)", "<b>bad.pdf: is damaged or not a PDF", "Skipped (1)"):
        assert words in told, told
    page.close()
    server.stop()


@pytest.mark.browser
def test_no_index_an_empty_one_and_a_damaged_one_say_what_to_do(
    folder: Path, tmp_path: Path, embedder: Embedder, offline: dict[str, str], chromium: Any
) -> None:
    server = Server(tmp_path / "index", offline, tmp_path)
    page = Page(chromium, server.address)
    page.tab.wait_for_selector(".fn-trouble")
    assert "No index yet" in page.tab.inner_text(".fn-trouble")
    page.ask("Is anybody there?")
    assert "footnote build" in page.tab.inner_text(".fn-error")
    write(folder, {"a.txt": "The door is green."})
    build_index(tmp_path / "index", [folder], embedder)
    page.enter("What colour is the door?")
    assert "The door is green." in page.tab.inner_text(".fn-answer")
    (folder / "a.txt").unlink()
    build_index(tmp_path / "index", [folder], embedder)
    page.tab.goto(server.address)
    page.tab.wait_for_selector(".fn-empty h2:text('The index is empty')")
    for file in (tmp_path / "index").glob("gen-*/terms.utf8"):
        file.write_bytes(b"{}")
    page.close()
    server.stop()
    server = Server(tmp_path / "index", offline, tmp_path)
    page = Page(chromium, server.address)
    page.tab.wait_for_selector(".fn-trouble")
    assert "terms.utf8 is damaged" in page.tab.inner_text(".fn-trouble")
    page.close()
    server.stop()


# --- Language models -----------------------------------------------------------------------------------

WRITTEN = "According to Tajani, NATO decided to let Ukraine join only once the conflict is over [1]. The moon is made of green cheese [2]."


@pytest.fixture(scope="module")
def written(seeds: Path, offline: dict[str, str], tmp_path_factory: pytest.TempPathFactory, models: ModelServer) -> Iterator[Server]:
    """A chat that begins with a language model far away, and offers one of this machine."""
    environment = {**offline, **models.environment, "OPENAI_BASE_URL": "https://models.example/v1"}
    server = Server(seeds, environment, tmp_path_factory.mktemp("written"), llm="openai:gpt-4o")
    yield server
    assert server.stop() == ""


def choose(page: Page, engine: str) -> None:
    page.tab.click("#fn-engine input")
    page.tab.get_by_role("option", name=engine).click()


@pytest.mark.browser
def test_the_chat_says_where_text_goes_before_it_goes_and_marks_what_nothing_supports(written: Server, models: ModelServer, chromium: Any) -> None:
    page = Page(chromium, written.address)
    page.tab.get_by_text("will be sent to https://models.example").wait_for()
    models.says("llama-of-the-test", WRITTEN)
    choose(page, "ollama:llama-of-the-test")
    page.tab.get_by_text("written by ollama:llama-of-the-test on this machine").wait_for()
    page.ask("When can Ukraine join NATO?")
    flagged = page.tab.locator(".fn-unsupported")
    flagged.wait_for()
    assert "The moon is made of green cheese." in flagged.inner_text()
    assert "not supported" in flagged.inner_text()
    page.tab.locator("a.fn-mark").click()
    page.tab.wait_for_selector("#fn-text mark")
    assert "only once the conflict is over" in page.tab.inner_text("#fn-text mark")
    choose(page, "Quote the documents")
    page.ask("Who can see my documents?")
    assert page.tab.locator(".fn-unsupported").count() == 1
    page.close()


@pytest.mark.browser
def test_an_answer_that_is_being_written_can_be_stopped_and_is_kept_as_far_as_it_came(written: Server, models: ModelServer, chromium: Any) -> None:
    page = Page(chromium, written.address)
    models.says("llama-of-the-test", WRITTEN + " And so on it went, for a very long while, without an end in sight." * 5, pause=0.1)
    choose(page, "ollama:llama-of-the-test")
    page.enter("When can Ukraine join NATO?")
    page.tab.locator(".fn-pending").wait_for()
    page.tab.locator("a.fn-mark").first.wait_for()
    with page.tab.expect_response("**/gradio_api/cancel"):  # A question in the same instant would be lost in gradio's client.
        page.tab.click("#fn-box .stop-button")
    page.tab.get_by_text("You stopped this answer.").wait_for(timeout=3000)
    assert "According to Tajani" in page.tab.locator(".fn-answer").inner_text()
    assert page.tab.locator(".fn-pending").count() == 0
    models.says("llama-of-the-test", WRITTEN)
    page.ask("And who said so?")
    assert page.tab.get_by_text("You stopped this answer.").count() == 1
    page.close()


@pytest.mark.browser
def test_the_question_as_it_was_asked_can_be_edited_and_asked_again(server: Server, chromium: Any) -> None:
    page = Page(chromium, server.address)
    page.ask("What did Emmanuel Macron say in an interview?")
    page.ask("And when was that?")
    page.tab.click("a.fn-edit")
    assert page.tab.input_value("#fn-box textarea").startswith("And when was that? (Emmanuel Macron interview")
    page.ask("When was the interview of Emmanuel Macron?")
    assert page.tab.locator(".fn-standalone").count() == 1
    page.close()


@pytest.mark.browser
def test_the_chat_tells_which_documents_there_are_and_sums_one_up(server: Server, chromium: Any) -> None:
    page = Page(chromium, server.address)
    page.enter("Which documents do you have?")
    page.tab.get_by_text("I have 5 documents:").wait_for()
    page.enter("Summarise the last one")
    page.tab.locator("a.fn-mark").nth(3).wait_for()
    page.close()


def test_a_page_cannot_choose_where_text_is_sent(chats: Chats) -> None:
    with pytest.raises(SettingsError, match="is not offered here"):
        list(chats.answers(chats.new(), "Who?", "compatible:m@http://models.example/v1"))
