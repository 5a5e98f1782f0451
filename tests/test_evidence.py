"""The evidence model: what it reads, what it says of a question and of a claim, and that nothing damaged is ever run."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from assistant import Assistant, verify
from assistant.errors import ModelError
from assistant.evidence.claims import Judge
from assistant.evidence.encode import CLS, MOST_OVER, MOST_QUESTION, MOST_TEXT, SEP, Passage, around, encode, open_tokenizer
from assistant.evidence.likeness import Likeness
from assistant.evidence.model import ModelEvidence, passage_of, reads_language
from assistant.evidence.reader import CLOSELY, NOTHING, Reader
from assistant.evidence.shipped import FOLDER, MODELS, Shipped
from assistant.types import Claim, Support, Verdict
from index import Index
from index.embed import DEFAULT_MODEL, Embedder
from index.split import sentence_spans
from index.types import Chunk, Document, Hit, Sentence
from tests.conftest import REPOSITORY, build_index, write

TEXT = (
    "The society was founded in Oslo in 1871 by Anna Reed. Its first meeting was held in a bakery. "
    "Since 1950 it has had its seat in Bergen, where it owns a house."
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Shipped())


@pytest.fixture(scope="module")
def judge(embedder: Embedder) -> Judge:
    return Judge(Shipped(), Likeness(embedder))


def passage(text: str = TEXT, over: str = "The society") -> Passage:
    return Passage(over, text, tuple(sentence_spans(text)))


# --- Reading -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return open_tokenizer(FOLDER / "tokenizer.json")


def test_each_token_knows_its_sentence_and_where_it_stands(tokenizer: Tokenizer) -> None:
    (read,) = encode(tokenizer, "Who?", [passage()])
    assert (read.ids[0], read.ids[-1], read.ids.count(SEP)) == (CLS, SEP, 3)
    assert len(read.sentence) == len(read.spans) == len(read.ids) - read.first - 1
    for number, (start, end) in zip(read.sentence, read.spans, strict=True):
        first, last = passage().sentences[number]
        assert first <= start < end <= last
    assert [TEXT[slice(*span)] for span in read.spans[:3]] == ["The", "society", "was"]


def test_what_is_too_long_is_cut_and_white_space_between_sentences_belongs_to_none(tokenizer: Tokenizer) -> None:
    (read,) = encode(tokenizer, "who " * 500, [passage("word " * 500, "title " * 500)])
    assert read.asked == MOST_QUESTION + 2
    assert read.first == MOST_QUESTION + MOST_OVER + 3
    assert len(read.sentence) == MOST_TEXT
    (gapped,) = encode(tokenizer, "Who?", [Passage("", "One. | Two.", ((0, 4), (7, 11)))])
    assert gapped.sentence == [0, 0, -1, 1, 1]


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (9, "C d e f g h i j k."),
        (1, "C d e f g h i j k."),
        (13, "A b. C d e f g h i j k."),
        (16, "A b. C d e f g h i j k. L m."),
        (20, "One. A b. C d e f g h i j k. L m. Z."),
    ],
)
def test_a_row_is_cut_to_whole_sentences_around_one_the_nearest_first(tokenizer: Tokenizer, most: int, expected: str) -> None:
    text = "One. A b. C d e f g h i j k. L m. Z."
    (whole,) = encode(tokenizer, "Who?", [passage(text)])
    cut = around(whole, 2, most)
    assert text[cut.spans[0][0] : cut.spans[-1][1]] == expected
    assert cut.ids == encode(tokenizer, "Who?", [passage(expected)])[0].ids
    assert (cut.asked, cut.first, set(cut.sentence)) == (
        whole.asked,
        whole.first,
        {n for n, said in enumerate(passage(text).sentences) if text[slice(*said)] in expected},
    )


def test_a_row_without_text_is_cut_to_itself(tokenizer: Tokenizer) -> None:
    (whole,) = encode(tokenizer, "Who?", [Passage("", " ", ((0, 1),))])
    assert around(whole, 0, 9) == whole


def test_the_sentence_that_answers_is_first_and_the_answer_is_its_words(reader: Reader) -> None:
    for question, best, words in (
        ("When was the society founded?", 0, "1871"),
        ("Where was the first meeting of the society held?", 1, "bakery"),
        ("In which city has the society had its seat since 1950?", 2, "Bergen"),
    ):
        (read,) = reader.read(question, [passage()])
        assert int(np.argmax(read.logits)) == best
        answer = read.answers[best]
        assert answer is not None
        assert words in TEXT[slice(*answer.span)]
        assert answer.probability > 0.1


def test_a_question_that_is_not_answered_stands_below_one_that_is(reader: Reader) -> None:
    asked, twisted, foreign = (
        max(reader.read(question, [passage()])[0].logits)
        for question in ("Who founded the society in 1871?", "Who dissolved the society in 1871?", "How is glass blown?")
    )
    assert asked > 0 > max(twisted, foreign)


def test_a_passage_is_read_alike_whatever_stands_beside_it(reader: Reader) -> None:
    """To the bit."""
    alone = reader.read("Who founded it?", [passage()])
    among = reader.read("Who founded it?", [passage("Another text. " * 9), passage(), passage("x")])
    assert alone[0] == among[1]


def test_the_passages_that_seem_best_are_read_closely_and_the_others_skimmed(reader: Reader) -> None:
    """Only what is read closely has the figures of the larger model, to the bit; of as few short passages as it reads at most, all have."""
    passages = [passage("The river rose in May. It fell in June."), passage(), passage("A bakery sells bread."), passage(f"{TEXT} It never moved.")]
    read = reader.read("When was the society founded?", passages)
    few = [reader.read("When was the society founded?", passages[n : n + CLOSELY]) for n in (0, 2)]
    assert [one == closely for one, closely in zip(read, [*few[0], *few[1]], strict=True)] == [False, True, False, True]
    assert [set(one.closely) for one in read] == [{False}, {True}, {False}, {True}]
    assert read[0].logits == read[0].skimmed
    assert read[1].logits != read[1].skimmed


def test_of_a_long_passage_only_what_stands_about_the_best_sentence_is_read_closely(reader: Reader) -> None:
    long = "The harbour is deep and its water is dark in the winter months. " * 7 + TEXT
    (read,) = reader.read("When was the society founded?", [passage(long)])
    assert read.closely == (False, False, False, True, True, True, True, True, True, True)
    assert read.logits[0] == read.skimmed[0]
    assert int(np.argmax(read.logits)) == 7


def test_a_sentence_that_is_not_read_counts_as_nothing(reader: Reader) -> None:
    (read,) = reader.read("Who founded it?", [passage("word " * 400 + "end. " + TEXT)])
    assert read.logits[-1] == NOTHING
    assert read.answers[-1] is None


def test_no_sentence_no_logit(reader: Reader) -> None:
    assert reader.read("Who?", []) == []
    assert reader.read("Who?", [Passage("", "", ())])[0].logits == ()


# --- Claims --------------------------------------------------------------------------------------------


def test_a_claim_is_told_from_its_opposite_and_from_what_is_not_said(judge: Judge) -> None:
    supported, contradicted, _ = judge.chances("Anna Reed founded the society in 1871.", [TEXT])
    assert supported > contradicted
    swapped, against, _ = judge.chances("Anna Reed founded the society in 1902.", [TEXT])
    assert swapped < supported
    assert against > swapped
    assert judge.chances("The society paints houses blue.", [TEXT])[0] < supported


class Always(Likeness):
    """Every cosine the same, and the embedding model called so."""

    def __init__(self, embedder: Embedder, cosine: float, model: str = DEFAULT_MODEL) -> None:
        super().__init__(embedder)
        self.model, self._cosine = model, cosine

    def nearest(self, text: str, others: Sequence[str]) -> float:
        return self._cosine


def test_likeness_speaks_for_a_claim_where_it_is_that_of_the_model_it_was_fitted_to(embedder: Embedder) -> None:
    """With another model's cosines, which may lie anywhere, they are left out: the verdict is the same whatever they are."""

    def told(cosine: float, model: str = DEFAULT_MODEL) -> Verdict:
        return Judge(Shipped(), Always(embedder, cosine, model)).judge("Anna Reed founded the society.", [TEXT])

    assert told(0.1).probability < told(0.9).probability
    assert told(0.1, "another model") == told(0.9, "another model")
    assert told(0.9, "another model").verdict is Support.SUPPORTED


