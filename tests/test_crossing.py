"""Every word of a claim may stand in its evidence, and the claim be wrong: what is said of one thing is given to another."""

import pytest

from assistant.agreement import disagreements
from assistant.crossing import Mix, mixed, turned


@pytest.mark.parametrize(
    ("sentence", "wrong", "right"),
    [
        ("The hall has 80 seats and the gallery 30 seats.", "The gallery has 80 seats.", "The hall has 80 seats."),
        ("The hall seats 80 people; the gallery seats 30 people.", "There are 80 seats for people in the gallery.", "Seats for people in the gallery: 30."),
        ("A lost key is charged at £20, and a lost badge at £35.", "A lost badge costs £20.", "A lost badge costs £35."),
        ("Oil the hinges every two weeks and the lock once a year.", "The lock is oiled every two weeks.", "The hinges are oiled every two weeks."),
        ("The club holds £900 in its savings account and £300 in its current account.", "The current account holds £900.", "The savings account holds £900."),
        ("The loss was 12% in 2020, 9% in 2021 and 5% in 2022.", "In 2021 it lost 12%.", "In 2021 it lost 9%."),
        ("The list names a ring, insured for £900, and a harp, insured for £4,000.", "The harp is insured for £900.", "The harp is insured for £4,000."),
        ("The largest is the hospital with 90 staff, followed by Luven, a shipyard, with 40.", "Luven, a shipyard, has 90 staff.", "Luven has 40 staff."),
        ("A dose of 60 mg lowered the fever, whereas 15 mg had no effect.", "15 mg lowered the fever, while 60 mg had no effect.", "60 mg lowered the fever."),
        (
            "Choir and band are led by Ida Lund, and the school is led by Ole Berg.",
            "Ole Berg leads the band, and Ida Lund leads the school.",
            "Ida Lund leads the band.",
        ),
        ("The motor is made by Orlen and the gearbox is made by Tasko.", "The motor is supplied by Tasko.", "The gearbox is supplied by Tasko."),
        (
            "171 completed it: 84 in the exercise group and 87 in the control group.",
            "It was completed by 87 people in the exercise group and 84 in the control group.",
            "It was completed by 84 people in the exercise group and 87 in the control group.",
        ),
        ("It was drawn in Lisbon and is sewn in Hanoi.", "It is sewn in Lisbon.", "It is sewn in Hanoi."),
        ("Error E3 means that the pump is stuck, error E5 that the valve is open.", "E5 means that the pump is stuck.", "E3 means that the pump is stuck."),
    ],
)
def test_a_value_of_one_part_of_a_sentence_does_not_go_with_what_another_is_about(sentence: str, wrong: str, right: str) -> None:
    assert "pairing" in disagreements(wrong, [sentence])
    assert disagreements(right, [sentence]) == ()


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("The hall has 80 seats, more than the gallery.", "The hall has 80 seats and the gallery 30 seats."),
        ("The hall and the gallery have 80 and 30 seats.", "The hall and the gallery have 80 and 30 seats respectively."),
        ("Kay Lund checked the code.", "The code was written by Ole Berg and it was tested by Kay Lund."),
        ("The fields have between 4 and 11 hectares.", "Each farm gave a field of between 4 and 11 hectares, and eight fields had strips."),
        ("The album came out in 2001.", "It was released on September 25, 2001, by a label that was founded in 1989."),
    ],
)
def test_what_is_told_of_several_things_in_other_ways_is_left_to_the_judge(claim: str, sentence: str) -> None:
    assert "pairing" not in disagreements(claim, [sentence])


@pytest.mark.parametrize(
    ("claim", "sentences"),
    [
        ("The slide was repaired in May.", ["The slide was closed.", "The swing was repaired in May."]),
        ("A new bench costs £9, and it was repaired in May.", ["A new bench costs £9.", "The swing was repaired in May."]),
        ("The seeds came from the Tell Fund.", ["The seeds of both mixtures were supplied by Lund.", "The work was paid for by the Tell Fund."]),
        ("The Aalborg yard burns coal.", ["Since March the Aalborg yard has bought wind power.", "The yard in Gdynia still burns coal."]),
    ],
)
def test_two_sentences_do_not_lend_one_the_head_of_the_other(claim: str, sentences: list[str]) -> None:
    assert mixed(claim, sentences) is not Mix.NONE
    assert mixed(claim, sentences[::-1]) is not Mix.NONE


@pytest.mark.parametrize(
    ("claim", "sentences"),
    [
        ("The slide was closed, and the swing was repaired in May.", ["The slide was closed.", "The swing was repaired in May."]),
        ("The survey by Ann Ray is due in May.", ["It may be signed when the survey by Ann Ray is complete.", "The survey is due in May."]),
        ("Ida Ray, who has led it for six years, retires in May.", ["The board thanked Ida Ray, who has led it for six years.", "She retires in May."]),
        ("A new bench costs £9, and it was painted in May.", ["A new bench costs £9.", "It was painted in May."]),
        ("The slide was closed.", ["The slide was closed.", "A picnic is held in May."]),
    ],
)
def test_two_sentences_carry_what_each_says_of_its_own_matter(claim: str, sentences: list[str]) -> None:
    assert mixed(claim, sentences) is Mix.NONE


def test_a_mix_is_sure_where_a_value_is_of_the_other_sentence_or_it_would_mean_what_that_is_about() -> None:
    slide, swing = "The slide was closed for 3 days.", "The swing was repaired for 9 days."
    assert mixed("The slide was closed for 9 days.", [slide, swing]) is Mix.SURELY
    assert mixed("The slide was closed for 3 days, and it was repaired.", [slide, "The swing was repaired in May."]) is Mix.SURELY
    assert mixed("The slide was repaired.", ["The slide was closed.", "The swing was repaired."]) is Mix.PERHAPS


CLEANED = ["The caretaker cleans the hall and the stairs.", "The guests lock the doors at night."]
KEPT = ["The Facilities team runs the archive and has paper shredded.", "IT Operations deletes electronic records."]
LEFT = ["Byrne raised its rating of the town; Crestline left its rating unchanged."]
DAYS = ["Average days to re-let a home; 2024: 31; 2023: 27.", "Average days for a repair; 2024: 17.4; 2023: 21.9."]


@pytest.mark.parametrize(
    ("sentences", "wrong", "right"),
    [
        (CLEANED, "The guests clean the hall, and the caretaker locks the doors at night.", "The caretaker cleans the hall, and the guests lock the doors."),
        (KEPT, "The Facilities team deletes electronic records, and IT Operations runs the archive.", "IT Operations deletes records, and Facilities runs it."),
        (LEFT, "Crestline raised the rating of the town, whereas Byrne left it unchanged.", "Byrne raised the rating of the town, while Crestline left it."),
        (
            DAYS,
            "In 2024 a home was re-let after 17.4 days, while a repair took 31 days.",
            "In 2024 a home was re-let after 31 days, while a repair took 17.4 days.",
        ),
    ],
)
def test_two_things_are_not_turned_about(sentences: list[str], wrong: str, right: str) -> None:
    assert turned(wrong, sentences)
    assert not turned(right, sentences)
    assert not turned(wrong, sentences[1:] if len(sentences) > 1 else ["Byrne raised it."])
