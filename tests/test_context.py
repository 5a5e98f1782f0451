"""What a sentence says in its place, in the terms of a claim: parties, abbreviations, kinds; rows of tables; items of lists."""

from pathlib import Path

import pytest

from assistant import context
from assistant.answer import Assistant
from assistant.terms import asked_in, told
from assistant.types import Claim, Draft, Support
from index.embed import Embedder
from index.filter import Filter
from index.types import Document, Sentence
from tests.conftest import build_index, write

LEASE = """LEASE

(1) HOLM QUARRIES LTD, of 4 Quay Road, Upper Fell ("the Lessor"); and
(2) Ms Ada Brandt-Lund, 9 Mill Lane, Fell (the "Lessee").

The Lessor repairs the roof. The Lessee paints the walls once in five years. The Lessor's consent is not needed for that.
Ada Brandt-Lund signed on 3 May 2021.
"""


@pytest.mark.parametrize(
    ("sentence", "claim", "said"),
    [
        ("The Lessor repairs the roof.", "Holm repairs the roof.", "Holm repairs the roof."),
        ("The Lessee pays the Lessor.", "Brandt-Lund pays.", "Brandt-Lund pays Holm Quarries."),
        ("The Lessee pays the Lessor.", "Holm Quarries pays the Lessee.", "The Lessee pays Holm Quarries."),
        ("Ada Brandt-Lund signed on 3 May 2021.", "The lessee signed.", "the Lessee signed on 3 May 2021."),
        ("The Lessor repairs the roof.", "The roof is repaired.", "The Lessor repairs the roof."),
        ("Holm Quarries repairs the roof.", "Holm repairs the roof.", "Holm Quarries repairs the roof."),
        ('(2) Ms Ada Brandt-Lund, 9 Mill Lane, Fell (the "Lessee").', "The lessee is Ada.", '(2) Ms Ada Brandt-Lund, 9 Mill Lane, Fell (the "Lessee").'),
    ],
)
def test_parties_are_called_as_the_claim_calls_them(sentence: str, claim: str, said: str) -> None:
    assert told(sentence, claim, LEASE) == said


@pytest.mark.parametrize(
    ("definition", "role", "name"),
    [
        ("This is agreed between Fell & Son GmbH, Kai 3, Bremen (“the Client”), and others.", "the Client", "Fell & Son"),
        ("The work is done for the Northern Rivers Board (hereinafter called “the Board”).", "the Board", "Northern Rivers"),
        ("“Agent” means Ida Ray.", "the agent", "Ida Ray"),
        ("# Terms\n\n**Tenant:** Ida Ray\n\nRent: 900 euros\n", "the tenant", "Ida Ray"),
    ],
)
def test_a_party_is_defined_in_brackets_in_words_or_in_a_line_of_its_own(definition: str, role: str, name: str) -> None:
    assert told(f"It is paid by {role}.", f"{name} pays it.", definition).startswith(f"It is paid by {name}")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What must Holm Quarries Ltd repair?", "What must the Lessor repair?"),
        ("How often must Ms Brandt-Lund paint the walls?", "How often must the Lessee paint the walls?"),
        ("Is Ada Brandt-Lund's or Holm's consent needed?", "Is the Lessee's or the Lessor's consent needed?"),
        ("And what does she pay? (Brandt-Lund walls)", "And what does she pay? (the Lessee walls)"),
        ("What does the lessor repair?", "What does the lessor repair?"),
        ("Who owns the mill?", "Who owns the mill?"),
        ("", ""),
    ],
)
def test_a_question_is_put_in_the_roles_of_those_whom_it_names(question: str, said: str) -> None:
    assert asked_in(question, LEASE) == said


@pytest.mark.parametrize("text", ["The goods below (“the Equipment”) are lent.", "Rent: 900 euros", "He said it (“in May”) to Ida Ray.", "(“the Client”)", ""])
def test_what_defines_no_party_changes_no_word(text: str) -> None:
    assert told("The Client lends the Equipment.", "Ida Ray lends it.", text) == "The Client lends the Equipment."