def test_evidence_longer_than_the_window_is_read_to_its_end(judge: Judge) -> None:
    filler = [f"In the {n}th year nothing of note was written down by anybody in the town." for n in range(60)]
    claim = "Anna Reed founded the society in 1871."
    assert judge.chances(claim, [*filler, TEXT])[0] > judge.chances(claim, filler)[0] + 0.2


# --- Behind the seam -----------------------------------------------------------------------------------


def hit(text: str, language: str = "en") -> Hit:
    document = Document("a.txt", "", text, (), "0" * 64, language=language)
    return Hit(Chunk(1, document, tuple(Sentence(document, *span) for span in sentence_spans(text))), 0.5, 0.5)


@pytest.mark.parametrize(
    ("question", "language", "reads"),
    [
        ("When does the lease end?", "en", True),
        ("How do I bake bread?", "", True),
        ("XR-7731", "en", True),
        ("Wann endet der Vertrag?", "en", False),
        ("Wann endet der Vertrag?", "de", False),
        ("When does the lease end?", "de", False),
        ("Какая столица Австралии?", "en", False),
        ("契約はいつ終わりますか", "en", False),
    ],
)
def test_other_languages_are_left_to_the_words(question: str, language: str, reads: bool) -> None:
    assert reads_language(question, [hit(TEXT, language)]) is reads


