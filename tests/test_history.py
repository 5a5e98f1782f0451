"""Conversations that are kept, given away, checked again; and the people who have them."""

import json
import os
import re
import stat
import time
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.errors import ExportError, SettingsError
from assistant.export import DATA, Exchange, export, verify
from assistant.history import NOT_SAID, History, Kept, Rating
from assistant.people import SESSION_SECONDS, People, User
from assistant.record import from_record, to_record
from assistant.standing import Find, State
from assistant.types import Answer
from index import Index
from index.embed import Embedder
from index.types import Document
from tests.conftest import Run, build_index, complaint, output, write

TEXT = "The harbour closes at nine. The lighthouse keeper was called Orla. The ferry leaves from pier seven."


@pytest.fixture
def harbour(folder: Path, tmp_path: Path, embedder: Embedder) -> Path:
    write(folder, {"harbour.txt": TEXT, "bread.txt": "Bread is baked at dawn."})
    build_index(tmp_path / "index", [folder], embedder)
    return tmp_path / "index"


@pytest.fixture
def answer(harbour: Path) -> Answer:
    return Assistant.open(harbour).ask("What was the lighthouse keeper called?")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "kept" / "conversations.sqlite")


def finder(index: Path) -> Find:
    opened = Index.open(index)
    return lambda name, _: [opened.document(name)] if opened.has(name) else []


# --- Answers as records --------------------------------------------------------------------------------


def test_an_answer_that_was_kept_is_the_answer(answer: Answer, harbour: Path) -> None:
    record = json.loads(json.dumps(to_record(answer)))
    back = from_record(record, finder(harbour))
    assert back.hits == ()
    assert (back.claims, back.citations, back.text, back.short_answer) == (answer.claims, answer.citations, answer.text, answer.short_answer)
    assert record["hits"][0]["why"] == answer.hits[0].why


def test_an_answer_is_kept_word_for_word_when_its_document_is_gone(answer: Answer) -> None:
    back = from_record(to_record(answer), lambda *_: ())
    sentence = back.citations[0].sentence
    assert sentence.text == "The lighthouse keeper was called Orla."
    assert sentence.document.text == " " * sentence.start + sentence.text
    assert (back.text, sentence.document.source_hash) == (answer.text, answer.citations[0].sentence.document.source_hash)


def test_a_changed_document_does_not_change_what_was_said(answer: Answer) -> None:
    back = from_record(to_record(answer), lambda name, _: [Document(name, "", "Something else entirely, and longer than before it was changed.", (), "1")])
    assert back.citations[0].sentence.text == "The lighthouse keeper was called Orla."


# --- Conversations -------------------------------------------------------------------------------------


def test_conversations_survive_and_are_listed_searched_renamed_and_deleted(history: History, answer: Answer, tmp_path: Path) -> None:
    record = to_record(answer)
    history.add("one", "k1", record, answer.text, "g1")
    history.add("two", "k2", {**record, "question": "100% of_it?"}, "Nothing.", "g1")
    again = History(tmp_path / "kept" / "conversations.sqlite")
    assert [(chat.id, chat.title, chat.turns) for chat in again.chats()] == [("two", "100% of_it?", 1), ("one", answer.question, 1)]
    assert [chat.id for chat in again.chats("ORLA keeper")] == ["one"]
    assert [chat.id for chat in again.chats("100% of_")] == ["two"]
    assert [chat.id for chat in again.chats("%")] == ["two"]
    again.add("three", "k3", {**record, "question": "Über\ud800 alles?"}, "ÄRGER", "g1")
    assert [chat.title for chat in again.chats("über ärger")] == ["Über? alles?"]
    again.delete("three")
    assert again.turns("one") == [Kept("k1", record, "g1", again.turns("one")[0].asked)]
    again.rename("one", " The \n keeper ")
    assert again.title("one") == "The keeper"
    again.delete("one")
    assert (again.turns("one"), again.turn("k1"), again.has("one")) == ([], None, False)
    assert stat.S_IMODE((tmp_path / "kept" / "conversations.sqlite").stat().st_mode) == 0o600


def test_a_branch_has_the_turns_before_and_the_old_conversation_stays(history: History, answer: Answer) -> None:
    for key in ("k1", "k2", "k3"):
        history.add("one", key, {**to_record(answer), "question": key}, "", "g")
    branch = history.branch("one", "k3")
    assert branch is not None
    assert [kept.record["question"] for kept in history.turns(branch)] == ["k1", "k2"]
    assert len(history.turns("one")) == 3
    assert history.branch("one", "unknown") is None
    again = history.branch("one", "k3")
    assert again is not None
    assert [history.title(chat) for chat in ("one", branch, again)] == ["k1", "k1 (2)", "k1 (3)"]
    history.add("one", "k4", {**to_record(answer), "question": "k4"}, "", "g", instead="k3")
    assert [kept.key for kept in history.turns("one")] == ["k1", "k2", "k4"]


