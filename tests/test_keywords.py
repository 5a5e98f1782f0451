"""Words are folded, stemmed and counted; a vocabulary that is updated is one made afresh."""

import pytest

from index.keywords import Vocabulary, content_words, fold, stem, words


@pytest.mark.parametrize(("one", "other"), [("Séjourné", "sejourne"), ("STRASSE", "straße"), ("Italy's", "italy"), ("Peter’s", "peter")])
def test_case_accents_and_possessives_are_folded(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("sending", "send"), ("contracts", "contract"), ("agreed", "agree")])
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_scripts_without_spaces_are_cut_into_pairs() -> None:
    assert [pair for pair, _ in words("契約期間")] == ["契約", "約期", "期間"]


def test_content_words_leave_out_what_every_question_has() -> None:
    assert [word for word, _ in content_words("When did the Ministers of Italy say that?")] == ["Ministers", "Italy"]


def test_rare_words_weigh_more() -> None:
    vocabulary = Vocabulary.of(["The cat sat.", "The dog ran.", "The cat ran away."])
    assert vocabulary.sentences == 3
    assert vocabulary.rarity("dog") > vocabulary.rarity("cat") > vocabulary.rarity("the")
    assert "cat" in vocabulary
    assert "horse" not in vocabulary


def test_an_updated_vocabulary_is_a_fresh_one() -> None:
    kept, gone, new = ["One cat."], ["Two dogs.", "One dog."], ["A horse.", "One dog."]
    updated = Vocabulary.of(kept + gone).replace(Vocabulary.of(gone), Vocabulary.of(new))
    assert updated.to_bytes() == Vocabulary.of(kept + new).to_bytes()
    assert Vocabulary.from_bytes(updated.to_bytes()).to_bytes() == updated.to_bytes()