@pytest.mark.parametrize(
    ("text", "sentence", "claim", "said"),
    [
        ("We measured total sleep time (TST).", "TST rose by 9%.", "Total sleep rose by 9%.", "total sleep time rose by 9%."),
        ("We measured total sleep time (TST).", "Total sleep time rose.", "TST rose.", "TST rose."),
        ("We measured total sleep time (TST).", "TST rose.", "The pulse rose.", "TST rose."),
        ("It was paid by the University of Oslo (UiO; Norway).", "UiO paid.", "The University of Oslo paid.", "University of Oslo paid."),
        ("It was (NOT) so.", "NOT so.", "It was so.", "NOT so."),
        ("By R. Ahlgren and Hana Imai. H.I. wrote it, R.A. did not.", "H.I. wrote it, R.A. did not.", "Imai wrote it.", "Imai wrote it, R.A. did not."),
        ("By H. K. Imai. H.K.I. wrote it.", "H.K.I. wrote it.", "Imai wrote it.", "Imai wrote it."),
        ("By H. Imai and Hilda Idris. H.I. wrote it.", "H.I. wrote it.", "Imai wrote it.", "H.I. wrote it."),
        ("By H.I. Imai and P. Ono.", "H.I. Imai wrote it.", "Ono wrote it.", "H.I. Imai wrote it."),
    ],
)
def test_an_abbreviation_is_read_as_the_claim_has_it(text: str, sentence: str, claim: str, said: str) -> None:
    assert told(sentence, claim, text) == said


def test_a_kind_is_read_with_what_it_is_where_the_claim_does_not_say_its_mark() -> None:
    text = "Category A - day trips.\nCategory B - trips abroad."
    sentence = "For categories A and B a form is needed."
    assert told(sentence, "Going abroad needs a form.", text) == "For categories A (day trips) and B (trips abroad) a form is needed."
    assert told(sentence, "Category B needs a form.", text) == sentence
    assert told(sentence, "A form is needed.", text) == sentence


@pytest.mark.parametrize(
    ("stated", "sentence", "claim", "said"),
    [
        ("All amounts are in millions of dollars.", "It rose from 2.5 to 3.0.", "It rose to $3.0 million.", "It rose from 2.5 to $3.0 million."),
        ("| Income | £m |", "Grants; £m: 98", "Grants were £98m.", "Grants; £m: £98m"),
        ("Amounts in thousand euros", "It cost 1,250.", "It cost 1,250 thousand euros.", "It cost 1,250 thousand euros."),
        ("(EUR m)", "It cost 1.25.", "It cost €1.25 million.", "It cost €1.25 million."),
        ("All amounts are in millions of dollars.", "It rose to 3.0.", "It rose to €3.0 million.", "It rose to 3.0."),
        ("All amounts are in millions of dollars.", "It rose to 3.0.", "It rose to $3.0 billion.", "It rose to 3.0."),
        ("All amounts are in millions of dollars.", "3.0 ships, 3.0% or 13.0", "3.0 million ships", "3.0 ships, 3.0% or 13.0"),
        ("All amounts are in millions of dollars.", "It was 3.05, 3.0% or 13.0.", "It was $3.0 million.", "It was 3.05, 3.0% or 13.0."),
        ("It cost $5 million.", "It rose to 3.0.", "It rose to $3.0 million.", "It rose to 3.0."),
    ],
)
def test_sums_are_read_in_what_the_document_says_that_they_are_in(stated: str, sentence: str, claim: str, said: str) -> None:
    assert told(sentence, claim, f"# Report\n\n{stated}\n\n{sentence}") == said


def sentence_of(text: str, said: str) -> Sentence:
    start = text.index(said)
    return Sentence(Document("a.md", "", text, (), "0" * 64), start, start + len(said))


def test_a_row_is_read_with_the_names_of_its_columns() -> None:
    text = "| Use | Time, S | Time, L |\n|---|:-:|---|\n| Glaze | 9 h | |\n| Bisque | 8 h | 10 h |\n\n| no | header |\n"
    assert context.said(sentence_of(text, "| Bisque | 8 h | 10 h |"), "x") == "Use: Bisque; Time, S: 8 h; Time, L: 10 h."
    assert context.said(sentence_of(text, "| Glaze | 9 h | |"), "x") == "Use: Glaze; Time, S: 9 h."
    assert [context.said(sentence_of(text, row), "x") for row in ("| Use | Time, S | Time, L |", "| no | header |")] == [
        "| Use | Time, S | Time, L |",
        "| no | header |",
    ]


