"""What a sentence says one after another: told only where each part has a subject and a verb of its own."""

import pytest

from assistant.clauses import points_back, statements


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("The rent is due in May, and the deposit was paid in March.", ["The rent is due in May", "the deposit was paid in March."]),
        ("The hall opens at nine; it is heated.", ["The hall opens at nine", "it is heated."]),
        ("Ida Lund chaired the meeting, and Ole Berg kept the minutes.", ["Ida Lund chaired the meeting", "Ole Berg kept the minutes."]),
        ("Lamps are free whereas filters cost £9.", ["Lamps are free", "filters cost £9."]),
        ("He found that it works, and that it is safe.", ["He found that it works", "it is safe."]),
        ("A works, B is closed, and C is sold, but D was kept.", ["A works, B is closed", "C is sold", "D was kept."]),
    ],
)
def test_statements_are_parted_where_another_clearly_begins(sentence: str, parts: list[str]) -> None:
    assert statements(sentence) == parts


@pytest.mark.parametrize(
    "sentence",
    [
        "The landlord is responsible for the roof, the outer walls and the foundations.",
        "The field has between 4 and 11 hectares, and was ploughed.",
        "Work by Hale and Orr found an effect.",
        "It is allowed, but only if the pipes are dry.",
        "She smiled while the others were asleep.",
        "The study is closed, and then opens.",
        "Rent.",
        "",
    ],
)
def test_lists_conditions_and_verbs_of_one_subject_are_not_parted(sentence: str) -> None:
    assert statements(sentence) == [sentence]


def test_a_statement_about_what_was_spoken_of_is_known() -> None:
    assert points_back("it is safe")
    assert not points_back("the hall is safe")