def test_a_question_in_german_is_answered_by_words_and_says_so(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    text = "Der Vertrag endet am 30. Juni 2027. Die Miete wird an jedem ersten Tag des Monats gezahlt, und der Mieter zahlt auch das Wasser und die Heizung."
    write(folder, {"vertrag.txt": text})
    build_index(tmp_path / "index", [folder], embedder)
    answer = Assistant.open(tmp_path / "index").ask("Wann endet der Vertrag?")
    assert (answer.judge, answer.found, answer.short_answer) == ("words", True, None)
    assert answer.citations[0].sentence.text == "Der Vertrag endet am 30. Juni 2027."


def test_a_claim_in_german_is_not_held_against_rules_for_english_names(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    said = "Die Miete beträgt monatlich 900 Euro und ist am dritten Werktag fällig."
    write(folder, {"vertrag.txt": f"Der Vertrag beginnt am 1. Mai. {said} Haustiere sind in der Wohnung verboten."})
    build_index(tmp_path / "index", [folder], embedder)
    assistant = Assistant.open(tmp_path / "index")
    grounds = assistant.ground("Wie hoch ist die Miete?")
    (checked,) = verify.check([Claim(said.replace("Die Miete", "Der Mietzins"), ())], grounds.offered or grounds.nearest, assistant.evidence)
    assert (checked.support, checked.differs) == (Support.SUPPORTED, ())


def test_both_halves_of_a_question_are_answered(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"society.txt": TEXT})
    build_index(tmp_path / "index", [folder], embedder)
    answer = Assistant.open(tmp_path / "index").ask("When was the society founded, and in which city has it had its seat since 1950?")
    assert {"1871", "Bergen"} <= {word.strip(".,") for claim in answer.claims for word in claim.text.split()}


def test_title_and_heading_come_before_the_passage() -> None:
    document = Document("a.md", "The lease", "# Rent\n\nIt is 900 euros.", (), "0" * 64)
    from index.types import Heading

    headed = replace(document, headings=(Heading(0, 6, 1),))
    chunk = Chunk(1, headed, (Sentence(headed, 8, 24),))
    assert passage_of(Hit(chunk, 0.5, 0.5)) == Passage("The lease. # Rent", "It is 900 euros.", ((0, 16),))


def test_the_short_answer_stands_in_the_sentence_it_is_of(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"society.txt": f"A note on societies.\n\n{TEXT}"})
    build_index(tmp_path / "index", [folder], embedder)
    answer = Assistant.open(tmp_path / "index").ask("When was the society founded?")
    assert answer.short_answer == "1871"
    assert answer.short_answer in answer.citations[0].sentence.text


def test_a_short_answer_is_told_only_where_it_is_likely_that_something_answers(seeds: Path) -> None:
    """Half a sentence in bold letters claims more than the sentence that it is of."""
    index = Index.open(seeds)
    evidence = ModelEvidence(index.embedder, index.keywords, Shipped())
    told = {asked: evidence.judge(asked, index.search(asked, 8)) for asked in ("Who is Antonio Tajani?", "Who can read my documents?")}
    assert [(judged.confidence > judged.bar, judged.short_answer) for judged in told.values()] == [
        (True, "Italy's foreign minister and deputy prime minister"),
        (True, None),
    ]


def test_other_weights_give_other_confidence(seeds: Path) -> None:
    index = Index.open(seeds)
    hits = index.search("Who can see my documents?", 8)
    usual, doubtful = Shipped(), Shipped()
    joined = usual.card["joined"]
    doubtful.card = {**usual.card, "joined": {**joined, "confidence": {**joined["confidence"], "constant": joined["confidence"]["constant"] - 3}}}
    sure, unsure = (ModelEvidence(index.embedder, index.keywords, shipped).judge("Who can see my documents?", hits) for shipped in (usual, doubtful))
    assert unsure.confidence < sure.confidence


# --- The files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*MODELS.values(), "tokenizer.json", "card.json"])
def test_a_damaged_or_missing_file_is_named_and_never_run(name: str, tmp_path: Path) -> None:
    for file in FOLDER.iterdir():
        shutil.copy(file, tmp_path / file.name)
    data = bytearray((tmp_path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / name).write_bytes(data if name != "card.json" else b"{}")
    with pytest.raises(ModelError, match=f"{name} is damaged|cannot be read"):
        Shipped(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        Shipped(tmp_path)


def test_the_files_are_small_enough_and_the_card_tells_what_they_are() -> None:
    sizes = {file.name: file.stat().st_size for file in FOLDER.iterdir()}
    assert max(sizes.values()) <= 25 << 20
    assert sum(sizes.values()) <= 50 << 20
    card = json.loads((FOLDER / "card.json").read_text())
    assert card["joined"].keys() == {"score", "confidence", "bar", "short answer", "claim", "claim bars", "claim alone", "claim alone bars"}
    assert (FOLDER / "MODEL_CARD.md").is_file()


def test_reading_needs_no_torch() -> None:
    code = "import sys; from assistant.evidence.shipped import Shipped; Shipped(); assert not {'torch', 'transformers', 'gradio'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)
