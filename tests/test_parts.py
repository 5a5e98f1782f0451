"""A question that asks several things: its parts, and the answer to each."""

import pytest

from assistant import Assistant
from assistant.parts import parts_of
from index.embed import Embedder
from tests.conftest import build_index, write

MILL = """# The mill at Thorley

The mill was built in 1871 by the carpenter Edvard Lind. A loan of 4,000 crowns paid for the water wheel.

It burned down on a night in March 1903, after a lamp had been left in the loft.

# Opening hours

The ruin can be visited from May to September. Entry costs 3 crowns, and children pay nothing.
"""


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("When was the mill built, and who paid for it?", ["When was the mill built?", "who paid for it? (mill built)"]),
        ("When was the mill built? Who paid for the wheel?", ["When was the mill built?", "Who paid for the wheel?"]),
        (
            "When did Anna Reed buy the mill and what was the price of the land?",
            ["When did Anna Reed buy the mill?", "what was the price of the land? (Anna Reed)"],
        ),
        (
            "In the lease, who pays the water bill, and how much notice is needed?",
            ["In the lease, who pays the water bill?", "how much notice is needed? (lease)"],
        ),
        (
            "I move out in May. How much notice must I give, and can I leave earlier?",
            ["I move out in May. How much notice must I give?", "can I leave earlier? (move)"],
        ),
        ("Who built it, when did it burn, and who took over?", ["Who built it?", "when did it burn? (built)", "who took over? (built)"]),
        ("Is overtime paid, and must I work on Sundays?", ["Is overtime paid?", "must I work on Sundays?"]),
        ("When was it built, and who paid for it? (mill Thorley)", ["When was it built? (mill Thorley)", "who paid for it? (mill Thorley)"]),
        ("Who built the mill and the bridge?", []),
        ("How and why did it burn?", []),
        ("Who left Paris and was the first to fly?", []),
        ("Which author, who was born in 1950, wrote the book?", []),
        ("When is the rent due? I always forget.", []),
        ("When was it built?", []),
        (" ".join(["When was it built?"] * 5), []),
    ],
)
def test_a_question_is_taken_apart(question: str, parts: list[str]) -> None:
    assert [alone for _, alone in parts_of(question)] == parts


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Assistant:
    folder = tmp_path_factory.mktemp("mill")
    write(folder, {"mill.md": MILL})
    build_index(folder / "index", [folder / "mill.md"], embedder)
    return Assistant.open(folder / "index")


def test_each_part_is_answered_and_a_sentence_told_once(mill: Assistant) -> None:
    answer = mill.ask("When was the mill built, what does entry cost, and who built it?")
    said = [claim.text for claim in answer.claims]
    assert said[0].startswith("The mill was built in 1871")
    assert "Entry costs 3 crowns, and children pay nothing." in said
    assert len(said) == len(set(said))
    assert answer.notice is None
    assert [citation.label for citation in answer.citations] == list(range(1, len(said) + 1))


def test_a_part_that_the_documents_do_not_answer_is_named(mill: Assistant) -> None:
    answer = mill.ask("When did the mill burn down, and what is the name of the miller's dog?")
    assert "1903" in answer.text
    assert answer.notice == "The documents do not answer “what is the name of the miller's dog?”"


def test_a_question_of_which_no_part_is_answered_is_declined(mill: Assistant) -> None:
    answer = mill.ask("Who is the king of Spain, and how many moons does Jupiter have?")
    assert (answer.found, answer.notice) == (False, None)
    assert 0 < len(answer.nearest) <= 3
    assert {"Spain", "Jupiter"} <= set(answer.missing_words)


def test_what_the_parts_offer_is_numbered_in_turn_each_sentence_once(mill: Assistant) -> None:
    grounds = mill.ground("When was the mill built, and what does entry cost?")
    places = [(citation.sentence.start, citation.label) for citation in grounds.offered]
    assert [label for _, label in places] == list(range(1, len(places) + 1))
    assert len({start for start, _ in places}) == len(places)
    assert [part.offered[0].label for part in grounds.parts] == [1, 2]
    assert all((citation.sentence.start, citation.label) in places for part in grounds.parts for citation in part.offered)
