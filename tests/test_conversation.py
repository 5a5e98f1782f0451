"""Conversations: follow-ups, requests about whole documents, and words about the conversation itself."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assistant.about import meant, told
from assistant.answer import Assistant
from assistant.conversation import Conversation
from assistant.errors import LlmError
from assistant.followup import leans, names, standalone
from assistant.overview import central
from assistant.types import Answer, Support
from index import Index
from index.build import build
from index.embed import Embedder
from index.store import Store
from index.types import Document
from tests.conftest import SHARED

DOCUMENTS = [("lease.pdf", "Lease of the flat"), ("minutes/may-2024.docx", "Minutes of the board"), ("notes.txt", "notes")]
SAID = [
    ("Who designed the Harbour Bridge?", "The Harbour Bridge was designed by Anna Reed in 1932."),
    ("What did she design before it?", "Reed had drawn two mills."),
]


@pytest.fixture(scope="module")
def assistant(seeds: Path) -> Assistant:
    return Assistant.open(seeds)


def talk(assistant: Assistant, *questions: str) -> list[Answer]:
    conversation, answers = Conversation(), []
    for question in questions:
        conversation, answer = conversation.ask(assistant, question)
        answers.append(answer)
    return answers


# --- Follow-ups ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When was it opened?", "When was it opened? (Harbour Bridge designed Anna Reed 1932)"),
        ("And in 1950?", "And in 1950? (Harbour Bridge designed Anna Reed 1932)"),
        ("Why?", "Why? (Harbour Bridge designed Anna Reed 1932)"),
        ("How is the deposit paid?", "How is the deposit paid?"),
        ("Does the lease say when it ends?", "Does the lease say when it ends?"),
        ("When was the Town Hall opened?", "When was the Town Hall opened?"),
        ("Why did Rome fall?", "Why did Rome fall?"),
        ("Did Marie Curie win a prize with her husband?", "Did Marie Curie win a prize with her husband?"),
        ("And Paris?", "And Paris? (Harbour Bridge designed Anna Reed 1932)"),
    ],
)
def test_a_follow_up_takes_along_what_it_leans_on_and_a_new_topic_does_not(question: str, expected: str) -> None:
    assert standalone(question, SAID[:1]) == expected


def test_a_first_question_stands_alone_and_an_old_topic_is_left_behind() -> None:
    assert standalone("And who is he?", []) == "And who is he?"
    turned = [*SAID, ("How is the deposit paid?", "The deposit is paid in June.")]
    assert standalone("And when?", turned) == "And when? (June deposit paid)"


def test_names_are_found_inside_a_sentence_and_at_its_head_if_they_are_long() -> None:
    assert list(names("Did Anna Reed meet the Duke of York? Paris was cold. In June she left.")) == ["Anna Reed", "Duke of York", "June"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [("What happened to them?", True), ("So why is it called that?", True), ("What does a build do with a file that it has lost?", False)],
)
def test_a_pronoun_leans_unless_the_question_explains_it(question: str, expected: bool) -> None:
    assert leans(question) is expected


def test_an_answer_of_the_conversation_is_found_by_what_it_leans_on(assistant: Assistant) -> None:
    _, second, third = talk(assistant, "What did Emmanuel Macron say in an interview?", "And when was that?", "How is a scanned document treated?")
    assert second.standalone.startswith("And when was that? (Emmanuel Macron interview")
    assert "14 March" in second.text
    assert third.standalone == third.question
    assert "scanned PDF" in third.text


@dataclass
class Rewriter:
    """A model that rewrites a question as it is told to, and answers nothing."""

    says: str
    name: str = "fake"
    where: str = "here"
    heard: list[str] = field(default_factory=list)

    def room(self) -> int:
        return 100_000

    def stream(self, prompt: str) -> Iterator[str]:
        self.heard.append(prompt)
        if not self.says:
            raise LlmError("gone")
        yield self.says


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("<think>Hm.</think>“When did Macron speak?”", "When did Macron speak?"),
        ("", "And when? ("),
        ("I would say:\nWhen did he?", "And when? ("),
        ("word " * 200, "And when? ("),
    ],
)
def test_a_model_rewrites_the_question_and_where_it_fails_the_rules_do(assistant: Assistant, says: str, expected: str) -> None:
    conversation, _ = Conversation().ask(assistant, "What did Emmanuel Macron say in an interview?")
    model = Rewriter(says)
    assert conversation.standalone("And when?", model).startswith(expected)
    assert "Question: What did Emmanuel Macron say in an interview?" in model.heard[0]


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "data" / "dev" / "followups").is_dir(), reason="the conversations are not here")
def test_on_real_conversations_the_rules_beat_the_question_alone_and_all_that_was_asked(embedder: Embedder, tmp_path: Path) -> None:
    """CANARD, development set: each answer is a document; is the one to a follow-up among the first five?"""
    turns = defaultdict(list)
    for line in gzip.decompress((SHARED / "data" / "dev" / "followups" / "canard_dev.jsonl.gz").read_bytes()).splitlines():
        row = json.loads(line)
        turns[row["QuAC_dialog_id"]].append(row)
    kept = sorted(turns)[1:240:4]
    documents, asked = [], []
    for dialogue in kept:
        longest = max((row["History"] for row in turns[dialogue]), key=len)
        answers = {place // 2: text for place, text in enumerate(longest[2:]) if place % 2 and text != "I don't know."}
        documents += [Document(f"{dialogue}/{turn}", longest[0], text, (), "0" * 64) for turn, text in answers.items()]
        asked += [(dialogue, row) for row in turns[dialogue] if row["Question_no"] > 1 and row["Question_no"] - 1 in answers]
    store = Store(tmp_path)
    with store.lock():
        build(store, documents, embedder, [])
    index = Index.open(tmp_path)

    def recall(alone: bool, rules: bool) -> float:
        found = 0
        for dialogue, row in asked:
            said = row["History"][2:]
            history = list(zip(said[::2], said[1::2], strict=True))
            question = standalone(row["Question"], history) if rules else row["Question"] if alone else " ".join([*said, row["Question"]])[-2000:]
            found += any(hit.chunk.document.id == f"{dialogue}/{row['Question_no'] - 1}" for hit in index.search(question, 5))
        return found / len(asked)

    assert len(asked) > 150
    assert recall(alone=False, rules=True) > max(recall(alone=True, rules=False), recall(alone=False, rules=False))


# --- The conversation and the documents themselves ---------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "Which documents do you have?",
            "I have 3 documents:\n1. Lease of the flat (lease.pdf)\n2. Minutes of the board (",
        ),
        ("list all my files", "I have 3 documents:\n1. Lease"),
        ("How many documents are there?", "I have 3 documents:"),
        ("What did I ask first?", "Your first question was: “Who designed the Harbour Bridge?”"),
        ("what was my last question?", "Your last question was: “What did she design before it?”"),
        ("What have I asked so far?", "So far you asked:\n1. Who designed the Harbour Bridge?\n2. What did"),
        ("Please repeat that.", "I answered: Reed had drawn two mills."),
        ("Hello!", "I answer questions from 3 documents"),
        ("thank you", "You are welcome"),
        ("Which documents must a tenant sign?", None),
        ("List all documents required", None),
        ("What documents are there to sign?", None),
        ("What did the board ask first?", None),
        ("How many documents does a tenant sign?", None),
        ("What does the lease say about help?", None),
    ],
)
def test_what_is_asked_of_the_conversation_or_the_documents_is_told(question: str, expected: str | None) -> None:
    said = told(question, SAID, lambda: DOCUMENTS)
    assert said is None if expected is None else (said or "").startswith(expected)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Summarise the second one", ["minutes/may-2024.docx"]),
        ("Sum up document 3", ["notes.txt"]),
        ("Summarise the lease of the flat", ["lease.pdf"]),
        ("Compare lease.pdf and the last document", ["lease.pdf", "notes.txt"]),
        ("Summarise it", ["notes.txt"]),
        ("Give me an overview of all documents", ["lease.pdf", "minutes/may-2024.docx", "notes.txt"]),
        ("Summarise the deposit rules", []),
        ("How did the last war differ from the first?", []),
        ("When was the judgment granted in the first case?", []),
    ],
)
def test_the_documents_that_a_request_means_are_known(question: str, expected: list[str]) -> None:
    assert sorted(meant(question, DOCUMENTS, ["notes.txt"])) == sorted(expected)


def test_a_summary_is_of_central_sentences_each_cited(assistant: Assistant) -> None:
    listed, summary, of_it = talk(assistant, "Which documents do you have?", "Summarise the last one", "What are the main points of it?")
    assert (listed.found, listed.claims, listed.engine) == (True, (), "footnote")
    assert {citation.sentence.document.id for citation in summary.citations} == {"nato-and-ukraine.md"}
    assert 3 <= len(summary.claims) <= 5
    assert summary.fully_supported
    starts = [citation.sentence.start for citation in summary.citations]
    assert starts == sorted(starts)
    assert of_it.claims == summary.claims


def test_a_comparison_has_sentences_of_each_document(assistant: Assistant) -> None:
    (answer,) = talk(assistant, "Compare the first document with nato-and-ukraine")
    assert {citation.sentence.document.id for citation in answer.citations} == {"citations-privacy-trouble.pdf", "nato-and-ukraine.md"}
    assert all(claim.support is Support.SUPPORTED for claim in answer.claims)


def test_a_summary_in_the_words_of_a_model_is_checked(assistant: Assistant) -> None:
    said = "According to Tajani, NATO decided to let Ukraine join only once the conflict is over. Bananas are blue."
    _, answer = Conversation().ask(assistant, "Summarise nato-and-ukraine", Rewriter(said))
    assert [claim.support for claim in answer.claims] == [Support.SUPPORTED, Support.UNSUPPORTED]
    assert answer.engine == "fake"


def test_central_sentences_are_no_headings_questions_or_rows(assistant: Assistant) -> None:
    for id in assistant.index.document_ids:
        for sentence in central(assistant.index.sentences_of(id), assistant.evidence, 4):
            assert sentence.text[-1] in '.!”")'
            assert len(sentence.text) <= 400