def test_sharing_gives_a_token_that_can_be_taken_back(history: History) -> None:
    chat = history.new()
    token = history.share(chat, True)
    assert token is not None
    assert history.share(chat, True) == token
    assert history.shared_by(token) == chat
    assert history.share(chat, False) is None
    assert history.shared_by(token) is None


def test_a_file_that_is_no_database_or_of_another_version_is_refused_by_name(tmp_path: Path, history: History) -> None:
    (tmp_path / "bad.sqlite").write_bytes(b"no database" * 200)
    with pytest.raises(SettingsError, match=r"bad\.sqlite cannot be opened .* move it away"):
        History(tmp_path / "bad.sqlite")
    history._data.rows("PRAGMA user_version = 99")
    with pytest.raises(SettingsError, match="another version"):
        History(tmp_path / "kept" / "conversations.sqlite")


# --- Ratings -------------------------------------------------------------------------------------------


def test_ratings_become_questions_that_eval_reads(history: History, answer: Answer, harbour: Path, tmp_path: Path, footnote: Run) -> None:
    record = to_record(answer)
    wrong = {**record, "question": "When is bread baked?", "standalone": "When is bread baked?"}
    for key, kept in (("good", record), ("bad", wrong), ("unsaid", {**record, "standalone": "Who was Orla's aunt?"}), ("open", record)):
        history.add("chat", key, kept, "", "g")
    rate = [Rating("good", 0, True, ""), Rating("bad", 0, False, "wrong"), Rating("bad", 1, False, ""), Rating("unsaid", 0, False, NOT_SAID)]
    for rating in [*rate, Rating("open", 1, True, "")]:
        turn = history.turn(rating.key)
        assert turn is not None
        history.rate(rating, turn[1])
    rows = list(history.judged())
    assert [(row["question"], row["gold"]) for row in rows] == [
        (answer.question, ["The lighthouse keeper was called Orla."]),
        ("Who was Orla's aunt?", []),
        (answer.question, ["The lighthouse keeper was called Orla."]),
    ]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    figures = output(footnote("eval", tmp_path / "questions.jsonl", "--index", harbour, "--json"))["figures"]
    assert figures["questions"] == 3
    history.unrate("good", 0)
    assert len(list(history.judged())) == 2


# --- Exports -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["md", "html", "json"])
def test_an_export_is_checked_against_todays_documents(format: str, answer: Answer, harbour: Path, tmp_path: Path) -> None:
    file = tmp_path / f"chat.{format}"
    file.write_text(export('A <b>title</b> --> "x"', [Exchange(answer, "2026-01-01T00:00:00")], format), "utf-8")
    assert "The lighthouse keeper was called Orla." in file.read_text("utf-8")
    assert answer.citations[0].sentence.document.source_hash in file.read_text("utf-8")
    found = verify(file, finder(harbour))
    assert (found.holds, found.edited, [one.state for one in found.checked]) == (True, False, [State.UNCHANGED])
    assert [one.state for one in verify(file, lambda *_: ()).checked] == [State.REMOVED]
    whole = file.read_text("utf-8")
    file.write_text(whole.replace("Orla", "Anna", 1), "utf-8")
    assert verify(file, finder(harbour)).edited
    file.write_text(re.sub(r'"citations": \[\s*\{.*?\}\s*\]', '"citations": []', whole, flags=re.DOTALL), "utf-8")
    assert verify(file, finder(harbour)).edited


def test_a_quote_is_found_in_a_file_that_bears_another_name_now(folder: Path, harbour: Path, answer: Answer, tmp_path: Path, footnote: Run) -> None:
    (tmp_path / "chat.md").write_text(export("Chat", [Exchange(answer, "")], "md"), "utf-8")
    (folder / "harbour.txt").rename(folder / "harbour-2025.txt")
    write(folder, {"harbour.txt": "A new file of the old name."})
    assert [quote["state"] for quote in output(footnote("verify", tmp_path / "chat.md", "--index", harbour, "--json"))["quotes"]] == ["moved"]


def test_an_export_of_hostile_words_holds_nothing_live(tmp_path: Path) -> None:
    hostile = '</script><script>alert(1)</script> --> <img src="http://evil.example/x"> ![x](http://evil.example/y)'
    told = Answer(hostile, hostile, (), (), (), (), 1.0, "footnote", (), told=hostile)
    for format in DATA:
        text = export(hostile, [Exchange(told, "")], format)
        assert "<img" not in text.replace("\\<img", "")
        assert "<script>alert" not in text.replace("\\<script", "")
        (tmp_path / "x").write_text(text, "utf-8")
        assert not verify(tmp_path / "x", lambda *_: ()).edited


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{}", b"[]", b"# Notes", b'{"format": "footnote-conversation", "version": 9}'])
def test_what_is_no_export_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(data)
    with pytest.raises(ExportError, match=r"x\.json"):
        verify(tmp_path / "x.json", lambda *_: ())


