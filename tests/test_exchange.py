"""A claim with two of its things exchanged, and what is refused because that is believed more."""

import pytest

from assistant.evidence.claims import Judge
from assistant.evidence.likeness import Likeness
from assistant.evidence.shipped import Shipped
from assistant.exchange import exchanged
from assistant.types import Support
from index.embed import Embedder

FEET = "The front feet are turned by hand; the rear feet are adjusted through the plinth with the hex key supplied."
RATED = "Hollis Byrne raised its rating of the city from A+ to AA; Crestline Ratings left its rating unchanged at AA."
MOVED = "From the 1950s the lights of Dunmore made faint objects harder to see, and in 1958 most observing was moved to a new station at Paloma Alta."


@pytest.mark.parametrize(
    ("claim", "evidence", "others"),
    [
        ("Ada Holm sued Ole Brand.", "Brand was sued by Holm.", []),
        ("Ada Holm sued Ole Brand.", "Ole Brand was sued by Ada Holm.", ["Ole Brand sued Ada Holm."]),
        ("The front feet are lower than the rear feet.", FEET, ["The rear feet are lower than the front feet."]),
        ("The tenant pays what the landlord spent.", "A landlord and a tenant pay.", ["The landlord pays what the tenant spent."]),
        ("It cost £400 in May 2019, and then £30.", "It cost £30, then £400, in 2019.", ["It cost £30 in May 2019, and then £400."]),
        ("It rose in 2019 and fell in 2021.", "In 2019 and 2021 it moved.", ["It rose in 2021 and fell in 2019."]),
        ("It takes 40 to 100 days.", "It takes from 40 to 100 days.", []),
        ("It is due on 3 May or 9 June.", "3 May and 9 June", []),
        ("Abbot Werin of Aldo wrote it.", "Abbot Werin of Aldo wrote it.", []),
        ("Two came to Oslo.", "Two came to Oslo.", []),
        (
            "The Duo S is small, the Duo P is large.",
            "Size; Duo S: large; Duo P: small.",
            ["The Duo P is small, the Duo S is large.", "The Duo S is large, the Duo P is small."],
        ),
        ("Ann Reed said that Reed was late.", "Ann Reed said that Reed was late.", []),
        ("It rained.", "It rained.", []),
    ],
)
def test_two_of_a_kind_are_exchanged_where_the_evidence_has_both(claim: str, evidence: str, others: list[str]) -> None:
    assert exchanged(claim, [evidence]) == others


def test_no_more_than_a_few_exchanges_are_tried() -> None:
    names = "Ada, Bob, Cid, Dov, Eva and Flo"
    assert len(exchanged(f"They saw {names}.", [f"It was {names}."])) == 4


@pytest.fixture(scope="module")
def judge(embedder: Embedder) -> Judge:
    return Judge(Shipped(), Likeness(embedder))


@pytest.mark.parametrize(
    ("true", "mixed_up", "evidence"),
    [
        (
            "Turn the front feet by hand, and adjust the rear feet through the plinth using the supplied hex key.",
            "Turn the rear feet by hand, and adjust the front feet through the plinth using the supplied hex key.",
            FEET,
        ),
        (
            "Hollis Byrne upgraded the city from A+ to AA, whereas Crestline Ratings left its rating unchanged.",
            "Crestline Ratings upgraded the city from A+ to AA, whereas Hollis Byrne left its rating unchanged.",
            RATED,
        ),
        (
            "Light from Dunmore interfered with observing, so it was moved to a new station at Paloma Alta in 1958.",
            "Light from Paloma Alta interfered with observing, so it was moved to a new station at Dunmore in 1958.",
            MOVED,
        ),
    ],
)
def test_what_is_believed_more_with_two_things_exchanged_is_refused(judge: Judge, true: str, mixed_up: str, evidence: str) -> None:
    assert judge.judge(true, [evidence], "a title").verdict is not Support.UNSUPPORTED
    told = judge.judge(mixed_up, [evidence], "a title")
    assert told.verdict is Support.UNSUPPORTED
    assert "pairing" in told.differs
