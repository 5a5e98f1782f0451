"""The contract: commands, JSON shapes, exit codes; one line for whatever is wrong; and nothing over the network."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import index.store
from index.contents import FILES
from index.store import Store
from tests.conftest import REPOSITORY, SHARED, Run, complaint, interruptible, output, write

TEXT = "The lease begins on 1 May. The rent is 900 euros a month. Either side may end it with notice of three months.\n"
KEYS = "question standalone found answer short_answer confidence engine claims citations nearest missing_words judge notice timings_ms".split()
CITATION_KEYS = "label document title page start end quote score document_hash".split()


@pytest.fixture
def built(folder: Path, footnote: Run) -> Path:
    write(folder, {"lease.txt": TEXT, "sub/pets.md": "# Pets\n\nDogs are welcome. Cats must be registered.\n"})
    footnote("build", folder)
    return folder


def test_build_says_what_it_did(folder: Path, footnote: Run) -> None:
    write(folder, {"lease.txt": TEXT, "empty.txt": ""})
    done = footnote("build", folder, "--json")
    report = output(done)
    assert (report["added"], report["documents"], report["sentences"], report["chunks"], report["embedded"]) == (["lease.txt"], 1, 3, 1, 1)
    assert report["failed"] == [{"file": str(folder / "empty.txt"), "reason": "is empty (0 bytes)"}]
    assert done.stderr.decode() == f"footnote: not read: {folder / 'empty.txt'}: is empty (0 bytes)\n"
    write(folder, {"lease.txt": TEXT + "It is signed.", "new.txt": "New."})
    dry = output(footnote("build", "--dry-run", "--json"))
    assert (dry["added"], dry["changed"], dry["removed"], dry["kept"]) == (["new.txt"], ["lease.txt"], [], [])
    assert output(footnote("status", "--json"))["documents"] == 1
    (folder / "lease.txt").unlink()
    again = output(footnote("build", "--json"))
    assert (again["added"], again["removed"], again["embedded"]) == (["new.txt"], ["lease.txt"], 1)
    assert output(footnote("build", "--json"))["embedded"] == 0
    assert output(footnote("build", "--full", "--json"))["embedded"] == 1


def test_ask_has_the_shape_of_the_contract_and_its_quotes_hold(built: Path, footnote: Run) -> None:
    done = footnote("ask", "How high is the rent?", "--json")
    answer = output(done)
    assert list(answer) == KEYS
    assert (answer["found"], answer["engine"], answer["short_answer"]) == (True, "quote", "900 euros a month")
    assert list(answer["citations"][0]) == CITATION_KEYS
    assert answer["claims"][0] == {"text": "The rent is 900 euros a month.", "citations": [1], "support": "supported", "differs": []}
    for citation in answer["citations"]:
        shown = footnote("show", citation["document"]).stdout.decode()
        assert shown[citation["start"] : citation["end"]] == citation["quote"]
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", citation["document_hash"])
    again = output(footnote("ask", "How high is the rent?", "--json"))
    assert {**answer, "timings_ms": 0} == {**again, "timings_ms": 0}
    assert done.stderr == b""


def test_a_declined_question_exits_with_3(built: Path, footnote: Run) -> None:
    answer = output(footnote("ask", "Who discovered penicillin?", "--json", code=3))
    assert (answer["found"], answer["claims"], answer["citations"]) == (False, [], [])
    assert answer["missing_words"] == ["discovered", "penicillin"]
    assert list(answer["nearest"][0]) == CITATION_KEYS
    assert 0 <= answer["confidence"] < 0.36


def test_a_code_is_another_code_where_one_letter_differs(folder: Path, footnote: Run) -> None:
    write(folder, {f"p{letter}.txt": f"Part number: XR-7731-{letter}. Use it in the pump housing.\n" for letter in "ABC"})
    footnote("build", folder)
    for question in ("XR-7731-B", "What is XR-7731-B?"):
        answer = output(footnote("ask", question, "--json"))
        assert answer["claims"][0]["text"] == "Part number: XR-7731-B."
        assert {citation["document"] for citation in answer["citations"]} == {"pB.txt"}
    assert output(footnote("ask", "What is XR-7731-D?", "--json", code=3))["missing_words"] == ["XR-7731-D"]
    assert output(footnote("ask", "What is QZ-9-D?", "--json", code=3))["missing_words"] == ["QZ-9-D"]


def test_ask_prints_the_answer_and_below_it_the_quoted_sources(built: Path, footnote: Run) -> None:
    printed = footnote("ask", "How high is the rent?").stdout.decode()
    assert printed.startswith(
        "900 euros a month\n\nThe rent is 900 euros a month. [1]\n\nSources\n[1] lease.txt · characters 27–57\n  │ The rent is 900 euros a month.\n"
    )
    assert "Closest passages" in footnote("ask", "Who discovered penicillin?", code=3).stdout.decode()
    assert "[^1]: lease.txt" in footnote("ask", "How high is the rent?", "--markdown").stdout.decode()


def test_show_prints_the_text_as_it_was_read(built: Path, footnote: Run) -> None:
    assert footnote("show", "lease.txt").stdout == TEXT.encode()
    assert output(footnote("show", "sub/pets.md", "--json"))["title"] == "Pets"


def test_search_lists_hits(built: Path, footnote: Run) -> None:
    hits = output(footnote("search", "dogs and cats", "--json", "--top", "1"))["hits"]
    assert [(hit["document"], hit["title"]) for hit in hits] == [("sub/pets.md", "Pets")]
    assert "sub/pets.md" in footnote("search", "dogs and cats").stdout.decode()


def test_search_explains_a_hit_and_shows_it_with_its_neighbours(folder: Path, footnote: Run) -> None:
    parts = {"harbour": "The harbour opens at six. ", "school": "The school has ten rooms. ", "bridge": "The bridge was painted green. "}
    write(folder, {"town.txt": "\n\n".join(text * 30 for text in parts.values())})
    footnote("build", folder)
    printed = footnote("search", "green bridge", "--explain", "--top", "1").stdout.decode()
    assert re.match(r" 1  0\.\d{3}  town\.txt · characters \d+–\d+\n", printed)
    assert "green, bridge" in printed
    hits = output(footnote("search", "green bridge", "--json", "--neighbours", "1"))["hits"]
    assert (hits[0]["dense_rank"], hits[0]["words"], hits[0]["duplicates"]) == (1, ["green", "bridge"], [])
    best = max(hit["bm25"] for hit in hits)
    assert [hit["score"] for hit in hits] == pytest.approx([(hit["cosine"] + 0.5 * hit["bm25"] / best) / 1.5 for hit in hits], abs=1e-3)
    assert hits[0]["text"] in [chunk["text"] for chunk in hits[0]["neighbours"]]
    assert len(hits[0]["neighbours"]) == 2
    assert "The school has ten rooms." in footnote("search", "green bridge", "--top", "1", "--neighbours", "2").stdout.decode()


def test_what_is_quoted_is_found_word_for_word_and_the_same_words_once(folder: Path, footnote: Run) -> None:
    write(folder, {"a.txt": "Notice is three months.", "b.txt": "Notice is three months.", "c.txt": "Three months is the notice."})
    footnote("build", folder)
    (hit,) = output(footnote("search", '"notice is three"', "--json"))["hits"]
    assert (hit["document"], hit["phrases"], [c["document"] for c in hit["duplicates"]]) == ("a.txt", ["notice is three"], ["b.txt"])
    assert "the same words: b.txt" in footnote("search", "notice").stdout.decode()


NARROWED = [
    (["--path", "sub/*"], ["sub/pets.md"]),
    (["--type", "txt"], ["lease.txt"]),
    (["--since", "2020-01-01"], ["sub/pets.md"]),
    (["--until", "2019-12-31"], ["lease.txt"]),
    (["--source", "documents", "--type", "md"], ["sub/pets.md"]),
    (["--source", "elsewhere"], []),
]


@pytest.mark.parametrize(("options", "expected"), NARROWED, ids=lambda value: " ".join(value))
def test_search_and_ask_look_only_where_they_are_told(built: Path, footnote: Run, options: list[str], expected: list[str]) -> None:
    os.utime(built / "lease.txt", (1_500_000_000, 1_500_000_000))
    os.utime(built / "sub/pets.md", (1_700_000_000, 1_700_000_000))
    footnote("build")
    assert [hit["document"] for hit in output(footnote("search", "the rent and cats", "--json", *options))["hits"]] == expected
    if not expected:
        assert "no document fits the filter" in complaint(footnote("ask", "How high is the rent?", *options, code=2))
        return
    answer = output(footnote("ask", "How high is the rent?", "--json", *options, code=0 if "lease.txt" in expected else 3))
    assert {citation["document"] for citation in answer["citations"]} <= set(expected)


def test_status_says_what_is_in_the_index(built: Path, footnote: Run) -> None:
    facts = output(footnote("status", "--json"))
    assert (facts["sources"], facts["documents"], facts["model"], facts["dimension"]) == ([str(built)], 2, "all-MiniLM-L6-v2", 384)
    assert facts["document_ids"] == ["lease.txt", "sub/pets.md"]
    assert "all-MiniLM-L6-v2" in footnote("status").stdout.decode()


def test_prompt_prints_the_numbered_evidence(built: Path, footnote: Run) -> None:
    assert "[1] (lease.txt) The rent is 900 euros a month." in footnote("prompt", "How high is the rent?").stdout.decode()
    assert complaint(footnote("prompt", "Who discovered penicillin?", code=3)).startswith("footnote: the documents do not say")


WRONG = [
    (["build", "nowhere"], "there is no file or folder"),
    (["build"], "there is no file or folder"),
    (["ask", "Who?"], "there is no index in .footnote: make one with `footnote build FOLDER`"),
    (["status"], "there is no index"),
    (["ask", ""], "the question is empty"),
    (["ask", "x" * 100_000], "has 100,000 characters"),
    (["ask"], "Missing argument 'QUESTION'"),
    (["ask", "Who?", "--frob"], "No such option"),
    (["frob"], "No such command 'frob'"),
    (["search", "x", "--top", "0"], "is not in the range"),
    (["search", "x", "--since", "yesterday"], "does not match the format '%Y-%m-%d'"),
    (["build", ".", "--device", "abacus"], "the device 'abacus' is none of cpu, cuda, mps"),
    (["ask", "Who?", "--llm", "some:model"], "there is no language model 'some:model': write ollama:MODEL"),
    (["chat", "--host", "0.0.0.0"], "without a login"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=lambda value: str(value)[:30])
def test_a_wrong_call_is_one_line_and_exits_with_2(footnote: Run, arguments: list[str], said: str) -> None:
    assert said in complaint(footnote(*arguments, code=2))


def test_a_source_that_holds_nothing_leaves_the_index_as_it_was(built: Path, footnote: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "nothing in" in complaint(footnote("build", tmp_path / "empty", code=2))
    assert output(footnote("status", "--json"))["documents"] == 2


def test_a_document_that_is_not_there_is_named(built: Path, footnote: Run) -> None:
    assert "there is no document 'x.txt'" in complaint(footnote("show", "x.txt", code=2))


def damage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"?")


def test_damage_is_named_and_a_build_mends_it_from_the_build_before(built: Path, footnote: Run, tmp_path: Path) -> None:
    write(built, {"third.txt": "The garden may be used by all tenants."})
    footnote("build")
    generation = output(footnote("status", "--json"))["generation"]
    damage(tmp_path / ".footnote" / generation / "vectors.faiss")
    for command in (["ask", "How high is the rent?"], ["status"]):
        assert "vectors.faiss is damaged" in complaint(footnote(*command, code=2))
    done = footnote("build", "--json")
    assert b"vectors.faiss is damaged (its hash differs); the build before it is whole, and is gone on from" in done.stderr
    assert (output(done)["added"], output(done)["embedded"]) == (["third.txt"], 1)
    footnote("ask", "How high is the rent?")


def test_what_was_seen_is_written_again_where_it_was_damaged(built: Path, footnote: Run, tmp_path: Path) -> None:
    for name in ("SEEN", "REPORT"):
        damage(tmp_path / ".footnote" / name)
    assert footnote("doctor", code=1).stdout.decode().count("is damaged: the next build") == 2
    assert output(footnote("build", "--json"))["embedded"] == 0
    assert footnote("doctor").stdout.startswith(b"Everything holds")


def test_an_index_with_no_whole_generation_is_made_anew(built: Path, footnote: Run, tmp_path: Path) -> None:
    generation = output(footnote("status", "--json"))["generation"]
    damage(tmp_path / ".footnote" / generation / "text.utf8")
    done = footnote("build", "--json")
    assert b"text.utf8 is damaged (its hash differs); it is made anew" in done.stderr
    assert output(done)["embedded"] == 2
    footnote("ask", "How high is the rent?")


def test_an_index_of_another_version_is_made_anew_of_what_it_was_made_of(built: Path, footnote: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / ".footnote")
    manifest = store.read(FILES).manifest
    monkeypatch.setattr(index.store, "FORMAT", 1)
    with store.lock():
        store.commit(manifest.model, manifest.cut, manifest.sources, {"other": b"layout"})
    assert "has another format version" in complaint(footnote("ask", "How high is the rent?", code=2))
    assert b"is of another version of Footnote: it is made anew" in footnote("build").stderr
    footnote("ask", "How high is the rent?")


def test_a_lost_pointer_is_mended_and_a_lost_manifest_asks_for_the_sources(built: Path, footnote: Run, tmp_path: Path) -> None:
    generation = output(footnote("status", "--json"))["generation"]
    (tmp_path / ".footnote" / "CURRENT").unlink()
    assert "CURRENT is missing, though generations are there: `footnote build` makes it whole again" in complaint(footnote("status", code=2))
    assert output(footnote("build", "--json"))["embedded"] == 0
    footnote("ask", "How high is the rent?")
    for manifest in (tmp_path / ".footnote").glob("gen-*/MANIFEST.json"):
        damage(manifest)
    assert "MANIFEST.json is damaged (its SHA-256 differs): name what it was made of: `footnote build FOLDER`" in complaint(footnote("build", code=2))
    footnote("build", built)
    footnote("ask", "How high is the rent?")
    assert generation not in {path.name for path in (tmp_path / ".footnote").iterdir()}


def test_names_that_are_no_utf8_are_indexed_and_printed(folder: Path, footnote: Run, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    (odd / os.fsdecode(b"l\xff.txt")).write_text(TEXT)
    (odd / os.fsdecode(b"e\xff.txt")).touch()
    assert output(footnote("build", odd, "--json"))["added"] == ["l\\xff.txt"]
    assert output(footnote("build", "--json"))["kept"] == ["l\\xff.txt"]
    footnote("status")
    footnote("ask", "How high is the rent?")
    assert "bytes that are no text" in complaint(footnote("ask", os.fsdecode(b"what \xff is"), code=2))


def test_output_that_the_terminal_cannot_show_or_hold_is_no_crash(built: Path, footnote: Run, offline: dict[str, str], tmp_path: Path) -> None:
    assert b"characters 27?57" in footnote("ask", "How high is the rent?", PYTHONIOENCODING="latin-1").stdout
    for buffered in ("", "1"):
        call = f"PYTHONUNBUFFERED={buffered} {sys.executable} -m assistant.cli status > /dev/full"
        done = subprocess.run(["bash", "-c", call], cwd=tmp_path, env=offline, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (2, b"footnote: the output cannot be written: no space left; free some, or write it elsewhere\n")


def test_names_are_printed_on_one_line(folder: Path, footnote: Run) -> None:
    write(folder, {"two\nlines \x1b[31m.txt": TEXT})
    footnote("build", folder)
    printed = footnote("ask", "What is the rent?").stdout.decode()
    assert "two lines �[31m.txt" in printed


def test_a_reader_who_leaves_is_no_error(built: Path, footnote: Run, offline: dict[str, str], tmp_path: Path) -> None:
    for command in ("show lease.txt", "ask 'How high is the rent?'", "status --json"):
        done = subprocess.run(["bash", "-c", f"{sys.executable} -m assistant.cli {command} | true"], cwd=tmp_path, env=offline, capture_output=True, check=True)
        assert done.stderr == b""


def test_a_build_that_is_killed_leaves_the_old_index_or_the_new_one(built: Path, footnote: Run, offline: dict[str, str], tmp_path: Path) -> None:
    before = output(footnote("status", "--json"))["generation"]
    write(built, {f"{number}.txt": f"Report number {number} tells of the harbour. " * 60 for number in range(40)})
    for seconds in (0.3, 0.8, 1.2, 1.6):
        builder = subprocess.Popen([sys.executable, "-m", "assistant.cli", "build"], cwd=tmp_path, env=offline, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            builder.wait(seconds)
        builder.kill()
        builder.wait()
        now = output(footnote("status", "--json"))
        assert (now["generation"] == before, now["documents"]) in ((True, 2), (False, 42))
    footnote("build")
    assert output(footnote("status", "--json"))["documents"] == 42


def test_a_build_that_is_interrupted_keeps_what_it_embedded(folder: Path, footnote: Run, offline: dict[str, str], tmp_path: Path) -> None:
    write(folder, {f"{number}.txt": "".join(f"Line {line} of report {number} tells of the harbour. " for line in range(60)) for number in range(300)})
    builder = subprocess.Popen(
        [sys.executable, "-m", "assistant.cli", "build", str(folder)], cwd=tmp_path, env=offline, stderr=subprocess.PIPE, preexec_fn=interruptible
    )
    journal = tmp_path / ".footnote" / "JOURNAL"
    until = time.monotonic() + 60
    while not journal.exists() or journal.stat().st_size < 100_000:
        assert time.monotonic() < until
        time.sleep(0.02)
    builder.send_signal(signal.SIGINT)
    _, said = builder.communicate(timeout=30)
    assert builder.returncode == 130
    assert said.strip() == b"footnote: warning: stopped; the index is as it was, and what was embedded is kept: the next build goes on from it"
    assert "there is no index in" in complaint(footnote("status", code=2))
    done = output(footnote("build", folder, "--json"))
    assert done["resumed"] >= 60
    assert done["resumed"] + done["embedded"] == done["chunks"]


def test_a_build_tells_what_it_read_and_status_remembers(folder: Path, footnote: Run) -> None:
    english = "The lease begins on the first of May, and the rent of the flat is due on the first day of each month."
    write(folder, {"a.txt": english, "b.md": f"# Lease\n\n{english}\n", "bad.pdf": b"no pdf", "c.xyz": "?"})
    told = footnote("build", folder).stdout.decode().splitlines()
    assert told[:3] == ["read:      1 txt, 1 md", "language:  2 en", f"text:      {2 * len(english) + 10} characters, 99% of them in sentences"]
    assert re.fullmatch(r"seconds:   reading [\d.]+, cutting [\d.]+, embedding [\d.]+, words [\d.]+, writing [\d.]+", told[3])
    assert footnote("build").stdout.decode().startswith("0 added, 0 changed, 0 removed, 2 kept; 1 files failed, 1 skipped.")
    kept = output(footnote("status", "--json"))["reading"]
    assert (kept["types"], kept["languages"], [problem["reason"] for problem in kept["skipped"]]) == (
        {"txt": 1, "md": 1},
        {"en": 2},
        ["the format .xyz is not read"],
    )
    assert "not read:    1 files failed, 1 skipped" in footnote("status").stdout.decode()
    (folder / "bad.pdf").unlink()
    footnote("build")
    assert output(footnote("status", "--json"))["reading"]["failed"] == []


def test_a_progress_bar_appears_on_a_terminal_only(built: Path, offline: dict[str, str], tmp_path: Path) -> None:
    import pty

    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "assistant.cli", "build", "--full"]
    done = subprocess.run(command, cwd=tmp_path, env={**offline, "TERM": "xterm"}, stdout=subprocess.PIPE, stderr=terminal, check=True)
    os.close(terminal)
    shown = os.read(controller, 100_000).decode()
    os.close(controller)
    assert "Reading files" in shown
    assert "Embedding chunks" in shown
    assert "2/2" in shown
    assert b"Embedding" not in done.stdout


def test_help_is_there_for_every_command(footnote: Run) -> None:
    for command in ("build", "status", "search", "ask", "chat", "show", "prompt"):
        assert command in footnote("--help").stdout.decode()
    assert "--dry-run" in footnote("build", "--help").stdout.decode()


def test_the_shared_article_answers_its_question(footnote: Run) -> None:
    if not (SHARED / "seeds").is_dir():
        pytest.skip("the shared article is not here")
    footnote("build", SHARED / "seeds")
    answer = output(footnote("ask", "When can Ukraine join NATO according to Tajani?", "--json"))
    assert "only after the end of the conflict" in answer["citations"][0]["quote"]


def test_the_very_first_use_fetches_nothing(folder: Path, footnote: Run, tmp_path: Path) -> None:
    """With an empty cache the model is exported, too; every other test of the command runs offline as well."""
    write(folder, {"lease.txt": TEXT})
    footnote("build", folder, FOOTNOTE_CACHE=str(tmp_path / "cache"))
    footnote("ask", "How high is the rent?", FOOTNOTE_CACHE=str(tmp_path / "cache"))
    assert [path.name for path in (tmp_path / "cache").glob("*/*.onnx")] == ["model.onnx"]


def test_the_block_of_the_network_blocks(offline: dict[str, str]) -> None:
    code = "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=1)"
    done = subprocess.run([sys.executable, "-c", code], env=offline, capture_output=True, check=False)
    assert b"the network is blocked" in done.stderr


def test_an_installed_wheel_brings_prompts_and_page(tmp_path: Path) -> None:
    """The wheel is built from the checkout, and its own copy of everything is used from another folder."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(REPOSITORY)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    (wheel,) = tmp_path.glob("footnote-*.whl")
    installed = tmp_path / "installed"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(installed)], check=True)
    written = REPOSITORY / "assistant" / "training" / "written"  # What the models are trained on stays in the checkout.
    files = [file for part in ("assistant", "index") for file in (REPOSITORY / part).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    needed = {file.relative_to(REPOSITORY) for file in files if written not in file.parents}
    assert needed <= {file.relative_to(installed) for file in installed.rglob("*")}
    code = (
        "import json, assistant.prompts as p, assistant.web.page\n"  # The page imports the whole of the web chat.
        "print(json.dumps([str(p.folder()), (p.folder() / 'answer.md').is_file()]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=installed, env={**os.environ, "PYTHONPATH": str(installed)}, capture_output=True, check=True)
    assert json.loads(ran.stdout) == [str(installed / "assistant" / "prompts_data"), True]
