"""`footnote eval` and `footnote calibrate`: figures that follow from the outcomes, and a bar that follows from the preference."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from assistant.answer import Assistant
from assistant.bar import keep_bar, read_bar
from assistant.calibrate import Row, calibrate, chosen, question_of
from assistant.errors import QuestionsError
from assistant.evaluate import Known, Outcome, auroc, calibration_error, evaluate, figures, read_known, regressions, reliability
from assistant.evidence import identity
from index import Index
from index.embed import Embedder
from index.store import Store
from tests.conftest import Run, build_index, output, write

RIGHT = Outcome("q", True, True, 0.9, 1, True, True, 2, 1, 1, 1, 10.0)


def outcomes(count: int, right: int) -> list[Outcome]:
    return [replace(RIGHT, question=f"q{n}", first=n < right, any=n < right) for n in range(count)]


# --- Figures -------------------------------------------------------------------------------------------


def test_figures_are_what_the_outcomes_say() -> None:
    declined = replace(RIGHT, found=False, confidence=0.2, rank=9, first=False, any=False, cited=0, right=0, covered=0, ms=30.0)
    not_said = replace(declined, answerable=False, golds=0, rank=None)
    answered = replace(not_said, found=True, confidence=0.7, cited=2)
    told = figures([RIGHT, declined, not_said, answered])
    assert {name: told[name] for name in told if name != "reliability"} == {
        "questions": 4, "answerable": 2, "recall@1": 0.5, "recall@3": 0.5, "recall@8": 0.5, "recall@20": 1.0,
        "first citation right": 0.5, "any citation right": 0.5, "citation precision": 0.25, "citation recall": 0.5,
        "answerable and answered": 1, "answerable but declined": 1, "not said but answered": 1, "not said and declined": 1,
        "answered or declined right": 0.5, "AUROC of confidence": 0.625, "calibration error": 0.35,
        "latency ms, median": 30.0, "latency ms, 95%": 30.0,
    }  # fmt: skip


def test_what_cannot_be_told_is_none() -> None:
    told = figures([replace(RIGHT, answerable=False, golds=0, found=False, cited=0, right=0)])
    assert (told["first citation right"], told["citation precision"], told["AUROC of confidence"]) == (None, None, None)


def test_the_auroc_counts_a_tie_as_half() -> None:
    assert auroc(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False])) == 0.875


def test_confidence_that_is_right_as_often_as_it_says_has_no_error() -> None:
    confidence = np.repeat([0.25, 0.75], [4, 4])
    labels = np.array([True, False, False, False, True, True, True, False])
    assert calibration_error(confidence, labels) == 0
    assert [(one["from"], one["questions"], one["answerable"]) for one in reliability(confidence, labels)] == [(0.2, 4, 0.25), (0.7, 4, 0.75)]
    assert calibration_error(np.repeat(0.95, 8), labels) == pytest.approx(0.45)


def test_a_regression_is_told_from_noise() -> None:
    before = outcomes(200, 180)
    assert regressions(outcomes(200, 178), before) == []
    assert regressions(before, before) == []
    assert regressions(outcomes(200, 150), before) == [
        "first citation right: -15.0% over 200 questions",
        "any citation right: -15.0% over 200 questions",
    ]
    with pytest.raises(QuestionsError, match="shares no question"):
        regressions([replace(RIGHT, question="another")], before)


# --- Questions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no json", "line 2 is not"),
        ('{"question": "Who?"}', "line 2 is not"),
        ('{"question": "Who?", "gold": "her"}', '"gold" must be a list'),
        ('{"question": "Who?", "gold": [1]}', '"gold" must be a list'),
        ('{"question": "", "gold": []}', "line 2: the question is empty"),
        ('[1]', "line 2 is not"),
    ],
)  # fmt: skip
def test_a_line_that_is_wrong_is_named(line: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "Who?", "gold": ["Her."], "document": "a.txt"}\n' + line + "\n")
    with pytest.raises(QuestionsError, match=said):
        read_known(file)


def test_a_file_without_questions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text("\n")
    with pytest.raises(QuestionsError, match="holds no question"):
        read_known(tmp_path / "q.jsonl")
    with pytest.raises(QuestionsError, match="cannot be read"):
        read_known(tmp_path / "none.jsonl")


def test_a_gold_sentence_is_found_however_its_lines_are_broken(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"a.txt": "The rent of the flat is\n900 euros a month.", "b.txt": "The garden has a pond."})
    build_index(tmp_path / "index", [folder], embedder)
    assistant = Assistant.open(tmp_path / "index")
    (found,) = evaluate(assistant, [Known("What is the rent of the flat?", ("is 900 euros a month.",), "a.txt")])
    assert (found.answerable, found.found, found.any, found.golds, found.covered) == (True, True, True, 1, 1)
    assert found.rank == 1
    (other,) = evaluate(assistant, [Known("What is the rent of the flat?", ("is 900 euros a month.",), "b.txt")])
    assert (other.any, other.rank) == (False, None)


# --- The commands --------------------------------------------------------------------------------------


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    rows = [
        {"question": "Who can see my documents?", "gold": ["Your documents stay on your computer."]},
        {"question": "Can two builds run at once?", "gold": ["Only one build can write an index at a time."], "document": "citations-privacy-trouble.pdf"},
        {"question": "What is the boiling point of tungsten?", "gold": []},
    ]  # fmt: skip
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.fixture
def own_index(tmp_path: Path, embedder: Embedder) -> Path:
    """An index of the sample documents that a test may change."""
    build_index(tmp_path / "own", [Path(__file__).parents[1] / "seeds"], embedder)
    return tmp_path / "own"


def test_eval_tells_its_figures_keeps_the_run_and_compares(footnote: Run, own_index: Path, questions: Path, tmp_path: Path) -> None:
    told = output(footnote("eval", questions, "--index", own_index, "--json"))
    assert (told["figures"]["questions"], told["figures"]["answerable"], told["figures"]["recall@8"]) == (3, 2, 1.0)
    assert told["figures"]["any citation right"] == 1.0
    assert told["figures"]["not said and declined"] == 1
    assert [outcome["question"] for outcome in told["outcomes"]] == [json.loads(line)["question"] for line in questions.read_text().splitlines()]
    kept = (Store(own_index).remembered("RUNS") or b"").splitlines()
    assert [json.loads(line)["questions"] for line in kept] == [3]
    baseline = tmp_path / "baseline.json"
    baseline.write_text(json.dumps(told))
    done = footnote("eval", questions, "--index", own_index, "--baseline", baseline)
    assert b"first citation right:" in done.stdout
    assert len((Store(own_index).remembered("RUNS") or b"").splitlines()) == 2


def test_eval_exits_with_4_where_it_is_worse(footnote: Run, own_index: Path, tmp_path: Path) -> None:
    rows = [{"question": f"What is the boiling point of metal number {n}?", "gold": ["It boils."]} for n in range(12)]
    questions, baseline = tmp_path / "q.jsonl", tmp_path / "b.json"
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = output(footnote("eval", questions, "--index", own_index, "--json"))
    for outcome in told["outcomes"]:
        outcome["first"] = outcome["any"] = True
    baseline.write_text(json.dumps(told))
    done = footnote("eval", questions, "--index", own_index, "--baseline", baseline, code=4)
    assert done.stderr.decode().splitlines()[0].endswith("first citation right: -100.0% over 12 questions")
    broken = footnote("eval", questions, "--index", own_index, "--baseline", questions, code=2)
    assert b"is no baseline" in broken.stderr


def test_calibrate_keeps_a_bar_that_answers_go_by(footnote: Run, own_index: Path) -> None:
    told = output(footnote("calibrate", "--index", own_index, "--prefer", "precision", "--json"))
    assert told["answerable"] >= 20
    assert [row["bar"] for row in told["rows"]] == sorted(row["bar"] for row in told["rows"])
    assert [row["false_refusals"] for row in told["rows"]] == sorted(row["false_refusals"] for row in told["rows"])
    assert [row["false_answers"] for row in told["rows"]] == sorted((row["false_answers"] for row in told["rows"]), reverse=True)
    assert read_bar(own_index, identity()) == told["bar"]
    assert read_bar(own_index, "another model") is None
    keep_bar(own_index, identity(), 1.01, "precision")
    assert not Assistant.open(own_index).ask("Who can see my documents?").found
    footnote("build", "--index", own_index)
    assert read_bar(own_index, identity()) == 1.01


def test_too_few_sentences_are_no_ground_for_a_bar(folder: Path, tmp_path: Path, footnote: Run, embedder: Embedder) -> None:
    write(folder, {"a.txt": "The lease of the house was signed by the owner in 1998."})
    build_index(tmp_path / "index", [folder], embedder)
    assert b"only 1 questions can be made" in footnote("calibrate", "--index", tmp_path / "index", code=2).stderr


# --- The bar -------------------------------------------------------------------------------------------


def test_the_bar_follows_the_preference() -> None:
    rows = [Row(0.2, 0.0, 0.4), Row(0.4, 0.04, 0.2), Row(0.6, 0.1, 0.05), Row(0.8, 0.5, 0.0)]
    assert [chosen(rows, prefer) for prefer in ("precision", "balance", "recall")] == [0.6, 0.6, 0.4]


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("The lease of the house was signed in 1998 by the owner.", "The lease of the house was signed in what year by the owner?"),
        ("The tenant pays 900 euros on the first day of the month.", "The tenant pays how many euros on the first day of the month?"),
        ("The contract for the bridge was won by Reed Brothers in the spring.", "The contract for the bridge was won by who or what in the spring?"),
        ("It is so.", None),
    ],
)
def test_a_question_is_made_of_a_sentence(sentence: str, question: str | None) -> None:
    assert question_of(sentence, Random(0)) == question


def test_the_same_bar_is_fitted_each_time(seeds: Path) -> None:
    assistant = Assistant.open(seeds)
    first, second = (calibrate(Index.open(seeds), assistant.evidence, "balance") for _ in range(2))
    assert first == second


def test_questions_over_the_sample_documents_are_answered_or_declined(seeds: Path) -> None:
    """Half of those that are not said are twisted: another country, another person, a detail that the article does not give."""
    told = figures(evaluate(Assistant.open(seeds), read_known(Path(__file__).parent / "seed_questions.jsonl")))
    assert told["recall@8"] >= 0.95
    assert told["first citation right"] >= 0.8
    assert told["answered or declined right"] >= 0.8
    assert told["AUROC of confidence"] >= 0.88