def test_the_commands_list_export_and_verify(folder: Path, harbour: Path, answer: Answer, tmp_path: Path, footnote: Run) -> None:
    history = History(tmp_path / "data" / "people" / "owner" / "conversations.sqlite")
    history.add("a" * 16, "k1", to_record(answer), answer.text, "g")
    history.add("b" * 16, "k2", {**to_record(answer), "question": "What else?"}, "", "g")
    where = ("--index", harbour, "--data", tmp_path / "data")
    assert [chat["id"] for chat in output(footnote("chats", "orla", *where, "--json"))["chats"]] == ["a" * 16]
    assert "What else?" in footnote("chats", *where).stdout.decode()
    footnote("export", "lighthouse", *where, "--output", tmp_path / "chat.html")
    assert footnote("export", "last", *where).stdout.decode().startswith("# What else?")
    told = output(footnote("verify", tmp_path / "chat.html", "--index", harbour, "--json"))
    assert (told["holds"], [quote["state"] for quote in told["quotes"]]) == (True, ["unchanged"])
    write(folder, {"harbour.txt": "Good morning. " + TEXT})  # Not built: it is the files of today that count.
    assert "moved" in footnote("verify", tmp_path / "chat.html", "--index", harbour).stdout.decode()
    write(folder, {"harbour.txt": TEXT.replace("Orla", "Anna")})
    assert "Not everything holds: 1 changed." in footnote("verify", tmp_path / "chat.html", "--index", harbour, code=1).stdout.decode()
    (folder / "harbour.txt").unlink()
    assert "1 removed" in footnote("verify", tmp_path / "chat.html", "--index", harbour, code=1).stdout.decode()
    assert "`footnote chats`" in complaint(footnote("export", "nothing of the kind", *where, code=2))
    assert "has no conversations" in complaint(footnote("export", "last", "--index", harbour, code=2))
    assert "no index" in complaint(footnote("verify", tmp_path / "chat.html", "--index", tmp_path / "none", code=2))


# --- People --------------------------------------------------------------------------------------------


def test_people_log_in_with_the_right_password_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = People(tmp_path / "people.sqlite")
    people.add("anna", "correct horse", True)
    people.add("ben", "battery staple", False)
    assert people.users() == [User("anna", True), User("ben", False)]
    assert people.log_in("anna", "battery staple") is None
    assert people.log_in("nobody", "correct horse") is None
    token = people.log_in("anna", "correct horse")
    assert token is not None
    assert people.who(token) == User("anna", True)
    assert people.who(token[:-1]) is None
    raw = (tmp_path / "people.sqlite").read_bytes() + (tmp_path / "people.sqlite-wal").read_bytes()
    assert token.encode() not in raw
    assert b"correct horse" not in raw
    people.log_out(token)
    assert people.who(token) is None
    token = people.log_in("ben", "battery staple")
    assert token is not None
    people.set_password("ben", "another one")
    assert people.who(token) is None
    token = people.log_in("ben", "another one")
    assert token is not None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + SESSION_SECONDS + 1)
    assert people.who(token) is None
    people.remove("ben")
    assert people.log_in("ben", "another one") is None


@pytest.mark.parametrize(
    ("name", "password"), [("", "long enough"), ("../x", "long enough"), ("owner", "long enough"), ("Anna", "long enough"), ("anna", "short")]
)
def test_names_and_passwords_that_cannot_be_are_refused(name: str, password: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        People(tmp_path / "people.sqlite").add(name, password, False)


def test_users_are_made_on_the_command_line(footnote: Run, tmp_path: Path, offline: dict[str, str]) -> None:
    import subprocess
    import sys

    def say(*arguments: str, text: str = "") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "assistant.cli", "user", *arguments, "--data", str(tmp_path / "data")]
        return subprocess.run(command, input=text.encode(), cwd=tmp_path, env={**os.environ, **offline}, capture_output=True, check=False)

    assert "nobody who could" in complaint(footnote("chat", "--auth", "--data", tmp_path / "data", "--port", "0", code=2))
    assert say("add", "anna", "--admin", text="correct horse\n").returncode == 0
    assert say("add", "anna", text="correct horse\n").returncode == 2
    assert say("add", "ben", text="battery staple\n").returncode == 0
    assert say("list").stdout.decode() == "anna  (administrator)\nben\n"
    assert say("password", "ben", text="x\n").returncode == 2
    assert say("remove", "ben").returncode == 0
    assert b"there is no user ben" in say("remove", "ben").stderr
