"""Law 1: sentences and the white space between them are the text. And the cases that cut sentences wrongly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.split import chunk_ids, chunks, context, embedded_text, sentence_spans, sentences
from index.types import Document, Heading


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


ONE = [
    "The clerk, Anna B. Reed, signed it.",
    "See p. 12 of the annex.",
    "Prof. Lind and Mrs. Oduya met at 3.30 in the hall.",
    "We paid 1,250.75 euros.",
    "Is the firm Barlow & Co. of London meant?",
    "It rose by 3.5 percent, e.g. in the north, i.e. above the river.",
    "As Fig. 3 and Eq. (7) show, it holds.",
    "Smith et al. (2019) disagree.",
    "The U.S. Department of Labor wrote back.",
    "They left at 6 p.m. on Monday.",
    "“Stop that!” cried the guard.",
    "The guide (It was written in 1999.) is out of print.",
    "Write to ann.lee@example.org or see https://example.org/a.b/c.html for more.",
    "He waited ... and then, slowly, went on.",
    "The shop Wow! on the corner is shut.",
    "A line that was\nwrapped by a printer",
    "He cites “[...] the common good [...]” twice.",
    "Das ist z.B. am 3. Oktober so.",
    "This ends in an open bracket (see the note. -\n\nEd.\n\n) and goes on.",
]
SEVERAL = [
    ("It is late. We go.", ["It is late.", "We go."]),
    ("Who is there? Nobody! Good.", ["Who is there?", "Nobody!", "Good."]),
    ("She lives in the U.S. He does not.", ["She lives in the U.S.", "He does not."]),
    ("It closed at 5 p.m. The staff left.", ["It closed at 5 p.m.", "The staff left."]),
    ("At 8 a.m. Mr. Ito called. Nobody answered.", ["At 8 a.m. Mr. Ito called.", "Nobody answered."]),
    ("It costs $20.00. That is fair.", ["It costs $20.00.", "That is fair."]),
    ("He said, “It is done.” She nodded.", ["He said, “It is done.”", "She nodded."]),
    ("It was you and I. Who else?", ["It was you and I.", "Who else?"]),
    ("I doubt it.... She went.", ["I doubt it....", "She went."]),
    ("The end . . . . Next part.", ["The end . . . .", "Next part."]),
    ("It is known.[3] It is proved.[4, 5] Fine.", ["It is known.[3]", "It is proved.[4, 5]", "Fine."]),
    ("1. Open it 2. Close it", ["1. Open it", "2. Close it"]),
    ("a) red b) green c) blue", ["a) red", "b) green", "c) blue"]),
    ("• first • second", ["• first", "• second"]),
    ("milk\nbread\ntwelve eggs\n", ["milk", "bread", "twelve eggs"]),
    ("# Heading\nText under it. More text.\n- an item\n- another", ["# Heading", "Text under it.", "More text.", "- an item", "- another"]),
    ("A heading\n\nA paragraph.", ["A heading", "A paragraph."]),
    ("It was done.The next day came.", ["It was done.", "The next day came."]),
    ("今日は晴れ。明日は雨！本当？", ["今日は晴れ。", "明日は雨！", "本当？"]),
    ("他说：“好。”然后走了。", ["他说：“好。”然后走了。"]),
    ("هل وصل؟ نعم.", ["هل وصل؟", "نعم."]),
    ("वह आया। वह गया।", ["वह आया।", "वह गया।"]),
    ("No. I will not. No. 5 is mine.", ["No.", "I will not.", "No. 5 is mine."]),
    ("", []),
    (" \n\t ", []),
    ("...", ["..."]),
]


@pytest.mark.parametrize("text", ONE)
def test_stays_one_sentence(text: str) -> None:
    assert cut(text) == [text]


@pytest.mark.parametrize(("text", "expected"), SEVERAL)
def test_is_cut_between_sentences(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


TEXTS = st.text(st.sampled_from("aB c.!?…\n\n\r\f\t “”\"')(1•-#|。؟।é\u2028\u00a0\x00𝄞"), max_size=200) | st.text(max_size=80)


@given(TEXTS)
def test_sentences_and_white_space_are_the_text(text: str) -> None:
    position = 0
    for start, end in sentence_spans(text):
        assert position <= start < end
        assert not text[position:start].strip()
        assert text[start:end].strip() == text[start:end]
        position = end
    assert not text[position:].strip()


@given(TEXTS)
def test_a_sentence_is_cut_no_further(text: str) -> None:
    """Cutting is by what stands in the text, so that the same text is cut in the same way each time."""
    assert sentence_spans(text) == sentence_spans(text)


ENDLESS = ["x" * 3_000_000, "A. " * 500_000, "1. " * 300_000, "\n" * 1_000_000, "a.b" * 500_000, "(" * 500_000, "word " * 600_000, " " * 1_000_000 + "a"]


@pytest.mark.parametrize("text", ENDLESS, ids=lambda text: text[:4])
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    spans = sentence_spans(text)
    assert max((end - start for start, end in spans), default=0) <= 20_000


# --- Chunks ------------------------------------------------------------------------------------------


def count(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def document(text: str, *headings: tuple[int, int]) -> Document:
    return Document("a.txt", "A title", text, (), "", tuple(Heading(start, end, 1) for start, end in headings))


def test_chunks_are_runs_of_whole_sentences_that_fit_and_none_stands_in_two() -> None:
    text = " ".join(f"Sentence {number} has exactly six words." for number in range(40))
    doc = document(text)
    found = chunks(doc, sentences(doc), count, 30)
    assert [s for c in found for s in c.sentences] == list(sentences(doc))
    assert {len(c.sentences) for c in found} == {4}
    assert all(sum(count([embedded_text(doc, c.start, c.end)])) <= 30 for c in found)


@pytest.mark.parametrize(
    ("title", "says"),
    [
        ("Lease agreement", True),
        ("lease", True),
        ("契約", True),
        ("lease 2021", False),
        ("MED-10", False),
        ("doc_0184", False),
        ("184", False),
        ("a1 b", False),
        ("The Oslo report 2021", True),
    ],
)
def test_a_title_that_is_a_label_is_not_embedded(title: str, says: bool) -> None:
    assert context(Document("a.txt", title, "Text.", (), ""), 0) == (f"{title}\n" if says else "")


def test_a_sentence_longer_than_the_window_is_a_chunk_of_its_own() -> None:
    long = "Word " * 99 + "end."
    doc = document(f"Short one. {long} Short two.")
    assert [c.text for c in chunks(doc, sentences(doc), count, 30)] == ["Short one.", long, "Short two."]


def test_a_chunk_stays_under_one_heading_and_is_embedded_with_it() -> None:
    text = "First\n\nOne is here. Two is here.\n\nSecond\n\nThree is here."
    start = text.index("Second")
    doc = document(text, (0, 5), (start, start + 6))
    found = chunks(doc, sentences(doc), count, 8)
    assert [c.text for c in found] == ["First\n\nOne is here.", "Two is here.", "Second\n\nThree is here."]
    assert [context(doc, c.start) for c in found] == ["A title\n", "A title\nFirst\n", "A title\n"]


def test_headings_without_text_join_what_follows() -> None:
    text = "Part\n\nChapter\n\nIt begins."
    doc = document(text, (0, 4), (6, 13))
    assert [c.text for c in chunks(doc, sentences(doc), count, 50)] == [text]


def test_an_id_names_what_a_chunk_says() -> None:
    one, again, other = chunk_ids("a.txt", ["same", "same", "other"])
    assert len({one, again, other}) == 3
    assert chunk_ids("a.txt", ["other", "same"]) == [other, one]
    assert chunk_ids("b.txt", ["same"]) != [one]
    assert all(0 <= id < 2**63 for id in np.array([one, again, other], np.uint64).tolist())