def test_an_item_is_read_after_the_line_that_leads_to_its_list_and_no_other() -> None:
    text = "Some words.\n\nNot insured are:\n\n- (a) frost;\n- (b) theft.\n\nAll else is.\n\n- Loose item."
    items = [sentence_of(text, item) for item in ("- (a) frost;", "- (b) theft.", "- Loose item.")]
    assert context.read(items, "x") == ["Not insured are: - (a) frost;", "- (b) theft.", "- Loose item."]
    assert context.read(items[1:], "x") == ["Not insured are: - (b) theft.", "- Loose item."]


def test_claims_in_the_names_of_parties_are_judged_by_what_is_said_of_their_roles(tmp_path: Path, embedder: Embedder) -> None:
    write(tmp_path / "set", {"lease.txt": LEASE})
    build_index(tmp_path / "index", [tmp_path / "set"], embedder)
    assistant = Assistant.open(tmp_path / "index")
    grounds = assistant.ground("Who paints the walls, and who repairs the roof?")
    claims = ["Brandt-Lund has to paint the walls once in five years.", "Holm Quarries has to repair the roof.", "Brandt-Lund has to repair the roof."]
    answer = assistant.check(grounds, Draft(tuple(Claim(text, ()) for text in claims), "draft"))
    assert [claim.support is Support.UNSUPPORTED for claim in answer.claims] == [False, False, True]
    assert [citation.sentence.text[:16] for citation in answer.citations] == ["The Lessee paint", "The Lessor repai"]


def test_a_question_is_put_in_the_abbreviations_of_a_document(tmp_path: Path, embedder: Embedder) -> None:
    methods = "We followed 84 nurses for six weeks. Total sleep time (TST) was measured at the wrist. Each ward was seen twice, and no ward left the study."
    results = "TST fell by 41 minutes in weeks with night shifts. Lapses of attention doubled. Nurses older than 50 lost more TST than younger ones."
    text = f"# Methods\n\n{methods}\n\n# Results\n\n{results}"
    write(tmp_path / "set", {"study.md": text, "other.md": "Sleep is good. Total rest is better, and time heals."})
    build_index(tmp_path / "index", [tmp_path / "set"], embedder)
    answer = Assistant.open(tmp_path / "index").ask("How much did total sleep time fall?")
    assert (answer.standalone, answer.citations[0].sentence.text) == ("How much did TST fall?", "TST fell by 41 minutes in weeks with night shifts.")


def test_a_question_that_names_a_party_is_answered_from_its_contract(tmp_path: Path, embedder: Embedder) -> None:
    contract = 'Contract of employment between Tarn Tools Ltd (the "Company") and Ms {} (the "Employee").\n\nThe Employee has {} days of paid holiday a year.'
    write(
        tmp_path / "set",
        {"a.txt": contract.format("Ida Ray", 27), "b.txt": contract.format("Olav Moe", 31), "c.txt": "Olav Moe took part in the race on 3 May 2021."},
    )
    build_index(tmp_path / "index", [tmp_path / "set"], embedder)
    assistant = Assistant.open(tmp_path / "index")
    ida, olav = (assistant.ask(f"How many days of holiday does {name} have?") for name in ("Ms Ray", "Olav Moe"))
    assert [answer.citations[0].sentence.text for answer in (ida, olav)] == [f"The Employee has {days} days of paid holiday a year." for days in (27, 31)]
    assert ida.standalone == "How many days of holiday does the Employee have?"
    assert not assistant.ask("How many days of holiday does Olav Moe have?", only=Filter(paths=("a.txt",))).found
    race = assistant.ask("When did Olav Moe take part in the race?")
    assert (race.citations[0].sentence.document.id, race.standalone) == ("c.txt", "When did Olav Moe take part in the race?")
