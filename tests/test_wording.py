"""A claim is read in the words of its evidence, where rules know that both say the same."""

import pytest

from assistant.evidence.claims import Judge
from assistant.evidence.likeness import Likeness
from assistant.evidence.shipped import Shipped
from assistant.quantities import spelt_out, tokens_of
from assistant.types import Support
from assistant.wording import alike, unframed
from index.embed import Embedder


@pytest.mark.parametrize(
    ("claim", "evidence", "read"),
    [
        ("It runs for two years.", "The fixed term is twenty-four months.", "It runs for twenty-four months."),
        ("Driving is refunded at €0.42 a kilometre.", "Mileage: 42 cents per kilometre.", "Driving is refunded at 42 cents a kilometre."),
        ("About 75% of the steel was hedged.", "Three quarters of the steel were hedged.", "About Three quarters of the steel was hedged."),
        ("Readings are kept for three months.", "It stores the last 90 days.", "Readings are kept for 90 days."),
        ("The lens costs 49 euros.", "A lens costs €49.", "The lens costs €49."),
        ("He paid $3m in 2 parts.", "He paid 3 million dollars in two parts.", "He paid 3 million dollars in two parts."),
        ("The beam is 2.5 m long.", "Beams of 250 cm were used.", "The beam is 250 cm long."),
        ("No more than three may enter.", "At most 3 persons are admitted.", "at most 3 may enter."),
        ("A maximum of 5 kg is allowed.", "Bags of up to five kilograms are allowed.", "at most five kilograms is allowed."),
        ("It costs 3 to 4 euros.", "It costs between €3 and €4.", "It costs €3 to €4."),
        ("A margin of 6–7% is forecast.", "The margin will be between 6 and 7 percent.", "A margin of 6 to 7 percent is forecast."),
        ("The shop is open from 9 am to 5:30 p.m.", "Open: 9:00-17:30.", "The shop is open from 9:00 to 17:30"),
        ("It is open 10 am–3 p.m. today.", "It is open between 10:00 and 15:00 today.", "It is open 10:00 to 15:00 today."),
        ("It closes at 12 am.", "It closes at midnight.", "It closes at 0:00."),
        ("Pay within a fortnight.", "Pay within 2 weeks.", "Pay within 2 weeks."),
    ],
)
def test_numbers_and_bounds_are_read_as_the_evidence_words_them(claim: str, evidence: str, read: str) -> None:
    assert alike(claim, [evidence])[0] == read


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("It runs for three years.", "The fixed term is twenty-four months."),
        ("The lens costs 49 dollars.", "A lens costs €49."),
        ("It weighs 5 pounds.", "It weighs 5 kilograms."),
        ("The decision is up to you.", "At most five may enter."),
        ("Debt went up to 5 million.", "Debt rose to 5 million."),
        ("It lies between Oslo and Bergen.", "It is between two towns and 3 hills."),
        ("I am 5.", "He is 5."),
        ("One of them was a baker.", "1 of 20 is spoilt."),
        ("Twice as many came.", "2 came."),
        ("It lasts two years.", "It lasts two years."),
    ],
)
def test_what_differs_or_may_differ_keeps_its_words(claim: str, evidence: str) -> None:
    assert alike(claim, [evidence]) == (claim, [evidence])


def test_tokens_stand_where_they_say() -> None:
    text = "On 2024-03-12 about twenty five million euros, or one and a half times as much, weren't paid by two thirds; 3 pm."
    plain = spelt_out(text)
    tokens = tokens_of(text)
    assert spelt_out(plain) == plain, "so that tokens stand there in what is spelt out already, too"
    assert [plain[token.start : token.end].replace(" ", "-") for token in tokens] == [token.text.replace(" ", "-") for token in tokens]
    assert [token.start for token in tokens] == sorted({token.start for token in tokens})


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("The lease has a fixed term of two years.", "The tenancy runs for a fixed term of twenty-four months."),
        ("About three quarters of the steel was hedged.", "The company has hedged 75% of its steel."),
    ],
)
def test_a_measure_in_other_words_is_no_reason_to_doubt(embedder: Embedder, claim: str, evidence: str) -> None:
    assert Judge(Shipped(), Likeness(embedder)).judge(claim, [evidence]).verdict is not Support.UNSUPPORTED


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Yes, according to the lease, the rent is 900 euros.", "the rent is 900 euros."),
        ("The user manual states that flames are forbidden.", "flames are forbidden."),
        ("Flames are forbidden, as stated in the manual.", "Flames are forbidden."),
        ("Note that the filter is washable.", "the filter is washable."),
        ("No loan is taken.", "No loan is taken."),
        ("According to Ada Byrne, it rained.", "According to Ada Byrne, it rained."),
        ("Overall costs rose.", "Overall costs rose."),
        ("In the report year, sales rose.", "In the report year, sales rose."),
        ("Not always: in 2019 the gate was shut.", "in 2019 the gate was shut."),
        ("It depends: a child pays nothing.", "a child pays nothing."),
        ("However, the gate was shut.", "the gate was shut."),
    ],
)
def test_how_an_answer_speaks_of_its_sources_is_not_judged(said: str, meant: str) -> None:
    assert unframed(said) == meant
